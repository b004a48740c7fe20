"""What stands at the same place in many records: as a column in one call of Arrow, or value by value where it must be.

A walk in Python takes ten times as long as Arrow's own, so that it is left to records that hold something else than
their dataset's columns have room for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cdp.clean_layout import LAYOUTS, Field
from cdp.contracts import contract, contract_names

MISFITS = (ValueError, TypeError, OverflowError)


class Standing:
    """The values that stand at JSON pointers in valid records of a dataset, one per record; None leads nowhere."""

    def __init__(self, dataset: str, records: list[dict[str, Any]]) -> None:
        self._objects: dict[str, list[dict[str, Any]]] = {"": records}
        self._columns: dict[str, pa.Array] = {}
        try:
            self._spread("", pa.array(records, shape(dataset)))
        except MISFITS:
            self._columns.clear()

    def values(self, pointers: tuple[str, ...]) -> list[Any]:
        """Of several places the first one's value that says anything."""
        values = self._at(pointers[0])
        for pointer in pointers[1:]:
            values = [value or other for value, other in zip(values, self._at(pointer), strict=True)]
        return values

    def column(self, pointers: tuple[str, ...]) -> pa.Array | None:
        """The same as a column of text or of whole numbers; None where some record holds anything else there."""
        if not self._columns.keys() >= {*pointers}:
            return None
        values = self._columns[pointers[0]]
        for pointer in pointers[1:]:
            says = pc.fill_null(pc.not_equal(values, ""), False)
            values = pc.if_else(says, values, self._columns[pointer])
        return values

    def _at(self, pointer: str) -> list[Any]:
        parent, _, name = pointer.rpartition("/")
        if parent not in self._objects:
            self._objects[parent] = [value if type(value) is dict else {} for value in self._at(parent)]
        return [o.get(name) for o in self._objects[parent]]

    def _spread(self, parent: str, found: pa.StructArray) -> None:
        for field, values in zip(found.type, found.flatten(), strict=True):
            pointer = f"{parent}/{field.name}"
            if pa.types.is_struct(field.type):
                self._spread(pointer, values)
            else:
                self._columns[pointer] = values


class ReadStanding(Standing):
    """The same of records whose text Arrow has read: there are columns only, and MISFITS where one does not do."""

    def __init__(self, found: pa.StructArray) -> None:
        self._columns: dict[str, pa.Array] = {}
        self._spread("", found)

    def values(self, pointers: tuple[str, ...]) -> list[Any]:
        """Raises ValueError."""
        raise ValueError(f"a value at {pointers[0]} fits no column")


@cache
def shape(dataset: str) -> pa.StructType:
    """What of a dataset's records Arrow takes as it is: the places of text and times, and of whole numbers."""
    return _shape(dataset, _type)


@cache
def text_shape(dataset: str) -> pa.StructType:
    """What Arrow reads of a dataset's records from JSON text, which it does not bend: every place a column needs."""
    return _shape(dataset, _text_type)


def _shape(dataset: str, type_of: Callable[[str, Field], pa.DataType | None]) -> pa.StructType:
    places: dict[str, Any] = {}
    for field in LAYOUTS[dataset].fields:
        if (type := type_of(dataset, field)) is not None:
            for pointer in (*field.pointers, *([field.country] if field.country else [])):
                *way, name = pointer.split("/")[1:]
                parent = places
                for step in way:
                    parent = parent.setdefault(step, {})
                parent[name] = type
    return _struct(places)


def _type(dataset: str, field: Field) -> pa.DataType | None:
    if pa.types.is_string(field.type) or pa.types.is_timestamp(field.type):
        return pa.string()
    # Arrow cuts 2.5 to 2 and takes true for 1: whole numbers are only those that every contract says are.
    contracts = [contract(name) for name in contract_names() if name.startswith(f"{dataset}.")]
    is_whole = pa.types.is_integer(field.type) and all({*field.pointers} <= c.integers for c in contracts)
    return field.type if is_whole and len(field.pointers) == 1 else None


def _text_type(_: str, field: Field) -> pa.DataType:
    return pa.string() if pa.types.is_temporal(field.type) else field.type


def _struct(places: dict[str, Any]) -> pa.StructType:
    return pa.struct([(name, _struct(at) if isinstance(at, dict) else at) for name, at in places.items()])
