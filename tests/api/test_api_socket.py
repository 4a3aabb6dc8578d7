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


class TestPresence:
    """A page says only where its person is: who that is is known by its session."""

    @staticmethod
    def people(socket, until, seconds=15):
        """What is told of who is there, until it is so."""
        end = time.monotonic() + seconds
        while True:
            assert time.monotonic() < end
            told = json.loads(socket.recv(timeout=seconds))
            if told["topic"] == "present:1" and until(told["people"]):
                return told["people"]

    def test_a_name_that_is_made_up_is_passed_over(self, arena):
        with open_socket(arena, "owner") as owner, open_socket(arena, "operator") as operator:
            for socket in (owner, operator):
                assert hello(socket) == "hello"
                socket.send(json.dumps({"subscribe": ["present:1"]}))
            made_up = {"topic": "present:1", "typing": True, "id": "1", "account_id": 1, "name": "The owner"}
            operator.send(json.dumps({"presence": made_up, "name": "The owner", "id": "1"}))
            (told,) = self.people(owner, bool)
            me = arena.ask("GET", "/api/me", "operator").json()
            assert told == {"id": me["id"], "name": me["name"], "writes": True}
        with open_socket(arena, "owner") as owner:
            assert hello(owner) == "hello"
            owner.send(json.dumps({"subscribe": ["present:1"]}))
            self.people(owner, lambda people: not people)

    @pytest.mark.parametrize("role", ["seller", "analyst"])
    def test_who_may_not_read_conversations_is_not_there_and_hears_nothing(self, arena, role):
        with open_socket(arena, role) as other, open_socket(arena, "owner") as owner:
            assert hello(other) == hello(owner) == "hello"
            here = json.dumps({"subscribe": ["present:1", "live"], "presence": {"topic": "present:1", "typing": True}})
            other.send(here)
            owner.send(here)
            assert {each["id"] for each in self.people(owner, bool)} == {
                arena.ask("GET", "/api/me", "owner").json()["id"]
            }
            event = {"type": "track", "event": "Socket Seen", "userId": "u1", "messageId": f"present-{role}"}
            assert arena.ask("POST", "/v1/batch", "basic", json={"batch": [event]}).status_code == 200
            assert set(topics_told(other, "live")) == {"live"}

    def test_a_flood_is_held_up_and_the_others_go_on(self, arena):
        with open_socket(arena, "owner") as owner, open_socket(arena, "operator") as operator:
            assert hello(owner) == hello(operator) == "hello"
            for socket in (owner, operator):
                socket.send(json.dumps({"subscribe": ["present:1"]}))
            for number in range(300):
                operator.send(json.dumps({"presence": {"topic": "present:1", "typing": number % 2 == 0}}))
            assert len(self.people(owner, bool)) == 1
            assert arena.ask("GET", "/healthz", "nobody").status_code == 200


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
            '{"presence": {"topic": "present:1", "typing": true}}',
            '{"presence": [' + "[" * 10_000,
            json.dumps({"presence": {"topic": "present:" + "1" * 1_000_000}}),
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
