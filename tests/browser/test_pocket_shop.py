"""The demo's shop in Chromium: as anybody sees it, and as the browser of somebody in the pocket.

Named so that it comes after Anna's story, which begins as the demo does: what is done here stays on her phone.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, expect

pytestmark = pytest.mark.browser

SOON = 15_000
ON_PURPOSE = re.compile("Failed to load resource")
"""What Chromium logs of a page that is not there."""
HOP = """url => {
  let left = false;
  const keep = (event) => { left = !event.defaultPrevented; event.preventDefault(); };
  addEventListener("click", keep);
  const link = document.body.appendChild(document.createElement("a"));
  link.href = url;
  link.click();
  link.remove();
  removeEventListener("click", keep);
  return left;
}"""
"""A press on a link into a messenger. Returns: whether it is left to the browser, which is kept from following it."""


@pytest.fixture(scope="module")
def shop(demo: Any) -> str:
    """Its address as anybody sees it, once its pages have their key."""
    about = json.loads((demo.home / "providers.json").read_text())["about"]
    assert about["write_key"].startswith("ov_")
    return f"http://127.0.0.1:{about['ports']['shop']}"


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A browser of its own at an address. Whatever its console calls an error fails the test."""
    contexts, faults = [], []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not ON_PURPOSE.search(message.text):
            faults.append(message.text)

    def make(address: str, language: str = "en", scheme: str = "light", size: tuple[int, int] = DESK) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        return page

    yield make
    for context in contexts:
        with contextlib.suppress(Exception):
            context.close()
    assert not faults, faults


@pytest.fixture
def in_pocket(look: Callable[..., Page], demo: Any) -> Callable[..., tuple[Page, FrameLocator]]:
    """The pocket's page with somebody's browser before one's eyes, and what that shows."""

    def make(person: str, *more: Any) -> tuple[Page, FrameLocator]:
        page = look(f"{demo.pocket}/?person={person}", *more)
        with page.expect_request(lambda asked: '"browse"' in (asked.post_data or "")):  # the two know each other
            page.locator(".pk-places button").last.click()
        inside = page.frame_locator(".pk-browser iframe")
        expect(inside.locator("h1")).to_be_visible()
        return page, inside

    return make


@pytest.fixture
def api(demo: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.url, headers={"Origin": demo.url}, timeout=30) as client:
        client.post("/login", data={"login": demo.login, "password": demo.password})
        yield client


def events_of(api: httpx.Client, ref: str, wanted: set[str]) -> list[dict[str, Any]]:
    """The newest of somebody, once all that is wanted is there."""
    for _ in range(60):
        answer = api.get(f"/api/profiles/{ref}/events?limit=50")
        found = answer.json()["data"] if answer.is_success else []
        if wanted <= {each["event"] for each in found if each["event"]}:
            return found
        httpx.get(f"{api.base_url}/healthz")
    pytest.fail(f"{ref} has {[each['event'] for each in found]}, not {wanted}")


def buy(place: Page | FrameLocator, name: str = "Brama") -> None:
    place.locator("a.tile", has_text=name).click()
    expect(place.locator("h1")).to_contain_text(name)
    place.locator("#buy .main").click()
    expect(place.locator("#added")).to_contain_text(re.compile(f"{name}.* 38"))


class TestVisit:
    def test_what_a_visitor_does_arrives_in_live(self, look, shop, api, demo):
        page = look(f"{shop}/en/")
        buy(page)
        page.locator("header a[href='/en/cart']").click()
        expect(page.locator("#lines li")).to_have_count(1)
        expect(page.locator("#total")).to_contain_text("489.00")
        visitor = page.evaluate("onevoice.ids().anonymousId")
        wanted = {"Product List Viewed", "Product Viewed", "Product Added", "Cart Viewed"}
        told = {each["event"]: each["properties"] for each in events_of(api, f"anonymous_id:{visitor}", wanted)}
        assert (told["Product Added"]["sku"], told["Product Added"]["price_minor"]) == ("brama-chelsea-38", 48_900)
        assert told["Cart Viewed"]["total_minor"] == 48_900
        live = look(f"{demo.url}/login")
        live.fill("input[name=login]", demo.login)
        live.fill("input[name=password]", demo.password)
        live.click("button[type=submit]")
        live.goto(f"{demo.url}/live")
        expect(live.locator("main")).to_be_visible()
        page.goto(f"{shop}/en/boots/rysy-boots")
        expect(live.get_by_text("Rysy winter boots").first).to_be_visible(timeout=SOON)

    def test_who_logs_in_is_known_and_who_logs_out_is_somebody_else(self, look, shop, api):
        page = look(f"{shop}/pl/account", "pl")
        before = page.evaluate("onevoice.ids().anonymousId")
        page.get_by_label("E-mail").fill("Guest@Shop.example")
        page.get_by_role("button", name="Zaloguj się").click()
        expect(page.locator("#inside p")).to_have_text("Zalogowano: guest@shop.example.")
        expect(page.locator("#who")).to_have_text("guest@shop.example")
        assert page.evaluate("onevoice.ids().userId") == "guest@shop.example"
        page.get_by_role("button", name="Wyloguj się").click()
        expect(page.locator("#login")).to_be_visible()
        assert page.evaluate("onevoice.ids().anonymousId") != before
        events_of(api, "email:guest@shop.example", {"Signed Out"})

    def test_the_cart_is_kept_and_emptied(self, look, shop):
        page = look(f"{shop}/ru/", "ru")
        buy(page)
        buy(look_again(page, f"{shop}/ru/"))
        expect(page.locator("#count")).to_have_text(", 2")
        page.goto(f"{shop}/ru/cart")
        page.get_by_role("button", name=re.compile("^Убрать")).click()
        expect(page.locator("#empty")).to_be_visible()
        expect(page.locator("#count")).to_have_text("")

    def test_by_keyboard_alone(self, look, shop):
        page = look(f"{shop}/en/shoes/brama-chelsea")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.locator("[name=size][value='38']").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("[name=size][value='40']")).to_be_checked()  # 39 is sold out
        page.keyboard.press("Enter")
        expect(page.locator("#added")).to_contain_text("Brama Chelsea boots 40")


