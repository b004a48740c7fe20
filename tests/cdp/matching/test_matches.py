"""Person records that are one human come together, whoever else is around."""

from __future__ import annotations

import random
from datetime import date

import pyarrow as pa
import pytest

from cdp.matching.explain import UnknownPersonError, compare_versions, evidence_chain, explain_pair
from cdp.matching.features import make_features
from cdp.matching.matches import resolve_matches
from cdp.matching.model import MatchModel, MatchModelError
from cdp.matching.rules import MatchRules
from cdp.matching.scoring import score_pairs
from cdp.matching.training import train

FIRST = ["Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kim", "Lea", "Marek"]
LAST = ["Abel", "Brandt", "Costa", "Dvorak", "Eriksen", "Fischer", "Garcia", "Huber", "Ivanov", "Jansen", "Keller"]


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rules():
    return MatchRules.load("v2")


def someone(number, source="shop", **other):
    """A person record; the same number is the same person."""
    draw = random.Random(number)
    first, last = draw.choice(FIRST), draw.choice(LAST)
    return {
        "source": source,
        "source_customer_id": f"{number:05d}",
        "updated_at": "2026-01-01T00:00Z",
        "record_id": f"{source}{number}",
        "first_name": first,
        "last_name": last,
        "birth_on": date(1940 + draw.randrange(60), 1 + draw.randrange(12), 1 + draw.randrange(28)),
        "street": f"{draw.choice(LAST)}weg {draw.randrange(1, 200)}",
        "postal_code": f"{draw.randrange(10000, 10400)}",
        "city": "Berlin",
        "email": f"{first}.{last}.{number}@x.org".lower(),
        "phone": f"+49301{number:06d}",
        **other,
    }


@pytest.fixture
def people(engine, given, rules):
    """The clusters of the given person records: ids of records that are one human, the larger clusters first."""

    def people(*records, version=rules, **options):
        given("clean.customer", *records)
        resolve_matches(engine, version, **options)
        clusters = {}
        for row in engine.query("select person_id, cluster_id from membership order by 1"):
            clusters.setdefault(row["cluster_id"], []).append(row["person_id"])
        return sorted(clusters.values(), key=lambda ids: (-len(ids), ids))

    return people


def test_records_that_differ_as_records_of_one_person_do_are_one_human(people):
    moved = someone(1, "crm", street="Am Markt 3", postal_code="20095", city="Hamburg", phone=None)
    mistyped = someone(2, "crm", last_name="Brandtt", email=None)
    assert people(someone(1), moved, someone(2), mistyped, someone(3)) == [
        ["crm:00001", "shop:00001"],
        ["crm:00002", "shop:00002"],
        ["shop:00003"],
    ]


def test_a_shared_email_alone_ties_records_that_state_nothing_else(people):
    nothing = dict.fromkeys(("first_name", "last_name", "birth_on", "street", "postal_code", "city", "phone"))
    assert people(someone(1, "crm", **nothing), someone(1, **nothing)) == [["crm:00001", "shop:00001"]]


def test_what_ties_a_record_is_all_that_speaks_for_any_of_its_ties(people, engine):
    people(someone(1), someone(1, "crm", phone=None), someone(1, "store", email=None))
    ties = {row["person_id"]: row["matched_by"] for row in engine.query("select person_id, matched_by from matched")}
    place = "first_name,last_name,birth_on,street,postal_code"
    assert {i: m.removesuffix(",source") for i, m in ties.items()} == {
        "shop:00001": f"{place},email,phone",
        "crm:00001": f"{place},email",
        "store:00001": f"{place},phone",
    }


def test_father_and_son_with_one_phone_and_address_are_two(people):
    father = someone(1)
    son = father | {"source": "crm", "first_name": "Wendelin", "birth_on": date(2001, 5, 17), "email": "w@x.org"}
    assert father["first_name"] != "Wendelin"
    assert len(people(father, son)) == 2


@pytest.mark.parametrize("shared", [{"phone": "+49301234567"}, {"email": "family@x.org"}])
def test_two_thousand_records_that_share_an_identifier_merge_no_two_people(people, shared):
    distinct = [
        someone(n, first_name=f"{FIRST[n % 13]}{n:04d}", last_name=f"{n:04d}{LAST[n % 11]}") for n in range(2000)
    ]
    assert len(people(*(person | shared for person in distinct))) == 2000


@pytest.mark.parametrize("mode", ["balanced", "strict", "deterministic"])
def test_every_mode_brings_equal_records_together_and_keeps_strangers_apart(people, mode):
    assert people(someone(1), someone(1, "crm"), someone(2), mode=mode) == [["crm:00001", "shop:00001"], ["shop:00002"]]


