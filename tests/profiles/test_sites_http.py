"""Sites: who may change them, what a site may hold, and that the linker follows while it runs."""

import threading
from typing import Any

import pytest
from linked_shop import NOON, Shop

from onevoice import bootstrap
from onevoice.domains.access.service import keys, sites
from onevoice.domains.profiles.jobs import link
from onevoice.kit.db import Database
from web.asgi_client import AsgiClient

LIST = "/api/sites"
NUMBER = "600 123 456"


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database, "pl")


@pytest.fixture
def owner(shop: Shop) -> AsgiClient:
    return shop.signed_in("owner")


def make(client: AsgiClient, name: str = "de-shop", **values: Any) -> Any:
    return client.change("POST", LIST, {"name": name, **values})


def change(client: AsgiClient, name: str = "pl", **values: Any) -> Any:
    return client.change("PATCH", f"{LIST}/{name}", values)


def lines(client: AsgiClient, name: str) -> list[tuple[str, Any, Any]]:
    told = client.get("/api/audit", params={"subject": f"site:{name}"}).json()["data"]
    return [(line["action"], line["before"], line["after"]) for line in told]


class TestOutsider:
    def test_a_stranger_sees_none(self, shop: Shop) -> None:
        assert shop.stranger().get(LIST).status_code == 401

    @pytest.mark.parametrize("role", ["operator", "developer", "marketer"])
    def test_who_may_not_change_them_reads_them(self, shop: Shop, role: str) -> None:
        client = shop.signed_in(role)
        assert [each["name"] for each in client.get(LIST).json()["data"]] == ["pl"]
        assert make(client).json()["code"] == "not_allowed"
        assert change(client, title="Mine").json()["code"] == "not_allowed"
        assert client.change("DELETE", f"{LIST}/pl").json()["code"] == "not_allowed"
        assert client.get(LIST).json()["data"][0]["title"] == "pl"


class TestList:
    def test_by_name_and_page_by_page(self, owner: AsgiClient) -> None:
        for name in ("c", "a", "b"):
            make(owner, name)
        first = owner.get(LIST, params={"limit": "2"}).json()
        rest = owner.get(LIST, params={"limit": "2", "cursor": first["next_cursor"]}).json()
        assert [each["name"] for each in first["data"] + rest["data"]] == ["a", "b", "c", "pl"]
        assert rest["next_cursor"] is None

    def test_says_how_many_sources_each_has(self, owner: AsgiClient) -> None:
        make(owner, "empty")
        assert {each["name"]: each["sources"] for each in owner.get(LIST).json()["data"]} == {"empty": 0, "pl": 1}

    @pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJcdTAwMDAiXQ", "WyJcdWQ4MDAiXQ"])
    def test_a_cursor_that_is_none(self, owner: AsgiClient, cursor: str) -> None:
        assert owner.get(LIST, params={"cursor": cursor}).json()["code"] == "invalid_cursor"


