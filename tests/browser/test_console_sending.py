"""Settings, Channels and Settings, Sending: a bot is connected through the page, the gate is told what to do."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser_tools import DESK, LOOKS, axe_violations, keep, owner
from playwright.sync_api import Locator, Page, expect

from onevoice.sandbox.provider import TOKEN, Provider
from onevoice.sandbox.telegram import Fault, Telegram
from support import LiveServer, serving

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

WRONG = "7000001:AAanother_token_of_nobody_at_all_xx"
CHANNELS = {"en": "Channels", "ru": "Каналы", "pl": "Kanały"}
SENDING = {"en": "Sending", "ru": "Отправка", "pl": "Wysyłka"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as found:
        yield found


@pytest.fixture(scope="module")
def telegram() -> Iterator[Telegram]:
    with Telegram() as found:
        yield found


@pytest.fixture(scope="module")
def live_server(
    tmp_path_factory: pytest.TempPathFactory, provider: Provider, telegram: Telegram
) -> Iterator[LiveServer]:
    """One of its own, that may speak to the stand-ins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{provider.port},127.0.0.1:{telegram.port}")
        with serving(tmp_path_factory.mktemp("sending") / "home") as server:
            yield server


@pytest.fixture(scope="module")
def api(live_server: LiveServer) -> Iterator[Any]:
    with owner(live_server) as client:
        yield client


