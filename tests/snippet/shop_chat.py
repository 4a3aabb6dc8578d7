"""A shop whose pages show the chat, and the desk that answers it."""

import base64
import hmac
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from browsers import Tab
from shop import Shop
from websockets.sync.client import ClientConnection

from onevoice.sandbox.mail import Mail
from onevoice.sandbox.telegram import Telegram
from support import LiveServer, console_socket, free_port, serving
from waiting import until

BRAND = "Northfold"
SECRET = "the-shop-s-secret-of-32-characters-or-more"
PRODUCT = (Path(__file__).parent / "product.html").read_text("utf-8")
FONTS = Path(__file__).parents[2] / "console" / "node_modules" / "@fontsource-variable" / "golos-text" / "files"
CHAT = "data-chat data-page='off'"
IN = "document.querySelector('onevoice-chat').shadowRoot"


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Desk:
    """port: of the shop, which the chat is shown by."""

    server: LiveServer
    client: httpx.Client
    port: int
    telegram: Telegram | None = None
    _keys: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    @classmethod
    @contextmanager
    def open(cls, home: Path, *, doors: bool = False) -> Iterator[Self]:
        """A server of its own with the chat; doors: also a bot and a mailbox to go on by."""
        with ExitStack() as stack:
            telegram = mail = None
            if doors:
                import pytest

                telegram, mail = stack.enter_context(Telegram()), stack.enter_context(Mail(password="pocket"))
                mail.brand("n.example")
                places = f"127.0.0.1:{mail.smtp_port},127.0.0.1:{mail.imap_port},127.0.0.1:{telegram.port}"
                stack.enter_context(pytest.MonkeyPatch.context()).setenv("ONEVOICE_ALLOWED_PLACES", places)
            server = stack.enter_context(serving(home))
            client = stack.enter_context(httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30))
            login, password = server.owner
            client.post("/login", data={"login": login, "password": password})
            client.headers["X-Onevoice-Csrf"] = client.cookies["onevoice_csrf"]
            desk = cls(server, client, free_port(), telegram)
            desk.connect(
                "chat",
                {"brand": BRAND, "origins": f"http://127.0.0.1:{desk.port}", "names": True, "identity_secret": SECRET},
            )
            if telegram and mail:
                desk.connect("telegram", {"token": telegram.token, "api_url": telegram.url})
                desk.connect("email", letters(mail))
            desk.available(True)
            yield desk

    def proof(self, user: str, secret: str = SECRET) -> str:
        """What the shop's server signs of who is logged in: another with each page."""
        said = {"sub": user, "exp": int(time.time()) + 600, "jti": next(self._keys)}
        parts = ".".join(packed(json.dumps(each).encode()) for each in ({"alg": "HS256"}, said))
        return f"{parts}.{packed(hmac.digest(secret.encode(), parts.encode(), 'sha256'))}"

    def connect(self, channel: str, settings: dict[str, Any]) -> None:
        made = {"channel": channel, "name": channel, "site": "pl", "settings": settings}
        answer = self.client.post("/api/accounts", json=made)
        assert answer.status_code == 201, answer.text

    def available(self, yes: bool) -> None:
        assert self.client.put("/api/desk/me", json={"available": yes, "most": 99}).is_success

    @contextmanager
    def shop(self, server: str | None = None, more: str = CHAT, **other: Any) -> Iterator[Shop]:
        url = server or self.server.url
        with Shop(self.server.url, url, self.server.write_key, more, port=self.port, **other).open() as shop:
            yield shop

    def thread(self, who: str) -> list[dict[str, Any]]:
        with suppress(httpx.TransportError):
            answer = self.client.get(f"/api/conversations/anonymous_id:{who}/thread", params={"limit": 100})
            if answer.status_code == 200:
                return list(answer.json()["data"])
        return []

    def heard(self, who: str) -> list[str]:
        """What they said in the chat, oldest first, as the desk shows it."""
        said = [each for each in self.thread(who) if each["kind"] == "said" and each["author"] == "customer"]
        return [each["text"] for each in sorted(said, key=lambda each: int(each["id"]))]

    def hears(self, who: str, *texts: str, seconds: float = 30) -> None:
        until(lambda: len(self.heard(who)) >= len(texts), seconds=seconds, what="the desk has not heard it")
        assert self.heard(who) == list(texts)

    @contextmanager
    def looks(self, who: str) -> Iterator[tuple[ClientConnection, str]]:
        """A colleague at their conversation; with the topic of who is at it."""
        until(lambda: self.heard(who), seconds=30, what="the desk has not heard of them")
        number = self.client.get(f"/api/conversations/anonymous_id:{who}").json()["profile_id"]
        with console_socket(self.client, f"present:{number}") as socket:
            yield socket, f"present:{number}"

    def answers(self, who: str, *texts: str, files: Sequence[int] = ()) -> None:
        """They go after the moment in which each can be taken back."""
        until(lambda: self.heard(who), seconds=30, what="the desk has not heard of them")
        for text in texts:
            knows = max((int(each["message_id"]) for each in self.thread(who) if each.get("message_id")), default=0)
            key = f"{who}-{next(self._keys)}"
            body = {"key": key, "text": text, "knows": knows, "channel": "chat", "files": files}
            answer = self.client.post(f"/api/conversations/anonymous_id:{who}/replies", json=body)
            assert answer.status_code == 200, answer.text

    def answers_with(self, who: str, text: str, *files: tuple[str, bytes]) -> None:
        numbers: list[int] = []
        for name, data in files:
            begun = self.client.post("/api/desk/files", json={"name": name, "size_bytes": len(data)}).json()
            numbers.append(int(begun["id"]))
            assert self.client.put(f"/api/desk/files/{begun['id']}/pieces?offset=0", content=data).is_success
        self.answers(who, text, files=numbers)


