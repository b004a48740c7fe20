"""Every customer has one best value per attribute at any moment, and each current value says where it comes from.

Where the customer's person records contradict each other, survivorship rules decide (`cdp/survivorship.py`).
"""

from __future__ import annotations

from cdp.accounting import Fates
from cdp.handover import handed_over
from cdp.steps import Engine, MatchEngine, run_steps
from cdp.survivorship import Survivorship

READS = ("clean.customer", "identity.person")
WRITES = {
    "curated.golden_record": "golden_record",
    "curated.golden_record_provenance": "golden_record_provenance",
}

STEPS = (
    "person_version",
    "stated_attribute",
    "candidate",
    "contest",
    "best_value",
    "golden_record",
    "golden_record_provenance",
)


def build_golden_records(engine: MatchEngine, survivorship: Survivorship) -> list[Fates]:
    """Make the steps named in WRITES from the inputs in READS; the person records' fates."""
    survivorship.register(engine)
    run_steps(engine, "curated", STEPS, {"survivorship_version": survivorship.version})
    return [_fates(engine)]


def _fates(engine: Engine) -> Fates:
    """Received: person records. Accepted: those whose customer has exactly one current golden record."""
    return handed_over(
        engine,
        "build_golden_records",
        "customer",
        """select source, source_customer_id, concat_ws(':', source, source_customer_id) as record_id
        from identity_person""",
        """(select p.source, p.source_customer_id from identity_person p
        join golden_record g on g.customer_id = p.customer_id where g.is_current)""",
        ("source", "source_customer_id"),
    )
