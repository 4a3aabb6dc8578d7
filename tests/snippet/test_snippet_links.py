"""Whom a link was sent to, in real browsers; and one visitor over the subdomains of a shop."""

import json
import secrets
import time
from collections.abc import Callable, Iterator

import pytest
from browsers import PRIVACY, SUBDOMAINS, Browser, Tab, Visitor
from shop import Shop
from visits import events, ready, visitor_id

from support import LiveServer
from waiting import until

YEAR = 365 * 86_400
OpenShop = Callable[..., Shop]


@pytest.fixture
def friend(browser: Browser) -> Iterator[Visitor]:
    """Somebody else, with a browser of their own."""
    friend = browser.visitor()
    yield friend
    friend.leave()


@pytest.fixture
def anna(live_server: LiveServer) -> str:
    account = f"anna-{secrets.token_hex(4)}"
    live_server.send({"type": "identify", "userId": account, "traits": {"email": f"{account}@example.com"}})
    return account


def link_to(server: LiveServer, account: str, url: str) -> str:
    answer = server.post("/api/links", {"links": [{"person": f"email:{account}@example.com", "url": url}]})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"][0]["url"])


def profile(server: LiveServer, reference: str) -> str | None:
    server.settle()
    answer = server.get(f"/api/profiles/{reference}")
    return str(answer.json()["id"]) if answer.status_code == 200 else None


def seen(server: LiveServer, tab: Tab) -> str:
    anonymous = visitor_id(tab)
    until(lambda: events(server, anonymous), what="nothing was sent")
    return f"anonymous_id:{anonymous}"


class TestLink:
    def test_who_opens_it_first_is_who_it_was_sent_to(
        self, visitor: Visitor, friend: Visitor, open_shop: OpenShop, live_server: LiveServer, anna: str
    ) -> None:
        link = link_to(live_server, anna, open_shop(more="").url + "/boots?size=39#reviews")
        tab = ready(visitor.tab(), link)
        hers = seen(live_server, tab)
        assert profile(live_server, hers) == profile(live_server, f"user_id:{anna}")
        forwarded = ready(friend.tab(), link)
        assert profile(live_server, seen(live_server, forwarded)) != profile(live_server, f"user_id:{anna}")

    def test_the_token_stays_nowhere(
        self, visitor: Visitor, open_shop: OpenShop, live_server: LiveServer, anna: str
    ) -> None:
        link = link_to(live_server, anna, open_shop(more="").url + "/boots?size=39#reviews")
        token = link.partition("ov=")[2].partition("#")[0]
        assert len(token) == 20
        tab = ready(visitor.tab(), link)
        assert tab.address().endswith("/boots?size=39#reviews")
        told = events(live_server, seen(live_server, tab).partition(":")[2])
        assert token not in json.dumps(told)
        assert told[0]["properties"]["search"] == "?size=39"
        tab.run("onevoice.track('Seen')")
        until(lambda: "Seen" in {event["event"] for event in events(live_server, visitor_id(tab))})
        assert token not in tab.run("document.cookie + JSON.stringify({...localStorage}) + location.href")

    @pytest.mark.parametrize(
        ("query", "left"),
        [("?ov={}", ""), ("?a=1&ov={}", "?a=1"), ("?ov={}&a=1", "?a=1"), ("?a=1&ov={}&b=2", "?a=1&b=2")],
    )
    def test_what_else_stood_in_the_address_is_left(
        self, visitor: Visitor, open_shop: OpenShop, query: str, left: str
    ) -> None:
        tab = ready(visitor.tab(), open_shop().url + "/boots" + query.format("x" * 20) + "#top")
        assert tab.run("location.pathname + location.search + location.hash") == f"/boots{left}#top"

    def test_a_parameter_of_the_shops_own_is_left_alone(self, visitor: Visitor, open_shop: OpenShop) -> None:
        tab = ready(visitor.tab(), open_shop().url + "/boots?ov=1&nov=" + "x" * 20)
        assert tab.run("location.search") == "?ov=1&nov=" + "x" * 20

    def test_it_waits_for_a_yes_in_memory_only(
        self, visitor: Visitor, open_shop: OpenShop, live_server: LiveServer, anna: str
    ) -> None:
        link = link_to(live_server, anna, open_shop(more='data-consent="wait"').url)
        tab = ready(visitor.tab(), link)
        assert "ov=" not in tab.address()
        assert tab.run("document.cookie + JSON.stringify({...localStorage})") == "{}"
        tab.run("onevoice.consent({analytics: true})")
        assert profile(live_server, seen(live_server, tab)) == profile(live_server, f"user_id:{anna}")

    def test_global_privacy_control_takes_it_away_all_the_same(self, visitor: Visitor, open_shop: OpenShop) -> None:
        visitor.prepare(PRIVACY)
        tab = ready(visitor.tab(), open_shop().url + "/boots?ov=" + "x" * 20)
        assert tab.address().endswith("/boots")


