"""From the chat to Telegram and to e-mail: by proof alone, and a code in other hands opens nothing."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.chatting import VAULT, Browser, ChatShop
from onevoice import bootstrap
from onevoice.bootstrap import sending
from onevoice.domains.conversations.rules import hops as rules
from onevoice.domains.conversations.service import following, hopping
from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Reach, Said
from onevoice.domains.delivery.service import accounts, asking, hearing
from onevoice.kit.chance import SeededChance
from onevoice.kit.db import Database

ANNA_TG, THIEF_TG = "4711042", "6660666"


class Doors(ChatShop):
    """With a bot and a mailbox beside the chat."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.bot = self.connect("telegram", {"token": "7:secret"})
        self.post_office = self.connect("email", {"from_address": "hello@n.example", "smtp_host": "127.0.0.1"})
        with database.transaction() as conn:
            accounts.note_probed(conn, self.bot.id, Probed("@northfold_bot"))

    def link(self) -> None:
        """As the desk's job: whoever came is joined."""
        for _ in range(2):
            with bootstrap.linking_steps(self.home) as step:
                while step():
                    pass
            with self.home.database.transaction() as conn:
                hearing.follow(conn)
                followed = following.follow(conn, clock=self.home.clock)
                asking.ask(conn, followed.asks, sending.manifests(), sending.SOURCES, clock=self.home.clock)
            with self.home.database.transaction() as conn:
                hopping.settle(conn, sending.manifests(), sending.SOURCES, vault_key=b"v" * 32, clock=self.home.clock)

    def starts(self, code: str | None, who: str = ANNA_TG, key: str = "1") -> None:
        """The bot is opened by a link, as Telegram tells of it."""
        self.hears(self.bot, f"t{key}", f"/start {code or ''}".strip(), who, start=code)

    def writes(self, text: str, who: str = ANNA_TG, key: str = "2") -> None:
        self.hears(self.bot, f"t{key}", text, who)

    def pid(self, reference: str) -> str:
        found = self.profile(reference)
        assert found.status_code == 200, found.text
        return found.json()["id"]

    def letter_goes(self) -> None:
        """The one that asks whether it is them, as `p-1`."""
        (number,) = self.rows("select message from conversations.hop")[0]
        with self.home.database.transaction() as conn:
            conn.execute(
                "update delivery.message set state = 3, provider_id = 'p-1', account_id = %s where id = %s",
                (int(self.post_office.id), number),
            )

    def said_to(self, who: str) -> list[str]:
        """What the bot was asked to say to somebody, oldest first."""
        rows = self.rows(
            "select c.body -> 'words' ->> 'text' from delivery.message m join delivery.content c on c.message_id = m.id"
            " join identity.vault v on v.nid = m.person and v.key = '' where v.value #>> '{}' = %s order by m.id",
            who,
        )
        return [row[0] for row in rows]


@pytest.fixture
def shop(database: Database) -> Doors:
    return Doors(database)


def code_of(who: Browser) -> str:
    told = who.ask("hop", to="telegram")
    assert told.status_code == 200, told.text
    return told.json()["code"]


def came(who: Browser) -> Any:
    return who.ask("open").json()["came"]


