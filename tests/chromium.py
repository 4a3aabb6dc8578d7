"""Chromium, as the tests of pages run it."""

from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PLAYWRIGHT_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""What Playwright turns off; of two such lists Chromium takes the last alone."""

UNSEEN = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""What every new window makes ready behind its address bar, which no test has: half of what opening a page costs."""


@contextmanager
def running_chromium(*switches: str) -> Generator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell",
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-features=" + ",".join(PLAYWRIGHT_OFF + UNSEEN),
                *switches,
            ],
        )
        yield browser
        browser.close()
