"""The addresses of webhooks, in this process: what is answered to whom, and what an answer means."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from onevoice.domains.access.contracts import AccountCreate, Role
from onevoice.domains.access.http.authenticator import AccessAuthenticator
from onevoice.domains.access.service import accounts, keys
from onevoice.domains.webhooks.http import routes
from onevoice.domains.webhooks.rules import signature
from onevoice.domains.webhooks.service import manage
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from onevoice.web import login, openapi
from onevoice.web.console import router as console
from onevoice.web.edge import protect
from onevoice.web.guards import Guards, bind
from onevoice.web.settings import WebSettings
from web.asgi_client import AsgiClient
from webhooks.conftest import NOON, ORDER, PAID

PASSWORD = "correct horse battery"


class House:
    """An app of webhooks and logging in, and whoever comes to it."""

    def __init__(self, database: Database, tmp_path: Any) -> None:
        self.database, self.clock, self.chance = database, ManualClock(NOON), SeededChance(3)
        settings = WebSettings(public_url="http://onevoice.example")
        authenticator = AccessAuthenticator(database, b"s" * 32, clock=self.clock, chance=self.chance)
        self.app = FastAPI(redirect_slashes=False)
        guards = Guards(authenticator, settings)
        bind(self.app, guards)
        sealer = Sealer(b"k" * 32, manage.PURPOSE)
        self.app.include_router(routes.router(database, sealer, settings, clock=self.clock, chance=self.chance))
        self.app.include_router(login.router(guards, authenticator, settings, tmp_path))
        self.app.include_router(console(tmp_path, guards))
        openapi.describe(self.app)
        protect(self.app, settings)

    def program(self, *permissions: Any) -> AsgiClient:
        with self.database.transaction() as conn:
            key = keys.create_key(
                conn, scope="secret", name="p", permissions=permissions, clock=self.clock, chance=self.chance
            )
        return AsgiClient(self.app, Authorization=f"Bearer {key}")

    def person(self, role: Role) -> AsgiClient:
        with self.database.transaction() as conn:
            create = AccountCreate(login=f"{role}@shop.example", name=role, password=PASSWORD, role=role)
            accounts.create_account(conn, create, clock=self.clock, chance=self.chance)
        client = AsgiClient(self.app)
        assert client.log_in(f"{role}@shop.example", PASSWORD).status_code == 303
        return client

    def deliver(self, hook: dict[str, Any], payload: Any, message_id: str = "m1", **headers: str | None) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        stamp = str(int(self.clock.now().timestamp()))
        signed = signature.sign(signature.read_secret(hook["secret"]), message_id, stamp, body)
        told = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signed}
        told.update({name.replace("_", "-"): value for name, value in headers.items()})
        sent = {name: value for name, value in told.items() if value is not None}
        path = hook["address"].removeprefix("http://onevoice.example")
        return AsgiClient(self.app).post(path, content=body, headers=sent)


@pytest.fixture
def house(database: Database, tmp_path: Any) -> Iterator[House]:
    (tmp_path / "index.html").write_text("<html></html>")
    return House(database, tmp_path)


@pytest.fixture
def editor(house: House) -> AsgiClient:
    return house.program("events.read", "webhooks.edit")


@pytest.fixture
def hook(editor: AsgiClient) -> dict[str, Any]:
    answer = editor.post("/api/webhooks", json={"name": "web shop", "channel": "shop", "site": "pl"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def map_it(editor: AsgiClient, hook: dict[str, Any], raw: Any = None, based_on: int = 0) -> Any:
    body = {"mapping": raw or PAID, "based_on": based_on}
    return editor.request("PUT", f"/api/webhooks/{hook['id']}/mapping", json=body)


class TestReceive:
    @pytest.mark.parametrize(
        "headers",
        [
            {"webhook_signature": None},
            {"webhook_signature": ""},
            {"webhook_signature": "v1,AAAA"},
            {"webhook_signature": "v1,!"},
            {"webhook_id": None},
            {"webhook_id": "other"},
            {"webhook_timestamp": None},
            {"webhook_timestamp": "1"},
            {"webhook_timestamp": "soon"},
        ],
    )
    def test_whoever_does_not_sign_is_refused_and_nothing_is_kept(self, house, editor, hook, headers):
        answer = house.deliver(hook, ORDER, **headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
        assert answer.headers["content-type"] == "application/problem+json"
        assert editor.get(f"/api/webhooks/{hook['id']}/deliveries").json()["data"] == []

    def test_neither_a_key_nor_a_session_stands_in_for_a_signature(self, house, editor, hook):
        path = hook["address"].removeprefix("http://onevoice.example")
        owner = house.person("owner")
        assert editor.post(path, json=ORDER).status_code == 401
        assert owner.change("POST", path, json=ORDER).status_code == 401

    def test_a_signed_one_is_taken(self, house, editor, hook):
        assert map_it(editor, hook).status_code == 200
        answer = house.deliver(hook, ORDER)
        assert (answer.status_code, answer.json()["verdict"], answer.json()["events"]) == (200, "taken", 1)
        again = house.deliver(hook, ORDER)
        assert (again.status_code, again.json()["repeated"]) == (200, True)

    def test_one_that_is_not_mapped_is_taken_too_and_its_reason_can_be_read(self, house, editor, hook):
        map_it(editor, hook)
        answer = house.deliver(hook, {**ORDER, "paid_at": "soon"})
        assert (answer.status_code, answer.json()["verdict"]) == (200, "not_mapped")
        (kept,) = editor.get(f"/api/webhooks/{hook['id']}/deliveries").json()["data"]
        assert kept["problems"] == [
            {
                "code": "time_unreadable",
                "where": ["rules", 0, "time"],
                "path": "paid_at",
                "record": 0,
                "detail": "`paid_at` holds a time that cannot be read.",
            }
        ]
        assert kept["kept_until"] == "2026-06-02T12:00:00.000Z"

    def test_an_unknown_webhook_is_not_found(self, house, hook):
        answer = house.deliver({**hook, "address": "http://onevoice.example/v1/webhooks/wh_none"}, ORDER)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_webhook")

    @pytest.mark.parametrize("payload", [b"", b"{", b"5"])
    def test_no_json_is_refused(self, house, hook, payload):
        assert house.deliver(hook, payload).status_code == 422

    def test_over_a_mebibyte_is_refused(self, house, hook):
        assert house.deliver(hook, b'{"a":"' + b"x" * (2**20 - 8) + b'"}').status_code == 200
        assert house.deliver(hook, b'{"a":"' + b"x" * (2**20 - 7) + b'"}', "m2").status_code == 413

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
    @pytest.mark.parametrize("tail", ["", "?x=1"])
    def test_no_other_method_and_never_a_redirect(self, house, hook, method, tail):
        path = hook["address"].removeprefix("http://onevoice.example")
        answer = AsgiClient(house.app).request(method, path + tail)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

    def test_a_slash_at_the_end_is_the_same_address(self, house, hook):
        assert house.deliver({**hook, "address": hook["address"] + "/"}, ORDER).status_code == 200


class TestManage:
    @pytest.mark.parametrize("role", ["seller", "operator"])
    def test_who_may_not_read_events_sees_nothing(self, house, hook, role):
        person = house.person(role)
        for path in ("", f"/{hook['id']}", f"/{hook['id']}/deliveries", f"/{hook['id']}/mappings"):
            assert person.get(f"/api/webhooks{path}").status_code == 403

    @pytest.mark.parametrize("role", ["marketer", "analyst"])
    def test_who_reads_events_looks_and_changes_nothing(self, house, hook, role):
        person = house.person(role)
        assert person.get("/api/webhooks").json()["data"][0]["name"] == "web shop"
        for method, path, body in (
            ("POST", "/api/webhooks", {"name": "x", "channel": "shop"}),
            ("PATCH", f"/api/webhooks/{hook['id']}", {"name": "x"}),
            ("DELETE", f"/api/webhooks/{hook['id']}", None),
            ("POST", f"/api/webhooks/{hook['id']}/secret", {}),
            ("PUT", f"/api/webhooks/{hook['id']}/mapping", {"mapping": PAID, "based_on": 0}),
            ("POST", f"/api/webhooks/{hook['id']}/retry", {}),
        ):
            assert person.change(method, path, json=body).status_code == 403, path

    def test_a_developer_may(self, house):
        answer = house.person("developer").change("POST", "/api/webhooks", json={"name": "x", "channel": "shop"})
        assert answer.status_code == 201

    def test_the_secret_is_shown_once(self, editor, hook):
        assert base64.b64decode(hook["secret"].removeprefix("whsec_"))
        assert hook["address"].startswith("http://onevoice.example/v1/webhooks/wh_")
        for path in ("/api/webhooks", f"/api/webhooks/{hook['id']}"):
            told = editor.get(path).text
            assert "whsec_" not in told
            assert hook["secret"][6:] not in told

    def test_rotation_gives_a_new_one_and_says_until_when_the_old_one_goes_on(self, house, editor, hook):
        answer = editor.post(f"/api/webhooks/{hook['id']}/secret", json={}).json()
        assert answer["secret"] != hook["secret"]
        assert answer["old_secret_until"] == "2026-05-04T12:00:00.000Z"
        assert house.deliver(hook, ORDER, "m1").status_code == 200
        assert house.deliver(answer, ORDER, "m2").status_code == 200

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "", "channel": "shop"},
            {"name": "  ", "channel": "shop"},
            {"name": "a\0", "channel": "shop"},
            {"name": "x", "channel": "pigeon"},
            {"name": "x", "channel": "shop", "secret": ""},
            {"name": "x", "channel": "shop", "public_id": "mine"},
        ],
    )
    def test_what_cannot_be_made_is_told(self, editor, body):
        answer = editor.post("/api/webhooks", json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"]

    def test_a_wrong_mapping_is_told_at_its_field(self, editor, hook):
        raw = {"rules": [{"make": "track", "event": {"text": "E"}, "user_id": "a..b"}]}
        answer = map_it(editor, hook, raw)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["where"] == ["body", "mapping", "rules", 0, "user_id"]
        assert error["code"] == "path"
        assert "character 2" in error["detail"]

    def test_a_change_of_an_older_version_is_a_conflict(self, editor, hook):
        assert map_it(editor, hook).json()["version"] == 1
        answer = map_it(editor, hook)
        assert (answer.status_code, answer.json()["code"]) == (409, "mapping_changed")

    def test_rename_and_delete(self, house, editor, hook):
        path = f"/api/webhooks/{hook['id']}"
        assert editor.request("PATCH", path, json={"name": " till "}).json()["name"] == "till"
        assert editor.request("DELETE", path).status_code == 204
        assert editor.get(path).status_code == 404
        assert house.deliver(hook, ORDER).status_code == 404

    def test_lists_are_paged(self, house, editor, hook):
        for n in range(3):
            house.deliver(hook, ORDER, f"m{n}")
            editor.post("/api/webhooks", json={"name": f"hook {n}", "channel": "shop"})
            map_it(editor, hook, based_on=n)
        for path, key, wanted in (
            ("/api/webhooks", "name", ["web shop", "hook 0", "hook 1", "hook 2"]),
            (f"/api/webhooks/{hook['id']}/deliveries", "webhook_id", ["m2", "m1", "m0"]),
            (f"/api/webhooks/{hook['id']}/mappings", "version", [3, 2, 1]),
        ):
            seen, cursor = [], None
            while cursor is not None or not seen:
                page = editor.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
                seen += [each[key] for each in page["data"]]
                cursor = page["next_cursor"]
            assert seen == wanted


class TestRehearse:
    def test_tells_each_record(self, house, editor, hook):
        house.deliver(hook, [ORDER, {**ORDER, "status": "draft"}, {}])
        answer = editor.post(f"/api/webhooks/{hook['id']}/rehearsals", json={"mapping": PAID})
        (trial,) = answer.json()["data"]
        assert [each["verdict"] for each in trial["records"]] == ["taken", "ignored", "not_mapped"]
        assert (trial["record_count"], trial["event_count"], trial["problem_count"]) == (3, 1, 1)

    def test_a_suggestion_can_be_rehearsed_and_kept(self, house, editor, hook):
        house.deliver(hook, ORDER)
        (kept,) = editor.get(f"/api/webhooks/{hook['id']}/deliveries").json()["data"]
        guessed = editor.post(f"/api/webhooks/{hook['id']}/suggestions", json={"delivery": kept["id"]}).json()
        assert map_it(editor, hook, guessed).status_code == 200
        done = editor.post(f"/api/webhooks/{hook['id']}/retry", json={}).json()
        assert done == {"tried": 1, "taken": 1, "unmapped": 0, "next_after": None}

    def test_a_suggestion_takes_the_last_delivery_or_a_payload(self, house, editor, hook):
        path = f"/api/webhooks/{hook['id']}/suggestions"
        assert editor.post(path, json={}).status_code == 404
        house.deliver(hook, ORDER)
        latest = editor.post(path, json={}).json()
        assert latest == editor.post(path, json={"payload": json.dumps(ORDER)}).json()
        assert latest["rules"][0]["user_id"] == "customer.id"

    def test_a_payload_that_is_no_json_is_told(self, editor, hook):
        body = {"mapping": PAID, "payload": "{"}
        answer = editor.post(f"/api/webhooks/{hook['id']}/rehearsals", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_payload")
