"""Telegram's Bot API for one bot, over real HTTP on loopback, and the people who talk with it.

Clients are pointed at `url` in place of Telegram's address. Methods of `Telegram` are what people do, and may be called
from any thread: they start the bot, say something, press a button, block it. What the bot was let say is in `ledger`.
"""

import asyncio
import itertools
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

from onevoice.sandbox.keeping import KeptChat, KeptRoom
from onevoice.sandbox.serving import Outcome, Reply, Request, Server, Trouble, json_reply
from onevoice.sandbox.telegram_forms import Parameters, Upload, parameters
from onevoice.sandbox.telegram_room import Call, Chat, RefusedError, Room
from onevoice.sandbox.telegram_sending import MEDIA, Sending
from onevoice.sandbox.telegram_webhook import Webhook

Kind = Literal[
    "too_many", "error", "gateway", "silence", "unheard", "reset", "torn", "cut", "garbage", "not_ok",
    "revoked", "moved", "slow",
]  # fmt: skip
TAKEN_ALL_THE_SAME = frozenset({"silence", "reset", "cut", "garbage", "slow"})
"""The call is carried out, and only the answer goes wrong. Of `unheard` and `torn` nothing is carried out."""
TOKEN = "7000001:AAsandbox_token-of_the_stand-in"  # noqa: S105 - opens nothing but this stand-in
_PATH = re.compile(r"/(file/)?bot([^/]+)/(.+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call. seconds: of retry_after, or of silence."""

    kind: Kind
    seconds: int = 1


class Telegram:
    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        username: str = "northfold_bot",
        title: str = "Northfold",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self.me = {
            "id": int(token.partition(":")[0]), "is_bot": True, "first_name": title, "username": username,
            "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False,
        }  # fmt: skip
        self._server = Server(self._answer, port=port)
        self._room = Room(self.me, now)
        self._sending = Sending(self._room)
        self.webhook = Webhook(self._room, self.carry_out)
        self._faults: deque[tuple[Fault, str | None]] = deque()
        self.standing: Fault | None = None
        """What happens to every call but polls, until it is taken away; `slow` too, which only waits."""
        self._poll: asyncio.Event | None = None
        self._queries = itertools.count(1)
        self.done: Counter[str] = Counter()
        """Calls by their method, and faults as `method:kind`."""
        self.answered: list[str] = []
        """Queries of pressed buttons that the bot has answered."""

    @property
    def chats(self) -> dict[int, Chat]:
        return self._room.chats

    @property
    def ledger(self) -> list[Call]:
        """What was sent and edited, in its order."""
        return self._room.ledger

    @property
    def files(self) -> dict[str, tuple[str, bytes]]:
        """By file_id: the path and the bytes."""
        return self._room.files

    # What the server's owner does

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def port(self) -> int:
        return self._server.port

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def trouble(self, *faults: Fault, method: str | None = None) -> None:
        """What happens to the calls that come next, one by one: to those of one method, or to all but polls."""
        with self._room.lock:
            self._faults.extend((fault, method) for fault in faults)

    def counts(self) -> tuple[int, int]:
        """How often the bot asked to say or change something, and how often that was taken."""
        with self._room.lock:
            asked = sum(times for what, times in self.done.items() if _says(what) and ":" not in what)
            for what, times in self.done.items():
                method, _, kind = what.partition(":")
                if _says(method) and kind and kind not in TAKEN_ALL_THE_SAME:
                    asked += times
            return asked, len(self.ledger)

    # What outlasts it

    def kept(self) -> KeptRoom:
        room = self._room
        with room.lock:
            chats = [
                KeptChat(
                    one.id, one.first_name, one.last_name, one.username, one.language, one.started, one.blocked,
                    dict(one.messages),
                )
                for one in self.chats.values()
            ]  # fmt: skip
            return KeptRoom(chats, room.waiting(), room.next_update, self._sending.next_message)

    def restore(self, kept: KeptRoom) -> None:
        """Before it is started."""
        for one in kept.chats:
            chat = Chat(one.id, one.first_name, one.last_name, one.username, one.language, one.started, one.blocked)
            for number, message in one.messages.items():
                own = message["from"]["id"] == self.me["id"]
                chat.messages[number] = message | ({"from": self.me} if own else {})
            self.chats[chat.id] = chat
        self._room.restore(kept.updates, kept.next_update)
        self._sending.next_message = kept.next_message

    # What people do

    def person(self, first_name: str, last_name: str = "", *, username: str = "", language: str = "en") -> Chat:
        """Somebody who has Telegram and has not met the bot."""
        with self._room.lock:
            chat = Chat(5_000_001 + len(self.chats), first_name, last_name, username, language)
            self.chats[chat.id] = chat
            return chat

    def start_bot(self, chat: Chat, payload: str = "") -> int:
        """Presses Start, or opens `t.me/bot?start=payload`. Returns: the update's number."""
        with self._room.lock:
            chat.started = True
            chat.blocked = False
            text = f"/start {payload}".strip()
            entities = [{"type": "bot_command", "offset": 0, "length": 6}]
            return self._heard(chat, {"text": text, "entities": entities})

    def say(self, chat: Chat, text: str, *, answering: int | None = None, **more: Any) -> int:
        """more: other fields of a Message, such as a location. Returns: the update's number."""
        with self._room.lock:
            fields: dict[str, Any] = ({"text": text} if text else {}) | more
            if answering is not None:
                fields["reply_to_message"] = chat.messages[answering]
            return self._heard(chat, fields)

    def send_file(self, chat: Chat, field_name: str, data: bytes, *, caption: str = "", **more: Any) -> int:
        """field_name: photo, document, video, audio, voice, sticker. more: fields of the file, such as file_name."""
        with self._room.lock:
            upload = Upload(more.get("file_name", field_name), more.get("mime_type", ""), data)
            stored = self._sending.store(field_name, upload) | more
            media = [stored] if field_name == "photo" else stored
            return self._heard(chat, {field_name: media} | ({"caption": caption} if caption else {}))

    def edit(self, chat: Chat, message_id: int, text: str) -> int:
        """Changes what the person said. Returns: the update's number."""
        with self._room.lock:
            message = chat.messages[message_id] | {"text": text, "edit_date": self._room.seconds()}
            chat.messages[message_id] = message
            return self.tell({"edited_message": message})

    def press(self, chat: Chat, message_id: int, data: str) -> str:
        """Presses a button under a message of the bot's. Returns: the query's id. Raises: LookupError."""
        with self._room.lock:
            message = chat.messages[message_id]
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            if not any(button.get("callback_data") == data for row in rows for button in row):
                raise LookupError(f"There is no button with {data!r} under message {message_id}.")
            query = f"{chat.id}{next(self._queries)}"
            self.tell(
                {"callback_query": {
                    "id": query, "from": chat.user(), "message": message, "chat_instance": str(chat.id), "data": data,
                }}
            )  # fmt: skip
            return query

    def block(self, chat: Chat) -> int:
        return self._member(chat, blocked=True)

    def unblock(self, chat: Chat) -> int:
        return self._member(chat, blocked=False)

    # Between the two

    def tell(self, update: dict[str, Any]) -> int:
        """Puts an update where the bot will find it. Returns: its number."""
        number = self._room.tell(update)
        self._server.loop.call_soon_threadsafe(self._wake)
        return number

    def waiting(self) -> list[dict[str, Any]]:
        """Updates that the bot has not confirmed, in their order."""
        return self._room.waiting()

    def carry_out(self, method: str, given: Parameters) -> Any:
        """Raises: RefusedError."""
        with self._room.lock:
            self.done[method] += 1
            name = method.lower()
            if name.startswith("editmessage") or name in {
                "sendmessage",
                "sendmediagroup",
                *(f"send{kind}" for kind in MEDIA),
            }:
                return self._sending.carry_out(name, given)
            match name:
                case "getme":
                    return self.me
                case "setwebhook":
                    return self.webhook.set(given)
                case "deletewebhook":
                    return self.webhook.delete(drop=given.flag("drop_pending_updates"))
                case "getwebhookinfo":
                    return self.webhook.info()
                case "answercallbackquery":
                    self.answered.append(given.text("callback_query_id"))
                    return True
                case "getfile":
                    return self._sending.file(given.text("file_id"))
                case "sendchataction":
                    return True
                case _:
                    raise RefusedError(404, "Not Found: method not found")

    def _heard(self, chat: Chat, fields: dict[str, Any]) -> int:
        message = self._sending.message(chat, fields, sender=chat.user())
        return self.tell({"message": message})

    def _member(self, chat: Chat, *, blocked: bool) -> int:
        with self._room.lock:
            chat.blocked = blocked
            before, after = ("member", "kicked") if blocked else ("kicked", "member")
            return self.tell(
                {"my_chat_member": {
                    "chat": chat.chat(), "from": chat.user(), "date": self._room.seconds(),
                    "old_chat_member": self._membership(before), "new_chat_member": self._membership(after),
                }}
            )  # fmt: skip

    def _membership(self, status: str) -> dict[str, Any]:
        return {"status": status, "user": self.me} | ({"until_date": 0} if status == "kicked" else {})

    def _wake(self) -> None:
        if self._poll is not None:
            self._poll.set()
        self.webhook.wake()

    # What the bot does

    def _answer(self, request: Request) -> Any:
        found = _PATH.fullmatch(request.path)
        if found is None or found[2] != self.token:
            return _refusal(RefusedError(401 if found else 404, "Unauthorized" if found else "Not Found"))
        if found[1]:
            data = next((data for path, data in self.files.values() if path == found[3]), None)
            return Reply(404) if data is None else Reply(200, data, {"content-type": "application/octet-stream"})
        method = found[3]
        fault = self._fault(method)
        if fault is not None and fault.kind not in TAKEN_ALL_THE_SAME:
            return _instead(fault)
        try:
            given = parameters(request)
            if method.lower() == "getupdates":
                return self._get_updates(given)
            answer = json_reply({"ok": True, "result": self.carry_out(method, given)})
        except RefusedError as error:
            answer = _refusal(error)
        except (ValueError, KeyError) as error:
            answer = _refusal(RefusedError(400, f"Bad Request: {error}"))
        if fault is not None and fault.kind == "slow":
            return _late(answer, fault.seconds)
        return answer if fault is None else _instead(fault)

    def _fault(self, method: str) -> Fault | None:
        with self._room.lock:
            for each in self._faults:
                fault, only = each
                if only == method or (only is None and method.lower() != "getupdates"):
                    self._faults.remove(each)
                    self.done[f"{method}:{fault.kind}"] += 1
                    return fault
            if self.standing is None or method.lower() == "getupdates":
                return None
            self.done[f"{method}:{self.standing.kind}"] += 1
            return self.standing

    async def _get_updates(self, given: Parameters) -> Outcome:
        if self.webhook.url:
            return _conflict("can't use getUpdates method while webhook is active; use deleteWebhook first")
        if self._poll is not None:
            self._poll.set()  # the one who polled before is sent away
            self._poll = None
        self.done["getUpdates"] += 1
        offset, limit = given.number("offset"), min(max(given.number("limit", 100), 1), 100)
        until = asyncio.get_running_loop().time() + given.number("timeout")
        mine = self._poll = asyncio.Event()
        while True:
            got = self._taken(offset)[:limit]
            left = until - asyncio.get_running_loop().time()
            if got or left <= 0:
                self._poll = None
                return json_reply({"ok": True, "result": got})
            try:
                await asyncio.wait_for(mine.wait(), left)
            except TimeoutError:
                continue
            if self._poll is not mine:
                text = (
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
                )
                return _refusal(RefusedError(409, text))
            mine.clear()

    def _taken(self, offset: int) -> list[dict[str, Any]]:
        """Those from an offset on; the ones before it are confirmed by asking. Negative: from the end."""
        with self._room.lock:
            waiting = self.waiting()
            kept = waiting[offset:] if offset < 0 else [each for each in waiting if each["update_id"] >= offset]
            self._room.confirm(*(each["update_id"] for each in waiting[: len(waiting) - len(kept)]))
            return kept


def _says(method: str) -> bool:
    return method.lower().startswith(("send", "editmessage")) and method.lower() != "sendchataction"


async def _late(answer: Reply, seconds: int) -> Reply:
    await asyncio.sleep(seconds)
    return answer


def _refusal(error: RefusedError) -> Reply:
    told = {"ok": False, "error_code": error.code, "description": error.description}
    return json_reply(told | ({"parameters": error.parameters} if error.parameters else {}), error.code)


def _conflict(text: str) -> Reply:
    return _refusal(RefusedError(409, f"Conflict: {text}"))


def _instead(fault: Fault) -> Outcome:
    match fault.kind:
        case "too_many":
            text = f"Too Many Requests: retry after {fault.seconds}"
            return _refusal(RefusedError(429, text, {"retry_after": fault.seconds}))
        case "error":
            return _refusal(RefusedError(500, "Internal Server Error"))
        case "gateway":
            return Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", {"content-type": "text/html"})
        case "revoked":
            return _refusal(RefusedError(401, "Unauthorized"))
        case "moved":
            return Reply(302, headers={"location": "http://127.0.0.1:1/"})
        case "silence" | "unheard":
            return Trouble("silence", fault.seconds)
        case "reset" | "torn":
            return Trouble("reset")
        case "cut":
            return Trouble("cut")
        case "garbage":
            return Reply(200, b'{"ok":true,"result":\xff', {"content-type": "application/json"})
        case _:
            told = {"ok": False, "error_code": 400, "description": "Bad Request: something is wrong"}
            return json_reply(told)
