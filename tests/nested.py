"""Copies of a nested record that differ in one place."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any


def put(record: dict[str, Any], way: Sequence[str], value: Any) -> dict[str, Any]:
    """The record with another value at the end of the way, new or not."""
    made, place = _at(record, way)
    place[way[-1]] = value
    return made


def without(record: dict[str, Any], way: Sequence[str]) -> dict[str, Any]:
    """The record without what is at the end of the way."""
    made, place = _at(record, way)
    del place[way[-1]]
    return made


def _at(record: dict[str, Any], way: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A copy, and what holds the end of the way in it."""
    made = place = copy.deepcopy(record)
    for name in way[:-1]:
        place = place[name]
    return made, place
