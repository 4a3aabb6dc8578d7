"""Consents in the console: on a customer's page, and in the settings."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from browser_tools import LOOKS, axe_violations, keep, owner, send
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def anna(live_server: Any) -> str:
    mark = uuid.uuid4().hex[:8]
    mail = f"anna-{mark}@kowalska.example"
    ids = [{"type": "telegram", "id": f"4711{mark}"}]
    traits = {"email": mail, "name": "Anna Kowalska"}
    send(live_server, {"type": "identify", "userId": mark, "traits": traits, "context": {"externalIds": ids}})
    return f"email:{mail}"


def consents(page: Page, label: str = "Consents") -> Any:
    page.locator(".cu-header h1").wait_for()
    tab = page.locator("[data-tab=contacts]")
    if tab.count():
        tab.click()
    page.get_by_role("button", name=label, exact=True).click()
    return page.get_by_role("dialog")


class TestCustomer:
    def test_recorded_shown_and_withdrawn(self, open_page: Callable[..., Page], live_server: Any, anna: str) -> None:
        page = open_page(f"/customers/{anna}")
        window = consents(page)
        window.get_by_role("button", name="Record what was said about Requests for a review, e-mail").click()
        expect(window.get_by_text("You may ask me what I think")).to_be_visible()
        window.get_by_label("How it was said").fill("by phone, call 1042")
        window.get_by_role("button", name="Record it").click()
        expect(window.get_by_text(re.compile("yes · recorded by hand"))).to_be_visible()
        window.get_by_role("button", name="Record what was said about Requests for a review, e-mail").click()
        expect(window.get_by_label("What was said", exact=True)).to_have_value("withdraw")
        window.get_by_label("How it was said").fill("wrote to us")
        window.get_by_role("button", name="Record it").click()
        expect(window.get_by_text(re.compile("no · recorded by hand")).first).to_be_visible()
        with owner(live_server) as client:
            told = client.get(f"/api/profiles/{anna}/consents/history").json()["data"]
        assert [(each["act"], each["how"]) for each in told] == [
            ("withdraw", "wrote to us"),
            ("grant", "by phone, call 1042"),
        ]

    def test_an_address_that_must_be_confirmed(self, open_page: Callable[..., Page], anna: str) -> None:
        page = open_page(f"/customers/{anna}")
        window = consents(page)
        window.get_by_role("button", name="Record what was said about Offers and news, e-mail").click()
        window.get_by_label("How it was said").fill("on the site")
        window.get_by_role("button", name="Record it").click()
        expect(window.get_by_role("region", name="Copy the link")).to_have_text(re.compile(r"/confirm/[\w-]{20}"))
        expect(window.get_by_text(re.compile("waits to be confirmed"))).to_be_visible()

    def test_the_link_is_copied(self, open_page: Callable[..., Page], anna: str) -> None:
        page = open_page(f"/customers/{anna}")
        consents(page).get_by_role("button", name="Copy link to preferences").click()
        expect(page.get_by_text("The link is copied.")).to_be_visible()
        assert re.search(r"/preferences/[\w-]{20}$", page.evaluate("navigator.clipboard.readText()"))

    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_looks(
        self,
        open_page: Callable[..., Page],
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
                if (each["name"], text["language"]) == ("reviews", language)
            ]
            said = {"purpose": "reviews", "channel": "email", "how": "by phone, call 1042"}
            client.post(f"/api/profiles/{anna}/consents", json={"act": "grant", "text_id": text, **said})
            client.post("/api/suppressions", json={"address": anna})
        page = open_page(f"/customers/{anna}", size, language, scheme)
        window = consents(page, {"en": "Consents", "ru": "Согласия", "pl": "Zgody"}[language])
        expect(window.locator(".co-address")).to_have_count(4)
        window.locator(".co-address button").last.click()
        expect(window.locator("form")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, f"consents-{language}-{scheme}-{size[0]}")


class TestSettings:
    def test_another_text_and_the_list(self, open_page: Callable[..., Page], live_server: Any, anna: str) -> None:
        page = open_page("/settings/consent")
        page.get_by_role("button", name="Texts of Back in stock").click()
        window = page.get_by_role("dialog")
        field = window.get_by_label("Text in English")
        body = f"Tell me when it is back ({anna[-20:]})."
        field.fill(body)
        window.get_by_role("button", name="Save").click()
        expect(page.locator(".se-purposes").get_by_text(body)).to_be_visible()
        mail = anna.removeprefix("email:")
        page.get_by_label("Address", exact=True).fill(mail)
        page.get_by_role("button", name="Stop writing to it").click()
        page.get_by_role("button", name=f"Allow again: {mail}").click()
        page.get_by_role("dialog").get_by_label("Why").fill("she asked")
        page.get_by_role("dialog").get_by_role("button", name="Allow again", exact=True).click()
        expect(page.get_by_role("button", name=f"Allow again: {mail}")).to_have_count(0)

    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_looks(
        self,
        open_page: Callable[..., Page],
        live_server: Any,
        anna: str,
        language: str,
        scheme: str,
        size: tuple[int, int],
    ) -> None:
        with owner(live_server) as client:
            client.post("/api/suppressions", json={"address": anna})
        page = open_page("/settings/consent", size, language, scheme)
        expect(page.locator(".se-purposes li")).to_have_count(4)
        expect(page.get_by_text(anna.removeprefix("email:"))).to_be_visible()
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep(page, f"settings-consent-{language}-{scheme}-{size[0]}")
        page.locator(".se-purposes button").first.click()
        expect(page.get_by_role("dialog").locator("textarea")).to_have_count(3)
        assert axe_violations(page) == []
        keep(page, f"settings-consent-texts-{language}-{scheme}-{size[0]}")
