"""The console's socket: who may open it, and what it makes of what it is sent."""

import json
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def open_socket(arena, who, **headers):
    sent = {**arena.headers(who), **headers}
    sent.pop("X-Onevoice-Csrf", None)
    origin = sent.pop("Origin", None)
    address = arena.url.replace("http:", "ws:") + "/api/socket"
    return connect(address, additional_headers=sent, origin=origin, open_timeout=10)


def hello(socket):
    return json.loads(socket.recv(timeout=10))["topic"]


class TestOutsider:
    @pytest.mark.parametrize(
        ("who", "headers"),
        [
            ("nobody", {}),
            ("nobody", {"Origin": "http://evil.example"}),
            ("nobody", {"Cookie": "onevoice_session=" + "x" * 43}),
            ("write", {}),
            ("secret", {}),
            ("operator", {"Origin": "http://evil.example"}),
            ("operator", {"Origin": "null"}),
            ("operator", {"Origin": "https://127.0.0.1:1"}),
            ("owner", {"Sec-Fetch-Site": "cross-site"}),
        ],
    )
    def test_is_not_let_in(self, arena, who, headers):
        with pytest.raises(InvalidStatus) as caught:
            open_socket(arena, who, **headers)
        assert caught.value.response.status_code == 403

    def test_nor_a_session_that_names_no_origin(self, arena):
        headers = {name: value for name, value in arena.headers("operator").items() if name == "Cookie"}
        with pytest.raises(InvalidStatus):
            connect(arena.url.replace("http:", "ws:") + "/api/socket", additional_headers=headers)


def topics_told(socket, *until, seconds=20):
    """Topics of what comes, until these have come."""
    found, end = [], time.monotonic() + seconds
    while not set(until) <= set(found):
        assert time.monotonic() < end, found
        found.append(json.loads(socket.recv(timeout=seconds))["topic"])
    return found


class TestPermissions:
    """What is pushed of messages goes to those who may read messages."""

    TOPICS = ("messages", "messages:1", "message:1")

    @pytest.mark.parametrize("role", ["owner", "admin", "marketer", "operator", "analyst", "developer"])
    def test_who_may_read_messages_is_told_at_once_and_of_the_next(self, arena, role):
        with open_socket(arena, role) as socket:
            assert hello(socket) == "hello"
            socket.send(json.dumps({"subscribe": [*self.TOPICS, "live"]}))
            topics_told(socket, *self.TOPICS)
            said = {"to": "user_id:u1", "class": "marketing", "purpose": "promotions", "words": {"text": f"To {role}"}}
            assert arena.ask("POST", "/api/messages", "owner", json=said).status_code == 200
            topics_told(socket, "messages")

    def test_who_may_not_hears_of_customers_alone(self, arena):
        with open_socket(arena, "seller") as seller, open_socket(arena, "owner") as owner:
            assert hello(seller) == hello(owner) == "hello"
            for socket in (seller, owner):
                socket.send(json.dumps({"subscribe": [*self.TOPICS, "live"]}))
            topics_told(owner, "messages")
            said = {"to": "user_id:u1", "class": "marketing", "purpose": "promotions", "words": {"text": "To nobody"}}
            assert arena.ask("POST", "/api/messages", "owner", json=said).status_code == 200
            topics_told(owner, "messages")
            event = {"type": "track", "event": "Socket Seen", "userId": "u1", "messageId": "socket-2"}
            assert arena.ask("POST", "/v1/batch", "basic", json={"batch": [event]}).status_code == 200
            told = []
            while not any(each.get("message_id") == "socket-2" for one in told for each in one.get("events", [])):
                assert len(told) < 100
                told.append(json.loads(seller.recv(timeout=20)))
            assert {each["topic"] for each in told} == {"live"}


class TestInsider:
    def test_is_greeted_and_told_what_arrives(self, arena):
        with open_socket(arena, "operator") as socket:
            assert hello(socket) == "hello"
            socket.send(json.dumps({"subscribe": ["live"]}))
            event = {"type": "track", "event": "Socket Seen", "userId": "u1", "messageId": "socket-1"}
            assert arena.ask("POST", "/v1/batch", "basic", json={"batch": [event]}).status_code == 200
            for _ in range(100):
                told = json.loads(socket.recv(timeout=20))
                if "socket-1" in {each.get("message_id") for each in told.get("events", [])}:
                    return
        raise AssertionError("nothing was told")

    @pytest.mark.parametrize(
        "sent",
        [
            "",
            "{",
            "[]",
            "null",
            '"live"',
            "{}",
            '{"subscribe": "live"}',
            '{"subscribe": [1, null, {}, ["live"]]}',
            '{"subscribe": ["profile:", "profile:x", "profile:-1", "profile:99999999999999999999"]}',
            '{"subscribe": ["profile:\\u0000", "\\ud800"]}',
            '{"unsubscribe": ["never"]}',
            '{"subscribe": ' + json.dumps([f"profile:{n}" for n in range(10_000)]) + "}",
            "[" * 50_000,
            '{"subscribe": NaN}',
            "9" * 5000,
            b"\xff\xfe",
        ],
        ids=lambda sent: repr(sent[:40]),
    )
    def test_nonsense_harms_nobody(self, arena, sent):
        """Whoever sends it may be cut off; the others and the server go on."""
        with open_socket(arena, "owner") as other:
            assert hello(other) == "hello"
            with open_socket(arena, "operator") as socket:
                assert hello(socket) == "hello"
                try:
                    socket.send(sent)
                    socket.send(json.dumps({"subscribe": ["live"]}))
                    socket.ping().wait(5)
                except ConnectionClosed:
                    pass
            other.send(json.dumps({"subscribe": ["live"]}))
            assert other.ping().wait(10)
        assert arena.ask("GET", "/healthz", "nobody").status_code == 200
