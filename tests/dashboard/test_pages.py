"""The pages as a browser gets them, over a real warehouse: what they show, and what a role never gets."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from localcloud import queries
from tests.dashboard.conftest import CAUSE, SUMMARY, text_of
from tests.dashboard.star import PERSONAL, empty_warehouse

pytestmark = pytest.mark.slow

PSEUDONYM_OF_7 = hashlib.sha256(b"c_7").hexdigest()
PAGES = ("business", "customer_360", "data_quality", "operations")


def said(app):
    return " ".join(element.value for kind in (app.info, app.error, app.warning) for element in kind)


def looked_up(open_page, words, role):
    return open_page("customer_360", role).text_input[0].input(words).run()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_with_its_title_and_no_error(open_page, page):
    app = open_page(page)
    assert [title.value.lower().replace(" ", "_") for title in app.title] == [page]
    assert not app.exception
    assert "seen as data steward" in text_of(app)


def test_business_shows_the_last_whole_month_with_its_growth(open_page):
    app = open_page("business")
    text = text_of(app)
    assert "Revenue Feb 2026" in text
    assert "€2,921" in text
    assert "▲ 6.2 %" in text
    assert [h.value for h in app.subheader] == [
        "Revenue by month",
        "Segments",
        "From visit to order",
        "Who comes back",
        "Where revenue comes from",
    ]


def test_the_funnel_can_be_seen_for_one_channel(open_page):
    app = open_page("business")
    assert re.search(r"\b200 \S+ 100\.0 %", text_of(app))
    app.get("button_group")[0].set_value("web").run()
    assert re.search(r"\b100 \S+ 100\.0 %", text_of(app))


def test_a_steward_finds_a_customer_by_id_by_e_mail_and_by_a_part_of_the_name(open_page):
    for words in ("c_7", " PERSON7who@secret.example ", "zarathustra7 quar"):
        app = looked_up(open_page, words, "data_steward")
        text = text_of(app)
        assert "Zarathustra7 Quarry" in text, words
        assert "+49151000007" in text
        assert "Marketing: refused" in text
        columns = {column for table in app.dataframe for column in table.value.columns}
        assert {"transaction_id", "interaction_type", "url_path"} <= columns


def test_several_finds_are_offered_to_choose_from(open_page):
    app = looked_up(open_page, "quarry", "data_steward")
    assert app.selectbox[0].label == "20 or more customers found"
    assert app.selectbox[0].options[0].startswith("Zarathustra1 Quarry · ")


def test_words_that_fit_nobody_are_told_so(open_page):
    for words in ("nobody", "%", "' or 1=1 --"):
        assert "No customer has this" in said(looked_up(open_page, words, "data_steward"))


@pytest.mark.parametrize("role", ["viewer", "analyst"])
@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_see_personal_data_gets_none_on_any_page(open_page, page, role):
    text = text_of(open_page(page, role))
    assert [word for word in (*PERSONAL, CAUSE) if word in text] == []


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_a_viewer_finds_by_id_and_gets_value_but_not_who_it_is(open_page, role):
    assert "a pseudonym" in said(open_page("customer_360", role))
    text = text_of(looked_up(open_page, PSEUDONYM_OF_7, role))
    assert "Lifetime value" in text
    assert "Marketing: refused" in text
    assert [word for word in (*PERSONAL, "10115", "Lyon", "Berlin", "Wien") if word in text] == []


@pytest.mark.parametrize("words", ["person7who@secret.example", "zarathustra7", "c_7"])
def test_a_viewer_cannot_find_out_whether_an_e_mail_a_name_or_an_id_is_known(open_page, words):
    assert "No customer has this id" in said(looked_up(open_page, words, "viewer"))


def test_a_viewer_is_not_told_that_a_part_he_may_not_see_is_known_of_nobody(open_page):
    assert "E-mail" in text_of(open_page("data_quality"))
    app = open_page("data_quality", "viewer")
    text = text_of(app)
    assert "of the parts that your role may see" in text
    assert "Purchases" in text
    assert "E-mail" not in text


def test_data_quality_shows_indicators_accounts_and_reasons(open_page):
    app = open_page("data_quality")
    text = text_of(app)
    assert "97.00 %" in text  # completeness: (100 · 100 + 96 · 300) / 400
    assert "10.00 %" in text  # duplicates: 11 of 110
    assert "✓ balanced · every one of 110 records" in text
    assert "curated.dim_customer: phone_form (warn): 12 of 200 rows" in said(app)
    assert "no e-mail" in text
    assert "Reachable: 98.5 %" in text


def test_a_run_whose_records_do_not_add_up_says_so(open_page, tmp_path):
    summary = json.loads(json.dumps(SUMMARY))
    summary["runs"][0]["stages"][1]["accepted"] -= 1
    summary["runs"][0]["completeness"] = {}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    app = open_page("data_quality", summary=tmp_path / "summary.json")
    assert not app.exception
    assert "clean_raw of customer: received 100 but accounted for 99" in said(app)


def test_operations_shows_a_failed_run_with_its_next_step(open_page):
    app = open_page("operations")
    assert "failed in BuildStarSchema" in said(app)
    assert "the next scheduled run takes them again" in said(app)
    assert "1 of 2" in text_of(app)


def test_a_cause_that_may_name_people_is_for_those_who_may_see_them(open_page):
    assert CAUSE in said(open_page("operations"))
    assert CAUSE not in said(open_page("operations", "analyst"))


def test_without_a_warehouse_the_next_command_is_named(open_page, warehouse):
    app = open_page("business", where=warehouse | {"port": "1"})
    assert "cannot be reached" in said(app)
    assert "`make demo`" in said(app)
    assert not app.exception


def test_an_empty_warehouse_says_how_it_is_filled(open_page, tmp_path):
    empty_warehouse(tmp_path)
    with queries.serve_warehouse(tmp_path) as where:
        for page in ("business", "customer_360", "data_quality"):
            app = open_page(page, where=where)
            assert "The warehouse is empty" in said(app)
            assert not app.exception
        assert "failed in BuildStarSchema" in said(open_page("operations", where=where))


def test_a_role_that_does_not_exist_is_told_with_those_that_do(open_page):
    assert "viewer, analyst, data_steward, admin" in said(open_page("business", "boss"))
