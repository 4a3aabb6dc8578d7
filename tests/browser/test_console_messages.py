"""Messages and silences in the console, and why each, in a real browser against a server with a stand-in provider."""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep, owner
from playwright.sync_api import Page, Request, Route, expect

from onevoice.sandbox.provider import TOKEN, Fault, Provider
from support import LiveServer, serving

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

TITLES = {"en": "Messages", "ru": "Сообщения", "pl": "Wiadomości"}
TEXT = "Your 39 is in at Złota 44. Hold a pair for you?"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[LiveServer]:
    """One of its own, that may speak to the stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{provider.port}")
        with serving(tmp_path_factory.mktemp("messages") / "home") as server:
            yield server


class Post:
    """The API, as it asks for messages."""

    def __init__(self, server: LiveServer, client: Any) -> None:
        self.server, self.client = server, client

    def person(self, name: str) -> str:
        address = f"{name.split(maxsplit=1)[0].lower()}-{uuid.uuid4().hex[:6]}@n.example"
        traits = {"name": name, "email": address}
        self.server.send({"type": "identify", "messageId": str(uuid.uuid4()), "userId": address, "traits": traits})
        return f"email:{address}"

    def ask(self, to: str, text: str = TEXT, kind: str = "transactional", **more: Any) -> str:
        purpose = "orders" if kind == "transactional" else "promotions"
        body = {"to": to, "class": kind, "purpose": purpose, "site": "pl", "words": {"text": text}, **more}
        answer = self.client.post("/api/messages", json=body)
        assert answer.is_success, answer.text
        return answer.json()["id"]

    def cancel(self, message: str) -> None:
        assert self.client.post(f"/api/messages/{message}/cancel").is_success

    def until(self, message: str, *states: str) -> None:
        deadline = time.monotonic() + 30
        while (state := self.client.get(f"/api/messages/{message}").json()["state"]) not in states:
            assert time.monotonic() < deadline, state
            time.sleep(0.2)


@pytest.fixture(scope="module")
def post(live_server: LiveServer, provider: Provider) -> Iterator[Post]:
    with owner(live_server) as client:
        account = {
            "channel": "sandbox", "name": "Stand-in", "site": "pl", "cost_minor": 5, "currency": "PLN",
            "settings": {"url": provider.url, "token": TOKEN},
        }  # fmt: skip
        answer = client.post("/api/accounts", json=account)
        assert answer.status_code == 201, answer.text
        all_day = {"policy": {"hours": [0, 0]}, "based_on": client.get("/api/policy").json()["version"]}
        assert client.put("/api/policy", json=all_day).is_success  # what is told must not depend on when this runs
        yield Post(live_server, client)


@pytest.fixture(scope="module")
def said(post: Post, provider: Provider) -> dict[str, str]:
    """One message of each kind of end."""
    anna, boris = post.person("Anna Kowalska"), post.person("Борис Александрович Константинопольский")
    found = {"sent": post.ask(anna)}
    post.until(found["sent"], "sent")
    found["silence"] = post.ask(boris, "Winter boots: 15 % off", "marketing")
    found["nowhere"] = post.ask(
        anna, "Every channel", "marketing", channels=["email", "sandbox", "telegram", "webhook"]
    )
    found["later"] = post.ask(anna, "Tomorrow", due_at="2099-01-01T10:00:00Z")
    provider.script([Fault("gone")])
    found["failed"] = post.ask(post.person("Ola Nowak"), "To nobody")
    post.until(found["failed"], "failed", "bounced")
    return found


def settled(page: Page) -> None:
    expect(page.locator("main .keybar")).to_be_attached()
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate("document.fonts.ready")


class TestList:
    def test_says_what_became_of_each_and_why(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page("/messages")
        table = page.get_by_role("table", name="Messages")
        expect(table.locator(f'[data-row="{said["sent"]}"]')).to_contain_text("Sent ")
        expect(table.locator(f'[data-row="{said["silence"]}"]')).to_contain_text(
            "Not sent: consent was never asked for"
        )
        expect(table.locator(f'[data-row="{said["later"]}"]')).to_contain_text("Waits until 1 Jan 2099")

    def test_is_filtered_by_what_stands_in_the_address(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page("/messages")
        settled(page)
        page.get_by_role("button", name="Not sent").click()
        page.get_by_label("Held back by").select_option("consent")
        expect(page.locator(f'[data-row="{said["sent"]}"]')).to_have_count(0)
        expect(page.locator(f'[data-row="{said["silence"]}"]')).to_be_visible()
        page.reload()
        expect(page.get_by_label("Held back by")).to_have_value("consent")
        page.get_by_label("Held back by").select_option("cost")
        expect(page.get_by_text("No message fits these filters")).to_be_visible()
        page.get_by_role("button", name="Clear all filters").first.click()
        expect(page.locator(f'[data-row="{said["sent"]}"]')).to_be_visible()

    def test_of_one_person_found_by_the_keyboard(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page("/messages")
        settled(page)
        page.keyboard.press("/")
        page.keyboard.type("kowalska")
        expect(page.get_by_role("option", name="Anna Kowalska")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Only Anna Kowalska")).to_be_visible()
        expect(page.locator(f'[data-row="{said["silence"]}"]')).to_have_count(0)
        page.keyboard.press("j")
        page.keyboard.press("w")
        page.wait_for_url("**/messages/*")

    def test_enter_takes_nobody_who_was_found_by_the_letters_before(self, open_page: OpenPage, post: Post) -> None:
        post.person("Zofia Early")
        post.person("Wanda Late")
        page = open_page("/messages")
        settled(page)
        page.keyboard.press("/")
        page.keyboard.type("zofia")
        expect(page.get_by_role("option", name="Zofia Early")).to_be_visible()
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route(re.compile(r"/api/profiles\?"), hold)
        page.keyboard.press("Control+a")
        page.keyboard.type("wanda")
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        assert held
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        assert "to=" not in page.url
        for each in held:
            each.continue_()
        expect(page.get_by_role("option", name="Wanda Late")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Only Wanda Late")).to_be_visible()

    def test_a_waiting_one_is_cancelled(self, open_page: OpenPage, post: Post) -> None:
        waiting = post.ask(post.person("Ewa Lis"), "Never", due_at="2099-01-01T10:00:00Z")
        page = open_page(f"/messages?row={waiting}")
        settled(page)
        page.keyboard.press("x")
        page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
        expect(page.locator(f'[data-row="{waiting}"]')).to_contain_text("Cancelled before it went")

    def test_tells_what_the_month_cost(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page("/messages")
        settled(page)
        page.keyboard.press("m")
        expect(page.get_by_role("dialog").get_by_role("table")).to_contain_text("Stand-in")
        page.wait_for_timeout(200)
        assert axe_violations(page) == []


LATER = "2099-01-01T10:00:00Z"
AT_ONCE_MS = 2_500
"""Generous for a busy machine, and less than the wait between two looks without a socket."""


class Asked:
    """How often a page asked for messages."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.on("request", self.note)

    def note(self, request: Request) -> None:
        self.count += request.method == "GET" and "/api/messages" in request.url


