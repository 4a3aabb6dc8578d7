"""Customers, as somebody at a desk or with a phone meets them."""

import itertools
import json
import re
import uuid
from typing import Any

import pytest
from browser_tools import (
    PHONE,
    TONES,
    axe_violations,
    keep,
    press_cyrillic,
    send,
    settle_account,
)
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

CITIES = ("Gdańsk", "Kraków", "Leeds")
NAMES = ("Zofia Dąbrowska", "Tomasz Zieliński", "Дмитрий Соколов", "Lucy Hargreaves", "Надежда Орлова", "Owen Bennett")
HOSTILE = "<img src=x onerror=document.title='owned'><b>Bold</b>"


def person(user: str, name: str, **traits: str) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "traits": {"name": name, **traits}}


@pytest.fixture(scope="session")
def people(live_server: Any) -> str:
    """A hundred and forty people, and a few whom the tests ask for by name. Returns a word only the crowd shares."""
    run = uuid.uuid4().hex[:6]
    crowd = [
        person(f"{run}-{n}", name, email=f"{run}.{n}@crowd.example", city=city)
        for n, (name, city) in enumerate(itertools.islice(itertools.product(NAMES * 8, CITIES), 140))
    ]
    send(live_server, *crowd)
    send(
        live_server,
        person(f"{run}-iryna", "Ирина Коваленко", email="i.kovalenko@poczta.example", city="Kraków"),
        person(f"{run}-anna", "Anna Kowalska", email="a.kowalska@poczta.example", phone="+48601233412", city="Gdańsk"),
        person(f"{run}-hostile", HOSTILE, email="hostile@mail.example"),
    )
    return run


def rows(page: Page) -> Any:
    return page.locator(".customers-row")


def search(page: Page, text: str) -> None:
    page.get_by_label("Name, phone, card or e-mail").fill(text)
    settled(page)


def settled(page: Page) -> None:
    """The list answers what stands in the field, and no longer what stood there before."""
    expect(page.locator(".customers-table[aria-busy=false], .empty")).to_be_visible()


class TestSearch:
    def test_latin_letters_find_cyrillic_names_and_the_match_is_underlined(self, open_page, people):
        page = open_page("/customers")
        search(page, "kovalenko")
        row = rows(page).filter(has_text="Ирина Коваленко")
        expect(row).to_have_count(1)
        expect(row.locator("mark").first).to_have_text(re.compile("^Коваленко$|kovalenko"))

    def test_part_of_a_phone_is_enough(self, open_page, people):
        page = open_page("/customers")
        search(page, "601 233")
        row = rows(page).filter(has_text="Anna Kowalska")
        expect(row.locator(".customers-contact mark")).to_have_text(re.compile(r"601\s?233"))

    def test_the_count_says_how_many_of_all(self, open_page, people):
        page = open_page("/customers")
        search(page, f"{people}.13")
        expect(page.locator(".customers-count")).to_contain_text(re.compile(r"of [\d,]+ people, \d+"))

    def test_a_slow_answer_to_an_old_question_is_dropped(self, open_page, people):
        page = open_page("/customers")
        expect(rows(page).first).to_be_visible()

        def slow(route: Route) -> None:
            page.wait_for_timeout(600)
            route.continue_()

        page.route(re.compile(r"/api/profiles\?query=anna&"), slow)
        field = page.get_by_label("Name, phone, card or e-mail")
        field.fill("anna")
        page.wait_for_timeout(200)
        field.fill("kovalenko")
        expect(rows(page).filter(has_text="Ирина Коваленко")).to_have_count(1)
        page.wait_for_timeout(900)
        expect(rows(page).filter(has_text="Ирина Коваленко")).to_have_count(1)

    def test_what_customers_write_stays_text(self, open_page, people):
        page = open_page("/customers")
        search(page, "hostile@mail")
        expect(rows(page).first).to_contain_text("<img src=x")
        assert page.title() == "Onevoice"
        assert page.locator(".customers-row img, .customers-row b:text('Bold')").count() == 0


