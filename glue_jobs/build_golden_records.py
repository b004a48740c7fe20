"""clean + identity → curated: the best value per attribute and customer over time, with its provenance."""

from cdp import customer_360
from cdp.golden_record import READS, WRITES, build_golden_records
from cdp.job import job, report
from cdp.survivorship import Survivorship

if __name__ == "__main__":
    with job() as j:
        for table in (*READS, *customer_360.READS):
            j.engine.read(table)
        fates = build_golden_records(j.engine, Survivorship.load())
        completeness = customer_360.completeness(j.engine)
        j.ledger.put_completeness(j.run_id, completeness)
        report(stage="build_golden_records", completeness=completeness)
        for table, step in WRITES.items():
            report(stage="build_golden_records", table=table, **vars(j.engine.write(table, step)))
        for fate in fates:
            j.ledger.put_fates(j.run_id, fate)
            report(**vars(fate))
