"""Letters as they leave: read back by the standard library's parser, signatures by dkimpy."""

import dataclasses
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from importlib.metadata import entry_points

import dkim
import msgspec
import pytest
from hypothesis import example
from hypothesis import given as supposing
from hypothesis import strategies as st

from architecture.checks import ROOT
from channels.email_making import AT, BRAND, ED25519_KEY, RSA_KEY, given, outgoing, settings
from onevoice.channels.email.adaptor import CHANNEL
from onevoice.channels.email.headers import UnusableAddressError, address, mailbox, parameter, unstructured
from onevoice.channels.email.payloads import letter
from onevoice.channels.email.returns import identified, message_id, return_address, returned
from onevoice.channels.email.settings import MANIFEST, _Given, read
from onevoice.channels.email.signing import SIGNED
from onevoice.domains.delivery.contracts.messages import Button, Content, Media
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.errors import ActionRequired, Permanent

URL = "https://news.northfold.example/u/abc"
WORDS = st.text(max_size=300)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n "), max_size=2000)
INJECTIONS = [
    "Hi\r\nBcc: all@people.example",
    "Hi\nBcc: all@people.example",
    "Hi\rBcc: all@people.example",
    "Hi\r\n\r\n<script>alert(1)</script>",
    "Hi\0Bcc: x",
    "Hi\x0b\x0cBcc: x",
    "Hi\x85Bcc: x",
    "Hi\u2028Bcc: x\u2029Bcc: y",
    "=?utf-8?Q?Hi=0D=0ABcc:_x@people.example?=",
    "Hi\r\n\tBcc: x",
    "\u202egnp.exe",
    "\ud800lone",
]


