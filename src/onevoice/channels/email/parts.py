"""A letter taken apart, within bounds: whatever arrives, this ends soon, takes little memory and raises nothing.

The standard library's parser calls itself for each level of nesting and takes headers of any length, so hostile mail is
cut up here and only single values are given to the library.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.header import decode_header
from email.utils import collapse_rfc2231_value, decode_params, getaddresses

HEADERS_MAX_BYTES = 128 * 1024
VALUE_MAX = 16 * 1024
_TAIL = 400
_ADDRESSES_MAX = 4096
FIELDS_MAX = 500
DEPTH_MAX = 20
PARTS_MAX = 200

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(r"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([\w!#$&+.^-]{1,60}(?:\*\d{0,3}\*?)?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_BARE = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,250}", re.ASCII)
_CHARSETS = {"unicode-1-1-utf-7": "utf-7", "x-unknown": "utf-8", "cp-1251": "cp1251", "win-1251": "cp1251"}
_BLIND = "iso-8859-1"


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf. body: as it stands in the letter, not decoded yet."""

    headers: Mapping[str, Sequence[str]]
    body: bytes
    kind: str
    parameters: Mapping[str, str]
    inside: str = ""
    """The multipart it stands in, such as `alternative`."""

    @property
    def disposition(self) -> str:
        return first(self.headers, "content-disposition").partition(";")[0].strip().lower()

    @property
    def name(self) -> str:
        given = parameters(first(self.headers, "content-disposition")).get("filename") or self.parameters.get(
            "name", ""
        )
        return one_line(words(given))[:200]

    def data(self) -> bytes:
        return decoded(self.body, first(self.headers, "content-transfer-encoding").strip().lower())

    def text(self) -> str:
        return read(self.data(), self.parameters.get("charset", ""))


@dataclass(slots=True)
class Letter:
    headers: Mapping[str, Sequence[str]]
    kind: str
    parameters: Mapping[str, str]
    leaves: list[Part] = field(default_factory=list[Part])
    notes: list[str] = field(default_factory=list[str])
    """`headers_cut`, `too_deep`, `too_many_parts`."""


def take_apart(raw: bytes) -> Letter:
    headers, body, cut = _opened(raw)
    kind, told = content_type(headers)
    letter = Letter(headers, kind, told, notes=["headers_cut"] if cut else [])
    # Level by level from the front, with a stack of its own.
    waiting: list[tuple[Mapping[str, Sequence[str]], bytes, str, int]] = [(headers, body, "", 0)]
    while waiting:
        part_headers, part_body, inside, depth = waiting.pop()
        kind, told = content_type(part_headers)
        boundary = told.get("boundary", "")
        if kind.startswith("multipart/") and boundary:
            if depth >= DEPTH_MAX:
                _note(letter, "too_deep")
                continue
            room = PARTS_MAX - len(letter.leaves) - len(waiting)
            pieces = list(_pieces(part_body, boundary, room + 1))
            if len(pieces) > room:
                _note(letter, "too_many_parts")
                pieces = pieces[: max(room, 0)]
            for piece in reversed(pieces):
                piece_headers, piece_body, cut = _opened(piece)
                if cut:
                    _note(letter, "headers_cut")
                waiting.append((piece_headers, piece_body, kind.removeprefix("multipart/"), depth + 1))
        else:
            letter.leaves.append(Part(part_headers, part_body, kind, told, inside))
    return letter


def _note(letter: Letter, note: str) -> None:
    if note not in letter.notes:
        letter.notes.append(note)


def _opened(raw: bytes) -> tuple[dict[str, list[str]], bytes, bool]:
    """Headers, body, whether headers had to be cut."""
    if raw.startswith((b"\r\n", b"\n")):
        return {}, raw.lstrip(b"\r\n"), False
    end = _END_OF_HEADERS.search(raw, 0, HEADERS_MAX_BYTES)
    if end:
        head, body, cut = raw[: end.start()], raw[end.end() :], False
    elif len(raw) <= HEADERS_MAX_BYTES:
        head, body, cut = raw, b"", False
    else:
        # The rest of an endless header is not read as a body: it would be shown as if it had been written.
        far = _END_OF_HEADERS.search(raw, HEADERS_MAX_BYTES)
        head, body, cut = raw[:HEADERS_MAX_BYTES], raw[far.end() :] if far else b"", True
    fields, shortened = _fields(head)
    return fields, body, cut or shortened