@pytest.fixture
def bot(api: Any, telegram: Telegram) -> Iterator[dict[str, Any]]:
    """An account of its own, gone afterwards."""
    settings = {"token": telegram.token, "api_url": telegram.url, "webhook_secret": "a-secret-of-the-webhook"}
    body = {"channel": "telegram", "name": f"bot {uuid.uuid4().hex[:6]}", "site": "pl", "settings": settings}
    answer = api.post("/api/accounts", json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()
    api.delete(f"/api/accounts/{answer.json()['id']}")


@pytest.fixture
def going(api: Any) -> Iterator[None]:
    """No switch is thrown, before and after."""

    def release() -> None:
        for each in api.get("/api/switches").json()["data"]:
            api.delete(f"/api/switches/{each['scope']}")

    release()
    yield
    release()


def settled(page: Page) -> None:
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate("document.fonts.ready")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def whole(page: Page, name: str) -> None:
    """A picture of all of the page, however long."""
    size = page.viewport_size
    assert size
    height = page.evaluate("document.querySelector('.parts-body').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(height + 140, 4000))})
    keep(page, name)
    page.set_viewport_size(size)


class TestConnect:
    def test_a_bot_a_wrong_token_first(self, open_page: OpenPage, api: Any, telegram: Telegram) -> None:
        page = open_page("/settings/channels")
        page.get_by_role("link", name="Connect Telegram").click()
        settled(page)
        save = page.get_by_role("button", name="Save")
        page.get_by_role("button", name="Try").click()
        token = page.get_by_label("Bot token", exact=True)
        expect(token).to_be_focused()
        expect(page.get_by_text("This is needed.")).to_be_visible()
        expect(token).to_have_attribute("type", "password")

        token.fill(WRONG)
        page.get_by_label("Address of the Bot API").fill(telegram.url)
        page.get_by_role("button", name="Try").click()
        expect(page.get_by_text("It does not work")).to_be_visible()
        expect(page.get_by_text("Telegram knows no bot with this token")).to_be_visible()
        expect(token).to_be_focused()
        assert token.get_attribute("aria-invalid") == "true"
        expect(save).to_be_disabled()
        assert api.get("/api/accounts").json()["data"] == []

        token.fill(telegram.token)
        page.keyboard.press("Enter")
        expect(page.get_by_text("It works: @northfold_bot")).to_be_visible()
        expect(page.get_by_label("Name", exact=True)).to_have_value("@northfold_bot")
        page.get_by_label("Name", exact=True).fill("Northfold")
        page.get_by_label("Site", exact=True).select_option("pl")
        expect(save).to_be_enabled()
        page.get_by_label("Forbid forwarding and saving").check()
        expect(page.get_by_text("Changed since it was tried.")).to_be_visible()
        expect(save).to_be_disabled()
        page.get_by_role("button", name="Try").click()
        save.click()
        expect(row(page, "Northfold")).to_contain_text("Works")
        (kept,) = api.get("/api/accounts").json()["data"]
        assert (kept["name"], kept["site"], kept["settings"]["protect"]) == ("Northfold", "pl", True)
        api.delete(f"/api/accounts/{kept['id']}")

    def test_a_name_that_is_taken_is_told_at_its_field(
        self, open_page: OpenPage, bot: dict[str, Any], telegram: Telegram
    ) -> None:
        page = open_page("/settings/channels/new?channel=telegram")
        page.get_by_label("Bot token", exact=True).fill(telegram.token)
        page.get_by_label("Address of the Bot API").fill(telegram.url)
        page.get_by_label("Name", exact=True).fill(bot["name"])
        page.get_by_label("Site", exact=True).select_option("pl")
        page.get_by_role("button", name="Try").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("There is an account of this name.")).to_be_visible()
        expect(page.get_by_label("Name", exact=True)).to_be_focused()

    def test_what_a_package_brings_is_asked_as_its_manifest_says(
        self, open_page: OpenPage, api: Any, provider: Provider
    ) -> None:
        page = open_page("/settings/channels/new?channel=sandbox_keyless", language="pl")
        expect(page.get_by_role("heading", level=1)).to_have_text("Podłączanie: Piaskownica bez kluczy")
        page.get_by_label("Adres atrapy").fill(provider.url)
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_label("Limit czasu, sekundy").fill("wiele")
        page.get_by_role("button", name="Wypróbuj").click()
        expect(page.get_by_text("Tu potrzebna jest liczba.")).to_be_visible()
        page.get_by_label("Limit czasu, sekundy").fill("5")
        page.get_by_role("button", name="Wypróbuj").click()
        expect(page.get_by_text("Działa: ")).to_be_visible()
        assert api.get("/api/accounts").json()["data"] == []


class TestAccount:
    def test_a_secret_stays_unless_it_is_replaced(self, open_page: OpenPage, api: Any, bot: dict[str, Any]) -> None:
        page = open_page(f"/settings/channels/{bot['id']}")
        token = page.get_by_role("group", name="Bot token")
        expect(token).to_contain_text("kept, never shown again")
        page.get_by_role("button", name="Remove it: Webhook secret").click()
        page.get_by_label("Show previews of links").uncheck()
        page.get_by_text("Cost and pace").click()
        page.get_by_label("A message costs").fill("0.25")
        expect(page.get_by_role("button", name="Save")).to_be_disabled()
        page.get_by_role("button", name="Try").click()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/settings/channels")
        (now,) = api.get("/api/accounts").json()["data"]
        assert (now["secrets"], now["settings"]["link_previews"], now["cost_minor"]) == (["token"], False, 25)

    def test_another_place_wants_the_secret_again(
        self, open_page: OpenPage, bot: dict[str, Any], telegram: Telegram
    ) -> None:
        page = open_page(f"/settings/channels/{bot['id']}")
        page.get_by_label("Address of the Bot API").fill("https://elsewhere.example")
        page.get_by_role("button", name="Try").click()
        expect(page.get_by_text("The place is another, so type this again")).to_have_count(2)

    def test_is_paused_and_resumed_by_the_keyboard(self, open_page: OpenPage, api: Any, bot: dict[str, Any]) -> None:
        page = open_page("/settings/channels")
        settled(page)
        for action, state in (("Pause and keep", "Paused"), ("Resume", "Works")):
            page.get_by_role("button", name=f"{action}: {bot['name']}").press("Enter")
            expect(row(page, bot["name"])).to_contain_text(state)

    def test_in_trouble_says_what_to_do_and_is_tried_again(
        self, open_page: OpenPage, api: Any, bot: dict[str, Any], telegram: Telegram
    ) -> None:
        telegram.trouble(Fault("revoked"), method="setWebhook")
        hook = {"settings": {"updates": "webhook", "webhook_secret": "another-secret-of-it"}}
        assert api.patch(f"/api/accounts/{bot['id']}", json=hook).json()["trouble"]
        page = open_page("/settings/channels")
        told = row(page, bot["name"])
        expect(told).to_contain_text("Cannot send since")
        expect(told).to_contain_text("Copy it once more, whole, or have a new one made.")
        expect(told).to_contain_text("Telegram knows no bot with this token")
        whole(page, "channels-trouble")
        told.get_by_role("button", name="Try again").click()
        expect(told).to_contain_text("Works")

    def test_is_removed_after_a_question(self, open_page: OpenPage, api: Any, bot: dict[str, Any]) -> None:
        page = open_page("/settings/channels")
        page.get_by_role("button", name=f"Actions for {bot['name']}").click()
        page.get_by_role("menuitem", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove the account").click()
        expect(page.get_by_text("Nothing can be sent yet")).to_be_visible()
        assert api.get("/api/accounts").json()["data"] == []

    def test_nobody_knows_it(self, open_page: OpenPage) -> None:
        page = open_page("/settings/channels/999999")
        expect(page.get_by_text("There is no such account")).to_be_visible()


class TestPolicy:
    def test_is_changed_as_a_version_with_its_difference(self, open_page: OpenPage, api: Any, going: None) -> None:
        before = api.get("/api/policy").json()
        page = open_page("/settings/sending")
        settled(page)
        page.keyboard.press("e")
        hours = page.get_by_role("group", name="Hours", exact=True)
        hours.get_by_label("From").fill("25")
        page.get_by_role("button", name=f"Save as version {before['version'] + 1}").click()
        expect(page.get_by_text("A time such as 09:00.")).to_be_visible()
        expect(hours.get_by_label("From")).to_be_focused()
        hours.get_by_label("From").fill("10:30")
        expect(hours).to_contain_text("The rest waits until 10:30.")
        page.get_by_role("group", name="Conversation").get_by_label("Hours").fill("48")
        expect(page.get_by_role("group", name="Conversation")).to_contain_text("For 2 days after a person wrote")
        expect(page.locator(".po-diff").first).to_contain_text("Hours: 09:00–21:00 → 10:30–21:00")
        whole(page, "sending-edit")
        assert axe_violations(page) == []
        page.get_by_role("button", name=f"Save as version {before['version'] + 1}").click()
        versions = page.get_by_role("table", name="Versions")
        expect(versions.get_by_role("row").nth(1)).to_contain_text("Conversation: 7 days → 2 days")
        expect(versions.get_by_role("row").nth(1)).to_contain_text("in force")
        now = api.get("/api/policy").json()
        assert now["policy"] == before["policy"] | {"hours": [630, 1260], "answer_hours": 48}

        page.get_by_role("button", name=f"Take up version {before['version']} again").click()
        expect(page.get_by_text("What you see in the form is that version.")).to_be_visible()
        page.get_by_role("button", name=f"Save as version {now['version'] + 1}").click()
        expect(versions.get_by_role("row").nth(1)).to_contain_text("Conversation: 2 days → 7 days")
        assert api.get("/api/policy").json()["policy"] == before["policy"]

    def test_every_part_of_it_is_read_back_as_it_was_typed(self, open_page: OpenPage, api: Any, going: None) -> None:
        before = api.get("/api/policy").json()
        page = open_page("/settings/sending")
        settled(page)
        page.keyboard.press("e")
        page.get_by_role("button", name="Add a cap").click()
        cap = page.get_by_role("group", name="Cap 3")
        cap.get_by_label("Messages").fill("3")
        cap.get_by_label("In hours").fill("72")
        cap.get_by_label("Channel").select_option("email")
        page.get_by_role("group", name="Contact budget").get_by_label("low").fill("6")
        expect(page.get_by_role("group", name="Contact budget")).to_contain_text("messages of low importance never go")
        page.get_by_role("group", name="Cost of a message").get_by_label("marketing").fill("0.30")
        page.get_by_role("group", name="Cost of a month").get_by_label("At most").fill("1 000,50")
        page.get_by_role("button", name="E-mail earlier").click()
        page.get_by_role("button", name="SMS: take out").last.click()
        page.get_by_role("button", name=re.compile("Save as version")).click()
        expect(page.get_by_role("button", name="Change")).to_be_visible()
        policy = api.get("/api/policy").json()["policy"]
        assert policy["caps"][2] == {"count": 3, "hours": 72, "channel": "email"}
        assert policy["budget"]["reserve"] == {"high": 0, "normal": 1, "low": 6}
        assert (policy["most_minor"], policy["month_minor"]) == ({"marketing": 30}, 100_050)
        assert policy["order"] == ["telegram", "whatsapp", "viber", "email", "push"]
        api.put("/api/policy", json={"policy": before["policy"], "based_on": before["version"] + 1})

    def test_what_is_typed_stays_while_the_server_is_away(self, open_page: OpenPage, going: None) -> None:
        page = open_page("/settings/sending")
        settled(page)
        page.keyboard.press("e")
        hours = page.get_by_role("group", name="Repeats").get_by_label("Hours")
        hours.fill("24")
        page.route(re.compile("/api/(switches|accounts)$"), lambda route: route.fulfill(status=500))
        with page.expect_response(re.compile("/api/switches$"), timeout=20_000):
            pass
        with page.expect_response(re.compile("/api/accounts$"), timeout=20_000):
            pass
        page.wait_for_timeout(300)
        expect(hours).to_have_value("24")

    def test_that_somebody_else_changed_meanwhile_is_not_written_over(
        self, open_page: OpenPage, api: Any, going: None
    ) -> None:
        was = api.get("/api/policy").json()
        page = open_page("/settings/sending")
        settled(page)
        page.keyboard.press("e")
        page.get_by_role("group", name="Repeats").get_by_label("Hours").fill("24")
        other = was["policy"] | {"answer_hours": 5}
        assert api.put("/api/policy", json={"policy": other, "based_on": was["version"]}).status_code == 200
        page.get_by_role("button", name=re.compile("Save as version")).click()
        expect(page.get_by_text("Somebody has changed the policy meanwhile.")).to_be_visible()
        page.get_by_role("button", name="Begin again from theirs").click()
        expect(row(page, "Conversation").first).to_contain_text("5 hours")
        api.put("/api/policy", json={"policy": was["policy"], "based_on": was["version"] + 1})


class TestSwitches:
    def test_one_is_thrown_with_a_reason_seen_in_messages_and_released(
        self, open_page: OpenPage, api: Any, going: None
    ) -> None:
        page = open_page("/settings/sending")
        page.get_by_role("button", name="Stop and drop: Marketing messages").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Why")).to_be_focused()
        expect(dialog.get_by_role("button", name="Stop and drop", exact=True)).to_be_disabled()
        page.keyboard.type("Wrong prices in the newsletter")
        page.keyboard.press("Enter")
        told = page.locator(".sw-now")
        expect(told).to_contain_text("Stopped: Marketing messages")
        expect(told).to_contain_text("Wrong prices in the newsletter")
        ((scope, reason),) = [(each["scope"], each["reason"]) for each in api.get("/api/switches").json()["data"]]
        assert (scope, reason) == ("class:marketing", "Wrong prices in the newsletter")
        page.goto("/messages")
        notice = page.locator(".msg-stopped")
        expect(notice).to_contain_text("All marketing messages are stopped by hand.")
        notice.get_by_role("link").click()
        page.get_by_role("button", name="Let go again: Marketing messages").first.click()
        expect(told).to_have_count(0)
        assert api.get("/api/switches").json()["data"] == []

    def test_everything_is_stopped_only_by_somebody_who_knows_what_that_means(
        self, open_page: OpenPage, api: Any, bot: dict[str, Any], going: None
    ) -> None:
        page = open_page("/settings/sending")
        page.get_by_role("button", name="Stop and drop everything").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Why").fill("The shop is burgled")
        stop = dialog.get_by_role("button", name="Stop and drop everything")
        expect(stop).to_be_disabled()
        page.keyboard.press("Enter")
        assert api.get("/api/switches").json()["data"] == []
        dialog.get_by_label("I know that receipts and codes stop too").check()
        assert axe_violations(page) == []
        keep(page, "sending-stop")
        stop.click()
        expect(page.get_by_role("heading", name="Everything is stopped")).to_be_visible()
        page.goto("/settings/channels")
        expect(row(page, bot["name"])).to_contain_text("Stopped by hand")

    def test_who_may_not_change_reads_only(self, open_page: OpenPage, live_server: LiveServer, bot: Any) -> None:
        page = open_page("/settings/sending")
        page.context.clear_cookies()
        live_server.login(page, who="member")
        page.goto("/settings/sending")
        settled(page)
        expect(page.get_by_role("table", name="Policy")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("^Stop|^Change"))).to_have_count(0)
        page.goto("/settings/channels")
        settled(page)
        expect(page.get_by_role("button", name=re.compile("Actions"))).to_have_count(0)
        expect(page.get_by_role("link", name=re.compile("^Connect"))).to_have_count(0)
        page.goto(f"/settings/channels/{bot['id']}")
        expect(page.get_by_text("Your role may look at this, not change it.")).to_be_visible()
        expect(page.get_by_role("button", name="Try")).to_have_count(0)


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_every_page(
        self,
        open_page: OpenPage,
        api: Any,
        bot: dict[str, Any],
        going: None,
        language: str,
        scheme: str,
        size: tuple[int, int],
    ) -> None:
        api.put("/api/switches/class:marketing", json={"reason": "Wrong prices in the newsletter"})
        name = f"{language}-{scheme}-{'desk' if size == DESK else 'phone'}"
        page = open_page("/settings/channels", size, language, scheme)
        expect(page.get_by_role("heading", name=CHANNELS[language], level=1)).to_be_visible()
        for path, kept in (
            ("/settings/channels", "channels"),
            ("/settings/channels/new?channel=email", "channels-email"),
            (f"/settings/channels/{bot['id']}", "channels-account"),
            ("/settings/sending", "sending"),
            ("/messages", "messages-stopped"),
        ):
            page.goto(path)
            settled(page)
            if kept == "messages-stopped":
                expect(page.locator(".msg-stopped")).to_be_visible()
                keep(page, f"{kept}-{name}")
            else:
                whole(page, f"{kept}-{name}")
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.goto("/settings/sending")
        expect(page.get_by_role("heading", name=SENDING[language], level=1)).to_be_visible()
