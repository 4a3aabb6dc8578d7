"""Telegram beside its stand-in, for the suite over all channels."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.conformance import Seen
from onevoice.channels.telegram.adaptor import CHANNEL, SECRET_HEADER
from onevoice.domains.delivery.contracts.channels import Incoming
from onevoice.sandbox.telegram import Chat, Fault, Telegram

SECRET = "secret_of-the_webhook-0123"
FAULTS = {
    "too_many": Fault("too_many", 7), "broken": Fault("error"), "silence": Fault("silence", 1),
    "unheard": Fault("unheard", 1), "reset": Fault("reset"), "cut": Fault("cut"), "garbage": Fault("garbage"),
    "refused": Fault("not_ok"), "revoked": Fault("revoked"), "redirect": Fault("moved"),
}  # fmt: skip


class TelegramBench:
    channel = CHANNEL
    hasty_settings: Mapping[str, Any] = {}

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self.allowed = frozenset({telegram.url.removeprefix("http://")})
        self._update = 1

    def settings(self) -> dict[str, Any]:
        return {"token": self.telegram.token, "api_url": self.telegram.url, "webhook_secret": SECRET}

    def refused_settings(self) -> list[dict[str, Any]]:
        return [
            *(
                self.settings() | {"token": text}
                for text in ("7000001:AAanother_token_of_nobody", "none", "1:a/../b", "")
            ),
            *(self.settings() | {"webhook_secret": text} for text in ("short", "with spaces in it, which", "ż" * 20)),
            self.settings() | {"updates": "webhook", "webhook_secret": ""},
            *(
                self.settings() | {"api_url": url}
                for url in ("ftp://x.example", "http://10.0.0.1", self.telegram.url + "/x")
            ),
        ]

    def chat(self) -> Chat:
        chat = self.telegram.person("Anna", "Kowalska", username="anna")
        chat.started = True
        return chat

    def address(self) -> str:
        return str(self.chat().id)

    def gone_address(self) -> str:
        chat = self.chat()
        chat.blocked = True
        return str(chat.id)

    def seen(self) -> list[Seen]:
        sent = [call for call in self.telegram.ledger if not call.method.startswith("edit")]
        return [self._seen(int(call.fields["chat_id"]), call.message_id) for call in sent]

    def _seen(self, chat_id: int, number: int) -> Seen:
        message = self.telegram.chats[chat_id].messages[number]
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        before = message.get("reply_to_message")
        kinds = {"photo": "image", "video": "video", "audio": "audio", "document": "file"}
        return Seen(
            f"{chat_id}:{number}",
            str(chat_id),
            message.get("text", message.get("caption", "")),
            tuple(button["text"] for row in rows for button in row),
            tuple((kind, self._data(message[name])) for name, kind in kinds.items() if name in message),
            before and f"{chat_id}:{before['message_id']}",
        )

    def _data(self, media: Any) -> bytes:
        return self.telegram.files[(media[0] if isinstance(media, list) else media)["file_id"]][1]

    def trouble(self, kind: str) -> None:
        self.telegram.trouble(FAULTS[kind])

    def write(self, address: str, text: str) -> None:
        self.telegram.say(self.telegram.chats[int(address)], text)

    def press(self, provider_id: str, data: str) -> None:
        chat_id, _, number = provider_id.partition(":")
        self.telegram.press(self.telegram.chats[int(chat_id)], int(number), data)

    def shut(self, address: str) -> None:
        self.telegram.block(self.telegram.chats[int(address)])

    def incoming(self, text: str) -> Incoming:
        self._update += 1
        chat = self.chat()
        message = {"message_id": 7, "date": int(time.time()), "chat": chat.chat(), "from": chat.user(), "text": text}
        return self.signed(json.dumps({"update_id": self._update, "message": message}).encode())

    def aged(self, request: Incoming) -> Incoming:
        return replace(request)  # nothing in it tells when it was made

    def signed(self, body: bytes) -> Incoming:
        return Incoming("POST", {SECRET_HEADER: SECRET, "content-type": "application/json"}, {}, body)

    def stop(self) -> None:
        self.telegram.stop()
