"""Links that were sent to somebody: who may make them, what opening one comes to, and what it never does."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linked_shop import NOON, Shop, minutes

from onevoice import bootstrap
from onevoice.domains.identity.service import links
from onevoice.kit.db import Database

ANNA = "email:anna@example.com"
BOOTS = "https://shop.example.com/boots"
PHONE, LAPTOP, OLAS = "anna-phone", "anna-laptop", "ola-browser"


@pytest.fixture
def shop(database: Database) -> Shop:
    shop = Shop(database)
    shop.person("anna", email="anna@example.com", name="Anna")
    return shop


def link(shop: Shop, person: str = ANNA, **more: Any) -> str:
    """Its token. Links are made a minute after noon."""
    answer = shop.post("/api/links", {"links": [{"person": person, "url": BOOTS}], **more}, at=1)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"][0]["url"].partition("ov=")[2])


def visit(shop: Shop, browser: str, token: str | None = None, *, at: float, **more: Any) -> None:
    page = {"url": BOOTS + (f"?ov={token}" if token else ""), "path": "/boots"}
    shop.send({"type": "page", "anonymousId": browser, "context": {"page": page}, **more}, at=at)


def login(shop: Shop, browser: str, user: str, *, at: float) -> None:
    shop.send({"type": "identify", "userId": user, "anonymousId": browser}, at=at)


def whose(shop: Shop, browser: str) -> str:
    return str(shop.profile(f"anonymous_id:{browser}").json()["id"])


def person(shop: Shop, user: str) -> str:
    return str(shop.profile(f"user_id:{user}").json()["id"])


def evidence(shop: Shop, browser: str) -> list[dict[str, Any]]:
    """Of opened links, as the browser's row in the console shows it."""
    told = shop.profile(f"anonymous_id:{browser}", "/identity").json()
    [row] = [each for each in told["identifiers"] if each["value"] == browser]
    return [each for each in row["evidence"] if each["origin"] == "link"]


class TestCreate:
    def test_nobody_without_a_key_makes_any(self, shop: Shop) -> None:
        answer = shop.stranger().post("/api/links", json={"links": [{"person": ANNA, "url": BOOTS}]})
        assert answer.status_code == 401

    def test_nothing_in_the_address_tells_of_the_person(self, shop: Shop) -> None:
        wanted = {"person": ANNA, "url": BOOTS + "?size=39#top", "app_url": "myshop://boots"}
        [made] = shop.post("/api/links", {"links": [wanted]}, at=1).json()["data"]
        token = made["url"].removeprefix(BOOTS + "?size=39&ov=").removesuffix("#top")
        assert len(token) == 20
        assert made["app_url"] == f"myshop://boots?ov={token}"
        assert made["expires_at"] == "2026-05-10T12:01:00.000Z"
        again = link(shop)
        assert again != token, "nor that two were sent to one"

    def test_a_thousand_at_once_each_judged_by_itself(self, shop: Shop) -> None:
        wanted = [{"person": ANNA, "url": f"{BOOTS}/{n}"} for n in range(997)]
        odd = [
            {"person": "email:nobody@example.com", "url": BOOTS},
            {"person": ANNA, "url": "javascript:alert(1)"},
            {"person": "anonymous_id:" + PHONE, "url": BOOTS},
        ]
        told = shop.post("/api/links", {"links": odd + wanted}, at=1).json()
        assert [each["index"] for each in told["data"]] == list(range(3, 1000))
        assert len({each["url"].partition("ov=")[2] for each in told["data"]}) == 997
        assert [(each["index"], each["code"]) for each in told["refused"]] == [
            (0, "unknown_profile"),
            (1, "invalid_address"),
            (2, "invalid_reference"),
        ]

    @pytest.mark.parametrize(
        "odd",
        ["shop.example.com", "//shop.example.com", "http://", "https://a b", "ftp://a.example", "https://[", "/boots"],
    )
    def test_an_address_that_is_none(self, shop: Shop, odd: str) -> None:
        told = shop.post("/api/links", {"links": [{"person": ANNA, "url": odd}]}, at=1).json()
        assert [each["code"] for each in told["refused"]] == ["invalid_address"]

    @pytest.mark.parametrize("odd", ["data:text/html,x", "javascript://%0aalert(1)", "boots"])
    def test_an_address_of_an_app_that_is_none(self, shop: Shop, odd: str) -> None:
        told = shop.post("/api/links", {"links": [{"person": ANNA, "url": BOOTS, "app_url": odd}]}, at=1).json()
        assert [each["code"] for each in told["refused"]] == ["invalid_address"]

    @pytest.mark.parametrize(
        "body",
        [
            {"links": []},
            {"links": [{"person": ANNA, "url": BOOTS}] * 1001},
            {"links": [{"person": ANNA, "url": BOOTS}], "life_minutes": 4},
            {"links": [{"person": ANNA, "url": BOOTS}], "life_minutes": 90 * 24 * 60 + 1},
            {"links": [{"person": ANNA, "url": BOOTS + "\0"}]},
        ],
    )
    def test_what_is_refused_whole(self, shop: Shop, body: dict[str, Any]) -> None:
        assert shop.post("/api/links", body, at=1).status_code == 422

    def test_the_audit_log_tells_how_many_and_not_for_whom(self, shop: Shop, database: Database) -> None:
        link(shop)
        with database.transaction() as conn:
            rows = conn.execute("select after::text from access.audit where action = 'links.created'").fetchall()
        assert [json.loads(row[0]) for row in rows] == [{"links": 1, "refused": 0, "life_minutes": 10080}]


