"""The desk in a real browser: what customers say in Telegram comes to it, and what is answered arrives there."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep
from desk_tools import Desk, OpenPage, chosen, settled, shop
from playwright.sync_api import Page, Route, expect

from support import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with shop(tmp_path_factory.mktemp("desk")) as made:
        made.person("Piotr Zieliński", "Faktura na firmę, NIP podam zaraz", language="pl")
        made.person("Марина Лебедева", "Спасибо, всё пришло! Носки тёплые", language="ru")
        made.person("Tom Baker", "The parcel says delivered, but it is not here", language="en")
        yield made


@pytest.fixture(scope="module")
def live_server(desk: Desk) -> LiveServer:
    return desk.server


class TestTheWholeWay:
    def test_a_word_comes_is_answered_and_arrives(self, open_page: OpenPage, desk: Desk) -> None:
        page = open_page("/desk")
        expect(page.locator(".dk-row")).not_to_have_count(0)
        anna = desk.person("Anna Kowalska", "Do the boots run small?")
        row = page.locator(".dk-row", has_text="Anna Kowalska")
        expect(row).to_contain_text("Do the boots run small?")
        expect(row.get_by_role("img", name="Not read yet")).to_be_visible()
        row.click()
        expect(page.locator(".dk-thread")).to_contain_text("their own account")
        page.keyboard.press("r")
        page.keyboard.type("Half a size. Take the 39.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".dk-going")).to_contain_text(re.compile(r"Goes by Telegram in \d s"))
        assert desk.got(anna)[-1:] != ["Half a size. Take the 39."]
        desk.until(lambda: "Half a size. Take the 39." in desk.got(anna))
        expect(page.locator(".dk-item.dk-ours", has_text="Half a size. Take the 39.")).to_contain_text("Sent")
        expect(row).to_contain_text("answered")
        expect(row.get_by_role("img", name="Not read yet")).to_have_count(0)
        desk.say(anna, "39 is gone :(")
        expect(page.locator(".dk-thread")).to_contain_text("39 is gone :(")

    def test_what_goes_is_taken_back_and_the_text_is_there_again(self, open_page: OpenPage, desk: Desk) -> None:
        ewa = desk.person("Ewa Lis", "Hello?")
        page = chosen(open_page, desk, ewa)
        page.keyboard.press("r")
        page.keyboard.type("A slip of the finger")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".dk-going")).to_be_visible()
        expect(page.locator(".dk-composer textarea")).to_have_value("")
        page.locator("h2").first.click()
        page.locator("body").press("Escape")
        page.keyboard.press("z")
        expect(page.locator(".dk-composer textarea")).to_have_value("A slip of the finger")
        time.sleep(7)
        assert "A slip of the finger" not in desk.got(ewa)

    def test_a_note_is_seen_by_colleagues_only(self, open_page: OpenPage, desk: Desk) -> None:
        ola = desk.person("Ola Nowak", "Hello")
        page = chosen(open_page, desk, ola)
        expect(page.locator(".dk-lacking")).to_have_text("Not connected: E-mail. Connect a channel")
        expect(page.locator(".dk-one")).to_have_text(re.compile("One person. Known by: details given together"))
        page.keyboard.press("n")
        expect(page.locator(".dk-composer")).to_contain_text("Only your team sees this")
        page.keyboard.type("Size 39, @")
        page.get_by_role("group", name="Colleagues").get_by_role("button").first.click()
        page.keyboard.type("please")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator(".dk-note")).to_contain_text("Only your team sees this")
        expect(page.locator(".dk-note")).to_contain_text("please")
        assert not any("please" in text for text in desk.got(ola))
        page.get_by_label("Other lists").select_option("mentions")
        expect(page.locator(".dk-row", has_text="Ola Nowak")).to_be_visible()

    def test_closing_goes_on_to_the_next_and_can_be_taken_back(self, open_page: OpenPage, desk: Desk) -> None:
        jan = desk.person("Jan Wrona", "Numer przesyłki?")
        page = chosen(open_page, desk, jan)
        page.keyboard.press("e")
        expect(page.locator(".dk-row[aria-current=true]")).not_to_contain_text("Jan Wrona")
        expect(page.locator(".dk-row", has_text="Jan Wrona")).to_have_count(0)
        page.get_by_label("Other lists").select_option("closed")
        expect(page.locator(".dk-row", has_text="Jan Wrona")).to_contain_text("closed")
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="All open").click()
        expect(page.locator(".dk-row", has_text="Jan Wrona")).to_be_visible()

    def test_put_aside_tagged_and_given_to_oneself(self, open_page: OpenPage, desk: Desk) -> None:
        kai = desk.person("Kai Berg", "Call me on Monday")
        page = chosen(open_page, desk, kai)
        expect(page.get_by_label("Who answers").locator("option", has_text="(you)")).to_be_attached()
        page.keyboard.press("i")
        expect(page.get_by_label("Who answers")).not_to_have_value("")
        page.keyboard.press("l")
        page.get_by_label("Add a tag").fill("delivery, vip")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Take off vip")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        page.get_by_role("button", name=re.compile("^Tomorrow morning")).click()
        page.get_by_label("Other lists").select_option("snoozed")
        expect(page.locator(".dk-row", has_text="Kai Berg")).to_contain_text("until")

    def test_search_finds_a_word_in_any_form(self, open_page: OpenPage, desk: Desk) -> None:
        page = open_page("/desk")
        expect(page.locator(".dk-row")).not_to_have_count(0)
        page.keyboard.press("/")
        page.keyboard.type("носок")
        row = page.locator(".dk-row", has_text="Марина Лебедева")
        expect(row.locator("mark")).to_have_text("Носки")
        row.click()
        expect(page.locator(".dk-who h2")).to_have_text("Марина Лебедева")


class TestCraft:
    def test_keys_work_on_a_russian_layout(self, open_page: OpenPage, desk: Desk) -> None:
        page = open_page("/desk")
        expect(page.locator(".dk-row")).not_to_have_count(0)
        for key, code in (("о", "KeyJ"), ("о", "KeyJ")):
            page.evaluate(
                "([key, code]) =>"
                " document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))",
                [key, code],
            )
        expect(page.locator(".dk-row[aria-current=true]")).to_have_count(1)

    def test_what_is_typed_while_it_loads_is_no_key(self, open_page: OpenPage, desk: Desk) -> None:
        """H would put it aside, E would close it."""
        page = open_page("/desk")
        expect(page.locator(".dk-row")).not_to_have_count(0)

        def slow(route: Route) -> None:
            page.wait_for_timeout(1_000)
            route.continue_()

        page.route(re.compile(r"/api/conversations/profile:\d+"), slow)
        page.locator(".dk-row", has_text="Tom Baker").click()
        page.keyboard.press("r")
        page.keyboard.type("Here, he said")
        expect(page.locator(".dk-thread .dk-item").first).to_be_visible()
        expect(page.locator(".dk-composer textarea")).to_have_value("Here, he said")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.unroute_all(behavior="wait")
        page.locator(".dk-composer textarea").fill("")

    def test_a_draft_is_there_on_the_next_device(self, open_page: OpenPage, desk: Desk) -> None:
        iga = desk.person("Iga Mak", "Hello")
        page = chosen(open_page, desk, iga)
        with page.expect_response(re.compile("/draft$")):
            page.locator(".dk-composer textarea").fill("Half a sen")
        other = chosen(open_page, desk, iga)
        expect(other.locator(".dk-composer textarea")).to_have_value("Half a sen")

    def test_what_is_typed_stays_with_its_customer(self, open_page: OpenPage, desk: Desk) -> None:
        one, other = desk.person("Una One", "Hello"), desk.person("Otto Two", "Hello")
        page = chosen(open_page, desk, one)
        page.locator(".dk-composer textarea").fill("For Una")
        page.locator(".dk-row", has_text="Otto Two").click()
        expect(page.locator(".dk-composer textarea")).to_have_value("")
        page.locator(".dk-row", has_text="Una One").click()
        expect(page.locator(".dk-composer textarea")).to_have_value("For Una")
        assert "For Una" not in desk.got(other)

    def test_two_colleagues_do_not_answer_unseen(self, open_page: OpenPage, desk: Desk) -> None:
        max_ = desk.person("Max Two", "Hello")
        page = chosen(open_page, desk, max_)
        page.locator(".dk-composer textarea").fill("Mine")
        page.route("**/thread*", lambda route: route.abort())
        answer = desk.client.post(
            f"/api/conversations/telegram:{max_.id}/replies", json={"key": "k", "text": "Hers", "knows": 0}
        )
        assert answer.is_success
        desk.until(lambda: "Hers" in desk.got(max_))
        page.get_by_role("button", name="Send").click()
        # The same person wrote from elsewhere here: only somebody else's answer stands in the way.
        expect(page.locator(".dk-going")).to_be_visible()

    def test_the_list_does_not_move_under_the_pointer(self, open_page: OpenPage, desk: Desk) -> None:
        page = open_page("/desk")
        first = page.locator(".dk-row").first
        name = first.locator(".dk-name").inner_text()
        first.hover()
        desk.person("Nova New", "I am new")
        expect(page.get_by_role("button", name=re.compile(r"\d new ↑"))).to_be_visible()
        expect(page.locator(".dk-row").first.locator(".dk-name")).to_have_text(name)
        page.get_by_role("button", name=re.compile(r"\d new ↑")).click()
        expect(page.locator(".dk-row").first.locator(".dk-name")).to_have_text("Nova New")

    def test_nor_while_somebody_is_read(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.people["Tom Baker"])
        place = page.locator(".dk-row[aria-current=true]").get_attribute("style")
        desk.person("Nela Newer", "I am newer")
        expect(page.get_by_role("button", name=re.compile(r"\d new ↑"))).to_be_visible()
        assert page.locator(".dk-row[aria-current=true]").get_attribute("style") == place

    def test_a_kept_reply_goes_in_by_its_shortcut(self, open_page: OpenPage, desk: Desk) -> None:
        body = {"shortcut": "sizes", "title": "About sizes", "texts": {"en": "Half a size.", "pl": "Pół rozmiaru."}}
        assert desk.client.post("/api/desk/replies", json=body).is_success
        page = chosen(open_page, desk, desk.people["Piotr Zieliński"])
        expect(page.locator(".dk-addresses li").first).to_be_visible()
        page.keyboard.press("#")
        page.get_by_label("Find by shortcut or word").fill("siz")
        expect(page.locator(".dk-canned li")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator(".dk-composer textarea")).to_have_value("Pół rozmiaru.")

    def test_a_kept_reply_is_filled_and_what_is_not_known_is_not_sent(self, open_page: OpenPage, desk: Desk) -> None:
        text = "Hello {{ customer.first_name }}, is {{ customer.traits.shoe }} your size?"
        answer = desk.client.post("/api/desk/replies", json={"shortcut": "shoe", "texts": {"en": text}})
        assert answer.is_success, answer.text
        zoe = desk.person("Zoe Frank", "Boots?", firstName="Zoe")
        page = chosen(open_page, desk, zoe)
        page.keyboard.press("#")
        page.get_by_label("Find by shortcut or word").fill("shoe")
        expect(page.locator(".dk-canned li")).to_have_count(1)
        page.keyboard.press("Enter")
        field = page.locator(".dk-composer textarea")
        expect(field).to_have_value("Hello Zoe, is {{ customer.traits.shoe }} your size?")
        expect(page.locator(".dk-missing")).to_contain_text("customer.traits.shoe")
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        page.keyboard.type("39")  # it is chosen already
        expect(field).to_have_value("Hello Zoe, is 39 your size?")
        expect(page.locator(".dk-missing")).to_have_count(0)
        page.keyboard.press("Control+Enter")
        desk.until(lambda: "Hello Zoe, is 39 your size?" in desk.got(zoe))

    def test_a_kept_reply_that_can_never_be_filled_is_not_kept(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.people["Tom Baker"])
        page.keyboard.press("#")
        page.get_by_role("button", name="New reply").click()
        page.get_by_label("Shortcut, one word").fill("bye")
        page.get_by_label("English").fill("Bye {{ order.number }}")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("alert")).to_contain_text("order can never be known here")
        page.get_by_label("English").fill("Bye ")
        page.get_by_role("button", name="first name").click()
        expect(page.get_by_label("English")).to_have_value("Bye {{ customer.first_name }}")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("dialog")).to_contain_text("#bye")


class TestLists:
    def test_a_list_is_kept_changed_shared_and_dropped(self, open_page: OpenPage, desk: Desk) -> None:
        lena = desk.person("Lena List", "Hello")
        answer = desk.client.post(f"/api/conversations/telegram:{lena.id}/tags", json={"add": ["gold"]})
        assert answer.is_success
        page = open_page("/desk?tag=gold&sort=waiting")
        expect(page.locator(".dk-row")).to_have_count(1)
        expect(page.get_by_role("button", name="Without gold")).to_be_visible()
        page.get_by_role("button", name="Keep this list").click()
        window = page.get_by_role("dialog")
        window.get_by_label("Name").fill("Gold ones")
        assert axe_violations(page) == []
        page.keyboard.press("Enter")
        kept = page.locator(".dk-view", has_text="Gold ones")
        expect(kept).to_have_attribute("aria-pressed", "true")
        expect(kept).to_contain_text("1")
        page.get_by_role("button", name="All open").click()
        expect(page.locator(".dk-row").nth(1)).to_be_visible()
        kept.click()
        assert "tag=gold" in page.url
        page.get_by_role("button", name="Lists").click()
        page.get_by_role("menuitem", name="Change “Gold ones”").click()
        window.get_by_label("Name").fill("Golden")
        window.get_by_label("All colleagues see it").check()
        window.get_by_role("button", name="Keep").click()
        golden = page.locator(".dk-view", has_text="Golden")
        expect(golden).to_be_visible()
        assert desk.client.get("/api/desk/views").json()["data"][0]["shared"]
        page.get_by_role("button", name="Lists").click()
        page.get_by_role("menuitem", name="Change “Golden”").click()
        window.get_by_role("button", name="Delete").click()
        expect(golden).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(golden).to_be_visible()

    def test_somebody_with_two_open_episodes_counts_once(self, open_page: OpenPage, desk: Desk) -> None:
        one, other = desk.person("Dora Double", "First"), desk.person("Dora Double", "Second")
        page = open_page("/desk")
        expect(page.locator(".dk-row", has_text="Dora Double")).to_have_count(2)
        counts = desk.client.get("/api/conversations/counts").json()["data"]
        before = next(each["count"] for each in counts if each["view"] == "open")
        expect(page.locator(".dk-view", has_text="All open").locator(".quiet")).to_have_text(str(before))
        body = {"from": f"telegram:{one.id}", "into": f"telegram:{other.id}", "reason": "one person"}
        answer = desk.client.post("/api/identity/merges", json=body)
        assert answer.is_success, answer.text
        page.reload()
        expect(page.locator(".dk-row", has_text="Dora Double")).to_have_count(1)
        expect(page.locator(".dk-view", has_text="All open").locator(".quiet")).to_have_text(str(before - 1))


class TestPalette:
    def test_what_the_desk_does_is_there_with_its_keys(self, open_page: OpenPage, desk: Desk) -> None:
        pola = desk.person("Pola Palette", "Hello")
        page = chosen(open_page, desk, pola)
        page.keyboard.press("Control+k")
        palette = page.get_by_role("dialog", name="Search and commands")
        for name, key in (("Answer", "R"), ("Close and go on", "E"), ("Saved replies", "#"), ("Put aside", "H")):
            expect(palette.get_by_role("option", name=name).first).to_contain_text(key)
        expect(palette.get_by_role("option", name="Call it spam")).to_be_visible()
        page.keyboard.type("note")
        page.keyboard.press("Enter")
        page.keyboard.type("Written at once")
        expect(page.locator(".dk-composing-note textarea")).to_have_value("Written at once")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.keyboard.type("spam")
        page.keyboard.press("Enter")
        expect(page.locator(".dk-thread")).to_contain_text("called it spam")
        expect(palette).not_to_be_visible()  # what was done is seen by the socket before its own answer is here
        page.keyboard.press("Control+k")
        page.keyboard.type("no spam")
        expect(palette.get_by_role("option", name="No spam")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(".dk-thread")).to_contain_text("says it is no spam")

    def test_somebodys_conversation_from_anywhere(self, open_page: OpenPage, desk: Desk) -> None:
        desk.person("Quentin Quick", "Hello")
        page = open_page("/customers")
        settled(page)
        page.keyboard.press("Control+k")
        page.keyboard.type("quentin")
        page.get_by_role("option", name="Conversation with Quentin Quick").click()
        expect(page.locator(".dk-who h2")).to_have_text("Quentin Quick")


class TestBlock:
    def test_a_blocked_address_opens_nothing_until_it_is_heard_again(self, open_page: OpenPage, desk: Desk) -> None:
        ivo = desk.person("Ivo Insult", "Hello")
        page = chosen(open_page, desk, ivo)
        address = page.locator(".dk-addresses li", has_text=str(ivo.id))
        address.get_by_role("button").click()
        page.get_by_role("menuitem", name="Block this address").click()
        window = page.get_by_role("dialog", name="Block this address")
        expect(window.get_by_role("button", name="Block", exact=True)).to_be_disabled()
        assert axe_violations(page) == []
        window.get_by_label("Why").fill("Insults")
        page.keyboard.press("Enter")
        expect(address).to_contain_text(re.compile("Blocked .+: Insults"))
        page.get_by_role("button", name=re.compile("^Close")).first.click()
        desk.say(ivo, "You will see")
        desk.say(ivo, "Really")
        page.goto(f"/desk?c={desk.number(ivo)}")
        expect(page.locator(".dk-thread")).to_contain_text("from a blocked address")
        expect(page.locator(".dk-who")).to_contain_text("closed")
        expect(page.locator(".dk-row", has_text="Ivo Insult")).to_have_count(0)
        address.get_by_role("button").click()
        page.get_by_role("menuitem", name="Hear it again").click()
        expect(address).not_to_contain_text("Insults")
        page.get_by_role("button", name="Undo").click()
        expect(address).to_contain_text("Insults")
        address.get_by_role("button").click()
        page.get_by_role("menuitem", name="Hear it again").click()
        expect(address).not_to_contain_text("Insults")
        desk.say(ivo, "I am sorry")
        page.get_by_role("button", name=re.compile(r"\d new ↑")).click()  # somebody is being read
        expect(page.locator(".dk-row", has_text="Ivo Insult")).to_contain_text("I am sorry")


STUB = """
window.__hidden = false;
Object.defineProperty(document, "hidden", { get: () => window.__hidden });
window.__told = [];
window.__asked = 0;
window.Notification = class {
  static permission = "default";
  static async requestPermission() { window.__asked += 1; return (this.permission = "granted"); }
  constructor(title, options) { this.title = title; Object.assign(this, options); window.__told.push(this); }
  close() {}
};
"""


class TestNotices:
    """A stand-in for the browser's own notices; whether a page is in sight is said by the test."""

    @pytest.fixture
    def hidden(self, open_page: OpenPage, desk: Desk) -> Callable[..., Page]:
        def make(wish: str = "whole") -> Page:
            page = open_page("/healthz")
            page.add_init_script(STUB + "Notification.permission = 'granted';")
            page.goto("/healthz")
            page.evaluate("wish => localStorage.setItem('onevoice-desk-notices', wish)", wish)
            page.goto("/desk")
            expect(page.locator(".dk-row")).not_to_have_count(0)
            settled(page)
            with page.expect_response(re.compile(r"/api/conversations\?view=open&limit=50$")):
                look(page, hidden=True)
            return page

        return make

    def test_nothing_is_asked_before_the_switch_is_pressed(self, open_page: OpenPage, desk: Desk) -> None:
        page = open_page("/healthz")
        page.add_init_script(STUB)
        page.goto("/desk")
        expect(page.locator(".dk-row")).not_to_have_count(0)
        page.get_by_role("button", name="Lists").click()
        page.get_by_role("menuitem", name="Notices on this computer").click()
        switch = page.get_by_role("switch", name="Tell me of new messages")
        expect(switch).not_to_be_checked()
        assert page.evaluate("window.__asked") == 0
        assert axe_violations(page) == []
        switch.click()
        expect(switch).to_be_checked()
        assert page.evaluate("window.__asked") == 1
        page.get_by_label("Show neither who wrote nor what").check()
        assert page.evaluate("localStorage.getItem('onevoice-desk-notices')") == "hidden"
        switch.click()
        assert page.evaluate("localStorage.getItem('onevoice-desk-notices')") == "off"

    def test_new_words_are_told_once_and_a_press_leads_there(self, hidden: Callable[..., Page], desk: Desk) -> None:
        page = hidden()
        bo = desk.person("Bo Notice", "Is anybody there?")
        desk.until(lambda: told(page) == 1)
        found = page.evaluate("[__told[0].title, __told[0].body, __told[0].tag]")
        assert found == ["Bo Notice", "Is anybody there?", f"onevoice-desk-{desk.number(bo)}"]
        page.evaluate("__told[0].onclick()")
        look(page, hidden=False)
        expect(page.locator(".dk-who h2")).to_have_text("Bo Notice")
        desk.say(bo, "Thanks, I see you")
        expect(page.locator(".dk-thread")).to_contain_text("Thanks, I see you")
        assert told(page) == 1  # it stands before their eyes

    def test_what_is_hidden_is_hidden(self, hidden: Callable[..., Page], desk: Desk) -> None:
        page = hidden("hidden")
        desk.person("Cy Secret", "A secret")
        desk.until(lambda: told(page) == 1)
        assert page.evaluate("[__told[0].title, __told[0].body]") == ["A new message", "By Telegram"]

    def test_of_two_tabs_one_tells_and_none_while_one_is_looked_at(
        self, hidden: Callable[..., Page], desk: Desk
    ) -> None:
        first = hidden()
        other = first.context.new_page()
        other.add_init_script(STUB + "Notification.permission = 'granted';")
        other.goto(first.url)
        settled(other)
        dee = desk.person("Dee Two", "One")
        first.wait_for_timeout(2_500)
        assert (told(first), told(other)) == (0, 0)  # the other is in sight
        look(other, hidden=True)
        first.wait_for_timeout(500)
        desk.say(dee, "Two")
        desk.until(lambda: told(first) == 1)
        assert (first.evaluate("__told[0].body"), told(other)) == ("Two", 0)
        with other.expect_response(re.compile(r"/api/conversations\?view=open&limit=50$")):
            first.close()  # then the other tells
        desk.say(dee, "Three")
        desk.until(lambda: told(other) == 1)

    def test_of_a_colleagues_conversation_nothing_is_told(self, hidden: Callable[..., Page], desk: Desk) -> None:
        body = {"login": "nan@shop.example", "name": "Nan", "password": "correct horse battery", "role": "operator"}
        made = desk.client.post("/api/users", json=body)
        assert made.is_success, made.text
        eli = desk.person("Eli Other", "One")
        whose = {"to": int(made.json()["id"])}
        way = f"/api/conversations/telegram:{eli.id}/assignee"
        desk.until(lambda: desk.client.put(way, json=whose).is_success)
        page = hidden()
        desk.say(eli, "Two")
        desk.person("Fay Nobodys", "Hello")
        desk.until(lambda: told(page) == 1)
        assert page.evaluate("__told[0].title") == "Fay Nobodys"


