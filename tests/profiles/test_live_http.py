"""GET /api/live with a filter: what it finds, in pages, and that it stops when it has looked enough."""

from collections.abc import Iterator
from typing import Any

import pytest
from linked_shop import Shop, lasting_shop

from onevoice.domains.profiles.service import live
from onevoice.kit.cursor import encode
from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster
from web.asgi_client import AsgiClient

SITES = ("main", "pl")


def furnish(shop: Shop) -> Shop:
    telegram = [{"id": "ania_k", "type": "telegram"}]
    anna = {"name": "Анна Ковальская", "email": "anna@shop.example", "phone": "+48600123456"}
    shop.send({"type": "identify", "userId": "u-1", "traits": anna, "messageId": "identified"}, site="pl")
    boots = {"name": "Tatra boots 39", "price": 389, "inside": [{"colour": "Bordeaux"}], "kept": True}
    shop.send({"userId": "u-1", "event": "Product Viewed", "messageId": "viewed", "properties": boots}, at=1)
    shop.send({"type": "page", "anonymousId": "a-77", "name": "Winter Sale", "messageId": "seen"}, at=2)
    order = {"total": 12.5, "recipient": "Zofia Wilk"}
    shop.send({"userId": "u-2", "event": "Order Completed", "messageId": "ordered", "properties": order}, at=3)
    said = {"event": "Message Received", "messageId": "said", "context": {"externalIds": telegram}}
    shop.send({**said, "properties": {"text": "100% wełny_?"}}, at=4)
    called = {"event": "Call Ended", "messageId": "called", "context": {"traits": {"phone": "+48512000111"}}}
    shop.send(called, at=5)
    return shop


@pytest.fixture
def changing(database: Database) -> Shop:
    return furnish(Shop(database, *SITES))


@pytest.fixture(scope="module")
def shop(cluster: Cluster) -> Iterator[Shop]:
    with lasting_shop(cluster, "live", *SITES) as shop:
        yield furnish(shop)


@pytest.fixture(scope="module")
def long(cluster: Cluster) -> Iterator[Shop]:
    """40 events, of which the very first and the 20th are Anna's."""
    with lasting_shop(cluster, "long") as shop:
        for number in range(40):
            who = "anna" if number in {0, 19} else "jan"
            door = {"channel": "app" if who == "anna" else "site"}
            shop.send({"userId": who, "event": "Seen", "messageId": f"e{number}", "context": door}, at=number)
        yield shop


def ids(body: dict[str, Any]) -> list[str]:
    return [one["message_id"] for one in body["data"]]


def found(shop: Shop, q: str, **params: Any) -> list[str]:
    answer = shop.get("/api/live", q=q, **params)
    assert answer.status_code == 200
    return ids(answer.json())


def pages(shop: Shop, **params: Any) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        body = shop.get("/api/live", **params, **({"cursor": cursor} if cursor else {})).json()
        yield body
        cursor = body["next_cursor"]
        if cursor is None:
            return


class TestOutsider:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [({}, 401), ({"Authorization": "Bearer ov_secret_wrong"}, 401), ({"Authorization": "Bearer ov_write_x"}, 403)],
    )
    def test_learns_nothing_by_asking(self, shop: Shop, headers: dict[str, str], status: int) -> None:
        answer = AsgiClient(shop.app, **headers).get("/api/live", params={"q": "Анна"})
        assert answer.status_code == status
        assert "Ковальская" not in answer.text


