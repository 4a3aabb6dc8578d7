"""The snippet in real browsers, on another origin under a strict policy: what is sent; nothing is lost or doubled."""

import json
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from browsers import PRIVACY, Browser, Tab
from shop import Shop
from visits import events, ready, visitor_id

from faults import proxy
from onevoice import bootstrap
from support import LiveServer, serving
from waiting import until

BUDGET_BYTES = 5_000


def track(tab: Tab, first: int, count: int) -> None:
    tab.run(f"Array.from({{length: {count}}}, (_, i) => onevoice.track('Seen', {{n: {first} + i}})).length")


def numbers(server: LiveServer, anonymous: str) -> list[int]:
    return sorted(event["properties"]["n"] for event in events(server, anonymous) if "n" in event["properties"])


def arrives(server: LiveServer, anonymous: str, wanted: list[int], seconds: float = 30) -> None:
    """Each once: waits for the last, then a little for what must not come."""
    until(lambda: len(numbers(server, anonymous)) >= len(wanted), seconds=seconds, what="an event is missing")
    time.sleep(0.5)
    assert numbers(server, anonymous) == wanted


class TestWhatIsSent:
    def test_a_page_and_what_was_called_before_the_file_came(self, visitor, open_shop, live_server):
        tab = ready(visitor.tab(), open_shop(more="").url + "/boots?utm_source=mail&utm_campaign=spring")
        anonymous = visitor_id(tab)
        until(lambda: events(live_server, anonymous))
        [event] = events(live_server, anonymous)
        assert event["type"] == "page"
        assert event["properties"]["path"] == "/boots"
        assert event["channel"] == "site"
        assert tab.run("window.violations") == []

    def test_who_it_is_and_what_they_do(self, visitor, open_shop, live_server):
        account = f"snippet-{secrets.token_hex(4)}"
        tab = ready(visitor.tab(), open_shop().url)
        tab.run(f"onevoice.identify('{account}', {{name: 'Anna Kowalska', email: '{account}@example.com'}})")
        tab.run("onevoice.viewed({product_id: '17', name: 'Tatra boots', price: 389, currency: 'PLN'})")
        tab.run("onevoice.ordered({order_id: 'o1', total: 389, currency: 'PLN'})")
        until(lambda: live_server.get(f"/api/profiles/user_id:{account}").status_code == 200)
        live_server.settle()
        profile = live_server.get(f"/api/profiles/user_id:{account}").json()
        assert {each["kind"] for each in profile["identifiers"]} == {"user_id", "anonymous_id", "email"}
        assert profile["counters"]["Product Viewed"]["count"] == 1
        assert profile["counters"]["Order Completed"]["count"] == 1
        assert profile["traits"]["name"]["value"] == "Anna Kowalska"
        # Nothing personal stays in the browser once it is delivered.
        assert account + "@" not in tab.run("JSON.stringify({...localStorage})")

    def test_after_a_logout_somebody_else_may_sit_there(self, visitor, open_shop, live_server):
        anna, jan = (f"{name}-{secrets.token_hex(4)}" for name in ("anna", "jan"))
        tab = ready(visitor.tab(), open_shop().url)
        tab.run(f"onevoice.identify('{anna}')")
        first = visitor_id(tab)
        tab.run("onevoice.logout()")
        second = visitor_id(tab)
        assert second != first
        assert tab.run("onevoice.ids().userId") is None
        tab.run(f"onevoice.identify('{jan}')")
        assert visitor_id(tab) == second
        until(lambda: live_server.get(f"/api/profiles/user_id:{jan}").status_code == 200)
        live_server.settle()
        ids = [live_server.get(f"/api/profiles/user_id:{who}").json()["id"] for who in (anna, jan)]
        assert ids[0] != ids[1]

    def test_somebody_else_without_a_logout_is_not_taken_for_the_one_before(self, visitor, open_shop):
        tab = ready(visitor.tab(), open_shop().url)
        tab.run("onevoice.identify('one')")
        first = visitor_id(tab)
        tab.run("onevoice.identify('one', {plan: 'x'})")
        assert visitor_id(tab) == first
        tab.run("onevoice.identify('two')")
        assert visitor_id(tab) != first


