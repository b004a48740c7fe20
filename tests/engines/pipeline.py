"""All steps from typed records to the star on one engine without a lake; tables are the steps' rows, cast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from cdp import customer_360, golden_record, identity, identity_log, star_schema, steward
from cdp.clean_layout import LAYOUTS
from cdp.dataset import Dataset
from cdp.engines.sql_text import casts
from cdp.matching import matches
from cdp.matching.rules import MatchRules
from cdp.steps import run_steps
from cdp.survivorship import Survivorship

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
# Rows are the same to the last digit only where nothing is weighed; test_matching.py compares what is.
BY_SHARED_IDENTIFIERS = MatchRules.load("v1")
STAR = {table: step for part in star_schema.PARTS for table, step in part.writes.items()}
WRITES = steward.WRITES | identity.WRITES | identity_log.WRITES | golden_record.WRITES | STAR
TABLES = {f"clean.{name}": name for name in LAYOUTS} | WRITES
# The same two records told apart and, later, to be one; and a pair of which one is not there.
DECISIONS = [
    steward.Decision(str(n), RUN_AT + timedelta(minutes=n), left, right, is_same, "ann", "o'neil")
    for n, (left, right, is_same) in enumerate(
        [("crm:C2", "shop:C1", False), ("crm:C2", "shop:C1", True), ("crm:C4", "shop:C3", False), ("a:b", "c:d", True)]
    )
]
# A log in which everybody known was one customer, and so was everybody else.
EARLIER_LOG = """select identifier_type, identifier, cast('2026-03-01 02:30:00+00:00' as timestamp_ltz) as changed_at,
    'create' as event, cast(null as string) as previous_customer_id,
    min(customer_id) over (partition by is_known) as customer_id, rule_version, 'run_1' as run_id,
    cast('2026-03-01' as date) as changed_on
    from identifier where identifier_type in ('source_customer_id', 'anonymous_id')"""
STEPS = (
    *LAYOUTS,
    *steward.STEPS,
    *matches.BY_IDENTIFIER,
    "membership",
    *identity.NAMING,
    *identity_log.STEPS,
    "customer_as_of",
    *golden_record.STEPS,
    "completeness",
    *(step for part in star_schema.PARTS for step in (*part.via, *part.tables)),
)


def run(engine: Any, typed: dict[str, pa.Table], table: dict[str, pa.Table] | None = None) -> list[Any]:
    """Everything, from typed rows and the clean tables so far; the fates of all stages."""
    for name in LAYOUTS:
        contract = Dataset.load(f"clean.{name}").arrow_schema()
        engine.register(f"typed_{name}", typed[name])
        engine.register(f"clean_{name}", (table or {}).get(name, contract.empty_table()))
        run_steps(engine, "clean", [name])
        _becomes(engine, f"clean.{name}", name)
    engine.register("identity_steward_decision", Dataset.load("identity.steward_decision").arrow_schema().empty_table())
    decisions = steward.apply_decisions(engine, DECISIONS)
    fates = identity.resolve_identities(engine, BY_SHARED_IDENTIFIERS, decisions)
    _become(engine, identity.WRITES)
    engine.step("identity_identity_log", EARLIER_LOG)
    identity_log.log_changes(engine, "run_2", RUN_AT, BY_SHARED_IDENTIFIERS.rule_version)
    _become(engine, identity_log.WRITES)
    identity_log.customers_as_of(engine, RUN_AT)
    fates += golden_record.build_golden_records(engine, Survivorship.load())
    _become(engine, golden_record.WRITES)
    customer_360.completeness(engine)
    for part in star_schema.PARTS:
        fates += star_schema.build_part(engine, part, RUN_AT)
    _become(engine, STAR)
    return fates


def _become(engine: Any, writes: dict[str, str]) -> None:
    for table, step in writes.items():
        _becomes(engine, table, step)


def _becomes(engine: Any, table: str, step: str) -> None:
    engine.step(table.replace(".", "_"), f"select {casts(Dataset.load(table))} from {step}")
