"""Data in Chromium: keys, the snippet made for one's own key and its proof. Setup has a server of its own."""

import contextlib
import http.server
import itertools
import re
import threading
from collections.abc import Iterator

import httpx
import pytest
from browser_tools import LOOKS, axe_violations, keep
from playwright.sync_api import expect

from waiting import until

PARTS = ("keys", "snippet")

_numbers = itertools.count()


def dialog(page):
    return page.get_by_role("dialog")


def send(server, key):
    event = {"type": "track", "event": "Seen", "userId": "k1", "messageId": f"keys-{next(_numbers)}"}
    return httpx.post(f"{server.url}/v1/track", json=event, auth=(key, ""), timeout=30)


@contextlib.contextmanager
def shop(html: str) -> Iterator[str]:
    """A page of a shop on another origin."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


class TestKeys:
    def make(self, page, name, **choices):
        page.get_by_role("button", name="New key").click()
        expect(dialog(page).get_by_label("Name")).to_be_focused()
        for label, value in choices.items():
            dialog(page).get_by_label(label).select_option(value)
        dialog(page).get_by_label("Name").fill(name)

    def take(self, page):
        dialog(page).get_by_role("button", name="Make the key").click()
        key = page.get_by_role("region", name="The key").inner_text().strip()
        dialog(page).get_by_role("button", name="I have kept it").click()
        return key

    def test_a_write_key_sends_until_it_is_revoked(self, open_page, live_server):
        page = open_page("/data/keys")
        name = f"till {next(_numbers)}"
        self.make(page, name, Door="shop")
        key = self.take(page)
        assert send(live_server, key).status_code == 200
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text(re.compile(rf"Sends events of {name}: shop, site \w+"))
        assert key not in page.content()
        row.get_by_role("button").click()
        page.get_by_role("menuitem", name="Revoke").click()
        expect(dialog(page)).to_contain_text("is refused within five seconds, for good")
        dialog(page).get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)
        until(lambda: send(live_server, key).status_code == 401, what="the revoked key is refused")
        page.get_by_role("button", name="Also revoked ones").click()
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("revoked")

    def test_a_secret_key_may_what_was_ticked(self, open_page, live_server):
        page = open_page("/data/keys")
        self.make(page, f"reports {next(_numbers)}", **{"What for": "secret"})
        box = dialog(page).get_by_role("group", name="It may")
        for label in ("Join, part and undo customers by hand", "Send rejected events through again"):
            expect(box.get_by_label(label)).to_be_checked()
            box.get_by_label(label).uncheck()
        key = self.take(page)
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{live_server.url}/api/profiles", headers=headers, timeout=30).status_code == 200
        merge = {"from": "user_id:a", "into": "user_id:b", "reason": "x"}
        refused = httpx.post(f"{live_server.url}/api/identity/merges", json=merge, headers=headers, timeout=30)
        assert refused.json()["code"] == "not_allowed"

    def test_a_key_is_replaced_by_one_of_the_same_source(self, open_page, live_server):
        page = open_page("/data/keys")
        name = f"kiosk {next(_numbers)}"
        self.make(page, name, Door="shop")
        old = self.take(page)
        row = page.get_by_role("row").filter(has_text=name)
        row.get_by_role("button").click()
        page.get_by_role("menuitem", name="Replace").click()
        dialog(page).get_by_role("button", name="Make the key").click()
        expect(dialog(page)).to_contain_text(f"The key ending in …{old[-4:]} still works.")
        new = page.get_by_role("region", name="The key").inner_text().strip()
        dialog(page).get_by_role("button", name="I have kept it").click()
        expect(row).to_have_count(2)
        assert (send(live_server, old).status_code, send(live_server, new).status_code) == (200, 200)
        sources = [each for each in live_server.get("/api/sources").json()["data"] if each["name"] == name]
        assert len(sources) == 1

    def test_by_keyboard_alone(self, open_page):
        page = open_page("/data/keys")
        expect(page.get_by_role("button", name="New key")).to_be_visible()
        page.keyboard.press("n")
        expect(dialog(page)).to_be_visible()
        assert axe_violations(page) == []
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)


class TestSnippet:
    def test_a_key_made_here_a_page_of_the_shop_and_the_proof(self, open_page):
        page = open_page("/data/snippet")
        name = f"site {next(_numbers)}"
        page.get_by_label("Its name").fill(name)
        page.get_by_role("button", name="Make a key").click()
        code = page.get_by_role("region", name="The snippet")
        expect(code).to_contain_text('data-key="ov_write_')
        expect(code).to_contain_text('data-consent="wait"')
        page.get_by_label("Wait for consent").uncheck()
        expect(code).not_to_contain_text("data-consent")
        with shop(f"<!doctype html><title>Boots</title>{code.inner_text()}") as address:
            page.get_by_label("A page of your shop").fill(address)
            with page.expect_popup():
                page.get_by_role("button", name="Open it and listen").click()
            expect(page.get_by_text(f"The key belongs to the source {name}.")).to_be_visible(timeout=15_000)
            expect(page.get_by_text("Sent by onevoice.js.")).to_be_visible()
            expect(page.get_by_role("link", name="See the visitor")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "data-snippet-proof")

    def test_nothing_with_a_hole_in_it_is_copied(self, open_page):
        page = open_page("/data/snippet")
        copy = page.get_by_role("button", name="Copy").first
        expect(copy).to_be_disabled()
        page.get_by_label("Write key").fill("ov_write_abc")
        expect(copy).to_be_enabled()

    def test_without_a_network_no_key_is_made_then_or_later(self, open_page):
        page = open_page("/data/snippet")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.method) if request.url.endswith("/api/keys") else None)
        page.get_by_label("Its name").fill(f"site {next(_numbers)}")
        make = page.get_by_role("button", name="Make a key")
        page.context.set_offline(True)
        make.click()
        expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
        expect(make).to_be_enabled()
        page.get_by_role("link", name="Live").hover()  # what is asked for ahead is not worth what is typed
        asked.clear()
        page.context.set_offline(False)
        page.wait_for_timeout(1_500)
        assert asked == []
        make.click()
        expect(page.get_by_role("region", name="The snippet")).to_contain_text('data-key="ov_write_')
        assert asked == ["POST"]

    def test_a_page_without_it_is_told_what_may_be_wrong(self, open_page):
        page = open_page("/data/snippet")
        with shop("<!doctype html><title>Boots</title>") as address:
            page.get_by_label("A page of your shop").fill(address)
            with page.expect_popup():
                page.get_by_role("button", name="Open it and listen").click()
            expect(page.get_by_text("Listening for an event from")).to_be_visible()
            expect(page.get_by_text("Nothing yet.")).to_be_visible(timeout=25_000)

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "https://", "ftp://x.example", "boots"])
    def test_what_is_no_address_opens_nothing(self, open_page, address):
        page = open_page("/data/snippet")
        page.get_by_label("A page of your shop").fill(address)
        expect(page.get_by_role("button", name="Open it and listen")).to_be_disabled()


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_every_part(self, open_page, language, scheme, size):
        page = open_page("/data/keys", size=size, language=language, scheme=scheme)
        for part in PARTS:
            page.goto(f"/data/{part}")
            expect(page.locator(".part-head h1")).to_be_visible()
            expect(page.locator(".skeleton")).to_have_count(0)
            assert axe_violations(page) == [], part
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part
            keep(page, f"data-{part}-{language}-{scheme}-{size[0]}")
