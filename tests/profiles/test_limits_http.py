"""Limits that change: who may, what is told before they hold, and that the linker follows."""

from typing import Any

import pytest
from linked_shop import Shop

from onevoice.domains.identity.service import limits
from onevoice.kit.db import Database
from web.asgi_client import AsgiClient

CHANGES = "/api/identity/limits/changes"


@pytest.fixture
def shop(database: Database) -> Shop:
    shop = Shop(database)
    for email in ("a@shop.example", "b@shop.example"):
        shop.person("anna", email=email)
    return shop


@pytest.fixture
def owner(shop: Shop) -> AsgiClient:
    return shop.signed_in("owner")


def ask(client: AsgiClient, kind: str = "email", strong: int = 1, weak: int = 1) -> Any:
    return client.change("POST", CHANGES, {"kind": kind, "per_profile": strong, "per_profile_weak": weak})


def work(shop: Shop) -> None:
    while True:
        with shop.home.database.transaction() as conn:
            if not limits.step(conn, shop.home.clock.now()):
                return


class TestOutsider:
    def test_an_operator_neither_reads_nor_asks(self, shop: Shop) -> None:
        operator = shop.signed_in("operator")
        assert operator.get(CHANGES).json()["code"] == "not_allowed"
        assert ask(operator).json()["code"] == "not_allowed"


class TestChange:
    def test_from_the_question_to_the_answer(self, shop: Shop, owner: AsgiClient) -> None:
        asked = ask(owner)
        assert (asked.status_code, asked.json()["state"]) == (201, "looking")
        one = f"{CHANGES}/{asked.json()['id']}"
        assert owner.change("POST", f"{one}/applications", {}).json()["code"] == "limit_change_not_ready"
        work(shop)
        looked = owner.get(one).json()
        assert (looked["state"], looked["before"], looked["after"], looked["parted"]) == ("looked", 1, 2, 1)
        [example] = looked["examples"]
        [now] = example["before"]["profiles"]
        assert now["named"][0] == {"kind": "user_id", "value": "anna"}
        assert {each["value"] for each in now["named"]} == {"anna", "a@shop.example", "b@shop.example"}
        assert example["after"]["count"] == 2
        assert len(shop.profile("user_id:anna").json()["identifiers"]) == 3, "nothing is changed by a look"
        applied = owner.change("POST", f"{one}/applications", {})
        assert applied.json()["state"] == "applying"
        work(shop)
        assert owner.get(one).json()["state"] == "applied"
        assert len(shop.profile("user_id:anna").json()["identifiers"]) == 2
        [kind] = [each for each in owner.get("/api/identity/kinds").json()["data"] if each["name"] == "email"]
        assert (kind["per_profile"], kind["per_profile_weak"]) == (1, 1)
        [line] = [
            each for each in owner.get("/api/audit").json()["data"] if each["action"] == "identity.limits_changed"
        ]
        assert line["before"] == {"per_profile": 5, "per_profile_weak": 5}
        assert (line["actor"], line["after"]) == ("owner@shop.example", {"per_profile": 1, "per_profile_weak": 1})

    def test_what_comes_while_profiles_are_worked_out_again_follows_already(
        self, shop: Shop, owner: AsgiClient
    ) -> None:
        asked = ask(owner).json()
        work(shop)
        owner.change("POST", f"{CHANGES}/{asked['id']}/applications", {})
        for email in ("c@shop.example", "d@shop.example"):
            shop.person("ola", email=email)
        assert len(shop.profile("user_id:ola").json()["identifiers"]) == 2
        assert len(shop.profile("user_id:anna").json()["identifiers"]) == 3

    def test_dropped_it_leaves_room_for_another(self, owner: AsgiClient) -> None:
        first = ask(owner).json()["id"]
        assert ask(owner, "user_id", 2, 2).json()["code"] == "limit_change_open"
        assert owner.change("DELETE", f"{CHANGES}/{first}").status_code == 204
        assert owner.change("DELETE", f"{CHANGES}/{first}").json()["code"] == "limit_change_not_ready"
        assert ask(owner, "user_id", 2, 2).status_code == 201

    @pytest.mark.parametrize(
        ("kind", "strong", "weak"), [("x", 1, 1), ("email", 0, 0), ("email", 1, 2), ("email", 5, 5)]
    )
    def test_what_cannot_be(self, owner: AsgiClient, kind: str, strong: int, weak: int) -> None:
        assert ask(owner, kind, strong, weak).json()["code"] == "invalid_limits"

    def test_one_that_is_none(self, owner: AsgiClient) -> None:
        assert owner.get(f"{CHANGES}/7").json()["code"] == "unknown_limit_change"


class TestPage:
    def test_the_newest_first_and_page_by_page(self, owner: AsgiClient) -> None:
        made = []
        for weak in (1, 2, 3):
            made.append(ask(owner, weak=weak, strong=3).json()["id"])
            owner.change("DELETE", f"{CHANGES}/{made[-1]}")
        first = owner.get(CHANGES, params={"limit": "2"}).json()
        rest = owner.get(CHANGES, params={"limit": "2", "cursor": first["next_cursor"]}).json()
        assert [each["id"] for each in first["data"] + rest["data"]] == made[::-1]
        assert rest["next_cursor"] is None