def quiet(page: Page, asked: Asked) -> None:
    """The socket is open and has said its first word: what is asked from now on is asked for a reason."""
    page.wait_for_timeout(2_500)
    asked.count = 0
    page.wait_for_timeout(3_500)
    assert asked.count == 0


class TestPushed:
    """A state arrives by itself, and nobody asks as long as nothing changes."""

    def test_on_the_customers_page(self, open_page: OpenPage, post: Post) -> None:
        anna = post.person("Anna Maj")
        page = open_page("/customers")
        asked = Asked(page)
        page.goto(f"/customers/{anna}")
        page.get_by_role("tab", name="Messages").click()
        expect(page.get_by_text("Nothing was said to this person yet")).to_be_visible()
        quiet(page, asked)
        sent = post.ask(anna, "Your parcel is at Złota 44")
        row = page.locator(f'[data-message="{sent}"]')
        expect(row).to_be_visible(timeout=AT_ONCE_MS)
        post.until(sent, "sent")
        expect(row).to_contain_text("Sent", timeout=AT_ONCE_MS)
        waiting = post.ask(anna, "Never", due_at=LATER)
        row = page.locator(f'[data-message="{waiting}"]')
        expect(row).to_contain_text("Waits", timeout=AT_ONCE_MS)
        quiet(page, asked)
        post.cancel(waiting)
        expect(row).to_contain_text("Cancelled", timeout=AT_ONCE_MS)
        expect(row.locator(".sa-why")).to_have_text("Why")
        expect(row.get_by_role("link")).to_have_accessible_description("Why it was sent or not")

    def test_of_others_the_page_is_not_told(self, open_page: OpenPage, post: Post) -> None:
        page = open_page("/customers")
        asked = Asked(page)
        page.goto(f"/customers/{post.person('Jan Maj')}")
        page.get_by_role("tab", name="Messages").click()
        quiet(page, asked)
        post.until(post.ask(post.person("Ewa Maj")), "sent")
        page.wait_for_timeout(1_500)
        assert asked.count == 0

    def test_in_the_list_and_once_for_many(self, open_page: OpenPage, post: Post) -> None:
        anna = post.person("Anna Sowa")
        page = open_page("/customers")
        asked = Asked(page)
        page.goto("/messages")
        settled(page)
        quiet(page, asked)
        many = [post.ask(anna, f"Parcel {number}") for number in range(20)]
        expect(page.locator(f'[data-row="{many[-1]}"]')).to_be_visible(timeout=AT_ONCE_MS)
        for each in many:
            post.until(each, "sent")
        expect(page.locator(f'[data-row="{many[-1]}"]')).to_contain_text("Sent ", timeout=AT_ONCE_MS)
        assert asked.count < len(many)

    def test_on_its_own_page(self, open_page: OpenPage, post: Post) -> None:
        waiting = post.ask(post.person("Ewa Sowa"), "Never", due_at=LATER)
        page = open_page("/customers")
        asked = Asked(page)
        page.goto(f"/messages/{waiting}")
        settled(page)
        quiet(page, asked)
        post.cancel(waiting)
        expect(page.get_by_role("heading", level=1)).to_contain_text("ancelled", timeout=AT_ONCE_MS)

    @pytest.mark.parametrize("place", ["/messages", "/messages/{message}", "/customers/{person}"])
    def test_without_a_socket_the_page_looks_by_itself(self, open_page: OpenPage, post: Post, place: str) -> None:
        person = post.person("Ola Sowa")
        waiting = post.ask(person, "Never", due_at=LATER)
        page = open_page("/customers")
        page.route_web_socket(re.compile("/api/socket"), lambda route: route.close())
        page.goto(place.format(message=waiting, person=person))
        if place.startswith("/customers"):
            page.get_by_role("tab", name="Messages").click()
        expect(page.locator("main").get_by_text(re.compile("Waits until")).first).to_be_visible()
        post.cancel(waiting)
        expect(page.locator("main").get_by_text(re.compile("Cancelled")).first).to_be_visible(timeout=8_000)


