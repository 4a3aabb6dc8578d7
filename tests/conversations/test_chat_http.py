"""The site's chat over HTTP: what a browser says reaches the desk once, the answer reaches that browser alone."""

import json
from datetime import timedelta

import pytest

from conversations.chatting import SHOP, answer, words_of
from onevoice import bootstrap
from onevoice.bootstrap import sending
from onevoice.domains.conversations.http import chat as chat_http
from onevoice.domains.conversations.service import following
from onevoice.domains.delivery.service import settling
from web.asgi_client import AsgiClient


class TestSaying:
    def test_what_a_browser_says_stands_on_the_desk_with_its_page(self, shop, anna, olga) -> None:
        line = anna.says("Do these run small?")
        assert (line["n"], line["ours"], line["text"]) == (1, False, "Do these run small?")
        (waiting,) = olga.get("/api/conversations").json()["data"]
        assert (waiting["episode"]["channel"], waiting["last"]["preview"]) == ("chat", "Do these run small?")
        (said,) = words_of(olga, anna)
        assert said["text"] == "Do these run small?"
        assert (said["channel"], said["assurance"], said["address_kind"]) == ("chat", "anonymous", "chat")
        assert said["page"] == {"url": f"{SHOP}/boots/brama", "title": "Brama"}

    def test_the_same_line_again_is_one(self, shop, anna) -> None:
        first, second = anna.say("Hello", key="same-line"), anna.say("Hello", key="same-line")
        assert first.json() == second.json()
        shop.link()
        assert anna.texts() == ["Hello"]
        assert len(shop.rows("select from conversations.said")) == 1

    def test_lines_are_numbered_in_order_and_paged(self, shop, monkeypatch) -> None:
        monkeypatch.setattr(chat_http, "SAID_PER_MINUTE", 100)
        anna = shop.browser()
        for number in range(60):
            assert anna.say(f"Line {number}", key=f"line-no-{number:03}").status_code == 200
        found = anna.lines()
        assert [each["n"] for each in found] == list(range(11, 61))
        assert anna.texts(before=3) == ["Line 0", "Line 1"]
        assert anna.texts(after=found[-1]["n"] - 1) == [found[-1]["text"]]

    def test_without_a_visitor_id_the_chat_itself_is_who_it_is(self, shop, olga) -> None:
        nobody = shop.browser("a-secret-of-24-characters", device=None)
        nobody.says("Hello")
        (waiting,) = olga.get("/api/conversations").json()["data"]
        assert waiting["episode"]["channel"] == "chat"
        told = nobody.say("And I agreed to cookies now", key="second-line")
        assert told.status_code == 200

    def test_two_visitors_are_two_people(self, shop, anna, olga) -> None:
        anna.says("Hello")
        shop.browser(device="v-2").says("Hello too")
        assert len(olga.get("/api/conversations").json()["data"]) == 2

    def test_whoever_logs_in_afterwards_is_who_asked(self, shop, anna, olga) -> None:
        anna.says("Do these run small?")
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1", "traits": {"firstName": "Anna"}})
        shop.link()
        (waiting,) = olga.get("/api/conversations").json()["data"]
        assert waiting["profile_id"] == shop.profile("user_id:u-anna").json()["id"]
        anna.says("Hello again")
        assert len(olga.get("/api/conversations").json()["data"]) == 1

    def test_what_is_said_after_a_login_is_hers_too(self, shop, anna, olga) -> None:
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1"})
        anna.says("Hello")
        (waiting,) = olga.get("/api/conversations").json()["data"]
        assert waiting["profile_id"] == shop.profile("user_id:u-anna").json()["id"]

    def test_another_visitor_in_the_same_browser_begins_anew(self, shop, anna) -> None:
        anna.says("My secret question")
        anna.device = "v-other"
        told = anna.say("Who am I?")
        assert (told.status_code, told.json()["code"]) == (409, "other_visitor")
        assert anna.texts() == ["My secret question"]


