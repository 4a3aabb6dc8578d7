"""The preference centre as its reader sees it: with a script and without, by hand and by keyboard."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep, owner, send
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def anna(live_server: Any) -> str:
    """A new customer with an e-mail address and a Telegram account. Returns: the reference."""
    mark = uuid.uuid4().hex[:8]
    mail = f"anna-{mark}@kowalska.example"
    ids = [{"type": "telegram", "id": f"4711{mark}"}]
    send(live_server, {"type": "identify", "userId": mark, "traits": {"email": mail}, "context": {"externalIds": ids}})
    return f"email:{mail}"


@pytest.fixture
def link(live_server: Any, anna: str) -> str:
    with owner(live_server) as client:
        return str(client.post(f"/api/profiles/{anna}/preferences-links").json()["url"])


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Somebody who is nobody here, at a size, in a language and a scheme."""
    contexts: list[Any] = []
    faults: list[str] = []

    def make(
        url: str,
        size: tuple[int, int] = PHONE,
        language: str = "en",
        scheme: str = "light",
        *,
        script: bool = True,
        zone: str = "UTC",
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            java_script_enabled=script,
            timezone_id=zone,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults, faults


MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
}


def moment(time: Locator, zone: str, language: str = "en") -> str:
    """When it was, as it is written in that zone."""
    at = datetime.fromisoformat(time.get_attribute("datetime") or "").astimezone(ZoneInfo(zone))
    return f"{at.day} {MONTHS[language].split()[at.month - 1]} {at.year}, {at:%H:%M}"


def switch(page: Page, name: str) -> Any:
    return page.get_by_role("switch", name=name, exact=True)


def standings(live_server: Any, anna: str) -> dict[tuple[str, str], str]:
    with owner(live_server) as client:
        told = client.get(f"/api/profiles/{anna}/consents").json()["data"]
    return {(each["purpose"], each["channel"]): each["state"] for each in told}


