"""Writing to one person from their page, and all that was said to them, in a real browser: what is sent arrives at
stand-ins of Telegram and of a provider.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep, owner, send, settle_account
from playwright.sync_api import Locator, Page, Route, expect

from onevoice.sandbox.provider import TOKEN, Provider
from onevoice.sandbox.telegram import Chat, Telegram
from support import LiveServer, run_onevoice, serving

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

TITLES = {"en": "Write to ", "ru": "Сообщение: ", "pl": "Wiadomość: "}
SENDS = {"en": "Send", "ru": "Отправить", "pl": "Wyślij"}
HELLO = {
    "en": "Hello {{ customer.first_name }}, your 39 is in.",
    "ru": "{{ customer.first_name }}, ваш 39-й размер приехал.",
    "pl": "{{ customer.first_name }}, rozmiar 39 już jest.",
}
SELLER = ("seller@shop.example", "a seller's long password")


class Street:
    """A shop with two doors, and people behind them."""

    def __init__(self, server: LiveServer, client: Any, telegram: Telegram, provider: Provider) -> None:
        self.server, self.client, self.telegram, self.provider = server, client, telegram, provider
        self.account("telegram", "@n_bot", {"token": telegram.token, "api_url": telegram.url})
        self.account("sandbox", "Stand-in", {"url": provider.url, "token": TOKEN}, cost_minor=5, currency="PLN")
        for site in ("pl",):
            answer = client.patch(f"/api/sites/{site}", json={"title": "Northfold", "time_zone": "Europe/Warsaw"})
            assert answer.is_success, answer.text

    def account(self, channel: str, name: str, settings: dict[str, Any], **more: Any) -> None:
        body = {"channel": channel, "name": name, "site": "pl", "settings": settings, **more}
        answer = self.client.post("/api/accounts", json=body)
        assert answer.status_code == 201, answer.text

    def person(self, name: str = "Anna Kowalska", *, chats: bool = False, **traits: str | None) -> "Person":
        address = f"{uuid.uuid4().hex[:10]}@n.example"
        first, _, last = name.partition(" ")
        known = {"name": name, "firstName": first, "lastName": last, "email": address, **traits}
        chat = self.telegram.person(first) if chats else None
        more: dict[str, Any] = {}
        if chat is not None:
            more["context"] = {"externalIds": [{"type": "telegram", "id": str(chat.id)}]}
        send(self.server, {"type": "identify", "userId": address, "traits": known, **more})
        if chat is not None:
            self.telegram.start_bot(chat)
            self.telegram.say(chat, "Do they run small?")
            self.until(lambda: self.would(address, "conversational")["outcome"]["action"] == "send")
        return Person(f"email:{address}", address, chat)

    def would(self, address: str, kind: str) -> Any:
        body = {"to": f"email:{address}", "class": kind, "purpose": "orders", "site": "pl", "words": {"text": "x"}}
        return self.client.post("/api/message-considerations", json=body).json()

    def agrees(self, person: "Person") -> None:
        (purpose,) = [each for each in self.client.get("/api/purposes").json()["data"] if each["name"] == "promotions"]
        body = {
            "act": "grant", "purpose": "promotions", "channel": "email", "address": person.ref, "proven": True,
            "how": "a signed form", "text_id": purpose["texts"][0]["id"],
        }  # fmt: skip
        answer = self.client.post(f"/api/profiles/{person.ref}/consents", json=body)
        assert answer.is_success, answer.text

    def hours(self, hours: list[int]) -> None:
        version = self.client.get("/api/policy").json()["version"]
        answer = self.client.put("/api/policy", json={"policy": {"hours": hours}, "based_on": version})
        assert answer.is_success, answer.text

    def ask(self, person: "Person", text: str, **more: Any) -> str:
        body = {"to": person.ref, "class": "marketing", "purpose": "promotions", "site": "pl", "words": {"text": text}}
        answer = self.client.post("/api/messages", json={**body, **more})
        assert answer.is_success, answer.text
        return answer.json()["id"]

    def of(self, person: "Person") -> list[dict[str, Any]]:
        return self.client.get("/api/messages", params={"to": person.ref}).json()["data"]

    def got(self, person: "Person") -> list[str]:
        """Texts that the provider took for this address."""
        return [each.text for each in self.provider.ledger if each.to == person.address]

    @staticmethod
    def until(came: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not came():
            assert time.monotonic() < deadline
            time.sleep(0.1)


class Person:
    def __init__(self, ref: str, address: str, chat: Chat | None) -> None:
        self.ref, self.address, self.chat = ref, address, chat


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """A server of its own, that may speak to the stand-ins."""
    with ExitStack() as stack:
        telegram, provider = stack.enter_context(Telegram()), stack.enter_context(Provider())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{provider.port},127.0.0.1:{telegram.port}")
        server = stack.enter_context(serving(tmp_path_factory.mktemp("write") / "home"))
        login, password = SELLER
        run_onevoice(
            "users", "create", "--login", login, "--role", "seller", "--home", str(server.home), stdin=password + "\n"
        )
        made = Street(server, stack.enter_context(owner(server)), telegram, provider)
        made.hours([0, 0])
        yield made


@pytest.fixture(scope="module")
def live_server(street: Street) -> LiveServer:
    return street.server


@pytest.fixture
def write(open_page: OpenPage) -> Callable[..., tuple[Page, Locator]]:
    """The composer, opened on somebody's page."""

    def opened(person: Person, *look: Any) -> tuple[Page, Locator]:
        page = open_page(f"/customers/{person.ref}", *look)
        window = by_key(page)
        expect(window.locator("textarea")).to_be_visible()
        return page, window

    return opened