def letters(mail: Mail) -> dict[str, Any]:
    return {
        "from_address": "hello@n.example", "from_name": BRAND, "smtp_host": "127.0.0.1", "smtp_port": mail.smtp_port,
        "smtp_security": "none", "smtp_username": "hello@n.example", "smtp_password": "pocket",
        "imap_host": "127.0.0.1", "imap_port": mail.imap_port, "imap_security": "none", "imap_username": "n.example",
        "imap_password": "pocket",
    }  # fmt: skip


class Panel:
    """The chat as it stands in a tab, seen through its shadow root."""

    def __init__(self, tab: Tab, url: str) -> None:
        self.tab = tab
        tab.open(url)
        until(lambda: tab.run("!!document.querySelector('onevoice-chat')"), what="the chat did not come", seconds=20)

    def has(self, what: str) -> bool:
        return bool(self.tab.run(f"!!{IN}.querySelector({what!r})?.checkVisibility()"))

    def text(self, what: str) -> str:
        return str(self.tab.run(f"{IN}.querySelector({what!r})?.textContent ?? ''"))

    def click(self, what: str) -> None:
        self.tab.run(f"{IN}.querySelector({what!r}).click() ?? 0")

    def open(self) -> Self:
        self.click(".launch")
        until(lambda: self.text("h2"))
        return self

    def type(self, text: str) -> None:
        """As a keyboard does, without sending it."""
        self.tab.run(
            f"(() => {{ const box = {IN}.querySelector('textarea'); box.value = {text!r};"
            " box.dispatchEvent(new Event('input')) })()"
        )

    def drops(self, *files: tuple[str, bytes]) -> None:
        """As from another window onto the panel."""
        held = [[name, base64.b64encode(data).decode()] for name, data in files]
        self.tab.run(
            f"(() => {{ const box = {IN}.querySelector('.panel'); const dataTransfer = new DataTransfer();"
            f" for (const [name, data] of {json.dumps(held)}) dataTransfer.items.add("
            "new File([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], name));"
            " box.dispatchEvent(new DragEvent('dragenter', { dataTransfer })); const drop = () => box.ondrop"
            " ? box.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true })) : setTimeout(drop, 20);"
            " drop() })() ?? 0"
        )

    def attached(self) -> list[str]:
        """What is to be sent, each with how far it is."""
        parts = "[...one.querySelectorAll('span, em')].map((part) => part.textContent).join(' ')"
        return list(self.tab.run(f"[...{IN}.querySelectorAll('.clips > div')].map((one) => {parts})"))

    def say(self, *texts: str) -> None:
        for text in texts:
            self.type(text)
            self.click(".say > button:not([type])")

    def lines(self) -> list[str]:
        return list(
            self.tab.run(f"[...{IN}.querySelectorAll('.log > .l:not(.day, .typing) > p')].map((p) => p.textContent)")
        )

    def states(self) -> list[str]:
        """Of the visitor's own lines."""
        return list(self.tab.run(f"[...{IN}.querySelectorAll('.log > .me > small')].map((one) => one.textContent)"))

    def shows(self, *texts: str, seconds: float = 20) -> None:
        """Each once, in this order; and it stays so."""
        with suppress(AssertionError):
            until(lambda: self.lines() == list(texts), seconds=seconds)
        time.sleep(0.3)
        assert self.lines() == list(texts)

    def visitor(self) -> str:
        return str(self.tab.run("onevoice.ids().anonymousId"))

    def kept(self) -> list[str]:
        return sorted(self.tab.run("Object.keys(localStorage).filter((name) => name.startsWith('onevoice.chat'))"))

    def secret(self) -> str | None:
        found = self.tab.run(
            "Object.entries(localStorage).filter(([name]) => /^onevoice\\.chat\\.[^:]*$/.test(name))"
            ".map(([, value]) => JSON.parse(value).secret)"
        )
        return found[0] if found else None