class TestWhy:
    def test_a_message_that_went(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page(f"/messages/{said['sent']}")
        expect(page.get_by_role("heading", level=1)).to_have_text("By Sandbox: no other was asked for")
        expect(page.get_by_text("Verified bit for bit")).to_be_visible()
        expect(page.get_by_role("tab")).to_have_count(2)
        expect(page.locator(".why-line").first).to_contain_text("if the provider reports that the person cannot be")
        page.get_by_role("tab", name="When asked").click()
        page.wait_for_url("**judgement=0")
        page.keyboard.press("v")
        expect(page.get_by_text("Verified bit for bit")).to_be_visible()

    def test_the_try_that_succeeded_is_told_after_those_that_did_not(
        self, open_page: OpenPage, post: Post, provider: Provider
    ) -> None:
        provider.script([Fault("unavailable")])
        asked = post.ask(post.person("Ewa Lis"), "At last")
        post.until(asked, "sent")
        page = open_page(f"/messages/{asked}")
        expect(page.get_by_role("table").locator("tbody tr")).to_have_count(1)
        expect(page.get_by_text(re.compile("^Taken by the provider "))).to_be_visible()

    def test_a_silence_and_what_would_turn_it(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page(f"/messages/{said['silence']}")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Not sent: consent was never asked for")
        expect(page.locator(".why-line").first).to_contain_text("if the person consents")
        page.get_by_label("Choose a change").select_option(label="The person consents: Sandbox")
        expect(page.locator(".why-tried li")).to_contain_text("Sandbox, ")

    def test_what_stopped_the_line_above_is_not_told_twice(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page(f"/messages/{said['nowhere']}")
        labels = page.locator(".why-label")
        expect(labels).to_have_count(4)
        first, *others = [each.inner_text().splitlines() for each in labels.all()]
        assert first == ["Stopped: consent was never asked for", "Also: reachable"]
        assert others == [["Stopped: as above"]] + [["Stopped: as above", "Also: reachable"]] * 2

    def test_what_the_line_above_did_not_say_is_told(self, open_page: OpenPage, post: Post) -> None:
        everywhere = ["email", "sandbox", "telegram", "webhook"]
        message = post.ask(post.person("Anna Kowalska"), "By any door", channels=everywhere)
        post.until(message, "sent")
        page = open_page(f"/messages/{message}")
        labels = page.locator(".why-label")
        expect(labels).to_have_count(3)
        no_account = "Stopped: no account of this channel is connected"
        assert labels.all_inner_texts() == [no_account, "Stopped: no address is known", no_account]

    def test_on_a_phone_each_is_told_by_itself(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page(f"/messages/{said['nowhere']}", PHONE)
        expect(page.locator(".why-spine").get_by_text("consent was never asked for")).to_have_count(4)
        expect(page.get_by_text("as above")).to_have_count(0)

    def test_all_that_was_known_is_shown(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page(f"/messages/{said['silence']}")
        settled(page)
        page.keyboard.press("i")
        expect(page.get_by_role("dialog")).to_contain_text("candidates[0].channel")

    def test_nobody_knows_it(self, open_page: OpenPage, said: dict[str, str]) -> None:
        page = open_page("/messages/999999")
        expect(page.get_by_text("There is nothing at this address")).to_be_visible()


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_every_page(
        self, open_page: OpenPage, said: dict[str, str], language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        page = open_page("/messages", size, language, scheme)
        expect(page.get_by_role("heading", name=TITLES[language], level=1)).to_be_visible()
        settled(page)
        name = f"{language}-{scheme}-{'desk' if size == DESK else 'phone'}"
        keep(page, f"messages-{name}")
        assert axe_violations(page) == []
        for which in ("sent", "silence", "nowhere", "failed"):
            page.goto(f"/messages/{said[which]}")
            expect(page.locator(".why-lines, .why-spines").first).to_be_visible()
            settled(page)
            keep(page, f"why-{name}-{which}")
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