def test_order_does_not_matter_to_model_and_people(engine, given, people, rules):
    records = [someone(n % 700, ("shop", "crm")[n // 700], street=f"Weg {n}") for n in range(1100)]
    results = []
    for _ in range(2):
        given("clean.customer", *records)
        make_features(engine, rules)
        model = train(engine.arrow("person_feature").read_all(), rules, {})
        results.append((model.to_json(), people(*records, model=model)))
        random.Random(1).shuffle(records)
    assert results[0] == results[1]
    assert MatchModel.from_json(results[0][0]).metadata["is_trained"] is True


def test_few_records_are_weighed_as_the_rules_ship_it_and_the_model_says_so(engine, given, rules):
    given("clean.customer", *(someone(n) for n in range(3)))
    make_features(engine, rules)
    model = train(engine.arrow("person_feature").read_all(), rules, {"snapshot_id": 7})
    assert model.parameters == MatchModel.shipped(rules).parameters
    assert model.metadata["is_trained"] is False
    assert model.metadata["snapshot_id"] == 7
    assert "3 person records are fewer" in model.metadata["reason"]


def test_a_model_has_no_value_that_few_people_hold(engine, given, rules):
    given("clean.customer", *(someone(n) for n in range(300)), someone(301, first_name="Xaverine"))
    make_features(engine, rules)
    model = train(engine.arrow("person_feature").read_all(), rules, {})
    assert "ada" in model.frequencies["first_name"]
    assert "xaverine" not in model.to_json()


def test_a_model_for_other_rules_is_refused(rules):
    with pytest.raises(MatchModelError, match="for rules v1"):
        MatchModel("v1", {}, 0.1).check(rules)
    with pytest.raises(MatchModelError, match="no match model"):
        MatchModel.from_json("{}")


def test_switching_back_to_earlier_rules_restores_the_earlier_people(people, rules):
    records = [someone(n % 60, ("shop", "crm")[n // 60], phone=f"+4930123{n % 25:04d}") for n in range(90)]
    before = people(*records, version=MatchRules.load("v1"))
    assert people(*records) != before
    assert people(*records, version=MatchRules.load("v1")) == before


def test_a_steward_decides_against_the_scores(people):
    decisions = pa.table(
        {
            "left_id": ["crm:00001", "shop:00001"],
            "right_id": ["shop:00001", "shop:00002"],
            "is_same": [False, True],
        }
    )
    records = someone(1), someone(1, "crm"), someone(2)
    assert people(*records, decisions=decisions) == [["shop:00001", "shop:00002"], ["crm:00001"]]


def test_only_pairs_that_cannot_be_one_human_are_left_out(engine, given, rules):
    people = [someone(n) for n in range(12)]
    moved = [{**one, "source": "crm", "phone": None, "street": None, "birth_on": None} for one in people]
    mistyped = [{**one, "source": "fair", "phone": one["phone"][:-2] + one["phone"][:-3:-1]} for one in people]
    nothing = dict.fromkeys(("first_name", "last_name", "birth_on", "street", "postal_code", "city", "email"))
    bare = [{**one, "source": "till", **nothing} for one in people]
    given("clean.customer", *people, *moved, *mistyped, *bare)
    make_features(engine, rules)
    engine.step(
        "asked_pair",
        """select l.number as left_number, r.number as right_number
           from person_feature l join person_feature r on l.person_id < r.person_id""",
    )
    found = {}
    for least in (0.0, 0.5):
        score_pairs(engine, "asked_pair", "answered", rules, MatchModel.shipped(rules), least)
        rows = engine.query("select left_id, right_id, match_probability from answered")
        found[least] = {(row["left_id"], row["right_id"]): row["match_probability"] for row in rows}
    assert {pair: score for pair, score in found[0.0].items() if score >= 0.5} == {
        pair: score for pair, score in found[0.5].items() if score >= 0.5
    }
    assert len(found[0.5]) < 200 < len(found[0.0])


def test_nobody_is_nobody(people):
    assert people() == []


def test_letters_beyond_ascii_match_their_plain_ones(people):
    assert people(someone(1, last_name="Müllér"), someone(1, "crm", last_name="MULLER", email=None)) == [
        ["crm:00001", "shop:00001"]
    ]


def test_a_pair_is_explained_field_by_field_and_the_weights_are_the_score(people, engine, rules):
    model = MatchModel.shipped(rules)
    people(someone(1), someone(1, "crm", phone=None, last_name="Xu"))
    told = explain_pair(engine, rules, model, "shop:00001", "crm:00001")
    agreements = {field.field: field.agreement for field in told.fields}
    expected = {"first_name": "exact", "phone": "not stated", "last_name": "else", "postal_code": "exact (place)"}
    assert agreements | expected == agreements
    assert told.veto is None
    assert told.is_together
    odds = 2 ** (told.prior_weight + sum(field.weight for field in told.fields) + told.doubt)
    assert told.match_probability == pytest.approx(odds / (1 + odds), abs=0.001)
    assert not any("ada" in field.left or "ada" in field.right for field in told.fields)


def test_the_guard_that_kept_two_records_apart_is_named(people, engine, rules):
    father = someone(1)
    people(father, father | {"source": "crm", "first_name": "Wendelin", "birth_on": date(2001, 5, 17)})
    told = explain_pair(engine, rules, MatchModel.shipped(rules), "crm:00001", "shop:00001")
    assert (told.veto, told.match_probability, told.is_together) == ("two_people_of_a_household", 0, False)


def test_who_is_not_there_is_named(people, engine, rules):
    people(someone(1))
    with pytest.raises(UnknownPersonError, match="shop:9"):
        explain_pair(engine, rules, MatchModel.shipped(rules), "shop:00001", "shop:9")


def test_a_person_is_a_chain_of_evidence(people, engine):
    people(someone(1), someone(1, "crm"), someone(1, "pos", email=None), someone(2))
    chain = evidence_chain(engine, "pos:00001")
    assert {(row["left_id"], row["right_id"]) for row in chain} == {
        ("crm:00001", "pos:00001"),
        ("crm:00001", "shop:00001"),
        ("pos:00001", "shop:00001"),
    }


def test_a_difference_of_versions_counts_who_would_merge_and_split(engine, given, rules):
    father = someone(1)
    son = father | {"source": "crm", "first_name": "Wendelin", "birth_on": date(2001, 5, 17)}
    moved = someone(2, "crm", email=None, phone=None)
    given("clean.customer", father, son, someone(2), moved)
    difference = compare_versions(engine, (MatchRules.load("v1"), None), (rules, None))
    assert difference.split_samples == (("crm:00001", "shop:00001"),)
    assert difference.merged_samples == (("crm:00002", "shop:00002"),)
    assert (difference.merged, difference.split) == (1, 1)
