import random
import runpy

import pytest

from cdp import identity, stitching
from cdp.matching.rules import MatchRules
from cdp.stitching import StitchingError, stitching_parameters
from tests.conftest import ROOT

CAP = 5


def person(source_customer_id, email=None):
    return {"source": "shop", "source_customer_id": source_customer_id, "email": email, "record_id": source_customer_id}


def event(anonymous_id=None, user_id=None, event_at="2026-03-01T10:00Z", event_type="page", email=None):
    return locals()


@pytest.fixture
def stitch(engine, given):
    """The customer and whether it is known, per anonymous id."""

    def stitch(persons, events):
        for table, rows in zip(identity.READS, (persons, (), events), strict=True):
            given(table, *rows)
        identity.resolve_identities(engine, MatchRules.load("v1"))
        named = {r["customer_id"]: r["person_id"] for r in engine.query("select * from person")}
        visitors = engine.query("select * from identifier where identifier_type = 'anonymous_id'")
        return {v["identifier"]: named.get(v["customer_id"]) for v in visitors}

    return stitch


@pytest.mark.parametrize("event_type", ["identify", "alias", "page", "screen", "track"])
def test_any_event_that_states_both_ids_is_a_login_on_web_and_app(stitch, event_type):
    assert stitch([person("S1")], [event("a"), event("a", "S1", event_type=event_type)]) == {"a": "shop:S1"}


@pytest.mark.parametrize(("users", "owner"), [(CAP, "shop:S0"), (CAP + 1, None)])
def test_a_device_that_too_many_use_belongs_to_nobody(stitch, users, owner):
    logins = [event("a", f"S{n}") for n in range(users)] + [event("a", "S0")]
    assert stitch([person(f"S{n}") for n in range(users)], logins)["a"] == owner


def test_of_a_device_that_was_passed_on_the_last_year_counts(stitch):
    long_ago = [event("a", "S1", f"2024-01-{day:02}T10:00Z") for day in range(1, 9)]
    assert stitch([person("S1"), person("S2")], [*long_ago, event("a", "S2")]) == {"a": "shop:S2"}
    assert stitch([person("S1"), person("S2")], [*long_ago, event("a", "S2", "2024-12-30T10:00Z")]) == {"a": "shop:S1"}


def test_an_address_stated_where_nobody_logs_in_says_whose_device_it_is(stitch):
    events = [event("a", email="ann@x.org", event_type="identify"), event("a"), event("b", email="eve@x.org")]
    assert stitch([person("S1", "ann@x.org")], events) == {"a": "shop:S1", "b": None}


def test_a_login_outweighs_any_address(stitch):
    stated = [event("a", email="ann@x.org")] * 3
    assert stitch([person("S1", "ann@x.org"), person("S2")], [*stated, event("a", "S2")]) == {"a": "shop:S2"}


def test_an_address_that_identifies_nobody_stitches_nobody(stitch):
    events = [event("a", email="info@x.org"), event("b", email="all@x.org")]
    shared = [person(f"S{n}", "all@x.org") for n in range(11)]
    assert stitch([person("T1", "info@x.org"), *shared], events) == {"a": None, "b": None}


def test_a_device_with_too_many_addresses_belongs_to_nobody(stitch):
    persons = [person(f"S{n}", f"{n}@x.org") for n in range(CAP + 1)]
    assert stitch(persons, [event("a", email=f"{n}@x.org") for n in range(CAP + 1)]) == {"a": None}


def test_no_visitor_ever_ties_two_users_however_devices_are_shared(stitch, engine):
    draw = random.Random(5)
    users = [person(f"S{n}", f"{n}@x.org") for n in range(30)]
    logins = [event(f"d{draw.randrange(12)}", f"S{draw.randrange(30)}") for _ in range(200)]
    stated = [event(f"d{draw.randrange(20)}", email=f"{draw.randrange(30)}@x.org") for _ in range(60)]
    stitch(users, logins + stated)
    counts = engine.query(
        """select customer_id from identifier where identifier_type = 'source_customer_id'
           group by customer_id having count(*) > 1"""
    )
    assert counts == []


@pytest.mark.slow
def test_visitors_are_stitched_to_the_right_user_in_a_world_of_guests_kiosks_and_chains(engine):
    benchmark = runpy.run_path(str(ROOT / "benchmarks/stitching.py"))
    persons, rows, owner, *_ = benchmark["world"](200_000)
    found = benchmark["stitch"](engine, persons, rows, len(owner))
    precision, recall, largest = benchmark["scores"](benchmark["truth_of"](len(persons), owner), found)
    assert precision >= 0.98
    assert recall >= 0.975
    assert largest <= 10


@pytest.mark.parametrize("text", ["window_days: 3", "most_users_per_device: many\nwindow_days: 3", "[]"])
def test_rules_that_lack_something_name_their_file(monkeypatch, text):
    monkeypatch.setattr(stitching.resources, "read_text", lambda path: text)
    with pytest.raises(StitchingError, match=r"stitching\.v1\.yml"):
        stitching_parameters()


def test_rules_that_do_not_exist_are_named():
    with pytest.raises(StitchingError, match=r"stitching\.v0\.yml"):
        stitching_parameters("v0")