def look_again(page: Page, address: str) -> Page:
    page.goto(address)
    return page


class TestPocket:
    def test_annas_browser_was_here_before_and_shows_where_it_is(self, in_pocket):
        page, inside = in_pocket("anna")
        address = page.locator(".pk-address")
        expect(address).to_have_text("halny.example/pl/")
        inside.locator("a.tile").first.click()
        expect(address).to_have_text("halny.example/pl/boots/tatra-boots")
        frame = next(each for each in page.frames if "anna.localhost" in each.url)
        assert frame.evaluate("onevoice.ids().anonymousId") == "a_b91e"
        page.get_by_role("button", name="Back").click()
        expect(address).to_have_text("halny.example/pl/")
        expect(inside.locator("a.tile").first).to_be_visible()
        expect(page.get_by_role("button", name="Back")).to_be_disabled()
        page.get_by_role("button", name="Reload").click()
        expect(inside.locator("a.tile").first).to_be_visible()
        expect(page.get_by_role("button", name="Back")).to_be_disabled()

    def test_each_persona_has_a_browser_of_their_own(self, in_pocket):
        page, inside = in_pocket("anna")
        buy(inside)
        page.get_by_label("Whose pocket").select_option("mailbox-1")
        page.locator(".pk-places button").last.click()
        expect(inside.locator("h1")).to_be_visible()
        expect(inside.locator("#count")).to_have_text("")
        page.get_by_label("Whose pocket").select_option("anna")
        page.locator(".pk-places button").last.click()
        expect(inside.locator("#count")).to_have_text(", 1")

    def test_a_link_from_the_chat_opens_the_messenger_on_the_phone(self, in_pocket):
        page, inside = in_pocket("anna")
        inside.locator("a.tile").first.click()
        expect(page.locator(".pk-address")).to_have_text("halny.example/pl/boots/tatra-boots")
        frame = next(each for each in page.frames if "anna.localhost" in each.url)
        assert frame.evaluate(HOP, "https://t.me/other_bot?start=7KQ42MXD") is False
        expect(page.locator(".pk-browser .pk-error")).to_have_text("This link leads to another bot.")
        assert frame.evaluate(HOP, "https://t.me/halny_bot?start=7KQ42MXD") is False
        expect(page.locator(".pk-phone").get_by_text("/start 7KQ42MXD").last).to_be_visible(timeout=SOON)
        expect(page.get_by_label("Phone: Message")).to_be_focused()

    def test_a_plain_link_to_the_bot_does_so_too(self, in_pocket):
        page, _ = in_pocket("anna")
        frame = next(each for each in page.frames if "anna.localhost" in each.url)
        frame.evaluate("""() => {
          const inside = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
          const link = inside.appendChild(document.createElement("a"));
          Object.assign(link, { href: "https://t.me/halny_bot?start=9XQ42MXA", target: "_blank", textContent: "Open" });
          link.click();
        }""")
        expect(page.locator(".pk-phone").get_by_text("/start 9XQ42MXA").last).to_be_visible(timeout=SOON)
        assert len(page.context.pages) == 1

    def test_who_has_no_messenger_is_told_so(self, in_pocket):
        page, _ = in_pocket("mailbox-2")
        frame = next(each for each in page.frames if "mailbox-2.localhost" in each.url)
        frame.evaluate(HOP, "https://t.me/halny_bot?start=7KQ42MXD")
        expect(page.locator(".pk-browser .pk-error")).to_contain_text("has no Telegram")

    def test_other_windows_steer_nothing(self, in_pocket):
        page, inside = in_pocket("anna")
        page.evaluate("""postMessage({ at: "/evil", hop: "https://t.me/halny_bot?start=EVIL" }, "*")""")
        inside.locator("a.tile").first.click()
        expect(page.locator(".pk-address")).to_have_text("halny.example/pl/boots/tatra-boots")
        assert "EVIL" not in page.locator("body").inner_text()

    def test_outside_of_the_pocket_the_link_is_left_to_the_browser(self, look, shop):
        page = look(f"{shop}/en/")
        assert page.evaluate(HOP, "https://t.me/halny_bot?start=7KQ42MXD") is True

    def test_the_pocket_learns_under_which_id_the_shop_knows_them(self, look, demo):
        page = look(f"{demo.pocket}/?person=anna")
        with page.expect_request(lambda asked: '"browse"' in (asked.post_data or "")) as told:
            page.locator(".pk-places button").last.click()
        assert told.value.post_data_json == {"do": "browse", "person": "anna", "visitor": "a_b91e"}


