"""The follower's thread against what can go wrong, and a past that was told."""

import itertools
import threading
from datetime import timedelta

import psycopg
import pytest

from onevoice import bootstrap
from onevoice.bootstrap.sending import SendingSettings
from onevoice.domains.conversations.jobs import follow
from onevoice.domains.conversations.service import following, reading
from onevoice.domains.delivery.contracts.channels import Reach, Said
from onevoice.domains.delivery.contracts.messages import Content
from onevoice.domains.delivery.service import hearing
from onevoice.kit import following as keeping
from onevoice.kit.clock import SystemClock
from onevoice.sandbox.telegram import Telegram
from profiles.linked_shop import NOON, Shop


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(keeping, "FIRST_WAIT_SECONDS", 0.0001)


def runs(desk, until, turns=200):
    """As the worker runs it, until something is so."""
    stop, count = threading.Event(), itertools.count()

    def wait(_: float) -> None:
        if until() or next(count) >= turns:
            stop.set()

    follow.run(desk.post.database, SystemClock(), stop, wait, follow.Speech(desk.post.channels, (), b"v" * 32))
    assert until()


def aside(desk):
    with desk.post.database.transaction() as conn:
        return conn.execute("select error from conversations.aside order by seq").fetchall()


class TestPoison:
    @pytest.fixture
    def poison(self, monkeypatch):
        """Of a word that holds "bad" nothing can be made."""
        real = following.hearing.searched

        def searched(properties):
            if "bad" in str(properties.get("text")):
                raise ValueError("bad")
            return real(properties)

        monkeypatch.setattr(following.hearing, "searched", searched)

    def test_it_is_set_aside_and_the_others_go_on(self, desk, poison):
        for text in ("One", "a bad one", "Two", "another bad one", "Three"):
            desk.hears(text, follow=False)
        desk.link_only()
        runs(desk, lambda: desk.texts() == ["One", "Two", "Three"])
        assert aside(desk) == [("ValueError",), ("ValueError",)]
        desk.hears("Four", follow=False)
        desk.link_only()
        runs(desk, lambda: desk.texts()[-1] == "Four")
        assert len(aside(desk)) == 2

    def test_what_fails_only_twice_is_not(self, desk, monkeypatch):
        failing = iter(range(keeping.ATTEMPTS - 1))
        real = following.follow

        def fails(*args, **more):
            if next(failing, None) is not None:
                raise ValueError("now and then")
            return real(*args, **more)

        monkeypatch.setattr(following, "follow", fails)
        desk.hears("One", follow=False)
        desk.link_only()
        runs(desk, lambda: desk.texts() == ["One"])
        assert aside(desk) == []

    def test_a_database_in_trouble_condemns_nobody(self, desk, monkeypatch):
        failing = iter(range(keeping.ATTEMPTS + 3))
        real = following.thread_store.keep

        def trouble(*args):
            if next(failing, None) is not None:
                raise psycopg.errors.DiskFull
            return real(*args)

        monkeypatch.setattr(following.thread_store, "keep", trouble)
        desk.hears("One", follow=False)
        desk.link_only()
        runs(desk, lambda: desk.texts() == ["One"])
        assert aside(desk) == []

    def test_what_cannot_be_ended_by_the_clock_stops_nobody(self, desk, monkeypatch):
        def fails(*_, **__):
            raise ValueError("no")

        monkeypatch.setattr(following, "tick", fails)
        desk.hears("One", follow=False)
        desk.link_only()
        runs(desk, lambda: desk.texts() == ["One"])
        assert aside(desk) == []


def test_a_past_holds_what_we_said_too(database):
    """The demo's: what was sent before it began stands in the thread, as of its own time."""
    shop = Shop(database, "main")
    with Telegram() as telegram:
        settings = SendingSettings("http://127.0.0.1", frozenset({f"127.0.0.1:{telegram.port}"}))
        past = bootstrap.Past(shop.home, settings, "owner@shop.example")
        account = past.connect("telegram", "@bot", "main", {"token": telegram.token, "api_url": telegram.url})
        chat = telegram.person("Anna")
        telegram.start_bot(chat)
        asked = NOON - timedelta(days=3)
        who = str(chat.id)
        past.hear(account, [Reach("start", who, True, asked), Said("u1", who, "Do they run small?", asked, "1")], asked)
        shop.send({"event": "Tick", "anonymousId": "a"})
        with database.transaction() as conn:
            hearing.follow(conn)
        said = past.say(
            f"telegram:{who}", "k1", "main", ("conversational", "orders"), Content("Half a size."),
            asked + timedelta(minutes=5),
        )  # fmt: skip
        assert said.state == "queued"
    shop.send({"event": "Tock", "anonymousId": "a"})
    with database.transaction() as conn:
        following.follow(conn, clock=shop.home.clock)
        thread = reading.thread(conn, reading.person(conn, f"telegram:{who}", b"v" * 32), None, 10)
        found = [(each.properties["text"], each.at) for each in thread.items if isinstance(each, reading.Said)]
    assert found[::-1] == [
        ("Do they run small?", asked),
        ("Half a size.", asked + timedelta(minutes=5, seconds=2)),
    ]
