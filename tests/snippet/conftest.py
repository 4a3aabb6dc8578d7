"""Browsers, visitors and a shop for every test of the snippet."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest
from browsers import Browser, Visitor, chromium, firefox
from playwright.sync_api import expect
from shop import Gate, Shop

from support import LiveServer

# As for the console: what must be quick is measured by itself.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session", params=[chromium, firefox], ids=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with request.param() as found:
        yield found


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    visitor = browser.visitor()
    yield visitor
    visitor.leave()


@pytest.fixture
def open_shop(live_server: LiveServer) -> Iterator[Callable[..., Shop]]:
    with ExitStack() as stack:
        yield lambda server=None, **more: stack.enter_context(
            Shop(live_server.url, server or live_server.url, live_server.write_key, **more).open()
        )


@pytest.fixture
def gate(live_server: LiveServer) -> Iterator[Gate]:
    port = urlsplit(live_server.url).port
    assert port
    with closing(Gate(port)) as found:
        yield found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the chat Firefox tries by the way what its network and its tabs do otherwise, and two looks are looked
    at; the rest with the long ones.
    """
    for item in items:
        group = item.parent.name if item.parent is not None else ""
        if (
            item.path.name == "test_chat.py"
            and "firefox" in item.name
            and group in {"TestSaying", "TestWho", "TestFiles", "TestProof", "TestHostile"}
        ):
            item.add_marker(pytest.mark.long)
        if item.name.startswith("test_it_breaks_no_rule") and not item.name.endswith(
            ("size0-chromium]", "size3-chromium]")
        ):
            item.add_marker(pytest.mark.long)
