from datetime import UTC, datetime

import pytest

from cdp import resources
from cdp.engines.duckdb import DuckDBEngine
from cdp.warehouse import (
    CHANGES,
    FULL,
    UNCHANGED,
    TableLoad,
    changes_query,
    manifest_statement,
    merge_statements,
    stage_statements,
)

CHANGED = TableLoad(
    "dim_channel", CHANGES, snapshot_id=7, total=3, upserted=2, deleted=1, source="s3://b/manifest.json"
)
COLUMNS = ["channel_key", "channel", "channel_group", "is_online"]
OLD = [(1, "web", True), (2, "store", False), (3, "phone", False)]
NEW = [(1, "web", True), (2, "store", True), (4, None, False)]


@pytest.fixture
def engine():
    engine = DuckDBEngine()
    yield engine
    engine.close()


def channels(rows) -> str:
    return (
        "select * from (values "
        + ", ".join(
            f"({key}, {'null' if name is None else repr(name)}, 'group', {str(flag).lower()})"
            for key, name, flag in rows
        )
        + ") as t(channel_key, channel, channel_group, is_online)"
    )


def changes(engine, old, new) -> list[tuple]:
    engine.step("old_rows", channels(old))
    engine.step("new_rows", channels(new))
    rows = engine.query(changes_query("dim_channel", COLUMNS, "new_rows", "old_rows") + " order by channel_key")
    return [(r["channel_key"], r["is_online"], r["is_deleted"]) for r in rows]


def test_changes_are_new_rows_changed_rows_and_lost_keys(engine):
    assert changes(engine, OLD, NEW) == [(2, True, False), (3, False, True), (4, False, False)]


def test_the_same_rows_are_no_change_even_with_null(engine):
    assert changes(engine, NEW, NEW) == []


def test_a_first_load_hands_over_every_row(engine):
    engine.step("new_rows", channels(NEW))
    rows = engine.query(changes_query("dim_channel", COLUMNS, "new_rows", None))
    assert [r["is_deleted"] for r in rows] == [False] * 3


def test_columns_are_always_named():
    statements = "\n".join(stage_statements(CHANGED, "role") + merge_statements(CHANGED))
    assert "*" not in statements
    assert "insert (\n    channel_key,\n    channel,\n    channel_group,\n    is_online\n)" in statements
    assert "update set\n    channel = staged.channel,\n" in statements


def test_a_full_load_replaces_what_was_there():
    full = TableLoad("dim_channel", FULL, snapshot_id=7, total=1, upserted=1, source="s3://b/manifest.json")
    assert merge_statements(full)[0] == "delete from dim_channel"


def test_a_table_that_became_empty_is_emptied_without_a_copy():
    empty = TableLoad("dim_channel", FULL, snapshot_id=7, total=0)
    assert (stage_statements(empty, "role"), merge_statements(empty)) == ([], ["delete from dim_channel"])


def test_an_unchanged_table_needs_no_statement():
    unchanged = TableLoad("dim_channel", UNCHANGED, snapshot_id=7, total=3)
    assert stage_statements(unchanged, "role") + merge_statements(unchanged) == []


def test_a_table_with_a_key_of_two_columns_matches_on_both():
    load = TableLoad("bridge_customer_identity", CHANGES, 7, 1, upserted=1, source="s3://b/m.json")
    assert (
        "on bridge_customer_identity.identifier_type = staged.identifier_type and "
        "bridge_customer_identity.identifier = staged.identifier\n" in merge_statements(load)[2]
    )


def test_the_manifest_entry_has_a_place_for_every_value():
    sql, values = manifest_statement(CHANGED, 3, "run", datetime(2026, 3, 1, tzinfo=UTC))
    assert sql.count("%s") == len(values) == 10


def test_the_documentation_shows_the_load_as_it_is():
    written = resources.read_text("docs/warehouse_load.md")
    load = TableLoad("dim_channel", CHANGES, 7, 6, upserted=2, deleted=1, source="{manifest}")
    for statement in stage_statements(load, "{iam_role}") + merge_statements(load):
        assert f"{statement};" in written
