"""Live, as somebody meets it who wants to see events come in."""

import gzip
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browser_tools import PHONE, TONES, axe_violations, keep, press_cyrillic, send
from playwright.sync_api import Page, Route, WebSocketRoute, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def stream(live_server: Any) -> Callable[..., str]:
    """Sends events of one new person, with traits first. Returns the person's name."""

    def make(*events: str, name: str | None = None) -> str:
        user = uuid.uuid4().hex[:8]
        called = name or f"Halina {user}"
        traits = {"name": called, "email": f"{user}@mail.example"}
        tracks = [
            {"type": "track", "userId": user, "event": event, "properties": {"plan": "winter", "lines": 3}}
            for event in events
        ]
        send(live_server, {"type": "identify", "userId": user, "traits": traits}, *tracks)
        return called

    return make


def rows(page: Page) -> Any:
    return page.locator(".live-row")


def ready(page: Page) -> None:
    """The socket is open: what is sent from now on arrives by itself."""
    expect(rows(page).first).to_be_visible()
    page.wait_for_timeout(300)


class TestArriving:
    def test_an_event_appears_by_itself_with_its_person(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        name = stream("Boots Fitted")
        row = rows(page).filter(has_text="Boots Fitted").filter(has_text=name)
        expect(row).to_have_count(1)
        expect(row).to_contain_text(re.compile(r"\d+\sms"))

    def test_without_words_of_ours_it_tells_the_first_properties_and_never_its_own_name(self, open_page, stream):
        page = open_page("/live")
        name = stream("Page Viewed", "Order Completed")
        ready(page)
        mine = rows(page).filter(has_text=name)
        for event in ("Page viewed", "Order placed"):
            expect(mine.filter(has_text=event).locator(".live-what")).to_have_text("plan winter, lines 3")

    def test_while_a_row_is_selected_new_ones_wait(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        page.keyboard.press("j")
        expect(page.locator(".live-inspector")).to_be_visible()
        held = rows(page).first.get_attribute("data-key")
        event = f"Held {uuid.uuid4().hex[:6]}"
        stream(event)
        expect(page.get_by_role("button", name=re.compile(r"\d+ waiting"))).to_be_visible()
        expect(page.get_by_text(re.compile("^Held for .* while you read$"))).to_be_visible()
        assert rows(page).first.get_attribute("data-key") == held
        expect(rows(page).filter(has_text=event)).to_have_count(0)
        page.keyboard.press("Escape")
        expect(rows(page).filter(has_text=event)).to_have_count(1)

    def test_space_holds_and_resumes(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
        event = f"Paused {uuid.uuid4().hex[:6]}"
        stream(event)
        expect(page.get_by_role("button", name=re.compile(r"\d+ waiting"))).to_be_visible()
        expect(rows(page).filter(has_text=event)).to_have_count(0)
        page.keyboard.press("Space")
        expect(rows(page).filter(has_text=event)).to_have_count(1)
        expect(page.get_by_role("button", name="Hold", exact=True)).to_be_visible()

    def test_a_lost_connection_is_said_and_mended(self, open_page, stream):
        opened: list[WebSocketRoute] = []

        def pass_on(route: WebSocketRoute) -> None:
            route.connect_to_server()
            opened.append(route)

        page = open_page("/customers")
        page.route_web_socket(re.compile("/api/socket"), pass_on)
        stream("Page Viewed")
        page.goto("/live")
        ready(page)
        opened[-1].close()
        expect(page.get_by_text(re.compile("Connection lost"))).to_be_visible()
        missed = f"Missed {uuid.uuid4().hex[:6]}"
        stream(missed)
        expect(rows(page).filter(has_text=missed)).to_have_count(1, timeout=8000)
        expect(page.get_by_text(re.compile("Connection lost"))).to_have_count(0)


class TestFinding:
    def test_text_filters_what_is_there_and_what_comes(self, open_page, stream):
        page = open_page("/live")
        word = uuid.uuid4().hex[:8]
        stream(f"Wanted {word}", "Unwanted Thing")
        ready(page)
        page.get_by_label("Event, person or property").fill(word)
        expect(rows(page).filter(has_text="Unwanted Thing")).to_have_count(0)
        expect(rows(page)).to_have_count(1)
        stream(f"Another {word}")
        expect(rows(page)).to_have_count(2)
        page.wait_for_url(re.compile(f"q={word}"))
        page.reload()
        expect(rows(page)).to_have_count(2)

    def test_text_is_looked_for_far_back_in_what_is_kept(self, open_page, live_server, stream):
        name = stream("Page Viewed")
        crowd = [{"type": "track", "userId": f"crowd-{n % 40}", "event": "Crowd Moved"} for n in range(1300)]
        send(live_server, *crowd)
        send(live_server, *crowd)
        page = open_page("/live")
        ready(page)
        page.get_by_label("Event, person or property").fill(name.upper())
        expect(rows(page)).to_have_count(2, timeout=15_000)

    def test_the_server_is_asked_once_typing_pauses(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
        page.get_by_label("Event, person or property").press_sequentially("zzqqzzqq", delay=20)
        expect(page.get_by_role("heading", name="No event of this kind")).to_be_visible()
        assert {parse_qs(urlsplit(url).query)["q"][0] for url in asked if "/api/live" in url} == {"zzqqzzqq"}

    @pytest.mark.parametrize("matches", [0, 3])
    def test_where_it_stops_looking_it_says_so_and_can_go_on(self, open_page, stream, matches):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        asked: list[str] = []

        def answer(route: Route) -> None:
            cursor = parse_qs(urlsplit(route.request.url).query).get("cursor", [""])[0]
            asked.append(cursor)
            body = route.fetch(url=f"{page.url.partition('/live')[0]}/api/live?limit={matches or 1}").json()
            found = body["data"][:matches] if cursor == "" else []
            later = {"data": found, "next_cursor": f"{len(asked)}", "looked": 5000, "stopped_early": True}
            route.fulfill(json={**body, **later})

        page.route(re.compile(r"/api/live\?.*q=zy"), answer)
        page.get_by_label("Event, person or property").fill("zy")
        further = page.get_by_role("button", name="Look further back")
        expect(further).to_be_visible()
        times = 11 if matches else 10
        assert asked == ["", *(str(n) for n in range(1, times))]
        expect(page.get_by_text(f"last {times * 5000:,} events")).to_be_visible()
        expect(rows(page)).to_have_count(matches)
        assert axe_violations(page) == []
        further.click()
        expect(page.get_by_text(f"last {(times + 10) * 5000:,} events")).to_be_visible()

    def test_a_door_filters_and_lives_in_the_address(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        page.get_by_role("button", name="Site", exact=True).click()
        expect(page.get_by_role("button", name="Site", exact=True)).to_have_attribute("aria-pressed", "true")
        page.wait_for_url(re.compile("door=site"))
        page.keyboard.press("0")
        expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute("aria-pressed", "true")

    def test_a_filter_that_nothing_passes_says_so(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        page.get_by_label("Event, person or property").fill("zzqqzzqq")
        expect(page.get_by_role("heading", name="No event of this kind")).to_be_visible()
        page.get_by_role("button", name="Clear the filter").click()
        expect(rows(page).first).to_be_visible()

    def test_only_this_event_takes_its_name_for_the_filter(self, open_page, stream):
        page = open_page("/live")
        event = f"Only {uuid.uuid4().hex[:6]}"
        stream(event)
        ready(page)
        rows(page).filter(has_text=event).locator(".live-cells").click()
        page.keyboard.press("f")
        expect(page.get_by_label("Event, person or property")).to_have_value(event)


class TestInspecting:
    def test_it_shows_whose_it_is_how_it_travelled_and_what_it_carried(self, open_page, stream):
        page = open_page("/live")
        event = f"Inspected {uuid.uuid4().hex[:6]}"
        name = stream(event)
        ready(page)
        rows(page).filter(has_text=event).locator(".live-cells").click()
        inspector = page.get_by_role("complementary", name="The selected event")
        expect(inspector.get_by_role("heading", name=event)).to_be_visible()
        person = inspector.get_by_role("link", name=name)
        expect(person).to_have_attribute("href", re.compile(r"/customers/profile:\d+"))
        for leg in ("happened", "received", "linked"):
            expect(inspector.locator(".live-legs")).to_contain_text(leg)
        expect(inspector).to_contain_text("winter")
        page.keyboard.press("r")
        expect(inspector.locator("pre")).to_contain_text('"plan": "winter"')
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/customers/profile:\d+\?event="))

    def test_letters_are_found_by_their_place_on_a_cyrillic_layout(self, open_page, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        press_cyrillic(page, "о", "KeyJ")
        expect(page.locator(".live-inspector")).to_be_visible()
        press_cyrillic(page, "к", "KeyR")
        expect(page.locator(".live-inspector pre")).to_be_visible()

    def test_what_was_not_stored_says_why_and_can_be_replayed(self, open_page, stream, live_server):
        page = open_page("/live")
        stream("Page Viewed")
        event = f"Refused {uuid.uuid4().hex[:6]}"
        send(live_server, {"type": "track", "event": event})
        page.reload()
        page.get_by_role("button", name=re.compile(r"Rejected \d+")).click()
        row = rows(page).filter(has_text=event)
        expect(row).to_contain_text("not stored")
        row.locator(".live-cells").click()
        expect(page.locator(".live-inspector")).to_contain_text("Why it was not stored")
        expect(page.locator(".live-inspector").get_by_role("button", name="Replay")).to_be_visible()

    def test_on_a_phone_the_event_takes_the_whole_page(self, open_page, stream):
        page = open_page("/live", size=PHONE)
        stream("Page Viewed")
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        keep(page, "live-phone")
        rows(page).first.locator(".live-cells").click()
        expect(page.locator(".live-list")).to_be_hidden()
        assert axe_violations(page) == []
        page.get_by_role("button", name="Live", exact=True).click()
        expect(page.locator(".live-list")).to_be_visible()


class TestSpeed:
    def test_a_thousand_events_keep_few_rows_in_the_page(self, open_page, live_server, stream):
        page = open_page("/live")
        stream("Page Viewed")
        ready(page)
        crowd = [{"type": "track", "userId": f"crowd-{n % 40}", "event": "Crowd Moved"} for n in range(100)]
        for _ in range(10):
            send(live_server, *crowd)
        expect(rows(page).filter(has_text="Crowd Moved").first).to_be_visible()
        assert rows(page).count() < 40

    def test_a_step_with_j_is_shown_within_a_tenth_of_a_second(self, open_page, stream):
        page = open_page("/live")
        stream(*["Page Viewed"] * 20)
        ready(page)
        page.keyboard.press("j")
        expect(page.locator(".live-inspector")).to_be_visible()
        spent = page.evaluate(
            """async () => {
              const waits = [];
              for (let n = 0; n < 10; n++) {
                const before = document.querySelector('[data-current]')?.dataset.key;
                const began = performance.now();
                dispatchEvent(new KeyboardEvent('keydown', {key: 'j', code: 'KeyJ'}));
                while (document.querySelector('[data-current]')?.dataset.key === before) {
                  await new Promise(requestAnimationFrame);
                }
                waits.push(performance.now() - began);
              }
              return waits.sort((a, b) => a - b)[5];
            }"""
        )
        assert spent < 100

    def test_the_first_load_keeps_to_its_budget(self, open_page, stream):
        page = open_page("/customers")
        stream("Page Viewed")
        page.add_init_script(
            "window.shifted = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
            " if (!entry.hadRecentInput) window.shifted += entry.value })"
            ".observe({type: 'layout-shift', buffered: true})"
        )
        sizes: dict[str, int] = {"script": 0, "stylesheet": 0, "font": 0}
        bodies: list[tuple[str, bytes]] = []
        page.on(
            "response",
            lambda answer: (
                bodies.append((answer.request.resource_type, answer.body()))
                if answer.request.resource_type in sizes
                else None
            ),
        )
        page.goto("/live")
        ready(page)
        page.wait_for_timeout(1500)
        for kind, body in bodies:
            sizes[kind] += packed(kind, body)
        kib = {kind: size / 1024 for kind, size in sizes.items()}
        assert kib["script"] <= 200, kib
        assert kib["stylesheet"] <= 20, kib
        assert kib["font"] <= 80, kib
        assert page.evaluate("window.shifted") <= 0.02


def packed(kind: str, body: bytes) -> int:
    return len(body) if kind == "font" else len(gzip.compress(body, 9))


@pytest.mark.parametrize(("language", "scheme"), TONES)
def test_axe_finds_nothing(open_page, stream, language, scheme):
    page = open_page("/live", language=language, scheme=scheme)
    stream("Page Viewed", "Order Completed")
    ready(page)
    assert axe_violations(page) == []
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.locator(".live-inspector pre")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".rail-who").click()
    expect(page.get_by_role("switch")).to_be_visible()
    assert axe_violations(page) == []


def test_beside_the_drawing(open_page, stream):
    page = open_page("/live")
    stream("Message Received", "Order Completed", "Product Added", "Products Searched", name="Anna Kowalska")
    ready(page)
    page.keyboard.press("j")
    stream("Page Viewed")
    started = time.monotonic()
    expect(page.get_by_role("button", name=re.compile(r"\d+ waiting"))).to_be_visible()
    assert time.monotonic() - started < 5
    keep(page, "live")
