"""The guided tour, walked from its first step to its last on a real demo, in three languages."""

from collections.abc import Iterator
from typing import Any

import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

STEPS = 13
START = {"en": "Tour", "ru": "Демо", "pl": "Demo"}
NEXT = {"en": "Next", "ru": "Дальше", "pl": "Dalej"}
BACK = {"en": "Back", "ru": "Назад", "pl": "Wstecz"}
END = {"en": "End the tour", "ru": "Завершить экскурсию", "pl": "Zamknij przewodnik"}
LEAVE = {"en": "Leave the tour"}
MARKED = "[data-tour]"


@pytest.fixture
def visit(chromium: Browser, demo: Any) -> Iterator[Any]:
    contexts = []

    def make(
        size: tuple[int, int] = DESK, language: str = "en", scheme: str = "light", login: str | None = None
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            base_url=demo.url,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(f"localStorage.setItem('onevoice.language', '{language}')")
        page.goto("/login")
        page.fill("input[name=login]", login or demo.login)
        page.fill("input[name=password]", demo.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
        csrf = next(c["value"] for c in context.cookies() if c["name"] == "onevoice_csrf")
        page.request.patch("/api/me", data={"language": language}, headers={"X-Onevoice-Csrf": csrf})
        page.goto("/live")
        return page

    yield make
    for context in contexts:
        context.close()


def strip(page: Page) -> Any:
    return page.locator(".tour")


def expect_step(page: Page, number: int) -> None:
    expect(strip(page).locator("h2")).to_contain_text(str(number))
    expect(page.locator(MARKED)).to_have_count(1, timeout=10_000)
    expect(page.locator(MARKED)).to_be_in_viewport()
    expect(strip(page).locator(".tour-missing")).to_be_empty()


class TestTour:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_every_step_points_at_something_on_its_page(self, visit, language, scheme, size):
        page = visit(size, language, scheme)
        told = set()
        for number in range(1, STEPS + 1):
            expect_step(page, number)
            told.add(strip(page).locator("p").first.inner_text())
            if number in {1, 3, 6, 9, 11}:
                keep(page, f"tour-{number}-{language}-{scheme}-{size[0]}")
                assert axe_violations(page) == []
            name = (NEXT if number < STEPS else END)[language]
            strip(page).get_by_role("button", name=name, exact=True).click()
        expect(strip(page)).to_have_count(0)
        assert len(told) == STEPS

    def test_it_tells_of_anna_what_her_page_says(self, visit):
        page = visit()
        titles = {3: "Nobody we know by name", 4: "Anna Kowalska", 5: "Anna Kowalska", 6: "Anna Kowalska"}
        for number in range(1, 7):
            expect_step(page, number)
            if number in titles:
                expect(page.locator("main h1")).to_contain_text(titles[number])
            strip(page).get_by_role("button", name="Next", exact=True).click()

    def test_it_is_left_and_gone_on_with_where_it_was(self, visit):
        page = visit()
        strip(page).get_by_role("button", name="Next", exact=True).click()
        expect_step(page, 2)
        strip(page).get_by_role("button", name="Leave the tour").click()
        expect(strip(page)).to_have_count(0)
        expect(page.locator(MARKED)).to_have_count(0)
        page.reload()
        expect(page.locator("main h1")).to_be_visible()
        expect(strip(page)).to_have_count(0)
        page.get_by_role("button", name="Tour", exact=True).click()
        expect_step(page, 2)

    def test_it_goes_by_keyboard(self, visit):
        page = visit()
        expect_step(page, 1)
        page.keyboard.press("g")
        page.keyboard.press("t")
        expect(strip(page)).to_have_count(0)
        page.keyboard.press("g")
        page.keyboard.press("t")
        expect_step(page, 1)
        strip(page).get_by_role("button", name="Next", exact=True).focus()
        page.keyboard.press("Enter")
        expect_step(page, 2)
        expect(strip(page).locator("h2")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect_step(page, 1)

    def test_who_went_elsewhere_is_led_back(self, visit):
        page = visit()
        expect_step(page, 1)
        page.goto("/settings/me")
        strip(page).get_by_role("button", name="Show the page").click()
        expect_step(page, 1)

    def test_what_is_missing_is_said(self, visit):
        page = visit()
        page.route(
            "**/api/plan/alarms*", lambda route: route.fulfill(json={"data": [], "next_cursor": None, "open_count": 0})
        )
        page.evaluate("localStorage.setItem('onevoice.tour', '{\"step\":11,\"open\":true}')")
        page.goto("/data/plan")
        expect(strip(page).get_by_role("status")).to_contain_text("not on the page", timeout=15_000)

    def test_a_seller_is_shown_what_a_seller_may_see(self, visit):
        page = visit(PHONE, login="seller@demo.example")
        number = 1
        while strip(page).get_by_role("button", name="Next", exact=True).count() or number == 1:
            expect_step(page, number)
            strip(page).get_by_role("button", name="Next", exact=True).click()
            number += 1
            expect(strip(page).locator("h2")).to_contain_text(str(number))
        assert number < STEPS


class TestElsewhere:
    def test_an_installation_of_ones_own_has_no_tour(self, open_page):
        page = open_page()
        expect(page.get_by_role("button", name="Search")).to_be_visible()
        expect(strip(page)).to_have_count(0)
        expect(page.get_by_role("button", name="Tour", exact=True)).to_have_count(0)
