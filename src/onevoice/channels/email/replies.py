"""What a mail server's answers mean for us (RFC 5321, enhanced status codes of RFC 3463 and 7505). Pure."""

import re
from typing import Literal

from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable

Phase = Literal["connect", "hello", "auth", "sender", "recipient", "data", "end"]

GONE = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, no such domain, moved away, takes no mail at all, disabled."""

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_WAIT = re.compile(
    r"(?:after|in|for|wait|retry)\D{0,24}?(\d{1,5})\s*(s\b|sec|second|m\b|min|minute|h\b|hour)?", re.IGNORECASE
)
_GREY = re.compile(r"gr[ae]y-?list|try (?:again|later)|temporarily deferred", re.IGNORECASE)
_GREY_SECONDS = 300.0
_LONGEST_WAIT_SECONDS = 86_400.0
_DETAIL_MAX = 300


def status(text: str) -> str | None:
    """The enhanced status code in a server's words.

    >>> status("5.1.1 <x@y.z>: Recipient address rejected"), status("mailbox full"), status("at 10.5.1.1")
    ('5.1.1', None, None)
    """
    found = _ENHANCED.search(text)
    return found[1] if found else None


def refusal(phase: Phase, code: int, text: str) -> ChannelError:
    """The error for an answer that is not the wanted one. phase: to what it was the answer."""
    said = detail(f"{code} {text}")
    enhanced = status(text)
    if code == 421 or phase in {"connect", "hello"}:
        return Retriable(enhanced or str(code), said, after_seconds=wait_seconds(text), scope="account")
    if phase == "auth":
        if 400 <= code < 500:
            return Retriable(enhanced or str(code), said, scope="account")
        return ActionRequired("smtp_login_refused", said)
    if 400 <= code < 500:
        grey = _GREY_SECONDS if _GREY.search(text) else None
        return Retriable(enhanced or str(code), said, after_seconds=wait_seconds(text) or grey)
    if code == 530 or (phase == "sender" and code == 535):
        return ActionRequired("smtp_login_needed", said)
    if phase == "sender":
        return ActionRequired("sender_refused", said)
    if not 500 <= code < 600:
        # No answer that the protocol knows: after the whole message was sent it may mean anything.
        return Retriable("answer_unreadable", said, scope="account", accepted="maybe" if phase == "end" else "no")
    known = enhanced if enhanced and enhanced.startswith("5") else None
    return Permanent(known or str(code), said, gone=phase == "recipient" and known in GONE)


def wait_seconds(text: str) -> float | None:
    """How long the server asks us to wait.

    >>> wait_seconds("4.7.1 Greylisted, try again in 5 minutes"), wait_seconds("try again in 300s"), wait_seconds("x")
    (300.0, 300.0, None)
    """
    found = _WAIT.search(text)
    if not found:
        return None
    unit = (found[2] or "s")[0].lower()
    seconds = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[unit]
    return min(seconds, _LONGEST_WAIT_SECONDS) or None


def detail(text: str) -> str:
    """A server's words on one line, bounded."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_DETAIL_MAX]
