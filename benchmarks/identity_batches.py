"""Prints what a batch of new person records costs beside a run from nothing, and whether both end in the same people.

The last hundredth and the last tenth of the sample world's records, in an order that a hash of their ids makes, arrive
after the rest; the model is learnt once, before. CPU seconds do not depend on what else the machine does.

    python benchmarks/identity_batches.py --records 1000000
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.identity import sample_world
from cdp.engines.duckdb import DuckDBEngine
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
        model = train(engine.arrow("person_feature").read_all(), rules, {})
        print(
            f"{records.num_rows:,} person records; model learnt in {time.process_time() - cpu:.1f} s of CPU", flush=True
        )
        for share in SHARES:
            before = records.slice(0, int(records.num_rows * (1 - share)))
            resolved(engine, before, rules, model, NOTHING)
            for table, step in WRITES.items():
                engine.step(table.replace(".", "_"), f"select * from {step}")
            batch = resolved(engine, records, rules, model, Known.from_lake(rules, model, BALANCED))
            engine.step("membership_of_batch", "select * from membership")
            whole = resolved(engine, records, rules, model, NOTHING)
            differing = engine.query(
                """select count(*) as n from membership m join membership_of_batch b on b.person_id = m.person_id
                   where b.cluster_id <> m.cluster_id"""
            )[0]["n"]
            print(
                f"batch of {share:.0%}: {batch:.1f} s of CPU, from nothing {whole:.1f} s, {batch / whole:.1%}; "
                f"{differing} records in other people",
                flush=True,
            )


def resolved(engine: DuckDBEngine, records: pa.Table, rules: MatchRules, model: MatchModel, known: Known) -> float:
    """CPU seconds of a run."""
    engine.register("clean_customer", records)
    cpu = time.process_time()
    resolve_matches(engine, rules, model=model, known=known)
    return time.process_time() - cpu


if __name__ == "__main__":
    main()
