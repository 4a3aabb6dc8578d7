"""The sandbox's mail provider, judged by others' clients: imap-tools, the standard library, swaks."""

import imaplib
import smtplib
import socket
import subprocess
from email import message_from_bytes

import pytest
from imap_tools import AND, OR, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import MailboxLoginError

from channels.email_making import AT, BRAND, PASSWORD, written
from onevoice.kit.clock import ManualClock
from onevoice.sandbox.mail import Mail

BOX = f"hello@{BRAND}"


@pytest.fixture
def mail():
    with Mail(password=PASSWORD, clock=ManualClock(AT)) as found:
        found.brand(BRAND)
        yield found


@pytest.fixture
def filled(mail):
    mail.put(BOX, written("One", Subject="Размер").as_bytes())
    mail.put(BOX, written("Two", From="Bob <bob@people.example>").as_bytes())
    mail.put(BOX, written("Three").as_bytes())
    return mail


class TestImapTools:
    def test_reads_searches_and_marks(self, filled):
        with MailBoxUnencrypted("127.0.0.1", filled.imap_port).login(BOX, PASSWORD) as box:
            letters = list(box.fetch(mark_seen=False))
            assert [each.text.strip() for each in letters] == ["One", "Two", "Three"]
            assert [each.subject for each in letters] == ["Размер", "Size", "Size"]
            assert [each.uid for each in letters] == ["1", "2", "3"]
            assert filled.flags(BOX) == [set(), set(), set()]
            assert [each.uid for each in box.fetch(AND(from_="bob"), mark_seen=False)] == ["2"]
            assert box.uids(OR(AND(from_="bob"), AND(subject="nothing"))) == ["2"]
            assert box.uids(AND(all=True)) == ["1", "2", "3"]
            assert [each.text.strip() for each in box.fetch(AND(seen=False), limit=1)] == ["One"]
            assert filled.flags(BOX)[0] == {"\\Seen"}
            box.flag(["2"], MailMessageFlags.FLAGGED, True)
            assert box.uids(AND(flagged=True)) == ["2"]
            box.flag(["2"], MailMessageFlags.FLAGGED, False)
            assert box.uids(AND(flagged=True)) == []
            box.delete(["3"])
            assert box.uids() == ["1", "2"]
            assert [each.size for each in box.fetch(bulk=True, mark_seen=False)] == [
                len(raw) for raw in filled.letters(BOX)
            ]

    def test_lists_and_tells_of_folders(self, filled):
        with MailBoxUnencrypted("127.0.0.1", filled.imap_port).login(BOX, PASSWORD) as box:
            assert [folder.name for folder in box.folder.list()] == ["INBOX"]
            assert box.folder.status("INBOX")["UIDNEXT"] == 4
            assert box.folder.exists("INBOX")
            assert not box.folder.exists("Sent")

    def test_idle_tells_of_a_new_letter(self, filled):
        with MailBoxUnencrypted("127.0.0.1", filled.imap_port).login(BOX, PASSWORD) as box:
            box.idle.start()
            filled.put(BOX, written("Four").as_bytes())
            assert box.idle.poll(timeout=5) == [b"* 4 EXISTS"]
            box.idle.stop()
            assert len(box.uids()) == 4

    def test_a_wrong_password(self, filled):
        box = MailBoxUnencrypted("127.0.0.1", filled.imap_port)
        with pytest.raises(MailboxLoginError, match="AUTHENTICATIONFAILED"):
            box.login(BOX, "wrong")
        box.client.logout()


