"""Every fault of moto that is patched is still there; a test that fails here means: drop that patch."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import moto
import pytest

from localcloud.patches.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
FAULTS = [
    line.split("def ")[1].split("(")[0]
    for file in sorted((ROOT / "tests/localcloud/stock").glob("*.py"))
    for before, line in pairwise(file.read_text().splitlines())
    if before == "@fault"
]


@pytest.fixture(scope="module")
def stock() -> dict[str, object]:
    probe = [sys.executable, "-m", "tests.localcloud.stock"]
    answer = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.parametrize("fault", FAULTS)
def test_stock_moto_still_has_the_fault(stock, fault):
    assert stock[fault] is True, f"moto {moto.__version__} no longer shows it; drop the patch"


def test_the_patches_are_for_the_moto_that_is_installed():
    assert moto.__version__ == VERSION
