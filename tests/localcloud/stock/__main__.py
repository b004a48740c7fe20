"""Tries moto as it is, without a patch, for every fault that is patched; prints {fault: is it still there} as JSON.

Run in a process of its own, since patches are global.
"""

from __future__ import annotations

import json

from moto import mock_aws

from tests.localcloud.stock import states, stores, streams
from tests.localcloud.stock.probe import FAULTS

if __name__ == "__main__":
    found: dict[str, object] = {}
    for module in (streams, stores, states):
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):  # type: ignore[arg-type]
            for name, check in FAULTS.items():
                if check.__module__ != module.__name__:
                    continue
                try:
                    found[name] = check()
                except Exception as error:
                    found[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(found))