class TestForwarded:
    def test_her_visit_becomes_hers_and_the_friends_does_not(self, shop: Shop) -> None:
        token = link(shop)
        visit(shop, PHONE, at=1)
        visit(shop, PHONE, token, at=2)
        assert whose(shop, PHONE) == person(shop, "anna")
        visit(shop, OLAS, token, at=30)
        assert whose(shop, OLAS) != person(shop, "anna")
        login(shop, OLAS, "ola", at=40)
        assert whose(shop, OLAS) == person(shop, "ola") != person(shop, "anna")
        assert whose(shop, PHONE) == person(shop, "anna")

    def test_where_the_friend_was_first_a_login_takes_her_browser_back_and_nobody_is_fused(self, shop: Shop) -> None:
        token = link(shop)
        visit(shop, OLAS, token, at=2)
        assert whose(shop, OLAS) == person(shop, "anna"), "as far as anybody can know"
        login(shop, OLAS, "ola", at=10)
        assert whose(shop, OLAS) == person(shop, "ola") != person(shop, "anna")
        visit(shop, PHONE, token, at=30)
        assert whose(shop, PHONE) not in {person(shop, "anna"), person(shop, "ola")}
        [refused] = evidence(shop, OLAS)
        assert (refused["state"], refused["why"], refused["to"]["value"]) == ("refused", "named", "anna@example.com")

    def test_whoever_is_logged_in_already_stays_who_they_are(self, shop: Shop) -> None:
        token = link(shop)
        login(shop, OLAS, "ola", at=1)
        visit(shop, OLAS, token, at=2)
        assert whose(shop, OLAS) == person(shop, "ola") != person(shop, "anna")
        visit(shop, PHONE, token, at=3)
        assert whose(shop, PHONE) != person(shop, "anna"), "somebody else has opened it before"

    def test_two_links_opened_in_one_browser_join_nobody(self, shop: Shop) -> None:
        shop.person("jan", email="jan@example.com")
        first, second = link(shop), link(shop, "email:jan@example.com")
        visit(shop, PHONE, first, at=2)
        visit(shop, PHONE, second, at=3)
        assert whose(shop, PHONE) == person(shop, "anna") != person(shop, "jan")
        assert [(each["state"], each["to"]["value"]) for each in evidence(shop, PHONE)] == [
            ("used", "anna@example.com"),
            ("refused", "jan@example.com"),
        ]

    @pytest.mark.parametrize("order", list(permutations(range(4))))
    def test_the_order_of_arrival_does_not_matter(self, shop: Shop, order: tuple[int, ...]) -> None:
        token = link(shop)
        page = {"page": {"search": f"?ov={token}"}}
        told = [
            ({"type": "page", "anonymousId": PHONE, "context": page}, 2),
            ({"type": "page", "anonymousId": OLAS, "context": page}, 3),
            ({"type": "identify", "userId": "ola", "anonymousId": OLAS}, 4),
            ({"type": "page", "anonymousId": LAPTOP, "context": page}, 5),
        ]
        for learnt, number in enumerate(order, 10):
            event, at = told[number]
            shop.send(event, at=at, learnt=learnt)
        people = [whose(shop, browser) for browser in (PHONE, OLAS, LAPTOP)]
        assert people[:2] == [person(shop, "anna"), person(shop, "ola")]
        assert len(set(people)) == 3

    def test_who_opened_it_first_may_turn_out_late(self, shop: Shop) -> None:
        token = link(shop)
        visit(shop, OLAS, token, at=5)
        page = {"page": {"search": f"?ov={token}"}}
        shop.send({"type": "page", "anonymousId": PHONE, "context": page}, at=3, learnt=20)
        assert whose(shop, PHONE) == person(shop, "anna") != whose(shop, OLAS)
        then = shop.profile(f"anonymous_id:{OLAS}", known_at=10).json()
        assert then["id"] == shop.profile("user_id:anna", known_at=10).json()["id"], "so it was believed"


