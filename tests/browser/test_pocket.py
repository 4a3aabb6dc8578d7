"""The pocket on a real demo: Anna's story as far as e-mail and Telegram go, by the pages' own buttons."""

import contextlib
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from smtplib import SMTP
from typing import Any

import httpx
import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

pytestmark = pytest.mark.browser

SOON = 15_000
ALARM = "document.title = 'ALARM'"
ON_PURPOSE = re.compile("Failed to load resource|^Blocked (script|form)|^Refused to")
"""What Chromium logs when a test makes a request fail, or of what a letter was forbidden."""
HOSTILE = f'<img src=x onerror="{ALARM}"><script>{ALARM}</script>'


@pytest.fixture(scope="module")
def daylight(demo: Any) -> None:
    """Offers go at any hour: a test does not wait until nine in the morning."""
    with httpx.Client(base_url=demo.url, headers={"Origin": demo.url}, timeout=30) as client:
        client.post("/login", data={"login": demo.login, "password": demo.password})
        client.headers["X-Onevoice-Csrf"] = client.cookies["onevoice_csrf"]
        now = client.get("/api/policy").json()
        policy = {**now["policy"], "hours": [0, 1440], "caps": [], "budget": None}
        client.put("/api/policy", json={"policy": policy, "based_on": now["version"]}).raise_for_status()


@pytest.fixture
def pocket(chromium: Browser, demo: Any, daylight: None) -> Iterator[Callable[..., Page]]:
    """The page of a person. Whatever the browser's console calls an error fails the test."""
    contexts, faults = [], []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not ON_PURPOSE.search(message.text):
            faults.append(message.text)

    def make(
        person: str = "anna",
        language: str = "en",
        scheme: str = "light",
        size: tuple[int, int] = DESK,
        *,
        forbids: bool = False,
    ) -> Page:
        """forbids: whether something on it is there to be forbidden, which Chromium then tells."""
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            timezone_id="Europe/Warsaw",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: None if forbids and "Content Security Policy" in told.text else listen(told))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{demo.pocket}/?person={person}")
        expect(page.locator(".pk")).to_be_visible()
        return page

    yield make
    for context in contexts:
        with contextlib.suppress(Exception):
            context.close()
    assert not faults, faults


CROSSED = """() => {
  const words = [];
  const walker = document.createTreeWalker(document.querySelector(".pk"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const text = walker.currentNode.data.trim();
    if (text) for (const each of range.getClientRects()) words.push([each, text]);
  }
  const svg = document.querySelector(".pk-lines").getBoundingClientRect();
  const found = new Set();
  for (const path of document.querySelectorAll(".pk-lines path")) {
    for (let at = 0; at <= path.getTotalLength(); at += 2) {
      const point = path.getPointAtLength(at);
      const [x, y] = [point.x + svg.left, point.y + svg.top];
      const across = ([box]) => x > box.left && x < box.right && y > box.top && y < box.bottom;
      for (const [, text] of words.filter(across)) found.add(text);
    }
  }
  return [...found];
}"""
"""Words that the line runs across."""

ASTRAY = """() => [...document.querySelectorAll(".pk-lines path")].filter((path) => {
  const { top, bottom } = path.getBoundingClientRect();
  const cards = [...document.querySelectorAll(".pk-phone, .pk-mailbox")].map((each) => each.getBoundingClientRect());
  const passed = [...document.querySelectorAll("[data-device]")].filter((knot) => {
    const box = knot.getBoundingClientRect();
    return box.top > top + 4 && box.bottom < bottom - 4;
  });
  return passed.length > 0 || !cards.some((card) => top >= card.top && bottom <= card.bottom);
}).map((path) => path.getAttribute("d"))"""
"""Parts of the line that leave a device, or pass a knot without stopping at it."""


def expect_uncrossed(page: Page) -> None:
    """A letter that has just been opened may still push things down."""
    deadline = time.monotonic() + 5
    while (crossed := page.evaluate(CROSSED)) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert crossed == []


def write(page: Page, kind: str, text: str | None = None) -> None:
    page.get_by_role("group", name="What to write").get_by_role("button", name=kind).click()
    if text is not None:
        page.get_by_label("Your answer").fill(text)
    page.locator(".pk-write button[type=submit]").click()


def on_phone(page: Page, text: str) -> Locator:
    return page.locator(".pk-phone").get_by_text(text, exact=True)


