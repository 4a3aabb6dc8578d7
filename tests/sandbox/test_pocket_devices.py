"""What lies in somebody's pocket, as it is shown."""

from email import message_from_bytes, policy

import pytest

from onevoice.kit.clock import SystemClock
from onevoice.sandbox import pocket_devices
from onevoice.sandbox.keeping import Persona
from onevoice.sandbox.mail import Mail
from onevoice.sandbox.telegram import Telegram

ADDRESS = "anna@kowalska.example"


def opened(text):
    return message_from_bytes(text.encode(), policy=policy.SMTP)


@pytest.fixture
def mail():
    with Mail(clock=SystemClock()) as running:
        yield running


@pytest.fixture
def telegram():
    with Telegram() as running:
        yield running


def letter(mail, body, *, head="Content-Type: text/html; charset=utf-8", key="<1@x>", subject="Hello"):
    raw = f"From: Halny <hello@halny.example>\r\nSubject: {subject}\r\nMessage-ID: {key}\r\n{head}\r\n\r\n{body}"
    mail._called(lambda: mail.take("b@halny.example", ADDRESS, raw.encode(), answered=True))


def shown(mail):
    return pocket_devices.mailbox(mail, Persona("a", "Anna", "en", "x", None, ADDRESS))["letters"]


class TestPhone:
    def test_without_a_chat_there_is_none(self, telegram):
        assert pocket_devices.phone(telegram, Persona("a", "Anna", "en", "x")) is None

    def test_messages_stand_in_their_order_with_whose_they_are(self, telegram):
        chat = telegram.person("Anna")
        telegram.start_bot(chat)
        telegram.say(chat, "Hi")
        told = pocket_devices.phone(telegram, Persona("a", "Anna", "en", "x", chat.id))
        assert [(each["text"], each["ours"]) for each in told["messages"]] == [("/start", False), ("Hi", False)]
        assert told["messages"][0]["key"].startswith(f"{chat.id}:")
        assert told["started"]
        assert not told["blocked"]

    def test_a_file_is_named(self, telegram):
        chat = telegram.person("Anna")
        telegram.send_file(chat, "photo", b"png", caption="Look")
        (message,) = pocket_devices.phone(telegram, Persona("a", "Anna", "en", "x", chat.id))["messages"]
        assert (message["file"], message["text"]) == ("photo", "Look")


class TestMailbox:
    def test_without_an_address_there_is_none(self, mail):
        assert pocket_devices.mailbox(mail, Persona("a", "Anna", "en", "x")) is None

    def test_a_letter_says_who_wrote_it_and_what_its_reader_may_do(self, mail):
        head = (
            "List-Unsubscribe: <https://halny.example/unsubscribe/x>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nContent-Type: text/html; charset=utf-8"
        )
        letter(mail, "<p>Hi</p>", head=head)
        (told,) = shown(mail)
        assert (told["from"], told["subject"], told["ours"]) == ("Halny", "Hello", True)
        assert (told["html"], told["one_click"], told["mark"]) == (True, True, None)

    def test_without_the_header_for_one_click_there_is_no_such_button(self, mail):
        letter(mail, "Hi", head="List-Unsubscribe: <https://halny.example/unsubscribe/x>")
        assert not shown(mail)[0]["one_click"]

    def test_their_own_answer_is_shown_without_what_it_quotes(self, mail):
        letter(mail, "Shall we hold a pair?", head="Content-Type: text/plain; charset=utf-8")
        mail.put(ADDRESS, mail.reply(mail.ledger[0], "Yes please", name="Anna"))
        assert [(each["ours"], each["text"]) for each in shown(mail)] == [
            (True, "Shall we hold a pair?"),
            (False, "Yes please"),
        ]

    @pytest.mark.parametrize(
        "head",
        [
            "Content-Type: text/html; charset=no-such-set",
            "Content-Type: multipart/alternative",
            "Content-Type: text/html\r\nContent-Transfer-Encoding: base64",
            "Content-Type: ;;;",
        ],
    )
    def test_a_letter_that_nobody_can_read_does_not_break_the_page(self, mail, head):
        letter(mail, "\x00<p>\udcff".encode("utf-8", "replace").decode(), head=head, subject="=?x?B?!!!?=")
        assert len(shown(mail)) == 1

    def test_a_letter_that_came_twice_is_two(self, mail):
        letter(mail, "Hi")
        letter(mail, "Hi")
        assert [each["key"] for each in shown(mail)] == ["<1@x>", "<1@x> #2"]

    def test_a_letter_without_a_name_of_its_own_is_shown_too(self, mail):
        letter(mail, "Hi", key="")
        assert len(shown(mail)) == 1


class TestFramed:
    def test_links_open_beside_it(self):
        page = pocket_devices.framed(opened("Content-Type: text/html\n\n<html><head><title>x</title></head>y</html>"))
        assert page.startswith(b'<html><head><base target="_blank">')

    @pytest.mark.parametrize(
        "picture",
        ['<img src="https://x/a.png">', "<img alt=''\n SRC = '//x/a'>", "<IMG width=1 src=http://x/a>"],
    )
    def test_pictures_from_elsewhere_are_not_named(self, picture):
        page = pocket_devices.framed(opened(f"Content-Type: text/html\n\n{picture}")).lower()
        assert b"data-src" in page
        assert b" src" not in page

    def test_a_picture_that_the_letter_brings_along_stays(self):
        page = pocket_devices.framed(opened('Content-Type: text/html\n\n<img src="data:image/png;base64,AA">'))
        assert b' src="data:' in page


class TestOneClick:
    def test_it_takes_the_address_of_the_web_and_not_the_mail_s(self):
        head = "List-Unsubscribe: <mailto:x@y>, <https://y/u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nx"
        assert pocket_devices.one_click(opened(head)) == "https://y/u"
