from datetime import UTC, datetime

from cdp.accounting import Fates
from cdp.run_metrics import completeness_metrics, embedded_metrics

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)


def test_fates_are_counted_by_stage_and_dataset():
    (found,) = embedded_metrics("test", RUN_AT, [Fates("clean_raw", "customer", 3, 2, late_held=1)], {})
    assert (found["service"], found["dataset"]) == ("clean_raw", "customer")
    assert (found["RecordsReceived"], found["RecordsAccepted"], found["RecordsLateHeld"]) == (3, 2, 1)
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "cdp/test"
    assert directive["Dimensions"] == [["dataset", "service"]]
    assert {m["Name"] for m in directive["Metrics"]} <= set(found)
    assert found["_aws"]["Timestamp"] == 1772418600000


def test_gates_give_rows_broken_rules_and_scores_by_dataset():
    table = {"verdict": "fail", "rows": 7, "scores": {"completeness": 99.5}}
    details = {"tables": {"clean.customer": table}, "broken": [{"dataset": "clean.customer"}]}
    (found,) = embedded_metrics("test", RUN_AT, [], {"clean": {"verdict": "fail", "details": details}})
    assert (found["dataset"], found["Rows"], found["RulesBroken"]) == ("clean.customer", 7, 1)
    assert found["QualityCompleteness"] == 99.5


def test_completeness_is_a_percentage_per_run():
    found = completeness_metrics("test", RUN_AT, {"in_several_sources": 12.5})
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [{"Name": "CompletenessInSeveralSources", "Unit": "Percent"}]
    assert (found["service"], found["CompletenessInSeveralSources"]) == ("customer_360", 12.5)
