"""Letters that somebody made to hurt: the console that shows them, or the process that reads them."""

import datetime as dt
import re
import resource
import time
import zlib
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email_making import AT, OURS, SENT, TO, heard, said, written
from onevoice.channels.email.cleaning import cleaned
from onevoice.channels.email.parts import DEPTH_MAX, PARTS_MAX, take_apart
from onevoice.channels.email.reading import ATTACHMENT_MAX_BYTES, Arrived, read
from onevoice.sandbox import mail_letters

SAMPLES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jAvAsCrIpT&colon;alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe src=//evil></iframe>",
    "<math><mtext></mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=//evil><input name=p></form>",
    "<base href=//evil>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "<link rel=stylesheet href=//evil>",
    "<style>@import '//evil'</style>",
    "<div style='background:url(//evil)'>x</div>",
    "<table background=//evil><tr><td>x</td></tr></table>",
    "<object data=//evil></object>",
    "<embed src=//evil>",
    "<video src=//evil onerror=alert(1)>",
    "<p onclick=alert(1)>x</p>",
    "<details open ontoggle=alert(1)>",
    "<a href='vbscript:x'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script>",
    "<!--<img src=--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<xmp><script>alert(1)</script></xmp>",
    "<a href='https://x.example' target=_self rel=opener id=x name=y class=z>x</a>",
    "<<script>alert(1)//<</script>",
    "<select><style></select><script>alert(1)</script>",
]
HARMLESS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "hr", "i", "ins", "li", "ol"),
    *("p", "pre", "q", "s", "small", "span", "strong", "sub", "sup", "u", "ul", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
"""What shows text and does nothing: of samples that are cut and mixed any of these may come."""


class Judge(HTMLParser):
    """Reads what was cleaned and notes everything that could act."""

    def __init__(self):
        super().__init__()
        self.wrong = []

    def handle_starttag(self, tag, attrs):
        if tag not in HARMLESS:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in {"href", "rel", "target", "title", "colspan", "rowspan", "dir"}:
                self.wrong.append(name)
            if name == "href" and not re.match(r"(https?:|mailto:|tel:)", value or ""):
                self.wrong.append(value)
        if tag == "a" and dict(attrs).get("href"):
            told = dict(attrs)
            if told.get("rel") != "noopener noreferrer nofollow" or told.get("target") != "_blank":
                self.wrong.append("rel")


class TestCleaning:
    @pytest.mark.parametrize("sample", SAMPLES)
    def test_nothing_is_left_that_acts(self, sample):
        found = said(f"From: a@b.example\nContent-Type: text/html\n\n<p>before</p>{sample}<p>after</p>")
        judge = Judge()
        judge.feed(found.html)
        assert judge.wrong == []
        assert "before" in found.text

    @given(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=6), st.randoms(use_true_random=False))
    def test_nor_when_they_are_cut_and_mixed(self, samples, chance):
        text = "".join(each[chance.randrange(len(each)) :] + each[: chance.randrange(len(each))] for each in samples)
        judge = Judge()
        judge.feed(cleaned(text).html)
        assert judge.wrong == []

    @pytest.mark.parametrize(
        ("html", "count"),
        [
            ("<img src='https://t.example/1.gif'>" * 3, 3),
            ("<img src='cid:a'>", 0),
            ("<img src=//t.example/x>", 1),
            ("<p>x</p>", 0),
            ("<p style='background:url(https://t.example)'>x</p>", 1),
            ("<td background='http://t.example/x'>", 1),
        ],
    )
    def test_pictures_from_elsewhere_are_taken_out_and_counted(self, html, count):
        found = said(f"From: a@b.example\nContent-Type: text/html\n\n{html}")
        assert "t.example" not in (found.html or "")
        assert found.notes == ((f"remote_content:{count}",) if count else ())

    @pytest.mark.parametrize("size", [1_000, 5_000, 50_000])
    def test_a_sender_with_an_endless_name_is_known_by_the_address(self, size):
        assert said(f"From: {'long ' * (size // 5)}<a@b.example>\n\nx").address == "a@b.example"

    def test_names_and_subjects_are_text_and_stay_so(self):
        found = said('From: "<img src=x onerror=alert(1)>" <a@b.example>\nSubject: <script>alert(1)</script>\n\nx')
        assert found.name == "<img src=x onerror=alert(1)>"
        assert found.subject == "<script>alert(1)</script>"