def shown(text):
    """Without what may not stand in a header."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]+", " ", text).strip()


def made(message=None, **more):
    return letter(message or outgoing(), settings(**more), AT)


def opened(data):
    return message_from_bytes(data, policy=policy.default)


def text_of(part):
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


class TestAddress:
    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "anna",
            "@people.example",
            "anna@",
            "anna@people.example\r\nBcc: x@y.example",
            "anna@people .example",
            "anna@people.example\n",
            "a b@people.example",
            "anna@@people.example",
            "<anna@people.example>",
            "anna@people.example>",
            "anna,eve@people.example",
            '"a"@people.example',
            "анна@people.example",
            "anna@[127.0.0.1]",
            "anna@people..example",
            ".anna@people.example",
            "a" * 65 + "@people.example",
            "anna@" + "a" * 64 + ".example",
            "anna@people.example\0",
            "anna@people\u2028.example",
        ],
    )
    def test_what_is_none_is_refused(self, bad):
        with pytest.raises(UnusableAddressError):
            address(bad)
        with pytest.raises(Permanent) as caught:
            made(outgoing(address=bad))
        assert (caught.value.code, caught.value.gone) == ("address_invalid", True)

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"),
            ("anna@żółć.pl", "anna@xn--kda4b0koi.pl"),
            ("Anna.B+x@PEOPLE.Example", "Anna.B+x@people.example"),
        ],
    )
    def test_domains_are_written_in_ascii(self, text, plain):
        assert str(address(text)) == plain
        assert f"To: {plain}".encode() in made(outgoing(address=text)).data

    @supposing(WORDS)
    def test_whatever_is_taken_is_one_word_of_ascii(self, text):
        try:
            found = str(address(f"{text}@people.example"))
        except UnusableAddressError:
            return
        assert re.fullmatch(r"[!-~]+@people\.example", found)


class TestHeaders:
    @supposing(WORDS)
    @example("  two  spaces ")
    @example("a" * 300)
    @example("Ваш заказ №5 готов — заберите до пятницы, пожалуйста, и не забудьте карту")
    def test_a_subject_is_read_back_as_it_was(self, text):
        line = unstructured("Subject", text)
        assert all(len(each) <= 78 for each in line.split("\r\n"))
        assert all(each.startswith(" ") and each.strip() for each in line.split("\r\n")[1:])
        assert line.isascii()
        wanted = " ".join(
            re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]+", " ", text).split()
        )
        assert " ".join(opened(f"{line}\r\n\r\n".encode())["Subject"].split()) == wanted

    @supposing(WORDS)
    @example('O\'Neil "Bob" \\ Żółć, Ltd. <x@y.z>')
    @example("Anna, Bob")
    def test_a_name_neither_changes_nor_adds_an_address(self, name):
        line = mailbox("From", address("hello@northfold.example"), name)
        assert line.isascii()
        (found,) = opened(f"{line}\r\n\r\n".encode())["From"].addresses
        assert found.addr_spec == "hello@northfold.example"

    @supposing(st.text(max_size=200))
    @example("счёт за ноябрь.pdf")
    @example("Zażółć gęślą jaźń.txt")
    @example('a"; filename=evil.exe; x="')
    def test_a_file_name_is_read_back(self, name):
        line = f"Content-Disposition: attachment{parameter('filename', name)}"
        assert line.isascii()
        wanted = shown(name)
        found = message_from_bytes(f"{line}\r\n\r\n".encode()).get_filename("")
        assert list(opened(f"{line}\r\n\r\n".encode())) == ["Content-Disposition"]
        assert found == wanted

    @pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
    def test_nothing_injects_a_header(self, text):
        message = outgoing(
            content=Content(
                text,
                html=text,
                subject=text,
                media=(Media("file", text, f"text/plain{text}", b"x"),),
                buttons=((Button(text, url="https://northfold.example/"),),),
            ),
            answers=f"<a@b.example>{text}",
            thread=(text, f"<{text}@b.example>", "<fine@b.example>"),
            language=text,
        )
        message = dataclasses.replace(message, key=text)
        found = opened(made(message, from_name=text).data)
        names = [name.lower() for name in found]
        assert set(names) <= {
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "references",
            "mime-version",
            "content-type",
            "auto-submitted",
            "in-reply-to",
        }
        assert len(names) == len(set(names))
        assert [each.addr_spec for each in found["To"].addresses] == ["anna@people.example"]

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "https://x.example/>\r\nBcc: y",
            "https://x.example/ a",
            "https://x.example/" + "a" * 999,
        ],
    )
    def test_an_unsubscribe_address_that_cannot_be_written_is_refused(self, url):
        with pytest.raises(Permanent):
            made(outgoing(marketing=True, unsubscribe_url=url))


class TestLetter:
    def test_who_when_and_under_what_name(self):
        found = made(from_name="Нортфолд")
        message = opened(found.data)
        assert str(message["From"]) == "Нортфолд <hello@northfold.example>"
        assert parsedate_to_datetime(message["Date"]) == AT
        assert message["Message-ID"] == found.message_id
        assert identified(found.message_id, BRAND, settings().return_key) == 42
        assert found.recipient == "anna@people.example"
        assert "Feedback-ID" not in message

    def test_each_attempt_is_the_same_to_the_byte(self):
        assert made(dkim_selector="a", dkim_private_key=RSA_KEY) == made(dkim_selector="a", dkim_private_key=RSA_KEY)

    def test_the_date_is_now_where_none_was_decided(self):
        assert parsedate_to_datetime(opened(made(outgoing(at=None)).data)["Date"]) == AT

    def test_a_thread_is_kept(self):
        message = opened(made(outgoing(answers="<c@x.example>", thread=("<a@x.example>", "<c@x.example>"))).data)
        assert message["In-Reply-To"] == "<c@x.example>"
        assert message["References"] == "<a@x.example> <c@x.example>"
        assert "Auto-Submitted" not in message

    def test_what_nobody_asked_for_says_that_a_machine_wrote_it(self):
        assert opened(made().data)["Auto-Submitted"] == "auto-generated"

    def test_only_marketing_with_a_way_out_carries_list_headers(self):
        full = opened(made(outgoing(marketing=True, unsubscribe_url=URL)).data)
        assert full["List-Unsubscribe"].strip() == f"<{URL}>"
        assert full["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert full["List-Id"] == f"<news.{BRAND}>"
        for other in (outgoing(unsubscribe_url=URL), outgoing(marketing=True)):
            message = opened(made(other).data)
            assert "List-Unsubscribe" not in message
            assert "List-Unsubscribe-Post" not in message

    def test_answers_go_where_the_settings_say(self):
        assert opened(made(reply_to="care@northfold.example").data)["Reply-To"] == "care@northfold.example"

    @supposing(LINES, LINES)
    @example("." * 3 + "\n.\n..", "<p>.</p>\n.")
    @example("a" * 3000, "Ж" * 3000)
    @example("trailing \t \nspace ", "<p> ")
    @example("--=_x\nFrom here", "=20=")
    def test_text_and_html_are_read_back_as_they_were(self, text, html):
        message = opened(made(outgoing(content=Content(text, html=html or None, subject="s"))).data)
        parts = list(message.walk())
        plain = text_of(next(part for part in parts if part.get_content_type() == "text/plain"))
        assert plain in ({text} if html else {text, f"{text}\n"})  # a letter of one part ends its last line
        if html:
            assert message.get_content_type() == "multipart/alternative"
            assert text_of(next(part for part in parts if part.get_content_type() == "text/html")) == html

    @supposing(LINES)
    @example("a" * 3000)
    @example("Ż" + "a" * 3000 + "\nb")
    def test_no_line_is_longer_than_mail_may_be(self, text):
        data = made(outgoing(content=Content(text, html=text, subject=text.replace("\n", " ")))).data
        assert max(map(len, data.split(b"\r\n"))) <= 998
        assert b"\n" not in data.replace(b"\r\n", b"")
        assert b"\r" not in data.replace(b"\r\n", b"")

    def test_pictures_stand_in_the_document_and_files_behind_it(self):
        media = (
            Media("image", "logo.png", "image/png", b"\x89PNG"),
            Media("image", "other.png", "image/png", b"\x89PNG2"),
            Media("file", "счёт.pdf", "application/pdf", bytes(range(256)) * 40),
        )
        content = Content("t", html='<img src="cid:logo.png">', subject="s", media=media)
        message = opened(made(outgoing(content=content)).data)
        assert message.get_content_type() == "multipart/mixed"
        kinds = [part.get_content_type() for part in message.walk()]
        assert kinds == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "image/png",
            "application/pdf",
        ]
        picture = next(part for part in message.walk() if part["Content-ID"])
        assert picture["Content-ID"] == "<logo.png>"
        files = list(message.iter_attachments())
        assert [part.get_filename() for part in files] == ["other.png", "счёт.pdf"]
        assert files[1].get_content() == bytes(range(256)) * 40

    def test_buttons_are_links(self):
        content = Content(
            "t", html="<html><body>x</body></html>", buttons=((Button('A "b" <c>', url=f"{URL}?a=1&b=2"),),)
        )
        message = opened(made(outgoing(content=content)).data)
        assert f'A "b" <c>: {URL}?a=1&b=2' in message.get_body(("plain",)).get_content()
        assert (
            f'<a href="{URL}?a=1&amp;b=2">A &quot;b&quot; &lt;c&gt;</a></p></body>' in message.get_body().get_content()
        )


class TestReturns:
    RETURNS = address("bounce@northfold.example")
    KEY = b"k" * 32

    @supposing(st.integers(1, 2**63 - 1))
    def test_a_bounce_names_its_message(self, number):
        sent = str(return_address(self.RETURNS, MessageId(number), self.KEY))
        assert len(sent.partition("@")[0]) <= 64
        for seen in (sent, sent.upper(), f"<{sent}>"):
            assert returned(seen, self.RETURNS, self.KEY) == number

    @supposing(st.integers(1, 10**6), st.data())
    def test_any_changed_letter_names_nothing(self, number, data):
        sent = str(return_address(self.RETURNS, MessageId(number), self.KEY))
        at = data.draw(st.integers(0, len(sent) - 1))
        other = data.draw(st.characters(min_codepoint=33, max_codepoint=0x24F))
        changed = sent[:at] + other + sent[at + 1 :]
        if changed.lower() != sent and changed.strip("<>") != sent:
            assert returned(changed, self.RETURNS, self.KEY) is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "@",
            "bounce@northfold.example",
            "bounce+@northfold.example",
            "bounce+1-@northfold.example",
            "bounce+-1-aaaa@northfold.example",
            "bounce+²-aaaa@northfold.example",
            "bounce+" + "9" * 500 + "-a@northfold.example",
        ],
    )
    def test_what_is_no_return_address_names_nothing(self, text):
        assert returned(text, self.RETURNS, self.KEY) is None

    def test_another_key_or_domain_or_a_zero_before_names_nothing(self):
        sent = str(return_address(self.RETURNS, MessageId(7), self.KEY))
        assert returned(sent, self.RETURNS, b"other" * 8) is None
        assert returned(sent, address("bounce@else.example"), self.KEY) is None
        assert returned(sent.replace("+7-", "+07-"), self.RETURNS, self.KEY) is None

    @supposing(st.integers(1, 2**63 - 1))
    def test_every_message_id_names_its_message_and_no_other(self, number):
        made_id = message_id(MessageId(number), self.KEY, BRAND)
        assert identified(made_id, BRAND, self.KEY) == number
        assert identified(made_id, "else.example", self.KEY) is None
        assert identified(made_id, BRAND, b"other" * 8) is None
        assert identified(made_id.replace("<m-", "<m-1"), BRAND, self.KEY) is None

    def test_a_message_id_gives_no_return_address_away(self):
        mac = message_id(MessageId(7), self.KEY, BRAND).partition(".")[2].partition("@")[0]
        assert returned(f"bounce+7-{mac}@{BRAND}", self.RETURNS, self.KEY) is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<m-7@northfold.example>",
            "<m-7.@northfold.example>",
            "<m-7.ov-7@northfold.example>",
            "<m-²7.aaaa@northfold.example>",
            "m-7.aaaa@northfold.example",
            "<m-" + "7" * 500 + ".a@northfold.example>",
        ],
    )
    def test_what_is_no_message_id_of_ours_names_nothing(self, text):
        assert identified(text, BRAND, self.KEY) is None


def signed(message=None, key=RSA_KEY):
    found = read(given(dkim_selector="ov1", dkim_private_key=key))
    record = found.signer.record[1].encode()
    data = letter(message or outgoing(marketing=True, unsubscribe_url=URL), found, AT).data
    return data, lambda _name, timeout=5: record


class TestSignature:
    @pytest.mark.parametrize("key", [RSA_KEY, ED25519_KEY], ids=["rsa", "ed25519"])
    def test_holds(self, key):
        data, dns = signed(key=key)
        assert dkim.verify(data, dnsfunc=dns)

    @supposing(LINES)
    def test_holds_for_whatever_is_said(self, text):
        data, dns = signed(outgoing(content=Content(text, html=text or None, subject=text.replace("\n", " "))))
        assert dkim.verify(data, dnsfunc=dns)

    @pytest.mark.parametrize(
        "name", ["From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"]
    )
    def test_breaks_when_a_header_changes(self, name):
        data, dns = signed()
        changed = re.sub(rb"(?m)^(%s:\s*)(\S)" % name.encode(), rb"\1X", data, count=1)
        assert changed != data
        assert not dkim.verify(changed, dnsfunc=dns)

    @pytest.mark.parametrize(
        "line",
        [
            b"From: eve@evil.example",
            b"Subject: Win",
            b"Reply-To: eve@evil.example",
            b"List-Unsubscribe: <https://evil.example>",
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            b"Content-Type: text/html",
            b"Date: x",
        ],
    )
    def test_breaks_when_a_header_is_added_above_or_below(self, line):
        data, dns = signed(outgoing())
        assert not dkim.verify(line + b"\r\n" + data, dnsfunc=dns)
        head, gap, body = data.partition(b"\r\n\r\n")
        assert not dkim.verify(head + b"\r\n" + line + gap + body, dnsfunc=dns)

    def test_holds_when_a_server_adds_what_servers_add_and_folds_anew(self):
        data, dns = signed()
        passed = b"Received: from a by b;\r\n Fri, 27 Nov 2026 10:00:00 +0000\r\n" + data.replace(
            b"To: anna", b"To:\r\n   anna"
        )
        assert dkim.verify(passed, dnsfunc=dns)

    def test_covers_both_list_headers_twice(self):
        data, _ = signed()
        named = re.sub(rb"\s", b"", re.search(rb"h=(.*?);", data, re.DOTALL)[1]).split(b":")
        for name in (b"list-unsubscribe", b"list-unsubscribe-post", b"from"):
            assert named.count(name) == 2
        assert set(named) == set(SIGNED)

    @pytest.mark.parametrize(
        ("selector", "key"),
        [("", RSA_KEY), ("a b", RSA_KEY), ("a;b", RSA_KEY), ("ov1", "no key"), ("ov1", RSA_KEY[:200])],
    )
    def test_a_key_that_cannot_sign_is_refused_and_not_shown(self, selector, key):
        with pytest.raises(ActionRequired) as caught:
            read(given(dkim_selector=selector, dkim_private_key=key))
        assert caught.value.code == "dkim_key_invalid"
        assert key[:60] not in str(caught.value) or key == "no key"


class TestSettings:
    @pytest.mark.parametrize(
        "more",
        [
            {"from_address": "nobody"},
            {"smtp_host": ""},
            {"smtp_host": "a b"},
            {"smtp_host": "a\r\nb"},
            {"smtp_port": 0},
            {"smtp_port": 70000},
            {"smtp_security": "maybe"},
            {"smtp_password": "a\nb"},
            {"reply_to": "x"},
            {"return_address": "x"},
            {"return_secret": "short"},
            {"return_secret": ""},
            {"unknown": 1},
            {"imap_host": "imap.example"},
            {"imap_host": "i", "imap_username": "u", "imap_password": "p", "imap_folder": "a\r\nb"},
        ],
        ids=str,
    )
    def test_what_cannot_be_right_is_refused(self, more):
        with pytest.raises(ActionRequired):
            read(given(**more))

    def test_without_a_secret_of_its_own_the_return_key_comes_from_the_others(self):
        one, other = (settings(return_secret="", smtp_password=word) for word in ("one", "two"))
        assert one.return_key != other.return_key

    def test_every_setting_is_in_the_manifest_in_three_languages_and_in_the_reference(self):
        told = (ROOT / "docs" / "reference" / "channels" / "email.md").read_text()
        assert [each.name for each in MANIFEST.settings if f"`{each.name}`" not in told] == []
        assert {each.name for each in MANIFEST.settings} == {each.name for each in msgspec.structs.fields(_Given)}
        for each in MANIFEST.settings:
            assert set(each.title) == {"en", "ru", "pl"}
            assert set(each.help) in ({"en", "ru", "pl"}, set())
            assert each.secret == (each.name.endswith(("password", "secret", "private_key")))

    def test_the_package_names_the_channel(self):
        (found,) = entry_points(group="onevoice.channels", name="email")
        assert found.load() is CHANNEL

    def test_the_date_of_a_letter_is_in_any_zone_the_same_moment(self):
        late = datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC)
        assert parsedate_to_datetime(opened(made(outgoing(at=late)).data)["Date"]) == late
