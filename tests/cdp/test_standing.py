"""A column of Arrow's has what the walk finds, or there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp.clean_layout import LAYOUTS
from cdp.standing import Standing

ANYTHING: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", " ", "a", "\ud7ff", "😀"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "path"]), inner, max_size=2),
    max_leaves=4,
)
PLACES = [f.pointers for f in LAYOUTS["clickstream_event"].fields]
WHOLE = {("/properties/quantity",), ("/properties/revenue_cents",)}


def record(values: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for pointer, value in values.items():
        *way, name = pointer.split("/")[1:]
        parent = made
        for step in way:
            parent = parent.setdefault(step, {})
            if not isinstance(parent, dict):
                return made
        parent[name] = value
    return made


def agree(records: list[dict[str, Any]]) -> bool:
    """Whether there are columns; where there are, they have what the walk finds."""
    standing = Standing("clickstream_event", records)
    columns = {pointers: standing.column(pointers) for pointers in PLACES}
    for pointers, column in columns.items():
        assert column is None or column.to_pylist() == standing.values(pointers)
    return all(column is not None for column in columns.values())


TEXT = st.none() | st.sampled_from(["", " ", "ä", "😀"])


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.dictionaries(st.sampled_from([p for ps in PLACES for p in ps if (ps not in WHOLE)]), TEXT), max_size=4)
)
def test_text_and_nothing_are_a_column_of_what_the_walk_finds(found):
    assert agree([record(values) for values in found])


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["/type", "/context", "/context/page", "/context/page/path", "/traits", "/properties"]),
            ANYTHING,
            max_size=4,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_stands_there_no_column_differs_from_the_walk(found):
    agree([record(values) for values in found])


@pytest.mark.parametrize("value", [[], {}, "", 0, False, [["path", "/a"]], [{}], 2.5])
def test_what_is_no_object_has_no_members(value):
    agree([{"context": {"page": value}}, {"context": {"page": {"path": "/a"}}}, {"context": value}])


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_numbers_that_the_column_cannot_hold_are_left_to_the_walk(value):
    assert not agree([{"properties": {"quantity": value}}])