def told(page: Page) -> int:
    return page.evaluate("__told.length")


def look(page: Page, *, hidden: bool) -> None:
    page.evaluate("yes => { window.__hidden = yes; document.dispatchEvent(new Event('visibilitychange')); }", hidden)


class TestWindow:
    """No channel of ours has one yet: the gate's answer is told here as though Telegram had."""

    @pytest.mark.parametrize(
        ("left_min", "says"),
        [
            (40, r"Telegram: its 24 h window closes in (40|39)\smin, at \d\d:\d\d"),
            (180, None),
            (-1, "closed at"),
        ],
    )
    def test_that_it_closes_soon_is_said(
        self, open_page: OpenPage, desk: Desk, left_min: int, says: str | None
    ) -> None:
        def window(route: Route) -> None:
            answer = route.fetch()
            decision = answer.json()
            until = datetime.now(UTC) + timedelta(minutes=left_min)
            for each in decision["candidates"]:
                each["last_heard_at"] = (until - timedelta(hours=24)).isoformat()
                each["verdicts"] = [one for one in each["verdicts"] if one["rule"] != "window"]
                verdict = {"rule": "window", "result": "pass", "why": "", "since": None, "until": until.isoformat()}
                each["verdicts"].append(verdict)
            route.fulfill(response=answer, json=decision)

        page = open_page("/healthz")
        page.route("**/api/message-considerations", window)
        page.goto(f"/desk?c={desk.number(desk.people['Tom Baker'])}")
        expect(page.locator(".dk-door-choice").first).to_be_visible()
        if says is None:
            expect(page.locator(".dk-window")).to_have_count(0)
        else:
            expect(page.locator(".dk-window")).to_contain_text(re.compile(says))