class TestNobody:
    def test_it_says_which_word_leads_somewhere(self, open_page, people):
        page = open_page("/customers?q=kowalska+zzqqzz")
        expect(page.get_by_role("heading", name="No thread leads here yet")).to_be_visible()
        expect(page.get_by_role("heading", name="What can be typed here")).to_be_visible()
        expect(page.get_by_text("Only “zzqqzz”")).to_be_visible()
        expect(page.get_by_role("button", name="Only “zzqqzz”")).to_have_count(0)
        page.get_by_role("button", name="Only “kowalska”").click()
        expect(rows(page).filter(has_text="Anna Kowalska")).not_to_have_count(0)

    def test_no_orders_are_a_sum_of_nothing(self, open_page, people):
        page = open_page(f"/customers?q={people}")
        expect(rows(page).first.locator(".customers-orders")).to_have_text("0")
        expect(rows(page).first.locator(".customers-spent")).to_have_text("0.00")

    def test_a_finger_clears_the_search(self, open_page, people):
        page = open_page("/customers?q=zzqqzz", size=PHONE)
        expect(page.get_by_role("heading", name="No thread leads here yet")).to_be_visible()
        page.get_by_role("button", name="Clear", exact=True).click()
        expect(page.get_by_label("Name, phone, card or e-mail")).to_have_value("")
        expect(rows(page).first).to_be_visible()

    def test_before_the_first_customer_it_shows_how_one_comes(self, open_page, live_server):
        page = open_page("/live")
        empty = {"data": [], "next_cursor": None, "total": 0, "total_is_exact": True, "of_people": 0, "took_ms": 1}
        page.route(re.compile("/api/profiles"), lambda route: route.fulfill(json=empty))
        page.goto("/customers")
        expect(page.get_by_text(f"curl {live_server.url}/v1/identify")).to_be_visible()
        page.get_by_role("button", name="Copy").nth(1).click()
        assert "/v1/identify" in page.evaluate("navigator.clipboard.readText()")
        assert axe_violations(page) == []

    def test_over_plain_http_copying_goes_the_old_way(self, open_page):
        page, other = open_page("/live"), open_page("/live")
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        empty = {"data": [], "next_cursor": None, "total": 0, "total_is_exact": True, "of_people": 0, "took_ms": 1}
        page.route(re.compile("/api/profiles"), lambda route: route.fulfill(json=empty))
        page.goto("/customers")
        button = page.get_by_role("button", name="Copy").first
        page.bring_to_front()
        button.click()
        expect(page.get_by_text("The command is on the clipboard")).to_be_visible()
        expect(button).to_be_focused()
        other.bring_to_front()
        assert other.evaluate("navigator.clipboard.readText()") == "onevoice keys create write --name shop"

    def test_what_cannot_be_copied_is_selected(self, open_page):
        page = open_page("/live")
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        page.add_init_script("Document.prototype.execCommand = () => false")
        empty = {"data": [], "next_cursor": None, "total": 0, "total_is_exact": True, "of_people": 0, "took_ms": 1}
        page.route(re.compile("/api/profiles"), lambda route: route.fulfill(json=empty))
        page.goto("/customers")
        page.get_by_role("button", name="Copy").first.click()
        expect(page.get_by_text("press Ctrl+C")).to_be_visible()
        assert page.evaluate("getSelection().toString().trim()") == "onevoice keys create write --name shop"

    def test_a_fault_is_said_in_words_and_can_be_tried_again(self, open_page, people):
        page = open_page("/live")
        problem = {"title": "The search is not ready", "code": "not_ready", "detail": "It is being built."}
        broken = re.compile("/api/profiles")
        page.route(
            broken,
            lambda route: route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(problem)),
        )
        page.goto("/customers")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The search is not ready")
        expect(alert).to_contain_text("It is being built.")
        assert axe_violations(page) == []
        page.unroute(broken)
        page.get_by_role("button", name="Try again").click()
        expect(rows(page).first).to_be_visible()


