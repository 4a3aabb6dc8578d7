"""What the demo puts on the Data and Settings pages, on a running server, by its API alone."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest

from onevoice.demo import furniture
from onevoice.demo.caller import Caller, RefusedError
from onevoice.demo.furnish import Furnisher, StoppedError
from onevoice.kit.clock import SystemClock
from support import LiveServer, serving

CARDS = ["220044710938", "220044710939"]
PASSWORD = "a password of the demo"


def go_on(seconds: float) -> bool:
    time.sleep(min(seconds, 2.5))
    return True


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One of its own: what is counted here others would add to."""
    with serving(tmp_path_factory.mktemp("furnished") / "home") as server:
        yield server


@pytest.fixture(scope="module")
def caller(live_server: LiveServer) -> Caller:
    caller = Caller(live_server.url)
    caller.log_in(*live_server.owner)
    key = caller.send("POST", "/api/keys", {"name": "app", "scope": "write", "channel": "app"})
    known = {"type": "track", "event": "Order Completed", "anonymousId": "d_1", "properties": {"total_minor": 12_990}}
    caller.batch(key["key"], [{"messageId": "app-1", **known}])
    return caller


@pytest.fixture(scope="module")
def furnished(caller: Caller, live_server: LiveServer) -> Caller:
    for step in furnisher(caller).steps.values():
        step()
    live_server.settle()
    return caller


def furnisher(caller: Caller) -> Furnisher:
    return Furnisher(caller, SystemClock(), go_on, password=PASSWORD, cards=CARDS)


class TestFurnish:
    def test_every_role_has_somebody_who_logs_in_with_the_password(self, furnished, live_server):
        roles = {each["role"]: each["login"] for each in furnished.every("/api/users")}
        assert len(roles) == 7
        seller = Caller(live_server.url)
        seller.log_in("seller@demo.example", PASSWORD)
        assert seller.get("/api/me")["role"] == "seller"

    def test_one_key_was_never_used_one_was_and_one_was_taken_away(self, furnished):
        keys = {each["name"]: each for each in furnished.every("/api/keys")}
        assert keys[furniture.UNUSED]["last_used_at"] is None
        assert keys[furniture.REPORTS]["last_used_at"]
        assert keys[furniture.LEFT]["revoked_at"]

    def test_deliveries_are_mapped_ignored_and_wait(self, furnished):
        (hook,) = furnished.get("/api/webhooks")["data"]
        found = Counter(each["verdict"] for each in furnished.every(f"/api/webhooks/{hook['id']}/deliveries"))
        assert found == {"taken": 17, "not_mapped": 3, "ignored": 1}
        assert hook["unmapped"] == 3

    def test_what_the_club_told_stands_in_a_profile(self, furnished):
        events = furnished.get(f"/api/profiles/loyalty_card:{CARDS[0]}/events")["data"]
        assert {"Points Redeemed", "Tier Changed"} & {each["event"] for each in events}

    def test_the_file_is_imported_but_for_five_rows(self, furnished):
        (one,) = furnished.get("/api/imports")["data"]
        assert (one["state"], one["records"], one["taken"], one["refused"]) == ("finished", 64, 59, 5)

    def test_the_plan_knows_what_is_personal_and_says_what_is_wrong(self, furnished):
        deadline = time.monotonic() + 20
        while len(furnished.every("/api/plan/alarms")) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        alarms = {(each["kind"], each["event_name"], each["source"]) for each in furnished.every("/api/plan/alarms")}
        assert alarms == {("type_conflict", "Order Completed", "app"), ("unknown_event", "Basket Opened", "app")}
        events = {each["name"]: each for each in furnished.every("/api/plan/events")}
        note = furnished.get(f"/api/plan/events/{events['Points Redeemed']['id']}")["learnt"]
        assert {each["path"] for each in note if each["declared"] and each["declared"]["personal"]} == {
            "properties.note"
        }

    def test_events_are_rejected_for_different_reasons(self, furnished):
        codes = {each["code"] for each in furnished.every("/api/dead-letters")}
        assert {"event_missing", "no_identifier", "unknown_type", "invalid_id", "unreadable_record"} <= codes

    def test_all_of_it_stands_in_the_audit_log_under_the_owners_name(self, furnished, live_server):
        lines = furnished.every("/api/audit")
        mine = {each["action"] for each in lines if live_server.owner[0] in each["actor"]}
        assert {"user.created", "key.revoked", "webhook.created", "import.started", "plan.declared"} <= mine

    def test_another_run_doubles_nothing(self, furnished):
        lists = ("/api/users", "/api/keys", "/api/webhooks", "/api/imports", "/api/dead-letters")
        before = [len(furnished.every(path)) for path in lists]
        for step in furnisher(furnished).steps.values():
            step()
        assert [len(furnished.every(path)) for path in lists] == before
        (hook,) = furnished.get("/api/webhooks")["data"]
        assert len(furnished.every(f"/api/webhooks/{hook['id']}/deliveries")) == 21

    def test_it_ends_when_the_demo_does(self, furnished):
        with pytest.raises(StoppedError):
            Furnisher(furnished, SystemClock(), lambda _: False, password=PASSWORD, cards=CARDS).plan()


class TestCaller:
    def test_a_wrong_password_is_told(self, live_server):
        with pytest.raises(RefusedError, match="cannot log in"):
            Caller(live_server.url).log_in("nobody@shop.example", "a wrong password")

    def test_nobody_who_answers_is_told(self):
        with pytest.raises(RefusedError, match="GET /api/me"):
            Caller("http://127.0.0.1:9").get("/api/me")


class TestFurniture:
    def test_equal_starts_give_equal_things(self):
        start = datetime.fromisoformat("2026-11-22T13:32:00+00:00")
        assert furniture.register_file() == furniture.register_file()
        assert furniture.club_deliveries(CARDS, start) == furniture.club_deliveries(CARDS, start)
        assert furniture.old_app_events(start) == furniture.old_app_events(start)
