"""What was written, apart from what was quoted and how it was signed."""

import re
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email_letters import LETTERS
from onevoice.channels.email.cleaning import as_text, cleaned
from onevoice.channels.email.folding import fold

PIECES = [line for _, whole, *_ in LETTERS for line in whole.split("\n")]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=60), max_size=40).map("\n".join)


def words(text):
    return Counter(text.split())


class TestFold:
    def test_there_are_enough(self):
        assert len(LETTERS) >= 40
        assert len({name for name, *_ in LETTERS}) == len(LETTERS)

    @pytest.mark.parametrize("letter", LETTERS, ids=[name for name, *_ in LETTERS])
    def test_each_programs_letter(self, letter):
        _, whole, text, quoted, signature = letter
        folded = fold(whole)
        assert folded.text == (whole if text is None else text)
        assert quoted in folded.quoted
        assert signature in folded.signature
        assert bool(quoted) == bool(folded.quoted)
        assert bool(signature) == bool(folded.signature)

    @pytest.mark.parametrize("letter", LETTERS, ids=[name for name, *_ in LETTERS])
    def test_each_with_the_other_line_ends_and_hard_spaces(self, letter):
        whole = letter[1]
        assert fold(whole.replace("\n", "\r\n")) == fold(whole)

    @given(TEXTS)
    @settings(max_examples=400)
    def test_no_word_is_lost_or_doubled(self, text):
        folded = fold(text)
        assert words(folded.text) + words(folded.quoted) + words(folded.signature) == words(text)

    @given(TEXTS)
    def test_what_was_written_stays_in_order(self, text):
        left = iter(text.replace("\r\n", "\n").split("\n"))
        for line in fold(text).text.split("\n"):
            if line.strip():
                assert any(each.strip() == line.strip() for each in left)

    @given(TEXTS)
    def test_folding_what_was_folded_takes_no_quote_away(self, text):
        assert fold(fold(text).text).quoted == "" or "\n" in text

    @pytest.mark.parametrize(
        "text",
        [
            "On " * 200_000,
            ">" * 1_000_000,
            "a\n" * 500_000,
            "From: x\n" * 100_000,
            "-- \n" * 100_000,
            "1" * 400_000 + ":",
            "On 1:00 a@b.c wrote\n" * 50_000,
            "с уважением " * 50_000,
            ("x" * 399 + "\n") * 5_000,
            "27.11.2026, 10:12 " * 30_000,
            ("On " + "1:11 a@b " * 40 + "\n") * 5_000,
        ],
        ids=lambda text: text[:12].strip(),
    )
    def test_nothing_takes_long(self, text):
        began = time.monotonic()
        fold(text)
        assert time.monotonic() - began < 3


class TestHtml:
    def test_gmail(self):
        html = (
            '<div dir="ltr">Yes, <b>38</b>.</div><br><div class="gmail_quote"><div>On Fri, 27 Nov 2026 at 10:12, '
            "Northfold &lt;hello@northfold.example&gt; wrote:<br></div>"
            "<blockquote><p>Which size?</p></blockquote></div>"
        )
        folded = fold(as_text(cleaned(html).html))
        assert folded.text == "Yes, 38."
        assert "> Which size?" in folded.quoted

    def test_outlook(self):
        html = (
            "<p>When?</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Northfold<br>"
            "<b>Sent:</b> Friday<br><b>To:</b> Anna<br><b>Subject:</b> Order</p></div><p>On its way.</p>"
        )
        folded = fold(as_text(cleaned(html).html))
        assert folded.text == "When?"
        assert "On its way." in folded.quoted

    @given(
        st.lists(
            st.sampled_from(["<p>", "</p>", "<br>", "<blockquote>", "</blockquote>", "<div>", "</div>"])
            | st.from_regex(r"[a-zа-я]{1,9} ", fullmatch=True),
            max_size=60,
        )
    )
    def test_no_word_of_a_document_is_lost(self, pieces):
        html = "".join(pieces)
        wanted = words(re.sub(r"<[^>]+>", " ", html))
        found = words(re.sub(r"(?m)^(> ?)+", "", as_text(cleaned(html).html)))
        assert "".join(sorted("".join(found.elements()))) == "".join(sorted("".join(wanted.elements())))
