"""The door itself, in this process: who may send, and what is answered when nothing can be stored."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import anyio
import httpx
import psycopg
import pytest
from events_factory import NOON, track
from fastapi import FastAPI

from onevoice.domains.events import http, service
from onevoice.domains.events.contracts import WriteKey
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock, SystemClock
from onevoice.kit.db import Database
from onevoice.web.edge import protect
from onevoice.web.settings import WebSettings

KEY = "ov_write_good"


class Door:
    """An app of the intake alone, whose keys and appender the test holds."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.clock = ManualClock(NOON)
        self.appender = service.Appender(database, SystemClock(), **options)
        self.asked: list[str] = []
        self.resolve: Callable[[str], WriteKey | None] = lambda key: WriteKey(1) if key == KEY else None
        self.app = FastAPI(redirect_slashes=False)
        self.app.include_router(
            http.intake_router(self.appender, self._resolve, clock=self.clock, chance=SeededChance(1))
        )
        protect(self.app, WebSettings())

    def _resolve(self, key: str) -> WriteKey | None:
        self.asked.append(key)
        return self.resolve(key)

    def send(self, path: str = "/v1/batch", body: Any = None, **options: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://door.example") as client:
                return await client.post(path, **options)

        if "content" not in options:
            options["json"] = body if body is not None else {"batch": [track()]}
        options.setdefault("auth", (KEY, ""))
        return anyio.run(request)


@pytest.fixture
def door(database: Database) -> Iterator[Door]:
    door = Door(database)
    door.appender.start()
    yield door
    door.appender.stop()


class TestWhoMaySend:
    def test_nobody_without_a_key(self, door: Door) -> None:
        answer = door.send(auth=None)
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_write_key"
        assert answer.headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize("key", ["ov_write_bad", "x" * 300, "ключ", "\x00"])
    def test_nor_with_a_wrong_one(self, door: Door, key: str) -> None:
        assert door.send(auth=(key, "")).status_code == 401

    def test_a_secret_key_is_told_what_it_is(self, door: Door) -> None:
        answer = door.send(auth=("ov_secret_abc", ""))
        assert answer.status_code == 403
        assert "secret key" in answer.json()["detail"]
        assert door.asked == []

    def test_a_broken_authorization_is_no_key(self, door: Door) -> None:
        for header in ("Basic", "Basic !!!", "Basic Og==", "Digest x", "\u00ff"):
            answer = door.send(auth=None, headers={"Authorization": header.encode("latin-1")})
            assert answer.status_code == 401

    def test_the_key_may_come_in_five_places(self, door: Door) -> None:
        body = {"batch": [track()]}
        assert door.send(body=body).status_code == 200
        assert door.send(body=body, auth=None, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
        assert door.send(body=body, auth=None, headers={"X-Write-Key": f"{KEY}:secret"}).status_code == 200
        assert door.send(f"/v1/batch?writeKey={KEY}", body, auth=None).status_code == 200
        assert door.send(body={**body, "writeKey": KEY}, auth=None).status_code == 200
        assert door.send("/v1/t", {**track(), "writeKey": KEY}, auth=None).status_code == 200
        assert door.send(body={**body, "writeKey": {"$ne": ""}}, auth=None).status_code == 401

    def test_a_key_is_looked_up_once_in_a_while_and_a_revoked_one_is_refused_within_5_seconds(self, door: Door) -> None:
        for _ in range(5):
            assert door.send().status_code == 200
        assert len(door.asked) == 1
        door.resolve = lambda _: None
        door.clock.advance(timedelta(seconds=5))
        assert door.send().status_code == 401

    def test_a_bad_key_is_not_looked_up_each_time_either(self, door: Door) -> None:
        for _ in range(5):
            door.send(auth=("ov_write_bad", ""))
        assert len(door.asked) == 1


class TestWhenNothingCanBeStored:
    @staticmethod
    def require_come_again(answer: httpx.Response) -> None:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]

    def test_keys_that_cannot_be_looked_up_are_not_refused(self, door: Door) -> None:
        def gone(_: str) -> WriteKey | None:
            raise psycopg.OperationalError("the connection is lost")

        door.resolve = gone
        self.require_come_again(door.send())
        door.resolve = lambda _: WriteKey(1)
        assert door.send().status_code == 200

    def test_many_who_wait_for_one_key_ask_once(self, door: Door) -> None:
        going = threading.Event()

        def slowly(_: str) -> WriteKey | None:
            going.wait(10)
            return WriteKey(1)

        async def together() -> list[int]:
            transport = httpx.ASGITransport(door.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://door.example", auth=(KEY, "")) as client:
                sending = [asyncio.create_task(client.post("/v1/t", json=track(f"{n}"))) for n in range(20)]
                await asyncio.sleep(0.2)
                going.set()
                return [(await answer).status_code for answer in sending]

        door.resolve = slowly
        assert anyio.run(together) == [200] * 20
        assert len(door.asked) == 1

    def test_more_than_memory_allows(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "HELD_BYTES", 300)
        for _ in range(3):
            self.require_come_again(door.send(body={"batch": [track()] * 4}))
            assert door.send().status_code == 200

    def test_a_full_queue(self, database: Database) -> None:
        door = Door(database, queue_bytes=1000)
        answers: list[httpx.Response] = []
        first = threading.Thread(target=lambda: answers.append(door.send(body={"batch": [track()] * 4})))
        first.start()
        while not door.appender.queued_bytes:
            assert first.is_alive()
        self.require_come_again(door.send(body={"batch": [track()] * 8}))
        door.appender.start()
        first.join()
        assert [answer.status_code for answer in answers] == [200]
        assert door.send().status_code == 200
        door.appender.stop()

    def test_a_database_that_is_gone(self, door: Door, database: Database) -> None:
        door.appender._url = database.url.replace("host=", "host=/nowhere")
        self.require_come_again(door.send())
        door.appender._url = database.url
        assert door.send().status_code == 200

    def test_a_disk_that_takes_too_long(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "COMMIT_WAIT_SECONDS", 0.05)
        door = Door(database)
        self.require_come_again(door.send())
        door.appender.start()
        door.appender.stop()
        with database.transaction() as conn:
            assert service.read(conn, "reader", 10).events == 0, "whoever was told to come again will"

    def test_while_stopping(self, door: Door) -> None:
        door.appender.stop()
        self.require_come_again(door.send())


class TestBadBodies:
    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"batch": 5}', b"\x1f\x8b\x00", b"[" * 100_000])
    def test_only_what_cannot_be_read_is_a_400(self, door: Door, content: bytes) -> None:
        answer = door.send(content=content)
        assert answer.status_code == 400
        assert answer.json()["code"] == "unreadable"
        assert answer.headers["access-control-allow-origin"] == "*"

    def test_counts_are_told(self, door: Door) -> None:
        answer = door.send(body={"batch": [track(), {"type": "track"}, 7]})
        assert answer.json() == {"success": True, "accepted": 1, "rejected": 2}
        assert door.send(body={"batch": []}).json() == {"success": True, "accepted": 0, "rejected": 0}
