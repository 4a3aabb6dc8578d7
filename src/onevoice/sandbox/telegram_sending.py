"""What the bot says in the stand-in: each call held against the limits of the Bot API, and kept as a message."""

from collections.abc import Mapping
from typing import Any

from onevoice.sandbox.telegram_forms import Parameters, Upload
from onevoice.sandbox.telegram_markup import UnparsableError, parsed, units
from onevoice.sandbox.telegram_room import Call, Chat, RefusedError, Room

MEDIA = ("photo", "video", "audio", "document")
MAX_TEXT, MAX_CAPTION = 4096, 1024
_MOST_BYTES = {"photo": 10 * 2**20}


class Sending:
    def __init__(self, room: Room) -> None:
        self._room = room
        self.next_message = 101

    def carry_out(self, name: str, given: Parameters) -> Any:
        """name: of the method, in small letters. Raises: RefusedError, ValueError."""
        chat = self._chat(given)
        if name == "sendmediagroup":
            return self._album(name, chat, given)
        if name.startswith("edit"):
            message = self._edited(name, chat, given)
        else:
            message = self._sent(name.removeprefix("send"), chat, given)
        self._room.ledger.append(Call(name, given.everything(), message["message_id"]))
        return message

    def _album(self, name: str, chat: Chat, given: Parameters) -> list[dict[str, Any]]:
        group = given.value("media") or []
        _require(2 <= len(group) <= 10, "there must be 2-10 items in the album")
        kinds = {each["type"] for each in group}
        _require(kinds <= set(MEDIA), "type of the media is unknown")
        _require(kinds <= {"photo", "video"} or len(kinds) == 1, "can't be mixed with other media types")
        around = self._answering(chat, given) | {"media_group_id": str(self.next_message)}
        sent = [
            {each["type"]: self._media(each["type"], each["media"], given.uploads, each["type"])}
            | _words(Parameters(each, {}), "caption", MAX_CAPTION)
            | around
            for each in group
        ]
        messages = [self.message(chat, fields, sender=self._room.me) for fields in sent]
        self._room.ledger.append(Call(name, given.everything(), messages[0]["message_id"]))
        return messages

    def message(self, chat: Chat, fields: Mapping[str, Any], *, sender: Mapping[str, Any]) -> dict[str, Any]:
        """A new message in a chat."""
        number = self.next_message
        self.next_message += 1
        about = {"message_id": number, "from": sender, "chat": chat.chat(), "date": self._room.seconds()}
        chat.messages[number] = about | dict(fields)
        return chat.messages[number]

    def store(self, kind: str, upload: Upload) -> dict[str, Any]:
        """Keeps a file, and describes it as the Bot API does."""
        number = len(self._room.files) + 1
        file_id = f"file-{number}"
        self._room.files[file_id] = (f"{kind}s/file_{number}", upload.data)
        about: dict[str, Any] = {"file_id": file_id, "file_unique_id": f"u{number}", "file_size": len(upload.data)}
        if kind in {"photo", "video", "sticker"}:
            about |= {"width": 320, "height": 240}
        if kind in {"video", "audio", "voice"}:
            about["duration"] = 1
        if kind == "sticker":
            about |= {"type": "regular", "is_animated": False, "is_video": False}
        if kind in {"video", "audio", "document"}:
            about |= {"file_name": upload.name, "mime_type": upload.content_type}
        return about

    def file(self, file_id: str) -> dict[str, Any]:
        if file_id not in self._room.files:
            raise RefusedError(400, "Bad Request: invalid file_id")
        path, data = self._room.files[file_id]
        unique = file_id.replace("file-", "u")
        return {"file_id": file_id, "file_unique_id": unique, "file_size": len(data), "file_path": path}

    def _chat(self, given: Parameters) -> Chat:
        if "chat_id" not in given:
            raise RefusedError(400, "Bad Request: chat_id is empty")
        chat = self._room.chats.get(given.number("chat_id"))
        if chat is None:
            raise RefusedError(400, "Bad Request: chat not found")
        if chat.refusal is not None:
            raise RefusedError(*chat.refusal)
        if chat.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        if not chat.started:
            raise RefusedError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    def _sent(self, kind: str, chat: Chat, given: Parameters) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if kind == "message":
            fields |= _words(given, "text", MAX_TEXT)
            if not fields:
                raise RefusedError(400, "Bad Request: message text is empty")
        else:
            fields |= {kind: self._media(kind, given.text(kind), given.uploads, kind)}
            fields |= _words(given, "caption", MAX_CAPTION)
        fields |= _keyboard(given) | self._answering(chat, given)
        if given.flag("protect_content"):
            fields["has_protected_content"] = True
        return self.message(chat, fields, sender=self._room.me)

    def _media(self, kind: str, named: str, uploads: Mapping[str, Upload], field: str) -> Any:
        upload = uploads.get(named.removeprefix("attach://") if named else field)
        if upload is None:
            if named not in self._room.files:
                raise RefusedError(400, f"Bad Request: there is no {kind} in the request")
            known = Upload(kind, "", self._room.files[named][1])
            stored = self.store(kind, known)
        else:
            if not upload.data:
                raise RefusedError(400, "Bad Request: file must be non-empty")
            if len(upload.data) > _MOST_BYTES.get(kind, 50 * 2**20):
                raise RefusedError(413, "Request Entity Too Large")
            stored = self.store(kind, upload)
        return [stored] if kind == "photo" else stored

    def _answering(self, chat: Chat, given: Parameters) -> dict[str, Any]:
        about = given.value("reply_parameters")
        if not about:
            return {}
        before = chat.messages.get(int(about["message_id"]))
        if before is None and not about.get("allow_sending_without_reply"):
            raise RefusedError(400, "Bad Request: message to be replied not found")
        return {} if before is None else {"reply_to_message": before}

    def _edited(self, name: str, chat: Chat, given: Parameters) -> dict[str, Any]:
        before = chat.messages.get(given.number("message_id"))
        if before is None or before["from"] is not self._room.me:
            raise RefusedError(400, "Bad Request: message to edit not found")
        after = {key: value for key, value in before.items() if key not in {"reply_markup", "edit_date"}}
        match name:
            case "editmessagetext":
                _require("text" in before, "there is no text in the message to edit")
                words = _words(given, "text", MAX_TEXT)
                _require(bool(words), "message text is empty")
                after = _without(after, "text", "entities") | words
            case "editmessagecaption":
                _require("text" not in before, "there is no caption in the message to edit")
                after = _without(after, "caption", "caption_entities") | _words(given, "caption", MAX_CAPTION)
            case "editmessagemedia":
                about = given.value("media")
                kind = about["type"]
                _require(kind in MEDIA, "type of the media is unknown")
                after = _without(after, *MEDIA, "text", "entities", "caption", "caption_entities")
                after[kind] = self._media(kind, about["media"], given.uploads, kind)
                after |= _words(Parameters(about, {}), "caption", MAX_CAPTION)
            case "editmessagereplymarkup":
                pass
            case _:
                raise RefusedError(404, "Not Found: method not found")
        after |= _keyboard(given)
        _require(
            after != _without(before, "edit_date"),
            "message is not modified: specified new message content and reply markup are exactly the same as a current"
            " content and reply markup of the message",
        )
        chat.messages[before["message_id"]] = after | {"edit_date": self._room.seconds()}
        return chat.messages[before["message_id"]]


