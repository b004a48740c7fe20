"""clean → identity: which customer every person record and every identifier belongs to."""

from cdp.identity import READS, WRITES, resolve_identities
from cdp.job import job, report
from cdp.matching.rules import MatchRules

if __name__ == "__main__":
    with job() as j:
        for table in READS:
            j.engine.read(table)
        fates = resolve_identities(j.engine, MatchRules.load())
        for table, step in WRITES.items():
            report(stage="resolve_identities", table=table, **vars(j.engine.write(table, step)))
        for fate in fates:
            j.ledger.put_fates(j.run_id, fate)
            report(**vars(fate))
