"""What a chat and the desk tell each other beside words: who writes, to those whom it concerns, and what was read."""

from datetime import timedelta

import pytest

from conversations.chatting import VAULT, Browser, ChatShop
from onevoice.domains.conversations.http.live import Presence
from onevoice.domains.conversations.http.rooms import Listener, Listeners
from onevoice.domains.conversations.service import signs
from onevoice.domains.conversations.service.signs import Sign
from onevoice.web.guards import Actor
from onevoice.web.hub import Present
from web.asgi_client import AsgiClient

ANSWERS = frozenset({"conversations.read", "conversations.answer"})


class Desk:
    """One process that serves the console, and one that serves chats."""

    def __init__(self, shop: ChatShop) -> None:
        self.shop = shop
        home = shop.home
        self.presence = Presence(home.database, clock=home.clock, chance=home.chance)
        self.listeners = Listeners(home.database, home.clock)

    def account(self, login: str) -> int:
        return self.shop.rows("select id from access.account where login like %s", f"{login}%")[0][0]

    def writes(
        self, who: Browser, *, channel: str | None = "chat", writes: bool = True, may: frozenset = ANSWERS
    ) -> None:
        actor = Actor("account", self.account("operator"), "operator", may)
        self.presence.keep([Present(1, actor, self.topic(who), writes, channel)])

    def topic(self, who: Browser) -> str:
        return f"present:{self.shop.profile(who.reference).json()['id']}"

    def sees(self, who: Browser) -> bool:
        """Whether the desk is told that the customer writes."""
        topic = self.topic(who)
        return dict(self.presence.look({topic}, {topic}, woken=True))[topic]["customer_writes"]

    def told(self, *who: Browser) -> list[Sign]:
        """What each chat is told."""
        ids = [self.chat(each) for each in who]
        found = self.listeners._look_at_signs(ids)
        return [found[each] for each in ids]

    def chat(self, who: Browser) -> int:
        return self.shop.rows("select id from conversations.chat where device = %s", who.device)[0][0]

    def types(self, who: Browser, *, on: bool = True) -> None:
        address = self.shop.rows("select address from conversations.chat where device = %s", who.device)[0][0]
        with self.shop.home.database.transaction() as conn:
            signs.visitor_writes(conn, address, on=on, vault_key=VAULT, clock=self.shop.home.clock)


@pytest.fixture
def desk(shop: ChatShop, olga: AsgiClient) -> Desk:
    shop.rows("update access.account set name = 'Olga Nowak' where login like 'operator%%' returning id")
    return Desk(shop)


@pytest.fixture
def anna(shop: ChatShop, desk: Desk) -> Browser:
    made = shop.browser()
    made.says("Do these run small?")
    return made


def sees(olga: AsgiClient, who: Browser, upto: int | None = None) -> None:
    """All of it, or so far."""
    thread = olga.get(f"/api/conversations/{who.reference}/thread").json()["data"]
    last = max(int(each["id"]) for each in thread if each["kind"] == "said") if upto is None else upto
    assert olga.change("PUT", f"/api/conversations/{who.reference}/seen", {"upto": last}).status_code == 204


class TestAnAnswerIsWritten:
    def test_its_chat_is_told_by_whom_and_that_they_stopped(self, desk: Desk, anna: Browser) -> None:
        assert desk.told(anna) == [Sign(0, typing=False)]
        desk.writes(anna)
        assert desk.told(anna) == [Sign(0, typing="Olga")]
        desk.writes(anna, writes=False)
        assert desk.told(anna) == [Sign(0, typing=False)]

    @pytest.mark.parametrize("channel", ["telegram", None, "Chat"])
    def test_one_that_goes_elsewhere_is_not_told(self, desk: Desk, anna: Browser, channel: str | None) -> None:
        desk.writes(anna, channel=channel)
        assert desk.told(anna) == [Sign(0, typing=False)]

    def test_whoever_only_looks_or_may_not_answer_is_not_told(self, desk: Desk, anna: Browser) -> None:
        desk.writes(anna, may=frozenset({"conversations.read"}))
        assert desk.told(anna) == [Sign(0, typing=False)]

    def test_nor_is_another_chat(self, shop: ChatShop, desk: Desk, anna: Browser) -> None:
        jan = shop.browser(device="v-2")
        jan.says("Hello")
        desk.writes(anna)
        assert desk.told(anna, jan) == [Sign(0, typing="Olga"), Sign(0, typing=False)]

    def test_of_two_chats_of_one_person_that_where_they_wrote_last(
        self, shop: ChatShop, desk: Desk, anna: Browser
    ) -> None:
        shop.home.clock.advance(timedelta(seconds=1))
        phone = shop.browser(device="v-2")
        phone.says("Hello")
        for each in (anna, phone):
            shop.send({"type": "identify", "userId": "u-anna", "anonymousId": each.device})
        shop.link()
        desk.writes(anna)
        assert desk.told(anna, phone) == [Sign(0, typing=False), Sign(0, typing="Olga")]

    def test_without_a_name_where_the_chat_tells_none(self, shop: ChatShop, desk: Desk, anna: Browser) -> None:
        shop.rows("update delivery.account set settings = settings || '{\"names\": false}' returning id")
        desk.writes(anna)
        assert desk.told(anna) == [Sign(0, typing=True)]
        shop.rows("update delivery.account set settings = settings || '{\"names\": true}' returning id")
        shop.rows("update access.account set name = login where login like 'operator%%' returning id")
        assert desk.told(anna) == [Sign(0, typing=True)]

    def test_a_console_that_died_is_forgotten(self, shop: ChatShop, desk: Desk, anna: Browser) -> None:
        desk.writes(anna)
        shop.home.clock.advance(timedelta(seconds=13))
        assert desk.told(anna) == [Sign(0, typing=False)]


