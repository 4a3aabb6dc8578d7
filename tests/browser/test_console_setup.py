"""Setup on a server where nothing has happened yet: each step closes by itself."""

import httpx
import pytest
from browser_tools import DESK, LANGUAGES, PHONE, SCHEMES, axe_violations, keep
from playwright.sync_api import expect

from support import serving


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("fresh") / "home") as server:
        yield server


@pytest.fixture
def setup(open_page, fresh):
    def make(language="en", **options):
        page = open_page("/live", language=language, **options)
        page.context.clear_cookies()
        fresh.login(page)
        page.goto(f"{fresh.url}/settings/me")
        settle_fresh(page, fresh, language)
        page.goto(f"{fresh.url}/data/setup")
        return page

    return make


def settle_fresh(page, server, language):
    """`settle_account`, on the server of this page."""
    csrf = next(each["value"] for each in page.context.cookies(server.url) if each["name"] == "onevoice_csrf")
    headers = {"X-Onevoice-Csrf": csrf, "Origin": server.url}
    answer = page.request.patch(f"{server.url}/api/me", data={"language": language, "theme": "system"}, headers=headers)
    assert answer.ok


def step(page, title):
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))


class TestSetup:
    def test_the_first_event_is_there_as_it_comes(self, setup, fresh):
        page = setup()
        first = step(page, "The first event")
        expect(first).to_contain_text("Listening.")
        expect(step(page, "A key for the first door").get_by_role("heading")).to_contain_text("done")
        keep(page, "setup-waiting")
        assert axe_violations(page) == []
        event = {"type": "track", "event": "Order Completed", "userId": "anna", "messageId": "first"}
        httpx.post(f"{fresh.url}/v1/track", json=event, auth=(fresh.write_key, ""), timeout=30)
        expect(first).to_contain_text("Order Completed of site, now", timeout=10_000)
        row = page.get_by_role("table", name="Doors").get_by_role("row").filter(has_text="Site, pl")
        expect(row).to_contain_text("now")
        keep(page, "setup-done")
        first.get_by_role("link").click()
        page.wait_for_url("**/customers/**")

    def test_people_are_counted_and_the_code_is_asked_for(self, setup):
        page = setup()
        expect(step(page, "Somebody beside you")).to_contain_text("2 people may sign in.")
        expect(step(page, "A code at your login").get_by_role("heading")).to_contain_text("still to do")
        expect(step(page, "An address with TLS")).to_contain_text("ONEVOICE_PUBLIC_URL")

    @pytest.mark.parametrize(
        ("language", "scheme", "size"),
        [
            *((language, scheme, DESK) for language in LANGUAGES for scheme in SCHEMES),
            ("en", "light", PHONE),
            ("ru", "dark", PHONE),
            ("pl", "light", PHONE),
        ],
    )
    def test_looks(self, setup, language, scheme, size):
        page = setup(language, scheme=scheme, size=size)
        expect(page.locator(".setup-step")).to_have_count(5)
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep(page, f"setup-{language}-{scheme}-{size[0]}")