class TestCreate:
    def test_with_everything_in_its_usual_spelling(self, owner: AsgiClient) -> None:
        made = make(
            owner,
            title=" Kedy Köln ",
            country="de",
            language="DE_at",
            currency="eur",
            time_zone="europe/berlin",
            domains=["Köln.Example.", "xn--kln-sna.example", "shop.example"],
            legal_name="Kedy GmbH",
        )
        assert made.status_code == 201
        told = made.json()
        assert told.pop("created_at").startswith(NOON.date().isoformat())
        whole = {
            "name": "de-shop",
            "title": "Kedy Köln",
            "country": "DE",
            "language": "de-AT",
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "domains": ["xn--kln-sna.example", "shop.example"],
            "legal_name": "Kedy GmbH",
            "sources": 0,
        }
        assert told == whole
        kept = next(each for each in owner.get(LIST).json()["data"] if each["name"] == "de-shop")
        assert {**whole, "created_at": kept["created_at"]} == kept
        [(action, before, after)] = lines(owner, "de-shop")
        assert (action, before, after["currency"]) == ("site.created", None, "EUR")

    def test_is_called_by_its_name_unless_said(self, owner: AsgiClient) -> None:
        told = make(owner).json()
        assert (told["title"], told["country"], told["domains"]) == ("de-shop", None, [])

    def test_twice(self, owner: AsgiClient) -> None:
        make(owner)
        again = make(owner)
        assert (again.status_code, again.json()["code"]) == (409, "site_taken")

    @pytest.mark.parametrize("name", ["", "De", "a b", "-a", "a-", "ł", "a/b", "..", "x" * 65])
    def test_a_name_that_is_none(self, owner: AsgiClient, name: str) -> None:
        refused = make(owner, name)
        assert refused.status_code == 422
        assert len(owner.get(LIST).json()["data"]) == 1

    @pytest.mark.parametrize(
        ("field", "value", "example"),
        [
            ("country", "UK", "PL or GB"),
            ("country", "Poland", "PL or GB"),
            ("country", "", "PL or GB"),
            ("language", "english", "pl, en-GB"),
            ("language", "qq", "pl, en-GB"),
            ("currency", "zł", "PLN or EUR"),
            ("currency", "DEM", "PLN or EUR"),
            ("time_zone", "Warsaw", "Europe/Warsaw"),
            ("time_zone", "../etc/passwd", "Europe/Warsaw"),
        ],
    )
    def test_what_is_unknown_is_named_with_an_example(
        self, owner: AsgiClient, field: str, value: str, example: str
    ) -> None:
        refused = make(owner, **{field: value})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_site")
        assert repr(value) in refused.json()["detail"]
        assert example in refused.json()["detail"]

    @pytest.mark.parametrize(
        "domain", ["https://a.example", "a.example/x", "a.example:80", "*.example", "10.0.0.1", "[::1]", "a b", "shop"]
    )
    def test_a_domain_that_is_none(self, owner: AsgiClient, domain: str) -> None:
        assert "shop.example" in make(owner, domains=[domain]).json()["detail"]

    def test_no_more_than_fifty_domains(self, owner: AsgiClient) -> None:
        assert make(owner, domains=[f"s{n}.example" for n in range(51)]).status_code == 422
        assert make(owner, domains=[f"s{n}.example" for n in range(50)]).status_code == 201

    def test_what_nobody_asked_for_is_refused(self, owner: AsgiClient) -> None:
        assert make(owner, sources=7).status_code == 422
        assert make(owner, title="\x00").status_code == 422
        assert make(owner, title=None).status_code == 422


class TestUpdate:
    def test_only_what_is_named_and_with_what_was_before(self, owner: AsgiClient) -> None:
        change(owner, currency="PLN", domains=["a.example"])
        told = change(owner, title="Kedy", domains=[]).json()
        assert (told["title"], told["currency"], told["country"], told["domains"]) == ("Kedy", "PLN", "PL", [])
        assert told["sources"] == 1
        assert lines(owner, "pl")[0] == (
            "site.changed",
            {"title": "pl", "domains": ["a.example"]},
            {"title": "Kedy", "domains": []},
        )

    def test_null_takes_a_value_away(self, owner: AsgiClient) -> None:
        assert change(owner, country=None).json()["country"] is None
        assert change(owner, title=None).status_code == 422

    def test_what_changes_nothing_is_not_told(self, owner: AsgiClient) -> None:
        before = lines(owner, "pl")
        assert change(owner, country="pl").status_code == 200
        assert lines(owner, "pl") == before

    def test_the_name_stays(self, owner: AsgiClient) -> None:
        assert owner.change("PATCH", f"{LIST}/pl", {"name": "de"}).status_code == 422

    def test_one_that_is_not_there(self, owner: AsgiClient) -> None:
        assert change(owner, "x", title="X").json()["code"] == "unknown_site"

    def test_also_of_a_name_with_a_slash(self, shop: Shop, owner: AsgiClient) -> None:
        bootstrap.ensure_sources(shop.home, [("odd", "shop", "a/b ł?")])
        assert change(owner, "a%2Fb%20%C5%82%3F", title="Odd").json()["name"] == "a/b ł?"

    def test_two_at_once_both_count(self, shop: Shop, owner: AsgiClient) -> None:
        clock = shop.home.clock

        def another() -> None:
            with shop.home.database.transaction() as conn:
                sites.update(conn, "pl", {"currency": "PLN"}, actor="b", clock=clock)

        with shop.home.database.transaction() as conn:
            sites.update(conn, "pl", {"title": "Kedy"}, actor="a", clock=clock)
            thread = threading.Thread(target=another)
            thread.start()
            thread.join(0.2)
            assert thread.is_alive()
        thread.join()
        [told] = owner.get(LIST).json()["data"]
        assert (told["title"], told["currency"]) == ("Kedy", "PLN")