def by_key(page: Page) -> Locator:
    """The composer, once the page stands."""
    expect(page.get_by_role("button", name=re.compile("^(Write|Написать|Napisz)"))).to_be_visible()
    page.keyboard.press("r")
    return page.get_by_role("dialog")


def foreseen(window: Locator) -> Locator:
    return window.locator(".wr-policy")


def press_send(window: Locator, name: str = "Send") -> None:
    button = window.get_by_role("button", name=name)
    expect(button).to_be_enabled()
    button.click()


class TestWrite:
    def test_through_telegram_it_arrives_and_its_way_is_followed(self, street: Street, write: Any) -> None:
        anna = street.person(chats=True)
        page, window = write(anna)
        window.locator("textarea").fill(HELLO["en"])
        expect(foreseen(window)).to_contain_text("Goes at once, by Telegram.")
        expect(window.locator(".wr-bubble")).to_contain_text("Hello Anna, your 39 is in.")
        press_send(window)
        window = page.get_by_role("dialog", name="To Anna Kowalska")
        expect(window.locator(".wr-step").last).to_contain_text("Taken by the provider", timeout=20_000)
        assert anna.chat is not None
        said = [each.get("text") for each in anna.chat.messages.values()]
        assert said[-1] == "Hello Anna, your 39 is in."
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        row = page.locator(".sa-row").first
        expect(row).to_contain_text("Hello Anna, your 39 is in.")
        expect(row).to_contain_text("Sent")
        expect(page.get_by_label("Thread of Anna Kowalska")).to_contain_text("“Hello Anna, your 39 is in.”")

    def test_marketing_without_consent_says_silence_and_why_before_and_after(self, street: Street, write: Any) -> None:
        person = street.person("Ewa Lis")
        page, window = write(person)
        window.get_by_label("An offer or news").check()
        window.get_by_label("About", exact=True).select_option("promotions")
        window.locator("textarea").fill("Winter boots: 15 % off")
        expect(foreseen(window)).to_contain_text("Would not be sent: consent was never asked for")
        expect(foreseen(window)).to_contain_text("if the person consents")
        press_send(window, "Ask all the same")
        window = page.get_by_role("dialog", name="To Ewa Lis")
        expect(window.locator(".wr-step-stub")).to_contain_text("consent was never asked for")
        window.get_by_role("link", name="Why").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Not sent: consent was never asked for")
        assert street.got(person) == []

    def test_marketing_that_may_go_says_what_was_consented_to_and_when(self, street: Street, write: Any) -> None:
        person = street.person("Ewa Lis")
        street.agrees(person)
        _page, window = write(person)
        window.get_by_label("An offer or news").check()
        window.get_by_label("About", exact=True).select_option("promotions")
        window.locator("textarea").fill("Winter boots: 15 % off")
        expect(foreseen(window)).to_contain_text(re.compile("^(Goes|Waits).*by Sandbox"))
        told = re.compile(r"Consent to “Offers and news” by Sandbox was given \d{1,2} \w+\.")
        expect(foreseen(window).locator(".table-second").first).to_have_text(told)
        window.get_by_label("About an order").check()
        expect(foreseen(window)).to_contain_text("Goes at once")
        expect(foreseen(window)).not_to_contain_text("Consent")

    def test_quiet_hours_are_shown_and_kept(self, street: Street, write: Any) -> None:
        """The person's hours, in the person's zone."""
        person = street.person("Arpi Sarkisian", timezone="Asia/Yerevan")
        street.agrees(person)
        there = datetime.now(UTC) + timedelta(hours=4)
        opens = (there.hour + 3) % 24
        street.hours([opens * 60, (opens * 60 + 120) % 1440])
        try:
            page, window = write(person)
            window.get_by_label("An offer or news").check()
            window.get_by_label("About", exact=True).select_option("promotions")
            window.locator("textarea").fill("Winter boots")
            expect(foreseen(window)).to_contain_text("Waits until")
            expect(foreseen(window)).to_contain_text("it is outside the hours of sending")
            expect(foreseen(window)).to_contain_text(f"{opens:02}:00 then")
            press_send(window, "Send when it may go")
            step = page.get_by_role("dialog").locator(".wr-step").last
            expect(step).to_contain_text("Waits until")
            page.get_by_role("button", name="Cancel it").click()
            page.get_by_role("dialog", name="Cancel this message?").get_by_role("button", name="Cancel it").click()
            expect(page.locator(".wr-step").last).to_contain_text("Cancelled before it went")
        finally:
            street.hours([0, 0])

    def test_later_is_told_in_both_times(self, street: Street, write: Any) -> None:
        person = street.person("Arpi Sarkisian", timezone="Asia/Yerevan")
        page, window = write(person)
        window.get_by_label("About an order").check()
        window.locator("textarea").fill("It is ready")
        window.get_by_label("Later").check()
        window.get_by_label("Day and time, yours").fill("2098-07-01T09:00")
        expect(window).to_contain_text("11:00 where this person lives (Asia/Yerevan)")
        press_send(window, "Schedule")
        expect(page.get_by_role("dialog").locator(".wr-step").last).to_contain_text("Waits until 1 Jul 2098")
        assert [each["state"] for each in street.of(person)] == ["queued"]

    def test_a_double_click_sends_once(self, street: Street, write: Any) -> None:
        person = street.person("Jan Nowak")
        page, window = write(person)
        window.get_by_label("About an order").check()
        window.locator("textarea").fill("Once")
        button = window.get_by_role("button", name="Send")
        expect(button).to_be_enabled()
        button.dblclick()
        expect(page.locator(".wr-step").last).to_contain_text("Taken by the provider", timeout=20_000)
        assert len(street.of(person)) == 1
        assert street.got(person) == ["Once"]

    def test_where_the_server_is_gone_the_text_is_kept_and_sent_once(self, street: Street, write: Any) -> None:
        """The message was taken, and only the answer was lost; then the page goes too."""
        person = street.person("Ola Nowak")
        page, window = write(person)
        window.get_by_label("About an order").check()
        window.locator("textarea").fill("Your parcel")

        def lost(route: Route) -> None:
            if route.request.method == "POST":
                route.fetch()
                route.abort()
            else:
                route.continue_()

        page.route("**/api/messages", lost)
        press_send(window)
        expect(window.get_by_role("alert")).to_contain_text("it is never sent twice")
        expect(window.locator("textarea")).to_have_value("Your parcel")
        page.unroute("**/api/messages")
        page.reload()
        window = by_key(page)
        expect(window.locator("textarea")).to_have_value("Your parcel")
        expect(window.get_by_role("status").first).to_contain_text("no answer came")
        press_send(window)
        expect(page.get_by_role("dialog")).to_contain_text("nothing was sent twice")
        expect(page.locator(".wr-step").last).to_contain_text("Taken by the provider", timeout=20_000)
        assert street.got(person) == ["Your parcel"]

    def test_that_nothing_can_be_chosen_from_is_said(self, street: Street, open_page: OpenPage) -> None:
        person = street.person("Ola Dom")
        page = open_page("/healthz")
        page.route("**/api/purposes", lambda route: route.fulfill(status=500))
        page.route(re.compile("/api/templates"), lambda route: route.fulfill(status=500))
        page.goto(f"/customers/{person.ref}")
        window = by_key(page)
        expect(window.locator(".problem")).to_be_visible()
        page.unroute("**/api/purposes")
        window.get_by_role("button", name="Try again").click()
        window.get_by_label("A template").check()
        expect(window.locator(".problem")).to_be_visible()
        page.unroute(re.compile("/api/templates"))

    def test_what_was_changed_meanwhile_is_not_taken_for_what_was_sent(self, street: Street, write: Any) -> None:
        person = street.person("Iga Nowak")
        page, window = write(person)
        window.get_by_label("About an order").check()
        window.locator("textarea").fill("First")
        page.route("**/api/messages", lambda route: (route.fetch(), route.abort()))
        press_send(window)
        expect(window.get_by_role("alert")).to_be_visible()
        page.unroute("**/api/messages")
        window.locator("textarea").fill("Second")
        press_send(window, "Send again")
        window = page.get_by_role("dialog")
        expect(window).to_contain_text("What you have changed since was not sent")
        window.get_by_role("button", name="Write another").click()
        expect(page.get_by_role("dialog").locator("textarea")).to_have_value("Second")
        press_send(page.get_by_role("dialog"))
        street.until(lambda: street.got(person) == ["First", "Second"])

    def test_what_is_not_known_of_the_person_is_named_and_not_sent(self, street: Street, write: Any) -> None:
        _page, window = write(street.person("Adam Wilk"))
        window.get_by_label("About an order").check()
        window.locator("textarea").fill("Your {{ customer.traits.shoe }}")
        expect(window.locator(".wr-preview")).to_contain_text("customer.traits.shoe (line 1)")
        expect(window.get_by_role("button", name="Send")).to_be_disabled()

    def test_it_is_named_also_where_the_gate_is_faster_than_the_preview(self, street: Street, write: Any) -> None:
        page, window = write(street.person("Adam Wilk"))
        window.get_by_label("About an order").check()
        window.locator("textarea").fill("It is here")
        expect(window.locator(".wr-bubble")).to_contain_text("It is here")

        def slow(route: Route) -> None:
            page.wait_for_timeout(900)
            route.continue_()

        page.route("**/api/message-previews", slow)
        window.locator("textarea").fill("Your {{ customer.traits.shoe }}")
        expect(window.locator(".wr-preview")).to_contain_text("customer.traits.shoe (line 1)")

    def test_only_names_that_are_known_are_offered(self, street: Street, write: Any) -> None:
        _page, window = write(street.person("Adam Wilk", firstName=None))
        expect(window.get_by_role("group", name="Insert").get_by_role("button")).to_have_text(
            ["full name", "shop’s name"]
        )

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            ("en", "This cannot be put together. {{ is never closed: add }}. Line 2, character 6."),
            ("ru", "Собрать текст не\xa0удаётся. Скобки {{ не\xa0закрыты: добавьте }}. Строка 2, символ 6."),
            ("pl", "Nie da się złożyć treści. Nawias {{ nie jest zamknięty: brakuje }}. Wiersz 2, znak 6."),
        ],
    )
    def test_what_is_wrong_with_the_words_is_told_in_the_writers_language(
        self, street: Street, write: Any, language: str, told: str
    ) -> None:
        _page, window = write(street.person("Adam Wilk"), DESK, language)
        window.locator("input[name=class]").nth(1).check()
        window.locator("textarea").fill("Hello,\nyour {{ customer.name")
        expect(window.locator(".wr-preview .alarm")).to_have_text(told)
        window.locator("textarea").fill("Hello, {{ customer.name | shout }}")
        expect(window.locator(".wr-preview .alarm")).to_contain_text(
            {"en": "“shout”", "ru": "«shout»", "pl": "„shout”"}[language]
        )

    def test_what_only_the_server_finds_is_told_too(self, street: Street, write: Any) -> None:
        """A value that was there when it was looked at may be gone when it is sent."""
        page, window = write(street.person("Adam Wilk"), DESK, "pl")
        window.locator("input[name=class]").nth(1).check()
        window.locator("textarea").fill("Hello {{ customer.name }}")
        expect(window.locator(".wr-bubble")).to_contain_text("Hello Adam Wilk")

        def refuse(route: Route) -> None:
            fault = {
                "code": "missing_value",
                "values": {"variables": "customer.name"},
                "part": "text",
                "line": 1,
                "column": 7,
            }
            body = {"code": "unfillable_words", "title": "x", "detail": "x", "status": 422, "fault": fault}
            route.fulfill(status=422, content_type="application/problem+json", json=body)

        page.route("**/api/messages", refuse)
        press_send(window, "Wyślij")
        told = "Tego o\xa0tej osobie nie wiadomo: customer.name. Wiersz 1, znak 7."
        expect(window.locator(".wr-told .alarm")).to_contain_text(told)

    def test_closed_by_accident_it_is_there_again(self, street: Street, write: Any) -> None:
        page, window = write(street.person("Eryk Wilk"))
        window.locator("textarea").fill("Half a sent")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("r")
        window = page.get_by_role("dialog")
        expect(window.locator("textarea")).to_have_value("Half a sent")
        window.get_by_role("button", name="Start anew").click()
        expect(window.locator("textarea")).to_have_value("")

    def test_by_the_keyboard_alone(self, street: Street, write: Any) -> None:
        person = street.person("Kaja Wilk")
        page, window = write(person)
        expect(window.locator("textarea")).to_be_focused()
        for _ in range(12):
            if window.locator("input[name=class]:focus").count():
                break
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("ArrowDown")
        expect(window.get_by_label("About an order")).to_be_checked()
        window.locator("textarea").focus()
        page.keyboard.type("By hand")
        expect(foreseen(window)).to_contain_text("Goes at once, by Sandbox.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".wr-step").last).to_contain_text("Taken by the provider", timeout=20_000)
        assert street.got(person) == ["By hand"]

    def test_a_template_fills_itself_and_asks_for_the_rest(self, street: Street, write: Any) -> None:
        parts = {"type": "plain", "text": "{{ customer.first_name }}, {{ product }} is in."}
        draft = {"default_language": "en", "variants": [{"channel": "sandbox", "language": "en", "parts": parts}]}
        body = {"site": "pl", "name": "in-stock", "message_class": "transactional", "purpose": "orders", "draft": draft}
        made = street.client.post("/api/templates", json=body).json()["id"]
        assert street.client.post(f"/api/templates/{made}/versions", json={"revision": 1}).status_code == 201
        person = street.person("Zoja Wilk")
        page, window = write(person)
        window.get_by_label("A template").check()
        window.get_by_label("Choose a template").select_option(label="in-stock")
        expect(window.locator(".wr-preview")).to_contain_text("product")
        expect(window.get_by_role("button", name="Send")).to_be_disabled()
        window.get_by_label("product").fill("Tatra 39")
        expect(window.locator(".wr-bubble")).to_contain_text("Zoja, Tatra 39 is in.")
        press_send(window)
        expect(page.locator(".wr-step").last).to_contain_text("Taken by the provider", timeout=20_000)
        assert street.got(person) == ["Zoja, Tatra 39 is in."]


class TestMessages:
    def test_joined_identities_have_theirs_together_and_a_new_one_comes_by_itself(
        self, street: Street, open_page: OpenPage
    ) -> None:
        one, other = street.person("Anna Lis"), street.person("A. Lis")
        street.ask(one, "To the one")
        street.ask(other, "To the other")
        body = {"from": other.ref, "into": one.ref, "reason": "the same person", "dry_run": False}
        assert street.client.post("/api/identity/merges", json=body).is_success
        page = open_page(f"/customers/{one.ref}?tab=messages")
        expect(page.locator(".sa-row")).to_have_count(2)
        expect(page.locator(".sa-row").first).to_contain_text("Not sent: consent was never asked for")
        street.ask(other, "Once more")
        send(street.server, {"type": "track", "event": "Looked", "userId": one.address})
        expect(page.locator(".sa-row")).to_have_count(3, timeout=20_000)
        page.get_by_role("button", name="Sent", exact=True).click()
        expect(page.get_by_text("No message fits these filters")).to_be_visible()

    def test_a_role_without_the_right_sees_neither(self, street: Street, chromium: Any) -> None:
        person = street.person("Ida Lis")
        context = chromium.new_context(viewport={"width": DESK[0], "height": DESK[1]}, base_url=street.server.url)
        page = context.new_page()
        login, password = SELLER
        page.goto("/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
        settle_account(page, "en")
        page.goto(f"/customers/{person.ref}?tab=messages")
        expect(page.get_by_role("heading", name="Ida Lis")).to_be_visible()
        expect(page.get_by_role("button", name="Join with")).to_be_visible()
        assert page.get_by_role("button", name="Write").count() == 0
        assert page.get_by_role("tab", name="Messages").count() == 0
        page.keyboard.press("r")
        page.wait_for_timeout(300)
        assert page.get_by_role("dialog").count() == 0
        context.close()

    def test_on_a_phone(self, street: Street, open_page: OpenPage) -> None:
        page = open_page(f"/customers/{street.person('Mia Lis', chats=True).ref}", PHONE)
        page.get_by_role("tab", name="Messages").click()
        expect(page.get_by_text("Nothing was said to this person yet")).to_be_visible()
        page.locator(".sa").get_by_role("button", name="Write").click()
        window = page.get_by_role("dialog")
        expect(window).to_contain_text("What kind of message is it?")
        first = window.locator(".wr-writing > *").first
        expect(first.locator("summary")).to_have_text("By which channel? The best: Telegram")
        first.locator("summary").focus()
        page.keyboard.press("Enter")
        first.get_by_role("radio", name="Telegram").last.check()
        expect(first.locator("summary")).to_have_text("By which channel? Telegram")
        first.locator("summary").click()
        window.locator("textarea").fill("It is here.")
        expect(window.locator(".wr-bubble")).to_be_in_viewport()
        expect(window.get_by_role("button", name="Send")).to_be_in_viewport()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_what_is_not_chosen_does_not_look_as_if_it_could_not_be(
        self, street: Street, write: Any, scheme: str
    ) -> None:
        _, window = write(street.person("Ewa Lis"), DESK, "en", scheme)
        radio = window.locator("input[name=class]").nth(1)
        edge, ground = radio.evaluate(
            "e => ['borderTopColor', 'backgroundColor'].map(each => getComputedStyle(e)[each])"
        )
        assert contrast(edge, ground) >= 3


def contrast(*colours: str) -> float:
    """Between two colours as a browser computes them, by WCAG."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted(map(luminance, colours))
    return (lighter + 0.05) / (darker + 0.05)


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_the_composer_and_the_messages(
        self, street: Street, write: Any, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        person = street.person("Anna Kowalska", chats=True, language=language)
        street.ask(person, "Winter boots: 15 % off")
        street.ask(person, "In summer", due_at="2099-01-01T10:00:00Z", **{"class": "transactional"}, purpose="orders")
        page, window = write(person, size, language, scheme)
        name = f"{language}-{scheme}-{'desk' if size == DESK else 'phone'}"
        page.evaluate("document.fonts.ready")

        def looked_at(which: str) -> None:
            page.wait_for_timeout(400)
            keep(page, f"write-{name}-{which}")
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]

        expect(foreseen(window)).to_be_visible()
        looked_at("empty")
        window.locator("textarea").fill(HELLO[language])
        expect(window.locator(".wr-bubble")).to_contain_text("39")
        looked_at("text")
        window.locator("input[name=class]").nth(2).check()
        window.locator("select").last.select_option("promotions")
        expect(window.locator(".wr-policy-suppress")).to_be_visible()
        window.locator("select").last.scroll_into_view_if_needed()
        looked_at("refusal")
        window.locator("input[name=class]").nth(0).check()
        expect(window.locator(".wr-policy-send")).to_be_visible()
        press_send(window, re.compile(rf"^{SENDS[language]}"))  # type: ignore[arg-type]
        expect(page.locator(".wr-step").last).to_contain_text("Telegram", timeout=20_000)
        looked_at("after")
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        expect(page.locator(".sa-row")).to_have_count(3)
        looked_at("messages")