class TestTelegram:
    def test_the_conversation_goes_on_where_the_code_was_sent_from(self, shop, anna, olga) -> None:
        anna.says("Do these run small?")
        told = anna.ask("hop", to="telegram").json()
        assert told["url"] == f"https://t.me/northfold_bot?start={told['code']}"
        assert told["until"] == int((shop.home.clock.now() + timedelta(minutes=15)).timestamp() * 1000)
        shop.starts(told["code"])
        shop.writes("It is me, on the phone now")
        (waiting,) = olga.get("/api/conversations").json()["data"]
        thread = olga.get(f"/api/conversations/telegram:{ANNA_TG}/thread").json()["data"]
        said = [each["text"] for each in thread if each["kind"] == "said"]
        assert said == ["It is me, on the phone now", f"/start {told['code']}", "Do these run small?"]
        assert [each["detail"] for each in thread if each.get("act") == "hopped"] == [
            {"from": "chat", "into": "telegram"}
        ]
        assert waiting["profile_id"] == shop.pid(anna.reference) == shop.pid(f"telegram:{ANNA_TG}")
        assert came(anna) == {"hop": 1, "channel": "telegram", "asks": False}
        assert anna.texts() == ["Do these run small?", "Rozmowa toczy się dalej w\u00a0Telegramie."]

    def test_the_bot_tells_nothing_of_what_was_said(self, shop, anna) -> None:
        anna.says("My secret question")
        shop.starts(code_of(anna))
        (said,) = shop.said_to(ANNA_TG)
        assert "secret" not in said

    def test_the_code_may_be_typed(self, shop, anna) -> None:
        anna.says("Hello")
        code = code_of(anna)
        shop.starts(None)
        shop.writes(f" {code[:4].lower()} {code[4:].lower()} ")
        assert shop.pid(anna.reference) == shop.pid(f"telegram:{ANNA_TG}")

    def test_the_bot_greets_though_the_gate_has_not_heard_of_them_yet(self, shop, anna) -> None:
        anna.says("Hello")
        code = code_of(anna)
        said = Said("t1", ANNA_TG, f"/start {code}", shop.home.clock.now(), "t1", start=code)
        opened = Reach("t0", ANNA_TG, open=True, happened_at=shop.home.clock.now())
        with shop.home.database.transaction() as conn:
            hearing.hear(
                conn, shop.bot, [opened, said], sending.manifests()["telegram"], vault_key=VAULT, clock=shop.home.clock
            )
        with bootstrap.linking_steps(shop.home) as step:
            while step():
                pass
        with shop.home.database.transaction() as conn:
            following.follow(conn, clock=shop.home.clock)
        with shop.home.database.transaction() as conn:
            hopping.settle(conn, sending.manifests(), sending.SOURCES, vault_key=VAULT, clock=shop.home.clock)
        assert shop.rows("select state, rule from delivery.message") == [(1, None)]

    def test_it_is_told_once_however_often_the_log_is_looked_at(self, shop, anna) -> None:
        anna.says("Hello")
        shop.starts(code_of(anna))
        for _ in range(3):
            shop.link()
        assert len(shop.said_to(ANNA_TG)) == 1
        assert len(anna.texts()) == 2

    def test_whoever_logs_in_on_the_site_later_keeps_their_telegram(self, shop, anna) -> None:
        anna.says("Hello")
        shop.starts(code_of(anna))
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1"}, at=20)
        assert shop.pid("user_id:u-anna") == shop.pid(f"telegram:{ANNA_TG}") == shop.pid(anna.reference)