class TestEvidence:
    def test_is_the_weakest_and_named(self, shop: Shop) -> None:
        visit(shop, PHONE, link(shop), at=2)
        [told] = evidence(shop, PHONE)
        assert (told["state"], told["tier"], told["to"]["value"]) == ("used", 10, "anna@example.com")

    def test_a_split_takes_it_for_good(self, shop: Shop) -> None:
        token = link(shop)
        visit(shop, PHONE, token, at=2)
        parted = shop.post(
            "/api/identity/splits",
            {"profile": "user_id:anna", "identifiers": [f"anonymous_id:{PHONE}"], "reason": "no"},
        )
        assert parted.status_code in {200, 201}, parted.text
        assert whose(shop, PHONE) != person(shop, "anna")
        visit(shop, PHONE, token, at=90)
        visit(shop, LAPTOP, token, at=91)
        assert person(shop, "anna") not in {whose(shop, PHONE), whose(shop, LAPTOP)}

    def test_after_a_logout_only_what_comes_then_is_hers(self, shop: Shop) -> None:
        login(shop, PHONE, "jan", at=1)
        shop.send({"event": "Signed Out", "anonymousId": PHONE}, at=2)
        visit(shop, PHONE, link(shop), at=3)
        assert whose(shop, PHONE) == person(shop, "anna") != person(shop, "jan")
        assert shop.profile("user_id:jan").json()["event_count"] == 1

    def test_shown_around_to_thousands_it_is_still_one_piece(self, shop: Shop, database: Database) -> None:
        token = link(shop)
        visit(shop, PHONE, token, at=2)
        page = {"page": {"search": f"?ov={token}"}}
        strangers = [
            {
                "type": "page",
                "messageId": f"s{n}",
                "anonymousId": f"stranger-{n}",
                "context": page,
                "timestamp": minutes(3 + n / 1000).isoformat(),
            }
            for n in range(3000)
        ]
        bootstrap.append_events(shop.home, [(shop.sources["main"], strangers, minutes(9), minutes(9))])
        with bootstrap.linking_steps(shop.home) as step:
            while step():
                pass
        with database.transaction() as conn:
            rows = conn.execute("select count(*) from identity.evidence where op = 8").fetchone()
        assert rows == (1,)
        assert {each["value"] for each in shop.profile("user_id:anna").json()["identifiers"]} == {
            "anna",
            "anna@example.com",
            PHONE,
        }

    def test_in_an_app_the_device_is_who_opened_it(self, shop: Shop) -> None:
        token = link(shop)
        shop.send(
            {
                "event": "Deep Link Opened",
                "anonymousId": PHONE,
                "properties": {"url": f"myshop://boots?ov={token}"},
                "context": {"device": {"id": "d-1"}},
            },
            at=2,
        )
        ids = {each["value"] for each in shop.profile("user_id:anna").json()["identifiers"]}
        assert {"d-1", PHONE} <= ids

    def test_a_server_that_repeats_it_opened_nothing(self, shop: Shop) -> None:
        token = link(shop)
        shop.send({"type": "page", "userId": "jan", "properties": {"url": f"{BOOTS}?ov={token}"}}, at=2)
        visit(shop, PHONE, token, at=3)
        assert whose(shop, PHONE) == person(shop, "anna")