class TestRemove:
    def test_one_without_sources(self, owner: AsgiClient) -> None:
        make(owner, country="DE")
        assert owner.change("DELETE", f"{LIST}/de-shop").status_code == 204
        assert [each["name"] for each in owner.get(LIST).json()["data"]] == ["pl"]
        action, before, after = lines(owner, "de-shop")[0]
        assert (action, before["country"], after) == ("site.removed", "DE", None)
        assert owner.change("DELETE", f"{LIST}/de-shop").json()["code"] == "unknown_site"

    def test_not_one_that_sources_belong_to(self, owner: AsgiClient) -> None:
        refused = owner.change("DELETE", f"{LIST}/pl")
        assert (refused.status_code, refused.json()["code"]) == (409, "site_in_use")
        assert [each["name"] for each in owner.get(LIST).json()["data"]] == ["pl"]

    def test_a_source_made_meanwhile_gets_its_site_again(self, shop: Shop, owner: AsgiClient) -> None:
        make(owner)
        clock = shop.home.clock

        def another() -> None:
            with shop.home.database.transaction() as conn:
                keys.ensure_source(conn, "till", channel="shop", site="de-shop", clock=clock)

        with shop.home.database.transaction() as conn:
            sites.remove(conn, "de-shop", actor="a", clock=clock)
            thread = threading.Thread(target=another)
            thread.start()
            thread.join(0.2)
            assert thread.is_alive()
        thread.join()
        assert {each["name"]: each["sources"] for each in owner.get(LIST).json()["data"]} == {"de-shop": 1, "pl": 1}


class TestKey:
    def test_of_a_new_site_makes_it_with_the_country_its_name_says(self, owner: AsgiClient) -> None:
        for site, country in (("uk", "GB"), ("de", "DE"), ("outlet", None), ("xx", None)):
            key = {"name": f"till {site}", "scope": "write", "site": site}
            assert owner.change("POST", "/api/keys", key).status_code == 201
            told = next(each for each in owner.get(LIST).json()["data"] if each["name"] == site)
            assert (told["country"], told["title"], told["sources"]) == (country, site, 1)
            assert lines(owner, site)[0][0] == "site.created"

    def test_of_a_site_that_is_there_leaves_it_as_it_is(self, owner: AsgiClient) -> None:
        change(owner, title="Kedy", country="DE")
        owner.change("POST", "/api/keys", {"name": "till", "scope": "write", "site": "pl"})
        [told] = owner.get(LIST).json()["data"]
        assert (told["title"], told["country"], told["sources"]) == ("Kedy", "DE", 2)

    def test_that_is_refused_makes_none(self, owner: AsgiClient) -> None:
        key = {"name": "pl", "scope": "write", "site": "typo"}
        assert owner.change("POST", "/api/keys", key).json()["code"] == "source_conflict"
        assert [each["name"] for each in owner.get(LIST).json()["data"]] == ["pl"]


class TestLinking:
    def phones(self, shop: Shop, user: str) -> list[str]:
        told = shop.profile(f"user_id:{user}").json()["identifiers"]
        return [each["value"] for each in told if each["kind"] == "phone"]

    def test_another_country_counts_with_the_next_batch(self, shop: Shop, owner: AsgiClient) -> None:
        def send(user: str) -> None:
            event = {"type": "identify", "messageId": user, "userId": user, "traits": {"phone": NUMBER}}
            bootstrap.append_events(shop.home, [(shop.sources["pl"], [event], NOON, NOON)])
            assert step() == 1

        with bootstrap.linking_steps(shop.home) as step:
            send("before")
            change(owner, country="ES")
            send("after")
            change(owner, country=None)
            send("abroad")
        assert self.phones(shop, "before") == ["+48600123456"]
        assert self.phones(shop, "after") == ["+34600123456"]
        assert self.phones(shop, "abroad") == []

    def test_also_for_events_that_were_read_ahead(
        self, shop: Shop, owner: AsgiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(link, "MAX_EVENTS", 2)
        for user in ("a", "b", "c", "d"):
            event = {
                "type": "identify",
                "messageId": user,
                "userId": user,
                "traits": {"phone": f"60012345{ord(user) - 96}"},
            }
            bootstrap.append_events(shop.home, [(shop.sources["pl"], [event], NOON, NOON)])
        with bootstrap.linking_steps(shop.home) as step:
            assert step() == 2
            change(owner, country="ES")
            assert step() == 2
        assert [self.phones(shop, user) for user in ("a", "b", "c", "d")] == [
            ["+48600123451"],
            ["+48600123452"],
            ["+34600123453"],
            ["+34600123454"],
        ]
