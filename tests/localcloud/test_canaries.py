"""Every fault of moto that is patched is still there; a test that fails here means: drop that patch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import moto
import pytest

from localcloud.patches.version import VERSION

PROBE = Path(__file__).with_name("stock_moto.py")
FAULTS = [
    line.split("def ")[1].split("(")[0]
    for line, before in zip(PROBE.read_text().splitlines()[1:], PROBE.read_text().splitlines(), strict=False)
    if before == "@fault"
]


@pytest.fixture(scope="module")
def stock() -> dict[str, object]:
    answer = subprocess.run([sys.executable, str(PROBE)], capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.parametrize("fault", FAULTS)
def test_stock_moto_still_has_the_fault(stock, fault):
    assert stock[fault] is True, f"moto {moto.__version__} no longer shows it; drop the patch"


def test_the_patches_are_for_the_moto_that_is_installed():
    assert moto.__version__ == VERSION
