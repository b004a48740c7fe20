"""What holds for every table: no orphan, no column missing, nothing unaccounted for."""

import pytest

from cdp.dataset import Dataset
from cdp.star_schema import PARTS
from tests.cdp.star_schema.rows import consent, contact, event, golden, identifier, line, product, ticket

WRITES = {table: step for part in PARTS for table, step in part.writes.items()}


def test_no_fact_is_an_orphan(build):
    query = build(
        products=[product("2026-01-01T00:00Z")],
        lines=[line("T1"), line("T2", product_id="P9"), line("T3", at="2999-01-01T00:00Z", channel="fax")],
        events=[event("m1", user_id="S1", product_id="P1"), event("m2", "2026-02-02T00:00Z", "a-1", app_name="App")],
        identifiers=[identifier("source_customer_id", "shop:S1", "c_1")],
        goldens=[golden("c_1")],
    )
    facts = [Dataset.load(table) for table in WRITES if ".fact_" in table]
    references = [(fact.table, c.name, c.references) for fact in facts for c in fact.columns if c.references]
    for fact, key, reference in references:
        dimension = reference.split(".")[0]
        found = query(f"select count(*) as n from {fact} join {dimension} using ({key})")
        assert found == query(f"select count(*) as n from {fact}"), (fact, key)


def test_every_line_and_event_is_accounted_for(build):
    build(
        lines=[line(), line(updated_at="2026-02-02T00:00Z"), line("T2")],
        events=[event("m1", user_id="S1")],
        support_ticket=[ticket("K1"), ticket("K1", updated_at="2026-02-03T00:00Z")],
        campaign_contact=[contact("N1"), contact("N2")],
        consent=[consent("E1")],
    )
    assert [(f.stage, f.dataset, f.received, f.accepted) for f in build.fates] == [
        ("build_star_schema", "transaction", 2, 2),
        ("build_star_schema", "clickstream_event", 1, 1),
        ("build_star_schema", "campaign_contact", 2, 2),
        ("build_star_schema", "support_ticket", 1, 1),
        ("build_star_schema", "consent", 1, 1),
    ]


@pytest.mark.parametrize("table", WRITES)
def test_every_column_of_the_contract_is_made(build, table):
    query = build()
    columns = ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in Dataset.load(table).columns)
    query(f"select {columns} from {WRITES[table]}")
