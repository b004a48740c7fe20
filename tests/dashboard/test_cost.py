import pytest

from dashboard.cost import Prices, cost_of


def test_a_job_costs_its_seconds_on_two_workers():
    cost = cost_of({"clean_raw": 3600})
    assert (cost.dpu_seconds, cost.glue, cost.total) == (7200, pytest.approx(0.88), pytest.approx(0.88))


def test_a_short_job_is_billed_for_a_minute():
    assert cost_of({"check_clean": 3.9}).dpu_seconds == 120


def test_a_function_costs_its_memory_for_its_time():
    cost = cost_of({"plan_run": 10})
    assert (cost.gb_seconds, cost.function) == (5, pytest.approx(5 * 0.0000166667))


def test_a_load_costs_the_job_and_the_warehouse():
    cost = cost_of({"load_warehouse": 90})
    assert (cost.dpu_seconds, cost.rpu_seconds) == (180, 720)
    assert cost.total == pytest.approx(180 / 3600 * 0.44 + 720 / 3600 * 0.375)


def test_what_is_no_job_and_no_function_costs_nothing():
    assert cost_of({"ingest": 100, "read_clean_verdict": 1}).total == 0


def test_steps_add_up_at_other_prices():
    prices = Prices(per_dpu_hour=1, least_glue_seconds=0, dpu_per_job=1)
    assert cost_of({"clean_raw": 1800, "close_run": 1800}, prices).total == pytest.approx(1)
