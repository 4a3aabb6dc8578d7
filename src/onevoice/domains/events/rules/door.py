"""Events in Segment's format, judged one by one: a bad one never takes its neighbours along.

`open_body` takes a request apart, `settle` brings one event into the form that the log keeps. What a client may
reasonably mean is mended and flagged; what cannot be meant is refused with a reason that its sender can act on.
"""

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from onevoice.domains.events.contracts import FLAGS_KEY, LETTER_KEY, LINK_KEY
from onevoice.domains.events.errors import TooLargeError, UnreadableBodyError
from onevoice.kit import jsons
from onevoice.kit.times import parse_time

TYPES = frozenset({"identify", "track", "page", "screen", "group", "alias"})
SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
BATCHES = ("batch", "import", "b")

MAX_BODY_BYTES = 2**20
MAX_EVENT_BYTES = 256 * 1024
MAX_EVENTS = 10_000
MAX_ID_CHARS = 512
MAX_NAME_CHARS = 255
"""Of event and trait names: they are keys of indexes, whose entries have a limit."""

BAD_TIME = "bad_time"
MESSAGE_ID_MADE = "message_id_made"

_IDS = ("messageId", "userId", "anonymousId", "groupId", "previousId")
_OBJECTS = ("properties", "traits", "context")
_TIMES = ("timestamp", "originalTimestamp", "sentAt")
_SPEAKING_TRAITS = ("email", "phone", "loyalty_card", "loyaltyCard")
_CARDS = ("loyalty_card", "loyaltyCard")
_LONGEST_CUT = 4096


class Fault(NamedTuple):
    """Why an event cannot be taken: for programs, and for people."""

    code: str
    reason: str


EVENT_TOO_LARGE = Fault("event_too_large", f"The event is larger than {MAX_EVENT_BYTES} bytes.")

Mint = Callable[[], str]
"""Makes a message id where the client sent none."""


class Opened(NamedTuple):
    """A request taken apart. suspect: each event must go through `jsons.mend` first."""

    events: list[Any]
    suspect: bool
    sent_at: Any
    write_key: Any


# The body


def unzip(raw: bytes) -> bytes:
    """The bytes, unzipped if they are gzip or zlib: clients both forget and misuse Content-Encoding.

    Raises: TooLargeError, UnreadableBodyError.
    """
    if raw[:2] != b"\x1f\x8b" and not (raw[:1] == b"\x78" and int.from_bytes(raw[:2], "big") % 31 == 0):
        return raw
    data = b""
    while raw:
        unzipper = zlib.decompressobj(wbits=47)
        try:
            data += unzipper.decompress(raw, MAX_BODY_BYTES + 1 - len(data))
        except zlib.error as error:
            raise UnreadableBodyError(f"The body begins like gzip and then is none: {error}.") from error
        if len(data) > MAX_BODY_BYTES:
            raise too_large("unzipped ")
        if not unzipper.eof:
            raise UnreadableBodyError("The gzip body is cut off.")
        raw = unzipper.unused_data
    return data


def too_large(how: str = "") -> TooLargeError:
    return TooLargeError(f"The body is over {MAX_BODY_BYTES} bytes {how}and was not stored. Send smaller batches.")


def open_body(raw: bytes, *, single: bool) -> Opened:
    """Raises: UnreadableBodyError, TooLargeError."""
    try:
        body, suspect = jsons.read(unzip(raw))
    except jsons.UnreadableError as error:
        raise UnreadableBodyError(str(error)) from error
    if not isinstance(body, dict):
        raise UnreadableBodyError('The body must be a JSON object: one event, or {"batch": [events]}.')
    sent_at, write_key = body.get("sentAt"), body.get("writeKey")
    if single:
        return Opened([body], suspect, sent_at, write_key)
    events = body.get("batch")
    if not isinstance(events, list):
        raise UnreadableBodyError('The body has no list of events. Send {"batch": [events]}.')
    if len(events) > MAX_EVENTS:
        raise TooLargeError(f"The batch holds more than {MAX_EVENTS} events and was not stored. Send smaller batches.")
    return Opened(events, suspect, sent_at, write_key)


# One event


def settle(event: Any, kind: str | None, mint: Mint, flags: tuple[str, ...] = ()) -> Fault | None:
    """Bring `event` into the form that the log keeps, in place, or say why it cannot be taken.

    kind: the type that the address says, if it says one.
    """
    if type(event) is not dict:
        return Fault("not_an_object", "An event is a JSON object.")
    event.pop("writeKey", None)
    if kind is not None:
        event["type"] = kind
    fault = _ids_to_text(event) or _misshapen(event) or _unnamed(event)
    if fault is not None:
        return fault
    if not _names_somebody(event):
        return Fault("no_identifier", "The event names nobody. Send `userId`, `anonymousId` or another identifier.")
    for key in _TIMES:
        if event.get(key) is not None and parse_time(event[key]) is None:
            del event[key]
            flags = (*flags, BAD_TIME)
    if event.get("messageId") is None:
        event["messageId"] = mint()
        flags = (*flags, MESSAGE_ID_MADE)
    _keep_flags(event, flags)
    return None


def _ids_to_text(event: dict[str, Any]) -> Fault | None:
    for key in _IDS:
        value = event.get(key)
        if value is None:
            continue
        if type(value) is not str:
            text = _as_text(value)
            if text is None:
                return Fault("invalid_id", f"`{key}` must be text or a whole number.")
            event[key] = value = text
        if len(value) > MAX_ID_CHARS:
            return Fault("id_too_long", f"`{key}` is longer than {MAX_ID_CHARS} characters.")
        if not value.strip():
            event[key] = None
    return None


