"""The tracking plan in a real browser: what came is listed, alarms are told in words, and the plan can be edited."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from browser_tools import DESK, LOOKS, axe_violations, keep
from playwright.sync_api import Page, expect

from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from support import LiveServer, serving
from waiting import until

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def order(number: int) -> dict[str, Any]:
    products = [{"sku": f"A-{number % 7}", "price": 19.5 + number % 3, "quantity": 1 + number % 2}]
    properties = {"total": 40.5 + number, "currency": "PLN", "products": products, "email": f"u{number}@shop.example"}
    if number % 4 == 0:
        properties["coupon"] = "AUTUMN"
    return {"type": "track", "event": "Order Completed", "userId": f"u{number}", "properties": properties}


def sent(server: Any, *events: dict[str, Any]) -> None:
    server.send(*({"messageId": str(uuid.uuid4()), **event} for event in events))
    until(lambda: learnt(server), what="the learner has not caught up")


def learnt(server: Any) -> bool:
    return ask(
        server,
        "select not exists (select from events.log l where (l.xid, l.pos) >"
        " coalesce((select (p.xid, p.pos) from events.position p where p.consumer = 'plan'), ('0'::xid8, 0::bigint)))",
    )


def ask(server: Any, text: str) -> Any:
    with psycopg.connect(Cluster(Home(server.home)).url) as conn:
        row = conn.execute(text).fetchone()
        return row[0] if row else None


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Of this file alone: what others send would be learnt too."""
    with serving(tmp_path_factory.mktemp("own") / "home") as server:
        yield server


@pytest.fixture(scope="module")
def shop(live_server: Any) -> Any:
    """Two weeks of orders and visits, of which the volume is made up; then a total that is text."""
    pages = [{"type": "page", "userId": "u1", "properties": {"path": "/boots", "title": "Boots"}} for _ in range(30)]
    people = [{"type": "identify", "userId": f"u{n}", "traits": {"city": "Kraków", "plan": "gold"}} for n in range(12)]
    sent(live_server, *(order(n) for n in range(120)), *pages, *people)
    sent(live_server, *({**order(n), "event": "Product Viewed"} for n in range(120)))
    sent(live_server, {**order(1), "properties": {"total": "40,50", "currency": "PLN"}})
    with psycopg.connect(Cluster(Home(live_server.home)).url) as conn:
        conn.execute(
            "insert into events.plan_hour select f.event_id, f.source_id, date_trunc('day', f.last_at) - d * interval"
            " '1 day', 40 + 20 * (d * 7 + f.event_id) % 11 from events.plan_flow f, generate_series(1, 27) d"
            " on conflict do nothing"
        )
    return live_server


def ready(page: Page) -> None:
    expect(page.locator(".plan-spark").first).to_be_visible(timeout=10_000)
    expect(page.locator(".skeleton")).to_have_count(0)


