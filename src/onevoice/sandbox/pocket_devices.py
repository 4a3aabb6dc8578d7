"""What lies in one person's pocket: the phone with its chat, the mailbox with its letters. Read, nothing changed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
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
    return {
        "key": message_key(chat, message["message_id"]),
        "number": message["message_id"],
        "ours": bool(message["from"].get("is_bot")),
        "at": datetime.fromtimestamp(message["date"], UTC),
        "text": message.get("text") or message.get("caption") or "",
        "file": file,
        "edited": "edit_date" in message,
        "buttons": [
            [{"text": each["text"], "data": each.get("callback_data"), "url": each.get("url")} for each in row]
            for row in rows
        ],
    }


def letters(mail: Mail, address: str) -> list[Letter]:
    """Oldest first."""
    by_key = {_key(mail_letters.opened(each.raw)): each for each in mail.ledger if each.recipient.lower() == address}
    found: list[Letter] = []
    for uid, raw, at in mail.stored(address)[-SHOWN_MOST:]:
        key = _key(mail_letters.opened(raw))
        found.append(Letter(uid, key, raw, at, by_key.get(key)))
    return found


def mailbox(mail: Mail, persona: Persona) -> dict[str, Any] | None:
    """None of somebody without an address."""
    if persona.mailbox is None:
        return None
    shown = [_letter(each, mail.marks) for each in letters(mail, persona.mailbox)]
    return {"address": persona.mailbox, "letters": shown}


def _letter(letter: Letter, marks: Mapping[int, str]) -> dict[str, Any]:
    message = mail_letters.opened(letter.raw)
    name, address = parseaddr(mail_letters.header(message, "From"))
    return {
        "key": letter.key,
        "uid": letter.uid,
        "ours": letter.taken is not None,
        "at": letter.at,
        "from": name or address,
        "subject": mail_letters.header(message, "Subject"),
        "text": _own_words(_part(message, "plain", "html")),
        "html": bool(_part(message, "html")),
        "one_click": one_click(message) is not None,
        "mark": marks.get(letter.taken.number) if letter.taken else None,
    }


def _own_words(text: str) -> str:
    """Without what an answer quotes: the letter it answers is shown above it."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    while lines and lines[-1].startswith(">"):
        lines.pop()
        if lines and not lines[-1].startswith(">") and lines[-1].rstrip().endswith(":"):
            lines.pop()
    return "\n".join(lines).strip()[:8_000]


def _key(message: EmailMessage) -> str:
    return mail_letters.header(message, "Message-ID").strip()


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
    if mail_letters.header(message, "List-Unsubscribe-Post").strip() != "List-Unsubscribe=One-Click":
        return None
    found = _LINK.search(mail_letters.header(message, "List-Unsubscribe"))
    return found[1] if found else None
