"""From a Segment-format event to what identity needs of it: identifiers, times, traits, and what is personal.

An event is read no deeper than needed: what nobody here looks into stays the JSON it was (`msgspec.Raw`).
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from onevoice.domains.events.contracts import message_hash
from onevoice.domains.identity.contracts import CHANNEL_NUMBER, SourceInfo
from onevoice.domains.identity.rules.personal import (
    NONE_DECLARED,
    PERSONAL_CONTEXT,
    PERSONAL_PROPERTIES,
    PERSONAL_TRAITS,
    Declared,
    find,
    find_declared,
    may_hold,
    outermost,
)
from onevoice.kit.paths import Place
from onevoice.kit.times import parse_time

LOGOUTS = frozenset({"signed out", "logged out"})
MESSENGERS = frozenset({"telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger"})
KNOWN_KINDS = MESSENGERS | {"user_id", "loyalty_card", "email", "phone", "device", "anonymous_id", "chat"}
CARD_KEYS = ("loyalty_card", "loyaltyCard")

SPEND_EVENT = "Order Completed"
MAX_TOKEN = 4096
_APPLE_TOKEN = re.compile(r"[0-9A-Fa-f]{64,200}")
_MOBILE_LIBRARIES = ("analytics-ios", "analytics-android", "analytics-swift", "analytics-kotlin")


_PLAIN_CONTEXT = frozenset(
    "app campaign library locale network os page referrer screen timezone traits userAgent groupId".split()
)
"""What Segment's libraries put into a context of themselves; anything else is looked into for what is personal."""
_ABSENT = msgspec.Raw(b"null")
_NOTHING = (b"null", b"{}")
_REFERENCE_LIKE = b'vault":'


class _Wire(msgspec.Struct, gc=False, rename="camel"):
    """An event as it stands in the log: validated by the door, keys in Segment's spelling."""

    message_id: Any
    type: Any = None
    event: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    name: Any = None
    category: Any = None
    channel: Any = None
    context: msgspec.Raw = _ABSENT
    properties: msgspec.Raw = _ABSENT
    traits: msgspec.Raw = _ABSENT


_read_event = msgspec.json.Decoder(_Wire).decode
_read = msgspec.json.Decoder().decode
_read_shallow = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Observation(msgspec.Struct, gc=False):
    """One event, read. `identifiers` holds (kind name, value as sent); the anchor is chosen later.

    body: what is kept of the event, JSON values or `msgspec.Raw`; personal values still stand in it, at `places`.
    """

    hash: bytes
    happened: datetime
    learnt: datetime
    source_id: int
    channel: int
    type: str
    name: str
    message_id: str
    identifiers: list[tuple[str, str]]
    logout: bool
    spend: tuple[str, int] | None
    body: dict[str, Any]
    places: list[Place]
    push: tuple[str, str] | None = None
    """Token and platform by which the device says it is reached."""


def digest_of(vault_key: bytes, kind: str, value: str) -> bytes:
    """What a node holds instead of its value: a keyed hash that a stolen dump cannot be searched with."""
    return hashlib.blake2b(f"{kind}\0{value}".encode(), key=vault_key, digest_size=16).digest()


def epoch_digest(base: bytes, key: tuple[datetime, bytes, bool]) -> bytes:
    """The digest of an epoch's node: of its base and the mark that opened it."""
    text = base + key[0].isoformat().encode() + key[1] + (b"o" if key[2] else b"i")
    return hashlib.blake2b(text, digest_size=16).digest()


def action_hash(action: int, number: int) -> bytes:
    """Stands where an event's hash would, in evidence of an operator's action. The edges of a merge share number 0."""
    return hashlib.blake2b(b"action:%d:%d" % (action, number), digest_size=16).digest()


def happened_at(event: _Wire, received: datetime, batch_sent: datetime | None) -> datetime:
    """When it happened by our clock: the sender's clock is corrected by the difference between sending and receiving.

    Nothing happens after we learnt of it, so the result is at most `received`.
    """
    stamped = parse_time(event.original_timestamp) or parse_time(event.timestamp)
    if stamped is None:
        return received
    sent = (parse_time(event.sent_at) if event.sent_at is not None else None) or batch_sent
    try:
        moment = stamped if sent is None else received - (sent - stamped)
    except OverflowError:
        moment = stamped
    if moment > received:
        return received
    return moment if moment.year > 1 else received


def observe(
    raw: bytes | msgspec.Raw,
    *,
    source: SourceInfo,
    received: datetime,
    batch_sent: datetime | None,
    declared: Declared = NONE_DECLARED,
) -> Observation:
    """Read one event of the log. Never raises on what a sender may have put into it."""
    event = _read_event(raw)
    kind = event.type or "track"
    name = str(event.event or "") if kind == "track" else ""
    hidden = declared.get((kind, name)) if declared else None
    message_id = str(event.message_id)
    body: dict[str, Any] = {}
    places: list[Place] = []
    properties = _properties(event.properties, name, places, whole=hidden is not None)
    if properties:
        body["properties"] = properties
    context = _context(event.context)
    context_traits = _object(context.pop("traits", None))
    own_traits = _object(event.traits)
    if kind == "group":
        find(own_traits, PERSONAL_TRAITS, places)
        body["group"] = {"groupId": event.group_id, "traits": own_traits}
    elif kind in {"page", "screen"}:
        title = event.name or event.category
        if title:
            body["name"] = str(title)
    speaking = context_traits
    if kind == "identify":
        speaking = {**context_traits, **own_traits}
        if speaking:
            body["traits"] = speaking
    identifiers = _identifiers(event, kind, context, properties, speaking)
    channel = _channel(event, context, source)
    if kind == "identify":
        find(speaking, PERSONAL_TRAITS, places)
    push = None
    if context:
        push = _push(context.get("device"), places)
        find(context, PERSONAL_CONTEXT, places)
        body["context"] = context
    if hidden is not None:
        roots: list[tuple[tuple[str, ...], Any]] = [
            (("properties",), properties),
            (("traits",), own_traits if kind == "group" else speaking),
        ]
        if kind == "identify":
            roots.append((("context", "traits"), speaking))
        places = outermost([*places, *find_declared(roots, hidden)])
    return Observation(
        message_hash(source.id, message_id),
        happened_at(event, received, batch_sent),
        received,
        source.id,
        channel,
        kind,
        name,
        message_id,
        identifiers,
        bool(name) and name.lower() in LOGOUTS,
        order_total(properties) if name == SPEND_EVENT and isinstance(properties, dict) else None,
        body,
        places,
        push,
    )


