"""The chat on a product's page in Chromium: by keyboard alone, without a violation, without a shift; away; the hop."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsers import Chromium
from browsers import chromium as running
from playwright.sync_api import Browser, Page, expect
from shop_chat import CHAT, FONTS, PRODUCT, Desk

pytestmark = pytest.mark.parametrize("browser", [running], ids=["chromium"], indirect=True)

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
ARTEFACTS = Path(__file__).parent / "artefacts"
WIDE, PHONE = (1440, 900), (390, 844)
FILES = {
    "/golos-latin.woff2": FONTS / "golos-text-latin-wght-normal.woff2",
    "/golos-latin-ext.woff2": FONTS / "golos-text-latin-ext-wght-normal.woff2",
    "/golos-cyrillic.woff2": FONTS / "golos-text-cyrillic-wght-normal.woff2",
}
SAID = {
    "pl": ("Czy te buty wypadają małe? Jestem między 38 a 39.", "Brama jest szeroka w palcach, 38 będzie w sam raz."),
    "ru": ("Эти ботинки маломерят? Я между 38 и 39.", "Brama свободна в носке, 38 подойдёт."),
    "en": ("Do these run small? I am between 38 and 39.", "Brama is roomy at the toes, so 38 will do."),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk.open(tmp_path_factory.mktemp("looks") / "home", doors=True) as desk:
        yield desk


@pytest.fixture(scope="module")
def chromium(browser: Chromium) -> Browser:
    return browser.playwright


@contextmanager
def product(
    desk: Desk, chromium: Browser, language: str = "en", scheme: str = "light", size: tuple[int, int] = WIDE
) -> Iterator[Page]:
    phone = size == PHONE
    with desk.shop(more=CHAT, page=PRODUCT, language=language, files=FILES) as shop:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            is_mobile=phone,
            has_touch=phone,
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(shop.url)
        page.locator(".launch").wait_for()
        yield page
        assert page.evaluate("violations") == []
        context.close()


def violations(page: Page) -> list[str]:
    session = page.context.new_cdp_session(page)  # the page's policy lets nothing of ours in
    session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found["violations"]
        if any("onevoice-chat" in str(node["target"]) for node in one["nodes"])
    ]


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"chat-{name}.png")


def exchange(page: Page, desk: Desk, language: str) -> None:
    page.locator(".launch").click()
    page.locator("textarea").fill(SAID[language][0])
    page.locator(".say > button:not([type])").click()
    who = page.evaluate("onevoice.ids().anonymousId")
    desk.answers(who, SAID[language][1])
    page.locator(".log > .l:not(.me) > p").wait_for(timeout=20_000)


LOOKS = [
    ("pl", "light", WIDE), ("pl", "dark", PHONE), ("ru", "light", PHONE), ("ru", "dark", WIDE),
    ("en", "light", PHONE), ("en", "dark", WIDE),
]  # fmt: skip


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_it_breaks_no_rule_open_or_leaving(desk, chromium, language, scheme, size):
    name = f"{language}-{scheme}-{size[0]}"
    with product(desk, chromium, language, scheme, size) as page:
        assert violations(page) == []
        keep(page, f"{name}-closed")
        exchange(page, desk, language)
        toggle = page.locator(".hop h3 button")
        toggle.wait_for()
        assert violations(page) == []
        keep(page, f"{name}-open")
        toggle.click()
        expect(page.locator(".code")).to_have_text(re.compile("^[2-9A-Z]{4} [2-9A-Z]{4}$"))
        page.wait_for_timeout(300)
        assert violations(page) == []
        keep(page, f"{name}-hop")
        page.locator(".b.mail").click()
        page.locator(".ask input").last.wait_for()
        assert violations(page) == []


def test_by_keyboard_alone(desk, chromium):
    with product(desk, chromium) as page:
        focused = "document.activeElement?.shadowRoot?.activeElement?.className ?? document.activeElement.className"
        for _ in range(4):
            page.keyboard.press("Tab")
            if page.evaluate(focused) == "launch":
                break
        page.keyboard.press("Enter")
        box = page.locator("textarea")
        expect(box).to_be_focused()
        page.evaluate("window.keys = 0; document.addEventListener('keydown', () => { window.keys += 1 })")
        page.keyboard.type("One")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("two")
        page.keyboard.press("Enter")
        expect(page.locator(".me > p")).to_have_text("One\ntwo")
        assert page.evaluate("keys") == 0, "the page's own keys hear nothing of what is typed here"
        page.keyboard.press("Shift+Tab")
        expect(page.get_by_role("button", name="Attach a file")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".panel .icon").first).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(".panel")).to_be_hidden()
        expect(page.locator(".launch")).to_be_focused()


def test_a_word_that_is_being_put_together_is_not_sent(desk, chromium):
    with product(desk, chromium) as page:
        page.locator(".launch").click()
        session = page.context.new_cdp_session(page)
        session.send("Input.imeSetComposition", {"text": "すし", "selectionStart": 2, "selectionEnd": 2})
        session.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
        )
        assert page.locator(".me").count() == 0
        session.send("Input.insertText", {"text": "すし"})
        page.keyboard.press("Enter")
        expect(page.locator(".me > p")).to_have_text("すし")


def test_the_page_does_not_move_and_neither_style_leaks(desk, chromium):
    with product(desk, chromium) as page:
        page.wait_for_timeout(500)
        before = page.evaluate(
            "[...document.querySelectorAll('main *')].map((one) => JSON.stringify(one.getBoundingClientRect()))"
        )
        page.evaluate("shifts.length = 0")
        page.locator(".launch").click()
        page.locator("textarea").fill("Hello")
        page.keyboard.press("Enter")
        page.locator(".me").wait_for()
        page.wait_for_timeout(500)
        after = page.evaluate(
            "[...document.querySelectorAll('main *')].map((one) => JSON.stringify(one.getBoundingClientRect()))"
        )
        assert (after, page.evaluate("document.documentElement.scrollWidth <= innerWidth")) == (before, True)
        style = "(one) => { const {fontStyle, textTransform, letterSpacing, lineHeight} = getComputedStyle(one);"
        style += " return [fontStyle, textTransform, letterSpacing, lineHeight] }"
        assert page.locator(".me > p").evaluate(style) == ["normal", "none", "normal", "20px"]
        assert page.locator(".say > button:not([type])").evaluate(style) == ["normal", "none", "normal", "20px"]
        page.emulate_media(media="print")
        assert page.locator("onevoice-chat").evaluate("(one) => getComputedStyle(one).display") == "none"


def test_no_shift_of_the_layout_is_its_doing(desk, chromium):
    with product(desk, chromium) as page:
        page.reload()
        page.locator(".launch").wait_for()
        page.wait_for_timeout(500)
        ours = "shifts.filter((one) => one.nodes.some((name) => name === 'ONEVOICE-CHAT' || name === null))"
        assert page.evaluate(ours) == []


def test_a_code_that_has_run_out_says_so_and_another_is_made(desk, chromium):
    with product(desk, chromium) as page:
        exchange(page, desk, "en")
        page.locator(".hop h3 button").click()
        page.locator(".code").wait_for()
        first = page.locator(".code").inner_text()
        assert "15\u00a0min" in page.locator(".qr").inner_text()
        link = page.locator(".b.tg")
        assert link.get_attribute("href") == f"https://t.me/northfold_bot?start={first.replace(' ', '')}"
        assert link.get_attribute("rel") == "noopener noreferrer"
        page.evaluate("(() => { const now = Date.now; Date.now = () => now() + 15 * 60_000 })()")
        expect(page.locator(".qr")).to_contain_text("This code has expired", timeout=15_000)
        expect(link).to_be_hidden()
        page.evaluate("(() => { const now = Date.now; Date.now = () => now() - 15 * 60_000 })()")
        page.get_by_role("button", name="New code").click()
        expect(page.locator(".code")).not_to_have_text(first)
        expect(link).to_be_visible()


def test_whoever_came_by_the_code_can_be_told_off(desk, chromium):
    assert desk.telegram
    with product(desk, chromium) as page:
        exchange(page, desk, "en")
        page.locator(".hop h3 button").click()
        page.locator(".code").wait_for()
        code = page.locator(".code").inner_text().replace(" ", "")
        desk.telegram.start_bot(desk.telegram.person("Thief"), code)
        page.locator(".log > .l", has_text="This chat went on in Telegram.").wait_for(timeout=30_000)
        no = page.get_by_role("button", name="It was not me")
        no.click(timeout=40_000)
        expect(no).to_be_hidden()


def test_who_is_typing_and_how_far_they_have_read(desk, chromium):
    """What the socket tells and hears, with a word of ours in between."""
    sockets, heard = [], []

    def between(socket):
        server = socket.connect_to_server()
        sockets.append(socket)
        socket.on_message(lambda text: (heard.append(json.loads(text)), server.send(text)))
        server.on_message(socket.send)

    with product(desk, chromium) as page:
        page.context.route_web_socket(re.compile("/v1/chat/socket$"), between)
        page.reload()
        page.locator(".launch").click()
        page.locator("textarea").fill("Hello")
        page.keyboard.press("Enter")
        expect(page.locator(".me > small")).to_have_text("Delivered")
        page.wait_for_timeout(500)
        sockets[-1].send(json.dumps({"typing": "Olga"}))
        expect(page.locator(".typing")).to_have_text("Olga is typing…")
        sockets[-1].send(json.dumps({"typing": False}))
        expect(page.locator(".typing")).to_have_count(0)
        sockets[-1].send(json.dumps({"read": 1}))
        expect(page.locator(".me > small")).to_have_text("Read")
        page.locator("textarea").press_sequentially("More to say", delay=20)
        page.keyboard.press("Enter")
        page.locator(".me").nth(1).wait_for()
        page.wait_for_timeout(300)
        typing = [each["typing"] for each in heard if "typing" in each]
        assert typing == [True, False], "once in three seconds, and an end to it"


def test_nor_while_nobody_is_there(desk, chromium):
    """The last one here: that somebody is there again is not waited for."""
    desk.available(False)
    time.sleep(15.5)  # so long the server remembers who was there
    for language, scheme, size in LOOKS:
        with product(desk, chromium, language, scheme, size) as page:
            page.locator(".launch").click()
            page.locator("textarea").fill(SAID[language][0])
            page.locator(".say > button:not([type])").click()
            page.locator("h3", has_text=re.compile(r"\?$")).first.wait_for(timeout=20_000)
            assert violations(page) == []
            keep(page, f"{language}-{scheme}-{size[0]}-away")
