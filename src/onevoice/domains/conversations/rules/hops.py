"""Codes that carry a chat to another door: short enough to type, and nothing that is read wrongly."""

import hashlib
import re
from datetime import timedelta

from onevoice.kit.chance import Chance

LIFE = timedelta(minutes=15)
LENGTH = 8
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")
_PLAIN = r"[^\s@,;:<>\"()\[\]\\\x00-\x1f\x7f]"
_MAIL = re.compile(rf"{_PLAIN}{{1,64}}@{_PLAIN}+\.{_PLAIN}{{2,}}")


def draw(chance: Chance) -> str:
    """Every code as likely as any other: bytes that would favour some are drawn again."""
    found = ""
    fair = 256 - 256 % len(ALPHABET)
    while len(found) < LENGTH:
        for byte in chance.bytes(LENGTH):
            if byte < fair and len(found) < LENGTH:
                found += ALPHABET[byte % len(ALPHABET)]
    return found


def code_in(text: str) -> str | None:
    """The code that somebody typed, or a link carried.

    >>> code_in("7kq4 2mxd"), code_in("Hello"), code_in("thank you")
    ('7KQ42MXD', None, None)
    """
    plain = re.sub(r"[\s-]", "", text).upper() if len(text) <= 40 else ""
    return plain if _CODE.fullmatch(plain) else None


def digest(code: str) -> bytes:
    """What is kept of it: a code is worth something for as long as it lives."""
    return hashlib.sha256(b"hop:" + code.encode()).digest()


def mail(text: object) -> str | None:
    """An e-mail address that can be one, as it was typed.

    >>> mail(" anna@n.example "), mail("anna@n"), mail("a@b.example, c@d.example")
    ('anna@n.example', None, None)
    """
    plain = text.strip() if isinstance(text, str) else ""
    return plain if len(plain) <= 254 and _MAIL.fullmatch(plain) else None


def masked(address: str) -> str:
    """Enough for its holder to know it by.

    >>> masked("anna@n.example")
    'a…@n.example'
    """
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"
