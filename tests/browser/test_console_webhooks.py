"""Webhooks in the console: made, sent to, mapped, mended, looked at, in a real browser against a real server."""

import base64
import hmac
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from browser_tools import DESK, LOOKS, axe_violations, keep
from playwright.sync_api import Page, expect

from support import LiveServer

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

TITLES = {"en": "Webhooks", "ru": "Вебхуки", "pl": "Webhooki"}
MAPPING = {"en": "Mapping", "ru": "Правила", "pl": "Reguły"}


def order(n: int, **changed: Any) -> dict[str, Any]:
    return {
        "event": "order.paid",
        "data": {
            "id": n,
            "paid_at": "2026-11-20T10:15:00+01:00",
            "customer": {"id": 40 + n, "email": f"ola{n}@shop.example", "first_name": "Ola"},
            "total": "129,90 PLN",
            "currency": "PLN",
            "items": [{"sku": "boot-38", "name": "Trail boots", "quantity": 1}],
            **changed,
        },
    }


class Shop:
    """An API's view of the server, and a sender that signs."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.client = httpx.Client(base_url=server.url, timeout=30)
        login, password = server.owner
        self.client.post("/login", data={"login": login, "password": password}, headers={"Origin": server.url})

    def change(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Origin": self.server.url, "X-Onevoice-Csrf": self.client.cookies["onevoice_csrf"]}
        answer = self.client.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def made(self, name: str = "web shop orders") -> dict[str, Any]:
        hook = {"name": name, "channel": "shop", "source": f"source {uuid.uuid4()}"}
        return self.change("POST", "/api/webhooks", hook)

    def send(self, address: str, secret: str, payload: Any) -> dict[str, Any]:
        body, sent, message_id = json.dumps(payload).encode(), str(int(time.time())), f"msg_{uuid.uuid4().hex[:10]}"
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = hmac.digest(key, b"%s.%s.%s" % (message_id.encode(), sent.encode(), body), "sha256")
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": sent,
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        }
        answer = httpx.post(address, content=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def mapped(self, *payloads: Any, name: str = "web shop orders") -> dict[str, Any]:
        """A webhook with a mapping that was proposed for the first of its deliveries."""
        hook = self.made(name)
        for payload in payloads:
            self.send(hook["address"], hook["secret"], payload)
        path = f"/api/webhooks/{hook['id']}"
        first = self.client.get(f"{path}/deliveries").json()["data"][-1]["id"]
        proposed = self.change("POST", f"{path}/suggestions", {"delivery": first})
        self.change("PUT", f"{path}/mapping", {"mapping": proposed, "based_on": 0})
        return hook


@pytest.fixture(scope="module")
def shop(live_server: LiveServer) -> Iterator[Shop]:
    shop = Shop(live_server)
    yield shop
    shop.client.close()


@pytest.fixture
def none(shop: Shop) -> None:
    """No webhook at all."""
    for hook in shop.client.get("/api/webhooks", params={"limit": 200}).json()["data"]:
        shop.change("DELETE", f"/api/webhooks/{hook['id']}")


def settled(page: Page) -> None:
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate("document.fonts.ready")


class TestTheWholeWay:
    def test_from_nothing_to_an_event(self, open_page: OpenPage, shop: Shop, none: None) -> None:
        page = open_page("/data/webhooks")
        expect(page.get_by_text("No webhook yet")).to_be_visible()
        page.keyboard.press("n")
        page.get_by_label("Name").fill("Boot shop")
        page.get_by_role("button", name="Make the webhook").click()
        dialog = page.get_by_role("dialog")
        secret = dialog.get_by_role("region", name="The secret").inner_text()
        address = dialog.get_by_role("region", name="The address").inner_text()
        assert secret.startswith("whsec_")
        assert axe_violations(page) == []
        dialog.get_by_role("button", name="I have kept it").click()
        expect(page.get_by_role("heading", name="Boot shop", exact=True)).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert secret not in page.content()

        # The first delivery is kept though nobody has said what becomes of it; the page shows it by itself.
        assert shop.send(address, secret, order(1))["verdict"] == "not_mapped"
        page.get_by_role("button", name="Propose a mapping").click()
        expect(page.locator(".hook-outcome pre").last).to_contain_text('"event": "Order Completed"')
        expect(page.locator(".hook-outcome pre").last).to_contain_text('"total": 129.9')
        page.get_by_role("button", name="Save as a new version").click()
        expect(page.get_by_text("Version 1 is in force.")).to_be_visible()
        page.get_by_role("button", name="Send them through again").click()
        expect(page.get_by_text("1 taken, 0 still waiting.")).to_be_visible()
        expect(page.get_by_role("table", name="Deliveries")).to_contain_text("became events")
        shop.server.settle()
        profile = shop.server.get("/api/profiles/email:ola1@shop.example")
        assert profile.status_code == 200
        assert shop.send(address, secret, order(2))["verdict"] == "taken"

    def test_a_pasted_payload_is_enough_to_begin(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.made("pasted")
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        page.get_by_label("An example payload").fill("{")
        expect(page.get_by_text("This is no JSON object and no list.")).to_be_visible()
        page.get_by_label("An example payload").fill(json.dumps(order(30)))
        page.get_by_role("button", name="Propose a mapping").click()
        expect(page.locator(".hook-outcome pre").last).to_contain_text('"total": 129.9')
        page.get_by_role("button", name="Save as a new version").click()
        expect(page.get_by_text("Version 1 is in force.")).to_be_visible()
        assert shop.send(hook["address"], hook["secret"], order(30))["verdict"] == "taken"

    def test_a_place_is_put_where_the_cursor_was(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.mapped(order(3))
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        user = page.get_by_label("User id")
        user.fill("")
        page.get_by_role("button", name=re.compile("^id 3$")).click()
        expect(user).to_have_value("data.id")
        expect(page.locator(".hook-outcome pre").last).to_contain_text('"userId": "3"')

    def test_without_a_field_a_place_becomes_a_property(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.mapped(order(4))
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        page.get_by_role("button", name=re.compile("^sku boot-38$")).click()
        expect(page.locator(".hook-outcome pre").last).to_contain_text('"sku": "boot-38"')

    def test_a_mistake_is_told_at_its_field(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.mapped(order(5))
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        page.get_by_label("User id").fill("data..id")
        row = page.locator(".hook-row", has=page.get_by_label("User id"))
        expect(row).to_contain_text("This is no place.")
        expect(page.get_by_text("1 field needs a correction first.")).to_be_visible()
        page.get_by_label("User id").fill("data.customer")
        expect(row).to_contain_text("data.customer holds neither text nor a number.")

    def test_what_broke_is_found_mended_and_sent_through(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.mapped(order(6))
        shop.change("POST", f"/api/webhooks/{hook['id']}/retry", {})
        shop.send(hook["address"], hook["secret"], order(7, total="free"))
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        expect(page.get_by_text("1 delivery waits for a mapping that fits.")).to_be_visible()
        row = page.locator(".hook-row", has_text="data.total holds no sum of money.")
        row.get_by_label("Type").select_option("text")
        expect(page.locator(".hook-outcome pre").last).to_contain_text('"total": "free"')
        page.get_by_role("button", name="Save as a new version").click()
        page.get_by_role("button", name="Send them through again").click()
        expect(page.get_by_text("1 taken, 0 still waiting.")).to_be_visible()
        expect(page.locator(".hook-waiting")).to_have_count(0)

    def test_an_earlier_version_is_taken_up_again(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.mapped(order(8))
        only = {"mapping": {"rules": [{"make": "ignore"}]}, "based_on": 1}
        shop.change("PUT", f"/api/webhooks/{hook['id']}/mapping", only)
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        expect(page.get_by_text("Ignored: nothing is made of it.")).to_be_visible()
        page.get_by_role("button", name=re.compile("^Actions for")).click()
        page.get_by_role("menuitem", name="Versions").click()
        page.get_by_role("button", name="Take up again 1").click()
        expect(page.locator(".hook-outcome pre").last).to_contain_text("Order Completed")
        page.get_by_role("button", name="Save as a new version").click()
        expect(page.get_by_text("Version 3 is in force.")).to_be_visible()

    def test_the_example_of_the_page_is_signed_rightly(self, open_page: OpenPage, shop: Shop) -> None:
        hook = shop.made("by hand")
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        text = page.get_by_role("region", name="A signed delivery, to copy").inner_text()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text.replace("whsec_...", hook["secret"])],
            check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["verdict"] == "not_mapped"
        page.get_by_role("button", name="Python", exact=True).click()
        text = page.get_by_role("region", name="A signed delivery, to copy").inner_text()
        done = subprocess.run(
            [sys.executable, "-c", text], check=False, capture_output=True, text=True, timeout=30,
            env={**os.environ, "WEBHOOK_SECRET": hook["secret"]},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["repeated"] is True

    def test_a_new_secret_is_shown_once_and_says_until_when_the_old_one_goes_on(
        self, open_page: OpenPage, shop: Shop
    ) -> None:
        hook = shop.mapped(order(9))
        page = open_page(f"/data/webhooks/{hook['id']}")
        settled(page)
        page.get_by_role("button", name=re.compile("^Actions for")).click()
        page.get_by_role("menuitem", name="New secret").click()
        page.get_by_role("dialog").get_by_role("button", name="New secret").click()
        secret = page.get_by_role("dialog").get_by_role("region", name="The secret").inner_text()
        expect(page.get_by_role("dialog")).to_contain_text("The old secret is taken until")
        page.get_by_role("button", name="I have kept it").click()
        assert shop.send(hook["address"], secret, order(9))["verdict"] == "taken"
        assert shop.send(hook["address"], hook["secret"], order(9))["verdict"] == "taken"


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_every_page(
        self, open_page: OpenPage, shop: Shop, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        hook = shop.mapped(order(20), order(21, total="free"), order(22), name="Boot shop")
        shop.change("POST", f"/api/webhooks/{hook['id']}/retry", {})
        page = open_page("/data/webhooks", size, language, scheme)
        settled(page)
        expect(page.get_by_role("heading", name=TITLES[language], level=1)).to_be_visible()
        name = f"webhooks-{language}-{scheme}-{'desk' if size == DESK else 'phone'}"
        keep(page, f"{name}-list")
        assert axe_violations(page) == []
        page.goto(f"/data/webhooks/{hook['id']}")
        settled(page)
        expect(page.get_by_role("heading", name=MAPPING[language], exact=True)).to_be_visible()
        expect(page.locator(".hook-outcome").first).to_be_visible()
        body = page.locator(".parts-body")
        keep(page, f"{name}-one")
        body.evaluate("body => body.scrollTo(0, body.querySelector('.hook-editor').offsetTop)")
        keep(page, f"{name}-editor")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert body.evaluate("body => body.scrollWidth <= body.clientWidth")

    def test_nothing_yet(self, open_page: OpenPage, shop: Shop, none: None) -> None:
        page = open_page("/data/webhooks")
        expect(page.get_by_text("No webhook yet")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "webhooks-empty")
        hook = shop.made("Boot shop")
        page.goto(f"/data/webhooks/{hook['id']}")
        expect(page.get_by_text("What becomes of this?")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "webhooks-fresh")
