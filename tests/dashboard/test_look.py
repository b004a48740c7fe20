from datetime import UTC, datetime, timedelta

import pytest

from dashboard import look


@pytest.mark.parametrize(
    ("minor", "currency", "compact", "text"),
    [
        (123456, "EUR", False, "€1,234.56"),
        (-123456, "EUR", False, "−€1,234.56"),
        (0, "USD", False, "$0.00"),
        (1500, "JPY", False, "¥1,500"),
        (990000, "CHF", True, "CHF 9,900"),
        (1234500, "EUR", True, "€12.3k"),
        (44740000, "EUR", True, "€447k"),
        (720000000, "EUR", True, "€7.2M"),
        (None, "EUR", False, "–"),
        (float("nan"), "EUR", True, "–"),
    ],
)
def test_money_has_its_currency_and_the_digits_that_currency_has(minor, currency, compact, text):
    assert look.money(minor, currency, compact=compact) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.21, "4.2 s"), (59.9, "59.9 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_durations_are_written_as_people_say_them(seconds, text):
    assert look.seconds(seconds) == text


@pytest.mark.parametrize(("minutes", "text"), [(0, "just now"), (61, "1 hour ago"), (3000, "2 days ago")])
def test_ages_are_told_roughly(minutes, text):
    assert look.ago(datetime.now(UTC) - timedelta(minutes=minutes, seconds=1)) == text


def test_growth_has_a_sign_and_none_is_left_out():
    assert "▼ 4.0 %" in look.change(-4.0)
    assert look.change(None) == ""


def test_text_of_the_data_is_no_html():
    assert "<script>" not in look.badge("<script>", look.GOOD)
