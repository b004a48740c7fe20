"""Transaction lines of the shop and the stores: those of many days are made at once, as columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, repeat
from typing import NamedTuple

import numpy as np

from sample_data.customers import customer_id
from sample_data.draw import between, stream
from sample_data.orders import KNOWN_TO, Sales, lines_of_day, lines_per_day, sales_of, share, tax
from sample_data.samples import Fate, Part, Record, Sample, groups
from sample_data.world import HISTORY_DAYS, HOUR, World, isoformat, rfc3339

COLUMNS = (
    "transaction_id", "line_number", "transaction_type", "transaction_at", "customer_source", "customer_id",
    "product_id", "quantity", "unit_price_cents", "discount_cents", "tax_cents", "currency", "channel",
    "updated_at",
)  # fmt: skip
COLUMNS_V2 = (*COLUMNS, "coupon_code")
CORRECTIONS_PER_MILLE, REFUNDS_PER_MILLE, RESENT_PER_MILLE = 1, 1, 1


class Sold(NamedTuple):
    """The first line of a sale, whose it is, and the percent of tax in its price."""

    row: Record
    buyer: int | None
    vat_percent: int


def first_parts(world: World, source: str) -> Iterator[Part]:
    """The source's history up to first_day, some days each."""
    counts = lines_per_day(world, source)
    for days in groups(counts):
        lines = {day - HISTORY_DAYS: counts[day] for day in days}
        yield Part(sum(lines.values()), partial(_sold, world, source, lines))


def _sold(world: World, source: str, line_counts: Mapping[int, int]) -> Iterator[Sample]:
    sales = sales_of(world, source, line_counts)
    taken = (sales.counts + (sales.refunded_at > 0)).tolist()
    buyers = sales.buyers(world)
    whose = [buyer for buyer, lines in zip(buyers, taken, strict=True) for _ in range(lines)]
    return map(Sample, rows(world, sales, buyers), repeat(Fate.ACCEPTED), repeat(""), whose)


def second_delivery(world: World, source: str) -> Iterator[Sample]:
    """The sales of first_day, then refunds, corrections and unchanged repeats of lines of the days before."""
    for sold in _sold(world, source, {0: lines_of_day(world, source, 0)}):
        yield _with_coupon(sold) if source == "shop" else sold
    kept = _kept_sales(world, source)
    total = share(world.sizes.transactions, source)
    rng = stream(world.seed, "corrections", source)

    def during_day_zero() -> str:
        return rfc3339(world.at(0, 7) + between(rng, 0, 16 * HOUR // 1000) * 1000, "seconds")

    for row, buyer, _ in islice(kept, total * REFUNDS_PER_MILLE // 1000):
        at = during_day_zero()
        own = {"transaction_id": f"{row['transaction_id']}-R", "transaction_type": "refund"}
        yield Sample({**row, **own, "transaction_at": at, "updated_at": at}, fault="refund", person=buyer)
    for row, buyer, vat_percent in islice(kept, total * CORRECTIONS_PER_MILLE // 1000):
        quantity = int(row["quantity"]) + 1
        paid = np.array([quantity * int(row["unit_price_cents"])])
        corrected = {"quantity": quantity, "discount_cents": 0, "tax_cents": tax(paid, np.array([vat_percent]))[0]}
        yield Sample({**row, **corrected, "updated_at": during_day_zero()}, fault="correction", person=buyer)
    for row, buyer, _ in islice(kept, total * RESENT_PER_MILLE // 1000):
        yield Sample(row, Fate.DUPLICATE, "sent again unchanged", buyer)


def _kept_sales(world: World, source: str) -> Iterator[Sold]:
    """Sales of the last four weeks of history that were not refunded, newest day first."""
    for day in range(-1, -29, -1):
        sales = sales_of(world, source, {day: lines_of_day(world, source, day)})
        buyers = sales.buyers(world)
        firsts = [row for row in rows(world, sales, buyers) if row[1:3] == ("1", "sale")]
        vat = sales.vat_percent(world, buyers).tolist()
        for row, *whose, refunded_at in zip(firsts, buyers, vat, sales.refunded_at.tolist(), strict=True):
            if not refunded_at:
                yield Sold(dict(zip(COLUMNS, row, strict=True)), *whose)


def _with_coupon(sold: Sample) -> Sample:
    """A line of transaction.v2: what gave the discount is named."""
    assert isinstance(sold.record, tuple)
    row = dict(zip(COLUMNS, sold.record, strict=True))
    quantity, price, discount = (int(row[name]) for name in ("quantity", "unit_price_cents", "discount_cents"))
    coupon = f"SAVE-{round(100 * discount / (quantity * price))}" if discount else ""
    return sold._replace(record=(*sold.record, coupon))


def rows(world: World, sales: Sales, buyers: Sequence[int | None]) -> Iterator[tuple[str, ...]]:
    """The cells of every line, sale by sale, each sale's refund after it."""
    is_refunded = sales.refunded_at > 0
    taken = sales.counts + is_refunded
    sale = np.repeat(np.arange(len(taken)), taken)
    place = np.arange(len(sale)) - np.repeat(np.cumsum(taken) - taken, taken)
    is_refund = place == sales.counts[sale]
    place[is_refund] = 0
    at = [f"{text}Z" for text in isoformat(np.where(is_refund, sales.refunded_at[sale], sales.at[sale]), "s")]
    which = (np.cumsum(sales.counts) - sales.counts)[sale] + place
    of, refund = sale.tolist(), is_refund.tolist()
    who = [_customer(world, *sold) for sold in zip(sales.channels, buyers, strict=True)]
    products, *money = sales.lines(world, buyers)
    quantities, prices, discounts, _, taxes = (map(str, column[which].tolist()) for column in money)
    return zip(
        [f"{sales.ids[n]}-R" if back else sales.ids[n] for n, back in zip(of, refund, strict=True)],
        map(str, (place + 1).tolist()),
        ["refund" if back else "sale" for back in refund],
        at,
        [who[n][0] for n in of],
        [who[n][1] for n in of],
        [products[n].product_id for n in which.tolist()],
        quantities,
        prices,
        discounts,
        taxes,
        repeat("EUR"),
        [sales.channels[n] for n in of],
        at,
        strict=False,
    )


def _customer(world: World, channel: str, buyer: int | None) -> tuple[str, str]:
    """Source and id of the buyer's record, both empty for a guest."""
    source = KNOWN_TO[channel]
    number = None if buyer is None else world.number_of(source, buyer)
    return ("", "") if number is None else (source, customer_id(source, number))
