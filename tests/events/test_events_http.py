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

from onevoice.domains.events.contracts import WriteKey
from onevoice.domains.events.http import intake as http
from onevoice.domains.events.service import log as service
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock, SystemClock
from onevoice.kit.db import Database
from onevoice.web.edge import protect
from onevoice.web.settings import WebSettings

KEY = "ov_write_good"


class Door:
    """An app of the intake alone, whose keys and appender the test holds."""

    def __init__(self, database: Database, web: WebSettings | None = None, **options: Any) -> None:
        web = web or WebSettings()
        self.clock = ManualClock(NOON)
        self.appender = service.Appender(database, SystemClock(), **options)
        self.asked: list[str] = []
        self.resolve: Callable[[str], WriteKey | None] = lambda key: WriteKey(1) if key == KEY else None
        self.app = FastAPI(redirect_slashes=False)
        self.app.include_router(
            http.intake_router(self.appender, self._resolve, web, clock=self.clock, chance=SeededChance(1))
        )
        protect(self.app, web)

    def _resolve(self, key: str) -> WriteKey | None:
        self.asked.append(key)
        return self.resolve(key)

    def ask(self, method: str, path: str, *, peer: str = "198.51.100.7", **options: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(peer, 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://door.example") as client:
                return await client.request(method, path, **options)

        return anyio.run(request)

    def send(self, path: str = "/v1/batch", body: Any = None, **options: Any) -> httpx.Response:
        if "content" not in options:
            options["json"] = body if body is not None else {"batch": [track()]}
        options.setdefault("auth", (KEY, ""))
        return self.ask("POST", path, **options)


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


class TestLibrarySettings:
    PROXY = "10.0.0.1"

    @staticmethod
    def target(answer: httpx.Response) -> str:
        """Where the browser library then posts a track event: `{protocol}://{apiHost}/t`, as its source says."""
        assert answer.status_code == 200
        destination = answer.json()["integrations"]["Segment.io"]
        assert destination["apiKey"] == KEY
        return f"{destination['protocol']}://{destination['apiHost']}/t"

    def told(self, database: Database, web: WebSettings, **options: Any) -> httpx.Response:
        return Door(database, web).ask("GET", f"/v1/projects/{KEY}/settings", **options)

    @pytest.mark.parametrize("key", ["ov_write_bad", "x" * 300, "ключ"])
    def test_an_unknown_key_has_none_as_at_the_librarys_own_cdn(self, door: Door, key: str) -> None:
        answer = door.ask("GET", f"/v1/projects/{key}/settings")
        assert (answer.status_code, answer.json()["code"]) == (404, "invalid_write_key")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "no-store"

    def test_a_secret_key_is_told_what_it_is(self, door: Door) -> None:
        answer = door.ask("GET", "/v1/projects/ov_secret_abc/settings")
        assert (answer.status_code, answer.json()["code"]) == (403, "secret_key")
        assert door.asked == []

    def test_a_key_that_cannot_be_looked_up_is_not_called_unknown(self, door: Door) -> None:
        def gone(_: str) -> WriteKey | None:
            raise psycopg.OperationalError("the connection is lost")

        door.resolve = gone
        assert door.ask("GET", f"/v1/projects/{KEY}/settings").status_code == 503

    @pytest.mark.parametrize(
        ("public_url", "target"),
        [
            ("https://hello.example", "https://hello.example/v1/t"),
            ("https://hello.example:8443/shop/", "https://hello.example:8443/shop/v1/t"),
            ("http://hello.example", "http://hello.example/v1/t"),
        ],
    )
    def test_name_the_public_address_whatever_the_request_says(
        self, database: Database, public_url: str, target: str
    ) -> None:
        web = WebSettings(public_url=public_url, trusted_proxies=frozenset([self.PROXY]))
        forged = {"Host": "evil.example", "X-Forwarded-Proto": "ftp", "X-Forwarded-Host": "evil.example"}
        answer = self.told(database, web, peer=self.PROXY, headers=forged)
        assert self.target(answer) == target
        assert answer.headers["cache-control"] == "public, max-age=60"

    def test_without_one_what_the_request_says(self, database: Database) -> None:
        answer = self.told(database, WebSettings(), headers={"Host": "shop.example:8600"})
        assert self.target(answer) == "http://shop.example:8600/v1/t"

    @pytest.mark.parametrize(
        ("peer", "target"), [(PROXY, "https://hello.example/v1/t"), ("198.51.100.7", "http://door.example/v1/t")]
    )
    def test_only_a_trusted_proxy_says_it_for_the_request(self, database: Database, peer: str, target: str) -> None:
        said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hello.example"}
        web = WebSettings(trusted_proxies=frozenset([self.PROXY]))
        assert self.target(self.told(database, web, peer=peer, headers=said)) == target

    def test_an_address_read_out_of_a_request_is_kept_by_no_shared_cache(self, database: Database) -> None:
        assert self.told(database, WebSettings()).headers["cache-control"] == "private, max-age=60"