class TestAnswers:
    def test_an_answer_reaches_its_browser_and_no_other(self, shop, anna, olga) -> None:
        other = shop.browser(device="v-2")
        anna.says("Do these run small?")
        other.says("Is the shop open?")
        answer(shop, olga, anna, "Half a size. Take 39.")
        assert shop.goes() == 1
        assert anna.texts() == ["Do these run small?", "Half a size. Take 39."]
        assert anna.lines()[-1] | {"at": 0} == {
            "n": 2, "at": 0, "text": "Half a size. Take 39.", "ours": True, "by": "operator",
        }  # fmt: skip
        assert other.texts() == ["Is the shop open?"]

    def test_an_answer_before_the_gate_has_heard_of_the_word_goes_all_the_same(self, shop, anna, olga) -> None:
        """The desk and the gate follow the log apart: whoever answers at once must not be told that nobody wrote."""
        assert anna.say("Hello").status_code == 200
        with bootstrap.linking_steps(shop.home) as step:
            while step():
                pass
        with shop.home.database.transaction() as conn:
            following.follow(conn, clock=shop.home.clock)
        assert answer(shop, olga, anna, "Good day")["state"] == "queued"

    def test_a_sender_that_died_after_laying_it_lays_it_once(self, shop, anna, olga) -> None:
        anna.says("Hello")
        answer(shop, olga, anna, "Good day")
        assert shop.goes(lose=True) == 1
        shop.home.clock.advance(timedelta(minutes=10))
        with shop.home.database.transaction() as conn:
            settling.recover(conn, sending.manifests(), at=shop.home.clock.now())
        shop.home.clock.advance(timedelta(minutes=10))
        assert shop.goes() == 1
        assert anna.texts() == ["Hello", "Good day"]

    def test_receipts(self, shop, anna, olga) -> None:
        anna.says("Hello")
        answer(shop, olga, anna, "Good day")
        shop.goes()

        def state() -> str:
            return next(each["state"] for each in words_of(olga, anna) if each["author"] == "colleague")

        assert state() == "sent"
        assert anna.ask("shown", got=2, shown=1).status_code == 200
        assert state() == "delivered"
        assert anna.ask("shown", got=2, shown=2).status_code == 200
        assert state() == "read"
        assert anna.ask("shown", got=0, shown=0).status_code == 200
        assert anna.ask("shown", got=99, shown=99).status_code == 200
        assert anna.ask("open").json()["shown"] == 2

    def test_names_may_be_kept_back(self, shop, anna, olga) -> None:
        with shop.home.database.transaction() as conn:
            conn.execute("update delivery.account set settings = settings || '{\"names\": false}'")
        anna.says("Hello")
        answer(shop, olga, anna, "Good day")
        shop.goes()
        assert "by" not in anna.lines()[-1]

    def test_answers_by_another_channel_do_not_show_in_the_chat(self, shop, anna, olga) -> None:
        """Only what was said in this chat: whoever sits at the browser may be anybody."""
        post = shop.connect("email", {"from_address": "hello@n.example", "smtp_host": "127.0.0.1"})
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1", "traits": {"email": "anna@n.example"}})
        shop.hears(post, "mail-1", "Where is my order 1001?", "anna@n.example")
        anna.says("Hello")
        assert len(olga.get("/api/conversations").json()["data"]) == 1
        assert anna.texts() == ["Hello"]