class TestList:
    def test_lists_events_with_alarms_on_top(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan")
        ready(page)
        alarm = page.locator(".plan-alarm").first
        expect(alarm).to_contain_text("total should be number; in 1 event it was text")
        expect(page.get_by_role("cell", name="Order Completed").first).to_contain_text("1 alarm")
        expect(page.get_by_role("row", name=re.compile("Identify"))).to_contain_text("Seen only")

    def test_filters_live_in_the_address(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan")
        ready(page)
        page.get_by_label("Part of a name").fill("viewed")
        expect(page.locator(".plan-link")).to_have_text(["Product Viewed"])
        assert "q=viewed" in page.url
        page.get_by_label("Part of a name").fill("no such event")
        expect(page.get_by_role("heading", name="No event is like that")).to_be_visible()
        page.get_by_role("button", name="Take all filters away").click()
        ready(page)

    def test_an_event_can_be_declared_by_keyboard(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan")
        ready(page)
        page.keyboard.press("n")
        page.get_by_label("Name", exact=True).fill("Gift Wrapped")
        page.get_by_label("Description").fill("Somebody asked for wrapping.")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.locator(".plan-link", has_text="Gift Wrapped")).to_be_visible()
        expect(page.get_by_role("row", name=re.compile("Gift Wrapped"))).to_contain_text("In the plan")


class TestEvent:
    def open(self, page: Page, name: str = "Order Completed") -> None:
        ready(page)
        page.locator(".plan-link", has_text=name).click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        ready(page)

    def test_shows_properties_seen_beside_declared(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan")
        self.open(page)
        total = page.get_by_role("row", name=re.compile(r"^total"))
        expect(total).to_contain_text("number")
        expect(total).to_contain_text("100 %")
        expect(page.get_by_role("row", name=re.compile(r"^coupon"))).to_contain_text("25 %")
        expect(page.get_by_role("row", name=re.compile(r"^email"))).to_contain_text("personal by its name")
        expect(page.get_by_role("row", name=re.compile(r"^products\[\]\.price"))).to_be_visible()

    def test_accept_edit_and_declare_personal(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan")
        self.open(page, "Product Viewed")
        page.get_by_role("button", name="Accept as learnt").click()
        expect(page.get_by_text("In the plan · Track")).to_be_visible()
        page.get_by_role("button", name="Edit coupon").click()
        page.get_by_label("Personal").check()
        expect(page.get_by_text("Events that came before are sealed as well")).to_be_visible()
        assert axe_violations(page) == []
        page.get_by_role("button", name="Save").click()
        row = page.get_by_role("row", name=re.compile(r"^coupon"))
        expect(row).to_contain_text("personal")
        expect(row).to_contain_text("earlier events sealed", timeout=20_000)
        in_clear = (
            "select count(*) from identity.event where body::text like '%AUTUMN%'"
            " and name_id = (select id from identity.name where name = 'Product Viewed')"
        )
        assert ask(shop, in_clear) == 0
        shop.send({"messageId": str(uuid.uuid4()), **order(4), "event": "Product Viewed"})
        body = ask(shop, "select body -> 'properties' -> 'coupon' from identity.event order by seq desc limit 1")
        assert set(body) == {"@vault"}

    def test_an_alarm_is_acknowledged_with_a_reason(self, shop: Any, open_page: OpenPage) -> None:
        sent(shop, {**order(1), "event": "Product Viewed", "properties": {"total": True}})
        page = open_page("/data/plan")
        self.open(page, "Product Viewed")
        page.get_by_role("button", name=re.compile("^Acknowledge: total")).click()
        assert page.get_by_role("dialog").get_by_role("button", name="Acknowledge").is_disabled()
        page.get_by_label("Reason").fill("The agency mends it on Monday.")
        page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_text("The alarm is acknowledged.")).to_be_visible()
        page.get_by_role("link", name="← All events").click()
        page.get_by_role("button", name="Acknowledged", exact=True).click()
        expect(page.locator(".plan-alarm")).to_contain_text("The agency mends it on Monday.")

    def test_one_that_is_not_there(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan/99999")
        expect(page.get_by_role("alert")).to_be_visible()

    def test_who_may_only_look_sees_no_buttons(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/data/plan")
        me = page.request.get("/api/me").json()
        kept = [each for each in me["permissions"] if each != "plan.edit"]
        page.route("**/api/me", lambda route: route.fulfill(json={**me, "permissions": kept}))
        page.reload()
        ready(page)
        expect(page.get_by_role("button", name="Declare an event")).to_have_count(0)
        expect(page.get_by_role("button", name="Accept")).to_have_count(0)
        expect(page.get_by_role("button", name=re.compile("Acknowledge:"))).to_have_count(0)


class TestEmpty:
    def test_says_what_to_do(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/live")
        nothing = {"data": [], "next_cursor": None, "open_count": 0}
        page.route("**/api/plan/**", lambda route: route.fulfill(json=nothing))
        page.goto("/data/plan")
        expect(page.get_by_role("heading", name="No events yet")).to_be_visible()
        expect(page.get_by_role("link", name="Create a write key")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "plan-empty")

    def test_a_fault_can_be_tried_again(self, shop: Any, open_page: OpenPage) -> None:
        page = open_page("/live")
        events = re.compile(r"/api/plan/events(\?|$)")
        page.route(events, lambda route: route.fulfill(status=500, json={"code": "internal"}))
        page.goto("/data/plan")
        expect(page.get_by_role("alert")).to_be_visible()
        page.unroute(events)
        page.get_by_role("button", name="Try again").click()
        ready(page)


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_nothing_is_wrong_for_anybodys_ears(
        self, shop: Any, open_page: OpenPage, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        page = open_page("/data/plan", size=size, language=language, scheme=scheme)
        ready(page)
        assert axe_violations(page) == []
        where = f"{language}-{scheme}-{'desk' if size == DESK else 'phone'}"
        keep(page, f"plan-{where}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".plan-link", has_text="Order Completed").click()
        expect(page.get_by_role("heading", level=1, name="Order Completed")).to_be_visible()
        ready(page)
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep(page, f"plan-event-{where}")
