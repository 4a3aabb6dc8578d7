"""What arrives: people's letters, reports, and what somebody made to hurt."""

import base64

import pytest

from channels.email_making import AT, BRAND, SENT, SETTINGS, TO, heard, receipt, said, written
from onevoice.channels.email.returns import message_id
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.sandbox import mail_letters

SENT_ID = 42
LATER = message_id(MessageId(SENT_ID + 1), SETTINGS.return_key, BRAND)


class TestSaid:
    def test_who_what_and_when(self):
        found = said(
            written(
                "Do you have 38?\n\n-- \nAnna", In_Reply_To=SENT.message_id, References=f"<x@y.z> {SENT.message_id}"
            ).as_bytes()
        )
        assert (found.address, found.name, found.subject) == ("anna@people.example", "Anna", "Size")
        assert (found.text, found.signature) == ("Do you have 38?", "--\nAnna")
        assert (found.answers, found.thread) == (SENT.message_id, ("<x@y.z>", SENT.message_id))
        assert (found.provider_id, found.happened_at, found.automatic) == ("<a1@people.example>", AT, False)

    @pytest.mark.parametrize(
        ("headers", "number"),
        [
            ({"In_Reply_To": SENT.message_id}, SENT_ID),
            ({"References": f"<x@y.z> {SENT.message_id}"}, SENT_ID),
            (
                {"In_Reply_To": "<mine@people.example>", "References": f"{SENT.message_id} <mine@people.example>"},
                SENT_ID,
            ),
            ({"References": f"{SENT.message_id} {LATER}"}, SENT_ID + 1),
            ({"In_Reply_To": SENT.message_id.replace("<m-", "<m-1")}, None),
            ({"In_Reply_To": SENT.message_id.replace(BRAND, "other.example")}, None),
            ({}, None),
        ],
    )
    def test_which_of_ours_it_answers_is_told_by_a_name_that_we_signed(self, headers, number):
        assert said(written("Do you have 38?", **headers).as_bytes()).answered == number

    @pytest.mark.parametrize(
        ("value", "name"),
        [
            ("=?utf-8?B?0JDQvdC90LA=?= <anna@people.example>", "Анна"),
            ("=?koi8-r?B?4c7OwQ==?= <anna@people.example>", "Анна"),
            ("=?windows-1251?Q?=C0=ED=ED=E0?= <anna@people.example>", "Анна"),
            ("=?iso-8859-2?Q?=A3ucja?= <anna@people.example>", "Łucja"),
            ('"Anna, Ltd." <anna@people.example>', "Anna, Ltd."),
            ("=?nonsense?B?0JDQvdC90LA=?= <anna@people.example>", "Анна"),
            ("=?utf-8?B?!!!?= <anna@people.example>", None),
            ("anna@people.example", None),
        ],
    )
    def test_names_in_any_charset(self, value, name):
        found = said(f"From: {value}\nMessage-ID: <a@b.c>\n\nHi")
        assert found.address == "anna@people.example"
        assert name is None or found.name == name

    @pytest.mark.parametrize(
        ("charset", "coded"),
        [
            ("utf-8", "Привет, Анна".encode()),
            ("windows-1251", "Привет, Анна".encode("cp1251")),
            ("koi8-r", "Привет, Анна".encode("koi8-r")),
            ("utf-8", "Привет, Анна".encode("cp1251")),
            ("us-ascii", "Привет, Анна".encode()),
            ("no-such", "Привет, Анна".encode()),
            ("", "Привет, Анна".encode("cp1251")),
            ("", "Привет, Анна".encode("koi8-r")),
            ("utf-16", "Привет, Анна".encode("utf-16")),
            ("iso-8859-1", "Привет, Анна".encode()),
        ],
    )
    def test_a_wrong_or_unknown_charset_is_read_all_the_same(self, charset, coded):
        raw = (
            b"From: a@b.example\r\nContent-Type: text/plain; charset="
            + charset.encode()
            + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.b64encode(coded)
        )
        assert said(raw).text == "Привет, Анна"

    def test_html_alone_is_read_as_text_and_shown_clean(self):
        found = said(
            "From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n<p>Hi <b>you</b></p><script>alert(1)</script>"
        )
        assert found.text == "Hi you"
        assert found.html == "<p>Hi <b>you</b></p>"

    def test_attachments_come_with_their_names(self):
        message = written()
        message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="счёт.pdf")
        message.add_attachment(b"x", maintype="text", subtype="plain", filename="../../etc/passwd")
        message.add_attachment(
            b"x", maintype="application", subtype="octet-stream", filename="C:\\evil\r\n.exe".replace("\r\n", "")
        )
        found = said(message.as_bytes())
        assert [(each.name, each.size_bytes, each.data) for each in found.attachments] == [
            ("счёт.pdf", 4, b"%PDF"),
            ("passwd", 1, b"x"),
            ("evil.exe", 1, b"x"),
        ]

    def test_a_letter_that_came_twice_has_one_key_and_another_under_its_id_has_its_own(self):
        one = written().as_bytes()
        assert said(b"Received: from a\r\n" + one).key == said(b"Received: from b\r\n" + one).key
        assert said(one).key != said(written("Other").as_bytes()).key

    @pytest.mark.parametrize(
        "headers",
        [
            {"Auto_Submitted": "auto-replied"},
            {"Auto_Submitted": "auto-generated; x=y"},
            {"Precedence": "bulk"},
            {"Precedence": "auto_reply"},
            {"X_Autoreply": "yes"},
            {"X_Autorespond": "x"},
            {"List_Id": "<x.y>"},
            {"Return_Path": "<>"},
            {"From": "MAILER-DAEMON@x.example"},
            {"From": "no-reply@x.example"},
            {"Subject": "Automatic reply: Your order"},
            {"Subject": "Автоответ: Ваш заказ"},
            {"Subject": "Odpowiedź automatyczna: zamówienie"},
            {"Subject": "Out of Office: back on Monday"},
        ],
        ids=str,
    )
    def test_machines_are_told_from_people(self, headers):
        assert said(written(**headers).as_bytes()).automatic

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Auto_Submitted": "no"},
            {"Precedence": "first-class"},
            {"X_Auto_Response_Suppress": "All"},
            {"Subject": "My automatic watch"},
        ],
        ids=str,
    )
    def test_and_people_from_machines(self, headers):
        assert not said(written(**headers).as_bytes()).automatic

    def test_a_letter_from_nobody_is_automatic(self):
        found = said("Subject: x\n\nHi")
        assert (found.address, found.automatic) == ("", True)

    def test_a_letter_that_goes_round_and_round_is_automatic(self):
        assert said(b"Received: by x\r\n" * 60 + written().as_bytes()).automatic

    def test_our_own_letter_that_came_round_says_nothing(self):
        assert heard(SENT.data) == ()


