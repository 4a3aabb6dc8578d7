"""From a Segment-format event to what identity needs of it: identifiers, times, traits, and what is personal."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from onevoice.domains.identity.contracts import CHANNEL_NUMBER, SourceInfo
from onevoice.kit.times import parse_time

LOGOUTS = frozenset({"signed out", "logged out"})
MESSENGERS = frozenset({"telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger"})
KNOWN_KINDS = MESSENGERS | {"user_id", "loyalty_card", "email", "phone", "device", "anonymous_id"}
CARD_KEYS = ("loyalty_card", "loyaltyCard")

PERSONAL_TRAITS = frozenset(
    """email phone name firstName first_name lastName last_name middleName middle_name fullName full_name username
    address street birthday birth_date dateOfBirth avatar loyalty_card loyaltyCard passport taxId tax_id""".split()
)
PERSONAL_PROPERTIES = frozenset(
    """email phone firstName first_name lastName last_name fullName full_name address shipping_address
    billing_address shippingAddress billingAddress ip loyalty_card loyaltyCard recipient""".split()
)
PERSONAL_CONTEXT = frozenset({"ip", "externalIds"})
SPEND_EVENT = "Order Completed"
_MOBILE_LIBRARIES = ("analytics-ios", "analytics-android", "analytics-swift", "analytics-kotlin")


class Observation(NamedTuple):
    """One event, read. `identifiers` holds (kind name, value as sent); the anchor is chosen later."""

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
    traits: dict[str, Any] | None
    spend: tuple[str, int] | None
    body: dict[str, Any]


def message_hash(source_id: int, message_id: str) -> bytes:
    """16 bytes that stand for one message of one source."""
    return hashlib.blake2b(b"%d:%s" % (source_id, message_id.encode()), digest_size=16).digest()


def digest_of(vault_key: bytes, kind: str, value: str) -> bytes:
    """What a node holds instead of its value: a keyed hash that a stolen dump cannot be searched with."""
    return hashlib.blake2b(f"{kind}\0{value}".encode(), key=vault_key, digest_size=16).digest()


def epoch_digest(base: bytes, key: tuple[datetime, bytes, bool]) -> bytes:
    """The digest of an epoch's node: of its base and the mark that opened it."""
    text = base + key[0].isoformat().encode() + key[1] + (b"o" if key[2] else b"i")
    return hashlib.blake2b(text, digest_size=16).digest()


def action_hash(action: int, number: int) -> bytes:
    """Stands where an event's hash would, in the `number`-th piece of evidence of an operator's action."""
    return hashlib.blake2b(b"action:%d:%d" % (action, number), digest_size=16).digest()


def happened_at(event: Mapping[str, Any], received: datetime, batch_sent: datetime | None) -> datetime:
    """When it happened by our clock: the sender's clock is corrected by the difference between sending and receiving.

    Nothing happens after we learnt of it, so the result is at most `received`.
    """
    stamped = parse_time(event.get("originalTimestamp")) or parse_time(event.get("timestamp"))
    if stamped is None:
        return received
    sent = parse_time(event.get("sentAt")) or batch_sent
    try:
        moment = stamped if sent is None else received - (sent - stamped)
    except OverflowError:
        moment = stamped
    if moment > received:
        return received
    return moment if moment.year > 1 else received


def observe(
    event: dict[str, Any], *, source: SourceInfo, received: datetime, batch_sent: datetime | None
) -> Observation:
    """Read one validated event. Never raises on what a sender may have put into it."""
    kind = event.get("type") or "track"
    context = event.get("context")
    context = context if isinstance(context, dict) else {}
    properties = event.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    context_traits = context.get("traits")
    context_traits = context_traits if isinstance(context_traits, dict) else {}
    own_traits = event.get("traits")
    own_traits = own_traits if isinstance(own_traits, dict) else {}
    message_id = str(event["messageId"])
    name = str(event.get("event") or "") if kind == "track" else ""
    if kind == "identify":
        traits = {**context_traits, **own_traits}
        speaking = traits
    else:
        traits = None
        speaking = context_traits
    body: dict[str, Any] = {}
    if properties:
        body["properties"] = properties
    if kind == "group":
        body["group"] = {"groupId": event.get("groupId"), "traits": own_traits}
    if kind in {"page", "screen"}:
        title = event.get("name") or event.get("category")
        if title:
            body["name"] = str(title)
    if traits:
        body["traits"] = traits
    kept = {key: value for key, value in context.items() if key != "traits"}
    if kept:
        body["context"] = kept
    return Observation(
        message_hash(source.id, message_id),
        happened_at(event, received, batch_sent),
        received,
        source.id,
        _channel(event, context, source),
        kind,
        name,
        message_id,
        _identifiers(event, kind, context, properties, speaking),
        bool(name) and name.lower() in LOGOUTS,
        traits or None,
        order_total(properties) if name == SPEND_EVENT else None,
        body,
    )


def _channel(event: Mapping[str, Any], context: Mapping[str, Any], source: SourceInfo) -> int:
    told = context.get("channel")
    if isinstance(told, str) and told in CHANNEL_NUMBER:
        return CHANNEL_NUMBER[told]
    if source.channel != "api":
        return CHANNEL_NUMBER.get(source.channel, 0)
    library = context.get("library")
    library_name = library.get("name") if isinstance(library, dict) else None
    if isinstance(library_name, str) and library_name.startswith(_MOBILE_LIBRARIES):
        return CHANNEL_NUMBER["app"]
    if event.get("channel") in {"web", "browser"} or library_name == "analytics.js":
        return CHANNEL_NUMBER["site"]
    if event.get("channel") == "mobile":
        return CHANNEL_NUMBER["app"]
    return CHANNEL_NUMBER["api"]


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _identifiers(
    event: Mapping[str, Any],
    kind: str,
    context: Mapping[str, Any],
    properties: Mapping[str, Any],
    speaking: Mapping[str, Any],
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def add(name: str, value: Any) -> None:
        text = _text(value)
        if text:
            found.append((name, text))

    add("user_id", event.get("userId"))
    add("anonymous_id", event.get("anonymousId"))
    if kind == "alias":
        add("anonymous_id", event.get("previousId"))
    if speaking:
        add("email", speaking.get("email"))
        add("phone", speaking.get("phone"))
        for key in CARD_KEYS:
            add("loyalty_card", speaking.get(key))
    for key in CARD_KEYS:
        if key in properties:
            add("loyalty_card", properties[key])
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


Seal = Callable[[str, Any], dict[str, int]]
"""Puts a personal value into the vault: (key, value) to the reference that stands in its place."""


def seal_body(body: dict[str, Any], seal: Seal) -> dict[str, Any]:
    """The body with every personal value replaced by a reference into the vault."""
    for part, personal in (
        ("traits", PERSONAL_TRAITS),
        ("properties", PERSONAL_PROPERTIES),
        ("context", PERSONAL_CONTEXT),
    ):
        values = body.get(part)
        if values and not personal.isdisjoint(values):
            body[part] = {
                key: seal(key, value) if key in personal and value is not None else value
                for key, value in values.items()
            }
    return body