def _require(right: bool, otherwise: str) -> None:
    if not right:
        raise RefusedError(400, f"Bad Request: {otherwise}")


def _without(message: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key not in names}


def _words(given: Parameters, name: str, most: int) -> dict[str, Any]:
    try:
        text, entities = parsed(given.text(name), given.text("parse_mode"))
    except UnparsableError as error:
        raise RefusedError(400, f"Bad Request: can't parse entities: {error}") from error
    own = "entities" if name == "text" else "caption_entities"
    entities = entities or given.value(own) or []
    if units(text) > most:
        what = "message is too long" if name == "text" else "message caption is too long"
        raise RefusedError(400, f"Bad Request: {what}")
    return ({name: text} if text else {}) | ({own: entities[:100]} if entities and text else {})


def _keyboard(given: Parameters) -> dict[str, Any]:
    markup = given.value("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not rows:
        return {}
    for row in rows:
        for button in row:
            _require(bool(button.get("text")), "text buttons are unallowed in the inline keyboard")
            if "callback_data" in button:
                _require(1 <= len(button["callback_data"].encode()) <= 64, "BUTTON_DATA_INVALID")
            else:
                _require(str(button.get("url", "")).startswith(("http://", "https://", "tg://")), "BUTTON_URL_INVALID")
    return {"reply_markup": {"inline_keyboard": rows}}