def nested(depth):
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return f"From: a@b.example\r\n{opening}Content-Type: text/plain\r\n\r\ndeep".encode()


BOMBS = {
    "nested": lambda: nested(10_000),
    "one boundary for all": lambda: (
        b"From: a@b.example\r\n" + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 100_000
    ),
    "header": lambda: b"From: a@b.example\r\nX-Big: " + b"a" * 30_000_000 + b"\r\n\r\nHi",
    "folded header": lambda: b"From: a@b.example\r\nX-Big: a\r\n" + b" a\r\n" * 5_000_000 + b"\r\nHi",
    "many headers": lambda: b"From: a@b.example\r\n" + b"X: y\r\n" * 3_000_000 + b"\r\nHi",
    "many parts": lambda: (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_000_000
    ),
    "no line ends": lambda: b"From: a@b.example\r\n\r\n" + b"a" * 25_000_000,
    "endless address": lambda: b"From: " + b"<" * 100_000 + b"\r\n\r\nHi",
    "quoted address": lambda: b'From: "' + b'\\"' * 50_000 + b" <a@b.example>\r\n\r\nHi",
    "commented address": lambda: b"From: " + b"(" * 100_000 + b" a@b.example\r\n\r\nHi",
    "encoded words": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 1_000_000 + b"\r\n\r\nHi",
    "half encoded words": lambda: b"Subject: " + b"=?" * 1_000_000 + b"\r\n\r\nHi",
    "parameters": lambda: b"Content-Type: text/plain" + b"; a*0*=b" * 100_000 + b"\r\n\r\nHi",
    "ids": lambda: b"References: " + b"<a@b> " * 1_000_000 + b"\r\n\r\nHi",
    "half ids": lambda: b"References: " + b"<" * 100_000 + b"\r\n\r\nHi",
    "quoted printable": lambda: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 20_000_000,
    "html tags": lambda: b"Content-Type: text/html\r\n\r\n" + b"<div>" * 1_000_000,
    "html opening": lambda: b"Content-Type: text/html\r\n\r\n" + b"<" * 5_000_000,
    "html quotes": lambda: b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 80_000 + b"x",
    "html attributes": lambda: b"Content-Type: text/html\r\n\r\n<p " + b"a=b " * 1_000_000,
    "html entities": lambda: b"Content-Type: text/html\r\n\r\n" + b"&amp;" * 1_000_000,
    "html formatting": lambda: b"Content-Type: text/html\r\n\r\n" + b"".join(b"<b a=%d><p>" % n for n in range(80_000)),
    "html tables": lambda: b"Content-Type: text/html\r\n\r\n" + b"<table>x" * 100_000,
    "html closing": lambda: b"Content-Type: text/html\r\n\r\n" + b"<i></p>" * 140_000,
    "html cells": lambda: b"Content-Type: text/html\r\n\r\n<table>" + b"<td><p><li>" * 90_000,
    "html comment": lambda: b"Content-Type: text/html\r\n\r\n" + b"<!--" * 1_000_000,
    "report": lambda: (
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"a: b\r\n\r\n" * 1_000_000
    ),
    "lines of quotes": lambda: b"From: a@b.example\r\n\r\n" + b"> a\r\n" * 3_000_000,
}


def attached(name, kind, data):
    message = written()
    main, sub = kind.split("/")
    message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


