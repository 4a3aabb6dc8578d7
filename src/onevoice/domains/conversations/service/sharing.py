"""Files of the site's chat: what a visitor puts in and sends, and what either side sees of it.

They stand where all files do. Whoever holds the chat's secret gets those that came in this chat, and no other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from onevoice.domains.conversations.contracts import Chat
from onevoice.domains.conversations.errors import NoChatError
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.store import chats as store
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.files import MESSAGE_MAX_BYTES, Bytes, File
from onevoice.domains.delivery.contracts.messages import Content
from onevoice.domains.delivery.errors import UnknownFileError, UnusableFileError
from onevoice.domains.delivery.service import files

_CHATS = 2**40
"""Chats put files in under numbers that no account and no key has."""


def owner(chat: Chat) -> int:
    return -(_CHATS + chat.id)


def begin(
    conn: Connection, account: Account, address: str, name: str, size_bytes: int, *, language: str, now: datetime
) -> File:
    """A file whose pieces come; its chat begins with it where there is none.

    Raises: NoChatError, UnusableFileError, TooManyFilesError.
    """
    chat = store.ensure(conn, int(account.id), address, None, language, now)
    if chat.account_id != account.id:
        raise NoChatError("This chat belongs to another site.")
    if size_bytes < 1:
        raise UnusableFileError(f"{name} is empty.", reason="empty")
    return files.begin(conn, name, size_bytes, owner(chat), now)


def piece(conn: Connection, account: Account, address: str, number: int, offset: int, part: bytes) -> File:
    """The next piece. One that is there already changes nothing; with the last the file is whole.

    Raises: NoChatError, UnknownFileError, UnusableFileError.
    """
    return files.piece(conn, number, offset, part, owner(_chat(conn, account, address)))


def drop(conn: Connection, account: Account, address: str, number: int) -> None:
    """One that was not sent. Raises: NoChatError, UnknownFileError."""
    files.drop(conn, number, owner(_chat(conn, account, address)))


def sent(conn: Connection, chat: Chat, numbers: Sequence[int]) -> list[File]:
    """They go with a line. Raises: UnusableFileError."""
    if not numbers:
        return []
    files.to_send(conn, numbers, owner(chat))
    found = files.files(conn, numbers)
    if sum(found[number].size_bytes for number in numbers) > MESSAGE_MAX_BYTES:
        raise UnusableFileError(f"Together they are larger than {MESSAGE_MAX_BYTES // 2**20} MiB.", reason="too_much")
    return [found[number] for number in numbers]


def ours(conn: Connection, content: Content) -> list[dict[str, Any]]:
    """What goes with a message of ours, as browsers are told of it."""
    numbers = [each.file for each in content.media if each.file is not None]
    found = files.files(conn, numbers)
    return [told(found[number]) for number in numbers if number in found]


def told(file: File) -> dict[str, Any]:
    """width, height: only of an image that may be shown."""
    said = {"file": file.id, "name": rules.file_name(file.name), "type": file.type, "size": file.size_bytes}
    return said if file.width is None else said | {"width": file.width, "height": file.height}


def data(conn: Connection, account: Account, address: str, n: int, number: int) -> Bytes:
    """A file that came with a line of this chat. Raises: NoChatError, UnknownFileError."""
    chat = _chat(conn, account, address)
    if not store.holds(conn, chat.id, n, number):
        raise UnknownFileError("There is no such file in this chat.")
    return files.data(conn, number)


def _chat(conn: Connection, account: Account, address: str) -> Chat:
    chat = store.find(conn, address)
    if chat is None or chat.account_id != account.id:
        raise NoChatError("Nothing was said in this chat yet.")
    return chat
