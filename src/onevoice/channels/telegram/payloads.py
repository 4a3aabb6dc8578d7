"""One message as one request to the Bot API. Pure: who sends it is `adaptor`.

Always one, never several: Telegram takes no key by which it would know a repeat, so of two requests the second could
fail and leave half a message that may not be said again. That is why a text that is too long is refused, not cut.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from onevoice.channels.telegram.markup import marked, units
from onevoice.domains.delivery.contracts.messages import Button, Content, Media, Outgoing
from onevoice.domains.delivery.errors import Permanent
from onevoice.kit.jsons import clean_text

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_DATA_BYTES = 64
MAX_GROUP = 10
MAX_BUTTONS, MAX_BUTTONS_IN_ROW = 100, 8
MAX_PHOTO_BYTES, MAX_FILE_BYTES = 10 * 2**20, 50 * 2**20

_FIELDS = {"image": "photo", "video": "video", "audio": "audio", "file": "document"}
_CHAT = re.compile(r"-?[1-9][0-9]{0,18}")
_CONTENT_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """method: of the Bot API. files: by the field, or the name after `attach://`, that stands for them."""

    method: str
    fields: Mapping[str, Any]
    files: Mapping[str, File]


@dataclass(frozen=True, slots=True)
class Manner:
    """Settings that go with every message."""

    link_previews: bool = True
    protect: bool = False


def call(message: Outgoing, manner: Manner) -> Call:
    """Raises: Permanent."""
    content = message.content
    if len(content.media) > (1 if message.edits is not None or content.buttons else MAX_GROUP):
        raise Permanent("too_many_media", f"Telegram takes {MAX_GROUP} files with a message, one beside buttons.")
    fields: dict[str, Any] = {"chat_id": chat_id(message.address)}
    if message.edits is not None:
        fields["message_id"] = _message_id(message.edits)
    else:
        fields |= _around(message, manner)
    keyboard = _keyboard(content.buttons)
    if keyboard:
        fields["reply_markup"] = {"inline_keyboard": keyboard}
    if len(content.media) > 1:
        return _with_group(content, fields)
    if content.media:
        return _with_media(content, fields, edit=message.edits is not None)
    if not _is_said(content):
        if message.edits is None or not keyboard:
            raise Permanent("empty", "There is nothing to say in it.")
        return Call("editMessageReplyMarkup", fields, {})
    if not manner.link_previews:
        fields["link_preview_options"] = {"is_disabled": True}
    fields |= _words(content, "text", MAX_TEXT)
    return Call("sendMessage" if message.edits is None else "editMessageText", fields, {})


def chat_id(address: str) -> int:
    """Raises: Permanent."""
    if not _CHAT.fullmatch(address):
        raise Permanent("unusable_address", "An address in Telegram is the number of a chat.", gone=True)
    return int(address)


def provider_id(chat: int, message: int) -> str:
    """A message's number is its own only within its chat."""
    return f"{chat}:{message}"


def encoded(what: Call, boundary: str) -> tuple[str, bytes]:
    """The content type and the body."""
    if not what.files:
        return "application/json", msgspec.json.encode(what.fields)
    mark = boundary.encode()
    body = bytearray()
    for name, value in what.fields.items():
        text = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
        body += b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (mark, name.encode(), text)
    for name, file in what.files.items():
        body += b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n' % (
            mark, name.encode(), _file_name(file.name).encode(), file.content_type.encode(),
        )  # fmt: skip
        body += file.data + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", bytes(body + b"--%b--\r\n" % mark)


def _around(message: Outgoing, manner: Manner) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if manner.protect:
        fields["protect_content"] = True
    if message.answers is not None:
        # What it answers may be deleted by now; the answer is worth more than the thread.
        fields["reply_parameters"] = {
            "message_id": _message_id(message.answers),
            "allow_sending_without_reply": True,
        }
    return fields


def _message_id(named: str) -> int:
    number = named.rpartition(":")[2]
    if not (number.isascii() and number.isdigit() and 0 < len(number) <= 18):
        raise Permanent("unusable_reference", "The message that it answers or edits is none of Telegram's.")
    return int(number)


