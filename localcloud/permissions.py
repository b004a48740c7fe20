"""Every role may do what its policies say and nothing else; who was let do what is kept.

A process that acts under a role has credentials of that role. A request with any other credentials is the account's
own and may do everything, as a developer on a laptop does; so may a process whose role was never created.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.policy import concerning, decide, statements

ACCOUNT = "123456789012"
REGION = "us-east-1"
ALWAYS = ("sts:GetCallerIdentity",)
NOTHING = '{"Statement": []}'
LOCAL = {"aws:SecureTransport": "true", "aws:SourceAccount": ACCOUNT}  # the loopback stands for TLS


class NotAuthorizedError(Exception):
    """A role's policies do not let it do what it asked for; the message names role, action and resource."""


@dataclass(frozen=True, order=True)
class Use:
    """A role was let do something to a resource (an ARN, or * where the action has none)."""

    role: str
    action: str
    resource: str


class Permissions:
    """Hands out credentials of roles, decides what each may do, and keeps what it was let do."""

    def __init__(self) -> None:
        self._roles: dict[str, str] = {}  # by access key id
        self._credentials: dict[str, dict[str, str]] = {}
        self._uses: set[Use] = set()
        self._lock = threading.Lock()

    def credentials(self, role_arn: str) -> Mapping[str, str]:
        """Environment variables that make a process act under the role; none where the role does not exist."""
        from moto.sts.models import sts_backends

        if not self._policies(role_arn):
            return {}
        with self._lock:
            if role_arn not in self._credentials:
                assumed = sts_backends[ACCOUNT]["aws"].assume_role(REGION, "local", role_arn, "", 43200, "")
                self._roles[assumed.access_key_id] = role_arn
                self._credentials[role_arn] = {
                    "AWS_ACCESS_KEY_ID": assumed.access_key_id,
                    "AWS_SECRET_ACCESS_KEY": assumed.secret_access_key,
                    "AWS_SESSION_TOKEN": assumed.session_token,
                }
            return self._credentials[role_arn]

    def role_of(self, access_key_id: str) -> str:
        """ARN of the role whose credentials these are, "" for the account's own."""
        return self._roles.get(access_key_id, "")

    def check(self, role_arn: str, action: str, resource: str, context: Mapping[str, str] | None = None) -> None:
        """Raises NotAuthorizedError unless the role may do `action` to `resource`.

        `resource` is an ARN, or "" when it is not known, which matches any. `context` are condition keys.
        """
        policies = self._policies(role_arn)
        if not policies or action in ALWAYS:
            return
        context = {**LOCAL, "aws:PrincipalArn": role_arn, **(context or {})}
        decision = decide((s for policy in policies for s in statements(policy)), action, resource, context)
        if decision != "Allow" or not self._key_allows(action, resource, context):
            said = "an explicit deny" if decision == "Deny" else "no policy that allows it"
            name = role_arn.split("/")[-1]
            raise NotAuthorizedError(f"{name} is not authorized to perform: {action} on {resource or '*'}: {said}")
        with self._lock:
            self._uses.add(Use(role_arn.split("/")[-1], action, resource or "*"))

    def uses(self) -> list[Use]:
        """What roles were let do so far, sorted."""
        with self._lock:
            return sorted(self._uses)

    @staticmethod
    def _policies(role_arn: str) -> list[str]:
        from moto.iam.models import iam_backends

        roles: list[Any] = list(iam_backends[ACCOUNT]["aws"].roles.values())
        role = next((role for role in roles if role.arn == role_arn), None)
        if role is None:
            return []
        attached = [version for policy in role.managed_policies.values() for version in policy.versions]
        documents = [version.document for version in attached if version.is_default]
        return [*role.policies.values(), *documents] or [NOTHING]

    @staticmethod
    def _key_allows(action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Whether the key's own policy lets the role use it; without its word no policy of a role does."""
        from moto.kms.models import kms_backends

        if not action.startswith("kms:") or not resource:
            return True
        key = kms_backends[ACCOUNT][REGION].keys.get(resource.split("/")[-1])
        if key is None:
            return False
        return decide(concerning(statements(key.policy), ACCOUNT), action, resource, context) == "Allow"