class TestAVisitorWrites:
    def test_the_desk_is_told_until_they_stop(self, desk: Desk, anna: Browser) -> None:
        assert not desk.sees(anna)
        desk.types(anna)
        assert desk.sees(anna)
        desk.types(anna, on=False)
        assert not desk.sees(anna)

    def test_or_say_no_more(self, shop: ChatShop, desk: Desk, anna: Browser) -> None:
        desk.types(anna)
        shop.home.clock.advance(timedelta(seconds=7))
        assert not desk.sees(anna)
        desk.types(anna, on=False)
        assert shop.rows("select * from conversations.typing") == []

    def test_only_of_whom_it_is(self, shop: ChatShop, desk: Desk, anna: Browser) -> None:
        jan = shop.browser(device="v-2")
        jan.says("Hello")
        desk.types(jan)
        assert not desk.sees(anna)

    def test_also_of_a_person_that_was_known_by_another_number(self, shop: ChatShop, desk: Desk, anna: Browser) -> None:
        before = desk.topic(anna)
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": anna.device})
        shop.link()
        desk.types(anna)
        assert desk.sees(anna)
        assert dict(desk.presence.look({before}, {before}, woken=True))[before]["customer_writes"]

    def test_nothing_of_it_is_kept_of_a_chat_that_is_not_there(self, shop: ChatShop, desk: Desk) -> None:
        with shop.home.database.transaction() as conn:
            signs.visitor_writes(conn, "nobody", on=True, vault_key=VAULT, clock=shop.home.clock)
        assert shop.rows("select * from conversations.typing") == []


class TestRead:
    def test_what_a_colleague_saw(self, shop: ChatShop, desk: Desk, anna: Browser, olga: AsgiClient) -> None:
        shop.home.clock.advance(timedelta(seconds=1))
        anna.says("And the Jura?")
        first = min(each[0] for each in shop.rows("select seq from conversations.said"))
        assert anna.ask("open").json()["read"] == 0
        sees(olga, anna, first)
        assert desk.told(anna) == [Sign(1, typing=False)]
        sees(olga, anna)
        assert desk.told(anna) == [Sign(2, typing=False)]
        sees(olga, anna, first)  # it never goes back
        assert anna.ask("open").json()["read"] == 2

    def test_not_what_nobody_saw(self, shop: ChatShop, desk: Desk, anna: Browser, olga: AsgiClient) -> None:
        jan = shop.browser(device="v-2")
        jan.says("Hello")
        sees(olga, anna)
        shop.home.clock.advance(timedelta(seconds=1))
        anna.says("Anybody there?")
        assert desk.told(anna, jan) == [Sign(1, typing=False), Sign(0, typing=False)]

    def test_looking_at_a_thread_alone_marks_nothing(self, desk: Desk, anna: Browser, olga: AsgiClient) -> None:
        assert olga.get(f"/api/conversations/{anna.reference}/thread").status_code == 200
        assert desk.told(anna) == [Sign(0, typing=False)]


class TestFrames:
    """What a socket is told: what has changed, and again that somebody still writes."""

    def frames(self, *signs: tuple[Sign, float]) -> list[dict]:
        listener = Listener(1)
        for sign, at in signs:
            listener.sign(sign, at)
        return [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]

    def test_only_what_is_another(self) -> None:
        assert self.frames((Sign(0, typing=False), 0), (Sign(0, typing=False), 1)) == []
        assert self.frames((Sign(2, typing=False), 0), (Sign(2, typing=False), 1)) == [{"read": 2}]
        writing = Sign(0, typing="Olga")
        assert self.frames((writing, 0), (writing, 1), (Sign(0, typing=False), 2)) == [
            {"typing": "Olga"},
            {"typing": False},
        ]
        assert self.frames((writing, 0), (writing, 4.9), (writing, 5), (writing, 6)) == [{"typing": "Olga"}] * 2

    def test_what_a_full_queue_did_not_take_is_told_later(self) -> None:
        listener = Listener(1)
        for n in range(listener.queue.maxsize):
            listener.queue.put_nowait({"line": n})
        listener.sign(Sign(3, typing=False), 0)
        listener.queue.get_nowait()
        listener.sign(Sign(3, typing=False), 1)
        assert [listener.queue.get_nowait() for _ in range(listener.queue.qsize())][-1] == {"read": 3}
