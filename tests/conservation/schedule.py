"""In what order, batches and runs the same records arrive, and what goes wrong meanwhile: all of it from one seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from tests.conservation.platform import Killed, Platform
from tests.conservation.world import Arrival

# Within a day nothing becomes too late that was not, and nothing stops being ahead of its time.
LONGEST_DELAY = timedelta(hours=6)
MOST_EFFECTS = 540  # a first run has about so many


class Kill(NamedTuple):
    """A run dies before a state does anything (`effect` 0), or at one of the effects that the state has."""

    state: str
    effect: int = 0


def die(platform: Platform, kills: Iterable[Kill]) -> None:
    """A run per kill; every other one could not even say goodbye. Each finds what all before it left."""
    for number, (state, effect) in enumerate(kills):
        if not died(platform, state, effect, says_goodbye=number % 2 == 0):
            raise AssertionError(f"{state} has fewer than {effect} effects, nothing was killed: {platform.error!r}")


def died(platform: Platform, state: str, effect: int, says_goodbye: bool) -> bool:
    """Whether a run died where it was to: after earlier kills less may be left to do. It must not have FAILED."""
    try:
        if effect:
            ended = platform.run(within=state, at_effect=effect, says_goodbye=says_goodbye)
        else:
            ended = platform.run(before=state, says_goodbye=says_goodbye)
    except Killed:
        return True
    if ended != "SUCCEEDED":
        raise AssertionError(f"a run that was to die in {state} ended {ended}: {platform.error!r}")
    return False


def kills_everywhere(platform: Platform, most: int) -> list[Kill]:
    """Before every state, and at so many effects of each, evenly spread; they are those of the platform's last run."""
    return [
        Kill(state, effect)
        for state in platform.states
        for total in [platform.effects_in[state]]
        for effect in sorted({0, *(round(1 + n * (total - 1) / max(most - 1, 1)) for n in range(min(most, total)))})
    ]


def play(
    platform: Platform,
    records: Sequence[Arrival],
    seed: int,
    runs: int,
    tried: Counter[str],
) -> None:
    """Deliver all records over some runs as the seed says, then settle; counts the faults it tries."""
    chance = random.Random(seed)
    shuffled = chance.sample(records, len(records))
    tried["reordered"] += len(shuffled)
    cuts = sorted(chance.choices(range(len(shuffled) + 1), k=runs - 1))
    for begin, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
        batch = shuffled[begin:end]
        again = chance.sample(shuffled[:end], min(end, chance.randrange(12)))
        tried["redelivered"] += len(again)
        delay = LONGEST_DELAY * chance.random()
        tried["delayed"] += len(batch)
        halves = chance.randrange(len(batch) + 1)
        for some in (batch[:halves], again, batch[halves:]):
            platform.deliver(some, after=delay)
        fault = chance.choice(["undisturbed", "killed before a state", "killed at an effect", "stopped at an effect"])
        tried[fault if _dies(platform, fault, chance) else "undisturbed"] += 1
    platform.settle()


def _dies(platform: Platform, fault: str, chance: random.Random) -> bool:
    """Run, and whether it died of the fault: what has fewer effects than that ends well."""
    try:
        if fault == "undisturbed":
            platform.run()
        elif fault == "killed before a state":
            platform.run(before=chance.choice(platform.states))
        else:
            goodbye = fault == "killed at an effect"
            platform.run(at_effect=chance.randrange(1, MOST_EFFECTS), says_goodbye=goodbye)
    except Killed:
        return True
    return False
