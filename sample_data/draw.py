"""Deterministic draws: the same key gives the same values on any machine, Python version and number of processes.

Numbers are words of BLAKE2b over the key and a counter: nothing else is promised to stay as it is, and a new stream
costs a microsecond, so that every person, order and session can have its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate, chain, count, pairwise, repeat
from struct import Struct
from typing import TypeVar

T = TypeVar("T")
_WORDS = Struct("<16I").unpack
_UNIT = 2.0**-32


class Draws:
    """A source of randomness; `random()` is a number from 0 up to 1, a multiple of 2^-32."""

    __slots__ = ("random",)
    random: Callable[[], float]

    def __init__(self, key: bytes) -> None:
        self.random = _numbers(key).__next__


def _numbers(key: bytes) -> Iterator[float]:
    # Chained in C: most of what the generator does is to ask for a number.
    blocks = map(_block, repeat(key), count())
    return map(_UNIT.__mul__, chain.from_iterable(blocks))


def _block(key: bytes, number: int) -> tuple[int, ...]:
    return _WORDS(blake2b(b"%s/%d" % (key, number)).digest())


def stream(*key: object) -> Draws:
    """An own source of randomness per key, e.g. ``stream(seed, "person", 17)``."""
    return Draws(":".join(map(str, key)).encode())


def chance(rng: Draws, probability: float) -> bool:
    """True with this probability."""
    return rng.random() < probability


def pick(rng: Draws, values: Sequence[T]) -> T:
    """One of the values, each as likely."""
    return values[int(rng.random() * len(values))]


def between(rng: Draws, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return low + int(rng.random() * (high - low + 1))


def weighted(shares: Mapping[T, int]) -> tuple[T, ...]:
    """A tuple to `pick` from in which every value stands as often as its share."""
    return tuple(value for value, share in shares.items() for _ in range(share))


def uuid(rng: Draws) -> str:
    """A version 4 UUID."""
    random = rng.random
    one, two = int(random() * 4294967296), int(random() * 4294967296)
    three, four = int(random() * 4294967296), int(random() * 4294967296)
    digits = f"{one << 96 | two << 64 | three << 32 | four:032x}"
    variant = "89ab"[three >> 28 & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def spread(rng: Draws, total: int, number: int) -> list[int]:
    """So many different indexes below `total`, ascending, one from each of as many equal cells."""
    number = min(number, total)
    edges = [cell * total // number for cell in range(number + 1)] if number else []
    return [between(rng, low, high - 1) for low, high in pairwise(edges)]


def stretches(total: int, length: int = 5_000) -> list[range]:
    """The indexes below `total` in ranges of at most `length`."""
    return [range(start, min(start + length, total)) for start in range(0, total, length)]


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split in whole parts proportional to the weights, which add up to it exactly unless all are 0."""
    whole = sum(weights) or 1
    reached = [total * part // whole for part in accumulate(weights)]
    return [here - before for before, here in zip([0, *reached], reached, strict=False)]
