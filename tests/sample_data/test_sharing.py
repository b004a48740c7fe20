"""Parts come in order, each made once, whoever makes them; what fails in another process fails here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sample_data.sharing import in_order


def maker_of(parts: Path) -> Callable[[int], tuple[int, int]]:
    def make(part: int) -> tuple[int, int]:
        with (parts / f"{part}").open("x"):
            time.sleep(0.02 * (part % 3))
        return part, os.getpid()

    return make


def failing() -> Callable[[int], tuple[int, int]]:
    def make(part: int) -> tuple[int, int]:
        raise LookupError(f"part {part} cannot be made")

    return make


@pytest.mark.slow
def test_several_processes_make_every_part_once_and_they_come_in_order(tmp_path: Path) -> None:
    made, shelf = tmp_path / "made", tmp_path / "shelf"
    made.mkdir()
    shelf.mkdir()
    start = partial(maker_of, made)
    parts = list(in_order(300, start(), start, 3, shelf))
    assert [part for part, _ in parts] == list(range(300))
    assert len({process for _, process in parts}) > 1
    assert list(shelf.iterdir()) == []


@pytest.mark.slow
def test_what_fails_in_another_process_is_raised_and_ends_the_rest(tmp_path: Path) -> None:
    made = []

    def slow(part: int) -> tuple[int, int]:
        time.sleep(0.05)
        made.append(part)
        return part, os.getpid()

    with pytest.raises(LookupError, match="cannot be made"):
        list(in_order(1_000, slow, failing, 2, tmp_path))
    assert len(made) < 900
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_who_asks_for_no_more_parts_ends_the_other_processes(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    start = partial(maker_of, made)
    parts = in_order(2_000, start(), start, 2, tmp_path)
    assert next(parts)[0] == 0
    parts.close()
    assert len(list(made.iterdir())) < 1_000
