"""Tokens of deep links: an opaque number and a signature, 20 characters, in an address as `ov=<token>`.

A token is a capability: whoever holds it can say "I am the one this was sent to". So what an event carries is read,
checked and taken out of it before anything is stored.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from onevoice.kit import tokens

make = tokens.make
number_of = tokens.number_of

PARAMETER = "ov"
GRACE = timedelta(days=7)
"""So long after its end an opening may still be told of, by a phone that was offline since."""

OPENING_EVENTS = frozenset({"deep link opened", "application opened", "push notification tapped"})
"""Track events whose `properties.url` is the address that opened the app."""

# In the JSON of an event, also where one address stands percent-encoded in another. What the parameter began with
# stays only where another parameter follows.
_IN_TEXT = re.compile(rb"(\?|&|;|%3[Ff]|%26)ov(?:=|%3[Dd])[\w-]{20}(?![\w-])(&|;|%26)?|(?<=\")ov=[\w-]{20}(?![\w-])&?")
# Segment's Android library makes a property of every parameter of the address that opened the app.
_PROPERTY = re.compile(rb'"(link_token|ov)":"[\w-]{20}"')

_LIKE_ONE = re.compile(rb'ov[=%"]')

_read = msgspec.json.Decoder().decode


def key_of(secret: bytes) -> bytes:
    """The key of signatures, derived from one of the installation's."""
    return tokens.key_of(secret, "deep link")


def name_of(number: int) -> str:
    """How a link is called where its token must not stand."""
    return f"{number:0{2 * tokens.ID_BYTES}x}"


def lives(moment: datetime, learnt: datetime, issued: datetime, expires: datetime) -> bool:
    """Whether an opening counts: it happened within the link's life, and was told of not much later."""
    return issued <= moment <= expires and learnt <= expires + GRACE


def with_token(address: str, token: str) -> str:
    """The address with the token in its query, before a fragment, in place of one that it had."""
    before, hash_sign, fragment = address.partition("#")
    place, _, query = before.partition("?")
    kept = [piece for piece in query.split("&") if piece and piece.partition("=")[0] != PARAMETER]
    return f"{place}?{'&'.join([*kept, f'{PARAMETER}={token}'])}{hash_sign}{fragment}"


def may_carry(raw: bytes) -> bool:
    """False where an event's JSON surely holds no token. Asked of every event, so it must cost next to nothing."""
    return b'"link_token"' in raw or (b"ov" in raw and _LIKE_ONE.search(raw) is not None)


def without(raw: bytes) -> bytes:
    """The JSON of an event without anything that has a token's form, in whatever field and whoever signed it."""
    return _PROPERTY.sub(rb'"\1":null', _IN_TEXT.sub(_rest, raw))


def _rest(found: re.Match[bytes]) -> bytes:
    return found[1] if found[1] and found[2] else b""


def number_in(raw: bytes, key: bytes) -> int | None:
    """The link that an event says was opened: the first token of ours among the places where clients tell of it.

    These are `context.link_token`, the page's address, and the address that opened an app. A link that merely stands in
    a text, or in the referrer of somebody else's page, was not opened.
    """
    event = _read(raw)
    if not isinstance(event, dict):
        return None
    return next((number for token in _told(event) if (number := number_of(token, key)) is not None), None)


def _told(event: dict[str, Any]) -> Iterator[str]:
    context, properties = _object(event.get("context")), _object(event.get("properties"))
    told = context.get("link_token")
    if isinstance(told, str):
        yield told
    places = [_object(context.get("page"))]
    name = event.get("event")
    opens = event.get("type") in {"page", "screen"} or (isinstance(name, str) and name.lower() in OPENING_EVENTS)
    if opens:
        places.append(properties)
        told = properties.get("link_token")
        if isinstance(told, str):
            yield told
    for place in places:
        for field in ("url", "search"):
            yield from _in_address(place.get(field))


def _in_address(address: Any) -> Iterator[str]:
    if not isinstance(address, str) or f"{PARAMETER}=" not in address:
        return
    query = address.partition("?")[2].partition("#")[0]
    try:
        yield from (value for name, value in parse_qsl(query, max_num_fields=200) if name == PARAMETER)
    except ValueError:
        return


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
