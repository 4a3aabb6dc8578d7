"""The door of a real server: real headers, real sockets, hostile bodies."""

import gzip
import json
import socket
import time
from typing import Any

import httpx
import pytest

from support import LiveServer

NAMES = ["identify", "track", "page", "screen", "group", "alias", "batch", "import", *"itpsgab"]
GOOD = {"type": "track", "userId": "live-u", "event": "Product Viewed"}


@pytest.fixture
def client(live_server: LiveServer) -> httpx.Client:
    with httpx.Client(base_url=live_server.url, auth=(live_server.write_key, ""), timeout=30) as client:
        yield client


def event(message_id: str, **more: Any) -> dict[str, Any]:
    return {**GOOD, "messageId": message_id, **more}


class TestNeverARedirect:
    PATHS = (
        [f"/v1/{name}{slash}" for name in NAMES for slash in ("", "/")]
        + ["/v1", "/v1/", "/v1//batch", "/v1/batch//", "/v1/nothing", "/v1/../v1/batch", "/v1/projects/k/settings/"]
        + ["/v1/b%2F", "/v1/batch?x=/", "/v1/batch%0d%0aLocation:x"]
    )

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_no_method_on_any_path_is_sent_elsewhere(self, client: httpx.Client, method: str) -> None:
        for path in self.PATHS:
            answer = client.request(method, path, content=b'{"batch": []}')
            assert answer.status_code < 300 or 400 <= answer.status_code < 500, (method, path, answer.status_code)
            assert "location" not in answer.headers
            if "%0d%0a" not in path:
                assert answer.headers["access-control-allow-origin"] == "*", (method, path)

    @pytest.mark.parametrize("slash", ["", "/"])
    @pytest.mark.parametrize("name", NAMES)
    def test_every_address_takes_events_with_and_without_a_slash(
        self, client: httpx.Client, name: str, slash: str
    ) -> None:
        one = event(f"address-{name}-{slash}", previousId="live-p", groupId="g")
        body = {"batch": [one]} if name in {"batch", "import", "b"} else one
        answer = client.post(f"/v1/{name}{slash}", json=body)
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "accepted": 1, "rejected": 0}


class TestCors:
    def test_the_preflight_allows_what_browsers_send(self, client: httpx.Client) -> None:
        wanted = "authorization,content-type,x-retry-count"
        for name in NAMES:
            answer = client.options(
                f"/v1/{name}",
                headers={
                    "Origin": "https://shop.example",
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": wanted,
                },
            )
            assert answer.status_code == 204
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "POST" in answer.headers["access-control-allow-methods"]
            allowed = answer.headers["access-control-allow-headers"].replace(" ", "").split(",")
            assert set(wanted.split(",")) <= set(allowed)
            assert "access-control-allow-credentials" not in answer.headers

    def test_errors_can_be_read_from_another_origin_too(self, client: httpx.Client) -> None:
        for answer in (
            client.post("/v1/t", content=b"{", headers={"Origin": "https://shop.example"}),
            client.post("/v1/t", json=GOOD, auth=("ov_write_no", "")),
            client.post("/v1/t", content=b" " * 1_100_000),
        ):
            assert 400 <= answer.status_code < 500
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["access-control-expose-headers"] == "Retry-After"
            assert answer.headers["content-type"] == "application/problem+json"


