"""What became of our mail: delivery reports (RFC 3464), complaints (RFC 5965) and bounces of servers that know neither.

A report names a message of ours by the signed return address that it was sent to or that it quotes, else by our signed
Message-ID in what it returns: so also one of which we never heard whether it was taken. Only who was told can name it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from onevoice.channels.email.headers import Address
from onevoice.channels.email.parts import Letter, Part, addresses, first, one_line, words
from onevoice.channels.email.replies import GONE, detail, status
from onevoice.channels.email.returns import identified, returned
from onevoice.domains.delivery.contracts.channels import Receipt
from onevoice.domains.delivery.contracts.names import MessageId

_FIELD = re.compile(r"^([!-9;-~]{1,80}):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_GROUPS_MAX = 100
_TEXT_MAX = 64 * 1024
_RETURNED = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
    "message/global",
}
_COMPLAINTS = {"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized"}
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_SMTP = re.compile(r"(?<!\d)5\d\d(?:[ -]|$)")


@dataclass(frozen=True, slots=True)
class Ours:
    """By what mail of ours is known."""

    returns: Address
    return_key: bytes
    domain: str


def receipts(letter: Letter, ours: Ours, happened_at: datetime, key: str) -> tuple[Receipt, ...] | None:
    """None where the letter reports nothing; empty where it reports on nothing of ours, or nothing that has ended."""
    kinds = {part.kind for part in letter.leaves}
    if letter.kind == "multipart/report" or kinds & {"message/delivery-status", "message/feedback-report"}:
        if "message/feedback-report" in kinds:
            return _complaint(letter, ours, happened_at, key)
        if kinds & {"message/delivery-status", "message/global-delivery-status"}:
            return _delivery(letter, ours, happened_at, key)
        if "message/disposition-notification" in kinds:
            return ()
    return _old_bounce(letter, ours, happened_at, key)


def _delivery(letter: Letter, ours: Ours, happened_at: datetime, key: str) -> tuple[Receipt, ...]:
    named = _named(letter, ours)
    if named is None:
        return ()
    report = next(part for part in letter.leaves if part.kind.endswith("delivery-status"))
    found: list[Receipt] = []
    for number, group in enumerate(_groups(report)):
        action = first(group, "action").split(" ")[0].lower()
        if action not in {"failed", "delivered"}:
            continue  # delayed, relayed and expanded are not the end
        said = first(group, "diagnostic-code")
        code = status(first(group, "status")) or status(said) or ""
        if action == "failed" and code[:2] in {"", "2."}:
            code = status(said) or "5.0.0"
        address = _bare(first(group, "final-recipient")) or _bare(first(group, "original-recipient"))
        found.append(
            Receipt(
                key=_key(key, number),
                state="bounced" if action == "failed" else "delivered",
                happened_at=happened_at,
                message_id=named,
                address=address,
                code=code,
                detail=detail(said.partition(";")[2] or said),
                gone=action == "failed" and _gone(code, said),
            )
        )
    return tuple(found)


def _gone(code: str, said: str) -> bool:
    """A report's own status is often no more than 5.0.0, while the other server's words are exact."""
    return code in GONE or (code.startswith("5.0.") and status(said) in GONE)


def _complaint(letter: Letter, ours: Ours, happened_at: datetime, key: str) -> tuple[Receipt, ...]:
    report = next(part for part in letter.leaves if part.kind == "message/feedback-report")
    told = next(iter(_groups(report)), {})
    named = _named(letter, ours, first(told, "original-mail-from"))
    kind = first(told, "feedback-type").strip().lower()
    if named is None or kind not in _COMPLAINTS:
        return ()
    return (
        Receipt(
            key=_key(key, 0),
            state="complained",
            happened_at=happened_at,
            message_id=named,
            address=_bare(first(told, "original-rcpt-to")),
            code=kind,
            detail=detail(first(told, "user-agent")),
        ),
    )


def _old_bounce(letter: Letter, ours: Ours, happened_at: datetime, key: str) -> tuple[Receipt, ...] | None:
    """Sent to a signed return address by a machine that answers in prose."""
    message = _addressed(letter.headers, ours)
    senders = addresses([first(letter.headers, "from")])
    null = first(letter.headers, "return-path").strip() == "<>"
    daemon = any(_DAEMON.match(address) for _, address in senders)
    if message is None or not (daemon or (null and "multipart/report" in letter.kind)):
        return None
    text = "\n".join(part.text()[:_TEXT_MAX] for part in letter.leaves if part.kind.startswith("text/"))[:_TEXT_MAX]
    code = status(text) or ""
    if not code.startswith("5.") and not _SMTP.search(text):
        return ()
    said = next((line for line in text.splitlines() if (code and code in line) or _SMTP.search(line)), "")
    return (
        Receipt(
            key=_key(key, 0),
            state="bounced",
            happened_at=happened_at,
            message_id=message,
            code=code or "5.0.0",
            detail=detail(said),
            gone=code in GONE,
        ),
    )


def _named(letter: Letter, ours: Ours, quoted: str = "") -> MessageId | None:
    message = _addressed(letter.headers, ours)
    sent = _returned_headers(letter)
    for text in (quoted, first(sent, "return-path")):
        message = message if message is not None else returned(text, ours.returns, ours.return_key)
    return (
        message if message is not None else identified(first(sent, "message-id").strip(), ours.domain, ours.return_key)
    )


def _addressed(headers: Mapping[str, Sequence[str]], ours: Ours) -> MessageId | None:
    """By whom the letter came to, whichever header the mail server noted it in."""
    for name in ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc"):
        for _, address in addresses(headers.get(name, ())):
            message = returned(address, ours.returns, ours.return_key)
            if message is not None:
                return message
    return None


def _returned_headers(letter: Letter) -> Mapping[str, Sequence[str]]:
    part = next((part for part in letter.leaves if part.kind in _RETURNED), None)
    return _fields(part.data()[:_TEXT_MAX].decode("utf-8", "replace").replace("\r\n", "\n")) if part else {}


def _groups(part: Part) -> Iterator[Mapping[str, Sequence[str]]]:
    """Fields by group, those of the whole message first."""
    text = part.data()[:_TEXT_MAX].decode("utf-8", "replace").replace("\r\n", "\n")
    for group in re.split(r"\n[ \t]*\n", text.strip("\n"))[:_GROUPS_MAX]:
        yield _fields(group)


def _fields(text: str) -> dict[str, list[str]]:
    head = re.split(r"\n[ \t]*\n", text.lstrip("\n"), maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    for name, value in _FIELD.findall(head):
        found.setdefault(name.lower(), []).append(one_line(value))
    return found


def _bare(value: str) -> str | None:
    """`rfc822;x@y.z` and `<x@y.z>` alike."""
    found = addresses([words(value.rpartition(";")[2])])
    return found[0][1] if found else None


def _key(key: str, number: int) -> str:
    return f"{key}/{number}" if number else key
