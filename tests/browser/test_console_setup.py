"""Setup on a server where nothing has happened yet: each step closes by itself."""

import httpx
import pytest
from browser_tools import LOOKS, axe_violations, keep
from playwright.sync_api import expect

from support import serving


@pytest.fixture(scope="module")
def live_server(tmp_path_factory):
    """Of this file alone: nothing has happened on it yet."""
    with serving(tmp_path_factory.mktemp("own") / "home") as server:
        yield server


def step(page, title):
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))


class TestSetup:
    def test_the_first_event_is_there_as_it_comes(self, open_page, live_server):
        page = open_page("/data/setup")
        first = step(page, "The first event")
        expect(first).to_contain_text("Listening.")
        expect(step(page, "A key for the first door").get_by_role("heading")).to_contain_text("done")
        keep(page, "setup-waiting")
        assert axe_violations(page) == []
        event = {"type": "track", "event": "Order Completed", "userId": "anna", "messageId": "first"}
        httpx.post(f"{live_server.url}/v1/track", json=event, auth=(live_server.write_key, ""), timeout=30)
        expect(first).to_contain_text("Order Completed of site, now", timeout=10_000)
        row = page.get_by_role("table", name="Doors").get_by_role("row").filter(has_text="Site, pl")
        expect(row).to_contain_text("now")
        keep(page, "setup-done")
        first.get_by_role("link").click()
        page.wait_for_url("**/customers/**")

    def test_people_are_counted_and_the_code_is_asked_for(self, open_page):
        page = open_page("/data/setup")
        expect(step(page, "Someone besides you")).to_contain_text("2 people may sign in.")
        expect(step(page, "A code at your login").get_by_role("heading")).to_contain_text("still to do")
        expect(step(page, "An address with TLS")).to_contain_text("ONEVOICE_PUBLIC_URL")

    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_looks(self, open_page, language, scheme, size):
        page = open_page("/data/setup", size=size, language=language, scheme=scheme)
        expect(page.locator(".setup-step")).to_have_count(5)
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        keep(page, f"setup-{language}-{scheme}-{size[0]}")
