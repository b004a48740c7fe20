"""Schedule expressions fire when AWS says they do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from localcloud.cron import Cron, ScheduleExpressionError, fires


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "moment", "matches"),
    [
        ("cron(30 2 * * ? *)", "2026-03-02T02:30", True),
        ("cron(30 2 * * ? *)", "2026-03-02T02:31", False),
        ("cron(5 * * * ? *)", "2026-03-02T17:05", True),
        ("cron(0/15 8-17 ? * MON-FRI *)", "2026-03-02T08:45", True),  # a Monday
        ("cron(0/15 8-17 ? * MON-FRI *)", "2026-03-01T08:45", False),
        ("cron(0 0 1,15 * ? *)", "2026-03-15T00:00", True),
        ("cron(0 0 L * ? *)", "2028-02-29T00:00", True),
        ("cron(0 0 L * ? *)", "2026-02-27T00:00", False),
        ("cron(0 0 1W * ? *)", "2026-08-03T00:00", True),  # the 1st is a Saturday
        ("cron(0 0 15W * ? *)", "2026-03-16T00:00", True),  # the 15th is a Sunday
        ("cron(0 0 LW * ? *)", "2026-01-30T00:00", True),
        ("cron(0 0 ? * 6L *)", "2026-03-27T00:00", True),  # the last Friday
        ("cron(0 0 ? * MON#2 *)", "2026-03-09T00:00", True),
        ("cron(0 0 ? * MON#2 *)", "2026-03-02T00:00", False),
        ("cron(0 0 1 JAN,JUL ? 2026-2027)", "2027-07-01T00:00", True),
        ("cron(0 0 1 1 ? 2026)", "2027-01-01T00:00", False),
        ("cron(0 0 ? * 1 *)", "2026-03-01T00:00", True),  # Sunday is 1
        ("cron(59 23 1/10 * ? *)", "2026-03-31T23:59", True),
    ],
)
def test_a_cron_expression_matches_its_minutes(expression, moment, matches):
    assert Cron.parse(expression).matches(at(moment)) is matches


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("cron(30 2 * * *)", "is not cron"),
        ("cron(30 2 * * * *)", "exactly one"),
        ("cron(61 2 * * ? *)", "minutes: '61' is outside 0-59"),
        ("cron(x 2 * * ? *)", "minutes: 'X' is no number"),
        ("cron(0 0 32 * ? *)", "day of month: '32'"),
        ("every(5 minutes)", "is none of"),
        ("rate(5)", "is none of"),
    ],
)
def test_a_wrong_expression_is_refused_with_the_field(expression, complaint):
    with pytest.raises(ScheduleExpressionError, match=complaint.replace("(", r"\(")):
        fires(expression, at("2026-03-01T00:00"), at("2026-03-01T00:01"), at("2026-01-01T00:00"))


@pytest.mark.parametrize(
    ("expression", "timezone", "fired"),
    [
        ("cron(30 2 * * ? *)", "UTC", "2026-03-02T02:30"),
        ("cron(30 3 * * ? *)", "Europe/Berlin", "2026-03-02T02:30"),
        ("cron(31 2 * * ? *)", "UTC", None),
        ("rate(1 hour)", "UTC", "2026-03-02T02:30"),
        ("rate(2 days)", "UTC", None),
        ("at(2026-03-02T02:29:58)", "UTC", "2026-03-02T02:29:58"),
        ("at(2026-03-02T02:29:00)", "UTC", None),
    ],
)
def test_an_expression_fires_between_two_looks_or_not(expression, timezone, fired):
    after, until, anchor = at("2026-03-02T02:29:30"), at("2026-03-02T02:30:10"), at("2026-03-01T22:30:00")
    moment = fires(expression, after, until, anchor, timezone)
    assert moment == (at(fired) if fired else None)