class TestWho:
    def test_what_the_page_is_told(self, shop, anna, olga) -> None:
        told = anna.ask("open").json()
        assert told | {"usual": None} == {
            "brand": "Northfold", "available": False, "usual": None, "hops": [], "lines": [], "last": 0, "shown": 0,
            "read": 0, "contact": None, "came": None,
        }  # fmt: skip

    def test_from_another_page_nothing(self, shop) -> None:
        for origin in (
            "https://evil.example",
            "https://shop.example.evil.example",
            "http://shop.example",
            "null",
            None,
        ):
            thief = shop.browser(origin=origin)
            for what in ("open", "shown"):
                told = thief.ask(what)
                assert (told.status_code, told.json()["code"]) == (403, "foreign_page"), origin
            assert thief.say("Hello").status_code == 403

    @pytest.mark.parametrize("key", ["", "ov_write_" + "x" * 43, 7, None, "k" * 5_000])
    def test_without_a_key_of_the_site_nothing(self, shop, anna, key) -> None:
        told = anna.ask("open", key=key if key is not None else False)
        assert (told.status_code, told.json()["code"]) == (401, "unknown_key")

    def test_a_secret_that_is_none_of_a_chat_shows_nothing(self, shop, anna) -> None:
        anna.says("My secret question")
        assert shop.browser("another-secret-of-this-length").texts() == []
        for secret in ("short", "x" * 65, "with spaces in it, of enough length", 7, ["a"], anna.secret + "\n"):
            assert anna.ask("open", secret=secret).status_code == 422

    def test_the_address_is_no_secret_and_opens_nothing(self, shop, anna, olga) -> None:
        anna.says("My secret question")
        (address,) = shop.rows("select address from conversations.chat")[0]
        assert shop.browser(address).texts() == []

    def test_another_sites_chat_is_not_shown(self, shop, anna, olga) -> None:
        anna.says("My secret question")
        key = bootstrap.create_key(shop.home, scope="write", name="other", channel="site", site="other")
        shop.connect("chat", {"brand": "Other", "origins": SHOP}, "other")
        assert anna.ask("open", key=key).json()["lines"] == []
        told = anna.ask("say", key=key, id="line-0009", text="Hello")
        assert told.status_code == 404

    def test_a_paused_chat_is_none(self, shop, anna) -> None:
        with shop.home.database.transaction() as conn:
            conn.execute("update delivery.account set paused = true")
        assert anna.ask("open").status_code == 404


class TestHostile:
    @pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff\xfe", b"[" * 60_000, b'{"key":"' + b"x" * 100_000])
    def test_what_is_no_object(self, shop, body) -> None:
        client = AsgiClient(shop.app, Origin=SHOP)
        assert client.post("/v1/chat/say", content=body).status_code == 400

    @pytest.mark.parametrize("text", ["", "   ", "\x00\x01", 7, None, ["a"], "x" * 4_001])
    def test_what_is_no_text(self, anna, text) -> None:
        told = anna.ask("say", id="line-0001", text=text if text is not None else False)
        assert (told.status_code, told.json()["code"]) == (422, "unusable_chat")

    @pytest.mark.parametrize("key", ["", "short", "x" * 65, "a b c d e f g", 7, "line\n00001"])
    def test_what_is_no_id(self, anna, key) -> None:
        assert anna.ask("say", id=key, text="Hello").status_code == 422

    def test_controls_and_lone_surrogates_are_left_out(self, anna) -> None:
        assert anna.say("Hi\x00 \ud800there\x1b[31m").json()["line"]["text"] == "Hi there[31m"

    @pytest.mark.parametrize(
        "page",
        [None, 7, [], {"url": 7}, {"url": "javascript:alert(1)"}, {"url": "https://a/\n"}, {"title": {"a": 1}}],
    )
    def test_a_page_that_is_none_is_left_out(self, shop, anna, olga, page) -> None:
        assert anna.ask("say", id="line-0001", text="Hello", device="v-1", page=page).status_code == 200
        shop.link()
        assert words_of(olga, anna)[0]["page"] is None

    def test_whoever_says_too_much_waits(self, shop, monkeypatch) -> None:
        monkeypatch.setattr(chat_http, "SAID_PER_MINUTE", 3)
        monkeypatch.setattr(chat_http, "SAID_SECONDS", 3_600.0)
        anna = shop.browser()
        codes = [anna.say(f"Flood {number}", key=f"flood-{number:04}").status_code for number in range(3)]
        last = anna.say("More", key="flood-last")
        assert [*codes, last.status_code] == [200, 200, 200, 429]
        assert int(last.headers["Retry-After"]) >= 1

    def test_whoever_begins_too_many_chats_waits(self, shop, monkeypatch) -> None:
        monkeypatch.setattr(chat_http, "BEGUN_PER_HOUR", 3)
        codes = [shop.browser(device=f"many-{number}").say("Hello").status_code for number in range(4)]
        assert codes == [200, 200, 200, 429]

    def test_a_page_reads_what_was_wrong(self, anna) -> None:
        told = anna.ask("say", id="x", text="Hello")
        assert told.headers["Access-Control-Allow-Origin"] == SHOP
        assert told.headers["Vary"] == "Origin"
        assert json.loads(told.text)["detail"]
