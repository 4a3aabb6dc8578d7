"""One Chromium for all browser tests; pages in any size, language and scheme that fail on what the console logs."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser_tools import DESK, settle_account
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

#: What Chromium itself logs when a test makes a request fail on purpose.
ON_PURPOSE = re.compile(r"Failed to load resource|WebSocket connection to|ERR_FAILED")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Signed in, at a size, in a language and a scheme. An error in the console, the policy's too, fails the test."""
    contexts = []
    faults: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not ON_PURPOSE.search(message.text):
            faults.append(message.text)

    def make(path: str = "/live", size: tuple[int, int] = DESK, language: str = "en", scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            timezone_id="Europe/Warsaw",
            base_url=live_server.url,
            reduced_motion="reduce",
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: faults.append(str(error)))
        live_server.login(page)
        settle_account(page, language)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        with contextlib.suppress(Exception):
            context.close()
    assert not faults, faults
