"""clean + identity → curated: the best value per attribute and customer over time, with its provenance."""

from cdp.golden_record import READS, WRITES, build_golden_records
from cdp.job import job, report
from cdp.survivorship import Survivorship

if __name__ == "__main__":
    with job() as j:
        for table in READS:
            j.engine.read(table)
        fates = build_golden_records(j.engine, Survivorship.load())
        for table, step in WRITES.items():
            report(stage="build_golden_records", table=table, **vars(j.engine.write(table, step)))
        for fate in fates:
            j.ledger.put_fates(j.run_id, fate)
            report(**vars(fate))
