"""Prints how long golden records of a million person records take on the embedded engine, step by step.

Records are made up in the engine: two in five are alone, the rest share a customer; one in ten values is another than
its customer's usual one. CPU seconds do not depend on what else the machine does.

    python benchmarks/golden_record.py --records 1000000
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cdp import golden_record
from cdp.engines.duckdb import DuckDBEngine
from cdp.survivorship import Survivorship

STATED = """
select
  ['crm', 'shop', 'store'][1 + i % 3] as source, concat('S', i) as source_customer_id,
  timestamptz '2025-01-01 00:00:00+00' + to_minutes(i % 500000) as updated_at, md5(cast(i as varchar)) as record_id,
  timestamptz '2024-01-01 00:00:00+00' + to_minutes(i % 500000) as created_at,
  concat('person', n, v, '@example.org') as email, concat('+4930', 1000000 + n, v) as phone,
  concat('First', n % 5000, v) as first_name, concat('Last', n % 20000, v) as last_name,
  case when i % 4 > 0 then date '1950-01-01' + cast(n % 20000 as integer) end as birth_on,
  case when i % 5 > 0 then concat('Street ', n % 30000, v) end as street,
  case when i % 5 > 0 then cast(10000 + n % 80000 as varchar) end as postal_code,
  case when i % 5 > 0 then concat('City', n % 3000) end as city, 'DE' as country,
  case i % 3 when 0 then true when 1 then false end as has_marketing_consent
from (
  select i, case when i % 10 = 7 then chr(97 + cast(i % 26 as integer)) else '' end as v,
    case when i % 5 < 2 then i else 100000000 + (hash(i) % ({records} * 3 // 10)) end as n
  from range({records}) t(i)
)
"""
PERSON = """
select source, source_customer_id,
  concat('c_', substring(md5(regexp_extract(email, '[0-9]+', 0)), 1, 24)) as customer_id
from clean_customer
"""


class Timed:
    """The engine, with the seconds each step took."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def step(self, name: str, sql: str, parameters: dict[str, object] | None = None) -> None:
        """Run a step and print its row count and seconds."""
        wall, cpu = time.monotonic(), time.process_time()
        self._engine.step(name, sql, parameters)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        rows = self._engine.query(f"select count(*) as n from {name}")[0]["n"]
        print(f"{name:32}{rows:>12,} rows{wall:8.2f} s{cpu:8.2f} s of CPU", flush=True)


def main() -> None:
    """Make the records, then the golden records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    records = parser.parse_args().records
    engine = Timed(DuckDBEngine(memory_limit="2GB"))
    engine.step("clean_customer", STATED.format(records=records))
    engine.step("identity_person", PERSON)
    wall, cpu = time.monotonic(), time.process_time()
    golden_record.build_golden_records(engine, Survivorship.load())
    print(f"{'golden records':47}{time.monotonic() - wall:8.2f} s{time.process_time() - cpu:8.2f} s of CPU")


if __name__ == "__main__":
    main()