def _fields(head: bytes) -> tuple[dict[str, list[str]], bool]:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    found: dict[str, list[str]] = {}
    lines = re.split(r"\r?\n(?![ \t])", text)
    cut = len(lines) > FIELDS_MAX
    for line in lines[:FIELDS_MAX]:
        match = _FIELD.match(line)
        if match:
            value = re.sub(r"[\r\n]+", "", match[2]).strip()
            if len(value) > VALUE_MAX:  # what stands at its end may be the sender's address, behind an endless name
                cut, value = True, f"{value[: VALUE_MAX - _TAIL]} {value[-_TAIL:]}"
            found.setdefault(match[1].lower(), []).append(value)
    return found, cut


def _pieces(body: bytes, boundary: str, most: int) -> Iterator[bytes]:
    mark = re.compile(rb"(?m)^--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*\r?$")
    begin: int | None = None
    for found in mark.finditer(body):
        if begin is not None:
            most -= 1
            yield _without_last_line_end(body[begin : found.start()])
        begin = min(found.end() + 1, len(body))
        if found[1] or most <= 0:
            return
    if begin is not None:
        yield body[begin:]  # never closed: cut off on the way


def _without_last_line_end(piece: bytes) -> bytes:
    return piece[:-2] if piece.endswith(b"\r\n") else piece.removesuffix(b"\n")


# Values


def first(headers: Mapping[str, Sequence[str]], name: str) -> str:
    return headers[name][0] if headers.get(name) else ""


def content_type(headers: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, str]]:
    value = first(headers, "content-type")
    kind = value.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w.+-]{1,80}/[\w.+-]{1,120}", kind, re.ASCII):
        kind = "text/plain"
    return kind, parameters(value)


def parameters(value: str) -> dict[str, str]:
    """`; name="x"` and RFC 2231's `; name*0*=...`, decoded."""
    pairs = [(name.lower(), text) for name, text in _PARAMETER.findall(value[:VALUE_MAX])[:50]]
    plain = {name: re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text for name, text in pairs}
    if not any("*" in name for name in plain):
        return plain
    try:
        joined = [(name, collapse_rfc2231_value(text)) for name, text in decode_params([("", ""), *pairs])[1:]]
    except (ValueError, LookupError, TypeError, AttributeError):
        return plain
    return {**plain, **{name: text.strip('"') for name, text in joined}}


def words(text: str) -> str:
    """RFC 2047 decoded, whatever charset it claims."""
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(re.sub(r"[\r\n]+", " ", text[:VALUE_MAX]))
    except (ValueError, LookupError, binascii.Error):
        return text
    return "".join(piece if isinstance(piece, str) else read(piece, charset or "") for piece, charset in pieces)


def one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def addresses(values: Sequence[str]) -> list[tuple[str, str]]:
    """Names and bare addresses."""
    found: list[tuple[str, str]] = []
    for value in values[:20]:
        try:
            pairs = getaddresses([value[:_ADDRESSES_MAX]])
        except (ValueError, IndexError, TypeError, RecursionError):  # the library calls itself for each open bracket
            pairs = [("", each) for each in _BARE.findall(value[:_ADDRESSES_MAX])]
        if len(value) > _ADDRESSES_MAX and not any("@" in each for _, each in pairs):
            pairs = [("", each) for each in _BARE.findall(value[-_TAIL:])]
        found += [(one_line(words(name)), one_line(each)) for name, each in pairs if "@" in each]
    return found


def decoded(body: bytes, coding: str) -> bytes:
    if coding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        usable = letters[: len(letters) - (len(letters) % 4 == 1)]
        return base64.b64decode(usable + b"=" * (-len(usable) % 4))
    if coding == "quoted-printable":
        return quopri.decodestring(body)
    if coding in {"x-uuencode", "uuencode", "x-uue"}:
        return b""
    return body


def read(data: bytes, charset: str) -> str:
    """By the charset that is named, else by what the bytes look like."""
    name = charset.strip().strip("\"'").lower()
    tries = [_CHARSETS.get(name, name)] if name and name not in {"us-ascii", "ascii", _BLIND, "latin1"} else []
    for each in (*tries, "utf-8"):
        try:
            return _line_ends(data.decode(each))
        except (UnicodeError, LookupError, ValueError):
            continue
    return _line_ends(data.decode(_guessed(data, name), "replace"))


def _guessed(data: bytes, name: str) -> str:
    """Neither what was named nor UTF-8: Cyrillic of Windows or KOI8 if most letters would be Cyrillic, else Western."""
    high = [byte for byte in data[:4096] if byte >= 0x80]
    if name in {_BLIND, "latin1"} or len(high) * 3 < len(data[:4096]):
        return "cp1252"
    # In running text small letters prevail: 0xE0-0xFF in Windows-1251, 0xC0-0xDF in KOI8-R.
    small = sum(byte >= 0xE0 for byte in high)
    return "cp1251" if small * 2 >= len(high) else "koi8-r"


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
