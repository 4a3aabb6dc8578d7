"""One Chromium for all browser tests; pages in any size, language and scheme that fail on what the console logs."""

import contextlib
import re
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser_tools import DESK, settle_account
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from xdist.scheduler import LoadFileScheduling

from chromium import running_chromium
from onevoice.kit.home import Home
from support import forget_cluster, free_port

# How soon something comes says more of the machine than of the page; what must be quick is measured by itself.
expect.set_options(timeout=15_000)

#: What Chromium itself logs when a test makes a request fail on purpose.
ON_PURPOSE = re.compile(r"Failed to load resource|WebSocket connection to|ERR_FAILED")


WITH_DEMO = ("test_console_tour.py", "test_pocket.py", "test_pocket_shop.py")
"""All go to the same worker: a demo takes half a minute to begin."""


TURNS = {"light": 0, "dark": 1}


class ByServer(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "demo" if file.endswith(WITH_DEMO) else file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A page is looked at in one of two looks, by its test's name: the other one is for `make full`."""
    for item in items:
        look = getattr(getattr(item, "callspec", None), "params", {})
        if "language" in look and look.get("scheme") in TURNS:
            name = item.nodeid.partition("[")[0]
            if TURNS[look["scheme"]] != zlib.crc32(name.encode()) % 2:
                item.add_marker(pytest.mark.long)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return ByServer(config, log)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


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
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # what is still being answered is nobody's any more
        with contextlib.suppress(Exception):
            context.close()
    assert not faults, faults


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real demo, once its Data pages are filled: its addresses, the owner's login, its folder."""
    home, port = tmp_path_factory.mktemp("demo") / "home", free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "onevoice", "demo", "--small", "--home", str(home), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said: dict[str, str] = {}
    try:
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            said[word] = rest.strip()
            if line.startswith("Data and Settings"):
                break
        assert "have something to show" in said["Data"], said
        yield SimpleNamespace(
            url=f"http://127.0.0.1:{port}",
            login=said["login"],
            password=said["password"],
            pocket=said["pocket"].split()[0],
            home=home,
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        process.stdout.close()
        forget_cluster(Home(Path(home)))
