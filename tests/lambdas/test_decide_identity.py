from types import SimpleNamespace

import pytest

from cdp.aws.pending_decisions import PendingDecisions
from cdp.aws.steward_request import main
from cdp.steward import StewardError
from lambdas.decide_identity import handler

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
MERGE = {"action": "merge", "person_ids": ["shop:S1", "crm:C7"], "decided_by": "ann", "reason": "same passport"}


def test_a_decision_waits_for_the_next_run_with_who_when_and_why(cloud):
    (decision_id,) = handler(MERGE, CONTEXT)["decision_ids"]
    pending = PendingDecisions(cloud.table("ledger"))
    (kept,) = pending.all()
    assert (kept.decision_id, kept.left_id, kept.right_id, kept.is_same) == (decision_id, "crm:C7", "shop:S1", True)
    assert (kept.decided_by, kept.reason, kept.decided_at.tzinfo is None) == ("ann", "same passport", False)
    pending.remove([decision_id])
    assert pending.all() == []


def test_a_request_that_names_nobody_is_refused_and_keeps_nothing(cloud):
    with pytest.raises(StewardError):
        handler(MERGE | {"person_ids": []}, CONTEXT)
    assert PendingDecisions(cloud.table("ledger")).all() == []


def test_the_command_line_says_what_is_missing_when_the_function_is_not_there(cloud, capsys):
    assert main(["merge", "shop:S1", "crm:C7", "--by", "ann", "--why", "x", "--environment", "nowhere"]) == 1
    assert "nowhere-decide_identity" in capsys.readouterr().err
