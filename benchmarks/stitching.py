"""Prints precision and recall of stitching visitors to users, and how long it takes, on a world whose truth is known.

Users have one to four devices; on one in ten somebody else of the household or a friend logs in as well, now and then.
Kiosks see hundreds of users. One device in fifty never sees a login, only an e-mail address; one in two hundred sees
nothing. Chains: friends log in on each other's devices in a long row. Truth are pairs of user and device, and of the
devices of one user; a kiosk is nobody's. Beside it: plain connected components, which merge whoever shares a device.

    python benchmarks/stitching.py --events 1300000
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cdp import identity, stitching
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.clustering import components
from cdp.matching.rules import MatchRules
from cdp.steps import run_steps

NOBODY = -1


def world(events: int, seed: int = 11) -> tuple[pa.Table, pa.Table, np.ndarray, np.ndarray, np.ndarray]:
    """Person records, events, each device's owner, and the edges (device, user) that the events state."""
    draw = np.random.default_rng(seed)
    users = events // 8
    owner = np.repeat(np.arange(users), draw.choice([1, 2, 3, 4], users, p=[0.5, 0.3, 0.15, 0.05]))
    devices = len(owner)
    kiosks = max(1, devices // 5_000)
    own_devices = np.repeat(np.arange(devices), draw.integers(1, 7, devices))
    fate = draw.random(devices)
    silent, mailed = fate < 0.005, (fate >= 0.005) & (fate < 0.025)
    logins = own_devices[~(silent | mailed)[own_devices]]
    guests = draw.choice(devices, devices // 10, replace=False)
    guest_users = (owner[guests] + draw.choice([1, 1, 2, users // 2], len(guests))) % users  # neighbours: long chains
    at_kiosk = draw.integers(devices, devices + kiosks, kiosks * 300)
    device = np.concatenate([logins, guests, at_kiosk])
    user = np.concatenate([owner[logins], guest_users, draw.integers(0, users, len(at_kiosk))])
    by_mail, browsing = np.flatnonzero(mailed), draw.integers(0, devices, events - len(device))
    count = len(device) + len(by_mail) + len(browsing)
    rows = pa.table(
        {
            "anonymous_id": names("d", np.concatenate([device, by_mail, browsing])),
            "user_id": pa.concat_arrays([names("U", user), pa.nulls(len(by_mail) + len(browsing), pa.string())]),
            "email": pa.concat_arrays(
                [
                    pa.nulls(len(device), pa.string()),
                    mails(owner[by_mail]),
                    pa.nulls(len(browsing), pa.string()),
                ]
            ),
            "event_type": pa.repeat("page", count),
            "event_at": pa.array(draw.integers(1_767_225_600, 1_772_000_000, count)).cast(pa.timestamp("s", "UTC")),
        }
    )  # fmt: skip
    persons = pa.table({"source_customer_id": names("U", np.arange(users)), "email": mails(np.arange(users))})
    persons = persons.append_column("source", pa.repeat("shop", users))
    owner = np.concatenate([owner, np.full(kiosks, NOBODY)])
    return persons, rows, owner, device, user


def names(letter: str, numbers: np.ndarray) -> pa.Array:
    """Ids of some numbers."""
    return pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")


def mails(users: np.ndarray) -> pa.Array:
    """E-mail addresses of users."""
    return pc.binary_join_element_wise("user", pa.array(users).cast(pa.string()), "@example.org", "")


def as_contract(table: str, rows: pa.Table) -> pa.Table:
    """Rows with all columns of a table; what is left out is null."""
    schema = Dataset.load(table).arrow_schema()
    columns = [
        rows[f.name].cast(f.type) if f.name in rows.column_names else pa.nulls(len(rows), f.type) for f in schema
    ]
    return pa.table(columns, schema=schema)


def pairs(labels: np.ndarray, others: np.ndarray | None = None) -> int:
    """Pairs with the same label (and the same other label)."""
    key = labels if others is None else labels * (int(others.max()) + 1) + others
    counts = np.unique(key, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def scores(truth: np.ndarray, found: np.ndarray) -> tuple[float, float, int]:
    """Pairwise precision and recall, and the size of the largest cluster found."""
    both = pairs(truth, found)
    return both / pairs(found), both / pairs(truth), int(np.unique(found, return_counts=True)[1].max())


def truth_of(users: int, owner: np.ndarray) -> np.ndarray:
    """A number per user and then per device: that of its user; a kiosk is alone."""
    return np.concatenate([np.arange(users), np.where(owner == NOBODY, users + np.arange(len(owner)), owner)])


def stitch(engine: DuckDBEngine, persons: pa.Table, rows: pa.Table, devices: int) -> np.ndarray:
    """A number per user and then per device: that of its customer."""
    for table, given in (("clean.customer", persons), ("clean.clickstream_event", rows)):
        engine.register(table.replace(".", "_"), as_contract(table, given))
    engine.register("clean_transaction", Dataset.load("clean.transaction").arrow_schema().empty_table())
    identity.resolve_identities(engine, MatchRules.load("v1"))
    found = engine.query(
        """select identifier_type, identifier, customer_id from identifier
           where identifier_type in ('source_customer_id', 'anonymous_id')"""
    )
    number = {name: n for n, name in enumerate({row["customer_id"] for row in found})}
    labels = len(number) + np.arange(len(persons) + devices)
    for row in found:
        is_device = row["identifier_type"] == "anonymous_id"
        place = int(row["identifier"].removeprefix("shop:")[1:])
        labels[len(persons) + place if is_device else place] = number[row["customer_id"]]
    return labels


def main() -> None:
    """Make the world, stitch it, and score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_300_000)
    persons, rows, owner, device, user = world(parser.parse_args().events)
    users, devices = len(persons), len(owner)
    print(f"{len(rows):,} events, {users:,} users, {devices:,} devices")
    engine = DuckDBEngine()
    naive = components(users + devices, user, device + users)
    anchored = stitch(engine, persons, rows, devices)
    for name, found in (("connected components", naive), ("anchored to one user", anchored)):
        precision, recall, largest = scores(truth_of(users, owner), found)
        print(f"{name}   precision {precision:.4f}   recall {recall:.4f}   largest cluster {largest:,}")

    wall, cpu = time.monotonic(), time.process_time()
    parameters = MatchRules.load().parameters | stitching.stitching_parameters()
    run_steps(engine, "identity", (*stitching.STEPS, "source_customer", "identifier"), parameters)
    print(f"stitching took {time.monotonic() - wall:.1f} s, {time.process_time() - cpu:.1f} s of CPU")


if __name__ == "__main__":
    main()
