"""What goes out and what comes back, as events of the log: named as people and Segment's clients would name them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from onevoice.domains.delivery.contracts.channels import Reach, Receipt, Said
from onevoice.domains.delivery.contracts.messages import Content, Message
from onevoice.domains.delivery.contracts.names import PRESSED, RECEIVED
from onevoice.domains.delivery.errors import ChannelError, Permanent

OPENED = "Channel Opened"
CLOSED = "Channel Closed"
RECEIPTS: Mapping[str, str] = {
    "delivered": "Message Delivered",
    "read": "Message Read",
    "bounced": "Message Bounced",
    "complained": "Message Complained",
    "failed": "Message Failed",
}
TEXT_MAX = 20_000
SAID_MAX = 2_000
"""Of what we said ourselves: the whole stands with the message."""

STOP_WORDS = frozenset(
    (
        "stop", "/stop", "unsubscribe", "end", "cancel", "quit",
        "стоп", "отписаться", "отписка", "отпишите меня",
        "rezygnuję", "rezygnuje", "wypisz", "wypisz mnie",
    )
)  # fmt: skip
"""A message of just one of these is a withdrawal, as carriers and mail programs taught people."""


def is_stop(text: str) -> bool:
    """Whether somebody wrote that they want nothing more.

    >>> is_stop(" СТОП! "), is_stop("Please stop by the shop")
    (True, False)
    """
    return text.strip().strip(".!").strip().casefold() in STOP_WORDS


def naming(kind: str, value: str) -> dict[str, Any]:
    """Where an event carries an address, by the kind of identifier it is."""
    if kind in {"email", "phone"}:
        return {"traits": {kind: value}}
    return {"externalIds": [{"type": kind, "id": value}]}


def event(
    name: str, message_id: str, happened_at: datetime, properties: Mapping[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": "track",
        "event": name,
        "messageId": message_id,
        "timestamp": happened_at.isoformat(),
        "properties": {key: value for key, value in properties.items() if value is not None and value != ""},
        "context": dict(context),
    }


def of_ours(message: Message, content: Content, *, template: str | None, author: str | None) -> dict[str, Any]:
    """Properties of what we sent. Of a template its name: the text carries addresses that are its reader's alone."""
    return {
        "message": message.id,
        "text": content.text[:SAID_MAX] if template is None else None,
        "subject": content.subject,
        "template": template,
        "class": message.message_class,
        "purpose": message.purpose,
        "author": author,
        "files": [
            {"name": each.name, "type": each.content_type, "size_bytes": len(each.data) or None, "file": each.file}
            for each in content.media
        ]
        or None,
    }


def of_refusal(message: int, error: ChannelError) -> dict[str, Any]:
    """Properties of what a provider did not take: shaped as a receipt that says so later."""
    gone = isinstance(error, Permanent) and error.gone
    return {"message": message, "code": error.code, "detail": error.detail[:500], "gone": gone or None}


def of_said(said: Said, answers: int | None, files: Sequence[Mapping[str, Any]] = ()) -> tuple[str, dict[str, Any]]:
    """Name and properties. answers: the message of ours that it answers. files: as they are kept."""
    if said.pressed is not None:
        return PRESSED, {"data": said.pressed[:200], "answers": answers}
    return RECEIVED, {
        "text": said.text[:TEXT_MAX],
        "subject": said.subject,
        "quoted": said.quoted[:TEXT_MAX],
        "signature": said.signature[:2_000],
        "name": said.name,
        "provider_id": said.provider_id[:500],
        "answers": answers,
        "start": said.start,
        "edited": said.edited or None,
        "automatic": said.automatic or None,
        "stop": (is_stop(said.text) and not said.automatic) or None,
        "files": list(files) or None,
        "page": dict(said.page) or None,
        "verified": said.verified,
        "notes": list(said.notes[:20]) or None,
    }


def of_receipt(receipt: Receipt, message: int) -> tuple[str, dict[str, Any]]:
    return RECEIPTS[receipt.state], {
        "message": message,
        "code": receipt.code,
        "detail": receipt.detail[:500],
        "gone": receipt.gone or None,
    }


def of_reach(reach: Reach) -> tuple[str, dict[str, Any]]:
    return (OPENED if reach.open else CLOSED), {}