class TestReports:
    def failed(self, code="5.1.1", to=TO, raw=SENT.data):
        return mail_letters.failure(raw, "anna@people.example", to, code, "No such user", AT, "<d1@p.example>")

    @pytest.mark.parametrize(
        ("code", "gone"),
        [("5.1.1", True), ("5.1.10", True), ("5.2.1", True), ("5.2.2", False), ("5.7.1", False), ("4.4.7", False)],
    )
    def test_hard_and_soft(self, code, gone):
        found = receipt(self.failed(code))
        assert (found.state, found.message_id, found.code, found.gone) == ("bounced", 42, code, gone)
        assert found.address == "anna@people.example"
        assert "No such user" in found.detail

    def test_a_forged_one_names_nothing(self):
        """Neither by a return address with another's signature nor by an id with one, nor by an id that is guessed."""
        forged = TO.replace("+42-", "+43-")
        for guess in (b"<m-43.", b"<m-43.ov-", b"<m-43.key"):
            assert heard(self.failed(to=forged, raw=SENT.data.replace(b"<m-42.", guess))) == ()
        assert heard(self.failed(to=forged, raw=SENT.data.replace(b"northfold.example", b"else.example"))) == ()

    def test_by_our_id_where_the_return_address_was_lost(self):
        assert receipt(self.failed(to=f"hello@{BRAND}")).message_id == 42

    @pytest.mark.parametrize(
        ("action", "count"),
        [("delayed", 0), ("relayed", 0), ("expanded", 0), ("delivered", 1), ("FAILED (x)", 1), ("", 0)],
    )
    def test_only_what_has_ended_is_told(self, action, count):
        assert len(heard(self.failed().replace(b"Action: failed", f"Action: {action}".encode()))) == count

    def test_a_success_that_says_so_is_delivered(self):
        raw = self.failed("2.0.0").replace(b"Action: failed", b"Action: delivered")
        assert receipt(raw).state == "delivered"

    def test_the_other_servers_own_words_tell_more_than_a_plain_5_0_0(self):
        raw = self.failed("5.0.0").replace(b"smtp; 550 5.0.0", b"smtp; 550 5.1.1")
        assert receipt(raw).gone

    def test_two_recipients_are_two_receipts(self):
        group = b"Final-Recipient: rfc822; bob@people.example\r\nAction: failed\r\nStatus: 5.2.2\r\n"
        raw = self.failed().replace(b"Final-Recipient: rfc822; anna", group + b"\r\nFinal-Recipient: rfc822; anna")
        one, two = heard(raw)
        assert (one.address, two.address) == ("bob@people.example", "anna@people.example")
        assert one.key != two.key

    def test_the_same_report_twice_has_one_key(self):
        assert receipt(self.failed()).key == receipt(b"Received: by x\r\n" + self.failed()).key

    @pytest.mark.parametrize(
        ("text", "code", "gone"),
        [
            ("<anna@people.example>:\n550 5.1.1 unknown", "5.1.1", True),
            ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1", True),
            ("host said: 552 mailbox full", "5.0.0", False),
        ],
    )
    def test_old_servers_that_bounce_in_prose(self, text, code, gone):
        found = receipt(f"From: MAILER-DAEMON@mx.example\nTo: {TO}\nSubject: failure notice\n\n{text}")
        assert (found.state, found.message_id, found.code, found.gone) == ("bounced", 42, code, gone)

    def test_prose_that_says_wait_is_no_bounce(self):
        assert heard(f"From: MAILER-DAEMON@mx.example\nTo: {TO}\n\n451 4.4.1 will try again, delayed") == ()

    def test_prose_to_another_address_is_what_somebody_said(self):
        assert said(f"From: MAILER-DAEMON@mx.example\nTo: hello@{BRAND}\n\n550 5.1.1").automatic

    def test_an_out_of_office_note_to_the_return_address_is_no_bounce(self):
        found = said(f"From: anna@people.example\nTo: {TO}\nAuto-Submitted: auto-replied\n\nI am away. Call 550 100")
        assert found.automatic
        assert found.address == "anna@people.example"

    def complained(self, **more):
        return mail_letters.complaint(
            SENT.data, more.get("sender", TO), "anna@people.example", f"abuse@{BRAND}", AT, "<c1@p.example>"
        )

    def test_a_complaint(self):
        found = receipt(self.complained())
        assert (found.state, found.message_id, found.code) == ("complained", 42, "abuse")
        assert found.address == "anna@people.example"

    def test_a_complaint_without_a_return_address_is_named_by_our_id(self):
        assert receipt(self.complained(sender="x@y.example")).message_id == 42

    def test_a_complaint_about_others_mail_says_nothing(self):
        assert heard(self.complained(sender="x@y.example").replace(b"<m-42", b"<z-42")) == ()

    def test_not_spam_is_no_complaint(self):
        assert heard(self.complained().replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam")) == ()

    def test_a_report_inside_a_persons_letter_is_not_believed(self):
        """A person may send on what they got; a report names a message only by its secret."""
        raw = self.failed(to=f"hello@{BRAND}", raw=b"Message-ID: <other@x.example>\r\n\r\n")
        assert heard(raw) == ()
