"""Debian's Chromium without a window, as wide as a desktop or a phone."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage"""
HIGHEST = 6000
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


class Browser:
    """One window; `width` in CSS pixels, below 600 it is a phone's."""

    def __init__(self, driver: webdriver.Chrome, width: int) -> None:
        self.driver, self.width = driver, width

    def open(self, url: str, timeout_s: float = 60) -> float:
        """Open a page of the desk and wait until it has its title and rests; the seconds it took."""
        began = time.perf_counter()
        self.driver.get(url)
        while not (self.find(IDLE) and self.find("h1") and not self.find("[data-testid=stSpinner]")):
            if time.perf_counter() - began > timeout_s:
                raise TimeoutError(f"{url} does not come to rest in {timeout_s} s")
            time.sleep(0.05)
        return time.perf_counter() - began

    def find(self, selector: str) -> list[webdriver.remote.webelement.WebElement]:
        """Elements by CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self) -> str:
        """What a reader sees of the page, without the words inside charts and tables."""
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth"))

    def picture(self, file: Path) -> None:
        """The whole page as PNG."""
        high = self.driver.execute_script("return document.querySelector('[data-testid=stMain]').scrollHeight")
        size = {"width": self.width, "height": min(int(high) + 10, HIGHEST), "deviceScaleFactor": 1}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**size, "mobile": self.width < 600})
        time.sleep(1)  # charts draw themselves again
        self.driver.save_screenshot(str(file))
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@contextmanager
def chromium(width: int) -> Iterator[Browser]:
    """A browser with a profile of its own, gone afterwards."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    if width < 600:
        metrics = {"width": width, "height": 844, "pixelRatio": 2.0, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in [*FLAGS.split(), f"--user-data-dir={profile}", f"--window-size={width},900"]:
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            yield Browser(driver, width)
        finally:
            driver.quit()