class TestSubdomains:
    @pytest.fixture
    def both(self, visitor: Visitor, open_shop: OpenShop) -> tuple[Tab, Tab]:
        shop = open_shop()
        one, other = (ready(visitor.tab(), shop.at(host)) for host in SUBDOMAINS)
        return one, other

    def test_one_visitor_on_all_of_them(self, both: tuple[Tab, Tab]) -> None:
        assert visitor_id(both[0]) == visitor_id(both[1])

    def test_the_cookie(self, visitor: Visitor, both: tuple[Tab, Tab]) -> None:
        """On the shop's domain, for a year, not sent along by other sites; and nothing of the search for the domain."""
        assert visitor_id(both[0])
        [cookie] = visitor.cookies()
        assert (cookie.name, cookie.domain.lstrip("."), cookie.same_site) == ("onevoice_id", "shop.test", "lax")
        assert cookie.expires is not None
        assert abs(cookie.expires - time.time() - YEAR) < 600

    def test_a_logout_on_one_is_a_logout_on_the_other(self, both: tuple[Tab, Tab]) -> None:
        one, other = both
        for tab in both:
            tab.run("onevoice.identify('anna')")
        before = visitor_id(one)
        one.run("onevoice.logout()")
        assert visitor_id(other) == visitor_id(one) != before
        assert other.run("onevoice.ids().userId") is None

    def test_where_they_disagree_the_cookie_is_right(self, visitor: Visitor, both: tuple[Tab, Tab]) -> None:
        one, other = both
        shared = visitor_id(one)
        other.run("localStorage.setItem('onevoice.anonymous', 'old') ?? localStorage.setItem('onevoice.user', 'jan')")
        assert other.run("onevoice.ids()") == {"anonymousId": shared, "userId": None}
        assert other.run("localStorage.getItem('onevoice.anonymous')") == shared

    def test_a_visitor_from_before_the_cookie_stays_who_they_were(self, visitor: Visitor, open_shop: OpenShop) -> None:
        shop = open_shop()
        tab = ready(visitor.tab(), shop.at(SUBDOMAINS[0]))
        known = tab.run("localStorage.setItem('onevoice.anonymous', 'known-before') ?? document.cookie")
        assert known == "", "nobody has asked for an id yet"
        assert visitor_id(tab) == "known-before"
        assert visitor_id(ready(visitor.tab(), shop.at(SUBDOMAINS[1]))) == "known-before"

    def test_no_cookie_before_a_yes_and_none_after_a_no(self, visitor: Visitor, open_shop: OpenShop) -> None:
        tab = ready(visitor.tab(), open_shop(more='data-consent="wait"').at(SUBDOMAINS[0]))
        tab.run("onevoice.page() ?? onevoice.identify('anna') ?? onevoice.alias('anna') ?? onevoice.track('Seen')")
        assert visitor.cookies() == []
        tab.run("onevoice.consent({analytics: true})")
        until(lambda: [cookie.name for cookie in visitor.cookies()] == ["onevoice_id"])
        tab.run("onevoice.consent({analytics: false})")
        assert visitor.cookies() == []

    def test_an_address_of_numbers_has_a_cookie_of_its_own(self, visitor: Visitor, open_shop: OpenShop) -> None:
        tab = ready(visitor.tab(), open_shop().url)
        assert visitor_id(tab)
        assert [cookie.domain for cookie in visitor.cookies()] == ["127.0.0.1"]
