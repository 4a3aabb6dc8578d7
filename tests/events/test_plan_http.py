"""/api/plan as programs see it: who may, pages, shapes, and what is refused."""

from datetime import timedelta

import httpx
import pytest
from plan_factory import NOON, SITE, TILL, Shop, named, order

from onevoice import bootstrap
from onevoice.domains.access.service import keys
from onevoice.domains.events.contracts import Declared
from onevoice.kit.chance import SeededChance
from onevoice.kit.db import Database
from onevoice.kit.home import Secrets
from onevoice.web.settings import WebSettings
from web.asgi_client import AsgiClient


class Api(Shop):
    """The shop behind its whole API, asked by a program with the key of a developer."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        secrets = Secrets(b"v" * 32, b"s" * 32, b"l" * 32)
        self.home = bootstrap.Installation(database, secrets, self.clock, SeededChance(1))
        self.app = bootstrap.api(self.home, WebSettings())
        with database.transaction() as conn:
            key = keys.create_key(
                conn,
                scope="secret",
                name="tests",
                channel=None,
                site="main",
                clock=self.clock,
                chance=SeededChance(2),
                permissions=["events.read", "plan.edit"],
            )
        self.program = AsgiClient(self.app, Authorization=f"Bearer {key}")

    def get(self, path: str, **params: object) -> httpx.Response:
        return self.program.get(f"/api/plan{path}", params=params)

    def send_json(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.program.request(method, f"/api/plan{path}", json=body)


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


class TestEvents:
    def test_is_a_list_in_pages(self, api):
        api.receive(*(named(f"Event {n}") for n in range(5)))
        found, cursor = [], None
        while True:
            page = api.get("/events", limit=2, **({"cursor": cursor} if cursor else {})).json()
            found += [each["name"] for each in page["data"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == [f"Event {n}" for n in range(5)]

    def test_tells_where_from_how_many_and_when(self, api):
        api.receive(order(total=1), order(total=2), hours=-1)
        api.receive(order(), source=TILL)
        (one,) = api.get("/events").json()["data"]
        assert one["flows"] == [
            {
                "source": "site",
                "events": 2,
                "first_at": "2026-11-05T11:00:00.000Z",
                "last_at": "2026-11-05T11:00:00.000Z",
            },
            {
                "source": "till",
                "events": 1,
                "first_at": "2026-11-05T12:00:00.000Z",
                "last_at": "2026-11-05T12:00:00.000Z",
            },
        ]
        assert (one["events"], one["properties"], one["state"], one["days"][-1]) == (3, 1, "learnt", 3)

    def test_of_an_unknown_source_is_a_404(self, api):
        assert api.get("/events", source="none").json()["code"] == "unknown_source"
        assert api.get("/events", source="none").status_code == 404

    @pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIl0"])
    def test_a_cursor_of_elsewhere_is_refused(self, api, cursor):
        assert api.get("/events", cursor=cursor).status_code == 422


class TestEvent:
    def test_lists_what_was_seen_beside_what_is_declared(self, api):
        api.receive(order(total=1, email="a@shop.example"), order(total="x"), order())
        api.change("Order Completed", **{"properties.note": Declared(type="text", personal=True)})
        answer = api.get(f"/events/{api.event()}").json()
        email, note, total = answer["learnt"]
        assert [each["path"] for each in answer["learnt"]] == [
            "properties.email",
            "properties.note",
            "properties.total",
        ]
        assert (email["always_personal"], note["always_personal"]) == (True, False)
        assert (note["events"], note["last_at"], note["declared"]["personal"]) == (0, None, True)
        assert total["share"] == pytest.approx(2 / 3)
        assert [(each["kind"], each["events"]) for each in total["kinds"]] == [("text", 1), ("integer", 1)]

    def test_that_is_not_there(self, api):
        assert api.get("/events/7").json()["code"] == "unknown_plan_event"


class TestChanges:
    def test_from_declared_to_archived(self, api):
        made = api.send_json("POST", "/events", {"type": "track", "name": "Gift Sent", "sources": ["site"]})
        assert (made.status_code, made.json()["state"], made.json()["sources"]) == (201, "declared", ["site"])
        path = f"/events/{made.json()['id']}"
        rule = {"type": "number", "allowed": [1, 2.5], "required": True}
        changed = api.send_json("PATCH", path, {"version": 1, "properties": {"properties.sum": rule}})
        assert changed.json()["learnt"][0]["declared"]["allowed"] == [1, 2.5]
        assert changed.json()["version"] == 2
        assert api.send_json("PATCH", path, {"version": 1, "description": "x"}).status_code == 409
        assert api.send_json("POST", f"{path}/archive").json()["state"] == "archived"

    def test_accept_one_and_all_of_a_source(self, api):
        api.receive(named("A"), named("B"), order(total=1))
        assert api.send_json("POST", f"/events/{api.event('A')}/accept").json()["state"] == "declared"
        assert api.send_json("POST", "/accept", {"source": "site"}).json() == {"accepted": 2}
        assert api.get("/sources").json()["data"][0]["waiting"] == 0

    @pytest.mark.parametrize(
        "body",
        [
            {"type": "track", "name": ""},
            {"type": "page", "name": "Home"},
            {"type": "track", "name": "A", "properties": {"total": {}}},
            {"type": "track", "name": "A", "properties": {"properties.a": {"type": "any"}}},
            {"type": "track", "name": "A", "properties": {"properties.a": {"personal": True, "allowed": ["x"]}}},
            {"type": "track", "name": "Order Completed", "properties": {"properties.total": {"personal": True}}},
            {"type": "track", "name": "A", "state": "archived"},
            {"type": "track", "name": "A\0"},
        ],
    )
    def test_what_is_wrong_is_refused_and_nothing_is_left(self, api, body):
        answer = api.send_json("POST", "/events", body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert api.ask("select * from events.plan_event") == []

    def test_every_line_of_the_audit_log_names_the_key(self, api):
        api.receive(order())
        api.send_json("POST", f"/events/{api.event()}/accept")
        assert api.ask("select actor, action from access.audit where action like 'plan.%%'") == [
            ("key:1 tests", "plan.accepted")
        ]


class TestAlarms:
    def test_are_listed_and_acknowledged(self, api):
        api.receive(*(order(total=1.5) for _ in range(100)))
        api.clock.advance(timedelta(hours=1))
        api.receive(order(total="x"), hours=1)
        answer = api.get("/alarms", state="open").json()
        (alarm,) = answer["data"]
        assert answer["open_count"] == 1
        assert (alarm["kind"], alarm["source"], alarm["event_name"], alarm["path"]) == (
            "type_conflict",
            "site",
            "Order Completed",
            "properties.total",
        )
        assert (alarm["expected"], alarm["came"], alarm["events"]) == ("number", ["text"], 1)
        done = api.send_json("POST", f"/alarms/{alarm['id']}/acknowledge", {"reason": "told the agency"})
        assert (done.json()["state"], done.json()["acknowledged_by"]) == ("acknowledged", "key:1 tests")
        assert api.get("/alarms", state="open").json() == {"data": [], "next_cursor": None, "open_count": 0}
        assert api.get("/events").json()["data"][0]["alarms"] == 0

    def test_need_a_reason(self, api):
        assert api.send_json("POST", "/alarms/1/acknowledge", {"reason": ""}).status_code == 422
        assert api.send_json("POST", "/alarms/1/acknowledge", {"reason": "x"}).json()["code"] == "unknown_alarm"

    def test_come_in_pages(self, api):
        api.receive(order())
        api.accept(SITE)
        api.receive(*(named(f"New {n}") for n in range(5)))
        first = api.get("/alarms", limit=3).json()
        second = api.get("/alarms", limit=3, cursor=first["next_cursor"]).json()
        ids = [int(each["id"]) for each in first["data"] + second["data"]]
        assert ids == sorted(ids, reverse=True)
        assert len(set(ids)) == 5
        assert second["next_cursor"] is None

    def test_of_a_whole_source_names_no_event(self, api):
        api.ask(
            "insert into events.plan_alarm (kind, event_id, source_id, path, opened_at, last_at, n, detail)"
            " values ('silence', 0, 1, '', %s, %s, 0, '{\"missed\": 12.5, \"since\": \"x\"}') returning 1",
            NOON,
            NOON,
        )
        (alarm,) = api.get("/alarms").json()["data"]
        assert (alarm["event_id"], alarm["source"], alarm["path"], alarm["missed"]) == (None, "site", None, 12.5)
