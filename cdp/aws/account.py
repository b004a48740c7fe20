"""Whose account it is that the credentials in use belong to; a person who has none is told what to set."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError


class NoAccountError(Exception):
    """AWS takes no credentials of this environment; the message says why and what to set."""


def account_id() -> str:
    """The account's number. Raises NoAccountError."""
    try:
        return str(boto3.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise NoAccountError(
            f"{error}. Set AWS_PROFILE; for a demo that is kept running use ENV=local and the exports it printed"
        ) from error