class TestBodies:
    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "odd", None],
    )
    def test_any_content_type_will_do(self, client: httpx.Client, content_type: str | None) -> None:
        raw = json.dumps({"batch": [event(f"type-{content_type}")]}).encode()
        headers = {"Content-Type": content_type} if content_type else {}
        assert client.post("/v1/batch", content=raw, headers=headers).json()["accepted"] == 1

    @pytest.mark.parametrize("encoding", ["gzip", "identity", "br", None])
    @pytest.mark.parametrize("packed", [True, False])
    def test_gzip_is_known_whatever_is_said(self, client: httpx.Client, encoding: str | None, packed: bool) -> None:
        raw = json.dumps({"batch": [event(f"gzip-{encoding}-{packed}")]}).encode()
        headers = {"Content-Encoding": encoding} if encoding else {}
        answer = client.post("/v1/batch", content=gzip.compress(raw) if packed else raw, headers=headers)
        assert answer.json()["accepted"] == 1

    def test_one_mebibyte_is_taken_and_one_byte_more_is_not(self, client: httpx.Client) -> None:
        raw = json.dumps({"batch": [event(f"big-{number}", x="y" * 30_000) for number in range(34)]}).encode()
        assert client.post("/v1/batch", content=raw.ljust(2**20)).json()["accepted"] == 34
        assert client.post("/v1/batch", content=raw.ljust(2**20 + 1)).status_code == 413

    def test_a_far_too_large_body_is_answered_not_cut_off(self, client: httpx.Client) -> None:
        def chunks() -> Any:
            for _ in range(100):
                yield b" " * 100_000

        assert client.post("/v1/batch", content=chunks()).status_code == 413

    def test_a_bomb_is_refused(self, client: httpx.Client) -> None:
        assert client.post("/v1/batch", content=gzip.compress(b" " * 300_000_000, 9)).status_code == 413

    def test_half_a_body_stores_nothing_and_breaks_nothing(self, live_server: LiveServer, client: httpx.Client) -> None:
        host, port = live_server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b'{"batch": [')
        assert client.post("/v1/batch", json={"batch": [event("after-half")]}).status_code == 200

    def test_a_slow_sender_does_not_hold_up_the_others(self, live_server: LiveServer, client: httpx.Client) -> None:
        host, port = live_server.url.removeprefix("http://").split(":")
        slow = [socket.create_connection((host, int(port))) for _ in range(50)]
        for connection in slow:
            connection.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        began = time.monotonic()
        assert client.post("/v1/batch", json={"batch": [event("beside-slow")]}).status_code == 200
        assert time.monotonic() - began < 5
        for connection in slow:
            connection.close()


HOSTILE = {
    "nan": b'"value": NaN',
    "infinity": b'"value": -Infinity',
    "1e400": b'"value": 1e400',
    "1e-20000": b'"value": 1e-20000',
    "5000 digits": b'"value": ' + b"9" * 5000,
    "duplicate keys": b'"value": 1, "value": 2',
    "lone surrogate": b'"value": "\\ud83d"',
    "surrogate key": b'"\\udc00": 1',
    "nul": b'"value": "a\\u0000b"',
    "nul key": b'"\\u0000": 1',
    "invalid utf-8": b'"value": "\xff\xfe"',
    "proto": b'"__proto__": {"polluted": true}',
    "deep": b'"value": ' + b"[" * 500 + b"]" * 500,
    "controls": b'"value": "\x01\x1f"',
}


class TestHostileJson:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_is_stored_beside_its_neighbours(self, live_server: LiveServer, client: httpx.Client, name: str) -> None:
        who = f"hostile-{name}".replace(" ", "-")
        good = [json.dumps(event(f"{who}-{side}", userId=who)).encode() for side in ("before", "after")]
        bad = b'{"type": "track", "userId": "%s", "event": "Odd", "messageId": "%s", "properties": {%s}}' % (
            who.encode(),
            who.encode(),
            HOSTILE[name],
        )
        answer = client.post("/v1/batch", content=b'{"batch": [%s, %s, %s]}' % (good[0], bad, good[1]))
        assert answer.json() == {"success": True, "accepted": 3, "rejected": 0}
        live_server.settle()
        found = live_server.get(f"/api/profiles/user_id:{who}/events").json()["data"]
        assert {each["message_id"] for each in found} == {f"{who}-before", who, f"{who}-after"}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
    def test_other_encodings_of_unicode_are_read(self, client: httpx.Client, encoding: str) -> None:
        raw = json.dumps({"batch": [event(f"in-{encoding}")]}, ensure_ascii=False).encode(encoding)
        assert client.post("/v1/batch", content=raw).json()["accepted"] == 1

    @pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000, b"\x00" * 1000, b"null", b'"batch"'])
    def test_what_is_no_request_is_a_400(self, client: httpx.Client, raw: bytes) -> None:
        assert client.post("/v1/batch", content=raw).status_code == 400


