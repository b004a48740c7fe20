"""A version of the match rules is checked before anything is matched by it."""

import pytest

from cdp import resources
from cdp.matching.features import plain_text
from cdp.matching.rules import MatchRules, MatchRulesError


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Łukasz O'Zoë", "lukaszozoe"), ("STRASSE 5", "strasse5"), ("Straße 5", "strasse5"), ("İstanbul", "istanbul")],
)
def test_texts_are_compared_without_case_marks_and_signs(text, plain):
    assert plain_text(text, MatchRules.load("v2").parameters["separators"]) == plain


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("exact: first_name,", "exact: forename,", "fields are"),
        ("{edits: phone, at_most: 1", "{edits: phone", "at_most"),
        ("m: 0.29, u: 0.999899", "m: 1.29, u: 0.999899", "between 0 and 1"),
        ("    - [email_user]", "    - [mail]", "blocking"),
        ("conflicts: [first_name", "conflicts: [name", "vetoes"),
        ("phone: [0.20, 0.01, 0.79]", "phone: [0.20, 0.80]", "two_people: household: .*phone"),
        ("also: house_number", "also: house", "fields are"),
        ("    - {else: true, m: 0.29, u: 0.999899}\n", "", "end with else"),
        ("rule_version: v2", "version: v2", "rule_version"),
    ],
)
def test_rules_that_cannot_be_say_where_and_why(old, new, complaint):
    text = resources.read_text("data_quality/identity/rules.v2.yml")
    assert old in text
    with pytest.raises(MatchRulesError, match=f"(?s)x.yml.*{complaint}"):
        MatchRules.parse(text.replace(old, new), "x.yml")


def test_a_mode_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(MatchRulesError, match="no mode lax; modes are balanced, strict"):
        MatchRules.load("v2").mode("lax")
