"""Typed rows of two generated days: 100,000 records, with changes, late and repeated ones, and faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa

from cdp.clean_batches import batches
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.landing import Landing
from cdp.records import envelope_line, receive
from sample_data.days import STREAM
from sample_data.world import Sizes, World
from sample_data.writing import write_day
from tests.raw_lines import RECEIVED_AT

SIZES = Sizes(customers=5_000, products=200, transactions=25_000, events=50_000)


def generated_rows(folder: Path) -> dict[str, pa.Table]:
    """Per dataset, what cleaning makes of both days' records; files are written to `folder`."""
    parts: dict[str, list[pa.Table]] = {name: [typed_schema(name).empty_table()] for name in LAYOUTS}
    for day in (1, 2):
        write_day(World(7, SIZES, date(2026, 3, 2)), day, folder)
        root = folder / f"day={day}"
        for path in [*sorted(root.glob("landing/*/*/*")), root / STREAM]:
            key = str(path.relative_to(root))
            landing = Landing.of("landing/web/clickstream_event.v1/events.jsonl" if key == STREAM else key)
            dataset = landing.contract.dataset
            parts[dataset] += (batch.rows for batch in batches(dataset, _lines(path, landing), "run"))
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _lines(path: Path, landing: Landing) -> Iterator[bytes]:
    with path.open("rb") as stream:
        for row in landing.rows(stream):
            record = receive(
                row.payload,
                source=landing.source,
                contract_name=landing.contract.name,
                received_at=RECEIVED_AT,
                origin=path.name,
                format=row.format,
            )
            yield envelope_line(record.envelope)
