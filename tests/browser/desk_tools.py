"""What the browser tests of the desk share: a shop with a bot, and people who write to it."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser_tools import owner, send
from playwright.sync_api import Page, expect

from onevoice.sandbox.telegram import Chat, Telegram
from support import LiveServer, serving

OpenPage = Callable[..., Page]


class Desk:
    """A shop with a bot, and people who write to it."""

    def __init__(self, server: LiveServer, client: Any, telegram: Telegram) -> None:
        self.server, self.client, self.telegram = server, client, telegram
        settings = {"token": telegram.token, "api_url": telegram.url}
        body = {"channel": "telegram", "name": "@n_bot", "site": "pl", "settings": settings}
        answer = client.post("/api/accounts", json=body)
        assert answer.status_code == 201, answer.text
        self.people: dict[str, Chat] = {}

    def person(self, name: str, *says: str, **traits: Any) -> Chat:
        chat = self.telegram.person(name.split(maxsplit=1)[0])
        address = f"{uuid.uuid4().hex[:8]}@n.example"
        known = {"name": name, "email": address, **traits}
        ids = [{"type": "telegram", "id": str(chat.id)}]
        send(self.server, {"type": "identify", "userId": address, "traits": known, "context": {"externalIds": ids}})
        self.telegram.start_bot(chat)
        for text in says:
            self.say(chat, text)
        self.people[name] = chat
        if says:  # heard, and at the desk
            self.until(lambda: self.client.get(f"/api/conversations/telegram:{chat.id}").json().get("current"))
        return chat

    def say(self, chat: Chat, text: str) -> None:
        before = self.count(chat)
        self.telegram.say(chat, text)
        self.until(lambda: self.count(chat) > before)

    def count(self, chat: Chat) -> int:
        answer = self.client.get(f"/api/conversations/telegram:{chat.id}/thread")
        return sum(each["kind"] == "said" for each in answer.json()["data"]) if answer.is_success else 0

    def got(self, chat: Chat) -> list[str]:
        return [str(each.get("text")) for each in chat.messages.values()]

    def number(self, chat: Chat) -> str:
        return self.client.get(f"/api/conversations/telegram:{chat.id}").json()["profile_id"]

    @staticmethod
    def until(came: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not came():
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def shop(folder: Path) -> Iterator[Desk]:
    """Serves for as long as it is open."""
    with ExitStack() as stack:
        telegram = stack.enter_context(Telegram())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{telegram.port}")
        server = stack.enter_context(serving(folder / "home"))
        yield Desk(server, stack.enter_context(owner(server)), telegram)


def chosen(open_page: OpenPage, desk: Desk, chat: Chat, *look: Any, **more: Any) -> Page:
    page = open_page(f"/desk?c={desk.number(chat)}", *look, **more)
    expect(page.locator(".dk-thread .dk-item").first).to_be_visible()
    expect(page.locator(".dk-who .skeleton")).to_have_count(0)  # the keys ask whose conversation it is
    return page


def settled(page: Page) -> None:
    expect(page.locator("main .keybar")).to_be_attached()
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate("document.fonts.ready")