class TestNothingIsLost:
    def test_a_click_that_leaves_the_page(self, visitor, open_shop, live_server):
        tab = ready(visitor.tab(), open_shop().url)
        anonymous = visitor_id(tab)
        tab.run("document.getElementById('away').click()")
        until(lambda: tab.address().endswith("/away"))
        arrives(live_server, anonymous, [0])

    def test_while_the_server_is_away_and_the_tab_is_closed(self, visitor, open_shop, live_server, gate):
        shop = open_shop(gate.url)
        tab = ready(visitor.tab(), shop.url)
        anonymous = visitor_id(tab)
        keeper = ready(visitor.tab(), shop.url)  # some browsers end with their last tab
        gate.shut()
        track(tab, 0, 25)
        time.sleep(0.5)
        tab.close()
        assert numbers(live_server, anonymous) == []
        gate.is_open = True
        ready(visitor.tab(), shop.url)
        arrives(live_server, anonymous, list(range(25)))
        keeper.close()

    def test_through_every_fault_of_the_network(self, visitor, open_shop, live_server):
        port = urlsplit(live_server.url).port
        assert port
        with proxy.FaultProxy(port, proxy.script(7)) as faulty:
            tab = ready(visitor.tab(), open_shop(faulty.url).url)
            anonymous = visitor_id(tab)
            for first in range(0, 60, 5):
                track(tab, first, 5)
                tab.run("new Promise((done) => setTimeout(done, 300))")
                tab.run("onevoice.flush()")
            arrives(live_server, anonymous, list(range(60)), seconds=90)

    def test_two_tabs_at_once(self, visitor, open_shop, live_server):
        shop = open_shop()
        tabs = [ready(visitor.tab(), shop.url) for _ in range(2)]
        assert visitor_id(tabs[0]) == visitor_id(tabs[1])
        for first in range(0, 150, 10):
            for number, tab in enumerate(tabs):
                track(tab, number * 1000 + first, 10)
        arrives(live_server, visitor_id(tabs[0]), [*range(150), *range(1000, 1150)])

    def test_more_than_fits_into_one_request(self, visitor, open_shop, live_server):
        tab = ready(visitor.tab(), open_shop().url)
        tab.run("Array.from({length: 40}, (_, i) => onevoice.track('Seen', {n: i, text: 'ż'.repeat(6000)})).length")
        arrives(live_server, visitor_id(tab), list(range(40)))

    def test_a_mistake_of_the_pages_stops_nothing(self, visitor, open_shop, live_server):
        tab = ready(visitor.tab(), open_shop().url)
        tab.run("(() => { const own = {}; own.self = own; onevoice.track('Seen', own); onevoice.push(['nothing']) })()")
        tab.run("onevoice.track('Seen', {n: 0, text: '<script>alert(1)</scr' + 'ipt> \\ud800 \\u0000'})")
        arrives(live_server, visitor_id(tab), [0])

    def test_an_event_that_is_refused_holds_nobody_up(self, visitor, open_shop, live_server):
        tab = ready(visitor.tab(), open_shop().url)
        track(tab, 0, 3)
        tab.run("onevoice.track('Seen', {n: 99, text: 'x'.repeat(1200000)})")
        track(tab, 3, 3)
        arrives(live_server, visitor_id(tab), list(range(6)))


def kill_api(server: LiveServer) -> None:
    """Without a chance to finish anything; the supervisor starts another."""
    listed = subprocess.run(["pgrep", "-af", str(server.home)], capture_output=True, text=True, check=True).stdout
    children = [int(line.split()[0]) for line in listed.splitlines() if " onevoice api " in line]
    assert children
    for each in children:
        os.kill(each, signal.SIGKILL)


