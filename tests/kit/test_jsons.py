"""The reader of JSON from outside: what it takes, what it makes of it, and that nothing it gives can fail later."""

import json
import math
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from onevoice.kit import jsons
from onevoice.kit.db import Database


def understood(raw: bytes | str) -> tuple[Any, tuple[str, ...]]:
    found = jsons.read(raw.encode() if isinstance(raw, str) else raw)
    return jsons.mend(found.value) if found.suspect else (found.value, ())


class TestClean:
    def test_clean_text_takes_the_fast_way(self) -> None:
        read = jsons.read('{"a": [1, 2.5, "Ж😀", null, true], "b": "\\ud83d\\ude00"}'.encode())
        assert read == ({"a": [1, 2.5, "Ж😀", None, True], "b": "😀"}, False)

    def test_the_last_of_two_equal_keys_holds(self) -> None:
        assert understood('{"a": 1, "a": 2}') == ({"a": 2}, ())
        assert understood('{"a": 1, "a": 2, "b": NaN}')[0] == {"a": 2, "b": None}

    def test_proto_is_a_key_like_any_other(self) -> None:
        assert understood('{"__proto__": {"admin": true}}') == ({"__proto__": {"admin": True}}, ())


class TestNumbers:
    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
    def test_what_is_no_number_becomes_null(self, text: str) -> None:
        assert understood(f'{{"a": {text}}}') == ({"a": None}, ("not_a_number",))

    @pytest.mark.parametrize("text", ["1e400", "-1e400", "1e999999", "1" * 400 + ".5"])
    def test_what_no_double_holds_becomes_null(self, text: str) -> None:
        assert understood(f"[{text}]") == ([None], ("number_out_of_range",))

    @pytest.mark.parametrize("text", ["1e-400", "1e-20000"])
    def test_what_is_too_small_becomes_zero(self, text: str) -> None:
        assert understood(f"[{text}]") == ([0.0], ())

    def test_an_integer_of_5000_digits_keeps_its_digits_as_text(self) -> None:
        digits = "7" * 5000
        assert understood(f"[{digits}]") == ([digits], ("long_integer",))

    @pytest.mark.parametrize("number", [2**63 - 1, -(2**63 - 1), 10**18, 123456789012345678])
    def test_an_integer_that_a_bigint_holds_stays_one(self, number: int) -> None:
        assert understood(f"[{number}]") == ([number], ())

    @pytest.mark.parametrize("number", [2**63, -(2**64), 10**19, 10**25])
    def test_a_longer_one_becomes_text(self, number: int) -> None:
        assert understood(f"[{number}]") == ([str(number)], ("long_integer",))


class TestText:
    def test_nul_and_lone_surrogates_are_replaced_in_values_and_keys(self) -> None:
        found = understood('{"a\\u0000b": "c\\u0000", "d\\ud800": ["\\udc00e", "\\ud83d\\ude00"]}')
        assert found == ({"a\ufffdb": "c\ufffd", "d\ufffd": ["\ufffde", "😀"]}, ("text_repaired",))

    def test_bytes_that_are_no_utf8_are_replaced(self) -> None:
        assert understood(b'{"a": "x\xffy\xc0\x80"}') == ({"a": "x\ufffdy\ufffd\ufffd"}, ("text_repaired",))

    def test_a_written_backslash_is_no_escape(self) -> None:
        assert understood('["\\\\u0000"]') == (["\\u0000"], ())

    def test_raw_control_characters_are_taken(self) -> None:
        assert understood(b'["a\x01\nb\x00"]') == (["a\x01\nb\ufffd"], ("text_repaired",))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_every_encoding_of_unicode_is_read(self, encoding: str) -> None:
        assert understood('{"имя": "Łucja 😀"}'.encode(encoding)) == ({"имя": "Łucja 😀"}, ())


