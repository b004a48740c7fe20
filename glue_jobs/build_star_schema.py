"""clean + identity + golden records → curated: dimensions over time, facts, and the bridge of identifiers."""

from cdp.job import job, report
from cdp.star_schema import PARTS, build_part
from cdp.warehouse import TABLES

if __name__ == "__main__":
    with job() as j:
        # A table that nothing writes yet is there all the same, empty: the gate and the load read it.
        j.lake.create_missing(f"curated.{table}" for table in TABLES)
        for part in PARTS:
            for table, columns in part.reads.items():
                j.engine.read(table, columns)
            fates = build_part(j.engine, part, j.run_at)
            for table, step in part.writes.items():
                report(stage="build_star_schema", table=table, **vars(j.engine.write(table, step)))
            j.engine.forget(*part.passing)
            for fate in fates:
                j.ledger.put_fates(j.run_id, fate)
                report(**vars(fate))
