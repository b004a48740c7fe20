"""What may tie person records together is a versioned file, `data_quality/identity/rules.<version>.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from cdp import resources

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


def _any_of(patterns: list[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)
