"""Every person record belongs to exactly one customer, whatever order its facts arrived in.

Which records are one human is for the match rules to say, data in `data_quality/identity/rules.<version>.yml`; an
anonymous id belongs to one user. The result is that of resolving the whole of clean anew, so that neither order nor
batching matters and a corrected record comes apart again.
"""

from __future__ import annotations

import pyarrow as pa

from cdp import stitching
from cdp.accounting import Fates
from cdp.handover import handed_over
from cdp.identity_source import connect_sources, load_connections
from cdp.matching.known import Known
from cdp.matching.matches import NO_DECISIONS, NOTHING, resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.steps import Engine, MatchEngine, run_steps

# Lake tables, with the columns needed of the wide ones.
READS = {
    "clean.customer": None,
    "clean.transaction": ("customer_source", "source_customer_id"),
    "clean.clickstream_event": ("anonymous_id", "user_id", "email", "event_type", "event_at"),
}
WRITES = {"identity.person": "person", "identity.identifier": "identifier"}

# What is known of a million person records takes a gigabyte, and spilling it a tenth of a small batch's time.
MEMORY_LIMIT = "1.5GB"

NAMING = ("founder", "person", *stitching.STEPS, "source_customer", "identifier")


def resolve_identities(
    engine: MatchEngine,
    rules: MatchRules,
    decisions: pa.Table = NO_DECISIONS,
    model: MatchModel | None = None,
    known: Known = NOTHING,
) -> list[Fates]:
    """Make the steps `person` and `identifier` from the inputs in READS; the person records' fates.

    `decisions` are a steward's: left_id, right_id, is_same. Without a model the rules' own weights count. What is
    known of the last run saves work and changes no result.
    """
    resolve_matches(engine, rules, decisions, model, known=known)
    engine.register("decision", decisions)
    connect_sources(engine, load_connections())
    run_steps(engine, "identity", NAMING, {**rules.parameters, **stitching.stitching_parameters()})
    return [_fates(engine)]


def _fates(engine: Engine) -> Fates:
    """Received: person records. Accepted: those with exactly one customer."""
    return handed_over(
        engine,
        "resolve_identities",
        "customer",
        """select source, source_customer_id, min(record_id) as record_id from clean_customer
        group by source, source_customer_id""",
        "person",
        ("source", "source_customer_id"),
    )
