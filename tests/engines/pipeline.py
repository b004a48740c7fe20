"""All steps from typed records to the star on one engine without a lake; tables are the steps' rows, cast."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from cdp import golden_record, identity, star_schema
from cdp.clean_layout import LAYOUTS
from cdp.dataset import Dataset
from cdp.engines.sql_text import casts
from cdp.matching import matches
from cdp.matching.rules import MatchRules
from cdp.steps import run_steps

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
WRITES = identity.WRITES | golden_record.WRITES | star_schema.WRITES
TABLES = {f"clean.{name}": name for name in LAYOUTS} | WRITES
STEPS = (
    *LAYOUTS,
    *matches.DETERMINISTIC,
    "membership",
    *identity.NAMING,
    *golden_record.STEPS,
    *star_schema.STEPS,
)


def run(engine: Any, typed: dict[str, pa.Table], table: dict[str, pa.Table] | None = None) -> list[Any]:
    """Everything, from typed rows and the clean tables so far; the fates of all stages."""
    for name in LAYOUTS:
        contract = Dataset.load(f"clean.{name}").arrow_schema()
        engine.register(f"typed_{name}", typed[name])
        engine.register(f"clean_{name}", (table or {}).get(name, contract.empty_table()))
        run_steps(engine, "clean", [name])
        _becomes(engine, f"clean.{name}", name)
    fates = identity.resolve_identities(engine, MatchRules.load())
    _become(engine, identity.WRITES)
    fates += golden_record.build_golden_records(engine)
    _become(engine, golden_record.WRITES)
    fates += star_schema.build_star_schema(engine, RUN_AT)
    _become(engine, star_schema.WRITES)
    return fates


def _become(engine: Any, writes: dict[str, str]) -> None:
    for table, step in writes.items():
        _becomes(engine, table, step)


def _becomes(engine: Any, table: str, step: str) -> None:
    engine.step(table.replace(".", "_"), f"select {casts(Dataset.load(table))} from {step}")
