"""A link that was sent to somebody, and the phone that opened it, on the customer's page."""

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from browser_tools import DESK, PHONE, SCHEMES, axe_violations, keep, send
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

FCM = "dQw4w9WgXcQ:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"
SAID = {
    "en": ("link sent to {}", "opened a link that was sent to {}", "somebody else is known there already"),
    "ru": (
        "ссылка, отправленная на\u00a0{}",
        "переход по\u00a0ссылке, отправленной на\u00a0{}",
        "Там уже известен другой человек",
    ),
    "pl": ("link wysłany na {}", "otwarcie linku wysłanego na {}", "Tam znana jest już inna osoba"),
}
OpenPage = Callable[..., Page]


class Anna(NamedTuple):
    path: str
    mail: str


@pytest.fixture(scope="module")
def anna(live_server: Any) -> Anna:
    """She opens one link on her phone, and a friend, who is logged in, another."""
    run = uuid.uuid4().hex[:8]
    user, mail = f"anna-{run}", f"anna-{run}@poczta.example"
    named = {"traits": {"name": "Anna Kowalska", "email": mail}}
    send(live_server, {"type": "identify", "userId": user, **named})
    send(live_server, {"type": "identify", "userId": f"ola-{run}", "anonymousId": f"ola-browser-{run}", "traits": {}})
    wanted = [{"person": f"email:{mail}", "url": "https://shop.example.com/boots"}] * 2
    urls = [each["url"] for each in live_server.post("/api/links", {"links": wanted}).json()["data"]]
    phone = {"id": f"phone-{run}", "type": "android", "manufacturer": "Google", "model": "Pixel 9", "token": FCM}
    opened = {"type": "track", "event": "Deep Link Opened", "properties": {"url": urls[0]}}
    send(live_server, {**opened, "anonymousId": f"app-{run}", "context": {"device": phone, "channel": "app"}})
    page = {"page": {"url": urls[1], "path": "/boots"}}
    send(live_server, {"type": "page", "anonymousId": f"ola-browser-{run}", "context": page})
    return Anna(f"/customers/user_id:{user}", mail)


class TestEvidence:
    @pytest.mark.parametrize("language", list(SAID))
    def test_is_told_in_words(self, open_page: OpenPage, anna: Anna, language: str) -> None:
        short, held, refused = SAID[language]
        page = open_page(anna.path, language=language)
        section = page.locator(".cu-identifiers")
        expect(section).to_contain_text(short.format(anna.mail))
        section.get_by_role("button", name="Pixel 9").click()
        expect(section).to_contain_text(held.format(anna.mail))
        keep(page, f"links-evidence-{language}")
        expect(section.locator(".cu-refused").first).to_contain_text(refused)

    @pytest.mark.parametrize("scheme", SCHEMES)
    @pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
    def test_can_be_read_by_everybody(
        self, open_page: OpenPage, anna: Anna, size: tuple[int, int], scheme: str
    ) -> None:
        page = open_page(anna.path, size=size, scheme=scheme, language="pl" if size == PHONE else "en")
        if size == PHONE:
            page.get_by_role("tab").nth(2).click()
        expect(page.locator(".cu-identifiers")).to_contain_text(anna.mail)
        page.locator(".cu-identifiers").scroll_into_view_if_needed()
        assert axe_violations(page) == []
        keep(page, f"links-{size[0]}-{scheme}")


class TestPushAddress:
    def test_says_whose_service_reaches_the_phone(self, open_page: OpenPage, anna: Anna) -> None:
        page = open_page(anna.path)
        addresses = page.locator(".cu-addresses")
        expect(addresses).to_contain_text("Google, dQw4…PVGJ")
        addresses.scroll_into_view_if_needed()
        keep(page, "links-addresses")
