"""Files: those that come with what people say, and those that colleagues put in to send.

What is in them stands in the database, once for each content, under its SHA-256. What a file is, is seen by its bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Attachment, Said
from onevoice.domains.delivery.contracts.files import (
    FILE_MAX_BYTES,
    FILES_MAX,
    HELD_MAX,
    MESSAGE_MAX_BYTES,
    PROGRAMS,
    Bytes,
    File,
    FileState,
    Sniffed,
    Wanted,
)
from onevoice.domains.delivery.contracts.messages import Content, Media
from onevoice.domains.delivery.errors import (
    ChannelError,
    Permanent,
    TooManyFilesError,
    UnknownFileError,
    UnusableFileError,
)
from onevoice.domains.delivery.rules import sniffing
from onevoice.domains.delivery.store import files as store
from onevoice.kit import bus
from onevoice.kit.text import straight

WAITING = "onevoice_files"
"""Channel of the bus: something is to be fetched."""
LEASE = timedelta(seconds=180)
TRIES = 6
FETCHED_AT_ONCE = 4
FORGOTTEN_AT_ONCE = 1_000
KEPT_UNSENT = timedelta(days=1)
PHOTO_SIDES = 10_000
"""Width and height together, of what messengers show as a photo."""


def take(conn: Connection, account: Account, said: Said, now: datetime) -> list[dict[str, Any]]:
    """What came with a word, as the log tells of it; the bytes are kept here, or wait to be fetched."""
    room = MESSAGE_MAX_BYTES
    found: list[dict[str, Any]] = []
    for each in said.attachments[:FILES_MAX]:
        if each.file is not None:
            known = {"name": each.name, "type": each.content_type, "size_bytes": each.size_bytes, "file": each.file}
            found.append(known)
            continue
        reason = _reason(each, room)
        if reason is None:
            room -= each.size_bytes
        state: FileState = "failed" if reason else "waiting" if each.data is None else "kept"
        file = File(0, _straight(each.name)[:200], each.content_type[:100], each.size_bytes, state, reason)
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


def _straight(name: str) -> str:
    return straight(name).strip() or "file"


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


# What colleagues send


def begin(conn: Connection, name: str, size_bytes: int, by: int, now: datetime) -> File:
    """A file whose pieces come. Raises: UnusableFileError, TooManyFilesError."""
    name = _straight(name)
    ending = name.rpartition(".")[2].lower()
    if size_bytes > FILE_MAX_BYTES:
        raise UnusableFileError(f"{name} is larger than {FILE_MAX_BYTES // 2**20} MiB.", reason="too_large")
    if ending in PROGRAMS and "." in name:
        raise UnusableFileError(f"{name} is a program: those are not sent.", reason="program")
    if store.held(conn, by) >= HELD_MAX:
        raise TooManyFilesError(f"{HELD_MAX} files wait to be sent already. Send them or take them out.")
    file = File(0, name, sniffing.UNKNOWN, size_bytes, "coming", put_by=by)
    return replace(file, id=store.add(conn, file, now, due_at=now + KEPT_UNSENT))


def piece(conn: Connection, number: int, offset: int, part: bytes, by: int) -> File:
    """The next one; with the last the file is whole. Raises: UnknownFileError, UnusableFileError."""
    found = store.mine(conn, [number], by).get(number)
    if found is None:
        raise UnknownFileError(f"There is no file {number} of yours.")
    if found.state != "coming":
        return found
    there = store.came(conn, number)
    if offset > there or offset + len(part) > found.size_bytes or not part:
        raise UnusableFileError(f"The next piece begins at {there}, and all are {found.size_bytes} bytes.")
    if offset == there:
        store.put_piece(conn, number, offset, part)
        there += len(part)
    if there == found.size_bytes:
        store.whole(conn, number, _kept(conn, store.pieces(conn, number)))
    return store.files(conn, [number])[number]


def drop(conn: Connection, number: int, by: int) -> None:
    """One that was not sent. Raises: UnknownFileError."""
    if not store.drop(conn, number, by):
        raise UnknownFileError(f"There is no file {number} of yours that was not sent.")


def to_send(conn: Connection, numbers: Sequence[int], by: int) -> tuple[Media, ...]:
    """They go with a message of whoever put them in. Raises: UnusableFileError."""
    if not numbers:
        return ()
    found = store.mine(conn, numbers, by)
    for number in numbers:
        if number not in found or found[number].state != "kept":
            raise UnusableFileError("A file is not here any more. Put it in again.", reason="gone")
    store.sent(conn, numbers)
    return tuple(_media(found[number]) for number in dict.fromkeys(numbers))


def taken_back(conn: Connection, message_id: int, now: datetime) -> None:
    """Its files wait to be sent again for as long as any that were put in."""
    store.taken_back(conn, message_id, now + KEPT_UNSENT)


def _media(file: File) -> Media:
    """A photo of reasonable shape is shown as one; all else is a file."""
    sides = sorted((file.width or 0, file.height or 0))
    photo = file.type in {"image/png", "image/jpeg"} and 0 < sides[1] <= min(20 * sides[0], PHOTO_SIDES - sides[0])
    return Media("image" if photo else "file", file.name, file.type, b"", file=file.id)


def loaded(conn: Connection, content: Content) -> Content | None:
    """With the bytes of its files. None: one of them is not here any more."""
    media: list[Media] = []
    for each in content.media:
        if each.file is None:
            media.append(each)
        elif (found := store.data(conn, each.file)) is None:
            return None
        else:
            media.append(replace(each, data=found.data))
    return replace(content, media=tuple(media)) if media else content


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget what was put in and not sent within a day."""
    return store.forget(conn, now, FORGOTTEN_AT_ONCE)
