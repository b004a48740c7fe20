"""What moto 5.2.5 gets wrong for this platform, put right; each fault has a test that notices when it is gone."""

from __future__ import annotations

from localcloud.patches import awslambda, events, glue, iam, kinesis, s3, sqs, stepfunctions, werkzeug


def apply_all() -> None:
    """Patch moto in this process; raises MotoVersionError on another release."""
    for module in (awslambda, events, glue, iam, kinesis, s3, sqs, stepfunctions, werkzeug):
        module.apply()
