"""The door of imports: files from the console, from their upload to their undo."""

import codecs
import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import Connection

from onevoice.domains.events.service import log as events
from onevoice.domains.imports import store
from onevoice.domains.imports.contracts import FileFormat, Import, Preview, State
from onevoice.domains.imports.errors import (
    AlreadyImportedError,
    DiskFullError,
    ImportStateError,
    UnknownImportError,
    UnreadableFileError,
    UploadOffsetError,
    UploadTooLargeError,
)
from onevoice.domains.imports.rules import files, guess
from onevoice.domains.imports.rules.records import first_lines, preview

FINGERPRINT_BYTES = 2**20
HASHED_WHOLE_BYTES = 64 * 2**20
HEAD_BYTES = 2**20
KEEP_UPLOADS = timedelta(days=7)
"""So long an uploaded file waits for somebody to go on with it."""

ENDINGS = {
    "csv": (".csv", ".tsv", ".txt"),
    "ndjson": (".ndjson", ".jsonl", ".json"),
    "xlsx": (".xlsx", ".xlsm"),
}
_MAY_START: tuple[State, ...] = ("ready", "rehearsed", "stopped", "failed")
_MAY_REHEARSE: tuple[State, ...] = ("ready", "rehearsed", "failed")
_MAY_STOP: tuple[State, ...] = ("rehearsing", "queued", "running")
_MAY_UNDO: tuple[State, ...] = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class Uploads:
    """Where uploaded files lie, and how many bytes may come.

    largest_bytes: of one file. spare_bytes: so much of the disk stays free whatever is uploaded.
    """

    folder: Path
    largest_bytes: int = 1024 * 2**20
    spare_bytes: int = 2**30

    def file(self, import_id: int, name: str) -> Path:
        """The name counts for its ending only: nothing else that somebody typed becomes part of a path."""
        ending = "".join(Path(name).suffixes[-2:]) if name.lower().endswith(".gz") else Path(name).suffix
        safe = ending.lower() if ending.isascii() and ending.replace(".", "").isalnum() else ""
        return self.folder / f"{import_id}{safe}"


# How a file is read


def kind_of(name: str) -> str:
    """ndjson, csv or xlsx. Raises: UnreadableFileError where the name does not tell."""
    bare = name.lower().removesuffix(".gz")
    for kind, endings in ENDINGS.items():
        if bare.endswith(endings):
            if kind == "xlsx" and bare != name.lower():
                raise UnreadableFileError("A workbook is packed already: unpack the .gz, and give the .xlsx in it.")
            return kind
    raise UnreadableFileError(
        f"Is {name} lines of JSON or a table? Its name should end in .csv, .tsv, .xlsx or .ndjson; on the command line"
        " say --format ndjson, csv or xlsx."
    )


def checked_encoding(name: str) -> str:
    """Raises: UnreadableFileError."""
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise UnreadableFileError(f"There is no encoding {name!r}. Name one such as cp1250 or cp1251.") from error
    return name