class TestBombs:
    @pytest.mark.parametrize("name", BOMBS)
    def test_ends_soon_in_little_memory_and_gives_what_was_said(self, name):
        raw = BOMBS[name]()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        found = heard(raw)
        assert time.monotonic() - began < 10
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB
        assert all("unreadable" not in getattr(each, "notes", ()) for each in found)
        assert len(found) <= 1

    @pytest.mark.parametrize(
        ("name", "note"),
        [
            ("nested", "too_deep"),
            ("header", "headers_cut"),
            ("many headers", "headers_cut"),
            ("many parts", "too_many_parts"),
            ("no line ends", "text_cut"),
            ("html tags", "html_cut"),
        ],
    )
    def test_says_what_was_left_out(self, name, note):
        assert note in said(BOMBS[name]()).notes

    def test_depth_and_number_are_bounded(self):
        assert len(take_apart(nested(DEPTH_MAX)).leaves) == 1
        assert take_apart(nested(DEPTH_MAX + 1)).leaves == []
        assert len(take_apart(BOMBS["many parts"]()).leaves) == PARTS_MAX

    def test_an_archive_is_one_file_and_is_not_opened(self):
        bomb = zlib.compress(b"\0" * 50_000_000, 9)
        found = said(attached("all.zip", "application/zip", b"PK\x03\x04" + bomb))
        assert found.attachments[0].size_bytes == len(bomb) + 4

    def test_a_picture_that_claims_to_be_huge_is_bytes(self):
        png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (2**31 - 1).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0"
        assert said(attached("a.png", "image/png", png)).attachments[0].data == png

    def test_a_file_that_is_too_large_is_named_but_left_out(self):
        found = said(attached("film.mp4", "video/mp4", b"\0" * (ATTACHMENT_MAX_BYTES + 1)))
        assert found.text == "Hello"
        assert (found.attachments[0].name, found.attachments[0].data) == ("film.mp4", None)
        assert "attachment_too_large" in found.notes

    def test_the_beginning_of_a_letter_that_was_too_large_is_read(self):
        raw = attached("film.mp4", "video/mp4", b"\0" * 100_000)
        (found,) = read(Arrived(raw[:20_000], len(raw), AT), OURS)
        assert found.text == "Hello"
        assert "too_large" in found.notes

    @given(st.binary(max_size=3000))
    def test_any_bytes_are_read(self, raw):
        assert all("unreadable" not in each.notes for each in heard(raw))

    def test_what_nobody_foresaw_is_said_to_be_unreadable(self, monkeypatch):
        def broken(_):
            raise ZeroDivisionError

        monkeypatch.setattr("onevoice.channels.email.reading.take_apart", broken)
        found = said(b"x")
        assert (found.notes, found.automatic) == (("unreadable",), True)

    @given(st.data())
    def test_a_damaged_letter_is_read(self, data):
        raw = bytearray(data.draw(st.sampled_from([*WHOLE])))
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, len(raw) - 1))
            length = data.draw(st.integers(0, 40))
            raw[at : at + length] = data.draw(st.binary(max_size=40))
        assert all("unreadable" not in getattr(each, "notes", ()) for each in heard(bytes(raw)))

    def test_a_moment_out_of_this_world_in_its_date_changes_nothing(self):
        found = said("From: a@b.example\nDate: Fri, 99 Foo 99999 99:99:99 +9999\n\nx")
        assert found.happened_at == AT
        assert found.happened_at.tzinfo is dt.UTC


WHOLE = [
    SENT.data,
    attached("a.pdf", "application/pdf", b"%PDF"),
    mail_letters.failure(SENT.data, "anna@people.example", TO, "5.1.1", "No", AT, "<d1@p.example>"),
    mail_letters.complaint(SENT.data, TO, "anna@people.example", "x@y.example", AT, "<d1@p.example>"),
    written("Привет", html="<p>Привет</p>", From="=?utf-8?B?0JDQvdC90LA=?= <a@b.example>").as_bytes(),
]
