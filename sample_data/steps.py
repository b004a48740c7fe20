"""What a visitor can do on site and app: the parts of its event that do not change with who does it, and when."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import orjson

from sample_data.draw import REMEMBERED
from sample_data.world import CATEGORIES, Product

SITE = "https://shop.example.com"
QUERIES = ("rain jacket", "espresso", "läufer schuhe", "cadeau", "olive oil", "smart watch", "größe 42")


class Step(NamedTuple):
    """One thing a visitor does, before it has a time: parts of an event in JSON, without the outer braces.

    A page's `closing` comes behind its referrer; `title` with the end of the page closes it where a login has traits.
    """

    is_login: bool
    call: str
    call_in_app: str
    opening: str
    closing: str
    closing_in_app: str
    title: str
    referrer: str

    @classmethod
    def of(cls, kind: str, name: str, path: str, **properties: object) -> Step:
        """A call of Segment's, of this name and at this place; a `page` is a screen in the app."""
        event = {"event": name} if kind == "track" else {}
        in_app = "screen" if kind == "page" else kind
        url = SITE + path
        title = f"{fields(title=name or 'Login')}}}}},"
        says = f'"properties":{{{fields(**properties, path=path)}}}}}'
        return cls(
            kind == "identify",
            f"{fields(type=kind, **event)},",
            f"{fields(type=in_app, **event)},",
            f',"page":{{{fields(path=path, url=url)},',
            title + says,
            f"}},{says}",
            title,
            f'"referrer":"{url}",',
        )


def fields(**named: object) -> str:
    """The fields of a JSON object, without its braces."""
    return orjson.dumps(named)[1:-1].decode()


HOME, CART = Step.of("page", "Home", "/"), Step.of("page", "Cart", "/cart")
LOGIN, CHECKOUT = Step.of("identify", "", "/account/login"), Step.of("track", "Checkout Started", "/checkout")
SEARCHES = tuple(Step.of("track", "Products Searched", "/search", query=query) for query in QUERIES)
CATEGORY_PAGES = tuple(Step.of("page", name.title(), f"/c/{name}", category=name) for name in CATEGORIES)


@lru_cache(maxsize=REMEMBERED)
def look_at(product: Product) -> tuple[Step, Step]:
    """A product's page, and that it was seen."""
    path = f"/p/{product.product_id}"
    seen = {"product_id": product.product_id, "category": product.category}
    return Step.of("page", product.name, path), Step.of("track", "Product Viewed", path, **seen)


@lru_cache(maxsize=REMEMBERED)
def put_in_cart(product: Product, price_cents: int, quantity: int) -> Step:
    """Some of a product added at this price."""
    value = {"quantity": quantity, "revenue_cents": price_cents * quantity, "currency": "EUR"}
    item = {"product_id": product.product_id, "category": product.category, **value}
    return Step.of("track", "Product Added", "/cart", **item)