def _is_said(content: Content) -> bool:
    return bool(content.text.strip() or (content.html and marked(content.html).text))


def _words(content: Content, name: str, most: int) -> dict[str, Any]:
    """The text as field `name`, with tags where there are any."""
    if content.html:
        told = marked(clean_text(content.html))
        if told.text:
            _require_short(told.text, most)
            return {name: told.html, "parse_mode": "HTML"}
    text = clean_text(content.text)
    _require_short(text.strip(), most)
    return {name: text}


def _require_short(text: str, most: int) -> None:
    length = units(text)
    if length > most:
        raise Permanent("too_long", f"It has {length} characters as Telegram counts them, {most} is the most.")


def _with_media(content: Content, fields: dict[str, Any], *, edit: bool) -> Call:
    media = content.media[0]
    said = content if _is_said(content) else Content(media.caption)
    words = _words(said, "caption", MAX_CAPTION) if _is_said(said) else {}
    if edit and not media.data:
        return Call("editMessageCaption", fields | words, {})
    file = _file(media)
    field = _FIELDS[media.kind]
    if edit:
        new = {"type": field, "media": "attach://file", **words}
        return Call("editMessageMedia", fields | {"media": new}, {"file": file})
    return Call(f"send{field.capitalize()}", fields | words, {field: file})


def _with_group(content: Content, fields: dict[str, Any]) -> Call:
    """An album: of photos and videos, or of sounds; anything else goes as documents, which stand with nothing else."""
    kinds = {each.kind for each in content.media}
    alike = kinds <= {"image", "video"} or kinds == {"audio"}
    words = _words(content, "caption", MAX_CAPTION) if _is_said(content) else {}
    files = {f"file{number}": _file(each) for number, each in enumerate(content.media)}
    group = [
        {"type": _FIELDS[each.kind if alike else "file"], "media": f"attach://file{number}"}
        for number, each in enumerate(content.media)
    ]
    # Under documents the words stand below the last, under photos with the first.
    place = 0 if alike else -1
    group[place] |= words
    return Call("sendMediaGroup", fields | {"media": group}, files)


def _file(media: Media) -> File:
    most = MAX_PHOTO_BYTES if media.kind == "image" else MAX_FILE_BYTES
    if not media.data:
        raise Permanent("empty_media", "The file is empty.")
    if len(media.data) > most:
        raise Permanent("media_too_large", f"The file has {len(media.data)} bytes, {most} is the most.")
    known = _CONTENT_TYPE.fullmatch(media.content_type)
    return File(media.name, media.content_type if known else "application/octet-stream", media.data)


def _file_name(name: str) -> str:
    """Nothing in it can end the line or the quotes, or lead to a folder."""
    plain = "".join(letter for letter in clean_text(name) if letter.isprintable())
    return plain.translate({ord(letter): "_" for letter in '"\\/'})[:200] or "file"


def _keyboard(rows: tuple[tuple[Button, ...], ...]) -> list[list[dict[str, str]]]:
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_BUTTONS_IN_ROW for row in rows):
        raise Permanent("too_many_buttons", f"{MAX_BUTTONS} buttons are the most, {MAX_BUTTONS_IN_ROW} in a row.")
    return [[_button(button) for button in row] for row in rows if row]


def _button(button: Button) -> dict[str, str]:
    text = clean_text(button.text)
    if not text.strip() or (button.url is None) == (button.data is None):
        raise Permanent("unusable_button", "A button has a text, and either an address or data.")
    if button.data is not None:
        data = clean_text(button.data)
        if not 1 <= len(data.encode()) <= MAX_DATA_BYTES:
            raise Permanent("button_data_too_long", f"The data of a button is 1 to {MAX_DATA_BYTES} bytes.")
        return {"text": text, "callback_data": data}
    if not _is_link(button.url or ""):
        raise Permanent("unusable_button", "The address of a button begins with http, https or tg.")
    return {"text": text, "url": button.url or ""}


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "tg"} and bool(parts.netloc) and clean_text(url) == url
