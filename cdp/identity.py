"""Every person record belongs to exactly one customer, whatever order its facts arrived in.

Deterministic rules, kept as data in `data_quality/identity/rules.<version>.yml`: person records that share an
e-mail address or a phone are one customer, an anonymous id belongs to one user. All is resolved anew from the whole
of clean in each run, so that neither order nor batching matters and a corrected record comes apart again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from cdp import resources
from cdp.accounting import Fates
from cdp.steps import Engine, run_steps

READS = ("clean.customer", "clean.transaction", "clean.clickstream_event")
WRITES = {"identity.person": "person", "identity.identifier": "identifier"}

LINKING = ("person_record", "person_identifier", "link", "membership")
CONTRACTION = ("nearest_label", "next_membership", "next_link")
NAMING = ("person", "visitor_login", "anchor", "source_customer", "identifier")

RULE_VERSION = "v1"


class MatchRulesError(Exception):
    """A version of the match rules is missing or incomplete; the message names the file and the entry."""


@dataclass(frozen=True)
class MatchRules:
    """What may tie person records and visitors together; `parameters` are what the SQL steps take."""

    rule_version: str
    parameters: dict[str, Any]

    @classmethod
    def load(cls, rule_version: str = RULE_VERSION) -> MatchRules:
        """The rules of `data_quality/identity/rules.<rule_version>.yml`. Raises MatchRulesError."""
        path = f"data_quality/identity/rules.{rule_version}.yml"
        try:
            rules = yaml.safe_load(resources.read_text(path))
            blocked, email, phone = rules["blocked"], rules["matching"]["email"], rules["matching"]["phone"]
            return cls(
                rules["rule_version"],
                {
                    "rule_version": rules["rule_version"],
                    "blocked_values": blocked["values"],
                    "blocked_id": _any_of(blocked["patterns"]),
                    "blocked_email": _any_of(blocked["patterns"] + email["blocked_patterns"]),
                    "blocked_phone": _any_of(blocked["patterns"] + phone["blocked_patterns"]),
                    "most_per_email": email["most_person_records"],
                    "most_per_phone": phone["most_person_records"],
                    "user_id_source": rules["login"]["user_id_source"],
                    "login_event_types": rules["login"]["event_types"],
                },
            )
        except FileNotFoundError as error:
            raise MatchRulesError(f"there are no match rules {path}; name a version that exists") from error
        except (KeyError, TypeError) as error:
            raise MatchRulesError(f"{path} lacks or mistypes the entry {error}") from error


def resolve_identities(engine: Engine, rules: MatchRules) -> list[Fates]:
    """Make the steps `person` and `identifier` from the inputs in READS; the person records' fates.

    Connected person records are found by contraction: each round every label moves to the smallest one next to it,
    in a shuffled order, and links inside a label vanish. The links shrink by a constant factor per round, so that
    a chain of n records takes O(log n) rounds.
    """
    run_steps(engine, "identity", LINKING, rules.parameters)
    contraction_round = 0
    while engine.query("select count(*) as n from link")[0]["n"]:
        contraction_round += 1
        run_steps(engine, "identity", CONTRACTION, {"round": str(contraction_round)})
        engine.step("membership", "select * from next_membership")
        engine.step("link", "select * from next_link")
    run_steps(engine, "identity", NAMING, rules.parameters)
    return [_fates(engine)]


def _any_of(patterns: list[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def _fates(engine: Engine) -> Fates:
    """Received: person records. Accepted: those with exactly one customer."""
    (counts,) = engine.query(
        """with
        received as (select distinct source, source_customer_id from clean_customer),
        resolved as (
          select source, source_customer_id from person
          group by source, source_customer_id having count(customer_id) = 1
        )
        select count(*) as received, count(a.source) as accepted
        from received r
        left join resolved a on a.source = r.source and a.source_customer_id = r.source_customer_id"""
    )
    return Fates("resolve_identities", "customer", counts["received"], counts["accepted"])
