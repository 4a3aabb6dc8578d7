"""Files: those that come with what people say, and those that colleagues put in to send.

What is in them stands in the database, once for each content, under its SHA-256. What a file is, is seen by its bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Attachment, Said
from onevoice.domains.delivery.contracts.files import (
    FILE_MAX_BYTES,
    FILES_MAX,
    MESSAGE_MAX_BYTES,
    Bytes,
    File,
    FileState,
    Sniffed,
    Wanted,
)
from onevoice.domains.delivery.errors import ChannelError, Permanent, UnknownFileError
from onevoice.domains.delivery.rules import sniffing
from onevoice.domains.delivery.store import files as store
from onevoice.kit import bus

WAITING = "onevoice_files"
"""Channel of the bus: something is to be fetched."""
LEASE = timedelta(seconds=180)
TRIES = 6
FETCHED_AT_ONCE = 4
FORGOTTEN_AT_ONCE = 1_000


def take(conn: Connection, account: Account, said: Said, now: datetime) -> list[dict[str, Any]]:
    """What came with a word, as the log tells of it; the bytes are kept here, or wait to be fetched."""
    room = MESSAGE_MAX_BYTES
    found: list[dict[str, Any]] = []
    for each in said.attachments[:FILES_MAX]:
        reason = _reason(each, room)
        if reason is None:
            room -= each.size_bytes
        state: FileState = "failed" if reason else "waiting" if each.data is None else "kept"
        file = File(0, each.name[:200], each.content_type[:100], each.size_bytes, state, reason)
        number = store.add(
            conn, file, now, account=int(account.id),
            reference=each.reference if state == "waiting" else None,
            due_at=now if state == "waiting" else None,
            digest=_kept(conn, each.data) if state == "kept" and each.data is not None else None,
        )  # fmt: skip
        found.append({"name": file.name, "type": file.type, "size_bytes": file.size_bytes, "file": number})
        if state == "waiting":
            bus.notify(conn, WAITING)
    return found


def _reason(file: Attachment, room: int) -> str | None:
    size = file.size_bytes if file.data is None else max(file.size_bytes, len(file.data))
    if size > FILE_MAX_BYTES or (file.data is None and file.reference is None):
        return "too_large"
    return "too_much" if size > room else None


def _kept(conn: Connection, data: bytes) -> bytes:
    digest = hashlib.sha256(data).digest()
    found = sniffing.sniff(data)
    measured = found if sniffing.shown(found) else Sniffed(found.type)
    store.keep_blob(conn, digest, measured, data)
    return digest


def files(conn: Connection, numbers: Sequence[int]) -> Mapping[int, File]:
    """Those that are there."""
    return store.files(conn, numbers) if numbers else {}


def data(conn: Connection, number: int) -> Bytes:
    """Raises: UnknownFileError."""
    found = store.data(conn, number)
    if found is None:
        raise UnknownFileError("There is no such file here.")
    return found


# What its provider has


def claim(conn: Connection, now: datetime) -> list[Wanted]:
    return store.claim(conn, now, now + LEASE, FETCHED_AT_ONCE)


def fetched(conn: Connection, wanted: Wanted, came: bytes | ChannelError, now: datetime) -> None:
    """What a provider gave, or what it said instead."""
    if isinstance(came, bytes):
        if len(came) > FILE_MAX_BYTES:
            store.failed(conn, wanted.id, "too_large")
        else:
            store.kept(conn, wanted.id, _kept(conn, came), len(came))
    elif isinstance(came, Permanent) or wanted.tries >= TRIES:
        store.failed(conn, wanted.id, came.code)
    else:
        store.again(conn, wanted.id, now + timedelta(seconds=5 * 4**wanted.tries))


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget what was put in and not sent within a day."""
    return store.forget(conn, now, FORGOTTEN_AT_ONCE)
