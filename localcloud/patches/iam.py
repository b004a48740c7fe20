"""Requests with a role's credentials are checked against the role's policies, the bucket's and the key's.

Written for moto 5.2.5, whose enforcement is all or nothing for a process, takes every resource but S3's for `*`,
knows no conditions but those of trust policies (a Deny whose condition does not hold denies all the same, so that
a bucket that demands TLS refuses everything), and does not look at keys.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import JsonRESTError
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, s3_backends
from moto.stepfunctions.parser.asl.utils import boto_client

from localcloud.api_calls import needs
from localcloud.on_behalf import authorise_key, authorise_use
from localcloud.patches.version import moto_patch
from localcloud.permissions import LOCAL, NotAuthorizedError
from localcloud.policy import concerning, decide, statements
from localcloud.running import running

CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/")
ENCRYPTION = ("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id")


class _RefusedError(JsonRESTError):  # type: ignore[misc]
    code = 403


class _S3RefusedError(S3ClientError):  # type: ignore[misc]
    code = "AccessDenied"


@moto_patch
def apply() -> None:
    """Replace the two hooks in which moto authorises, and what a bucket's policy is asked."""
    ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = _authorise
    ActionAuthenticatorMixin._authenticate_and_authorize_s3_action = _authorise_s3
    FakeBucket.get_permission = _nothing_more
    _act_under_the_state_machines_role()


def _authorise(self: Any, resource: str = "*") -> None:
    credential = CREDENTIAL.search(self.headers.get("Authorization", ""))
    role = running().permissions.role_of(credential[1]) if credential else ""
    if not role or not credential:
        return
    operation = self._get_action()
    try:
        for need in needs(credential[3], operation, _parameters(self), credential[2], self.current_account):
            running().permissions.check(role, *need)
            authorise_use(role, *need)
    except NotAuthorizedError as error:
        raise _RefusedError("AccessDeniedException", str(error)) from error


def _parameters(self: Any) -> dict[str, Any]:
    """The request's parameters, as far as permissions depend on them."""
    if (match := re.search(r"/functions/([^/]+)/invocations", self.path)) is not None:
        return {"FunctionName": match[1].replace("%3A", ":")}
    try:
        body = json.loads(self.raw_body or self.body or "{}")
    except ValueError:
        body = {}
    return body or {name: values[0] for name, values in self.querystring.items()}


def _authorise_s3(self: Any, bucket_name: str | None = None, key_name: str | None = None) -> None:
    action = f"s3:{self.data.get('Action', '*')}"
    resource = f"arn:aws:s3:::{bucket_name or '*'}" + (f"/{key_name}" if key_name else "")
    if action == "s3:DeleteObject" and not key_name:
        resource += "/*"  # several objects at once
    bucket = s3_backends[self.current_account]["aws"].buckets.get(bucket_name)
    credential = CREDENTIAL.search(self.headers.get("Authorization", ""))
    role = running().permissions.role_of(credential[1]) if credential else ""
    context = {name: self.headers[name[3:]] for name in ENCRYPTION if name[3:] in self.headers}
    try:
        _ask_bucket(bucket, action, resource, LOCAL | context, self.current_account)
        if role:
            running().permissions.check(role, action, resource, context)
            authorise_key(role, bucket, action)
    except NotAuthorizedError as error:
        raise _S3RefusedError("AccessDenied", str(error)) from error


def _ask_bucket(bucket: Any, action: str, resource: str, context: dict[str, str], account: str) -> None:
    if bucket is None or not bucket.policy or action.endswith("BucketPolicy"):
        return
    if decide(concerning(statements(bucket.policy.decode()), account), action, resource, context) == "Deny":
        raise NotAuthorizedError(f"the policy of bucket {bucket.name} denies {action} on {resource}")


def _nothing_more(self: Any, action: str, resource: str) -> Any:
    """A bucket's policy has been asked already, with the request's conditions."""
    from moto.iam.access_control import PermissionResult

    return PermissionResult.NEUTRAL


def _act_under_the_state_machines_role() -> None:
    upstream = boto_client.boto_client_for

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        client = upstream(region, service, state_credentials)
        role = running().permissions.credentials(state_credentials.role_arn) if state_credentials else {}
        if role:
            held = client._request_signer._credentials
            held.access_key, held.secret_key, held.token = role.values()
        return client

    for module in [m for name, m in sys.modules.items() if name.startswith("moto.stepfunctions.parser")]:
        if getattr(module, "boto_client_for", None) is upstream:
            module.boto_client_for = boto_client_for  # type: ignore[attr-defined]
