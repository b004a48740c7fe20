"""Faults on request, at exact rates: of n records rate x n get the fault, and the answer key says which and what then.

Only records that are plain so far get one, each at most one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import orjson

from sample_data.draw import apportion, between, spread, stream
from sample_data.requested_faults import MENU, Place
from sample_data.samples import Delivery, Fate, Part, Sample
from sample_data.world import World


class InjectionError(Exception):
    """Faults are asked for that do not exist or that too few records can have; the message says which."""


ADDS = ("duplicate", "changed_duplicate")
FARTHEST = 500  # positions that a record out of order moves


def injected(world: World, deliveries: list[Delivery], rates: Mapping[str, float], day: int) -> list[Delivery]:
    """The files with the faults asked for: `name` in every dataset that can have it, or `dataset.name` in one.

    Per dataset, exactly rate x the records of its files that can have the fault, rounded to the nearest whole number.
    Raises InjectionError.
    """
    if not rates:
        return deliveries
    wanted: dict[tuple[int, int], dict[str, int]] = {}
    for asked, rate in sorted(rates.items()):
        dataset, _, name = asked.rpartition(".")
        if name not in MENU or not 0 <= rate <= 1:
            raise InjectionError(f"{asked}={rate:g}: expected a rate from 0 to 1 of one of {', '.join(MENU)}")
        fitting = [(n, d) for n, d in enumerate(deliveries) if MENU[name].fits(d) and dataset in ("", d.dataset)]
        if not fitting:
            raise InjectionError(f"{asked}: no file of {dataset} can have it")
        for each in sorted({d.dataset for _, d in fitting}):
            places = [(n, p) for n, d in fitting if d.dataset == each for p in range(len(d.parts))]
            sizes = [deliveries[n].parts[p].count for n, p in places]
            for place, count in zip(places, apportion(int(rate * sum(sizes) + 0.5), sizes), strict=True):
                wanted.setdefault(place, {})[name] = count
    return [_with_faults(world, delivery, number, wanted, day) for number, delivery in enumerate(deliveries)]


def _with_faults(
    world: World, delivery: Delivery, number: int, wanted: Mapping[tuple[int, int], dict[str, int]], day: int
) -> Delivery:
    parts = []
    for place, part in enumerate(delivery.parts):
        counts = wanted.get((number, place), {})
        added = sum(counts.get(name, 0) for name in ADDS)
        at = Place(world, delivery, world.at(day - 1, 2), stream(0))
        parts.append(Part(part.count + added, partial(_made, at, part, counts, day, place)) if counts else part)
    return replace(delivery, parts=tuple(parts))


def _made(at: Place, part: Part, counts: Mapping[str, int], day: int, place: int) -> Iterator[Sample]:
    samples = [[sample] for sample in part.make()]
    plain = [n for n, (s,) in enumerate(samples) if s.fate is Fate.ACCEPTED and not s.fault]
    moved: dict[int, int] = {}
    for name, count in counts.items():
        here = at._replace(rng=stream(at.world.seed, "injected", name, day, at.delivery.path, place))
        chosen = _chosen(here, name, samples, plain, count)
        if MENU[name].moves:
            moved.update((n, between(here.rng, 2, FARTHEST)) for n in chosen)
        plain = [n for n in plain if n not in chosen]
    order = sorted(range(len(samples)), key=lambda n: (n + moved.get(n, 0), n))
    return (sample for n in order for sample in samples[n])


def _chosen(at: Place, name: str, samples: list[list[Sample]], plain: Sequence[int], count: int) -> set[int]:
    """Give the fault to `count` of the plain samples, spread over all of them; their indexes."""
    chosen: set[int] = set()
    candidates = list(plain)
    while len(chosen) < count and candidates:
        tried = [candidates[n] for n in spread(at.rng, len(candidates), count - len(chosen))]
        for n in tried:
            if (made := MENU[name].make(at, _opened(at, samples[n][0])._replace(fault=name))) is not None:
                samples[n] = made
                chosen.add(n)
        candidates = sorted(set(candidates) - set(tried))
    if len(chosen) < count:
        raise InjectionError(
            f"{name}: {count} of {len(samples)} records of {at.delivery.path} should have it, only {len(chosen)} can"
        )
    return chosen


def _opened(at: Place, sample: Sample) -> Sample:
    """The sample with an object for a record that was made as text."""
    if isinstance(sample.record, bytes):
        return sample._replace(record=orjson.loads(sample.record))
    if isinstance(sample.record, tuple):
        named = zip(at.delivery.columns, sample.record, strict=True)
        return sample._replace(record={column: cell for column, cell in named if cell})
    return sample