class TestFilter:
    @pytest.mark.parametrize(
        ("q", "wanted"),
        [
            ("order comp", ["ordered"]),
            ("  ORDER ", ["ordered"]),
            ("winter sale", ["seen"]),
            ("КОВАЛЬ", ["viewed", "identified"]),
            ("u-", ["ordered", "viewed", "identified"]),
            ("A-77", ["seen"]),
            ("tatra BOOTS", ["viewed"]),
            ("bordeaux", ["viewed"]),
            ("389", ["viewed"]),
            ("12.5", ["ordered"]),
            ("anna@shop", ["identified"]),
            ("zofia", ["ordered"]),
            ("@ania", ["said"]),
            ("ania_k", ["said"]),
            ("pl", ["ordered", "identified"]),
            ("100%", ["said"]),
            ("wełny_", ["said"]),
            ("page", ["seen"]),
        ],
    )
    def test_looks_into_names_identifiers_and_values(self, shop: Shop, q: str, wanted: list[str]) -> None:
        assert found(shop, q) == wanted

    @pytest.mark.parametrize("q", ["512000111", "512 000 111", "+48 512 000", "(512) 000-111", "48512"])
    def test_a_number_is_found_however_it_is_written(self, shop: Shop, q: str) -> None:
        assert found(shop, q) == ["called"]

    @pytest.mark.parametrize("q", ["price", "colour", "@vault", "true", "nobody", "%", "_", "Order  Completed", "\\"])
    def test_names_of_properties_are_not_values(self, shop: Shop, q: str) -> None:
        assert [one for one in found(shop, q) if one != "said" or q not in "%_"] == []

    def test_without_one_everything_is_shown(self, shop: Shop) -> None:
        assert found(shop, "  ") == ["called", "said", "ordered", "seen", "viewed", "identified"]

    def test_the_name_is_that_of_whoever_it_is_now(self, changing: Shop) -> None:
        changing.send({"type": "identify", "userId": "u-1", "anonymousId": "a-77", "messageId": "logged in"}, at=9)
        assert found(changing, "ковальская") == ["logged in", "seen", "viewed", "identified"]

    def test_a_door_may_be_named_too(self, changing: Shop) -> None:
        changing.send(
            {"userId": "u-1", "event": "Product Viewed", "messageId": "app", "context": {"channel": "app"}}, at=9
        )
        assert found(changing, "product", channel="app") == ["app"]
        assert found(changing, "product", channel="site,app") == ["app", "viewed"]
        assert found(changing, "", channel="app") == ["app"]


class TestPaging:
    @pytest.mark.parametrize("q", ["u-", ""])
    @pytest.mark.parametrize("limit", [1, 2, 3, 500])
    def test_pages_hang_together(self, shop: Shop, q: str, limit: int) -> None:
        wanted = found(shop, q)
        seen = [ids(body) for body in pages(shop, q=q, limit=limit)]
        assert [each for page in seen for each in page] == wanted
        assert all(len(page) <= limit for page in seen)

    def test_what_comes_meanwhile_shifts_nothing(self, changing: Shop) -> None:
        following = pages(changing, q="u-", limit=1)
        seen = ids(next(following))
        changing.send({"userId": "u-1", "event": "Newer", "messageId": "newer"}, at=9)
        assert [*seen, *(each for body in following for each in ids(body))] == ["ordered", "viewed", "identified"]

    @pytest.mark.parametrize("cursor", ["nonsense", encode("x"), encode(0), encode(-1), encode(2**63), encode(1, 2)])
    def test_a_cursor_of_another_list_is_refused(self, shop: Shop, cursor: str) -> None:
        answer = shop.get("/api/live", cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")

    def test_an_empty_shop_has_an_empty_page(self, database: Database) -> None:
        body = Shop(database).get("/api/live", q="anna").json()
        assert (body["data"], body["next_cursor"], body["looked"], body["stopped_early"]) == ([], None, 0, False)


class TestBounds:
    @pytest.fixture
    def near(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, most in (("TEXT_MOST", 10), ("DOORS_MOST", 10), ("CHUNK", 4)):
            monkeypatch.setattr(live, name, most)

    @pytest.mark.usefixtures("near")
    @pytest.mark.parametrize("asked", [{"q": "anna"}, {"channel": "app"}, {"q": "ANNA", "channel": "app"}])
    def test_a_page_looks_so_far_back_and_says_so(self, long: Shop, asked: dict[str, str]) -> None:
        told = [(ids(body), body["looked"], body["stopped_early"]) for body in pages(long, **asked)]
        assert told == [([], 10, True), ([], 10, True), (["e19"], 10, True), (["e0"], 10, False)]

    @pytest.mark.usefixtures("near")
    def test_a_full_page_has_not_stopped_early(self, long: Shop) -> None:
        first, *others = pages(long, q="jan", limit=3)
        assert (ids(first), first["looked"], first["stopped_early"]) == (["e39", "e38", "e37"], 3, False)
        assert sum(len(ids(body)) for body in others) == 35

    @pytest.mark.usefixtures("near")
    def test_without_a_filter_nothing_is_looked_for(self, long: Shop) -> None:
        assert [(len(ids(body)), body["stopped_early"]) for body in pages(long, limit=30)] == [(30, False), (10, False)]

    def test_it_stops_when_it_takes_long(self, long: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "CHUNK", 4)
        ticks = iter(range(1000))
        monkeypatch.setattr(long.home.clock, "monotonic", lambda: next(ticks) * 0.2)
        told = [(ids(body), body["looked"], body["stopped_early"]) for body in pages(long, q="anna")]
        assert told[0] == ([], 8, True)
        assert [each for page, _, _ in told for each in page] == ["e19", "e0"]
        assert sum(looked for _, looked, _ in told) == 40
