"""Validation of Segment-format events, one by one: a bad one never takes its neighbours along."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from onevoice.kit.jsons import encode

TYPES = frozenset({"identify", "track", "page", "screen", "group", "alias"})
SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
MAX_EVENT_BYTES = 256 * 1024
MAX_MESSAGE_ID = 512
MAX_NAME = 512
OBJECTS = ("properties", "traits", "context", "integrations")
SPEAKING_TRAITS = ("email", "phone", "loyalty_card", "loyaltyCard")


class Refusal(NamedTuple):
    code: str
    reason: str


def check(event: Any) -> Refusal | None:
    """Why the event cannot be taken, or None. Mends nothing."""
    if not isinstance(event, dict):
        return Refusal("not_an_object", "An event is a JSON object.")
    kind = event.get("type")
    if kind not in TYPES:
        return Refusal("unknown_type", f"`type` is {kind!r:.60}; it must be one of {', '.join(sorted(TYPES))}.")
    if kind == "track":
        name = event.get("event")
        if not isinstance(name, str) or not name.strip():
            return Refusal("event_missing", "A track event needs its name in `event`, as text.")
        if len(name) > MAX_NAME:
            return Refusal("event_too_long", f"`event` is longer than {MAX_NAME} characters.")
    if kind == "group" and not _is_id(event.get("groupId")):
        return Refusal("group_id_missing", "A group event needs `groupId`.")
    if kind == "alias" and not (_is_id(event.get("previousId")) and _is_id(event.get("userId"))):
        return Refusal("previous_id_missing", "An alias event needs `previousId` and `userId`.")
    for field in OBJECTS:
        value = event.get(field)
        if value is not None and not isinstance(value, dict):
            return Refusal("not_an_object", f"`{field}` must be an object.")
    message_id = event.get("messageId")
    if isinstance(message_id, str) and len(message_id) > MAX_MESSAGE_ID:
        return Refusal("message_id_too_long", f"`messageId` is longer than {MAX_MESSAGE_ID} characters.")
    if not names_somebody(event):
        return Refusal("no_identifier", "The event names nobody: send `userId`, `anonymousId` or another identifier.")
    return None


def _is_id(value: Any) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (isinstance(value, int) and not isinstance(value, bool))


def names_somebody(event: Mapping[str, Any]) -> bool:
    """True where there is at least one identifier to hang the event on."""
    if _is_id(event.get("userId")) or _is_id(event.get("anonymousId")):
        return True
    context = event.get("context")
    context = context if isinstance(context, dict) else {}
    external = context.get("externalIds")
    if isinstance(external, list) and any(
        isinstance(item, dict) and _is_id(item.get("id")) and _is_id(item.get("type")) for item in external
    ):
        return True
    device = context.get("device")
    if isinstance(device, dict) and _is_id(device.get("id")):
        return True
    traits = [context.get("traits")]
    if event.get("type") == "identify":
        traits.append(event.get("traits"))
    properties = event.get("properties")
    if isinstance(properties, dict) and any(_is_id(properties.get(key)) for key in ("loyalty_card", "loyaltyCard")):
        return True
    return any(_is_id(found.get(key)) for found in traits if isinstance(found, dict) for key in SPEAKING_TRAITS)


def completed(event: dict[str, Any], kind: str | None, new_id: Callable[[], str]) -> bool:
    """Fill in what the route or we know: type and messageId. True where the event was changed."""
    changed = False
    if kind is not None and event.get("type") != kind:
        event["type"] = kind
        changed = True
    message_id = event.get("messageId")
    if not isinstance(message_id, str) or not message_id:
        number = isinstance(message_id, int) and not isinstance(message_id, bool)
        event["messageId"] = str(message_id) if number else new_id()
        changed = True
    return changed


def preserved(event: Any) -> bytes:
    """An event as the dead letters keep it: whole, unless it is larger than anything one could mend by hand."""
    raw = encode(event)
    return raw if len(raw) <= MAX_EVENT_BYTES else encode({"cut": raw[:4096].decode(errors="replace")})
