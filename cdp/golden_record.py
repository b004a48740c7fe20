"""Every customer has one best value per attribute at any moment, and each current value says where it comes from.

Survivorship is by recency: the most recent value that any of the customer's person records stated.
"""

from __future__ import annotations

from cdp.accounting import Fates
from cdp.steps import Engine, run_steps

READS = ("clean.customer", "identity.person")
WRITES = {
    "curated.golden_record": "golden_record",
    "curated.golden_record_provenance": "golden_record_provenance",
}

STEPS = ("person_version", "best_value", "golden_record", "golden_record_provenance")


def build_golden_records(engine: Engine) -> list[Fates]:
    """Make the steps named in WRITES from the inputs in READS; the person records' fates."""
    run_steps(engine, "curated", STEPS)
    return [_fates(engine)]


def _fates(engine: Engine) -> Fates:
    """Received: person records. Accepted: those whose customer has exactly one current golden record."""
    (counts,) = engine.query(
        """with
        golden as (
          select customer_id from golden_record where is_current group by customer_id having count(*) = 1
        )
        select count(*) as received, count(g.customer_id) as accepted
        from identity_person p
        left join golden g on g.customer_id = p.customer_id"""
    )
    return Fates("build_golden_records", "customer", counts["received"], counts["accepted"])
