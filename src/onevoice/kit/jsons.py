"""The one authoritative JSON reader for what comes from outside. What it lets through, PostgreSQL can store.

Clean text takes the strict, fast way. Whatever that way refuses is read again by a tolerant one, because a refusal
would cost the sender a whole batch for one odd value: clients in the field really send NaN and cut emoji in half
(docs/reference/events.md). Both ways give the same values for the same clean text.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

MAX_DEPTH = 64
"""Levels of objects and lists. PostgreSQL and every reader of ours take many more."""
MAX_INTEGER = 2**63 - 1
_SAFE_DIGITS = 18

NOT_A_NUMBER = "not_a_number"
NUMBER_OUT_OF_RANGE = "number_out_of_range"
LONG_INTEGER = "long_integer"
TEXT_REPAIRED = "text_repaired"
TOO_DEEP = "too_deep"

encode = msgspec.json.Encoder().encode

_strict = msgspec.json.Decoder()
# What the strict reader takes and the database does not, or not alike: U+0000, and more digits than an integer has.
_ESCAPED_NUL = re.compile(rb"\\u0000")
_DIGITS = bytes(ord("0") if 48 <= byte <= 57 else byte for byte in range(256))
_MANY_DIGITS = b"0" * (_SAFE_DIGITS + 1)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_MARKS = (  # longest first: UTF-32's mark begins with UTF-16's
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


class UnreadableError(ValueError):
    """The text is no JSON. The message tells a person where."""


class Read(NamedTuple):
    """suspect: the value may hold what must not be stored; `mend` it, part by part, before any use."""

    value: Any
    suspect: bool


class Mended(NamedTuple):
    """flags: what had to be changed, sorted; empty where nothing was."""

    value: Any
    flags: tuple[str, ...]


class _Odd:
    """Stands in a tolerantly read value where a number could not be kept as one."""

    __slots__ = ("flag", "instead")

    def __init__(self, flag: str, instead: str | None) -> None:
        self.flag = flag
        self.instead = instead


def read(raw: bytes) -> Read:
    """Raises: UnreadableError."""
    if _ESCAPED_NUL.search(raw) is None and _MANY_DIGITS not in raw.translate(_DIGITS):
        try:
            value = _strict.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return Read(value, suspect=not _shallow(value, MAX_DEPTH))
    return Read(_tolerant(raw), suspect=True)


def mend(value: Any) -> Mended:
    """A value that can be stored anywhere: what cannot be a number becomes null (or text, where its digits matter),
    characters that no database holds become U+FFFD, and what nests too deeply is cut off.
    """
    flags: set[str] = set()
    return Mended(_mended(value, MAX_DEPTH, flags), tuple(sorted(flags)))


def clean_text(text: str) -> str:
    """Without U+0000 and lone surrogates, which PostgreSQL refuses."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def _shallow(value: Any, levels: int) -> bool:
    inner: Iterable[Any]
    if type(value) is dict:
        inner = value.values()
    elif type(value) is list:
        inner = value
    else:
        return True
    if levels == 0:
        return False
    levels -= 1
    for each in inner:
        kind = type(each)
        if (kind is dict or kind is list) and not _shallow(each, levels):
            return False
    return True


def _mended(value: Any, levels: int, flags: set[str]) -> Any:
    if isinstance(value, str):
        return _text(value, flags)
    if isinstance(value, _Odd):
        flags.add(value.flag)
        return value.instead
    if isinstance(value, dict | list) and levels == 0:
        flags.add(TOO_DEEP)
        return None
    if isinstance(value, dict):
        return {_text(key, flags): _mended(each, levels - 1, flags) for key, each in value.items()}
    if isinstance(value, list):
        return [_mended(each, levels - 1, flags) for each in value]
    return value


def _text(text: str, flags: set[str]) -> str:
    cleaned = clean_text(text)
    if cleaned is not text and cleaned != text:
        flags.add(TEXT_REPAIRED)
    return cleaned


def _tolerant(raw: bytes) -> Any:
    try:
        return _forgiving.decode(_decoded(raw))
    except RecursionError as error:
        raise UnreadableError("The JSON nests too deeply to be data.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"The body is no JSON: {error.msg} at {where}.") from error


def _decoded(raw: bytes) -> str:
    """Text of whatever encoding it says it is in, else UTF-8. Bytes that are none become lone surrogates."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "surrogateescape" if encoding == "utf-8-sig" else "replace")
    if b"\0" in raw[:4]:  # JSON begins with two characters of ASCII, so zeros give the encoding away
        return raw.decode(json.detect_encoding(raw), "replace")
    return raw.decode("utf-8", "surrogateescape")


def _integer(digits: str) -> int | _Odd:
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    number = int(digits) if len(digits) <= _SAFE_DIGITS + 2 else None
    if number is not None and abs(number) <= MAX_INTEGER:
        return number
    return _Odd(LONG_INTEGER, digits)


def _fraction(digits: str) -> float | _Odd:
    number = float(digits)
    return number if math.isfinite(number) else _Odd(NUMBER_OUT_OF_RANGE, None)


def _constant(_: str) -> _Odd:
    return _Odd(NOT_A_NUMBER, None)


_forgiving = json.JSONDecoder(parse_int=_integer, parse_float=_fraction, parse_constant=_constant, strict=False)
