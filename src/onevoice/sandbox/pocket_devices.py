"""What lies in one person's pocket: the phone with its chat, the mailbox with its letters. Read, nothing changed."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from onevoice.sandbox import mail_letters
from onevoice.sandbox.keeping import Persona
from onevoice.sandbox.mail import Mail, Taken
from onevoice.sandbox.telegram import Telegram
from onevoice.sandbox.telegram_sending import MEDIA

SHOWN_MOST = 200
"""The newest so many messages of a device."""
_LINK = re.compile(r"<(https?://[^>\s]{1,2000})>")
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_PICTURE = re.compile(r"(<img\b[^>]*?\s)src(?=\s*=\s*[\"']?\s*(?:https?:)?//)", re.IGNORECASE)
_BLANK = '<base target="_blank">'


class Letter(NamedTuple):
    """One in somebody's mailbox. key: its Message-ID. taken: as the server took it; None where the person wrote it."""

    uid: int
    key: str
    raw: bytes
    at: datetime
    taken: Taken | None


def message_key(chat: int, number: int) -> str:
    """How a message of Telegram is told apart from all others, here and in the installation."""
    return f"{chat}:{number}"


def phone(telegram: Telegram, persona: Persona) -> dict[str, Any] | None:
    """None of somebody without Telegram."""
    chat = telegram.chats.get(persona.chat) if persona.chat is not None else None
    if chat is None:
        return None
    said = sorted([*chat.messages.values()], key=lambda each: (each["date"], each["message_id"]))
    return {
        "started": chat.started,
        "blocked": chat.blocked,
        "messages": [_said(chat.id, each) for each in said[-SHOWN_MOST:]],
        "earlier": max(0, len(said) - SHOWN_MOST),
    }


def _said(chat: int, message: Mapping[str, Any]) -> dict[str, Any]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    file = next((kind for kind in (*MEDIA, "voice", "sticker", "location") if kind in message), None)
    about = message.get(file) if file else None
    return {
        "key": message_key(chat, message["message_id"]),
        "number": message["message_id"],
        "ours": bool(message["from"].get("is_bot")),
        "at": datetime.fromtimestamp(message["date"], UTC),
        "text": message.get("text") or message.get("caption") or "",
        "file": about.get("file_name", file) if isinstance(about, dict) else file,
        "edited": "edit_date" in message,
        "buttons": [
            [{"text": each["text"], "data": each.get("callback_data"), "url": each.get("url")} for each in row]
            for row in rows
        ],
    }


def letters(mail: Mail, address: str) -> list[Letter]:
    """Oldest first. A letter that came twice is two of them."""
    taken = {_read(each.raw).key: each for each in mail.ledger if each.recipient.lower() == address}
    seen: Counter[str] = Counter()
    found: list[Letter] = []
    for uid, raw, at in mail.stored(address)[-SHOWN_MOST:]:
        key = _read(raw).key
        seen[key] += 1
        found.append(Letter(uid, key if seen[key] == 1 else f"{key} #{seen[key]}", raw, at, taken.get(key)))
    return found


def mailbox(mail: Mail, persona: Persona) -> dict[str, Any] | None:
    """None of somebody without an address."""
    if persona.mailbox is None:
        return None
    shown = [_letter(each, mail.marks) for each in letters(mail, persona.mailbox)]
    return {"address": persona.mailbox, "letters": shown}


def _letter(letter: Letter, marks: Mapping[int, str]) -> dict[str, Any]:
    read = _read(letter.raw)
    return {
        "key": letter.key,
        "uid": letter.uid,
        "ours": letter.taken is not None,
        "at": letter.at,
        "from": read.sender,
        "subject": read.subject,
        "text": read.text,
        "html": read.html,
        "one_click": read.one_click,
        "files": read.files,
        "mark": marks.get(letter.taken.number) if letter.taken else None,
    }


class _Read(NamedTuple):
    key: str
    sender: str
    subject: str
    text: str
    html: bool
    one_click: bool
    files: list[str]


@lru_cache(maxsize=1_000)
def _read(raw: bytes) -> _Read:
    """Once for each letter: it is looked at several times a second."""
    message = mail_letters.opened(raw)
    name, address = parseaddr(_header(message, "From"))
    return _Read(
        _header(message, "Message-ID").strip() or f"unnamed {hashlib.blake2b(raw, digest_size=8).hexdigest()}",
        name or address,
        _header(message, "Subject"),
        _own_words(_part(message, "plain", "html")),
        bool(_part(message, "html")),
        one_click(message) is not None,
        [each.get_filename() or each.get_content_type() for each in message.walk() if each.is_attachment()],
    )


def _header(message: EmailMessage, name: str) -> str:
    """Nothing where the letter's own is beyond reading."""
    try:
        return mail_letters.header(message, name)
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""


def _own_words(text: str) -> str:
    """Without what an answer quotes: the letter it answers is shown above it."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    while lines and lines[-1].startswith(">"):
        lines.pop()
        if lines and not lines[-1].startswith(">") and lines[-1].rstrip().endswith(":"):
            lines.pop()
    return "\n".join(lines).strip()[:8_000]


def _part(message: EmailMessage, *kinds: Literal["plain", "html"]) -> str:
    """Its words in the first of these forms that it has. A letter that nobody can read has none."""
    try:
        body = message.get_body(kinds)
        return str(body.get_content()) if body is not None else ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""


def framed(message: EmailMessage) -> bytes:
    """The letter as a page of its own, whose links open beside it. Who serves it forbids it everything else, pictures
    from elsewhere too: they are not even named, so that nobody is told of what was forbidden.
    """
    document = _PICTURE.sub(r"\1data-src", _part(message, "html"))
    head = _HEAD.search(document)
    at = head.end() if head else 0
    return (document[:at] + _BLANK + document[at:]).encode("utf-8", "replace")


def one_click(message: EmailMessage) -> str | None:
    """Where a mail program may unsubscribe by itself (RFC 8058)."""
    if _header(message, "List-Unsubscribe-Post").strip() != "List-Unsubscribe=One-Click":
        return None
    found = _LINK.search(_header(message, "List-Unsubscribe"))
    return found[1] if found else None
