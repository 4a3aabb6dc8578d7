"""Blocked values: who may change the list, what a rehearsal says, and that the linker follows while it runs."""

from typing import Any

import pytest
from linked_shop import NOON, Shop

from onevoice import bootstrap
from onevoice.kit.db import Database
from web.asgi_client import AsgiClient

LIST = "/api/identity/blocked"


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database, "pl")


@pytest.fixture
def owner(shop: Shop) -> AsgiClient:
    return shop.signed_in("owner")


def block(client: AsgiClient, kind: str, value: str) -> Any:
    return client.change("POST", LIST, {"kind": kind, "value": value})


class TestOutsider:
    def test_an_operator_reads_the_kinds_and_no_more(self, shop: Shop) -> None:
        operator = shop.signed_in("operator")
        assert operator.get("/api/identity/kinds").status_code == 200
        assert operator.get(LIST).json()["code"] == "not_allowed"
        assert block(operator, "email", "x@shop.example").json()["code"] == "not_allowed"


class TestKinds:
    def test_are_told_with_their_limits_strongest_first(self, owner: AsgiClient) -> None:
        told = owner.get("/api/identity/kinds").json()["data"]
        assert told[0] == {"name": "user_id", "priority": 1, "per_profile": 1, "per_profile_weak": 1, "shared": False}
        assert [each["priority"] for each in told] == sorted(each["priority"] for each in told)


class TestList:
    def test_page_by_page_and_by_part_of_the_value(self, owner: AsgiClient) -> None:
        whole = owner.get(LIST, params={"limit": "100"}).json()["data"]
        first = owner.get(LIST, params={"limit": "5"}).json()
        rest = owner.get(LIST, params={"limit": "100", "cursor": first["next_cursor"]}).json()
        assert first["data"] + rest["data"] == whole
        found = owner.get(LIST, params={"text": "TEST@"}).json()["data"]
        assert {each["value"] for each in found} == {"test@test.com", "test@example.com"}
        assert {each["blocked_by"] for each in found} == {None}

    @pytest.mark.parametrize("cursor", ["x", "WyJhIiwiYiIsImMiXQ", "WyJhIiwiXHVkODAwIl0", "WyJhIiwiXHUwMDAwIl0"])
    def test_a_cursor_that_is_none(self, owner: AsgiClient, cursor: str) -> None:
        assert owner.get(LIST, params={"cursor": cursor}).json()["code"] == "invalid_cursor"


class TestBlock:
    def test_in_the_form_it_is_compared_in(self, owner: AsgiClient) -> None:
        assert block(owner, "email", " Nobody@Shop.Example ").json()["value"] == "nobody@shop.example"
        assert block(owner, "phone", "600 100 200").json()["value"] == "+48600100200"
        assert block(owner, "phone", "+34 600 100 200").json()["value"] == "+34600100200"
        assert block(owner, "*", "Nie Mam").json()["value"] == "nie mam"
        mine = owner.get(LIST, params={"text": "nie mam"}).json()["data"]
        assert [(each["kind"], each["blocked_by"]) for each in mine] == [("*", "owner@shop.example")]

    def test_twice(self, owner: AsgiClient) -> None:
        block(owner, "email", "nobody@shop.example")
        again = block(owner, "email", "NOBODY@shop.example")
        assert (again.status_code, again.json()["code"]) == (409, "already_blocked")

    @pytest.mark.parametrize(("kind", "value"), [("pigeon", "x"), ("email", "  "), ("*", "a\u0007b"), ("*", "\u200b")])
    def test_what_cannot_be(self, owner: AsgiClient, kind: str, value: str) -> None:
        assert block(owner, kind, value).json()["code"] == "unblockable"

    def test_the_value_is_not_in_the_audit_log(self, owner: AsgiClient) -> None:
        block(owner, "email", "nobody@shop.example")
        told = owner.get("/api/audit").text
        assert "identity.blocked" in told
        assert "nobody@shop.example" not in told

    def test_taken_off_again(self, owner: AsgiClient) -> None:
        gone = {"kind": "email", "value": "test@test.com"}
        assert owner.change("POST", f"{LIST}/removals", gone).status_code == 204
        assert owner.change("POST", f"{LIST}/removals", gone).json()["code"] == "not_blocked"

    def test_a_number_of_two_countries(self, database: Database) -> None:
        owner = Shop(database, "pl", "es").signed_in("owner")
        assert block(owner, "phone", "600 123 456").json()["code"] == "unblockable"


class TestRehearsal:
    def rehearse(self, owner: AsgiClient, kind: str, value: str) -> Any:
        return owner.change("POST", f"{LIST}/rehearsals", {"kind": kind, "value": value}).json()

    def test_says_who_has_it_and_changes_nothing(self, shop: Shop, owner: AsgiClient) -> None:
        for user in ("anna", "ola"):
            shop.person(user, site="pl", email="shop@shop.example")
        told = self.rehearse(owner, "email", "Shop@shop.example")
        assert told["value"] == "shop@shop.example"
        [held] = told["held"]
        assert (held["kind"], held["tied"]) == ("email", 2)
        assert self.rehearse(owner, "*", "shop@shop.example")["held"] == [held]
        assert owner.get(LIST, params={"text": "shop@"}).json()["data"] == []

    def test_of_what_nobody_has(self, owner: AsgiClient) -> None:
        assert self.rehearse(owner, "email", "nobody@shop.example")["held"] == []


class TestLinking:
    @pytest.mark.parametrize("kind", ["phone", "*"])
    def test_a_value_is_stopped_as_it_was_typed(self, shop: Shop, owner: AsgiClient, kind: str) -> None:
        assert block(owner, kind, "+48 600 123 456").status_code == 201
        shop.person("anna", site="pl", phone="+48 600 123 456")
        assert [each["kind"] for each in shop.profile("user_id:anna").json()["identifiers"]] == ["user_id"]

    def test_a_linker_that_runs_follows_with_its_next_batch(self, shop: Shop, owner: AsgiClient) -> None:
        def send(number: int) -> None:
            event = {"type": "track", "event": "Seen", "messageId": f"b-{number}", "userId": f"u{number}"}
            event["context"] = {"traits": {"email": "desk@shop.example"}}
            bootstrap.append_events(shop.home, [(shop.sources["pl"], [event], NOON, NOON)])
            while step():
                pass

        def holder() -> Any:
            return shop.profile("email:desk@shop.example").json()["identifiers"]

        with bootstrap.linking_steps(shop.home) as step:
            send(1)
            before = holder()
            assert block(owner, "email", "desk@shop.example").status_code == 201
            send(2)
            assert holder() == before
            assert [each["kind"] for each in shop.profile("user_id:u2").json()["identifiers"]] == ["user_id"]
            gone = {"kind": "email", "value": "desk@shop.example"}
            owner.change("POST", f"{LIST}/removals", gone)
            send(3)
            assert {each["kind"] for each in shop.profile("user_id:u3").json()["identifiers"]} >= {"user_id"}
            tied = owner.change("POST", f"{LIST}/rehearsals", gone).json()["held"]
            assert [each["tied"] for each in tied] == [2]
