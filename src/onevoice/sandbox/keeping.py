"""What the stand-ins of a demo hold, kept in one file: started again, they have all their mail and chats."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

LETTERS_MOST = 1_000
"""Of one mailbox; the newest stay."""


class KeptLetter(msgspec.Struct, frozen=True):
    uid: int
    raw: bytes
    at: datetime
    flags: list[str] = []


class KeptBox(msgspec.Struct, frozen=True):
    validity: int
    next_uid: int
    letters: list[KeptLetter]


class KeptTaken(msgspec.Struct, frozen=True):
    number: int
    sender: str
    recipient: str
    raw: bytes
    at: datetime


class KeptMail(msgspec.Struct, frozen=True):
    boxes: dict[str, KeptBox] = {}
    ledger: list[KeptTaken] = []
    marks: dict[int, str] = {}
    """What people did with a letter, by its number in the ledger: `spam`, `bounced`, `unsubscribed`."""


class KeptChat(msgspec.Struct, frozen=True):
    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language: str = "en"
    started: bool = False
    blocked: bool = False
    messages: dict[int, dict[str, Any]] = {}


class KeptRoom(msgspec.Struct, frozen=True):
    """updates: those that the bot has not taken yet."""

    chats: list[KeptChat] = []
    updates: list[dict[str, Any]] = []
    next_update: int = 70_000_001
    next_message: int = 101


class Persona(msgspec.Struct, frozen=True):
    """Somebody whose pocket is shown. ref: how the installation is asked for them. chat, mailbox: what they have.
    account: theirs at the shop. browser: the anonymous id that their browser has had since before the demo.
    """

    key: str
    name: str
    language: str
    ref: str
    chat: int | None = None
    mailbox: str | None = None
    account: str | None = None
    browser: str | None = None


class Goods(msgspec.Struct, frozen=True):
    """A product of the shop. names: by language. price_minor: in the shop's currency. sold_out: of its sizes."""

    sku: str
    category: str
    names: dict[str, str]
    price_minor: int
    sizes: list[str]
    sold_out: list[str] = []


class Range(msgspec.Struct, frozen=True):
    """What the shop sells. categories: their names by language, in their order. place: where goods can be collected."""

    goods: list[Goods]
    categories: dict[str, dict[str, str]]
    currency: str
    place: str


class About(msgspec.Struct, frozen=True):
    """How the stand-ins are reached, and whose pocket it is.

    ports: pocket, telegram, smtp, imap, and in newer homes shop. password: of the brand's mailbox. address, key: the
    installation that sends, and a secret key of it that may read customers and send messages; empty until the demo has
    made one. site: for which it sends. people: the first is shown first. write_key: of the shop's pages, where anybody
    may read it. range: None where there is no shop.
    """

    ports: dict[str, int]
    token: str
    password: str
    bot: str
    brand: str
    domain: str
    site: str
    people: list[Persona]
    address: str = ""
    key: str = ""
    write_key: str = ""
    range: Range | None = None


class Kept(msgspec.Struct, frozen=True):
    about: About
    mail: KeptMail = KeptMail()
    room: KeptRoom = KeptRoom()


def read(file: Path) -> Kept:
    """Raises: OSError, msgspec.DecodeError where it is no such file."""
    return msgspec.json.decode(file.read_bytes(), type=Kept)


def write(file: Path, kept: Kept) -> None:
    """Whole or not at all, and for the owner's eyes: it holds what was written to people. Raises: OSError."""
    scratch = file.with_suffix(".new")
    scratch.touch(mode=0o600)
    scratch.write_bytes(msgspec.json.encode(kept))
    scratch.replace(file)


def mark(kept: Kept) -> bytes:
    """Another one whenever there is something new to keep."""
    boxes = sorted((name, box.next_uid, [one.flags for one in box.letters]) for name, box in kept.mail.boxes.items())
    room = kept.room
    told = [boxes, kept.mail.marks, room.next_update, room.next_message, len(room.updates), kept.about]
    doors = [(one.id, one.blocked, [said.get("edit_date") for said in one.messages.values()]) for one in room.chats]
    return msgspec.json.encode([told, doors])
