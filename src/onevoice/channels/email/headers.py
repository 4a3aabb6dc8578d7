"""Header fields and addresses: what may stand in them, and how letters beyond ASCII do (RFC 2047, 2231, 5322, 5891)."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import idna

_LINE = 76
_WORD_BYTES = 39
"""52 characters of base64 and 12 around them: with the header's name within the 76 of a line."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]+")
_PLAIN = re.compile(r"[ -~]*")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_LOCAL_MAX, _DOMAIN_MAX = 64, 253


class UnusableAddressError(ValueError):
    """No mail can be sent there: the text is not an address."""


@dataclass(frozen=True, slots=True)
class Address:
    """local is ASCII, domain its ASCII form (`xn--...`) in lower case."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def address(text: str) -> Address:
    """One bare address; no name, no quotes, no comment.

    Raises: UnusableAddressError.

    >>> str(address("Anna@Пример.рф"))
    'Anna@xn--e1afmkfd.xn--p1ai'
    """
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or not _ATOM.fullmatch(local) or len(local) > _LOCAL_MAX:
        raise UnusableAddressError("the part before @ is missing or holds characters that mail servers do not take")
    try:
        plain = idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise UnusableAddressError("the part after @ is not a domain") from None
    if len(plain) > _DOMAIN_MAX or plain.startswith("[") or plain.endswith("."):
        raise UnusableAddressError("the part after @ is not a domain")
    return Address(local, plain)


def clean(text: str) -> str:
    """One line, without characters that could begin another header or turn the direction of reading."""
    return _CONTROL.sub(" ", text).strip()


def unstructured(name: str, text: str) -> str:
    """`Subject: ...`, folded, for text of any letters."""
    text = clean(text)
    if _PLAIN.fullmatch(text) and "=?" not in text and "  " not in text:
        words = text.split(" ")
        if all(len(word) < _LINE for word in words):
            return _folded(name, words)
    return _folded(name, encoded_words(text))


def mailbox(name: str, whom: Address, label: str = "") -> str:
    """`From: Name <address>`."""
    label = clean(label)
    if not label:
        return _folded(name, [str(whom)])
    if re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", label) and "=?" not in label and len(label) < _LINE:
        words = label.split()
    elif _PLAIN.fullmatch(label) and "=?" not in label and len(label) < _LINE // 2:
        words = ['"' + re.sub(r'([\\"])', r"\\\1", label) + '"']
    else:
        words = encoded_words(label)
    return _folded(name, [*words, f"<{whom}>"])


def identifiers(name: str, ids: Iterable[str]) -> str | None:
    """`References: <...> <...>`; what is no message id is left out. None where nothing is left."""
    found = [each for each in ids if _MESSAGE_ID.fullmatch(each)]
    return _folded(name, found) if found else None


def parameter(key: str, value: str) -> str:
    """`filename="name"`, or its RFC 2231 form where it is long or has letters beyond ASCII, on lines of their own."""
    value = clean(value)
    if re.fullmatch(r"[ !#-\[\]-~]{0,60}", value):
        return f';\r\n {key}="{value}"'
    pieces = re.findall(r"(?:%..|[^%]){1,20}", quote(value.encode("utf-8", "replace"), safe=""))
    if len(pieces) == 1:
        return f";\r\n {key}*=UTF-8''{pieces[0]}"
    pieces[0] = f"UTF-8''{pieces[0]}"
    return "".join(f";\r\n {key}*{number}*={piece}" for number, piece in enumerate(pieces))


def encoded_words(text: str) -> list[str]:
    """RFC 2047: base64 of UTF-8, no letter torn between two words.

    >>> encoded_words("Żółć")
    ['=?utf-8?B?xbvDs8WCxIc=?=']
    """
    words: list[str] = []
    piece = b""
    for letter in text:
        coded = letter.encode("utf-8", "replace")
        if len(piece) + len(coded) > _WORD_BYTES:
            words.append(piece.decode())
            piece = b""
        piece += coded
    words.append(piece.decode())
    return [f"=?utf-8?B?{base64.b64encode(word.encode()).decode()}?=" for word in words]


def _folded(name: str, words: list[str]) -> str:
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])