class TestImaplib:
    def test_reads(self, filled):
        client = imaplib.IMAP4("127.0.0.1", filled.imap_port)
        assert "IDLE" in client.capabilities
        client.login(BOX, PASSWORD)
        assert client.select("INBOX", readonly=True) == ("OK", [b"3"])
        assert client.response("UIDVALIDITY")[1] == [b"1"]
        assert client.uid("SEARCH", "SINCE", "27-Nov-2026") == ("OK", [b"1 2 3"])
        assert client.uid("SEARCH", "BEFORE", "27-Nov-2026") == ("OK", [b""])
        assert client.search(None, "NOT", "UID", "2") == ("OK", [b"1 3"])
        _, data = client.uid("FETCH", "2:*", "(INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (From)])")
        assert [message_from_bytes(each[1])["From"] for each in data if isinstance(each, tuple)] == [
            "Bob <bob@people.example>",
            "Anna <anna@people.example>",
        ]
        assert b'INTERNALDATE "27-Nov-2026 09:30:00 +0000"' in data[0][0]
        assert client.uid("FETCH", "1", "(BODY.PEEK[]<0.5>)")[1][0] == (b"1 (UID 1 BODY[]<0> {5}", b"From:")
        assert client.uid("STORE", "1", "+FLAGS", r"(\Seen)")[0] == "NO"
        assert client.select("Nowhere")[0] == "NO"
        assert client.noop()[0] == "OK"
        assert client.logout()[0] == "BYE"

    def test_authenticates(self, filled):
        client = imaplib.IMAP4("127.0.0.1", filled.imap_port)
        client.authenticate("PLAIN", lambda _: f"\0{BOX}\0{PASSWORD}".encode())
        assert client.status("INBOX", "(MESSAGES UNSEEN)")[1] == [b'"INBOX" (MESSAGES 3 UNSEEN 3)']
        client.logout()

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"a",
            b"a FETCH 1 BODY[]",
            b"a UID FETCH x (UID)",
            b"a SEARCH",
            b'a LOGIN "',
            b"a LOGIN {9999999999}",
            b"\xff\xfe\xfd",
            b"a STORE",
            b"a UID SEARCH NONSENSE",
            b"(" * 5000,
        ],
    )
    def test_what_it_cannot_read_is_refused_and_the_next_client_served(self, filled, line):
        with socket.create_connection(("127.0.0.1", filled.imap_port), 5) as sock:
            sock.recv(1000)
            sock.sendall(line + b"\r\nb LOGOUT\r\n")
            while sock.recv(1000):
                pass
        client = imaplib.IMAP4("127.0.0.1", filled.imap_port)
        client.login(BOX, PASSWORD)
        client.logout()


class TestSmtp:
    def test_swaks_writes_to_a_brand_and_to_a_person(self, mail):
        for to in (f"bounce+1-x@{BRAND}", "anna@people.example"):
            subprocess.run(
                [
                    "swaks",
                    "--server",
                    f"127.0.0.1:{mail.smtp_port}",
                    "--from",
                    "bob@people.example",
                    "--to",
                    to,
                    "--auth-user",
                    "x",
                    "--auth-password",
                    PASSWORD,
                    "--body",
                    "Hi",
                ],
                check=True,
                capture_output=True,
                timeout=30,
            )
        assert [taken.recipient for taken in mail.ledger] == [f"bounce+1-x@{BRAND}", "anna@people.example"]
        assert len(mail.letters(BOX)) == 1
        assert b"Delivered-To: anna@people.example" in mail.letters("ANNA@people.example")[0]

    def test_it_misbehaves_once_and_only_where_it_was_asked_to(self, mail):
        mail.misbehave("unknown", address="gone@people.example", times=2)
        with smtplib.SMTP("127.0.0.1", mail.smtp_port) as client:
            client.login("x", PASSWORD)
            client.sendmail("a@b.example", "anna@people.example", "Hi")
            for _ in range(2):
                with pytest.raises(smtplib.SMTPRecipientsRefused):
                    client.sendmail("a@b.example", "gone@people.example", "Hi")
            client.sendmail("a@b.example", "gone@people.example", "Hi")
        assert len(mail.ledger) == 2

    def test_nobody_gets_in_without_the_password(self, mail):
        with smtplib.SMTP("127.0.0.1", mail.smtp_port) as client:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("x", "wrong")
            with pytest.raises(smtplib.SMTPSenderRefused):
                client.sendmail("a@b.example", "anna@people.example", "Hi")