@pytest.fixture
def at_desk(look: Callable[..., Page], demo: Any) -> Page:
    """A colleague in the console, where the tour was put away."""
    page = look(f"{demo.url}/login")
    page.evaluate("localStorage.setItem('onevoice.tour', JSON.stringify({ step: 0, open: false }))")
    page.locator("input[name=login]").fill(demo.login)
    page.locator("input[name=password]").fill(demo.password)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(f"{demo.url}/desk")
    expect(page.locator(".dk-row").first).to_be_visible()
    return page


class TestStory:
    """From the first look at the boots to the messenger and on: one conversation, nothing said twice."""

    @pytest.mark.parametrize(
        ("person", "language", "asks", "answer", "greeting", "goes_on"),
        [
            ("ilya", "ru", "Они маломерят?", "Полразмера. Берите 39.", "Продолжаем здесь", "А когда привезут?"),
            ("anna", "pl", "Czy są małe?", "Pół rozmiaru. Radzę 39.", "Rozmawiamy dalej", "A kiedy będą?"),
            pytest.param(
                *("ilya", "en", "Are they small?", "By half a size. Take 39.", "We go on here", "And when?"),
                marks=pytest.mark.long,
            ),
        ],
        ids=["ru", "pl", "en"],
    )
    def test_a_question_on_the_site_goes_on_in_telegram(
        self, in_pocket, at_desk, person, language, asks, answer, greeting, goes_on
    ):
        page, inside = in_pocket(person)
        inside.locator(f"a[hreflang={language}]").click()
        expect(inside.locator(f"html[lang={language}]")).to_be_attached()
        inside.locator("a.tile").first.click()
        inside.locator(".launch").click()
        inside.locator("textarea").fill(asks)
        inside.locator("textarea").press("Enter")
        at_desk.locator(".dk-row", has_text=asks).click()
        thread = at_desk.locator(".dk-thread")
        expect(thread.locator("a", has_text="Tatra")).to_be_visible()
        at_desk.locator(".dk-composer textarea").fill(answer)
        at_desk.keyboard.press("Control+Enter")
        expect(inside.get_by_text(answer)).to_be_visible(timeout=SOON)
        inside.locator("button[aria-expanded=false]").last.click()
        inside.locator("a[href^='https://t.me']").click()
        phone = page.locator(".pk-phone")
        expect(phone.get_by_text(greeting).last).to_be_visible(timeout=SOON)
        expect(thread).to_contain_text("The customer went on in Telegram")
        expect(at_desk.locator(".dk-door-choice").first).to_contain_text("Telegram", timeout=SOON)
        page.get_by_label("Phone: Message").fill(goes_on)
        page.get_by_label("Phone: Message").press("Enter")
        expect(thread).to_contain_text(goes_on, timeout=SOON)
        for said in (asks, answer, goes_on):
            expect(thread.get_by_text(said, exact=True)).to_have_count(1)
        expect(at_desk.locator(".dk-row", has_text=goes_on)).to_have_count(1)


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    @pytest.mark.parametrize("path", ["", "shoes/brama-chelsea", "cart", "account", "nowhere"])
    def test_each_page_is_whole(self, look, shop, path, language, scheme, size):
        page = look(f"{shop}/{language}/{path}", language, scheme, size)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe_violations(page) == []
        if path.startswith("shoes") and size == PHONE:  # the chat's button lies on nothing that is pressed first
            button = page.locator("#buy .main").bounding_box()
            assert button is not None
            assert button["y"] + button["height"] < size[1] - 64
        keep(page, f"shop-{path.rpartition('/')[2] or 'list'}-{language}-{scheme}-{size[0]}")

    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_the_browser_in_the_pocket_is_whole(self, in_pocket, language, scheme, size):
        page, inside = in_pocket("anna", language, scheme, size)
        buy(inside)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        frame = next(each for each in page.frames if "anna.localhost" in each.url)
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe_violations(page) == []
        assert page.evaluate("document.querySelectorAll('.pk-lines path').length") == 0
        keep(page, f"pocket-browser-{language}-{scheme}-{size[0]}")
        if size == PHONE:
            page.locator(".pk-places button").first.click()
            expect(page.locator(".pk-lines path").first).to_be_attached()
