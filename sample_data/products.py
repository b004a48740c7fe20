"""The catalogue's export: every product on day 1, the whole catalogue again on day 2, mostly unchanged."""

from __future__ import annotations

from collections.abc import Iterator

from sample_data.samples import Fate, Record, Sample
from sample_data.world import Product, World, rfc3339

COLUMNS = (
    "product_id", "name", "category", "brand", "price_cents", "currency", "is_active", "created_at",
    "updated_at",
)  # fmt: skip


def first_delivery(world: World) -> Iterator[Sample]:
    """The whole catalogue as of first_day."""
    for product in world.products[: world.sizes.products]:
        yield Sample(record(world, product))


def second_delivery(world: World) -> Iterator[Sample]:
    """The whole catalogue a day later: new prices, new products, and the unchanged rest once more."""
    for index, product in enumerate(world.products):
        if product.new_price_cents is not None:
            repriced = {
                "price_cents": product.new_price_cents,
                "updated_at": rfc3339(world.price_change_at, "seconds"),
            }
            yield Sample({**record(world, product), **repriced})
        else:
            is_new = index >= world.sizes.products
            yield Sample(record(world, product), Fate.ACCEPTED if is_new else Fate.DUPLICATE)


def record(world: World, product: Product) -> Record:
    """The product as of the start of first_day, or of its launch when that is later."""
    return {
        "product_id": product.product_id,
        "name": product.name,
        "category": product.category,
        "brand": product.brand,
        "price_cents": product.price_cents,
        "currency": "EUR",
        "is_active": product.ended_day is None,
        "created_at": rfc3339(world.at(product.launched_day), "seconds"),
        "updated_at": rfc3339(world.at(product.touched_day), "seconds"),
    }
