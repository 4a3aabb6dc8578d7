"""What the browser tests share besides fixtures."""

import contextlib
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
ARTEFACTS = Path(__file__).parent / "artefacts"
DESK = (1440, 900)
PHONE = (390, 844)
LANGUAGES = ("en", "ru", "pl")
SCHEMES = ("light", "dark")
# Each scheme and size, and the languages that the other tests do not open; of these two each test takes the one that
# `conftest` deals it, the rest is for `make full`.
LOOKS = (
    ("ru", "light", PHONE),
    ("pl", "dark", DESK),
    *(
        pytest.param(*look, marks=pytest.mark.long)
        for look in (("en", "light", DESK), ("en", "dark", PHONE), ("ru", "dark", DESK), ("pl", "light", PHONE))
    ),
)

# The same where a test has a size of its own.
TONES = (
    ("ru", "light"),
    ("pl", "dark"),
    *(
        pytest.param(*tone, marks=pytest.mark.long)
        for tone in (("en", "light"), ("en", "dark"), ("ru", "dark"), ("pl", "light"))
    ),
)


def send(server: Any, *events: dict[str, Any]) -> None:
    """Through the door that every client uses; comes back when they are linked."""
    server.send(*({"messageId": str(uuid.uuid4()), **event} for event in events))


@contextlib.contextmanager
def owner(server: Any) -> Generator[httpx.Client]:
    """The API, as the owner's console asks it."""
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30) as client:
        login, password = server.owner
        client.post("/login", data={"login": login, "password": password})
        client.headers["X-Onevoice-Csrf"] = client.cookies["onevoice_csrf"]
        yield client


def settle_account(page: Page, language: str, *, single_keys: bool = True) -> None:
    """The person's own settings, so that a test does not inherit them from the test before."""
    csrf = next((c["value"] for c in page.context.cookies() if c["name"] == "onevoice_csrf"), "")
    answer = page.request.patch(
        "/api/me",
        data={"language": language, "theme": "system", "single_keys": single_keys},
        headers={"X-Onevoice-Csrf": csrf},
    )
    assert answer.ok, answer.text()


def axe_violations(page: Page) -> list[str]:
    """Rules broken on the page as it stands, each with the first elements that break it."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found["violations"]]


def press_cyrillic(page: Page, letter: str, code: str) -> None:
    """A key as a Russian layout sends it: the letter is Cyrillic, the place is that of the Latin one."""
    session = page.context.new_cdp_session(page)
    for kind in ("keyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, "key": letter, "code": code, "text": letter})
    session.detach()


def keep(page: Page, name: str) -> None:
    """Leave a picture for people to look at, named as its drawing."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png")