class TestCentre:
    def test_each_change_is_saved_at_once_and_can_be_undone(
        self, reader: Callable[..., Page], link: str, live_server: Any, anna: str
    ) -> None:
        page = reader(link)
        expect(page.get_by_role("button", name="Save")).to_be_hidden()
        switch(page, "E-mail").check()
        expect(page.get_by_role("status")).to_have_text(re.compile("Saved"))
        switch(page, "Offers and news").check()
        expect(page.get_by_text("I want to receive offers").first).to_be_visible()
        expect(page.locator(".record li")).to_have_count(2)
        assert standings(live_server, anna)["promotions", "email"] == "granted"
        page.get_by_role("button", name="Do not write to me at all").click()
        expect(switch(page, "E-mail")).not_to_be_checked()
        assert standings(live_server, anna)["promotions", "email"] == "withdrawn"
        page.get_by_role("button", name="Undo").click()
        expect(switch(page, "E-mail")).to_be_checked()
        assert standings(live_server, anna)["promotions", "email"] == "granted"

    def test_quick_changes_are_all_kept(
        self, reader: Callable[..., Page], link: str, live_server: Any, anna: str
    ) -> None:
        page = reader(link)
        page.evaluate("for (const one of document.querySelectorAll('.centre [role=switch]')) one.click()")
        expect(page.locator(".record li")).not_to_have_count(0)
        page.wait_for_function("document.querySelectorAll('.record li').length >= 8")
        found = standings(live_server, anna)
        assert {state for (purpose, _), state in found.items() if purpose != "orders"} == {"granted"}

    def test_by_keyboard(self, reader: Callable[..., Page], link: str) -> None:
        page = reader(link)
        switch(page, "Telegram").focus()
        page.keyboard.press("Space")
        expect(page.get_by_role("status")).to_have_text(re.compile("Saved"))
        expect(switch(page, "Telegram")).to_be_checked()
        expect(switch(page, "Telegram")).to_be_focused()

    def test_without_a_script(self, reader: Callable[..., Page], link: str, live_server: Any, anna: str) -> None:
        page = reader(link, script=False)
        switch(page, "Telegram").check()
        switch(page, "Requests for a review").check()
        page.get_by_label("Up to 2 a week").check(force=True)
        page.get_by_label("From").select_option("9:00")
        page.get_by_label("Until").select_option("21:00")
        page.get_by_role("button", name="Save").last.click()
        expect(switch(page, "Telegram")).to_be_checked()
        expect(page.get_by_label("From")).to_have_value("540")
        assert standings(live_server, anna)["reviews", "telegram"] == "granted"
        page.get_by_role("button", name="Undo").click()
        expect(switch(page, "Telegram")).not_to_be_checked()
        assert standings(live_server, anna)["reviews", "telegram"] == "withdrawn"

    @pytest.mark.parametrize("language", ["en", "ru", "pl"])
    @pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Kiritimati"])
    def test_times_are_the_readers(self, reader: Callable[..., Page], link: str, zone: str, language: str) -> None:
        """Five hours and three quarters from the brand's, and where it is tomorrow already for half of the day."""
        page = reader(f"{link}?lang={language}", DESK, language, zone=zone)
        page.locator(".centre [role=switch]").first.click()
        kept = page.locator(".record time")
        expect(kept).to_have_count(1)
        expect(kept).to_have_text(moment(kept, zone, language))
        saved = page.get_by_role("status").locator("time")
        expect(saved).to_have_text(moment(saved, zone)[-5:])
        page.reload()
        expect(kept).to_have_text(moment(kept, zone, language))

    def test_without_a_script_times_are_the_brands(self, reader: Callable[..., Page], link: str) -> None:
        page = reader(link, DESK, script=False, zone="Asia/Kathmandu")
        switch(page, "Telegram").check()
        page.get_by_role("button", name="Save").last.click()
        kept = page.locator(".record time").first
        expect(kept).to_have_text(moment(kept, "UTC"))

    def test_the_order_of_channels(self, reader: Callable[..., Page], link: str) -> None:
        page = reader(link)
        expect(page.locator(".channel label").first).to_have_text("Telegram")
        page.get_by_role("button", name="Move up: E-mail").click()
        expect(page.locator(".channel label").first).to_have_text("E-mail")

    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_looks_and_is_accessible(
        self, reader: Callable[..., Page], link: str, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        page = reader(link, size, language, scheme)
        assert axe_violations(page) == []
        for each in ("channel-telegram", "channel-email", "topic-back_in_stock", "topic-reviews"):
            page.locator(f"#{each}").check()
            page.wait_for_load_state("networkidle")
        page.locator("#channel-email").uncheck()
        page.locator("[name=per_week][value='2']").check(force=True)
        page.wait_for_load_state("networkidle")
        page.locator("summary").first.click()
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        name = f"preferences-{language}-{scheme}-{size[0]}"
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size[0], "height": height})
        keep(page, name)


class TestOtherPages:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_unsubscribing_confirming_and_a_link_that_is_none(
        self,
        reader: Callable[..., Page],
        link: str,
        live_server: Any,
        anna: str,
        language: str,
        scheme: str,
        size: tuple[int, int],
    ) -> None:
        with owner(live_server) as client:
            [text] = [
                text["id"]
                for each in client.get("/api/purposes").json()["data"]
                for text in each["texts"]
                if (each["name"], text["language"]) == ("promotions", language)
            ]
            body = {
                "act": "request",
                "purpose": "promotions",
                "channel": "email",
                "text_id": text,
                "how": "on the site",
            }
            confirm = client.post(f"/api/profiles/{anna}/consents", json=body).json()["confirm_url"]
        for name, url in (("confirm", confirm), ("unsubscribe", link.replace("preferences", "unsubscribe"))):
            page = reader(url, size, language, scheme)
            assert axe_violations(page) == []
            keep(page, f"{name}-{language}-{scheme}-{size[0]}")
            page.get_by_role("button").last.click()
            expect(page.get_by_role("button")).to_have_count(0)
            assert axe_violations(page) == []
            keep(page, f"{name}-done-{language}-{scheme}-{size[0]}")

    def test_a_link_that_is_none(self, chromium: Browser, link: str) -> None:
        page = chromium.new_page(viewport={"width": DESK[0], "height": DESK[1]})
        answer = page.goto(link[:-3] + "AAA")
        assert answer is not None
        assert answer.status == 404
        assert axe_violations(page) == []
        keep(page, "preferences-lost")
        page.close()
