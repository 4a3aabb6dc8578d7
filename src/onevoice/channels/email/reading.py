"""What arrived, as what somebody said or as what became of our mail. Pure, bounded, and raising nothing."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from onevoice.channels.email.cleaning import as_text, cleaned
from onevoice.channels.email.folding import fold
from onevoice.channels.email.parts import Letter, Part, addresses, first, one_line, take_apart, words
from onevoice.channels.email.reports import Ours, receipts
from onevoice.channels.email.returns import identified
from onevoice.domains.delivery.contracts.channels import Attachment, Inbound, Said
from onevoice.domains.delivery.contracts.names import MessageId

LETTER_MAX_BYTES = 30 * 2**20
TEXT_MAX = 500_000
ATTACHMENT_MAX_BYTES = 15 * 2**20
ATTACHMENTS_MAX = 50
_SUBJECT_MAX = 500
_THREAD_MAX = 50
_HOPS_MAX = 50

_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|автоматический ответ|автоответ"
    r"|вне офиса|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|poza biurem)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A letter as the mailbox holds it. size_bytes: of the whole, where `raw` is only its beginning."""

    raw: bytes
    size_bytes: int
    at: datetime


def read(arrived: Arrived, ours: Ours) -> Sequence[Inbound]:
    """Empty for what came from ourselves, and for reports on nothing of ours."""
    try:
        return _read(arrived, ours)
    except Exception:  # noqa: BLE001 - one letter that nobody foresaw must not keep all that follow from being read
        key = "mail:" + hashlib.sha256(arrived.raw).hexdigest()[:40]
        return (Said(key, "", "", arrived.at, key, automatic=True, notes=("unreadable",)),)


def _read(arrived: Arrived, ours: Ours) -> Sequence[Inbound]:
    letter = take_apart(arrived.raw[:LETTER_MAX_BYTES])
    if arrived.size_bytes > len(arrived.raw) or len(arrived.raw) > LETTER_MAX_BYTES:
        letter.notes.append("too_large")
    identifier = _ids(first(letter.headers, "message-id"))
    key = _key(letter, arrived.raw, identifier)
    found = receipts(letter, ours, arrived.at, key)
    if found is not None:
        return found
    if identifier and identified(identifier[0], ours.domain, ours.return_key) is not None:
        return ()  # our own letter has come round
    return (_said(letter, arrived, ours, identifier, key),)


def _key(letter: Letter, raw: bytes, identifier: Sequence[str]) -> str:
    """The same for a letter that came twice by different ways, another for another letter under a borrowed id."""
    body = hashlib.sha256()
    for part in letter.leaves:
        body.update(part.body)
    named = "\0".join((*identifier[:1], first(letter.headers, "from"), first(letter.headers, "date")))
    whole = body.digest() if identifier else hashlib.sha256(raw).digest()
    return "mail:" + hashlib.sha256(named.encode("utf-8", "replace") + whole).hexdigest()[:40]


def _said(letter: Letter, arrived: Arrived, ours: Ours, identifier: Sequence[str], key: str) -> Said:
    headers = letter.headers
    senders = addresses(headers.get("from", ())) or addresses(headers.get("sender", ())) or [("", "")]
    name, address = senders[0]
    plain, html, notes = _bodies(letter)
    folded = fold(plain)
    attachments = _attachments(letter, notes)
    answers = _ids(first(headers, "in-reply-to"))
    thread = _ids(" ".join(headers.get("references", ())))[-_THREAD_MAX:]
    return Said(
        key=key,
        address=address.lower(),
        text=folded.text,
        happened_at=arrived.at,
        provider_id=identifier[0] if identifier else key,
        name=name[:200] or None,
        subject=one_line(words(first(headers, "subject")))[:_SUBJECT_MAX] or None,
        html=html,
        quoted=folded.quoted,
        signature=folded.signature,
        answers=answers[0] if answers else (thread[-1] if thread else None),
        answered=_answered([*answers, *reversed(thread)], ours),
        thread=tuple(thread),
        attachments=attachments,
        automatic=not address or _automatic(headers, address),
        notes=tuple(dict.fromkeys([*letter.notes, *notes])),
    )


def _answered(named: Sequence[str], ours: Ours) -> MessageId | None:
    """The first that is ours of what a letter answers, the nearest first. Those before it in the thread may stand there
    because we named them ourselves.
    """
    found = (identified(each, ours.domain, ours.return_key) for each in named)
    return next((each for each in found if each is not None), None)


def _ids(text: str) -> list[str]:
    return list(dict.fromkeys(_ID.findall(text)))


def _automatic(headers: Mapping[str, Sequence[str]], address: str) -> bool:
    submitted = first(headers, "auto-submitted").partition(";")[0].strip().lower()
    precedence = first(headers, "precedence").strip().lower()
    return (
        submitted not in {"", "no"}
        or precedence in {"bulk", "junk", "list", "auto_reply"}
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "list-id", "x-loop"))
        or first(headers, "return-path").strip() == "<>"
        or re.match(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", address, re.IGNORECASE) is not None
        or _AUTOMATIC_SUBJECT.match(one_line(words(first(headers, "subject")))) is not None
        or len(headers.get("received", ())) > _HOPS_MAX
    )


# Bodies and attachments


def _is_body(part: Part) -> bool:
    return part.kind in {"text/plain", "text/html"} and part.disposition != "attachment" and not part.name


def _bodies(letter: Letter) -> tuple[str, str | None, list[str]]:
    """The text, what may be shown of the HTML, and notes."""
    notes: list[str] = []
    plains = [part.text() for part in letter.leaves if part.kind == "text/plain" and _is_body(part)]
    documents = [part.text() for part in letter.leaves if part.kind == "text/html" and _is_body(part)]
    html = None
    plain = "\n\n".join(text for text in plains if text.strip())
    if documents:
        shown = cleaned("\n".join(documents))
        html = shown.html
        if shown.remote:
            notes.append(f"remote_content:{shown.remote}")
        if shown.cut:
            notes.append("html_cut")
        plain = plain if plain.strip() else as_text(html)
    if len(plain) > TEXT_MAX:
        notes.append("text_cut")
        plain = plain[:TEXT_MAX]
    return plain, html, notes


def _attachments(letter: Letter, notes: list[str]) -> tuple[Attachment, ...]:
    """Never opened: an archive stays one file."""
    found: list[Attachment] = []
    for part in letter.leaves:
        if _is_body(part):
            continue
        if len(found) == ATTACHMENTS_MAX:
            notes.append("too_many_attachments")
            break
        data = part.data() if len(part.body) <= ATTACHMENT_MAX_BYTES * 3 // 2 else None
        size = len(part.body) if data is None else len(data)
        if data is None or size > ATTACHMENT_MAX_BYTES:
            notes.append("attachment_too_large")
            data = None
        found.append(Attachment(_named(part), part.kind, size, data))
    return tuple(found)


def _named(part: Part) -> str:
    """A name without a path; what comes without one is named by its type."""
    bare = re.split(r"[/\\]", part.name)[-1].strip(". ")
    return (
        bare or f"{part.kind.partition('/')[0]}.{re.sub(r'[^a-z0-9]', '', part.kind.partition('/')[2])[:10] or 'bin'}"
    )
