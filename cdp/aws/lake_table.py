"""How a lake table comes to be and keeps up with its contract, and how its changes are committed beside others'.

Killed at any point, the next one to open the table finds or makes what is missing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from cdp.dataset import Dataset

MAIN = "main"
ATTEMPTS, PAUSE_S = 6, 0.1
TYPES: dict[str, IcebergType] = {
    "string": StringType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "double": DoubleType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "timestamp_ltz": TimestamptzType(),
}
PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}


def committed(table: Table, commit: Callable[[], object]) -> None:
    """Commit a change of a table's branches or columns, again on its newest state where another was faster.

    pyiceberg retries by itself what writes rows, and only that. Raises CommitFailedException after the last attempt.
    """
    for attempt in range(ATTEMPTS):
        try:
            commit()
            return
        except CommitFailedException:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE_S * 2**attempt * random.uniform(0.5, 1.0))
            table.refresh()


def remove_branch(table: Table, name: str) -> None:
    """Remove a branch, unless another has."""

    def remove() -> None:
        if name in table.refs():
            table.manage_snapshots().remove_branch(name).commit()

    committed(table, remove)


def with_conflicts_told(catalog: Catalog) -> Catalog:
    """The catalog, which calls a conflict what it is, so that pyiceberg repeats the commit.

    Where two write to different branches, pyiceberg 0.12 says ValueError for the number that the snapshot cannot have.
    """
    commit = catalog.commit_table

    def commit_table(*args: Any, **kwargs: Any) -> Any:
        try:
            return commit(*args, **kwargs)
        except ValueError as error:
            if "older than last sequence number" in str(error):
                raise CommitFailedException(str(error)) from error
            raise

    catalog.commit_table = commit_table  # type: ignore[method-assign]
    return catalog


def create_table(catalog: Catalog, identifier: tuple[str, str], location: str, dataset: Dataset) -> Table:
    """A new table as its contract says; the one that another has made meanwhile, where there is one."""
    fields = [
        NestedField(field_id=i, name=c.name, field_type=TYPES[c.type], required=False, doc=c.description)
        for i, c in enumerate(dataset.columns, start=1)
    ]
    ids = {f.name: f.field_id for f in fields}
    parts = [
        PartitionField(source_id=ids[name], field_id=1000 + i, transform=IdentityTransform(), name=name)
        for i, name in enumerate(dataset.partition_by)
    ]
    try:
        table = catalog.create_table(
            identifier,
            schema=Schema(*fields),
            location=location,
            partition_spec=PartitionSpec(*parts),
            properties={**PROPERTIES, "comment": dataset.description},
        )
    except TableAlreadyExistsError:
        table = catalog.load_table(identifier)
    return completed(table, dataset)


def completed(table: Table, dataset: Dataset) -> Table:
    """The table with all that its contract wants, whoever made it and however far they came.

    A branch needs a snapshot to start from, so that a table begins with an empty one. New columns come last and
    nobody needs them: what main shows does not change, they are null there.
    """
    if MAIN not in table.refs():
        table.append(dataset.arrow_schema().empty_table())
    committed(table, lambda: _add_new_columns(table, dataset))
    return table


def _add_new_columns(table: Table, dataset: Dataset) -> None:
    known = table.schema().column_names
    if new := [column for column in dataset.columns if column.name not in known]:
        with table.update_schema() as update:
            for column in new:
                update.add_column(column.name, TYPES[column.type], doc=column.description)