def zone_of(name: str) -> tzinfo:
    """Raises: UnreadableFileError."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnreadableFileError(f"There is no time zone {name!r}. Name one such as Europe/Warsaw.") from error


def format_of(stored: Mapping[str, Any]) -> FileFormat:
    """As `stored_format` made it."""
    return FileFormat(
        stored["kind"],
        stored["encoding"],
        stored["columns"],
        zone_of(stored["zone"]),
        stored["sheet"],
        stored["content"],
    )


def stored_format(how: FileFormat) -> dict[str, Any]:
    return {
        "kind": how.kind,
        "encoding": how.encoding,
        "columns": dict(how.columns),
        "zone": str(how.zone),
        "sheet": how.sheet,
        "content": how.content,
    }


@contextmanager
def opened(path: Path) -> Generator[tuple[BinaryIO, Callable[[], float]]]:
    """The bytes, unpacked where the name ends in .gz, and how much of the file has been read."""
    size = max(1, path.stat().st_size)
    with path.open("rb") as raw:

        def share() -> float:
            return min(1.0, raw.tell() / size)

        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                yield cast("BinaryIO", unpacked), share
        else:
            yield raw, share


def fingerprint(path: Path, how: FileFormat) -> bytes:
    """Of the file, of a large one of its size, beginning and end, which are read in a moment; and of how it is read:
    with its columns named otherwise it says other things.
    """
    size = path.stat().st_size
    read = f"{size} {how.kind} {how.encoding} {sorted(how.columns.items())} {how.zone}"
    if how.sheet is not None or how.content != "events":
        read += f" {how.sheet} {how.content}"
    digest = hashlib.blake2b(read.encode(), digest_size=16)
    with path.open("rb") as raw:
        if size <= HASHED_WHOLE_BYTES:
            while chunk := raw.read(FINGERPRINT_BYTES):
                digest.update(chunk)
        else:
            digest.update(raw.read(FINGERPRINT_BYTES))
            raw.seek(size - FINGERPRINT_BYTES)
            digest.update(raw.read())
    return digest.digest()


# Uploading


def create(conn: Connection, uploads: Uploads, name: str, size_bytes: int, actor: str, at: datetime) -> Import:
    """Announce a file. Raises: UploadTooLargeError, DiskFullError, UnreadableFileError."""
    if size_bytes > uploads.largest_bytes:
        raise UploadTooLargeError(
            f"The file has {size_bytes / 2**20:,.0f} MiB, and at most {uploads.largest_bytes // 2**20:,} MiB are taken."
            " Split it, or import it with the command line.",
            largest_bytes=uploads.largest_bytes,
        )
    if size_bytes == 0:
        raise UnreadableFileError("The file is empty.")
    kind_of(name)
    _require_space(uploads, size_bytes)
    import_id = store.add(conn, name, size_bytes, actor, at)
    uploads.file(import_id, name).touch(mode=0o600)
    return find(conn, import_id)


def _require_space(uploads: Uploads, size_bytes: int) -> None:
    uploads.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(uploads.folder).free
    if free - size_bytes < uploads.spare_bytes:
        raise DiskFullError(
            f"{free // 2**20:,} MiB are free on the server's disk, and {uploads.spare_bytes // 2**20:,} MiB are kept"
            " free. Make room, then upload the file again."
        )


def upload(conn: Connection, uploads: Uploads, import_id: int, offset: int, piece: bytes, at: datetime) -> Import:
    """Add the next piece. One that is there already changes nothing.

    Raises: UnreadableFileError, UnknownImportError, ImportStateError, UploadOffsetError, UploadTooLargeError,
    DiskFullError.
    """
    if not piece:
        raise UnreadableFileError("The piece is empty.")
    found = _held(conn, import_id, ("uploading",))
    if offset + len(piece) <= found.uploaded_bytes:
        return found
    if offset != found.uploaded_bytes:
        raise UploadOffsetError(
            f"{found.uploaded_bytes} bytes are there; the next piece begins with these.", offset=found.uploaded_bytes
        )
    end = offset + len(piece)
    if end > found.size_bytes:
        raise UploadTooLargeError(f"The file was announced with {found.size_bytes} bytes. Begin again.")
    _require_space(uploads, len(piece))
    path = uploads.file(import_id, found.name)
    try:
        with path.open("r+b") as file:
            file.seek(offset)  # a piece whose transaction failed may lie behind it
            file.write(piece)
            file.truncate()
            file.flush()
            if end == found.size_bytes:
                os.fsync(file.fileno())
    except OSError as error:
        raise DiskFullError(
            f"The piece could not be written: {error.strerror}. Make room, then send it again."
        ) from error
    store.uploaded(conn, import_id, end, "ready" if end == found.size_bytes else "uploading", at)
    return find(conn, import_id)


# Looking at it


def find(conn: Connection, import_id: int) -> Import:
    """Raises: UnknownImportError."""
    return _there(import_id, store.find(conn, import_id))


def _there(import_id: int, found: Import | None) -> Import:
    if found is None:
        raise UnknownImportError(f"There is no import {import_id}. The list of imports shows those there are.")
    return found


def _held(conn: Connection, import_id: int, wanted: Sequence[State]) -> Import:
    found = _there(import_id, store.find(conn, import_id, hold=True))
    if found.state not in wanted:
        raise ImportStateError(f"Import {import_id} is {found.state}; for this it has to be {' or '.join(wanted)}.")
    return found


def page(conn: Connection, *, before: int | None, limit: int) -> list[Import]:
    """Newest first."""
    return store.page(conn, before, limit)


def look(uploads: Uploads, found: Import, how: FileFormat) -> Preview:
    """The first rows of the file as it would be read; of lines of JSON these, in one column without a name.

    Raises: UnreadableFileError, ImportStateError.
    """
    path = require_file(uploads, found)
    with opened(path) as (raw, _):
        if how.kind == "ndjson":
            return Preview([], {}, [[line] for line in first_lines(raw)], [])
        return preview(raw, how)


def guess_encoding(uploads: Uploads, found: Import) -> str:
    path = require_file(uploads, found)
    with opened(path) as (raw, _):
        try:
            return guess.encoding(raw.read(HEAD_BYTES))
        except (OSError, EOFError) as error:
            raise UnreadableFileError(f"The file is no whole gzip file: {error}.") from error


def require_file(uploads: Uploads, found: Import) -> Path:
    """Raises: ImportStateError where the file is not, or no longer, there."""
    path = uploads.file(found.id, found.name)
    if not found.console or found.state == "uploading" or not path.exists():
        raise ImportStateError(f"The file of import {found.id} is not here. Upload it again.")
    return path


# What is to be done


def rehearse(
    conn: Connection, uploads: Uploads, import_id: int, source_id: int, how: FileFormat, at: datetime
) -> Import:
    """Have the whole file read and judged, and nothing taken. Raises: ImportStateError, UnreadableFileError."""
    found = _held(conn, import_id, _MAY_REHEARSE)
    _require_readable(uploads, found, how)
    store.wish(conn, import_id, "rehearsing", source_id, None, stored_format(how), at)
    return find(conn, import_id)


def start(conn: Connection, uploads: Uploads, import_id: int, at: datetime) -> Import:
    """Import what was rehearsed, or go on with what was stopped.

    Raises: ImportStateError, AlreadyImportedError.
    """
    found = _held(conn, import_id, _MAY_START)
    if found.undo_actor is not None:
        raise ImportStateError(f"The undo of import {import_id} has begun. Undo it to the end, then upload it again.")
    if found.source_id is None or not found.format or found.report is None:
        raise ImportStateError("Rehearse it first: nothing is imported that nobody has looked at.")
    path = require_file(uploads, found)
    how = format_of(found.format)
    mark = fingerprint(path, how)
    other = store.by_fingerprint(conn, found.source_id, mark)
    if other is not None and other != import_id:
        raise AlreadyImportedError(
            f"This very file was imported into that source before, as import {other}. Undo that one first, or choose"
            " another source.",
            import_id=str(other),
        )
    store.wish(conn, import_id, "queued", found.source_id, mark, found.format, at)
    return find(conn, import_id)


def _require_readable(uploads: Uploads, found: Import, how: FileFormat) -> None:
    seen = look(uploads, found, how)
    if how.kind != "ndjson":
        files.columns(seen.columns, how.columns)


def stop(conn: Connection, import_id: int, at: datetime) -> Import:
    """End after the records at hand. What was taken stays; it can be gone on with, or undone.

    Raises: ImportStateError.
    """
    found = _held(conn, import_id, _MAY_STOP)
    store.set_state(conn, import_id, "ready" if found.state == "rehearsing" else "stopped", at)
    return find(conn, import_id)


def undo(conn: Connection, import_id: int, reason: str, actor: str, at: datetime) -> Import:
    """Have everything taken back that the import brought. Raises: ImportStateError."""
    _held(conn, import_id, _MAY_UNDO)
    events.close_import(conn, import_id)
    store.begin_undo(conn, import_id, reason, actor, at)
    return find(conn, import_id)


def discard(conn: Connection, uploads: Uploads, import_id: int) -> Import:
    """Throw an uploaded file away of which nothing was imported. Raises: ImportStateError."""
    found = _held(conn, import_id, ("uploading", "ready", "rehearsed", "failed"))
    if found.records or not found.console:
        raise ImportStateError(f"Of import {import_id} something was taken. Undo it instead.")
    store.discard(conn, import_id)
    uploads.file(import_id, found.name).unlink(missing_ok=True)
    return found


def tidy(conn: Connection, uploads: Uploads, now: datetime) -> None:
    """Throw away what was uploaded and then left, also what is left of an import that was stopped."""
    for import_id in store.unfinished_uploads(conn, now - KEEP_UPLOADS):
        found = store.find(conn, import_id, hold=True)
        if found is not None:
            store.discard(conn, import_id)
    if uploads.folder.exists():
        for file in uploads.folder.iterdir():
            if file.stat().st_mtime < (now - KEEP_UPLOADS).timestamp():
                file.unlink(missing_ok=True)
