"""What an update of the Bot API says. Only private chats: what is said in groups is not said to us.

Places, contacts, stickers and the like are told as text, so that whoever reads the conversation sees that something was
said; files are named by `reference`, to be fetched.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from onevoice.channels.telegram.payloads import provider_id
from onevoice.domains.delivery.contracts.channels import Attachment, Inbound, Reach, Said

TAKEN = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds that are asked for."""
_SHUT = frozenset({"kicked", "left"})


class _User(msgspec.Struct):
    id: int
    first_name: str = ""
    last_name: str = ""


class _Chat(msgspec.Struct):
    id: int
    type: str


class _File(msgspec.Struct):
    file_id: str
    file_size: int = 0
    file_name: str = ""
    mime_type: str = ""
    emoji: str = ""
    is_animated: bool = False
    is_video: bool = False


class _Contact(msgspec.Struct):
    phone_number: str
    first_name: str = ""
    last_name: str = ""


class _Location(msgspec.Struct):
    latitude: float
    longitude: float


class _Venue(msgspec.Struct):
    location: _Location
    title: str = ""
    address: str = ""


class _Poll(msgspec.Struct):
    question: str = ""


class _Dice(msgspec.Struct):
    emoji: str = ""


class _Button(msgspec.Struct):
    text: str = ""
    callback_data: str | None = None


class _Keyboard(msgspec.Struct):
    inline_keyboard: list[list[_Button]] = []


class _Named(msgspec.Struct):
    message_id: int


class _Message(msgspec.Struct):
    message_id: int
    chat: _Chat
    date: int = 0
    edit_date: int = 0
    sender: _User | None = msgspec.field(default=None, name="from")
    text: str = ""
    caption: str = ""
    reply_to_message: _Named | None = None
    reply_markup: _Keyboard | None = None
    photo: list[_File] = []
    document: _File | None = None
    animation: _File | None = None
    video: _File | None = None
    audio: _File | None = None
    voice: _File | None = None
    video_note: _File | None = None
    sticker: _File | None = None
    contact: _Contact | None = None
    location: _Location | None = None
    venue: _Venue | None = None
    poll: _Poll | None = None
    dice: _Dice | None = None


class _Query(msgspec.Struct):
    id: str
    sender: _User = msgspec.field(name="from")
    message: _Message | None = None
    data: str | None = None


class _Member(msgspec.Struct):
    status: str


class _Membership(msgspec.Struct):
    chat: _Chat
    date: int
    new_chat_member: _Member


class Update(msgspec.Struct):
    update_id: int
    message: _Message | None = None
    edited_message: _Message | None = None
    callback_query: _Query | None = None
    my_chat_member: _Membership | None = None


def read(value: Any) -> Update:
    """Raises: msgspec.ValidationError."""
    return msgspec.convert(value, Update)


def told(update: Update, now: datetime) -> list[Inbound]:
    """now: when a button was pressed, which Telegram does not tell."""
    key = str(update.update_id)
    if update.message is not None:
        return _said(update.message, key, edited=False)
    if update.edited_message is not None:
        return _said(update.edited_message, key, edited=True)
    if update.callback_query is not None:
        return _pressed(update.callback_query, key, now)
    if update.my_chat_member is not None:
        return _reached(update.my_chat_member, key)
    return []


def _said(message: _Message, key: str, *, edited: bool) -> list[Inbound]:
    if message.chat.type != "private":
        return []
    address = str(message.chat.id)
    happened_at = _moment(message.edit_date if edited and message.edit_date else message.date)
    start = _start(message.text)
    said = Said(
        key=key,
        address=address,
        text=_text(message),
        happened_at=happened_at,
        provider_id=provider_id(message.chat.id, message.message_id),
        name=_name(message.sender),
        answers=_answers(message),
        attachments=_attachments(message),
        start=start or None,
        edited=edited,
    )
    if start is None or edited:
        return [said]
    # Telegram tells of blocking and unblocking, but not of the first start.
    return [Reach(f"{key}:start", address, open=True, happened_at=happened_at), said]


def _start(text: str) -> str | None:
    """What a deep link carried; empty where the bot was started without one; None where it was not."""
    word, _, rest = text.partition(" ")
    return rest.strip() if word == "/start" or word.startswith("/start@") else None


def _pressed(query: _Query, key: str, now: datetime) -> list[Inbound]:
    message = query.message
    if query.data is None or (message is not None and message.chat.type != "private"):
        return []
    rows = message.reply_markup.inline_keyboard if message is not None and message.reply_markup is not None else []
    texts = [button.text for row in rows for button in row if button.callback_data == query.data]
    return [
        Said(
            key=key,
            address=str(query.sender.id if message is None else message.chat.id),
            text=texts[0] if texts else "",
            happened_at=now,
            provider_id=query.id,
            name=_name(query.sender),
            answers=None if message is None else provider_id(message.chat.id, message.message_id),
            pressed=query.data,
        )
    ]


def _reached(membership: _Membership, key: str) -> list[Inbound]:
    if membership.chat.type != "private":
        return []
    is_open = membership.new_chat_member.status not in _SHUT
    return [Reach(key, str(membership.chat.id), open=is_open, happened_at=_moment(membership.date))]


def _name(user: _User | None) -> str | None:
    return (user and f"{user.first_name} {user.last_name}".strip()) or None


def _answers(message: _Message) -> str | None:
    before = message.reply_to_message
    return None if before is None else provider_id(message.chat.id, before.message_id)


def _text(message: _Message) -> str:
    if message.text or message.caption:
        return message.text or message.caption
    if message.sticker is not None:
        return message.sticker.emoji
    if message.contact is not None:
        contact = message.contact
        return " ".join(part for part in (contact.first_name, contact.last_name, contact.phone_number) if part)
    if message.venue is not None:
        venue = message.venue
        return "\n".join(part for part in (venue.title, venue.address, _place(venue.location)) if part)
    if message.location is not None:
        return _place(message.location)
    if message.poll is not None:
        return message.poll.question
    return message.dice.emoji if message.dice is not None else ""


def _place(location: _Location) -> str:
    return f"{location.latitude:.6f}, {location.longitude:.6f}"


def _attachments(message: _Message) -> tuple[Attachment, ...]:
    # An animation comes as a document too; it is one file.
    files = {
        "photo.jpg": ("image/jpeg", max(message.photo, key=lambda each: each.file_size, default=None)),
        "animation.mp4": ("video/mp4", message.animation),
        "document": ("application/octet-stream", message.document if message.animation is None else None),
        "video.mp4": ("video/mp4", message.video),
        "audio.mp3": ("audio/mpeg", message.audio),
        "voice.ogg": ("audio/ogg", message.voice),
        "video-note.mp4": ("video/mp4", message.video_note),
        **_sticker(message.sticker),
    }
    return tuple(
        Attachment(file.file_name or name, file.mime_type or kind, file.file_size, reference=file.file_id)
        for name, (kind, file) in files.items()
        if file is not None
    )


def _sticker(sticker: _File | None) -> dict[str, tuple[str, _File | None]]:
    if sticker is not None and sticker.is_animated:
        return {"sticker.tgs": ("application/gzip", sticker)}
    if sticker is not None and sticker.is_video:
        return {"sticker.webm": ("video/webm", sticker)}
    return {"sticker.webp": ("image/webp", sticker)}


def _moment(seconds: int) -> datetime:
    """A time that is none stands for the earliest, rather than losing what was said."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
