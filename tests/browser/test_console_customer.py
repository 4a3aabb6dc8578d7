"""The customer's page, as somebody who answers customers meets it."""

import re
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from browser_tools import axe_violations, press_cyrillic
from playwright.sync_api import Locator, Page, expect

from support import run_onevoice

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(**span: float) -> str:
    return iso(NOW - timedelta(**span))


class Person:
    """Somebody of one test, known by a login, a browser, an e-mail and a Telegram handle of their own."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.run = uuid.uuid4().hex[:8]
        self.user = f"u-{self.run}"
        self.browser = f"visitor-{self.run}"
        self.mail = f"{self.run}@poczta.example"

    @property
    def path(self) -> str:
        return f"/customers/user_id:{self.user}"

    def event(self, name: str, at: str, *, door: str = "site", **more: Any) -> dict[str, Any]:
        known = {} if "anonymousId" in more else {"userId": self.user}
        context = {"channel": door, **more.pop("context", {})}
        return {
            "messageId": str(uuid.uuid4()),
            "type": "track",
            "event": name,
            "timestamp": at,
            "context": context,
            **known,
            **more,
        }

    def identify(self, at: str, **traits: Any) -> dict[str, Any]:
        return {
            "messageId": str(uuid.uuid4()),
            "type": "identify",
            "userId": self.user,
            "timestamp": at,
            "traits": traits,
            "context": {"channel": "site"},
        }

    def send(self, *events: dict[str, Any]) -> "Person":
        self.server.send(*events)
        return self

    def get(self, part: str = "", **params: str) -> dict[str, Any]:
        return self.server.get(f"/api/profiles/user_id:{self.user}{part}", **params).json()


@pytest.fixture
def person(live_server: Any) -> Callable[[], Person]:
    return lambda: Person(live_server)


@pytest.fixture
def anna(person: Callable[[], Person]) -> Person:
    """Eight acts through three doors, sent out of order; an e-mail and a city told twice."""
    one = person()
    boots = {"name": "Tatra boots", "size": "39", "price": 389, "currency": "PLN"}
    bought = {"products": [boots], "total": 389, "currency": "PLN", "store": "Gdańsk", "till": 2}
    answer = {"text": "Tak, jutro.", "author": "Olga Mazur"}
    return one.send(
        one.event("Order Completed", ago(days=2), door="shop", properties=bought),
        one.event("Message Received", ago(hours=3), door="telegram", properties={"text": "Czy jest szersza wersja?"}),
        one.identify(ago(days=9), name="Anna Kowalska", language="pl", email=one.mail),
        one.event("Product Viewed", ago(days=9, minutes=-1), properties=boots),
        one.event("Message Sent", ago(hours=2), door="telegram", properties=answer),
        one.identify(ago(days=1), city="Gdańsk"),
        one.event("Products Searched", ago(days=10), properties={"query": "buty"}),
        {**one.identify(ago(days=8), city="Sopot", email=one.mail), "userId": None},
    )  # fmt: skip


def acts(page: Page) -> Locator:
    return page.locator(".cu-act")


def thread_text(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".cu-act .cu-first").all_inner_texts()]


def press(page: Page, key: str) -> None:
    """On the page, not in a field that happens to hold the cursor."""
    page.locator("body").press(key)


class TestFound:
    def test_by_a_number_of_two_countries_it_asks_whose(self, open_page, live_server):
        number = f"6{secrets.randbelow(10**8):08d}"
        home = ("--home", str(live_server.home))
        spain = run_onevoice("keys", "create", "write", "--name", f"es {number}", "--site", "es", *home)
        for key, name in ((live_server.write_key, "Anna Kowalska"), (spain, "Luisa García")):
            traits = {"name": name, "phone": number}
            event = {
                "type": "identify",
                "userId": f"{name} {number}",
                "messageId": f"{name} {number}",
                "traits": traits,
            }
            assert httpx.post(f"{live_server.url}/v1/identify", json=event, auth=(key, "")).status_code == 200
        live_server.settle()
        page = open_page(f"/customers/phone:{number}")
        expect(page.get_by_role("heading", name="One number, several people")).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(f"{number} is a number in more than one country.")
        assert axe_violations(page) == []
        page.get_by_role("link", name="+48").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Anna Kowalska")
        page.go_back()
        page.get_by_role("link", name="+34").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Luisa García")


class TestThread:
    def test_newest_first_whatever_order_they_came_in(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        told = thread_text(page)
        assert [line.split(" ")[0] for line in told] == [
            "Olga",
            "Anna",
            "Details",
            "Shop",
            "Details",
            "Product",
            "Details",
            "Searched",
        ]
        assert "Tak, jutro." in told[0]
        assert re.search(r"Shop purchase.*Tatra boots 39, 389\.00\szł", told[3])
        assert "city Sopot" in told[4]

    def test_we_are_rings_and_the_customer_is_solid(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page).nth(0).locator(".knot-ours")).to_have_count(1)
        expect(acts(page).nth(1).locator(".knot-acted")).to_have_count(1)
        expect(acts(page).nth(0)).to_contain_text("by us")

    def test_a_chip_and_its_digit_show_one_door(self, open_page, anna):
        page = open_page(anna.path)
        page.get_by_role("button", name="Telegram 2").click()
        expect(acts(page)).to_have_count(2)
        assert "door=telegram" in page.url
        press(page, "0")
        expect(acts(page)).to_have_count(8)
        press(page, "1")
        expect(acts(page)).to_have_count(5)
        page.reload()
        expect(acts(page)).to_have_count(5)

    def test_finds_words_in_what_happened(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        press(page, "/")
        page.get_by_label("Find in the thread").fill("szersza")
        expect(acts(page)).to_have_count(1)
        page.get_by_label("Find in the thread").fill("nothing like this")
        expect(page.get_by_text("Nothing in this thread says")).to_be_visible()
        page.get_by_role("button", name="Show everything").click()
        expect(acts(page)).to_have_count(8)

    def test_page_views_in_a_row_are_one_row(self, open_page, person):
        one = person()
        views = [{**one.event("", ago(minutes=60 - n)), "type": "page", "name": f"Page {n}"} for n in range(4)]
        one.send(*views)
        page = open_page(one.path)
        expect(acts(page)).to_have_count(1)
        expect(acts(page)).to_contain_text("Page 3")
        expect(acts(page)).to_contain_text(re.compile(r"and 3 more, 3\smin"))

    def test_a_long_thread_comes_by_pages_and_keeps_few_rows_in_the_document(self, open_page, person):
        one = person()
        for start in range(0, 300, 100):
            one.send(
                *(
                    one.event("Cart Viewed", ago(hours=n), properties={"total": n, "currency": "PLN"})
                    for n in range(start, start + 100)
                )
            )
        page = open_page(one.path)
        expect(page.get_by_role("button", name="All 300")).to_be_visible()
        scroller = page.locator(".cu-scroll")
        for _ in range(12):
            scroller.evaluate("e => e.scrollTo(0, e.scrollHeight)")
            page.wait_for_timeout(200)
        expect(page.get_by_text("The thread begins here.")).to_be_visible()
        expect(acts(page).last).to_contain_text("299.00")
        assert page.locator(".cu-item").count() < 60

    def test_what_arrives_stands_on_top_by_itself(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        page.wait_for_timeout(1500)  # the hub looks once a second, and tells of what came after its first look
        anna.send(anna.event("Coupon Applied", iso(datetime.now(UTC)), properties={"coupon_id": "WINTER"}))
        expect(acts(page).first).to_contain_text("WINTER", timeout=5000)
        expect(page.get_by_role("button", name="All 9")).to_be_visible()


class TestKeyboard:
    def test_j_and_k_walk_and_enter_opens(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        press(page, "j")
        press(page, "j")
        expect(page.locator(".cu-selected")).to_contain_text("Czy jest szersza")
        press(page, "k")
        expect(page.locator(".cu-selected")).to_contain_text("Tak, jutro")
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Event")).to_contain_text("Olga Mazur")
        press(page, "j")
        expect(page.get_by_role("region", name="Event")).to_contain_text("szersza")
        press(page, "Escape")
        expect(page.get_by_role("region", name="Event")).to_have_count(0)

    def test_letters_work_on_a_russian_layout(self, open_page, anna):
        page = open_page(anna.path, language="ru")
        expect(acts(page)).to_have_count(8)
        press_cyrillic(page, "о", "KeyJ")
        expect(page.locator(".cu-selected")).to_have_count(1)
        press_cyrillic(page, "е", "KeyT")
        expect(page.get_by_role("dialog", name="Состояние на дату")).to_be_visible()

    def test_an_address_opens_its_event(self, open_page, anna):
        message = anna.get("/events")["data"][-1]["message_id"]
        page = open_page(f"{anna.path}?event={message}")
        event = page.get_by_role("region", name="Event")
        expect(event).to_contain_text("buty")
        expect(event).to_contain_text("account")
        expect(page.locator(".cu-selected")).to_contain_text("Searched")


class TestJoinAndPart:
    @pytest.fixture
    def two(self, person: Callable[[], Person]) -> tuple[Person, Person]:
        one, other = person(), person()
        one.send(one.identify(ago(days=5), name="Anna Kowalska", email=one.mail))
        one.send(one.event("Product Viewed", ago(days=4), properties={"name": "Tatra boots"}))
        name = f"Ania {other.run}"
        other.send(other.identify(ago(days=3), name=name, email=other.mail))
        other.send(other.event("Cart Viewed", ago(days=2), door="app"))
        return one, other

    def join(self, page: Page, other: Person) -> None:
        expect(acts(page)).to_have_count(2)
        press(page, "m")
        page.get_by_role("combobox", name="Who is the other one?").fill(f"Ania {other.run}")
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")

    def test_a_join_is_a_rehearsal_first_and_needs_a_reason(self, open_page, two):
        one, other = two
        page = open_page(one.path)
        self.join(page, other)
        window = page.get_by_role("dialog", name="Join two profiles")
        expect(window.get_by_role("row", name="Events")).to_contain_text("4")
        expect(window).to_contain_text(f"Both have an account: {one.user} and {other.user}. One is the limit")
        assert len(one.get("/identity")["identifiers"]) == 2
        page.keyboard.press("Control+Enter")
        expect(window.get_by_role("alert")).to_have_text("Write a reason first.")
        assert len(one.get("/identity")["identifiers"]) == 2

    def test_two_chosen_on_the_customers_page_are_rehearsed_by_address(self, open_page, two):
        one, other = two
        page = open_page(f"{one.path}?join=user_id:{other.user}")
        window = page.get_by_role("dialog", name="Join two profiles")
        expect(window).to_contain_text(f"Ania {other.run}")
        page.keyboard.press("Escape")
        expect(window).to_have_count(0)
        assert "join=" not in page.url

    def joined(self, open_page, one, other):
        page = open_page(one.path)
        self.join(page, other)
        window = page.get_by_role("dialog", name="Join two profiles")
        window.get_by_label("Why are they the same person?").fill("She named both in the chat")
        page.keyboard.press("Control+Enter")
        expect(window).to_have_count(0)
        return page

    def test_join_and_undo_through_the_page(self, open_page, two):
        one, other = two
        page = self.joined(open_page, one, other)
        expect(acts(page)).to_have_count(4)
        diamond = page.locator(".cu-join")
        expect(diamond).to_contain_text("She named both in the chat")
        assert len(one.get("/identity")["identifiers"]) == 4
        for place in (diamond, page.locator(".cu-join-line")):
            expect(place.get_by_role("button", name="Undo")).to_be_visible()
        expect(page.locator(".keybar").get_by_role("button", name="undo the join")).to_be_visible()

        press(page, "u")
        undo = page.get_by_role("dialog", name="Undo a join")
        expect(undo.get_by_role("row", name="Events")).to_contain_text("2")
        undo.get_by_role("button", name="Undo the join").click()
        expect(undo).to_have_count(0)
        expect(acts(page)).to_have_count(2)
        expect(diamond).to_have_count(0)
        assert len(one.get("/identity")["identifiers"]) == 2

    def test_an_undo_that_came_too_late_says_so(self, open_page, two, live_server):
        one, other = two
        page = self.joined(open_page, one, other)
        [join] = one.get("/identity")["joins"]
        assert live_server.post(f"/api/identity/merges/{join['id']}/undo", {}).status_code == 200
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(page.locator(".toast-alarm")).to_contain_text("This join was undone already")
        expect(acts(page)).to_have_count(2)

    def test_a_join_that_ended_two_strands_leaves_nothing_behind(self, open_page, person, live_server):
        """Where a limit would part somebody from the whole, one merge ties several."""
        one, other = person(), person()
        one.send(one.identify(ago(days=9), name="Anna Kowalska", email=one.mail))
        card = {"loyalty_card": f"22{secrets.randbelow(10**8):08d}", "email": one.mail}
        one.send({**one.identify(ago(days=8), **card), "userId": None})
        other.send(
            other.identify(ago(days=7), name=f"Ania {other.run}", loyalty_card=f"33{secrets.randbelow(10**8):08d}")
        )
        page = self.joined(open_page, one, other)
        assert [join["undoable"] for join in one.get("/identity")["joins"]].count(True) == 2
        expect(page.locator(".cu-join")).to_have_count(2)
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(page.locator(".cu-join")).to_have_count(0)
        expect(page.locator(".cu-join-line")).to_have_count(0)
        expect(acts(page)).to_have_count(2)

    def test_an_undo_says_so_where_something_else_still_ties_them(self, open_page, person, live_server):
        one, other = person(), person()
        one.send(one.identify(ago(days=5), name="Anna Kowalska"))
        other.send({**other.identify(ago(days=4), email=other.mail), "userId": None})
        body = {"from": f"email:{other.mail}", "into": f"user_id:{one.user}", "reason": "she said so", "dry_run": False}
        assert live_server.post("/api/identity/merges", body).status_code == 200
        one.send(one.identify(ago(days=3), email=other.mail))
        page = open_page(one.path)
        expect(page.locator(".cu-join")).to_contain_text("she said so")
        press(page, "u")
        undo = page.get_by_role("dialog", name="Undo a join")
        expect(undo).to_contain_text("nobody moves: they stay one person")
        expect(undo).to_contain_text("Other evidence still ties them.")
        undo.get_by_role("button", name="Undo the join").click()
        expect(page.get_by_text("Something else still makes them one person.")).to_be_visible()
        assert len(one.get("/identity")["identifiers"]) == 2

    def test_a_split_shows_what_leaves_before_it_leaves(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        press(page, "s")
        page.get_by_label(f"Split off {anna.mail}").check()
        page.get_by_role("button", name="Rehearse").click()
        window = page.get_by_role("dialog", name="Split this profile")
        expect(window).to_contain_text(f"{anna.mail} leaves")
        assert len(anna.get("/identity")["identifiers"]) == 2
        window.get_by_label("Why are they different people?").fill("A family mailbox")
        page.keyboard.press("Control+Enter")
        expect(window).to_have_count(0)
        expect(page.locator(".cu-apart")).to_contain_text("A family mailbox")
        assert len(anna.get("/identity")["identifiers"]) == 1


class TestIdentifiers:
    def test_each_says_what_ties_it_and_opens_its_evidence(self, open_page, anna):
        page = open_page(anna.path)
        section = page.locator(".cu-identifiers")
        row = section.get_by_role("button", name=anna.mail)
        expect(row).to_contain_text("Details given, site")
        row.click()
        details = section.get_by_role("group", name=f"Evidence of {anna.mail}")
        expect(details).to_contain_text("ties them")
        details.get_by_role("button", name="Open the event").first.click()
        expect(page.get_by_role("region", name="Event")).to_contain_text(anna.mail)

    def test_a_refused_link_stands_with_its_reason(self, open_page, person):
        one, other = person(), person()
        one.send(one.identify(ago(days=5), email=one.mail, name="Anna"))
        other.send({**other.identify(ago(days=4), email=one.mail), "userId": other.user})
        page = open_page(one.path)
        refused = page.locator(".cu-refused").first
        expect(refused).to_contain_text(f"Not joined with {other.user}")
        expect(refused).to_contain_text("account")

    def test_a_shared_device_says_when_it_was_this_person(self, open_page, person):
        one, other = person(), person()
        device = {"anonymousId": one.browser}
        one.send({**one.event("Signed In", ago(days=6)), **device, "userId": one.user})
        other.send({**other.event("Signed In", ago(days=2)), **device, "userId": other.user})
        page = open_page(one.path)
        expect(page.locator(".cu-epoch")).to_contain_text("this person until")


class TestTraits:
    def test_the_value_that_holds_its_source_and_the_one_that_lost(self, open_page, anna):
        page = open_page(anna.path)
        city = page.locator(".cu-traits tbody", has_text="City")
        expect(city.locator("tr").first).to_contain_text("Gdańsk")
        expect(city.locator("s")).to_have_text("Sopot")
        expect(city).to_contain_text("2 values. The one that happened last holds.")

    def test_the_history_keeps_every_value(self, open_page, anna):
        page = open_page(anna.path)
        page.get_by_role("button", name="All with history").click()
        window = page.get_by_role("dialog", name="Traits with history")
        window.get_by_role("button", name=re.compile("^City")).click()
        rows = window.locator("tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("Gdańsk")
        expect(rows.last).to_contain_text("Sopot")


class TestPast:
    def test_with_what_we_learnt_later_it_cuts_what_had_not_happened(self, open_page, anna):
        page = open_page(f"{anna.path}?at={quote(ago(days=5))}&mode=later")
        expect(page.get_by_text("You are looking at the past.")).to_be_visible()
        expect(acts(page)).to_have_count(4)
        expect(page.locator(".cu-traits tbody", has_text="City")).to_contain_text("Sopot")
        expect(page.get_by_text("had not happened yet: 4 events")).to_be_visible()

    def test_an_identifier_tied_after_the_moment_stands_apart(self, open_page, anna):
        anna.send({**anna.event("Signed In", ago(days=1)), "anonymousId": anna.browser, "userId": anna.user})
        page = open_page(f"{anna.path}?at={quote(ago(days=5))}&mode=later")
        after = page.locator(".cu-after")
        expect(after.first).to_contain_text("after this moment")
        expect(after.locator("h3")).to_have_count(1)
        expect(after.filter(has_text=anna.mail)).to_have_count(0)
        expect(after.filter(has_text=anna.run)).to_have_count(1)
        press(page, "Escape")
        expect(after).to_have_count(0)

    def test_a_join_by_evidence_says_that_it_can_only_be_split(self, open_page, person):
        one = person()
        visitor = {"anonymousId": one.browser, "userId": None}
        one.send({**one.event("Cart Viewed", ago(days=6)), **visitor}, one.event("Order Completed", ago(days=5)))
        one.send({**one.event("Signed In", ago(days=4)), **visitor, "userId": one.user})
        page = open_page(one.path)
        line = page.locator(".cu-join-line")
        expect(line).to_have_attribute("title", re.compile("cannot be undone, only split"))
        expect(line.get_by_role("button", name="Undo")).to_have_count(0)
        expect(page.locator(".keybar").get_by_role("button", name="undo the join")).to_have_count(0)

    def test_as_known_then_it_shows_nothing_that_was_learnt_afterwards(self, open_page, person):
        one = person()
        one.send(one.identify(ago(days=5), name="Ania K."))
        time.sleep(0.05)
        between = iso(datetime.now(UTC))
        time.sleep(0.05)
        one.send(one.identify(ago(days=4), name="Anna Kowalska", email=one.mail))
        page = open_page(f"{one.path}?at={quote(between)}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ania K.")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Later known as Anna Kowalska")
        expect(page.locator(".cu-identifier")).to_have_count(1)
        page.get_by_role("button", name="With what we learnt later").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Anna Kowalska")

    def test_it_tells_what_had_been_spent_by_then(self, open_page, anna):
        more = {"total": 111, "currency": "PLN"}
        anna.send(anna.event("Order Completed", ago(hours=12), door="shop", properties=more))
        page = open_page(anna.path)
        facts = page.locator(".cu-facts")
        expect(facts).to_contain_text("2 orders, 500.00")
        page.goto(f"{anna.path}?at={quote(ago(days=1))}&mode=later")
        expect(facts).to_contain_text("1 order, 389.00")
        page.goto(f"{anna.path}?at={quote(ago(days=5))}&mode=later")
        expect(facts).to_contain_text("no orders")

    def test_nothing_can_be_changed_from_there(self, open_page, anna):
        page = open_page(f"{anna.path}?at={quote(ago(days=5))}&mode=later")
        expect(acts(page)).to_have_count(4)
        for key in ("m", "s", "u"):
            press(page, key)
        expect(page.get_by_role("dialog")).to_have_count(0)
        for name in ("Join with…", "Split…", "Undo"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        press(page, "Escape")
        expect(page.get_by_text("You are looking at the past.")).to_have_count(0)
        assert "at=" not in page.url

    def test_brackets_step_by_event(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        press(page, "[")
        expect(page).to_have_url(re.compile("at="))
        press(page, "[")
        modes = page.get_by_role("group", name="What the page shows")
        modes.get_by_role("button", name="With what we learnt later").click()
        expect(acts(page)).to_have_count(7)
        press(page, "[")
        expect(acts(page)).to_have_count(6)
        press(page, "]")
        expect(acts(page)).to_have_count(7)

    def test_the_ruler_is_a_slider(self, open_page, anna):
        page = open_page(anna.path)
        handle = page.get_by_role("slider", name="As known on")
        expect(handle).to_have_attribute("aria-valuetext", re.compile("^Now"))
        handle.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_text("You are looking at the past.")).to_be_visible()
        page.get_by_role("slider", name="As known on").press("End")
        expect(page.get_by_text("You are looking at the past.")).to_have_count(0)

    def test_a_date_is_chosen_from_a_month(self, open_page, anna):
        page = open_page(anna.path)
        expect(acts(page)).to_have_count(8)
        press(page, "t")
        window = page.get_by_role("dialog", name="As known on")
        window.get_by_role("button", name="A week ago").click()
        window.get_by_label("Time").fill("25:00")
        expect(window.get_by_role("alert")).to_be_visible()
        window.get_by_label("Time").fill("12:00")
        window.get_by_label("With what we learnt later").check()
        window.get_by_role("button", name="Show").click()
        expect(page.get_by_text("You are looking at the past.")).to_be_visible()
        expect(acts(page)).to_have_count(4)


class TestStates:
    def test_nobody_by_that_identifier(self, open_page):
        page = open_page("/customers/email:nobody@nowhere.example")
        expect(page.get_by_role("heading", name="Nobody by this identifier")).to_be_visible()

    def test_a_number_that_became_part_of_another_leads_there(self, open_page, person, live_server):
        one, other = person(), person()
        one.send(one.identify(ago(days=5), name="Anna"))
        other.send(other.identify(ago(days=4), name="Ania"))
        old = other.get()["id"]
        body = {"from": f"user_id:{other.user}", "into": f"user_id:{one.user}", "reason": "the same", "dry_run": False}
        assert live_server.post("/api/identity/merges", body).status_code == 200
        page = open_page(f"/customers/profile:{old}")
        expect(page.get_by_text(f"profile:{old} has become part of this person.")).to_be_visible()
        expect(acts(page)).to_have_count(2)

    def test_a_part_that_fails_says_so_and_the_rest_stands(self, open_page, anna):
        page = open_page("/live")
        page.route("**/identity?*", lambda route: route.fulfill(status=500, json={"title": "Broken", "code": "broken"}))
        page.route("**/identity", lambda route: route.fulfill(status=500, json={"title": "Broken", "code": "broken"}))
        page.goto(anna.path)
        expect(page.get_by_role("alert")).to_contain_text("Broken")
        expect(acts(page)).to_have_count(8)
        page.unroute_all()
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".cu-identifier").first).to_be_visible()

    def test_a_phone_has_tabs(self, open_page, anna):
        page = open_page(anna.path, size=(390, 844))
        expect(acts(page).first).to_be_visible()
        page.get_by_role("tab", name="Identifiers").click()
        expect(page.locator(".cu-identifier").first).to_be_visible()
        page.get_by_role("tab", name="Traits").click()
        expect(page.locator(".cu-traits")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