class TestDeadLetters:
    def test_a_write_key_and_a_stranger_read_none(self, live_server: LiveServer, client: httpx.Client) -> None:
        assert client.get("/api/dead-letters").status_code in {401, 403}
        assert httpx.get(f"{live_server.url}/api/dead-letters").status_code == 401
        assert httpx.post(f"{live_server.url}/api/dead-letters/1/replay").status_code == 401

    def test_the_reason_is_kept_and_it_can_be_tried_again(self, live_server: LiveServer, client: httpx.Client) -> None:
        client.post("/v1/batch", json={"batch": [{"type": "track", "userId": "dead-u", "messageId": "dead-1"}]})
        page = live_server.get("/api/dead-letters", state="open", limit="200").json()
        [letter] = [each for each in page["data"] if each["message_id"] == "dead-1"]
        assert (letter["code"], letter["source"]) == ("event_missing", "site")
        assert json.loads(letter["event"])["userId"] == "dead-u"
        assert page["open_count"] >= 1
        again = live_server.post(f"/api/dead-letters/{letter['id']}/replay", {}).json()
        assert (again["state"], again["code"]) == ("open", "event_missing")

    def test_what_linking_refused_comes_back_after_a_fix(self, live_server: LiveServer, client: httpx.Client) -> None:
        """The only identifier is blocked, so nobody is named; later the block goes, and so does the letter."""
        blocked = {"type": "identify", "messageId": "blocked-1", "traits": {"email": "test@test.com", "name": "Anna"}}
        for _ in range(3):
            assert client.post("/v1/batch", json={"batch": [blocked]}).json()["accepted"] == 1
        live_server.settle()
        page = live_server.get("/api/dead-letters", limit="200").json()
        [letter] = [each for each in page["data"] if each["message_id"] == "blocked-1"]
        assert letter["code"] == "no_identifier"
        replayed = live_server.post(f"/api/dead-letters/{letter['id']}/replay", {}).json()
        assert (replayed["state"], replayed["message_id"]) == ("replayed", "blocked-1")
        live_server.settle()
        page = live_server.get("/api/dead-letters", limit="200").json()
        assert [each["state"] for each in page["data"] if each["message_id"] == "blocked-1"] == ["open"]

    def test_pages_hang_together(self, live_server: LiveServer, client: httpx.Client) -> None:
        client.post("/v1/batch", json={"batch": [{"type": "x", "messageId": f"page-{n}"} for n in range(5)]})
        seen: list[str] = []
        cursor: str | None = None
        while cursor or not seen:
            page = live_server.get("/api/dead-letters", limit="2", **({"cursor": cursor} if cursor else {})).json()
            seen += [each["id"] for each in page["data"]]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) >= 5
        assert seen == sorted(seen, key=int, reverse=True)


class TestSettings:
    def test_the_browser_library_is_told_to_send_here(self, live_server: LiveServer, client: httpx.Client) -> None:
        answer = client.get(f"/v1/projects/{live_server.write_key}/settings")
        destination = answer.json()["integrations"]["Segment.io"]
        assert f"{destination['protocol']}://{destination['apiHost']}" == f"{live_server.url}/v1"
        assert answer.json()["metrics"]["sampleRate"] == 0
        assert answer.headers["access-control-allow-origin"] == "*"

    def test_an_unknown_key_gets_none(self, client: httpx.Client) -> None:
        assert client.get("/v1/projects/ov_write_none/settings").status_code == 404


def test_what_happens_at_the_door_is_measured(live_server: LiveServer, client: httpx.Client) -> None:
    client.post("/v1/batch", json={"batch": [event("measured"), 7]})
    told = httpx.get(f"{live_server.url}/metrics").text
    counted = ("onevoice_intake_events_total", "onevoice_intake_bytes_total", "onevoice_intake_failed_commits_total")
    for name in (*counted, "onevoice_intake_rejected_total{", "onevoice_intake_queue_bytes"):
        assert f"\n{name}" in told
    assert "onevoice_intake_commit_seconds_bucket" in told
