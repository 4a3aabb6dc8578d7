"""The desk in a real browser: what customers say in Telegram comes to it, and what is answered arrives there."""

import re
import time
from collections.abc import Iterator

import pytest
from browser_tools import DESK, LOOKS, PHONE, axe_violations, keep
from desk_tools import Desk, OpenPage, chosen, settled, shop
from playwright.sync_api import Route, expect

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
        page.keyboard.press("n")
        page.keyboard.type("Size 39, @")
        page.get_by_role("group", name="Colleagues").get_by_role("button").first.click()
        page.keyboard.type("please")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator(".dk-note")).to_contain_text("a note, for colleagues only")
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
        page.get_by_role("button", name="Try again").click()
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
        for key, title in (("h", "Put aside until"), ("l", "Tags"), ("#", "Kept replies")):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog", name=title)).to_be_visible()
            assert axe_violations(page) == []
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
