"""Two colleagues at one conversation, in a real browser: each sees that the other is there, and that they write."""

import json
import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from browser_tools import DESK, LOOKS, axe_violations, keep
from desk_tools import Desk, chosen, settled, shop
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect
from websockets.typing import Origin

from support import LiveServer

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with shop(tmp_path_factory.mktemp("together")) as made:
        made.person("Anna Kowalska", "Do the boots run small?")
        made.person("Jan Wrona", "Numer przesyłki?")
        yield made


@pytest.fixture(scope="module")
def live_server(desk: Desk) -> LiveServer:
    return desk.server


@pytest.fixture
def colleague(chromium: Browser, desk: Desk) -> Iterator[Callable[[str], Page]]:
    """Another person's browser, at somebody's conversation."""
    contexts = []

    def look(at: str) -> Page:
        context = chromium.new_context(base_url=desk.server.url, locale="en")
        contexts.append(context)
        page = context.new_page()
        desk.server.login(page, who="member")
        page.goto(f"/desk?c={desk.number(desk.people[at])}")
        expect(page.locator(".dk-thread .dk-item").first).to_be_visible()
        return page

    yield look
    for context in contexts:
        context.close()


def test_who_looks_and_who_writes_is_seen_at_once_and_no_longer_than_it_is_so(
    open_page: OpenPage, desk: Desk, colleague: Callable[[str], Page]
) -> None:
    page = chosen(open_page, desk, desk.people["Anna Kowalska"])
    there = page.locator(".dk-present")
    expect(there).to_have_text("")
    expect(there).to_have_attribute("aria-live", "polite")
    other = colleague("Anna Kowalska")
    expect(there).to_have_text(re.compile(r"^\S.* is here$"))
    expect(other.locator(".dk-present")).to_have_text(re.compile(r"^\S.* is here$"))
    page.locator(".dk-composer textarea").fill("Half a")
    page.evaluate("window.held = document.activeElement")
    other.locator(".dk-composer textarea").press_sequentially("Take the 39")
    expect(there).to_have_text(re.compile(r"^\S.* is writing…$"))
    expect(page.locator(".dk-writing")).to_have_text(re.compile(r"is writing…$"))
    assert page.evaluate("window.held === document.activeElement")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    expect(there).to_have_text(re.compile(r" is here$"), timeout=10_000)
    expect(page.locator(".dk-writing")).to_have_count(0)
    other.locator(".dk-row", has_text="Jan Wrona").click()
    expect(there).to_have_text("")
    other.locator(".dk-row", has_text="Anna Kowalska").click()
    expect(there).to_have_text(re.compile(r" is here$"))
    other.context.close()
    expect(there).to_have_text("")
    page.locator(".dk-composer textarea").fill("")


def test_a_note_is_no_answer(open_page: OpenPage, desk: Desk, colleague: Callable[[str], Page]) -> None:
    page = chosen(open_page, desk, desk.people["Anna Kowalska"])
    other = colleague("Anna Kowalska")
    other.keyboard.press("n")
    other.keyboard.type("For us")
    expect(page.locator(".dk-present")).to_have_text(re.compile(r" is here$"))
    expect(page.locator(".dk-writing")).to_have_count(0)
    other.locator(".dk-composer textarea").fill("")


def test_a_visitor_of_the_sites_chat_and_who_answers_see_each_other_write(open_page: OpenPage, desk: Desk) -> None:
    """Of a note the visitor sees nothing."""
    site, secret = "https://shop.example", "secret-of-a-visitor-----"
    settings = {"brand": "Northfold", "origins": site}
    told = desk.client.post("/api/accounts", json={"channel": "chat", "name": "c", "site": "pl", "settings": settings})
    assert told.status_code == 201, told.text
    hello = {"key": desk.server.write_key, "secret": secret}
    said = {**hello, "id": "line-00001", "text": "Do these run small?", "device": "visitor-1"}
    url = f"{desk.server.url}/v1/chat"
    assert httpx.post(f"{url}/say", content=json.dumps(said), headers={"Origin": site}).status_code == 200
    desk.until(lambda: desk.client.get("/api/conversations/anonymous_id:visitor-1").is_success)
    number = desk.client.get("/api/conversations/anonymous_id:visitor-1").json()["profile_id"]
    with connect(f"{url.replace('http', 'ws', 1)}/socket", origin=Origin(site)) as visitor:
        visitor.send(json.dumps({**hello, "after": 1}))
        page = open_page(f"/desk?c={number}")
        typing = page.locator(".dk-typing")
        expect(page.locator(".dk-thread .dk-item").first).to_be_visible()
        assert json.loads(visitor.recv(timeout=20)) == {"read": 1}
        visitor.send(json.dumps({"typing": True}))
        expect(typing).to_have_text(re.compile(r"is writing…$"))
        visitor.send(json.dumps({"typing": False}))
        expect(typing).to_have_text("")
        page.keyboard.press("n")
        page.locator(".dk-composer textarea").press_sequentially("For us")
        page.locator(".dk-composer textarea").fill("")
        page.keyboard.press("Escape")
        page.keyboard.press("r")
        with pytest.raises(TimeoutError):
            visitor.recv(timeout=1)
        page.locator(".dk-composer textarea").press_sequentially("Half a")
        assert "typing" in json.loads(visitor.recv(timeout=20))
        page.locator(".dk-composer textarea").fill("")


def test_who_answered_first_is_told_before_mine_goes(
    open_page: OpenPage, desk: Desk, colleague: Callable[[str], Page]
) -> None:
    page = chosen(open_page, desk, desk.people["Jan Wrona"])
    other = colleague("Jan Wrona")
    page.route("**/thread*", lambda route: route.abort())
    page.locator(".dk-composer textarea").fill("Mine")
    other.locator(".dk-composer textarea").fill("Theirs")
    other.keyboard.press("Control+Enter")
    expect(other.locator(".dk-going")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".dk-clash")).to_contain_text("has answered meanwhile")
    page.locator(".dk-composer textarea").fill("")


def test_one_person_in_two_tabs_is_alone(open_page: OpenPage, desk: Desk) -> None:
    page = chosen(open_page, desk, desk.people["Jan Wrona"])
    other = chosen(open_page, desk, desk.people["Jan Wrona"])
    other.locator(".dk-composer textarea").press_sequentially("Hm")
    with page.expect_event("websocket") as opened:
        page.reload()
    opened.value.wait_for_event("framereceived", lambda frame: "present:" in str(frame))
    settled(page)
    expect(page.locator(".dk-present")).to_have_text("")
    other.locator(".dk-composer textarea").fill("")


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_looks(
    open_page: OpenPage, desk: Desk, colleague: Callable[[str], Page], language: str, scheme: str, size: tuple[int, int]
) -> None:
    page = chosen(open_page, desk, desk.people["Anna Kowalska"], size, language, scheme)
    other = colleague("Anna Kowalska")
    other.locator(".dk-composer textarea").press_sequentially("I am on it")
    if size == DESK:
        expect(page.locator(".dk-writing")).to_be_visible()
    expect(page.locator(".dk-present")).to_have_text(re.compile("…"))
    settled(page)
    keep(page, f"desk-together-{language}-{scheme}-{size[0]}")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    other.locator(".dk-composer textarea").fill("")
