"""A dataset contract (Open Data Contract Standard) says what a table holds: grain, columns, keys, classes, rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import yaml

from cdp import resources

FOLDER = "data_quality/datasets"

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp_ltz": pa.timestamp("us", tz="UTC"),
}


class DatasetError(Exception):
    """A dataset contract is missing or says something the platform cannot use."""


@dataclass(frozen=True)
class Column:
    """One column of a table; `type` is the Spark SQL type, positions count from 1.

    `references` is the column of the same zone that it points at, as `table.column`.
    """

    name: str
    type: str
    is_required: bool
    primary_key_position: int | None
    partition_position: int | None
    classification: str
    description: str
    references: str | None = None


@dataclass(frozen=True)
class Dataset:
    """One table of the lake, as its contract `data_quality/datasets/<zone>.<table>.yml` defines it.

    `row_access` is the condition on rows that roles without sight of personal data may see; None when it is all.
    """

    name: str
    description: str
    grain: str
    columns: tuple[Column, ...]
    quality: tuple[dict[str, Any], ...]
    sla: dict[str, tuple[Any, str]]
    row_access: str | None = None

    @classmethod
    def load(cls, name: str) -> Dataset:
        """The contract of `<zone>.<table>`; raises DatasetError when there is none."""
        return _load(name)

    @classmethod
    def all(cls) -> list[Dataset]:
        """Every dataset contract, sorted by name."""
        return [cls.load(file.removesuffix(".yml")) for file in resources.names(FOLDER, ".yml")]

    @property
    def zone(self) -> str:
        """clean, identity or curated."""
        return self.name.split(".")[0]

    @property
    def table(self) -> str:
        """Name of the table in its zone's database."""
        return self.name.split(".")[1]

    @property
    def primary_key(self) -> list[str]:
        """Columns that identify a row, in key order."""
        keyed = [c for c in self.columns if c.primary_key_position is not None]
        return [c.name for c in sorted(keyed, key=lambda c: c.primary_key_position or 0)]

    @property
    def partition_by(self) -> list[str]:
        """Columns the table is partitioned by (identity), in order; empty when it is not."""
        parts = [c for c in self.columns if c.partition_position is not None]
        return [c.name for c in sorted(parts, key=lambda c: c.partition_position or 0)]

    def arrow_schema(self) -> pa.Schema:
        """The columns as an Arrow schema, all nullable: a missing value is for the gate to judge, not for a writer."""
        return pa.schema([pa.field(c.name, ARROW_TYPES[c.type]) for c in self.columns])


@cache
def _load(name: str) -> Dataset:
    try:
        contract = yaml.load(resources.read_text(f"{FOLDER}/{name}.yml"), Loader=yaml.CSafeLoader)
    except (FileNotFoundError, KeyError) as error:
        raise DatasetError(f"there is no dataset contract {FOLDER}/{name}.yml") from error
    (table,) = contract["schema"]
    quality = list(table.get("quality", []))
    for column in table["properties"]:
        quality += [{**rule, "property": column["name"]} for rule in column.get("quality", [])]
    return Dataset(
        name=contract["id"],
        description=contract["description"]["purpose"],
        grain=table["dataGranularityDescription"],
        columns=tuple(_column(c) for c in table["properties"]),
        quality=tuple(quality),
        sla={s["property"]: (s["value"], s.get("unit", "")) for s in contract.get("slaProperties", [])},
        row_access=next((p["value"] for p in table.get("customProperties", []) if p["property"] == "row_access"), None),
    )


def _column(entry: dict[str, Any]) -> Column:
    if entry["physicalType"] not in ARROW_TYPES:
        raise DatasetError(f"column {entry['name']}: type {entry['physicalType']} is not one of {sorted(ARROW_TYPES)}")
    return Column(
        name=entry["name"],
        type=entry["physicalType"],
        is_required=entry.get("required", False),
        primary_key_position=entry.get("primaryKeyPosition"),
        partition_position=entry.get("partitionKeyPosition"),
        classification=entry["classification"],
        description=entry["description"],
        references=next((r["to"] for r in entry.get("relationships", [])), None),
    )