def _as_text(value: Any) -> str | None:
    """Ids come as numbers from databases; 7.0 is what some languages make of 7."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _misshapen(event: dict[str, Any]) -> Fault | None:
    for key in _OBJECTS:
        value = event.get(key)
        if value is not None and type(value) is not dict:
            return Fault("not_an_object", f"`{key}` must be an object.")
    context = event.get("context")
    for traits in (event.get("traits"), context.get("traits") if context else None):
        if traits and type(traits) is dict and len(max(traits, key=len)) > MAX_NAME_CHARS:
            return Fault("name_too_long", f"A trait's name is longer than {MAX_NAME_CHARS} characters.")
    return None


def _unnamed(event: dict[str, Any]) -> Fault | None:
    """What each type must have, by Segment's specification."""
    kind = event.get("type")
    if kind == "track":
        name = event.get("event")
        if type(name) is not str:
            name = _as_text(name)
            if name is not None:
                event["event"] = name
        if name is None or not name.strip():
            return Fault("event_missing", "A track event needs the name of what happened in `event`.")
        if len(name) > MAX_NAME_CHARS:
            return Fault("name_too_long", f"`event` is longer than {MAX_NAME_CHARS} characters.")
        return None
    if not isinstance(kind, str) or kind not in TYPES:
        said = f"`type` is {kind[:40]!r}" if isinstance(kind, str) else "`type` is missing"
        return Fault("unknown_type", f"{said}; it must be one of {', '.join(sorted(TYPES))}.")
    if kind == "group" and event.get("groupId") is None:
        return Fault("group_id_missing", "A group event needs `groupId`.")
    if kind == "alias" and (event.get("previousId") is None or event.get("userId") is None):
        return Fault("previous_id_missing", "An alias event needs `previousId` and `userId`.")
    return None


def _names_somebody(event: Mapping[str, Any]) -> bool:
    """True where there is at least one identifier to hang the event on. Whether it can be used, identity says."""
    if event.get("userId") is not None or event.get("anonymousId") is not None:
        return True
    context = event.get("context") or {}
    external = context.get("externalIds")
    if isinstance(external, list) and any(
        isinstance(item, dict) and _is_id(item.get("id")) and _is_id(item.get("type")) for item in external
    ):
        return True
    device, properties = context.get("device"), event.get("properties")
    traits = (context.get("traits"), event.get("traits") if event["type"] == "identify" else None)
    return (
        (isinstance(device, dict) and _is_id(device.get("id")))
        or (isinstance(properties, dict) and any(_is_id(properties.get(key)) for key in _CARDS))
        or any(_is_id(found.get(key)) for found in traits if isinstance(found, dict) for key in _SPEAKING_TRAITS)
    )


def _is_id(value: Any) -> bool:
    text = _as_text(value)
    return text is not None and bool(text.strip())


def _keep_flags(event: dict[str, Any], flags: tuple[str, ...]) -> None:
    """Only we say such things: what a sender put there goes."""
    context = event.get("context")
    if context:
        context.pop(FLAGS_KEY, None)
        context.pop(LETTER_KEY, None)
        context.pop(LINK_KEY, None)
    if flags:
        event["context"] = {**(context or {}), FLAGS_KEY: sorted(set(flags))}


def happened(event: Mapping[str, Any], received: datetime, sent: datetime | None) -> datetime:
    """When the event happened by our clock, for a dead letter that comes back later."""
    stamped = parse_time(event.get("originalTimestamp")) or parse_time(event.get("timestamp"))
    if stamped is None:
        return received
    sent = parse_time(event.get("sentAt")) or sent
    try:
        moment = stamped if sent is None else received - (sent - stamped)
    except OverflowError:
        return received
    return min(moment, received)


# Dead letters


def preserved(event: Any, sent_at: datetime | None) -> bytes:
    """An event as the dead letters keep it: whole, unless it is larger than anything one could mend by hand.

    It takes along when its batch was sent: without that its time could not be corrected later. (One without an id
    does not: by its bytes alone it is known when it comes again, and each time it is sent anew.)
    """
    if type(event) is dict and sent_at is not None and event.get("sentAt") is None and message_id(event) is not None:
        event["sentAt"] = sent_at
    raw = jsons.encode(event)
    return raw if len(raw) <= MAX_EVENT_BYTES else jsons.encode({"cut": raw[:_LONGEST_CUT].decode(errors="replace")})


def message_id(event: Any) -> str | None:
    """The id its sender gave it, if it gave a usable one."""
    given = event.get("messageId") if type(event) is dict else None
    return given if isinstance(given, str) and 0 < len(given) <= MAX_ID_CHARS else None


def returned(event: dict[str, Any], letter_id: int) -> dict[str, Any]:
    """A settled event that comes from a dead letter and says so."""
    return {**event, "context": {**(event.get("context") or {}), LETTER_KEY: letter_id}}


def letter_of(event: Any) -> int | None:
    """The dead letter that an event says it comes from."""
    context = event.get("context") if isinstance(event, dict) else None
    letter_id = context.get(LETTER_KEY) if isinstance(context, dict) else None
    return letter_id if type(letter_id) is int else None


def revived(event: Any, letter_id: int, received: datetime) -> Any:
    """A dead letter's event, ready to be judged again: happened when it did then, with an id that stays the same."""
    if type(event) is not dict:
        return event
    moment = happened(event, received, None)
    for key in _TIMES:
        event.pop(key, None)
    event["timestamp"] = moment.isoformat()
    if event.get("messageId") is None:
        event["messageId"] = f"letter-{letter_id}"
    return event
