"""Prints what a batch of new person records costs beside a run from nothing, and whether both end in the same people.

The last hundredth and the last tenth of the sample world's records, in an order that a hash of their ids makes, arrive
after the rest; the model is learnt once, before. Every run has an engine of its own, as a job has.

    python benchmarks/identity_batches.py --records 1000000
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.identity import sample_world
from cdp.engines.duckdb import DuckDBEngine
from cdp.identity import MEMORY_LIMIT
from cdp.matching.features import make_features
from cdp.matching.known import WRITES, Known
from cdp.matching.matches import BALANCED, NOTHING, resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.matching.training import train

SHARES = (0.01, 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000, help="person records (20,000)")
    options = parser.parse_args()
    records, _ = sample_world(options.records)
    ids = [hashlib.md5(i.encode()).digest() for i in records["record_id"].to_pylist()]
    records = records.take(sorted(range(len(ids)), key=ids.__getitem__))
    measure(records, MatchRules.load())
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def measure(records: pa.Table, rules: MatchRules) -> None:
    with closing(DuckDBEngine()) as engine:
        engine.register("clean_customer", records)
        cpu = time.process_time()
        make_features(engine, rules)
        model = train(engine.arrow("person_feature"), rules, {})
    print(f"{records.num_rows:,} person records; model learnt in {time.process_time() - cpu:.1f} s of CPU", flush=True)
    known = Known.from_lake(rules, model, BALANCED)
    whole, people, _ = resolved(records, rules, model)
    for share in SHARES:
        before, _, left = resolved(records.slice(0, int(records.num_rows * (1 - share))), rules, model)
        batch, found, _ = resolved(records, rules, model, known, left)
        print(
            f"batch of {share:.0%}: {batch:.1f} s of CPU, the rest before it {before:.1f} s, "
            f"from nothing {whole:.1f} s, {batch / whole:.1%}; "
            f"{'the same' if found.equals(people) else 'OTHER'} people",
            flush=True,
        )


def resolved(
    records: pa.Table,
    rules: MatchRules,
    model: MatchModel,
    known: Known = NOTHING,
    left: Mapping[str, pa.Table] = MappingProxyType({}),
) -> tuple[float, pa.Table, dict[str, pa.Table]]:
    """CPU seconds of a run, who is who, and the tables that it leaves to the next one; `left` are those it gets."""
    with closing(DuckDBEngine(memory_limit=MEMORY_LIMIT)) as engine:
        for table, rows in {"clean.customer": records, **left}.items():
            engine.register(table.replace(".", "_"), rows)
        cpu = time.process_time()
        resolve_matches(engine, rules, model=model, known=known)
        cpu = time.process_time() - cpu
        people = engine.arrow("membership").read_all().sort_by("person_id").select(["person_id", "cluster_id"])
        return cpu, people, {table: engine.arrow(step).read_all() for table, step in WRITES.items()}


if __name__ == "__main__":
    main()
