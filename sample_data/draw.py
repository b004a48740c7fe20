"""Deterministic draws: the same key gives the same values on any machine, Python version and number of processes.

The first numbers of a stream are words of BLAKE2b over the key and a counter: a new stream costs a microsecond, so that
every person, order and session can have its own. Those of a long one come from Philox, a counter-based generator whose
numbers NumPy promises not to change, many at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate, chain, count, pairwise
from struct import Struct
from typing import TypeVar

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

T = TypeVar("T")
# How many of what is the same whenever asked for, such as people and devices, a process keeps; of people 60 MB.
REMEMBERED = 65_536
_BLOCK = Struct("<16I").unpack
_UNIT = 2.0**-32
_VARIANT = {digit: "89ab"[place % 4] for place, digit in enumerate("0123456789abcdef")}
_FIRST_BLOCKS, _AT_A_TIME = 4, 256
# Of each of a UUID's 36 characters, the place of its digit; 0 where none of the digits stands as it is.
_DIGITS = np.array([*range(8), 0, *range(8, 12), 0, 0, *range(13, 16), 0, 0, *range(17, 20), 0, *range(20, 32)])
_MARKS = np.array([*b"--4--"], dtype=np.uint8)
_MARKED = np.array([8, 13, 14, 18, 23])
_VARIANTS = np.array([ord(_VARIANT.get(chr(code), "-")) for code in range(128)], dtype=np.uint8)


class Draws:
    """A source of randomness; `random()` is a number from 0 up to 1, a multiple of 2^-32, `uuid()` a version 4 UUID."""

    __slots__ = ("random", "uuid")
    random: Callable[[], float]
    uuid: Callable[[], str]

    def __init__(self, key: bytes) -> None:
        # Chained in C: most of what the generator does is to ask for a number.
        self.random = map(_UNIT.__mul__, chain(_block(key, 0), chain.from_iterable(_further(key)))).__next__
        self.uuid = chain.from_iterable(_uuids(key)).__next__


def _block(key: bytes, number: int) -> Iterable[int]:
    """Numbers below 2^32."""
    return _BLOCK(blake2b(b"%s/%d" % (key, number)).digest())


def _further(key: bytes) -> Iterator[Iterable[int]]:
    """What follows the first block, block by block."""
    for number in range(1, _FIRST_BLOCKS):
        yield _block(key, number)
    bits = _many(key)
    while True:
        yield (bits.random_raw(_AT_A_TIME) >> 32).tolist()


def _many(key: bytes) -> Philox:
    return Philox(key=int.from_bytes(blake2b(key, digest_size=16).digest(), "little"))


def _uuids(key: bytes) -> Iterator[Iterable[str]]:
    """Four to a digest: one by one those of the first, as most ask for one only, then many at once."""
    d = _digits(key, range(1))
    yield (
        f"{d[at : at + 8]}-{d[at + 8 : at + 12]}-4{d[at + 13 : at + 16]}-"
        f"{_VARIANT[d[at + 16]]}{d[at + 17 : at + 20]}-{d[at + 20 : at + 32]}"
        for at in range(0, len(d), 32)
    )
    for start in count(1, _AT_A_TIME // 4):
        digits = np.frombuffer(_digits(key, range(start, start + _AT_A_TIME // 4)).encode(), np.uint8).reshape(-1, 32)
        written = digits[:, _DIGITS]
        written[:, _MARKED], written[:, 19] = _MARKS, _VARIANTS[digits[:, 16]]
        text = written.tobytes().decode()
        yield [text[at : at + 36] for at in range(0, len(text), 36)]


def _digits(key: bytes, numbers: range) -> str:
    return b"".join([blake2b(b"%s/uuid/%d" % (key, number)).digest() for number in numbers]).hex()


def stream(*key: object) -> Draws:
    """An own source of randomness per key, e.g. ``stream(seed, "person", 17)``."""
    return Draws(":".join(map(str, key)).encode())


def once(*key: object) -> float:
    """The first number of a stream, where no second one is needed: for half of the time."""
    first = blake2b((":".join(map(str, key)) + "/0").encode()).digest()[:4]
    return int.from_bytes(first, "little") * _UNIT


def table(rows: int, columns: int, *key: object) -> NDArray[np.float64]:
    """So many columns of numbers as `random()` gives them; of fewer rows they are the beginnings of those of more."""
    words = (_many(":".join(map(str, key)).encode()).random_raw(rows * columns) >> 32).astype(np.float64)
    numbers: NDArray[np.float64] = words * _UNIT
    return numbers.reshape(rows, columns).T


def picks(column: NDArray[np.float64], values: Sequence[T]) -> list[T]:
    """One of the values for each number of a column, each as likely."""
    return [values[place] for place in wholes(column, len(values)).tolist()]


def wholes(column: NDArray[np.float64], end: int) -> NDArray[np.int64]:
    """A whole number from 0 up to `end` for each number of a column."""
    return (column * end).astype(np.int64)


def chance(rng: Draws, probability: float) -> bool:
    """True with this probability."""
    return rng.random() < probability


def pick(rng: Draws, values: Sequence[T]) -> T:
    """One of the values, each as likely."""
    return values[int(rng.random() * len(values))]


def between(rng: Draws, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return low + int(rng.random() * (high - low + 1))


def several(rng: Draws, number: int, low: int, high: int) -> list[int]:
    """So many whole numbers, as `between` gives one."""
    random, width = rng.random, high - low + 1
    return [low + int(random() * width) for _ in range(number)]


def weighted(shares: Mapping[T, int]) -> tuple[T, ...]:
    """A tuple to `pick` from in which every value stands as often as its share."""
    return tuple(value for value, share in shares.items() for _ in range(share))


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