class TestKeyboard:
    def test_walk_select_two_and_join(self, open_page, people):
        page = open_page("/customers")
        search(page, people)
        expect(rows(page).first).to_be_visible()
        page.keyboard.press("Escape")
        for key in ("j", "x", "j", "j", "x"):
            page.keyboard.press(key)
        expect(page.get_by_role("button", name="Join the two", exact=True)).to_be_enabled()
        first, second = (rows(page).nth(at).get_attribute("data-row") for at in (0, 2))
        page.keyboard.press("m")
        page.wait_for_url(re.compile(rf"/customers/profile:{first}\?join=profile(:|%3A){second}"))

    def test_letters_are_found_by_their_place_on_a_cyrillic_layout(self, open_page, people):
        page = open_page("/customers")
        expect(rows(page).first).to_be_visible()
        page.keyboard.press("Escape")
        press_cyrillic(page, "о", "KeyJ")
        expect(rows(page).nth(0)).to_have_attribute("aria-current", "true")
        press_cyrillic(page, "о", "KeyJ")
        expect(rows(page).nth(1)).to_have_attribute("aria-current", "true")
        press_cyrillic(page, "л", "KeyK")
        expect(rows(page).nth(0)).to_have_attribute("aria-current", "true")
        press_cyrillic(page, ".", "Slash")
        expect(page.get_by_label("Name, phone, card or e-mail")).to_be_focused()

    def test_letters_typed_into_the_field_are_no_shortcuts(self, open_page, people):
        page = open_page("/customers")
        field = page.get_by_label("Name, phone, card or e-mail")
        expect(field).to_be_focused()
        page.keyboard.type("jkxm?")
        expect(field).to_have_value("jkxm?")
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_enter_opens_from_the_field(self, open_page, people):
        page = open_page("/customers")
        search(page, "kovalenko")
        expect(rows(page).filter(has_text="Ирина Коваленко")).to_have_count(1)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/customers/profile:\d+"))

    def test_single_keys_can_be_switched_off_and_the_buttons_stay(self, open_page, people):
        page = open_page("/customers")
        settle_account(page, "en", single_keys=False)
        page.reload()
        expect(rows(page).first).to_be_visible()
        expect(page.get_by_text("Single-key shortcuts are off")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(page.locator("[aria-current=true]")).to_have_count(0)
        page.get_by_role("button", name="Next customer").click()
        expect(rows(page).first).to_have_attribute("aria-current", "true")

    def test_the_list_of_keys_names_those_of_the_page(self, open_page, people):
        page = open_page("/customers")
        settled(page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        sheet = page.get_by_role("dialog", name="All keys")
        expect(sheet).to_contain_text("Next customer")
        expect(sheet).to_contain_text("join the two selected")
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)

    def test_the_palette_finds_customers_and_takes_what_is_typed_at_once(self, open_page, people):
        page = open_page("/customers")
        settled(page)
        page.keyboard.press("Control+k")
        page.keyboard.type("kovalenko")
        palette = page.get_by_role("dialog", name="Search and commands")
        expect(palette.get_by_role("combobox")).to_have_value("kovalenko")
        expect(palette.get_by_role("option").first).to_contain_text("Ирина Коваленко")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/customers/profile:\d+"))


class TestView:
    def test_the_address_is_the_view(self, open_page, people):
        page = open_page("/customers")
        search(page, people)
        expect(rows(page).first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.wait_for_url(re.compile(rf"q={people}&row=\d+"))
        chosen = page.locator("[data-row][aria-current=true]").get_attribute("data-row")
        page.reload()
        expect(page.get_by_label("Name, phone, card or e-mail")).to_have_value(people)
        expect(page.locator(f"[data-row='{chosen}']")).to_have_attribute("aria-current", "true")

    def test_coming_back_finds_the_list_as_it_was(self, open_page, people):
        page = open_page(f"/customers?q={people}")
        rows(page).nth(3).click()
        page.wait_for_url(re.compile(r"/customers/profile:\d+"))
        page.go_back()
        expect(page.get_by_label("Name, phone, card or e-mail")).to_have_value(people)
        expect(rows(page).first).to_be_visible()

    def test_a_long_list_is_windowed_and_pages_itself(self, open_page, people):
        page = open_page(f"/customers?q={people}")
        expect(rows(page).first).to_be_visible()
        last = page.locator(".customers-body")
        for _ in range(30):
            last.evaluate("body => body.scrollTo(0, body.scrollHeight)")
            page.wait_for_timeout(60)
            assert rows(page).count() < 40
        shown = [int(row.get_attribute("aria-rowindex")) for row in rows(page).all()]
        assert max(shown) >= 141

    def test_the_language_changes_at_once_and_is_kept(self, open_page, people):
        page = open_page("/customers")
        page.get_by_role("button", name="Account").click()
        page.get_by_role("button", name="Русский").click()
        expect(page.get_by_role("heading", name="Клиенты")).to_be_visible()
        page.keyboard.press("Escape")
        page.reload()
        expect(page.get_by_role("heading", name="Клиенты")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "ru"

    def test_on_a_phone_the_bar_holds_five_and_the_rest_is_under_more(self, open_page):
        page = open_page("/live", size=PHONE)
        bar = page.get_by_role("navigation", name="Pages")
        expect(bar.locator(".rail-item")).to_have_text(
            ["Desk", "Live", "Customers", "Messages", re.compile("Search$"), "More"]
        )
        more = bar.get_by_role("button", name="More")
        more.focus()
        page.keyboard.press("Enter")
        window = page.get_by_role("dialog", name="More")
        expect(window.get_by_role("listitem")).to_have_text(["Content", "Data", "Settings", "Account"])
        assert axe_violations(page) == []
        page.keyboard.press("Escape")
        expect(window).to_have_count(0)
        expect(more).to_be_focused()
        more.click()
        window.get_by_role("link", name="Settings").click()
        page.wait_for_url("**/settings/**")
        expect(window).to_have_count(0)
        expect(more).to_have_attribute("aria-current", "true")
        more.click()
        window.get_by_role("button", name="Account").click()
        expect(page.get_by_role("dialog", name="owner")).to_be_visible()
        page.keyboard.press("Escape")
        expect(more).to_be_focused()

    def test_nothing_sticks_out_of_a_phone(self, open_page, people):
        page = open_page(f"/customers?q={people}", size=PHONE, language="ru")
        expect(rows(page).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        assert rows(page).first.bounding_box()["height"] >= 44
        keep(page, "customers-phone")


@pytest.mark.parametrize(("language", "scheme"), TONES)
def test_axe_finds_nothing(open_page, people, language, scheme):
    page = open_page(f"/customers?q={people}", language=language, scheme=scheme)
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert axe_violations(page) == []
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill(people)
    expect(page.get_by_role("option").nth(3)).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.goto("/customers?q=kowalska+zzqqzz")
    expect(page.locator(".empty")).to_be_visible()
    assert axe_violations(page) == []


def test_beside_the_drawings(open_page, people):
    page = open_page("/customers?q=ko")
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(300)
    keep(page, "customers")
    page.goto("/customers?q=kowalska+0601+999")
    expect(page.locator(".empty")).to_be_visible()
    keep(page, "customers-empty")
