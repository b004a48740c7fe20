import random
from datetime import UTC, datetime

import pytest

from cdp import identity
from cdp.dataset import Dataset
from cdp.engines.sql_text import casts
from cdp.identity_log import customers_as_of, log_changes
from cdp.matching.rules import MatchRules


def person(source_customer_id, email, created_at, source="shop"):
    return {
        "source": source,
        "source_customer_id": source_customer_id,
        "email": email,
        "created_at": f"{created_at}T00:00Z",
        "updated_at": "2026-03-01T00:00Z",
        "record_id": f"{source}/{source_customer_id}",
    }


def login(anonymous_id, user_id=None):
    return {"anonymous_id": anonymous_id, "user_id": user_id, "event_at": "2026-03-01T10:00Z", "event_type": "page"}


ANN, ANN_OF_CRM, BOB = (
    person("S1", "ann@x.org", "2025-01-01"),
    person("C1", "ann@x.org", "2025-02-01", "crm"),
    person("S2", "bob@x.org", "2025-01-05"),
)


class Runs:
    """One run after another over what clean holds then; the log goes from each to the next."""

    def __init__(self, engine, given):
        self.engine, self.given, self.day, self.runs = engine, given, 0, 0
        given("identity.identity_log")

    def run(self, *persons, events=(), on=None):
        """Customer per person record; the run's time is the next day, or day `on`."""
        self.runs += 1
        self.day = on or self.day + 1
        for table, rows in zip(identity.READS, (persons, (), events), strict=True):
            self.given(table, *rows)
        identity.resolve_identities(self.engine, MatchRules.load("v1"))
        self.events = log_changes(self.engine, f"run_{self.runs}", at(self.day), "v1")
        columns = casts(Dataset.load("identity.identity_log"))
        self.engine.step("identity_identity_log", f"select {columns} from identity_log")
        rows = self.engine.query("select person_id, customer_id from person")
        return {row["person_id"]: row["customer_id"] for row in rows}

    def changes(self):
        """(run, event, id, previous customer, customer) of the whole log."""
        rows = self.engine.query("select * from identity_identity_log order by changed_at, identifier")
        names = ("run_id", "event", "identifier", "previous_customer_id", "customer_id")
        return [tuple(row[name] for name in names) for row in rows]

    def as_of(self, day):
        customers_as_of(self.engine, at(day))
        return {row["identifier"]: row["customer_id"] for row in self.engine.query("select * from customer_as_of")}


@pytest.fixture
def runs(engine, given):
    return Runs(engine, given)


def at(day):
    return datetime(2026, 3, day, 2, 30, tzinfo=UTC)


def test_a_customer_keeps_its_name_when_a_younger_person_record_joins(runs):
    before = runs.run(ANN, BOB)
    after = runs.run(ANN, BOB, ANN_OF_CRM)
    assert after["shop:S1"] == after["crm:C1"] == before["shop:S1"]
    assert runs.events == {"join": 1}


def test_a_run_over_the_same_writes_nothing_down(runs):
    first = runs.run(ANN, BOB, ANN_OF_CRM)
    assert runs.events == {"create": 3}
    assert runs.run(BOB, ANN_OF_CRM, ANN) == first
    assert runs.events == {}


def test_a_founder_that_comes_late_gives_its_name_and_the_old_one_is_retired(runs):
    before = runs.run(ANN_OF_CRM)
    after = runs.run(ANN_OF_CRM, ANN)
    assert after["crm:C1"] == after["shop:S1"] != before["crm:C1"]
    assert runs.changes()[1:] == [
        ("run_2", "retire", "crm:C1", before["crm:C1"], after["crm:C1"]),
        ("run_2", "create", "shop:S1", None, after["shop:S1"]),
    ]


def test_a_source_connected_later_renames_nobody(runs, monkeypatch):
    before = runs.run(ANN_OF_CRM)
    monkeypatch.setattr(identity, "load_connections", lambda: {"shop": datetime(2025, 6, 1, tzinfo=UTC)})
    assert runs.run(ANN_OF_CRM, ANN)["shop:S1"] == before["crm:C1"]
    assert runs.events == {"join": 1}


