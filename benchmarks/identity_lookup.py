"""Prints how long it takes to say which customer one person record would belong to, against a million others.

Records are made up in the engine: two in five are alone, the others two or more to a person; names are as unevenly
common as names are, fields are left out, and one record in ten has another address or a typing error. A run resolves
them first (minutes). Those asked for are drawn from the same people and are not among the records. The baseline scores
the record against every other one with the same comparisons.

    python benchmarks/identity_lookup.py --records 1000000 --asked 300
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.features import make_features
from cdp.matching.known import WRITES
from cdp.matching.known_people import KnownPeople
from cdp.matching.lookup import Lookup
from cdp.matching.matches import resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.matching.scoring import score_pairs
from cdp.matching.training import train

SYLLABLES = "['an','be','co','da','el','fri','ga','hel','im','jo','ka','lu','mi','no','ol','pe','ra','so','ta','vi']"
WORD = "concat({s}[1 + {n} % 20], {s}[1 + {n} // 20 % 20], {s}[1 + {n} // 400 % 20], {s}[1 + {n} // 8000 % 20])"
STATED = """
with person as (
  select i, n, draw(n, 1) as a, draw(n, 2) as b, draw(n, 3) as c, draw(i, 4) as d,
    cast(floor(pow(draw(n, 5) / 4.7e18, 3) * 4000) as bigint) as first,
    cast(floor(pow(draw(n, 6) / 4.7e18, 2) * 60000) as bigint) as last,
    case when draw(i, 7) % 10 = 0 then draw(i, 8) else draw(n, 8) end as home
  from (
    select i, case when i % 5 < 2 then i else 100000000 + cast(hash(i) % ({records} * 3 // 10) as bigint) end as n
    from range({first}, {end}) t(i)
  )
)
select ['crm', 'shop', 'store'][1 + i % 3] as source, concat('S', i) as source_customer_id,
  timestamptz '2025-01-01 00:00:00+00' as updated_at, timestamptz '2024-01-01 00:00:00+00' as created_at,
  cast(i as varchar) as record_id,
  case when d % 10 < 7 then concat({first_word}, '.', {last_word}, a % 1000, '@', ['x.org', 'y.net', 'z.de'][1 + b % 3])
    end as email,
  case when d // 10 % 10 < 6 then concat('+4915', 10000000 + c % 80000000) end as phone,
  {first_word} as first_name,
  concat({last_word}, case when d // 100 % 10 = 0 then chr(97 + cast(d % 26 as integer)) else '' end) as last_name,
  case when d // 1000 % 10 < 8 then date '1940-01-01' + cast(b % 25000 as integer) end as birth_on,
  case when d // 10000 % 10 < 8 then concat({street_word}, 'weg ', 1 + home % 90) end as street,
  case when d // 100000 % 10 < 9 then cast(10000 + home // 90 % 20000 as varchar) end as postal_code,
  case when d // 100000 % 10 < 9 then {city_word} end as city, 'DE' as country,
  cast(null as boolean) as has_marketing_consent
from person
"""
NUMBERS = {
    "first_word": "first",
    "last_word": "last",
    "street_word": "home // 7 % 3000",
    "city_word": "home // 90 % 2000",
}


def people(records: int, first: int, end: int) -> str:
    """SQL for person records number first to end of a world of so many."""
    words = {name: WORD.format(s=SYLLABLES, n=f"({n})") for name, n in NUMBERS.items()}
    drawn = re.sub(r"draw\((\w), (\d)\)", r"cast(hash(\1, \2) // 4 as bigint)", STATED)
    return drawn.format(records=records, first=first, end=end, **words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000, help="person records (1,000,000)")
    parser.add_argument("--asked", type=int, default=300, help="records asked for (300)")
    options = parser.parse_args()
    rules = MatchRules.load()
    with closing(DuckDBEngine(memory_limit="3GB")) as engine, closing(DuckDBEngine(few_rows=True)) as own:
        engine.step("asked", people(options.records, options.records, options.records + options.asked))
        asked = engine.query("select * from asked")
        engine.step("clean_customer", people(options.records, 0, options.records))
        model = resolved(engine, rules)
        cpu = time.process_time()
        lookup = Lookup(KnownPeople(engine, rules, model), own, rules, model)
        print(f"opened in {time.process_time() - cpu:.1f} s of CPU", flush=True)
        lookup.find(asked[0])
        found = [lookup.find(record) for record in asked]
        print(f"{sum(bool(f.customer_ids) for f in found)} of {len(asked)} are a known customer")
        one = shown("one record", [timed(lambda record=record: lookup.find(record)) for record in asked])
        every = shown("baseline: every pair", [timed(scan(engine, rules, model, record)) for record in asked[:3]])
        print(f"baseline / one record: {every / one:,.0f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def resolved(engine: DuckDBEngine, rules: MatchRules) -> MatchModel:
    """Learn a model, and leave what a run leaves in the lake."""
    make_features(engine, rules)
    model = train(engine.arrow("person_feature"), rules, {})
    engine.step("known_feature", "select * from person_feature")
    cpu = time.process_time()
    resolve_matches(engine, rules, model=model)
    print(f"resolved in {time.process_time() - cpu:.0f} s of CPU", flush=True)
    for table, step in WRITES.items():
        engine.step(table.replace(".", "_"), f"select * from {step}")
    engine.step(
        "identity_person",
        """select r.source, r.source_customer_id, concat('c_', m.cluster_id) as customer_id
            from person_record r join membership m on m.person_id = r.person_id""",
    )
    return model


def scan(engine: DuckDBEngine, rules: MatchRules, model: MatchModel, record: dict[str, Any]) -> Callable[[], None]:
    """Score a record against every known one."""
    engine.step("clean_customer", "select * from asked where record_id = :id", {"id": record["record_id"]})
    make_features(engine, rules)
    engine.step("asked_feature", "select * replace (-1 as number) from person_feature")
    engine.step("person_feature", "select * from asked_feature union all select * from known_feature")
    pairs = """select a.number as left_number, k.number as right_number
        from asked_feature a cross join known_feature k"""
    engine.step("every_pair", pairs)
    return lambda: score_pairs(engine, "every_pair", "every_score", rules, model)


def timed(act: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def shown(name: str, times: list[tuple[float, float]]) -> float:
    wall, cpu = np.array(times).T
    p50, p95 = np.percentile(wall, [50, 95])
    print(f"{name:24} p50 {p50:10,.0f} ms   p95 {p95:10,.0f} ms   {cpu.mean():10,.0f} ms of CPU each", flush=True)
    return float(p50)


if __name__ == "__main__":
    main()
