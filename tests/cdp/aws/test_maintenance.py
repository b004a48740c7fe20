"""A person that clean no longer has is gone from every table, and after maintenance from every byte of the lake."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp import golden_record, identity, identity_log, steward
from cdp.aws.lake import Lake
from cdp.aws.maintenance import maintain
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.rules import RULE_VERSION, MatchRules
from cdp.run import branch_of
from cdp.settings import Settings
from cdp.survivorship import Survivorship
from localcloud.spark_home import shared_catalog

pytestmark = pytest.mark.slow

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
PARTS = (steward, identity, identity_log, golden_record)
HISTORY = "identity.identity_log"


def person(number, email, source="shop", **said):
    key = {"source": source, "source_customer_id": f"{source}-{number}", "record_id": f"record-{source}-{number}"}
    return key | {"email": email, "created_at": AT, "updated_at": AT} | said


def event(anonymous_id, user_id=None, email=None):
    key = {"message_id": f"message-{anonymous_id}-{user_id}", "record_id": f"record-{anonymous_id}-{user_id}"}
    said = {"anonymous_id": anonymous_id, "user_id": user_id, "email": email, "event_type": "page"}
    return key | said | {"source": "web", "event_at": AT, "event_on": AT.date()}


ZELDA = [
    person("zelda", "zelda@x.org", first_name="Zelda", phone="+4930666666"),
    person("zelda", "zelda@x.org", "crm", first_name="Zeldina"),
]
OTHERS = [person("ann", "ann@x.org", first_name="Ann"), person("bob", "bob@x.org", phone="+4930123456")]
EVENTS_OF_ZELDA = [event("device-zelda", "shop-zelda"), event("tablet-zelda", email="zelda@x.org")]
EVENTS = [event("device-ann", "shop-ann")]
DECISIONS = [
    steward.Decision("d1", AT, "shop:shop-bob", "shop:shop-zelda", False, "ann", "neighbour of zelda"),
    steward.Decision("d2", AT, "shop:shop-ann", "shop:shop-bob", False, "ann", "no relation"),
]
NAMES = [f"c_{hashlib.md5(f'{z}:{z}-zelda'.encode()).hexdigest()[:24]}" for z in ("shop", "crm")]
TRACES = ("zelda", "Zelda", "+4930666666")


class Platform:
    """A lake on disk and the jobs between clean and the golden record."""

    def __init__(self, folder: Path):
        self.folder = folder
        databases = {zone: f"test_{zone}" for zone in ("clean", "identity", "curated")}
        names = {"database": databases, "bucket": {zone: zone for zone in databases}}
        self.settings = Settings("test", names=names, catalog=shared_catalog(folder))
        self.runs = 0

    def run(self, persons, events, decisions=()):
        """What clean holds now, through one published run."""
        self.runs += 1
        run_id = f"{self.runs}"
        lake = Lake(self.settings, branch_of(run_id))
        engine = DuckDBEngine(lake)
        clean = {"clean.customer": persons, "clean.clickstream_event": events, "clean.transaction": []}
        for name, rows in clean.items():
            engine.register("rows", pa.Table.from_pylist(rows, schema=Dataset.load(name).arrow_schema()))
            engine.write(name, "rows")
        for table in {name for part in PARTS for name in part.READS if not name.startswith("identity.person")}:
            engine.read(table)
        decided = steward.apply_decisions(engine, decisions)
        identity.resolve_identities(engine, MatchRules.load(), decided)
        identity_log.log_changes(engine, run_id, AT + timedelta(days=self.runs), RULE_VERSION)
        for part in (steward, identity, identity_log):
            self._write(engine, part)
        golden_record.build_golden_records(engine, Survivorship.load())
        self._write(engine, golden_record)
        engine.close()
        lake.publish()

    def tables(self):
        """Rows of every table, in order."""
        found = {}
        for name, _ in Lake(self.settings).tables():
            rows = Lake(self.settings).read(name).read_all().to_pylist()
            found[name] = sorted(rows, key=str)
        return found

    def files(self):
        return [f for f in (self.folder / "warehouse").rglob("*") if f.is_file()]

    def text(self):
        """What all files of the lake say: Parquet read, the rest as bytes and as Iceberg reads its manifests."""
        parts = []
        for file in self.files():
            is_parquet = file.suffix == ".parquet"
            parts.append(str(pq.read_table(file).to_pylist()) if is_parquet else str(file.read_bytes()))
        for _, table in Lake(self.settings).tables():
            for manifest in (m for snapshot in table.snapshots() for m in snapshot.manifests(table.io)):
                parts += [str(entry.data_file) for entry in manifest.fetch_manifest_entry(table.io)]
        return "\n".join(parts)

    def _write(self, engine, part):
        for table, step in part.WRITES.items():
            engine.write(table, step)


def now():
    return datetime.now(UTC) + timedelta(seconds=2)


def test_whoever_is_erased_from_clean_is_gone_from_every_table_and_after_maintenance_from_the_disk(tmp_path):
    lake, never = Platform(tmp_path / "erased"), Platform(tmp_path / "never")
    lake.run(OTHERS + ZELDA, EVENTS + EVENTS_OF_ZELDA, DECISIONS)
    first = lake.text()
    assert all(trace in first for trace in TRACES)
    assert any(name in first for name in NAMES)
    lake.run(OTHERS, EVENTS)
    never.run(OTHERS, EVENTS, DECISIONS[1:])

    tables, expected = lake.tables(), never.tables()
    assert not [name for name, rows in tables.items() if any(trace in str(rows) for trace in TRACES)]
    assert {name for name in tables if tables[name] != expected[name]} <= {HISTORY}
    assert [r["customer_id"] for r in tables[HISTORY]] == [r["customer_id"] for r in expected[HISTORY]]

    assert "zelda" in lake.text()  # the snapshot before
    removed = maintain(Lake(lake.settings), now())
    assert sum(r.snapshots for r in removed) > 0 < sum(r.files for r in removed)
    last = lake.text()
    assert not [trace for trace in (*TRACES, *NAMES) if trace in last]
    assert lake.tables() == tables
    assert {(r.branches, r.snapshots) for r in maintain(Lake(lake.settings), now())} == {(0, 0)}


def test_young_snapshots_and_branches_stay_and_a_rejected_branch_goes_with_its_files(tmp_path):
    lake = Platform(tmp_path)
    lake.run(OTHERS, EVENTS)
    lake.run(OTHERS, EVENTS + EVENTS_OF_ZELDA[:1])
    rejected = Lake(lake.settings, branch_of("bad"))
    rows = pa.Table.from_pylist(ZELDA, schema=Dataset.load("clean.customer").arrow_schema())
    rejected.rewrite("clean.customer", [(rows, None)])
    tables, files = lake.tables(), set(lake.files())

    maintain(Lake(lake.settings), datetime.now(UTC) - timedelta(days=1))
    assert files <= set(lake.files())
    assert "zelda@x.org" in lake.text()

    (customer,) = [r for r in maintain(Lake(lake.settings), now()) if r.table == "clean.customer"]
    assert customer.branches == 1
    assert "zelda@x.org" not in lake.text()
    assert lake.tables() == tables