class TestStates:
    def test_a_list_that_cannot_be_read_says_so_and_tries_again(self, open_page: OpenPage) -> None:
        page = open_page("/healthz")

        def fail(route: Route) -> None:
            route.fulfill(
                status=500, json={"title": "Broken", "status": 500, "code": "broken", "detail": "On purpose."}
            )

        page.route("**/api/conversations?*", fail)
        page.goto("/desk")
        expect(page.get_by_role("alert")).to_contain_text("On purpose.")
        page.unroute("**/api/conversations?*", fail)
        # A word that comes in this very moment has the list read too, and takes the button away.
        page.get_by_role("button", name="Try again").evaluate_all("all => all.forEach((each) => each.click())")
        expect(page.locator(".dk-row")).not_to_have_count(0)

    def test_an_empty_view_says_what_comes_there(self, open_page: OpenPage) -> None:
        page = open_page("/desk?view=spam")
        expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_no_rule_is_broken_and_nothing_is_cut(
        self, open_page: OpenPage, desk: Desk, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        page = chosen(open_page, desk, desk.people["Tom Baker"], size, language, scheme)
        settled(page)
        keep(page, f"desk-{language}-{scheme}-{size[0]}")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if size == PHONE:
            page.goto("/desk")
            expect(page.locator(".dk-row")).not_to_have_count(0)
            settled(page)
            keep(page, f"desk-list-{language}-{scheme}-{size[0]}")
            assert axe_violations(page) == []

    def test_windows(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.people["Tom Baker"], DESK)
        for key, title in (("h", "Put aside until"), ("l", "Tags"), ("#", "Saved replies")):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog", name=title)).to_be_visible()
            assert axe_violations(page) == []
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