def test_a_server_that_is_killed_while_a_page_sends(browser: Browser, tmp_path: Path) -> None:
    visitor = browser.visitor()
    with serving(tmp_path / "home") as server, Shop(server.url, server.url, server.write_key).open() as shop:
        tab = ready(visitor.tab(), shop.url)
        anonymous = visitor_id(tab)
        for first in range(0, 200, 10):
            track(tab, first, 10)
            if first in {50, 110}:
                kill_api(server)
            tab.run("new Promise((done) => setTimeout(done, 200))")
        arrives(server, anonymous, list(range(200)), seconds=60)
        visitor.leave()


KEPT = """(async () => [
    Object.keys(localStorage), document.cookie, (await indexedDB.databases()).map((each) => each.name)
])()"""


class TestConsent:
    def test_nothing_is_kept_or_sent_before_a_yes(self, visitor, open_shop, live_server, gate):
        tab = ready(visitor.tab(), open_shop(gate.url, more='data-consent="wait"').url)
        track(tab, 0, 3)
        tab.run("new Promise((done) => setTimeout(done, 700))")
        assert tab.run(KEPT) == [[], "", []]
        assert tab.run("onevoice.ids()") is None
        assert gate.connections == 0
        tab.run("onevoice.consent({analytics: true, marketing: false})")
        track(tab, 3, 2)
        arrives(live_server, visitor_id(tab), [0, 1, 2, 3, 4])

    def test_a_yes_is_remembered_and_a_no_deletes_all_of_it(self, visitor, open_shop, live_server):
        url = open_shop(more='data-page="off" data-consent="wait"').url
        tab = ready(visitor.tab(), url)
        tab.run("onevoice.consent({analytics: true})")
        track(tab, 0, 1)
        ready(tab, url)
        track(tab, 1, 1)
        anonymous = visitor_id(tab)
        arrives(live_server, anonymous, [0, 1])
        tab.run("onevoice.consent({analytics: false})")
        track(tab, 2, 1)
        until(lambda: tab.run(KEPT) == [[], "", []])
        ready(tab, url)
        track(tab, 3, 1)
        assert tab.run(KEPT) == [[], "", []]
        assert numbers(live_server, anonymous) == [0, 1]

    def test_a_no_is_remembered_where_nobody_is_asked_beforehand(self, visitor, open_shop, live_server):
        url = open_shop().url
        tab = ready(visitor.tab(), url)
        track(tab, 0, 1)
        anonymous = visitor_id(tab)
        arrives(live_server, anonymous, [0])
        tab.run("onevoice.consent({analytics: false})")
        ready(tab, url)
        track(tab, 1, 1)
        tab.run("new Promise((done) => setTimeout(done, 700))")
        assert tab.run(KEPT) == [["onevoice.consent"], "", []]
        assert numbers(live_server, anonymous) == [0]
        tab.run("onevoice.consent({analytics: true})")
        track(tab, 2, 1)
        assert visitor_id(tab) != anonymous
        arrives(live_server, visitor_id(tab), [2])

    def test_global_privacy_control_takes_away_what_was_kept_before(self, visitor, open_shop):
        url = open_shop().url
        tab = ready(visitor.tab(), url)
        track(tab, 0, 1)
        until(lambda: tab.run(KEPT)[0])
        tab.close()
        visitor.prepare(PRIVACY)
        tab = ready(visitor.tab(), url)
        until(lambda: tab.run(KEPT) == [[], "", []])

    def test_global_privacy_control_is_a_no_whatever_is_said(self, visitor, open_shop, gate):
        visitor.prepare(PRIVACY)
        tab = ready(visitor.tab(), open_shop(gate.url, more="").url)
        track(tab, 0, 3)
        tab.run("onevoice.identify('anna', {email: 'anna@example.com'})")
        tab.run("onevoice.consent({analytics: true, marketing: true})")
        track(tab, 3, 3)
        tab.run("new Promise((done) => setTimeout(done, 700))")
        assert tab.run(KEPT) == [[], "", []]
        assert gate.connections == 0


def test_the_file_is_small() -> None:
    packed = bootstrap.CONSOLE / "onevoice.js.gz"
    assert packed.stat().st_size < BUDGET_BYTES, json.dumps({"bytes": packed.stat().st_size})
