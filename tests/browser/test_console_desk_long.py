"""A thread of many pages in a real browser: few rows stand in the page, nothing jumps, and J stays quick."""

import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from desk_tools import Desk, chosen, shop
from playwright.sync_api import Page, Route, expect

from support import LiveServer

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
MESSAGES = 400
ROWS_MOST = 200


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with shop(tmp_path_factory.mktemp("long")) as made:
        made.person("Short Story", "Hello")
        chat = made.person("Long Story", "Word 0")
        began = int(time.time()) - MESSAGES
        for number in range(1, MESSAGES):
            text = f"Word {number}" + " and more of it" * (number % 7) * 3
            made.telegram.say(chat, text, date=began + number)
        made.until(lambda: f"Word {MESSAGES - 1} " in said(made, chat.id), 240)
        yield made


def said(desk: Desk, chat: int) -> str:
    """Its newest page."""
    items = desk.client.get(f"/api/conversations/telegram:{chat}/thread").json()["data"]
    return " ".join(f"{each['text']} " for each in items if each["kind"] == "said")


@pytest.fixture(scope="module")
def live_server(desk: Desk) -> LiveServer:
    return desk.server


SLOW_SECONDS = 0.2
BUSY = 2
"""So many times slower is the processor."""
WATCH = """() => {
    const box = document.querySelector(".dk-thread");
    const rows = () => [...box.querySelectorAll("li[data-row]")];
    const top = (row) => row.lastElementChild.getBoundingClientRect().top;
    const watch = { most: 0, jump: 0, read: null, top: 0, scrolled: 0 };
    // What was read in the frame before stands where it stood then, but for what was scrolled.
    const look = () => {
        const now = rows().find((row) => row.dataset.row === watch.read);
        const moved = () => (now ? Math.abs(top(now) - watch.top - watch.scrolled) : Infinity);
        if (watch.read) watch.jump = Math.max(watch.jump, moved());
        watch.most = Math.max(watch.most, rows().length);
        const next = rows().find((row) => top(row) > box.getBoundingClientRect().top + 200);
        Object.assign(watch, { read: next.dataset.row, top: top(next), scrolled: 0 });
    };
    window.frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => (look(), done()))));
    window.back = (by) => {
        const before = box.scrollTop;
        box.scrollTop -= by;
        watch.scrolled += before - box.scrollTop;
        return before - box.scrollTop;
    };
    window.watch = watch;
    window.rows = rows;
}"""
TO_THE_BEGINNING = """async () => {
    const ends = performance.now() + 60_000;
    while (window.back(800) > 0 || document.querySelector(".dk-older:not(.dk-gone)")) {
        await window.frame();
        await window.frame();
        if (performance.now() > ends) break;
    }
    return { ...window.watch, first: window.rows()[0].textContent };
}"""
LARGER = """async () => {
    window.rows()[0].style.paddingBottom = "100px";
    await window.frame();
    await window.frame();
    return window.watch.jump;
}"""


def test_few_rows_stand_there_and_nothing_jumps(open_page: OpenPage, desk: Desk) -> None:
    """However slowly what is earlier comes, and where a row above becomes larger."""
    page = chosen(open_page, desk, desk.people["Long Story"])
    page.route("**/thread?*", slowly)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": BUSY})
    page.evaluate(WATCH)
    page.evaluate("async () => (window.back(900), await window.frame(), await window.frame())")
    assert page.evaluate(LARGER) <= 1
    found = page.evaluate(TO_THE_BEGINNING)
    assert "Word 1 and" in found["first"], found
    print(f"rows at most {found['most']}, jump at most {found['jump']:.1f} px")
    assert 50 < found["most"] < ROWS_MOST
    assert found["jump"] <= 1
    page.locator(".dk-thread").press("End")
    expect(page.locator(".dk-thread")).to_contain_text(f"Word {MESSAGES - 1} ")
    assert page.locator("li[data-row]").count() < ROWS_MOST


def slowly(route: Route) -> None:
    time.sleep(SLOW_SECONDS)
    route.continue_()


def test_the_next_conversation_comes_at_once(open_page: OpenPage, desk: Desk) -> None:
    page = chosen(open_page, desk, desk.people["Short Story"])
    chosen_row = page.locator(".dk-row[aria-current=true]")
    expect(chosen_row).to_be_visible()  # the keys go by the list
    page.keyboard.press("k")
    expect(page.locator(".dk-who h2")).to_have_text("Long Story")
    expect(page.locator(".dk-thread .dk-item").first).to_be_visible()
    times = []
    for key, name in [("j", "Short Story"), ("k", "Long Story")] * 10:
        took = page.evaluate(
            """([key, name]) => new Promise((done) => {
                const began = performance.now();
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                const look = () => {
                    const there = document.querySelector(".dk-who h2")?.textContent === name;
                    const row = document.querySelector(".dk-thread li[data-row]");
                    if (there && row) return done(performance.now() - began);
                    requestAnimationFrame(look);
                };
                look();
            })""",
            [key, name],
        )
        if name == "Long Story":
            times.append(took)
    expect(chosen_row).to_contain_text("Long Story")
    middle = statistics.median(times)  # the longest say what else the machine did
    print(f"J: {middle:.0f} ms in the middle, {max(times):.0f} ms at most")
    assert middle < 100
