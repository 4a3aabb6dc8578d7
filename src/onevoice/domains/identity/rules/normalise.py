"""Identifiers in their normal form, so that one contact written in two ways is one identifier."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import idna
import phonenumbers

MAX_LENGTH = 512
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def normalise(kind: str, value: str, region: str | None = None) -> str | None:
    """The normal form, or None where the value cannot be one of this kind.

    region: two-letter country code that national phone numbers are read in; None accepts international ones only.
    """
    text = unicodedata.normalize("NFC", value).strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    if kind == "email":
        return _email(text)
    if kind == "phone":
        return _phone(text, region)
    if kind == "loyalty_card":
        return _SPACES.sub("", text).upper()
    return text


def readings(kind: str, value: str, regions: Iterable[str] = ()) -> list[str]:
    """The normal forms that a value may stand for, where nobody says which region it is from.

    Several only of a phone number without a country code: one for each of `regions` in which it can be a number.

    >>> readings("phone", "+48 600 123 456", ["GB"]), readings("phone", "600 123 456", ["PL", "ES"])
    (['+48600123456'], ['+48600123456', '+34600123456'])
    """
    international = normalise(kind, value)
    if international is not None or kind != "phone":
        return [international] if international is not None else []
    national = (normalise(kind, value, region) for region in regions)
    return list(dict.fromkeys(form for form in national if form is not None))


def _email(text: str) -> str | None:
    text = text.lower()
    if not _EMAIL.fullmatch(text):
        return None
    local, _, domain = text.rpartition("@")
    if domain.isascii():
        return text
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except (idna.IDNAError, UnicodeError):
        return None


def _phone(text: str, region: str | None) -> str | None:
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