class TestOtherHands:
    """Stolen, forwarded, sent again, guessed, late."""

    def test_sent_again_it_is_worth_nothing(self, shop, anna) -> None:
        anna.says("My secret question")
        code = code_of(anna)
        shop.starts(code)
        shop.starts(code, THIEF_TG, key="9")
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid(anna.reference)
        (said,) = shop.said_to(THIEF_TG)
        assert said.startswith("Ten kod już nie działa")

    def test_after_its_time_it_is_worth_nothing(self, shop, anna) -> None:
        anna.says("My secret question")
        code = code_of(anna)
        shop.home.clock.advance(timedelta(minutes=15))
        shop.starts(code, THIEF_TG)
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid(anna.reference)
        assert came(anna) is None

    def test_a_new_one_ends_the_one_before(self, shop, anna) -> None:
        anna.says("Hello")
        first = code_of(anna)
        shop.home.clock.advance(timedelta(seconds=20))
        second = code_of(anna)
        shop.starts(first, THIEF_TG)
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid(anna.reference)
        shop.starts(second, key="3")
        assert shop.pid(f"telegram:{ANNA_TG}") == shop.pid(anna.reference)

    def test_a_thief_is_shown_nothing_and_the_chat_can_part_them(self, shop, anna, olga) -> None:
        anna.says("My secret question")
        shop.starts(code_of(anna), THIEF_TG)
        assert all("secret" not in said for said in shop.said_to(THIEF_TG))
        assert came(anna)["channel"] == "telegram"
        assert anna.ask("came", yes=False).json() == {"came": None}
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid(anna.reference)
        assert anna.ask("came", yes=True).json() == {"came": None}
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid(anna.reference)

    def test_of_somebody_who_is_known_nothing_is_joined_before_the_chat_says_yes(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1"})
        anna.says("Where is my order 1001?")
        shop.starts(code_of(anna), THIEF_TG)
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid("user_id:u-anna")
        assert came(anna) == {"hop": 1, "channel": "telegram", "asks": True}
        assert anna.texts() == ["Where is my order 1001?"]
        assert anna.ask("came", yes=False).json() == {"came": None}
        shop.link()
        assert shop.pid(f"telegram:{THIEF_TG}") != shop.pid("user_id:u-anna")

    def test_of_somebody_who_is_known_and_says_yes(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1"})
        anna.says("Where is my order 1001?")
        shop.starts(code_of(anna))
        assert anna.ask("came", yes=True).json()["came"]["asks"] is False
        assert shop.pid(f"telegram:{ANNA_TG}") == shop.pid("user_id:u-anna")

    def test_another_browser_cannot_say_yes(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1"})
        anna.says("Hello")
        shop.starts(code_of(anna), THIEF_TG)
        thief = shop.browser(device="v-thief")
        thief.says("Hello")
        assert thief.ask("came", yes=True).json() == {"came": None}
        assert came(anna)["asks"] is True

    def test_a_visitor_who_lures_a_known_customer_sees_nothing_of_them(self, shop, anna, olga) -> None:
        """The code of a thief's own chat, opened by a victim: the thief's browser goes on showing its own words."""
        shop.writes("I am Anna, my order is 1001", ANNA_TG, key="7")
        thief = shop.browser(device="v-thief")
        thief.says("Hello")
        shop.starts(code_of(thief), ANNA_TG, key="8")
        assert thief.texts() == ["Hello", "Rozmowa toczy się dalej w\u00a0Telegramie."]

    def test_another_bot_of_ours_does_not_take_it(self, shop, anna) -> None:
        anna.says("Hello")
        code = code_of(anna)
        with shop.home.database.transaction() as conn:
            conn.execute("update conversations.hop set account_id = account_id + 100")
        shop.starts(code)
        assert shop.pid(f"telegram:{ANNA_TG}") != shop.pid(anna.reference)

    def test_without_a_chat_there_is_no_code(self, anna) -> None:
        told = anna.ask("hop", to="telegram")
        assert (told.status_code, told.json()["code"]) == (404, "no_chat")

    def test_without_a_bot_there_is_no_code(self, database) -> None:
        shop = ChatShop(database)
        anna = shop.browser()
        anna.says("Hello")
        assert anna.ask("open").json()["hops"] == []
        assert anna.ask("hop", to="telegram").json()["code"] == "no_hop"

    def test_codes_are_asked_for_slowly(self, anna) -> None:
        anna.says("Hello")
        codes = [anna.ask("hop", to="telegram").status_code for _ in range(20)]
        assert codes[0] == 200
        assert 429 in codes

    def test_the_code_itself_is_kept_nowhere(self, shop, anna) -> None:
        anna.says("Hello")
        code = code_of(anna)
        assert code not in str(shop.rows("select * from conversations.hop"))


class TestMail:
    def test_an_address_that_nobody_has_is_the_visitors(self, shop, anna, olga) -> None:
        anna.says("Do these run small?")
        told = anna.ask("hop", to="email", email=" anna@n.example ").json()
        assert told == {"contact": "a…@n.example"}
        shop.link()
        assert shop.pid("email:anna@n.example") == shop.pid(anna.reference)
        assert anna.ask("open").json()["contact"] == "a…@n.example"
        assert shop.said_to("anna@n.example") == []

    def test_somebody_elses_is_asked_by_a_letter_that_tells_nothing(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-victim", "traits": {"email": "victim@n.example"}})
        anna.says("My secret question")
        # As of an address that nobody has: nobody learns whose customer somebody is.
        assert anna.ask("hop", to="email", email="victim@n.example").json() == {"contact": "v…@n.example"}
        shop.link()
        assert shop.pid("email:victim@n.example") != shop.pid(anna.reference)
        (letter,) = shop.said_to("victim@n.example")
        assert "secret" not in letter

    def test_whoever_answers_that_letter_is_the_visitor(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-anna", "traits": {"email": "anna@n.example"}})
        anna.says("Do these run small?")
        anna.ask("hop", to="email", email="anna@n.example")
        shop.letter_goes()
        shop.hears(shop.post_office, "m1", "Yes, me", "anna@n.example", answers="p-1")
        assert shop.pid("user_id:u-anna") == shop.pid(anna.reference)
        assert anna.texts()[-1] == "Rozmowa toczy się dalej e-mailem."

    def test_an_answer_from_another_address_proves_nothing(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-victim", "traits": {"email": "victim@n.example"}})
        anna.says("Hello")
        anna.ask("hop", to="email", email="victim@n.example")
        shop.letter_goes()
        shop.hears(shop.post_office, "m1", "Yes, me", "thief@n.example", answers="p-1")
        assert shop.pid("email:victim@n.example") != shop.pid(anna.reference)

    def test_letters_to_strangers_are_few_and_nobody_sees_which_went(self, shop) -> None:
        shop.send({"type": "identify", "userId": "u-victim", "traits": {"email": "victim@n.example"}})
        codes = []
        for number in range(5):
            one = shop.browser(device=f"many-{number}")
            one.says("Hello")
            codes.append(one.ask("hop", to="email", email="victim@n.example").json())
        assert codes == [{"contact": "v…@n.example"}] * 5
        assert len(shop.said_to("victim@n.example")) == 3

    @pytest.mark.parametrize("mail", ["victim@n.example", "nobody@n.example"])
    def test_one_chat_leaves_few_addresses(self, shop, anna, mail) -> None:
        shop.send({"type": "identify", "userId": "u-victim", "traits": {"email": "victim@n.example"}})
        anna.says("Hello")
        codes = []
        for _ in range(6):
            codes.append(anna.ask("hop", to="email", email=mail).status_code)
            shop.home.clock.advance(timedelta(minutes=1))
        assert codes == [200] * 5 + [429]

    def test_an_address_that_became_somebodys_before_it_was_joined_is_not(self, shop, anna) -> None:
        anna.says("Hello")
        anna.ask("hop", to="email", email="new@n.example")
        shop.send({"type": "identify", "userId": "u-new", "traits": {"email": "new@n.example"}})
        shop.link()
        assert shop.pid("email:new@n.example") == shop.pid("user_id:u-new") != shop.pid(anna.reference)

    @pytest.mark.parametrize("mail", ["", "anna", "a@b", "a@b.example, c@d.example", "a b@c.example", 7, "x" * 300])
    def test_what_is_no_address(self, anna, mail) -> None:
        anna.says("Hello")
        told = anna.ask("hop", to="email", email=mail)
        assert (told.status_code, told.json()["code"]) == (422, "unusable_chat")


class TestCodes:
    def test_every_letter_is_as_likely(self) -> None:
        chance = SeededChance(5)
        drawn = "".join(rules.draw(chance) for _ in range(20_000))
        expected = len(drawn) / len(rules.ALPHABET)
        assert all(abs(drawn.count(letter) - expected) < 5 * expected**0.5 for letter in rules.ALPHABET)

    def test_no_letter_is_taken_for_another(self) -> None:
        assert not set(rules.ALPHABET) & set("01OIL")
