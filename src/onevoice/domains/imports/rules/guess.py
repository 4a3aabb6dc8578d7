"""What the columns of a table may mean, by their names in English, Russian and Polish; and how its text is encoded."""

import re
from collections.abc import Sequence
from itertools import pairwise

from onevoice.domains.imports.contracts import Content
from onevoice.domains.imports.rules.files import FIELDS, OBJECTS

_PEOPLE: dict[str, str] = {
    "email": "email|e mail|mail|email address|e mail address|электронная почта|почта|эл почта|имейл|емейл|"
    "adres email|adres e mail|poczta|poczta e mail",
    "phone": "phone|phone number|mobile|mobile phone|tel|telephone|cell|телефон|номер телефона|мобильный|"
    "мобильный телефон|моб телефон|telefon|numer telefonu|nr telefonu|komórka|nr tel|tel kom",
    "first_name": "first name|firstname|given name|имя|имя клиента|imię|imie",
    "last_name": "last name|lastname|surname|family name|фамилия|nazwisko",
    "name": "name|full name|customer name|client name|фио|имя и фамилия|полное имя|imię i nazwisko|imie i nazwisko|"
    "klient nazwa|nazwa klienta",
    "birthday": "birthday|birth date|date of birth|dob|дата рождения|день рождения|data urodzenia|urodziny",
    "city": "city|town|город|miasto|miejscowość|miejscowosc",
    "country": "country|страна|kraj",
    "gender": "gender|sex|пол|płeć|plec",
    "loyalty_card": "card|loyalty card|card number|club card|карта|номер карты|карта лояльности|бонусная карта|"
    "дисконтная карта|karta|numer karty|nr karty|karta lojalnościowa|karta stałego klienta",
}
_USER = (
    "user id|userid|user|customer id|client id|customer number|id|id клиента|код клиента|номер клиента|клиент|"
    "id klienta|numer klienta|nr klienta|kod klienta|klient"
)
_TIME = (
    "timestamp|date|time|datetime|created at|order date|date of order|purchase date|дата|дата заказа|дата покупки|"
    "время|data|data zamówienia|data zamowienia|data zakupu|czas"
)
_ORDERS: dict[str, str] = {
    "properties.order_id": "order id|orderid|order|order number|order no|receipt|receipt number|номер заказа|заказ|"
    "чек|номер чека|numer zamówienia|nr zamówienia|numer zamowienia|nr zamowienia|zamówienie|paragon|nr paragonu",
    "properties.total": "total|amount|sum|order total|grand total|revenue|value|price|итого|сумма|сумма заказа|"
    "стоимость|kwota|suma|wartość|wartosc|razem|wartość zamówienia|kwota zamówienia",
    "properties.currency": "currency|валюта|waluta",
}
_ONCE = re.compile(r"[\W_]+")


def _key(column: str) -> str:
    return _ONCE.sub(" ", column.strip().lower()).strip()


def _words(named: dict[str, str], prefix: str) -> dict[str, str]:
    return {word: f"{prefix}{field}" for field, words in named.items() for word in words.split("|")}


_CUSTOMERS = {
    **_words(_PEOPLE, "traits."),
    **dict.fromkeys(_USER.split("|"), "userId"),
    **dict.fromkeys("updated at|дата изменения|обновлено|data aktualizacji".split("|"), "timestamp"),
}
_BUYERS = {
    **_words({key: words for key, words in _PEOPLE.items() if key != "loyalty_card"}, "context.traits."),
    **dict.fromkeys(_PEOPLE["loyalty_card"].split("|"), "properties.loyalty_card"),
    **dict.fromkeys(_USER.split("|"), "userId"),
    **dict.fromkeys(_TIME.split("|"), "timestamp"),
    **_words(_ORDERS, ""),
}


def columns(header: Sequence[str], content: Content) -> dict[str, str]:
    """Each column to the field it seems to mean, each field once; an empty field where nothing can be told."""
    known = _CUSTOMERS if content == "customers" else _BUYERS
    found: dict[str, str] = {}
    for column in header:
        field = column if _is_field(column) else known.get(_key(column), "")
        found[column] = "" if field in found.values() else field
    return found


def _is_field(column: str) -> bool:
    first, dot, rest = column.partition(".")
    return bool(rest) and first in OBJECTS if dot else column in FIELDS


def encoding(head: bytes) -> str:
    """Of a table's text by its beginning: UTF-8, else Cyrillic or Polish as Windows writes it."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: max(0, len(head) - 4)].decode()
    except UnicodeDecodeError:
        # Cyrillic words are such bytes from end to end; in Polish ones they stand alone.
        high = sum(byte >= 192 for byte in head)
        beside = sum(one >= 192 and other >= 192 for one, other in pairwise(head))
        return "cp1251" if beside * 2 > high else "cp1250"
    return "utf-8"
