"""What a policy document says to a request, as IAM evaluates it: an explicit Deny wins, nothing said is no.

Conditions are evaluated with IAM's rules for keys that a request does not have: a negated operator then holds, a
plain one does not, and one that ends in IfExists holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

Context = Mapping[str, str]


class UnknownConditionError(Exception):
    """A condition operator that this evaluation does not know."""


@lru_cache(maxsize=512)
def statements(document: str) -> tuple[Mapping[str, Any], ...]:
    """The statements of a policy document in JSON."""
    found = json.loads(document)["Statement"]
    return tuple(found if isinstance(found, list) else [found])


def decide(said: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context) -> str:
    """ "Deny", "Allow", or "" where no statement speaks of it.

    `action` is `service:Action`, `resource` an ARN. Principals are the caller's business: a statement that names
    other services or accounts is left out by `concerning`.
    """
    decision = ""
    for statement in said:
        if not _matches(statement.get("Action", []), action) or not _matches(statement.get("Resource", "*"), resource):
            continue
        if not _holds(statement.get("Condition", {}), context):
            continue
        if statement["Effect"] == "Deny":
            return "Deny"
        decision = "Allow"
    return decision


def concerning(said: Iterable[Mapping[str, Any]], account: str) -> list[Mapping[str, Any]]:
    """Statements of a resource's policy that speak of identities of the account, and not of AWS services."""
    return [s for s in said if _names_account(s.get("Principal"), account)]


def _names_account(principal: Any, account: str) -> bool:
    if principal == "*":
        return True
    named = principal.get("AWS", []) if isinstance(principal, dict) else []
    named = [named] if isinstance(named, str) else named
    return any(name == "*" or name == account or name.endswith(f":iam::{account}:root") for name in named)


def _matches(patterns: str | list[str], value: str) -> bool:
    return any(_like(pattern, value) for pattern in ([patterns] if isinstance(patterns, str) else patterns))


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _like(pattern: str, value: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    return all(
        _holds_one(operator, context.get(key), [wanted] if isinstance(wanted, str | bool) else wanted)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds_one(operator: str, value: str | None, wanted: list[Any]) -> bool:
    texts = [str(want).lower() if isinstance(want, bool) else want for want in wanted]
    if operator == "Null":
        return str(value is None).lower() in texts
    plain = operator.removesuffix("IfExists")
    is_negated = "Not" in plain
    if value is None:
        return is_negated or plain != operator
    if plain in ("StringEquals", "StringNotEquals", "Bool"):
        is_met = value in texts
    elif plain in ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"):
        is_met = any(_like(text, value) for text in texts)
    else:
        raise UnknownConditionError(f"localcloud/policy.py does not evaluate {operator}; add it, with a test")
    return is_met != is_negated
