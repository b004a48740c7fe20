"""The gate: what the run wrote is judged before anyone sees it; the verdict is in the ledger, with its reasons.

`--gate clean` looks at the clean tables, `--gate curated` at identity, golden records, star schema and the
accounts so far. A verdict never fails the job: the state machine reads it. Row counts are compared with those
after committed runs; close_run remembers them.
"""

from cdp import accounting, quality
from cdp.job import Job, job, report

BEFORE_CURATED = accounting.STAGES[: accounting.STAGES.index("load_warehouse")]


def check_quality(j: Job, gate: str) -> str:
    """Judge every table of a gate and write the verdict to the ledger; the verdict. Raises GateError."""
    checks = []
    for dataset in quality.gated(gate):
        found = quality.check(j.engine, dataset, j.run_at, j.ledger.row_counts(dataset.name))
        report(gate=gate, dataset=dataset.name, verdict=found.verdict, rows=found.rows, **found.scores)
        checks.append(found)
    problems = accounting.problems(j.ledger.fates(j.run_id), BEFORE_CURATED) if gate == "curated" else []
    verdict = quality.verdict(checks, problems)
    j.ledger.put_verdict(j.run_id, gate, verdict, quality.details(gate, checks, problems))
    report(gate=gate, verdict=verdict, broken=[f"{c.dataset} {r.rule}" for c in checks for r in c.broken])
    return verdict


if __name__ == "__main__":
    with job("gate") as j:
        check_quality(j, j.arguments["gate"])
