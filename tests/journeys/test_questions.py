"""The analysts' questions on a day of sample data that came through the whole platform."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from rich.console import Console

from cdp.aws.warehouse import Warehouse, WarehouseStatementError
from localcloud import demo, queries
from localcloud.day import play_day
from sample_data.world import Sizes, World

pytestmark = pytest.mark.slow

WORLD = World(7, Sizes(customers=200, products=12, transactions=2500, events=2500), date(2026, 3, 2))
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    work_dir = tmp_path_factory.mktemp("questions")
    # open_stage points this process at its cloud; afterwards the environment is what it was.
    with patch.dict(os.environ), demo.open_stage(work_dir, Console(quiet=True)) as stage:
        play_day(stage, WORLD, 1)
    with queries.serve_warehouse(work_dir) as where:
        yield where


@pytest.fixture(scope="module")
def warehouse(where: dict[str, str]) -> Iterator[Warehouse]:
    with closing(queries.connect(where)) as warehouse:
        yield warehouse


@pytest.fixture
def total(warehouse: Warehouse) -> Callable[[str], int]:
    """A figure of all sales, counted without any of the questions."""
    return lambda expression: int(warehouse.query(f"select {expression} as n from fact_sales")[0]["n"])


@pytest.fixture
def ask(warehouse: Warehouse) -> Callable[[str], Rows]:
    return lambda name: queries.ask(warehouse, name).rows


def column(rows: Rows, name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_lifetime_values_add_up_to_what_named_customers_brought(ask, total):
    rows = ask("customer_lifetime_value")
    named = total("sum(case when customer_id is not null then net_cents end)")
    assert sum(column(rows, "lifetime_cents")) == named > 0
    assert {"high", "middle", "low"} <= set(column(rows, "segment"))


def test_months_add_up_to_all_revenue_and_follow_each_other(ask, total):
    rows = ask("monthly_revenue")
    assert sum(column(rows, "net_cents")) == total("sum(net_cents)") > 0
    assert len(rows) >= 12
    assert all(31 >= (b["month_on"] - a["month_on"]).days >= 28 for a, b in pairwise(rows))
    assert sum(row["growth_percent"] is not None for row in rows) == len(rows) - 3


def test_cohorts_begin_whole_and_some_come_back(ask):
    rows = ask("cohort_retention")
    assert {row["retention_percent"] for row in rows if row["months_since"] == 0} == {100}
    assert 0 < max(row["retention_percent"] for row in rows if row["months_since"] == 3) <= 100


def test_products_are_in_every_quadrant(ask, total):
    rows = ask("product_performance")
    assert set(column(rows, "quadrant")) == {"star", "earner", "riser", "sleeper"}
    assert sum(column(rows, "share_percent")) == pytest.approx(100, abs=0.2)


def test_customers_are_at_every_risk(ask):
    assert set(column(ask("churn_risk"), "risk")) == {"low", "medium", "high", "lost"}


def test_the_funnel_of_each_channel_narrows_down_to_orders(ask):
    rows = ask("conversion_funnel")
    assert len(rows) == 10
    for channel in ("web", "mobile_app"):
        steps = [row["count_sessions"] for row in rows if row["channel"] == channel]
        assert steps == sorted(steps, reverse=True)
        assert steps[0] > steps[-1] > 0


def test_customers_are_in_every_segment(ask):
    assert len(set(column(ask("rfm_segmentation"), "segment"))) >= 6


def test_pairs_of_products_go_both_ways(ask):
    rows = ask("product_affinity")
    pairs = {(row["product_id"], row["other_product_id"]): row["lift"] for row in rows}
    assert len(pairs) > 20
    assert all(pairs[b, a] == lift > 0 for (a, b), lift in pairs.items())


def test_places_add_up_to_all_revenue(ask, total):
    rows = ask("geographic_revenue")
    assert sum(column(rows, "net_cents")) == total("sum(net_cents)")
    assert len(set(column(rows, "country"))) >= 8


def test_series_have_every_day_and_every_piece(ask, total):
    rows = ask("demand_time_series")
    assert sum(column(rows, "quantity_sold")) == total("sum(case when not is_refund then quantity end)")
    steps = {b["date_on"] - a["date_on"] for a, b in pairwise(rows) if a["category"] == b["category"]}
    assert steps == {timedelta(days=1)}
    sold = {(row["category"], row["date_on"]): row["quantity_sold"] for row in rows}
    year_ago = [
        (sold.get((r["category"], r["date_on"] - timedelta(weeks=52))), r["quantity_52_weeks_ago"]) for r in rows
    ]
    assert [pair for pair in year_ago if pair[0] != pair[1]] == []
    assert any(quantity for _, quantity in year_ago)


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_who_sees_no_person_has_the_same_answers_about_pseudonyms(where, warehouse, role):
    with closing(queries.connect(queries.log_in_as(role, where))) as masked:
        for name in queries.names():
            expected = queries.ask(warehouse, name).rows
            for row in expected:
                if "customer_id" in row:
                    row["customer_id"] = hashlib.sha256(row["customer_id"].encode()).hexdigest()
            assert Counter(map(str, queries.ask(masked, name).rows)) == Counter(map(str, expected)), name
        assert masked.query("select count(email) as n from customer_360") == [{"n": 0}]
        with pytest.raises(WarehouseStatementError, match="permission denied for relation fact_sales"):
            masked.execute("delete from fact_sales")


def test_every_question_has_a_test_here():
    text = Path(__file__).read_text()
    assert [name for name in queries.names() if f'ask("{name}")' not in text] == []