def _push(device: Any, places: list[Place]) -> tuple[str, str] | None:
    """Where Segment's mobile libraries put the token of Apple's or Google's push service: it reaches one device."""
    if not isinstance(device, dict) or "token" not in device:
        return None
    token = device["token"]
    if not isinstance(token, str) or not token:
        return None
    places.append((device, "token"))
    if len(token) > MAX_TOKEN:
        return None
    apple = device.get("type") != "android" and _APPLE_TOKEN.fullmatch(token) is not None
    return token, "apns" if apple else "fcm"


def _object(raw: Any) -> dict[str, Any]:
    if raw is None or raw is _ABSENT:
        return {}
    value = _read(raw) if isinstance(raw, msgspec.Raw) else raw
    return value if isinstance(value, dict) else {}


def _properties(
    raw: msgspec.Raw, name: str, places: list[Place], *, whole: bool
) -> dict[str, Any] | msgspec.Raw | None:
    """Read only where somebody looks into them: they hold something personal, or an order's total, or must."""
    if raw is _ABSENT:
        return None
    text = bytes(raw)
    if text in _NOTHING or not text.startswith(b"{"):
        return None
    telling = may_hold(text)
    if not telling and name != SPEND_EVENT and not whole:
        return raw
    properties = _read(text)
    if telling:
        find(properties, PERSONAL_PROPERTIES, places)
    return properties


def _context(raw: msgspec.Raw) -> dict[str, Any]:
    """The first level; below it only what Segment's libraries do not write of themselves."""
    if raw is _ABSENT:
        return {}
    text = bytes(raw)
    if not text.startswith(b"{"):
        return {}
    if _REFERENCE_LIKE in text:
        return _read(text)
    context: dict[str, Any] = _read_shallow(text)
    for key in context.keys() - _PLAIN_CONTEXT:
        context[key] = _read(context[key])
    return context


def _channel(event: _Wire, context: Mapping[str, Any], source: SourceInfo) -> int:
    told = context.get("channel")
    if isinstance(told, str) and told in CHANNEL_NUMBER:
        return CHANNEL_NUMBER[told]
    if source.channel != "api":
        return CHANNEL_NUMBER.get(source.channel, 0)
    library_name = _object(context.get("library")).get("name")
    if isinstance(library_name, str) and library_name.startswith(_MOBILE_LIBRARIES):
        return CHANNEL_NUMBER["app"]
    place = event.channel if isinstance(event.channel, str) else None
    if place in {"web", "browser"} or library_name == "analytics.js":
        return CHANNEL_NUMBER["site"]
    return CHANNEL_NUMBER["app" if place == "mobile" else "api"]


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _identifiers(
    event: _Wire,
    kind: str,
    context: Mapping[str, Any],
    properties: dict[str, Any] | msgspec.Raw | None,
    speaking: Mapping[str, Any],
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def add(name: str, value: Any) -> None:
        text = _text(value)
        if text:
            found.append((name, text))

    if event.user_id is not None:
        add("user_id", event.user_id)
    if event.anonymous_id is not None:
        add("anonymous_id", event.anonymous_id)
    if kind == "alias":
        add("anonymous_id", event.previous_id)
    if speaking:
        add("email", speaking.get("email"))
        add("phone", speaking.get("phone"))
        for key in CARD_KEYS:
            add("loyalty_card", speaking.get(key))
    if isinstance(properties, dict):
        for key in CARD_KEYS:
            add("loyalty_card", properties.get(key))
    external = context.get("externalIds")
    if isinstance(external, list):
        for item in external[:50]:
            if isinstance(item, dict):
                which = _text(item.get("type"))
                if which:
                    add(which if which in KNOWN_KINDS else f"external:{which[:64]}", item.get("id"))
    device = context.get("device")
    if isinstance(device, dict):
        add("device", device.get("id"))
    return found


def order_total(properties: Mapping[str, Any]) -> tuple[str, int] | None:
    """Currency and minor units of an order's total; Segment's spec sends decimals."""
    for key in ("total", "revenue", "value"):
        amount = properties.get(key)
        if isinstance(amount, str):
            try:
                amount = float(amount)
            except ValueError:
                continue
        if isinstance(amount, int | float) and not isinstance(amount, bool) and abs(amount) < 1e12:
            currency = properties.get("currency")
            return (currency.upper()[:3] if isinstance(currency, str) and currency else "XXX"), round(amount * 100)
    return None
