"""Deterministic draws: the same key gives the same values on any machine and Python version.

Only `random()` and `getrandbits()` of `random.Random` are used: they alone are promised to stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import accumulate, pairwise
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(*key: object) -> Random:
    """An own source of randomness per key, e.g. ``stream(seed, "person", 17)``."""
    text = ":".join(str(part) for part in key)
    return Random(int.from_bytes(sha256(text.encode()).digest(), "big"))


def chance(rng: Random, probability: float) -> bool:
    """True with this probability."""
    return rng.random() < probability


def pick(rng: Random, values: Sequence[T]) -> T:
    """One of the values, each as likely."""
    return values[int(rng.random() * len(values))]


def between(rng: Random, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return low + int(rng.random() * (high - low + 1))


def weighted(shares: Mapping[T, int]) -> tuple[T, ...]:
    """A tuple to `pick` from in which every value stands as often as its share."""
    return tuple(value for value, share in shares.items() for _ in range(share))


def uuid(rng: Random) -> str:
    """A version 4 UUID."""
    bits = rng.getrandbits(128) & ~(0xF000 << 64) & ~(0xC000 << 48) | (0x4000 << 64) | (0x8000 << 48)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def spread(rng: Random, total: int, count: int) -> list[int]:
    """`count` different indexes below `total`, ascending, one from each of `count` equal cells."""
    count = min(count, total)
    edges = [cell * total // count for cell in range(count + 1)] if count else []
    return [between(rng, low, high - 1) for low, high in pairwise(edges)]


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split in whole parts proportional to the weights, which add up to it exactly unless all are 0."""
    whole = sum(weights) or 1
    reached = [total * part // whole for part in accumulate(weights)]
    return [here - before for before, here in zip([0, *reached], reached, strict=False)]
