"""How complete the view of all customers is: one set of percentages per run, the Customer-360 completeness."""

from __future__ import annotations

from cdp.steps import Engine, run_steps
from cdp.survivorship import ATTRIBUTES

READS = ("identity.person", "identity.identifier")


def completeness(engine: Engine) -> dict[str, float]:
    """Percentages, from the step `golden_record` and the inputs in READS.

    `attributes`: filled of all attributes of all current golden records. `reachable`: customers with an e-mail
    address or a phone. `in_several_sources`: customers that more than one source knows. `visitors`: anonymous ids
    that belong to a known customer. 0 where there is nothing to count.
    """
    run_steps(engine, "curated", ["completeness"])
    (n,) = engine.query("select * from completeness")
    return {
        "attributes": _percent(n["attributes_filled"], n["customers"] * len(ATTRIBUTES)),
        "reachable": _percent(n["reachable"], n["customers"]),
        "in_several_sources": _percent(n["in_several_sources"], n["customers"]),
        "visitors": _percent(n["known_visitors"], n["visitors"]),
    }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
