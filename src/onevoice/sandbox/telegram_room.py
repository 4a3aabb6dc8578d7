"""What the stand-in for Telegram holds: people, their conversations with the bot, files, and updates not yet taken."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


class RefusedError(Exception):
    """The Bot API says no."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass(slots=True)
class Chat:
    """One person's conversation with the bot. messages: both sides', as the Bot API writes them, by their number."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language: str = "en"
    started: bool = False
    blocked: bool = False
    refusal: tuple[int, str, dict[str, Any]] | None = None
    """Whatever is sent there is refused so: code, description, parameters."""
    messages: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])

    def user(self) -> dict[str, Any]:
        return {**self._named(), "is_bot": False, "language_code": self.language}

    def chat(self) -> dict[str, Any]:
        return {**self._named(), "type": "private"}

    def _named(self) -> dict[str, Any]:
        named = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {"id": self.id, **{name: value for name, value in named.items() if value}}


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was carried out. method: in small letters."""

    method: str
    fields: dict[str, Any]
    message_id: int


class Room:
    """now: seconds since 1970."""

    def __init__(self, me: dict[str, Any], now: Callable[[], float]) -> None:
        self.me = me
        self.lock = threading.RLock()
        self.chats: dict[int, Chat] = {}
        self.ledger: list[Call] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self._now = now
        self._updates: dict[int, dict[str, Any]] = {}
        self.next_update = 70_000_001

    def seconds(self) -> int:
        return int(self._now())

    def tell(self, update: dict[str, Any]) -> int:
        with self.lock:
            number = self.next_update
            self.next_update += 1
            self._updates[number] = {"update_id": number, **update}
            return number

    def restore(self, updates: Iterable[dict[str, Any]], next_update: int) -> None:
        self._updates = {each["update_id"]: each for each in updates}
        self.next_update = next_update

    def waiting(self) -> list[dict[str, Any]]:
        """Updates that the bot has not confirmed, in their order."""
        with self.lock:
            return [*self._updates.values()]

    def confirm(self, *update_ids: int) -> None:
        with self.lock:
            for number in update_ids:
                self._updates.pop(number, None)

    def drop_waiting(self) -> None:
        with self.lock:
            self._updates.clear()
