"""Templates in the console, in a real browser against a server that sends through a stand-in of a mail provider."""

import time
import uuid
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from typing import Any

import httpx
import pytest
from browser_tools import DESK, LOOKS, axe_violations, keep, owner, send
from playwright.sync_api import Error, Page, expect

from onevoice.sandbox.mail import Mail
from support import LiveServer, serving

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

TITLES = {"en": "Templates", "ru": "Шаблоны", "pl": "Szablony"}
ME = "me@shop.example"


def letter(text: str, subject: str = "Boots are back", **more: Any) -> dict[str, Any]:
    blocks = [
        {"type": "heading", "text": 'Hello, {{ customer.first_name | default: "friend" }}'},
        {"type": "text", "text": text},
        {"type": "button", "text": "To the shop", "url": "https://n.example/boots"},
        {"type": "footer"},
    ]
    return {"type": "email", "subject": subject, "preheader": "Size 39 at Złota 44", "blocks": blocks, **more}


def draft(**texts: str) -> dict[str, Any]:
    variants = [{"channel": "email", "language": each, "parts": letter(text)} for each, text in texts.items()]
    return {"default_language": next(iter(texts)), "variants": variants}


TELEGRAM = {
    "channel": "telegram", "language": "en",
    "parts": {
        "type": "messenger", "text": '<b>Boots</b> are back, {{ customer.first_name | default: "friend" }}.',
        "buttons": [[{"text": "To the shop", "url": "https://n.example/boots"}]],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def mail() -> Iterator[Mail]:
    with Mail(password="pocket") as mail:
        yield mail


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory, mail: Mail) -> Iterator[LiveServer]:
    """One of its own, that may speak to the stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{mail.smtp_port}")
        with serving(tmp_path_factory.mktemp("templates") / "home") as server:
            yield server


@pytest.fixture(scope="module")
def client(live_server: LiveServer, mail: Mail) -> Iterator[httpx.Client]:
    with owner(live_server) as client:
        settings = {
            "from_address": "hello@mail.n.example", "from_name": "Northfold", "smtp_host": "127.0.0.1",
            "smtp_port": mail.smtp_port, "smtp_security": "none", "smtp_username": "hello@mail.n.example",
            "smtp_password": "pocket",
        }  # fmt: skip
        account = {"channel": "email", "name": "Post", "site": "pl", "settings": settings, "currency": "PLN"}
        answer = client.post("/api/accounts", json=account)
        assert answer.status_code == 201, answer.text
        traits = {"name": "Anna Kowalska", "firstName": "Anna", "email": "anna@n.example", "city": "Kraków"}
        send(live_server, {"type": "identify", "userId": "anna", "traits": traits})
        yield client


@pytest.fixture
def made(client: httpx.Client) -> Callable[..., str]:
    """A template of a fresh name: its id."""

    def make(what: dict[str, Any] | None = None, *, published: bool = False, **more: Any) -> str:
        wanted = {
            "site": "pl", "name": f"boots-{uuid.uuid4().hex[:6]}", "message_class": "marketing",
            "purpose": "promotions", "draft": what or draft(en="Come in.", pl="Zapraszamy."), **more,
        }  # fmt: skip
        answer = client.post("/api/templates", json=wanted)
        assert answer.status_code == 201, answer.text
        number: str = answer.json()["id"]
        if published:
            assert client.post(f"/api/templates/{number}/versions", json={"revision": 1}).status_code == 201
        return number

    return make


def stored(client: httpx.Client, number: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/templates/{number}").json()
    return found


def text_of(kept: dict[str, Any], language: str = "en", block: int = 1) -> str:
    (found,) = [each for each in kept["draft"]["variants"] if each["language"] == language]
    text: str = found["parts"]["blocks"][block]["text"]
    return text


def settled(page: Page) -> None:
    expect(page.locator("main .keybar")).to_be_attached()
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate("document.fonts.ready")


def open_editor(open_page: OpenPage, number: str, *more: Any) -> Page:
    page = open_page(f"/content/templates/{number}", *more)
    settled(page)
    return page


def shown(page: Page) -> Any:
    """The letter, in the frame within the frame."""
    return page.frame_locator("iframe.tpl-frame").frame_locator("iframe")


def kept(page: Page) -> None:
    expect(page.get_by_text("Draft kept")).to_be_visible()


class TestTheWholeWay:
    def test_from_nothing_to_a_test_in_the_mailbox(self, open_page: OpenPage, client: httpx.Client, mail: Mail) -> None:
        page = open_page("/content/templates")
        expect(page.get_by_role("heading", name="Templates", level=1)).to_be_visible()
        expect(page.get_by_role("button", name="New template").first).to_be_visible()
        page.keyboard.press("n")
        window = page.get_by_role("dialog")
        window.get_by_label("Name").fill("Order shipped")
        expect(window.get_by_text("Small letters, digits")).to_be_visible()
        window.get_by_label("Name").fill("way-through")
        window.get_by_label("What it is about").select_option(label="Offers and news")
        window.get_by_label("First language").select_option("en")
        window.get_by_role("button", name="Make it").click()
        page.wait_for_url("**/content/templates/*")
        settled(page)
        # What is missing is told in its field, and keeps it from being published.
        subject = page.get_by_label("Subject", exact=True)
        expect(page.get_by_text("A subject is needed.").first).to_be_visible()
        subject.fill('News for {{ customer.first_name | default: "you" }}')
        page.get_by_label("Text", exact=True).nth(1).fill('Boots in {{ customer.traits.city | default: "town" }}.')
        expect(shown(page).locator("body")).to_contain_text("Boots in Kraków.")
        expect(page.locator(".tpl-head")).to_contain_text("News for Anna")
        # A second language begins with what the first says.
        page.get_by_role("button", name="Add a language").click()
        page.get_by_role("button", name="Polish", exact=True).click()
        expect(page.get_by_role("heading", name="E-mail, Polish")).to_be_visible()
        expect(subject).to_have_value('News for {{ customer.first_name | default: "you" }}')
        subject.fill('Nowości dla {{ customer.first_name | default: "Ciebie" }}')
        kept(page)
        page.get_by_role("button", name="Test", exact=False).first.click()
        window = page.get_by_role("dialog")
        window.get_by_label("E-mail address").fill(ME)
        window.get_by_role("button", name="Send the test").click()
        expect(window.get_by_role("status").first).to_contain_text("Sent ", timeout=20_000)
        (taken,) = [each for each in mail.ledger if each.recipient == ME]
        received = message_from_bytes(taken.raw, policy=policy.default)
        assert str(received["subject"]) == "[TEST] Nowości dla Anna"
        body = received.get_body(("plain",))
        assert body is not None
        assert "Boots in Kraków." in body.get_content()
        assert received["list-unsubscribe"] is None
        window.get_by_role("link", name="Why, and what became of it").click()
        page.wait_for_url("**/messages/*")
        expect(page.get_by_role("heading", level=1)).to_have_text("By E-mail: no other was asked for")
        expect(page.get_by_text("Verified bit for bit")).to_be_visible()

    def test_published_changed_compared_and_taken_back(
        self, open_page: OpenPage, client: httpx.Client, made: Callable[..., str]
    ) -> None:
        number = made(published=True)
        page = open_editor(open_page, number)
        expect(page.get_by_text("People get version 1")).to_be_visible()
        text = page.get_by_label("Text", exact=True).nth(1)
        text.fill("Come in today.")
        expect(page.get_by_text("the draft is ahead")).to_be_visible()
        page.keyboard.press("Control+Enter")
        window = page.get_by_role("dialog")
        expect(window.locator("del")).to_contain_text("text: Come in.")
        expect(window.locator("ins")).to_contain_text("text: Come in today.")
        window.get_by_label("Note").fill("Only today")
        window.get_by_role("button", name="Publish version 2").click()
        expect(page.get_by_text("People get version 2")).to_be_visible()
        assert text_of(stored(client, number)) == "Come in today."
        page.locator("main h1").click()
        page.keyboard.press("h")
        window = page.get_by_role("dialog")
        expect(window.get_by_text("Only today")).to_be_visible()
        window.get_by_role("button", name="Differences of version 2").click()
        expect(window.locator("ins")).to_contain_text("Come in today.")
        assert axe_violations(page) == []
        window.get_by_role("button", name="Work on it again: version 1").click()
        expect(text).to_have_value("Come in.")
        expect(page.get_by_text("People get version 2, the draft is ahead")).to_be_visible()
        assert text_of(stored(client, number)) == "Come in."


class TestWriting:
    def test_a_fault_is_told_where_it_is_while_one_types(self, open_page: OpenPage, made: Callable[..., str]) -> None:
        page = open_editor(open_page, made())
        text = page.get_by_label("Text", exact=True).nth(1)
        text.fill("Come in.\nTomorrow {{ customer.name | shout }}")
        expect(page.locator(".src-fault")).to_be_visible()
        expect(text).to_have_attribute("aria-invalid", "true")
        told = page.locator(".src-told", has_text="line 2, column")
        expect(told).to_be_visible()
        page.get_by_label("Subject", exact=True).click()
        place = page.get_by_role("region", name="Check").get_by_role("button", name="E-mail, English, Block 2, Text")
        place.click()
        expect(text).to_be_focused()
        # Publishing says the same, and does not let it through.
        page.keyboard.press("Control+Enter")
        window = page.get_by_role("dialog")
        expect(window.get_by_role("button", name="Publish version 1")).to_be_disabled()
        window.get_by_role("button", name="E-mail, English, Block 2, Text").click()
        expect(text).to_be_focused()

    def test_variables_by_the_keyboard_and_by_a_press(self, open_page: OpenPage, made: Callable[..., str]) -> None:
        page = open_editor(open_page, made())
        subject = page.get_by_label("Subject", exact=True)
        subject.fill("")
        subject.press_sequentially("For {{ cit")
        expect(page.get_by_role("option", name="customer.traits.city")).to_be_visible()
        page.keyboard.press("Enter")
        expect(subject).to_have_value("For {{ customer.traits.city }}")
        subject.press("End")
        page.get_by_role("button", name="customer.first_name").click()
        expect(subject).to_have_value("For {{ customer.traits.city }}{{ customer.first_name }}")
        subject.press_sequentially(" {{ 5 | plu")
        page.keyboard.press("Tab")
        expect(subject).to_have_value('For {{ customer.traits.city }}{{ customer.first_name }} {{ 5 | plural: "", ""')

    def test_blocks_are_moved_doubled_taken_out_and_come_back(
        self, open_page: OpenPage, client: httpx.Client, made: Callable[..., str]
    ) -> None:
        number = made()
        page = open_editor(open_page, number)
        page.get_by_role("button", name="Move down: 1. Heading").click()
        page.get_by_role("button", name="Double: 3. Button").click()
        page.get_by_role("button", name="Remove: 1. Text").click()
        page.get_by_role("group", name="Add").get_by_role("button", name="Picture").click()
        expect(page.get_by_text("Draft kept")).to_be_visible()

        def types() -> list[str]:
            return [each["type"] for each in stored(client, number)["draft"]["variants"][0]["parts"]["blocks"]]

        wait_for(lambda: types() == ["heading", "button", "button", "image", "footer"])
        page.get_by_role("button", name="Undo").click()
        wait_for(lambda: types() == ["text", "heading", "button", "button", "image", "footer"])

    def test_of_a_receipt_nobody_can_unsubscribe(self, open_page: OpenPage, made: Callable[..., str]) -> None:
        page = open_editor(open_page, made(message_class="transactional", purpose="orders"))
        expect(page.get_by_text("No faults in the template")).to_be_visible()
        page.get_by_label("Text", exact=True).nth(1).fill('<a href="{{ unsubscribe_url }}">Leave</a>')
        expect(page.locator(".src-told", has_text="Only marketing can be unsubscribed from")).to_be_visible()


def wait_for(came: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not came():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class TestPreview:
    def test_as_somebody_in_the_hand_in_the_dark_and_as_text(
        self, open_page: OpenPage, client: httpx.Client, made: Callable[..., str], live_server: LiveServer
    ) -> None:
        send(
            live_server,
            {"type": "identify", "userId": "olga", "traits": {"name": "Ольга Белова", "firstName": "Ольга"}},
        )
        page = open_editor(open_page, made())
        pane = page.get_by_role("region", name="Preview")
        pane.get_by_role("button", name="Everybody's messages").click()
        pane.get_by_role("combobox").fill("бело")
        expect(pane.get_by_role("option", name="Ольга Белова")).to_be_visible()
        page.keyboard.press("Enter")
        expect(shown(page).locator("h1")).to_have_text("Hello, Ольга")
        pane.get_by_role("button", name="Phone").click()
        assert (page.locator("iframe.tpl-frame").bounding_box() or {})["width"] <= 375
        pane.get_by_role("button", name="Dark").click()
        expect(page.locator("iframe.tpl-turned")).to_be_visible()
        pane.get_by_role("button", name="Plain text").click()
        expect(pane.locator("pre")).to_contain_text("To the shop (https://n.example/boots)")

    def test_what_is_missing_is_told_and_filled_in(self, open_page: OpenPage, made: Callable[..., str]) -> None:
        page = open_editor(open_page, made(draft(en="Order {{ order.number }} is yours.")))
        pane = page.get_by_role("region", name="Preview")
        expect(pane.get_by_text("1 value is missing for this person.")).to_be_visible()
        expect(pane.locator(".tpl-missing code")).to_have_text('{{ order.number | default: "…" }}')
        pane.get_by_role("button", name="Make sample values").click()
        expect(shown(page).locator("body")).to_contain_text("Order number is yours.")
        expect(pane.get_by_text("missing for this person")).to_have_count(0)

    def test_nothing_in_a_letter_runs_nor_leads_out(
        self, chromium: Any, live_server: LiveServer, made: Callable[..., str]
    ) -> None:
        # Not by `open_page`: that what is hostile is stopped stands in the browser's log as an error.
        page = chromium.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}).new_page()
        live_server.login(page)
        page.goto(f"/content/templates/{made()}")
        settled(page)
        expect(shown(page).locator("h1")).to_be_visible()
        hostile = (
            "<body><p id=x>as it was</p><a href=/live target=_top>out</a><script>x.textContent='ran'</script>"
            "<img src=data:, onerror=\"x.textContent='ran'\">"
            "<form action=/logout method=post><button>go</button></form>"
        )
        page.evaluate("html => document.querySelector('iframe').contentWindow.postMessage(html, '*')", hostile)
        expect(shown(page).locator("a")).to_have_text("out")
        before = page.url
        shown(page).locator("a").click()
        shown(page).get_by_role("button").click()
        page.wait_for_timeout(300)
        assert page.url == before
        assert page.context.cookies()
        expect(shown(page).locator("#x")).to_have_text("as it was")
        inner = next(each for each in page.frames if each.parent_frame and each.parent_frame.parent_frame)
        with pytest.raises(Error, match="SecurityError"):
            inner.evaluate("() => top.document.title")
        page.context.close()


class TestTwoAtOnce:
    def test_other_texts_are_joined_and_the_same_is_asked_about(
        self, open_page: OpenPage, client: httpx.Client, made: Callable[..., str]
    ) -> None:
        number = made()
        page = open_editor(open_page, number)
        text = page.get_by_label("Text", exact=True).nth(1)
        expect(text).to_have_value("Come in.")

        def somebody_else_writes(language: str, words: str) -> None:
            now = stored(client, number)
            for each in now["draft"]["variants"]:
                if each["language"] == language:
                    each["parts"]["blocks"][1]["text"] = words
            body = {"draft": now["draft"], "revision": now["revision"]}
            assert client.put(f"/api/templates/{number}/draft", json=body).status_code == 200

        somebody_else_writes("pl", "Dziś otwarte.")
        text.fill("Come in, please.")
        expect(page.get_by_text("both changes are kept")).to_be_visible()
        wait_for(lambda: text_of(stored(client, number)) == "Come in, please.")
        assert text_of(stored(client, number), "pl") == "Dziś otwarte."
        kept(page)
        somebody_else_writes("en", "We are closed.")
        text.fill("Come in at once.")
        bar = page.get_by_role("alert").filter(has_text="changed the same text meanwhile")
        expect(bar).to_contain_text("E-mail, English")
        expect(text).to_have_value("Come in at once.")
        assert text_of(stored(client, number)) == "We are closed."
        assert axe_violations(page) == []
        bar.get_by_role("button", name="Take theirs").click()
        expect(text).to_have_value("We are closed.")
        page.get_by_role("button", name="Undo").click()
        wait_for(lambda: text_of(stored(client, number)) == "Come in at once.")

    def test_without_a_network_nothing_is_lost(
        self, open_page: OpenPage, client: httpx.Client, made: Callable[..., str]
    ) -> None:
        number = made()
        page = open_editor(open_page, number)
        page.route("**/draft", lambda route: route.abort())
        page.get_by_label("Text", exact=True).nth(1).fill("Written in the train.")
        expect(page.get_by_text("Not kept: no connection")).to_be_visible()
        page.unroute("**/draft")
        page.get_by_role("button", name="Try again").click()
        wait_for(lambda: text_of(stored(client, number)) == "Written in the train.")


class TestWhoMay:
    def test_an_operator_reads_and_changes_nothing(
        self, chromium: Any, live_server: LiveServer, made: Callable[..., str]
    ) -> None:
        number = made()
        page = chromium.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}).new_page()
        live_server.login(page, who="member")
        page.goto(f"/content/templates/{number}")
        settled(page)
        expect(page.get_by_text("You can read it")).to_be_visible()
        expect(page.get_by_label("Subject", exact=True)).to_have_attribute("readonly", "")
        expect(page.get_by_role("button", name="Publish")).to_have_count(0)
        expect(page.get_by_role("button", name="Test")).to_have_count(0)
        expect(page.get_by_role("button", name="More", exact=True)).to_have_count(0)
        page.context.close()

    def test_there_is_nothing_at_an_address_of_none(self, open_page: OpenPage) -> None:
        page = open_page("/content/templates/999999")
        expect(page.get_by_text("There is nothing at this address")).to_be_visible()


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_every_page(
        self, open_page: OpenPage, made: Callable[..., str], language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        whole = draft(en="Come in {{ order.day }}.", pl="Zapraszamy {{ oder", ru="Заходите.")
        number = made({**whole, "variants": [*whole["variants"], TELEGRAM]})
        page = open_page("/content/templates", size, language, scheme)
        expect(page.get_by_role("heading", name=TITLES[language], level=1)).to_be_visible()
        expect(page.locator(".tpl-name").first).to_be_visible()
        page.evaluate("document.fonts.ready")
        name = f"{language}-{scheme}-{'desk' if size == DESK else 'phone'}"
        keep(page, f"templates-{name}")
        assert axe_violations(page) == []
        for what in ("email/pl", "telegram/en"):
            page.goto(f"/content/templates/{number}?text={what}")
            settled(page)
            page.wait_for_timeout(1200)
            keep(page, f"template-{name}-{what.split('/')[0]}")
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        if size != DESK:
            page.locator(".tpl-parts button").nth(1).click()
            page.wait_for_timeout(800)
            keep(page, f"template-{name}-look")
            assert axe_violations(page) == []