def test_two_customers_that_turn_out_to_be_one_are_merged_into_the_elder(runs):
    before = runs.run(ANN, BOB)
    same = BOB | {"email": "ann@x.org"}
    after = runs.run(ANN, same)
    assert set(after.values()) == {before["shop:S1"]}
    assert runs.changes()[-1] == ("run_2", "merge", "shop:S2", before["shop:S2"], before["shop:S1"])


def test_two_people_taken_for_one_are_split_and_the_founder_keeps_the_name(runs):
    together = runs.run(ANN, BOB | {"email": "ann@x.org"})
    apart = runs.run(ANN, BOB)
    assert apart["shop:S1"] == together["shop:S1"] != apart["shop:S2"]
    assert runs.changes()[-1] == ("run_2", "split", "shop:S2", together["shop:S2"], apart["shop:S2"])


def test_a_late_login_re_points_the_visitor_and_says_so(runs):
    runs.run(ANN, events=[login("a")])
    visitor = runs.as_of(1)["a"]
    customers = runs.run(ANN, events=[login("a"), login("a", "S1")])
    assert visitor.startswith("a_")
    assert runs.changes()[-1] == ("run_2", "merge", "a", visitor, customers["shop:S1"])


def test_customers_as_of_an_earlier_day_are_those_of_then(runs):
    first = runs.run(ANN, BOB)
    second = runs.run(ANN, BOB | {"email": "ann@x.org"})
    third = runs.run(ANN, BOB, ANN_OF_CRM)
    assert (runs.as_of(1), runs.as_of(2), runs.as_of(3), runs.as_of(4)) == (first, second, third, third)


@pytest.mark.parametrize("on", [2, 1])
def test_changes_follow_each_other_also_when_a_run_has_the_time_of_the_one_before_or_an_earlier(runs, on):
    together = runs.run(ANN, BOB | {"email": "ann@x.org"}, on=2)
    apart = runs.run(ANN, BOB, on=on)
    assert runs.changes()[-1] == ("run_2", "split", "shop:S2", together["shop:S2"], apart["shop:S2"])
    assert runs.as_of(3) == apart


def test_whoever_is_gone_from_clean_leaves_no_trace_in_the_log(runs):
    name = runs.run(ANN, ANN_OF_CRM, BOB)["shop:S1"]
    alone = runs.run(ANN_OF_CRM, BOB)["crm:C1"]
    text = str(runs.changes())
    assert "shop:S1" not in text
    assert name not in text
    assert runs.as_of(1)["crm:C1"] is None
    assert runs.as_of(2)["crm:C1"] == alone


def test_the_name_of_a_customer_does_not_depend_on_the_order_of_arrival(runs):
    customers = runs.run(ANN_OF_CRM, ANN, BOB)
    for _ in range(2):
        runs.run(BOB)
        runs.run(ANN_OF_CRM, BOB)
    assert runs.run(ANN, BOB, ANN_OF_CRM) == customers


@pytest.mark.slow
def test_a_batch_of_the_newest_hundredth_keeps_999_of_1000_names(runs):
    """Two records share an address on average, and a few are alone."""
    draw = random.Random(1)
    days = [f"20{15 + n // 2000}-{1 + n % 2000 // 200:02}-{1 + n % 28:02}" for n in range(20_000)]
    ids = draw.sample(range(20_000), 20_000)
    persons = [
        person(f"S{n}", f"{draw.randrange(10_000)}@x.org", day) for n, day in zip(ids, sorted(days), strict=True)
    ]
    before = runs.run(*persons[:19_800])
    after = runs.run(*persons)
    assert sum(after[record] == name for record, name in before.items()) >= 0.999 * len(before)
    assert set(runs.events) == {"create", "join"}
    # Whatever order they came in, and in one run: the same names.
    draw.shuffle(persons)
    assert Runs(runs.engine, runs.given).run(*persons) == after