class TestToken:
    @pytest.mark.parametrize("place", range(0, 20, 3))
    def test_a_changed_one_says_nothing(self, shop: Shop, place: int) -> None:
        token = link(shop)
        other = "A" if token[place] != "A" else "B"
        visit(shop, PHONE, token[:place] + other + token[place + 1 :], at=2)
        assert whose(shop, PHONE) != person(shop, "anna")

    @pytest.mark.parametrize(("at", "counts"), [(0.5, False), (1, True), (6, True), (6.1, False)])
    def test_counts_within_its_life_only(self, shop: Shop, at: float, *, counts: bool) -> None:
        visit(shop, PHONE, link(shop, life_minutes=5), at=at)
        assert (whose(shop, PHONE) == person(shop, "anna")) == counts

    def test_is_in_nothing_that_is_stored_for_reading(self, shop: Shop, database: Database) -> None:
        token = link(shop)
        page = {
            "url": f"{BOOTS}?ov={token}&a=1",
            "search": f"?ov={token}&a=1",
            "path": f"/boots?ov={token}",
            "referrer": f"https://mail.example/?u=https%3A%2F%2Fshop.example.com%2F%3Fov%3D{token}",
        }
        context = {"page": page, "link_token": token}
        shop.send(
            {"type": "page", "anonymousId": PHONE, "context": context, "properties": page, "name": f"?ov={token}"}
        )
        shop.send({"type": "page", "context": context, "anonymousId": "null"})  # blocked: it becomes a dead letter
        with database.transaction() as conn:
            kept = conn.execute("select body::text from identity.event").fetchall()
            kept += conn.execute("select event from events.dead_letter").fetchall()
            kept += conn.execute("select value::text from identity.vault").fetchall()
        assert len(kept) > 3
        assert not [row for row in kept if token in row[0]]

    def test_the_event_says_which_link_it_was(self, shop: Shop) -> None:
        [made] = shop.post("/api/links", {"links": [{"person": ANNA, "url": BOOTS}]}, at=1).json()["data"]
        visit(shop, PHONE, made["url"].partition("ov=")[2], at=2)
        visit(shop, OLAS, at=3, context={"_link": made["id"]})
        [event] = shop.profile(f"anonymous_id:{OLAS}", "/events").json()["data"]
        assert "_link" not in event["context"], "only we say so"
        told = [each["context"].get("_link") for each in shop.profile("user_id:anna", "/events").json()["data"]]
        assert told == [made["id"], None]

    def test_what_is_personal_beside_it_stands_in_the_vault_only(self, shop: Shop, database: Database) -> None:
        personal = {"ip": "203.0.113.77", "traits": {"email": "visitor@example.com"}}
        page = {"url": f"{BOOTS}?ov={link(shop)}"}
        shop.send({"type": "page", "anonymousId": PHONE, "context": {"page": page, **personal}}, at=2)
        with database.transaction() as conn:
            [(body,)] = conn.execute(
                "select body::text from identity.event where body::text like '%\\_link%'"
            ).fetchall()
        assert "203.0.113.77" not in body
        assert "visitor@example.com" not in body
        newest = shop.profile(f"anonymous_id:{PHONE}", "/events").json()["data"][0]
        assert newest["context"]["ip"] == "203.0.113.77"

    def test_one_that_nobody_opened_is_forgotten_in_time(self, shop: Shop, database: Database) -> None:
        opened, unopened = link(shop), link(shop)
        assert opened != unopened
        visit(shop, PHONE, opened, at=2)
        with database.transaction() as conn:
            assert links.housekeep(conn, NOON + timedelta(days=15)) == 0
            assert links.housekeep(conn, NOON + timedelta(days=16)) == 1
            assert links.housekeep(conn, NOON + timedelta(days=16)) == 0
        assert whose(shop, PHONE) == person(shop, "anna")


BROWSERS = ("b1", "b2", "b3")
acts = st.lists(
    st.tuples(
        st.sampled_from(("visit", "open", "login", "logout")),
        st.sampled_from(BROWSERS),
        st.sampled_from(("u1", "u2")),
        st.integers(2, 6),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(acts=acts, chance=st.randoms(use_true_random=False))
def test_two_accounts_never_share_a_profile_because_of_a_link(shop: Shop, acts: list[Any], chance: Any) -> None:
    """Whatever the two and their links do in three browsers, and in whatever order it arrives."""
    run = str(chance.getrandbits(64))
    for user in ("u1", "u2"):
        shop.person(user + run, email=f"{user}{run}@example.com")
    tokens = {user: link(shop, f"email:{user}{run}@example.com") for user in ("u1", "u2")}
    events: list[tuple[dict[str, Any], int]] = []
    for act, browser, user, at in acts:
        event: dict[str, Any] = {"type": "page", "anonymousId": browser + run}
        if act == "open":
            event["context"] = {"page": {"search": f"?ov={tokens[user]}"}}
        elif act == "login":
            event["userId"] = user + run
        elif act == "logout":
            event |= {"type": "track", "event": "Signed Out"}
        events.append((event, at))
    chance.shuffle(events)
    sent = [
        (
            shop.sources["main"],
            [{"messageId": f"{run}-{n}", "timestamp": minutes(at).isoformat(), **event}],
            minutes(10 + n),
            minutes(10 + n),
        )
        for n, (event, at) in enumerate(events)
    ]
    with bootstrap.linking_steps(shop.home) as step:
        for part in (sent[: len(sent) // 2], sent[len(sent) // 2 :]):
            bootstrap.append_events(shop.home, part)
            while step():
                pass
    assert person(shop, "u1" + run) != person(shop, "u2" + run)
