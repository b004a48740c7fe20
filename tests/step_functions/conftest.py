"""The pipeline's definition, rendered with the platform's names as Terraform renders it."""

import json
import re

import pytest

from tests.conftest import PLATFORM, ROOT

TEMPLATE = (ROOT / "step_functions/daily_pipeline.asl.json.tftpl").read_text()


def names():
    """Placeholder → name, for every function, job, table and topic of the platform."""
    arn = "arn:aws:{}:us-east-1:123456789012:{}cdp-test-{}"
    found = {key: arn.format("lambda", "function:", key) for key in PLATFORM["function"]}
    found |= {key: f"cdp-test-{key}" for key in PLATFORM["job"]}
    found |= {f"table_{key}": f"cdp-test-{key}" for key in PLATFORM["table"]}
    return found | {f"topic_{key}": arn.format("sns", "", key) for key in PLATFORM["topic"]}


@pytest.fixture
def definition():
    """The state machine's definition as an object."""
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda match: names()[match[1]], TEMPLATE))
