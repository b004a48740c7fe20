"""clean → identity: which customer every person record and every identifier belongs to, and what that changed."""

from cdp import identity, identity_log
from cdp.job import Job, job, report
from cdp.matching.rules import MatchRules


def resolve(j: Job) -> None:
    """Resolve, write the tables and the log of changes, and account for every person record."""
    for table in (*identity.READS, *identity_log.READS):
        j.engine.read(table)
    rules = MatchRules.load()
    fates = identity.resolve_identities(j.engine, rules)
    report(stage="resolve_identities", **identity_log.log_changes(j.engine, j.run_id, j.run_at, rules.rule_version))
    for table, step in (identity.WRITES | identity_log.WRITES).items():
        report(stage="resolve_identities", table=table, **vars(j.engine.write(table, step)))
    for fate in fates:
        j.ledger.put_fates(j.run_id, fate)
        report(**vars(fate))


if __name__ == "__main__":
    with job() as j:
        resolve(j)
