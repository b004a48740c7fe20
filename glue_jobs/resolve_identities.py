"""clean → identity: which customer every person record and every identifier belongs to, and what that changed."""

from cdp import identity, identity_log, steward
from cdp.aws import objects
from cdp.aws.lake import Lake
from cdp.aws.pending_decisions import PendingDecisions
from cdp.job import Job, job, report
from cdp.matching import charts, known, model_store
from cdp.matching.matches import BALANCED
from cdp.matching.rules import MatchRules
from cdp.steward import Decision

WHOLE = (*identity_log.READS, *steward.READS, *model_store.READS, *known.READS)
READS = identity.READS | dict.fromkeys(WHOLE)
WRITES = identity.WRITES | identity_log.WRITES | steward.WRITES | known.WRITES


def resolve(j: Job) -> None:
    """Resolve, write the tables and the log of changes, and account for every person record."""
    for table, columns in READS.items():
        j.engine.read(table, columns)
    rules = MatchRules.load()
    decisions = steward.apply_decisions(j.engine, pending_decisions(j))
    model = model_store.stored_model(j.engine, rules)
    fates = identity.resolve_identities(
        j.engine, rules, decisions, model, known.Known.from_lake(rules, model, BALANCED)
    )
    events = identity_log.log_changes(j.engine, j.run_id, j.run_at, rules.rule_version)
    report(stage="resolve_identities", decisions=decisions.num_rows, model=model.model_version, **events)
    page = charts.charts(j.engine, rules, model, j.run_id)
    objects.put_page(j.settings.bucket("identity"), f"report/{j.run_id}.html", page)
    for table, step in WRITES.items():
        report(stage="resolve_identities", table=table, **vars(j.engine.write(table, step)))
    for fate in fates:
        j.ledger.put_fates(j.run_id, fate)
        report(**vars(fate))


def pending_decisions(j: Job) -> list[Decision]:
    """What stewards decided since the last published run; what that run published waits no longer."""
    published = Lake(j.settings).read("identity.steward_decision", ["decision_id"]).read_all()
    done = set(published["decision_id"].to_pylist())
    pending = PendingDecisions(j.settings.table("ledger"))
    waiting = pending.all()
    pending.remove(decision.decision_id for decision in waiting if decision.decision_id in done)
    return [decision for decision in waiting if decision.decision_id not in done]


if __name__ == "__main__":
    with job(memory_limit=identity.MEMORY_LIMIT) as j:
        resolve(j)
