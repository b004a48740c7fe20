"""`make dashboard` in Chromium: every page at a desktop's and a phone's width. Pictures are in build/screenshots."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.dashboard.browser import CHROMIUM, DRIVER, chromium

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build/screenshots"
PAGES = {"": "Business", "customer_360": "Customer 360", "data_quality": "Data quality", "operations": "Operations"}
WIDTHS = {"desktop": 1280, "phone": 390}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER) and not os.environ.get("CI"),
        reason="there is no Chromium: apt-get install chromium chromium-driver",
    ),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(work_dir: Path, port: int, role: str = "data_steward") -> subprocess.Popen:
    command = [sys.executable, "-m", "localcloud", "dashboard", "--work-dir", str(work_dir), "--role", role]
    command += ["--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def desk(demo_of_its_own):
    """The address of a desk that was started by its command."""
    port = free_port()
    process = start(demo_of_its_own, port)
    for _ in range(600):
        if listens(port):
            break
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not listens(port)


@pytest.fixture(scope="module", params=WIDTHS)
def browser(request):
    with chromium(WIDTHS[request.param]) as browser:
        browser.name = request.param
        yield browser


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_the_screen_and_shows_no_error(desk, browser, path):
    browser.open(f"{desk}/{path}")
    time.sleep(1)
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser.picture(PICTURES / f"{browser.name}-{path or 'business'}.png")
    assert browser.find("h1")[0].text == PAGES[path]
    assert browser.overflow() <= 0
    assert browser.find("[data-testid=stException]") == []
    assert "seen as data steward" in browser.text()


def test_every_chart_of_business_is_drawn(desk, browser):
    browser.open(desk)
    for _ in range(100):
        if len(drawn := browser.find("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")) == 5:
            break
        time.sleep(0.1)
    assert len(drawn) == 5
    assert all(chart.size["width"] > 150 for chart in drawn)


def test_a_desk_without_a_demo_says_how_to_get_one(tmp_path):
    process = start(tmp_path, free_port())
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "`make demo` makes one" in " ".join(output.split())
