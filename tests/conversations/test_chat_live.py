"""The chat's socket against a real server: who listens is told once, whatever happens to the connection."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from conversations.chatting import ChatShop
from onevoice.domains.conversations.contracts import ChatLine
from onevoice.domains.conversations.http.rooms import Listeners
from onevoice.domains.conversations.store import chats as store
from onevoice.kit.db import Database
from support import LiveServer, console_socket
from waiting import until

SHOP = "https://shop.example"
_numbers = itertools.count()


class Page:
    """A page of the shop with the chat open."""

    def __init__(self, server: LiveServer, device: str) -> None:
        self.server = server
        self.device = device
        self.secret = f"secret-of-{device}".ljust(24, "-")
        self._said = 0

    def post(self, what: str, **body: Any) -> httpx.Response:
        whole = {"key": self.server.write_key, "secret": self.secret, **body}
        headers = {"Content-Type": "text/plain", "Origin": SHOP}
        return httpx.post(f"{self.server.url}/v1/chat/{what}", content=json.dumps(whole), headers=headers, timeout=30)

    def say(self, text: str, key: str | None = None) -> dict[str, Any]:
        self._said += 1
        told = self.post("say", id=key or f"{self.device}-{self._said:05}", text=text, device=self.device)
        assert told.status_code == 200, told.text
        return told.json()["line"]

    @contextmanager
    def listen(self, *, after: int = 0, origin: str = SHOP, **more: Any) -> Iterator[ClientConnection]:
        url = self.server.url.replace("http", "ws", 1) + "/v1/chat/socket"
        with connect(url, origin=origin, open_timeout=10) as socket:
            socket.send(json.dumps({"key": self.server.write_key, "secret": self.secret, "after": after, **more}))
            yield socket


def lines(socket: ClientConnection, count: int, seconds: float = 20) -> list[str]:
    """The texts that come; no more than were waited for."""
    found: list[str] = []
    ends = time.monotonic() + seconds
    while len(found) < count:
        said = json.loads(socket.recv(timeout=max(0.1, ends - time.monotonic())))
        if "line" in said:
            found.append(said["line"]["text"])
    return found


class Olga:
    """Somebody at work in the console."""

    def __init__(self, server: LiveServer) -> None:
        login, password = server.owner
        self.client = httpx.Client(base_url=server.url, timeout=30, headers={"Origin": server.url})
        assert self.client.post("/login", data={"login": login, "password": password}).status_code == 303
        self.client.headers["X-Onevoice-Csrf"] = self.client.cookies["onevoice_csrf"]

    @contextmanager
    def looks(self, device: str) -> Iterator[tuple[ClientConnection, str]]:
        """At somebody's conversation, in the console; with the topic of who is at it."""
        number = self.client.get(f"/api/conversations/anonymous_id:{device}").json()["profile_id"]
        with console_socket(self.client, f"present:{number}") as socket:
            yield socket, f"present:{number}"

    def answers(self, device: str, text: str, key: str) -> None:
        """Once it is known that they can be reached there; it goes when there is no taking it back any more."""

        def taken() -> bool:
            body = {"key": f"{key}-{next(_numbers)}", "text": text, "knows": 0, "channel": "chat", "anyway": True}
            told = self.client.post(f"/api/conversations/anonymous_id:{device}/replies", json=body)
            return told.status_code == 200 and told.json()["state"] == "queued"

        until(taken, what="the answer is on its way")


@pytest.fixture(scope="module")
def olga(live_server: LiveServer) -> Iterator[Olga]:
    found = Olga(live_server)
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def chat(live_server: LiveServer, olga: Olga) -> LiveServer:
    settings = {"brand": "Northfold", "origins": SHOP}
    body = {"channel": "chat", "name": "chat", "site": "pl", "settings": settings}
    told = olga.client.post("/api/accounts", json=body)
    assert told.status_code == 201, told.text
    return live_server


def test_every_line_is_told_once_to_every_tab(chat: LiveServer) -> None:
    page = Page(chat, "live-1")
    page.say("One")
    with page.listen() as first, page.listen(after=1) as second:
        assert lines(first, 1) == ["One"]
        page.say("Two")
        page.say("Three")
        assert lines(first, 2) == lines(second, 2) == ["Two", "Three"]
        with pytest.raises(TimeoutError):
            first.recv(timeout=1.5)


def test_an_answer_comes_by_the_socket_and_its_receipts_go_back(chat: LiveServer, olga: Olga) -> None:
    page = Page(chat, "live-2")
    page.say("Do these run small?")
    chat.settle()
    with page.listen(after=1) as socket:
        olga.answers("live-2", "Half a size", "a1")
        assert lines(socket, 1, 30) == ["Half a size"]
        socket.send(json.dumps({"got": 2, "shown": 2}))

        def state() -> str | None:
            thread = olga.client.get("/api/conversations/anonymous_id:live-2/thread").json()["data"]
            return next((each["state"] for each in thread if each.get("author") in {"program", "colleague"}), None)

        until(lambda: state() == "read", what="the desk sees that it was read")