class TestDepth:
    def test_what_nests_too_deeply_is_cut_off(self) -> None:
        value, flags = understood("[" * 65 + "]" * 65)
        assert flags == ("too_deep",)
        assert json.dumps(value) == "[" * 64 + "null" + "]" * 64

    def test_64_levels_are_taken(self) -> None:
        text = '{"a":' * 63 + "[1]" + "}" * 63
        assert understood(text) == (json.loads(text), ())

    @pytest.mark.parametrize("opening", [b"[", b'{"a":'])
    def test_100000_levels_are_refused(self, opening: bytes) -> None:
        with pytest.raises(jsons.UnreadableError, match="nests too deeply"):
            jsons.read(opening * 100_000)

    @pytest.mark.parametrize("levels", [500, 900, 950, 985])
    def test_whatever_is_not_refused_comes_out_shallow(self, levels: int) -> None:
        try:
            value, _ = understood("[" * levels + "]" * levels)
        except jsons.UnreadableError:
            return
        assert jsons.encode(value) == b"[" * 64 + b"null" + b"]" * 64

    def test_brackets_within_text_are_no_levels(self) -> None:
        assert understood(json.dumps(["[" * 200])) == (["[" * 200], ())


class TestUnreadable:
    @pytest.mark.parametrize(
        "raw", [b"", b"{", b"{]", b"nul", b"{'a': 1}", b'{"a": 1} x', b"\x00\x01\x02", b"\xff\xfe"]
    )
    def test_it_says_where(self, raw: bytes) -> None:
        with pytest.raises(jsons.UnreadableError, match="no JSON"):
            jsons.read(raw)

    def test_long_hostile_text_takes_no_long_time(self) -> None:
        began = time.monotonic()
        for raw in (b"[" + b"1," * 500_000 + b"1]", b'"' + b"\\u0000" * 170_000 + b'"', b"[" + b"9" * 1_000_000 + b"]"):
            understood(raw)
        assert time.monotonic() - began < 10


Scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
)
Values = st.recursive(
    Scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def sound(value: Any) -> bool:
    """Whether every number is a bigint or finite, and all text is of whole characters without U+0000."""
    if isinstance(value, dict):
        return all(sound(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(sound(part) for part in value)
    if isinstance(value, str):
        value.encode()
        return "\0" not in value
    if isinstance(value, int):
        return abs(value) <= jsons.MAX_INTEGER
    return value is None or math.isfinite(value)


class TestWhateverComes:
    @given(st.binary(max_size=60) | Values.map(lambda value: json.dumps(value).encode()))
    @example(b'"\xed\xa0\x80"')
    @example(b'{"\\ud83d": 1, "\\ud83d": 2}')
    @example(b"-0")
    @example(b"[1e308, 5e-324, 0.1]")
    def test_it_is_sound_or_refused_and_survives_a_round_trip(self, raw: bytes) -> None:
        try:
            value, _ = understood(raw)
        except jsons.UnreadableError:
            return
        assert sound(value)
        assert msgspec.json.decode(jsons.encode(value)) == value

    @given(Values)
    def test_both_ways_read_clean_text_alike(self, value: Any) -> None:
        clean = jsons.mend(json.loads(json.dumps(value, allow_nan=True), parse_constant=lambda _: None)).value
        raw = jsons.encode(clean)
        assert jsons.mend(jsons._tolerant(raw)).value == jsons.mend(jsons.read(raw).value).value

    def test_postgresql_stores_it(self, database: Database) -> None:
        @given(st.binary(max_size=40) | Values.map(lambda value: json.dumps(value).encode()))
        def stored(raw: bytes) -> None:
            try:
                value, _ = understood(raw)
            except jsons.UnreadableError:
                return
            text = jsons.encode(value).decode()
            row = conn.execute("select %s::jsonb, %s::jsonb::text", (Jsonb(value), text)).fetchone()
            assert row is not None

        with database.transaction() as conn:
            stored()
