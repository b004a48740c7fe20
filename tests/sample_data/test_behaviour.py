"""People behave: by segment, weekday and season; who has gone does not come back."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from sample_data.world import DORMANT, DORMANT_SINCE, LOYAL, OCCASIONAL, World


def sold(day: Any, source: str = "") -> list[dict[str, Any]]:
    return [row for row in day.rows("transaction", source) if row["transaction_type"] == "sale"]


def on(row: dict[str, Any]) -> date:
    return date.fromisoformat(row["transaction_at"][:10])


def test_stores_are_busy_on_saturdays_and_nearly_shut_on_sundays(day_one: Any) -> None:
    by_weekday = Counter(on(row).weekday() for row in sold(day_one, "store"))
    assert by_weekday[5] > 1.5 * by_weekday[1]
    assert by_weekday[6] < 0.3 * by_weekday[1]


def test_december_sells_more_than_a_summer_month(day_one: Any) -> None:
    by_month = Counter((on(row).year, on(row).month) for row in sold(day_one))
    assert by_month[2025, 12] > 1.4 * by_month[2025, 7]


def test_loyal_customers_buy_more_often_and_dormant_ones_no_more(day_one: Any, world: World) -> None:
    bought, last = Counter(), defaultdict(lambda: date.min)
    rows = {(a["file"], a["record"]): a["person"] for a in day_one.answers if a["dataset"] == "transaction"}
    for record in day_one.received:
        person = rows.get((record.file, record.number))
        if person is not None and record.value["transaction_type"] == "sale":
            bought[world.segment[person]] += 1
            last[world.segment[person]] = max(last[world.segment[person]], on(record.value))
    people = Counter(world.segment)
    assert bought[LOYAL] / people[LOYAL] > 3 * bought[OCCASIONAL] / people[OCCASIONAL]
    assert bought[DORMANT] > 10
    assert last[DORMANT] <= world.date(DORMANT_SINCE)
    assert last[LOYAL] == world.date(-1)
