"""Typed rows of two generated days: 100,000 records, with changes, late and repeated ones, and faults."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from cdp.clean_batches import batches
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.records import RawLines, envelope_line
from sample_data.reading import received
from sample_data.world import Sizes, World
from sample_data.writing import write_day
from tests.raw_lines import RECEIVED_AT

SIZES = Sizes(customers=5_000, products=200, transactions=25_000, events=50_000)


def generated_rows(folder: Path) -> dict[str, pa.Table]:
    """Per dataset, what cleaning makes of both days' records; files are written to `folder`."""
    parts: dict[str, list[pa.Table]] = {name: [typed_schema(name).empty_table()] for name in LAYOUTS}
    for day in (1, 2):
        write_day(World(7, SIZES, date(2026, 3, 2)), day, folder)
        for file in received(folder / f"day={day}", RECEIVED_AT):
            text = b"".join(envelope_line(record.envelope) for record in file.records)
            lines = [RawLines(text, is_judged=False)]
            parts[file.dataset] += (batch.rows for batch in batches(file.dataset, lines, "run"))
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}