def at_desk(page: Page, text: str) -> Locator:
    return page.locator(".pk-side").get_by_text(text)


def number_of(row: Locator) -> str:
    return row.locator("xpath=ancestor::li[1]").locator(".pk-knot").inner_text()


def set_provider(page: Page, provider: str, mode: str) -> None:
    page.get_by_role("group", name=f"{provider} behaves").get_by_role("button", name=mode).click()


class TestStory:
    def test_annas_story_as_far_as_two_doors_go(self, pocket):
        page = pocket()
        self._answered(page)
        self._silence_and_consent(page)
        self._trouble(page)
        self._unsubscribed(page)
        self._blocked(page)

    def _answered(self, page: Page) -> None:
        expect(page.locator(".pk-next")).to_contain_text("answer it on your side")
        asked = on_phone(page, "Czy jest szersza wersja tych butów?")
        expect(asked).to_be_visible()
        assert number_of(asked) == number_of(at_desk(page, "Czy jest szersza wersja tych butów?"))
        expect(page.locator(".pk-would").first).to_have_text("Best: last answered here")
        page.locator(".pk-next").get_by_role("link").click()
        expect(page.get_by_label("Your answer")).to_be_focused()
        write(page, "Answer", "Tak, Tatra Wide. Odłożyć 39?")
        expect(on_phone(page, "Tak, Tatra Wide. Odłożyć 39?")).to_be_visible(timeout=SOON)
        page.get_by_label("Phone: Message").fill("Tak, poproszę!")
        page.locator(".pk-phone").get_by_role("button", name="Send").click()
        seen = at_desk(page, "Tak, poproszę!")
        expect(seen).to_be_visible(timeout=SOON)
        expect(page.locator(".pk-lines path").first).to_be_attached()
        assert number_of(seen) == number_of(on_phone(page, "Tak, poproszę!"))
        expect(page.locator(".pk-next")).to_contain_text("Now choose Offer there")
        expect_uncrossed(page)
        keep(page, "pocket-answered")

    def _silence_and_consent(self, page: Page) -> None:
        write(page, "Offer")
        expect(page.locator(".pk-verdict").last).to_have_text("Not sent: consent was never asked for", timeout=SOON)
        write(page, "Ask first")
        letter = page.locator(".pk-letters").get_by_role("button", name=re.compile("Czy mamy pisać o promocjach"))
        expect(letter).to_be_visible(timeout=SOON)
        frame = page.frame_locator(".pk-frame")
        with page.context.expect_page() as opened:
            frame.get_by_text("Tak, proszę pisać").click()
        brand = opened.value
        brand.locator("form button").first.click()
        expect(brand.locator("h1")).to_have_text("Confirmed, thank you")
        brand.close()
        expect(page.locator(".pk-confirmed")).to_be_visible(timeout=SOON)
        expect(at_desk(page, "Confirmed offers and news")).to_be_visible()
        expect(at_desk(page, "Clicked a link")).to_be_visible()
        expect(page.locator(".pk-next")).to_contain_text("Send the offer again")
        expect_uncrossed(page)
        keep(page, "pocket-confirmed")
        write(page, "Offer")
        expect(page.locator(".pk-letters").get_by_role("button", name=re.compile("Polana"))).to_be_visible(timeout=SOON)

    def _trouble(self, page: Page) -> None:
        set_provider(page, "Telegram", "429")
        expect(page.locator(".pk-does").first).to_contain_text("waits 20 seconds, and goes once")
        write(page, "Answer", "Odłożone do soboty, numer 4172.")
        expect(page.locator(".pk-phone")).to_contain_text("The answer is on its way", timeout=SOON)
        expect(page.locator(".pk-side .pk-alarm")).to_have_text(
            re.compile(r"Telegram said 429\. Next try in \d+ s\."), timeout=SOON
        )
        expect(page.locator(".pk-lines .pk-dotted").first).to_be_attached()
        expect(page.locator(".pk-sum")).to_contain_text("1 waits")
        waiting = page.locator(".pk-phone .pk-knot-dotted").inner_text()
        expect_uncrossed(page)
        keep(page, "pocket-429")
        assert axe_violations(page) == []
        expect(page.locator(".pk-next")).to_contain_text("Set it to OK below")
        set_provider(page, "Telegram", "OK")
        expect(page.locator(".pk-next")).not_to_contain_text("Set it to OK below")
        arrived = on_phone(page, "Odłożone do soboty, numer 4172.")
        expect(arrived).to_have_count(1, timeout=40_000)
        assert number_of(arrived) == waiting
        expect(page.locator(".pk-sum")).to_have_text("Lost: 0, sent twice: 0")
        assert arrived.count() == 1

    def _unsubscribed(self, page: Page) -> None:
        page.get_by_role("button", name="Unsubscribe").click()
        expect(at_desk(page, "Withdrew offers and news")).to_be_visible(timeout=SOON)
        expect(page.locator(".pk-mark")).to_have_text("Unsubscribed")
        write(page, "Offer")
        expect(page.locator(".pk-verdict").last).to_have_text("Not sent: consent was withdrawn", timeout=SOON)
        expect(page.get_by_role("link", name=re.compile("^Why not")).last).to_be_visible()

    def _blocked(self, page: Page) -> None:
        page.get_by_role("button", name="Block the bot").click()
        expect(at_desk(page, "Blocked us: this door is shut")).to_be_visible(timeout=SOON)
        page.get_by_role("group", name="What to write").get_by_role("button", name="Answer").click()
        expect(page.locator(".pk-write")).to_contain_text("Telegram: the person shut this door", timeout=SOON)
        page.get_by_role("button", name="Unblock").click()
        expect(page.get_by_role("button", name="Block the bot")).to_be_visible()
        expect(page.locator(".pk-write")).not_to_contain_text("shut this door", timeout=SOON)

    def test_a_stranger_becomes_somebody_by_pressing_start(self, pocket):
        page = pocket("ilya")
        expect(page.locator(".pk-side")).to_contain_text("Onevoice knows nothing of this person yet.")
        page.get_by_role("button", name="Start", exact=True).click()
        expect(at_desk(page, "Opened the chat")).to_be_visible(timeout=SOON)
        expect(page.locator(".pk-write")).to_be_visible()

    def test_a_letter_is_answered_and_comes_back(self, pocket):
        page = pocket("mailbox-1")
        page.get_by_role("button", name="Reply", exact=True).click()
        page.get_by_label(re.compile("^Reply to")).fill("Dziękuję, biorę.")
        page.locator(".pk-letters").get_by_role("button", name="Send", exact=True).click()
        expect(at_desk(page, "Dziękuję, biorę.")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Mailbox is full").click()
        expect(page.locator(".pk-side .pk-alarm")).to_contain_text("Came back", timeout=SOON)
        page.get_by_role("button", name="Report spam").click()
        expect(at_desk(page, "Reported us as spam")).to_be_visible(timeout=SOON)


class TestHostile:
    def test_what_people_write_is_text(self, pocket):
        page = pocket("ilya")  # not Anna, whose pocket the pictures below show
        start = page.get_by_role("button", name="Start", exact=True)
        expect(start.or_(page.get_by_label("Phone: Message"))).to_be_visible()
        if start.is_visible():
            start.click()
        page.get_by_label("Phone: Message").fill(HOSTILE)
        page.locator(".pk-phone").get_by_role("button", name="Send").click()
        expect(on_phone(page, HOSTILE)).to_be_visible()
        expect(at_desk(page, HOSTILE)).to_be_visible(timeout=SOON)
        assert "ALARM" not in page.title()

    def test_a_strangers_letter_runs_nothing_and_fetches_nothing(self, pocket, demo):
        about = json.loads((demo.home / "providers.json").read_text())["about"]
        ports, reader = about["ports"], about["people"][-1]
        letter = (
            f"From: evil@elsewhere.example\r\nTo: {reader['mailbox']}\r\nSubject: {HOSTILE}\r\nMessage-ID: <evil@x>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"List-Unsubscribe: <http://127.0.0.1:{ports['telegram']}/>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"
            f'<html><head></head><body onload="{ALARM}">{HOSTILE}<svg onload="parent.{ALARM}"></svg>'
            f'<form action="http://127.0.0.1:{ports["telegram"]}/"><button>form</button></form>'
            f'<a href="javascript:{ALARM}">script</a><iframe srcdoc="<script>top.{ALARM}</script>"></iframe>'
            f'<img src="http://127.0.0.1:{ports["telegram"]}/spy.png">'
            '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:1/"><p>the end</p></body></html>\r\n'
        )
        with SMTP("127.0.0.1", ports["smtp"]) as smtp:
            smtp.sendmail("evil@elsewhere.example", reader["mailbox"], letter.encode())
        page = pocket(reader["key"], forbids=True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        expect(page.get_by_role("button", name=re.compile("ALARM"))).to_have_attribute("aria-expanded", "true")
        frame = page.frame_locator(".pk-frame")
        expect(frame.get_by_text("the end")).to_be_attached(timeout=SOON)
        frame.get_by_text("script", exact=True).click()
        frame.get_by_role("button", name="form").click()
        page.wait_for_timeout(500)
        assert all("ALARM" not in each.title() for each in page.context.pages)
        assert [url for url in asked if not url.startswith(demo.pocket)] == []
        page.get_by_role("button", name="Unsubscribe").click()
        expect(page.locator(".pk-letters .pk-error")).to_be_visible()

    def test_the_key_never_reaches_the_page(self, pocket, demo):
        key = json.loads((demo.home / "providers.json").read_text())["about"]["key"]
        assert key.startswith("ov_")
        page = pocket()
        bodies: list[str] = []
        page.on("response", lambda answer: bodies.append(answer.text()) if "letter" not in answer.url else None)
        page.reload()
        expect(page.locator(".pk")).to_be_visible()
        assert len(bodies) >= 4
        assert not any(key in body for body in bodies)


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_it_is_whole_in_every_look(self, pocket, language, scheme, size):
        page = pocket("anna", language, scheme, size)
        expect(page.locator(".pk-kept .pk-knot").last).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect_uncrossed(page)
        assert axe_violations(page) == []
        keep(page, f"pocket-{language}-{scheme}-{size[0]}")
        text = page.locator("body").inner_text()
        assert not re.search(r"\b(next|phone|mailbox|desk|write|trouble|legend|state|reasons|play)\.[a-z]", text)

    def test_on_a_phone_the_line_joins_neighbours_alone_and_words_lead_on(self, pocket):
        page = pocket("anna", size=PHONE)
        expect(page.locator(".pk-lines path").first).to_be_attached()
        assert page.evaluate(ASTRAY) == []
        leads = page.get_by_role("link", name=re.compile("^Goes on at"))
        assert leads.count() >= 1
        numbers = [int(each) for each in page.locator(".pk-devices .pk-knot").all_inner_texts()]
        device = page.locator(".pk-mailbox" if "mailbox" in leads.first.inner_text() else ".pk-phone")
        next_one = re.search(r"\d+", leads.first.inner_text())
        assert next_one is not None
        assert int(next_one[0]) in numbers
        leads.first.click()
        expect(device.locator(".pk-knot").get_by_text(next_one[0], exact=True)).to_be_in_viewport()

    def test_it_plays_from_the_first_number_to_the_last(self, pocket):
        page = pocket()
        page.get_by_role("button", name=re.compile("^Play from")).click()
        expect(page.locator(".pk-next")).to_contain_text(re.compile(r"^\d+ of \d+\. "))
        assert page.locator(".pk-late").count() > 0
        page.keyboard.press("Escape")
        expect(page.locator(".pk-late")).to_have_count(0)

    def test_everything_is_reached_by_keyboard(self, pocket):
        page = pocket()
        reached: set[str] = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''"))
        for name in ("Block the bot", "Busy 429", "Busy 450", "Offer", "Open the whole customer", "Dark", "RU"):
            assert name in reached, (name, reached)

    def test_without_onevoice_it_says_so_and_comes_back_by_itself(self, pocket, demo):
        page = pocket()

        def tell(address: str) -> None:
            asked = urllib.request.Request(
                f"{demo.pocket}/about", json.dumps({"address": address}).encode(), {"X-Pocket": "test"}
            )
            urllib.request.urlopen(asked, timeout=10).close()

        tell("http://127.0.0.1:1")
        try:
            expect(page.locator(".pk-side .pk-trouble")).to_contain_text("Onevoice does not answer", timeout=SOON)
            expect(page.locator(".pk-phone .pk-message").first).to_be_visible()
            write(page, "Answer", "Nobody hears this.")
            expect(page.locator(".pk-write .pk-error")).to_have_text("Onevoice does not answer. Nothing was sent.")
            expect(page.get_by_label("Your answer")).to_have_value("Nobody hears this.")
        finally:
            tell(demo.url)
        expect(page.locator(".pk-side .pk-trouble")).to_have_count(0, timeout=SOON)
