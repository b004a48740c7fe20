"""Policies are evaluated as IAM's documentation says, also where a request lacks what a condition asks for."""

import json

import pytest

from localcloud.policy import UnknownConditionError, concerning, decide, statements


def said(effect="Allow", action="s3:GetObject", resource="arn:aws:s3:::raw/*", **condition):
    return {"Effect": effect, "Action": action, "Resource": resource} | ({"Condition": condition} if condition else {})


def test_what_nobody_speaks_of_is_not_allowed():
    assert decide([said()], "s3:PutObject", "arn:aws:s3:::raw/a", {}) == ""
    assert decide([said()], "s3:GetObject", "arn:aws:s3:::clean/a", {}) == ""


def test_a_deny_wins_wherever_it_stands():
    both = [said("Deny"), said("Allow")]
    assert decide(both, "s3:GetObject", "arn:aws:s3:::raw/a", {}) == "Deny"
    assert decide(both[::-1], "s3:GetObject", "arn:aws:s3:::raw/a", {}) == "Deny"


def test_stars_match_and_dots_are_dots():
    assert decide([said(action=["s3:Get*"])], "s3:GetObject", "arn:aws:s3:::raw/a/b", {}) == "Allow"
    assert decide([said(resource="arn:aws:s3:::a.b")], "s3:GetObject", "arn:aws:s3:::a-b", {}) == ""


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", "kms", "kms", True),
        ("StringEquals", "kms", None, False),
        ("StringNotEquals", "kms", None, True),  # a negated operator holds for a key that is not there
        ("StringNotEqualsIfExists", "kms", None, True),
        ("StringEqualsIfExists", "kms", None, True),
        ("StringNotEquals", "kms", "AES256", True),
        ("Null", "false", None, False),
        ("Null", "false", "kms", True),
        ("Bool", "false", "true", False),
        ("ArnLike", "arn:*:role/a-*", "arn:aws:iam::1:role/a-b", True),
        ("ArnNotEquals", ["x", "y"], "y", False),
    ],
)
def test_a_condition_holds_as_iam_says(operator, wanted, value, holds):
    context = {} if value is None else {"key": value}
    allowed = decide([said(**{operator: {"key": wanted}})], "s3:GetObject", "arn:aws:s3:::raw/a", context)
    assert allowed == ("Allow" if holds else "")


def test_an_unknown_operator_is_an_error_and_no_answer():
    with pytest.raises(UnknownConditionError, match="DateGreaterThan"):
        decide([said(DateGreaterThan={"key": "x"})], "s3:GetObject", "arn:aws:s3:::raw/a", {"key": "y"})


def test_statements_for_services_do_not_concern_roles():
    service = said() | {"Principal": {"Service": "logging.s3.amazonaws.com"}}
    own = said() | {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    assert concerning([service, own], "123456789012") == [own]


def test_a_single_statement_needs_no_list():
    assert statements(json.dumps({"Statement": said()})) == (said(),)