def frame(socket: ClientConnection, name: str, seconds: float = 20) -> Any:
    """The next that says something of this."""
    ends = time.monotonic() + seconds
    while True:
        said = json.loads(socket.recv(timeout=max(0.1, ends - time.monotonic())))
        if name in said:
            return said[name]


def test_who_writes_and_what_was_read_is_told_both_ways(chat: LiveServer, olga: Olga) -> None:
    page = Page(chat, "live-7")
    page.say("Do these run small?")
    chat.settle()
    with page.listen(after=1) as visitor, olga.looks("live-7") as (desk, topic):
        assert frame(desk, "customer_writes") is False
        visitor.send(json.dumps({"typing": True}))
        assert frame(desk, "customer_writes") is True
        visitor.send(json.dumps({"typing": False}))
        assert frame(desk, "customer_writes") is False
        desk.send(json.dumps({"presence": {"topic": topic, "typing": True, "channel": "chat"}}))
        assert frame(visitor, "typing")
        with page.listen(after=1) as again:
            assert frame(again, "typing")
        desk.send(json.dumps({"presence": None}))
        assert frame(visitor, "typing") is False
        seen = olga.client.put("/api/conversations/anonymous_id:live-7/seen", json={"upto": 2**53})
        assert seen.status_code == 204, seen.text
        assert frame(visitor, "read") == 1


def test_another_chat_hears_nothing(chat: LiveServer) -> None:
    anna, other = Page(chat, "live-3"), Page(chat, "live-4")
    anna.say("Mine")
    other.say("Theirs")
    with other.listen(after=1) as socket:
        anna.say("Mine too")
        with pytest.raises(TimeoutError):
            socket.recv(timeout=1.5)


@pytest.mark.parametrize(
    ("said", "origin"),
    [
        ({"secret": "another-secret-of-this-length"}, SHOP),
        ({"key": "ov_write_nonsense"}, SHOP),
        ({}, "https://evil.example"),
        ({"secret": 7}, SHOP),
        ({"secret": None}, SHOP),
    ],
)
def test_whoever_may_not_is_closed_out(chat: LiveServer, said: dict[str, Any], origin: str) -> None:
    page = Page(chat, "live-5")
    page.say("Mine")
    with page.listen(origin=origin, **said) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize(
    "frame", ["", "[]", "nonsense", "[" * 5_000, "x" * 100_000, '{"got": "many"}', '{"got": -1}', '{"typing": "Anna"}']
)
def test_nonsense_changes_nothing(chat: LiveServer, frame: str) -> None:
    page = Page(chat, "live-6")
    page.say("Mine", key="live-6-first")
    with page.listen(after=1) as socket:
        socket.send(frame)
        number = page.say(f"After {len(frame)} {frame[:9]}")["n"]
        assert lines(socket, number - 1)[-1].startswith("After")


def test_a_line_that_was_committed_late_is_told_all_the_same(database: Database) -> None:
    """Numbers are given out before their transactions end: whoever looks meanwhile must not pass one by."""
    shop = ChatShop(database)
    slow, quick = shop.browser(device="slow"), shop.browser(device="quick")
    slow.says("first")
    quick.says("first too")
    listeners = Listeners(database, shop.home.clock)
    listeners._look()
    opened, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with database.transaction() as conn:
            chat = store.find(conn, shop.rows("select address from conversations.chat order by id")[0][0], lock=True)
            assert chat is not None
            store.add(conn, chat.id, ChatLine(2, shop.home.clock.now(), True, "late-key", None, None, "late"))
            opened.set()
            go_on.wait(20)

    thread = threading.Thread(target=late)
    thread.start()
    assert opened.wait(20)
    quick.says("second")
    told, _ = listeners._look()
    assert [each.line.text for each in told] == ["second"]
    go_on.set()
    thread.join()
    told, _ = listeners._look()
    assert [each.line.text for each in told] == ["late"]
    assert listeners._look() == ([], False)


def test_numbers_that_were_given_up_are_not_looked_for_for_ever(database: Database) -> None:
    shop = ChatShop(database)
    anna = shop.browser()
    anna.says("first")
    listeners = Listeners(database, shop.home.clock)
    listeners._look()
    with database.transaction() as conn:
        conn.execute(
            "select nextval(pg_get_serial_sequence('conversations.chat_line', 'seq')) from generate_series(1, 5)"
        )
    anna.says("second")
    assert [each.line.text for each in listeners._look()[0]] == ["second"]
    assert len(listeners._gaps) == 5
    shop.home.clock.advance(timedelta(minutes=2))
    listeners._look()
    assert listeners._gaps == {}
