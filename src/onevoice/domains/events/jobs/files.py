"""Importing a file of events. Run by the command line; how far it came is remembered, so that it can stop and go on."""

import codecs
import csv
import gzip
import hashlib
import io
import threading
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import Connection

from onevoice.domains.events.contracts import FileFormat, Frame, ImportReport, ImportState, Rejection
from onevoice.domains.events.errors import ImportRunningError, UnreadableFileError
from onevoice.domains.events.rules import files
from onevoice.domains.events.rules.door import Mint, Opened
from onevoice.domains.events.service import log as service
from onevoice.domains.events.store import log as store
from onevoice.kit import jsons
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.times import parse_time

FRAME_EVENTS = 500
CHUNK_EVENTS = 5_000
"""So many records are one transaction: what a crash or Ctrl-C costs."""
PACE_EVENTS = 20_000
"""Events that may wait to be linked while a file is read: two seconds' worth. Whoever is on the site meanwhile must not
stand behind ten million old purchases."""
PACE_SECONDS = 0.2
NOBODY_LINKS_SECONDS = 5.0
FINGERPRINT_BYTES = 2**20
SHOWN_REASONS = 20
COMPARED = 1_000_000
LONGEST_RECORD = 2**20
LONGEST_CUT = 4_096

Record = dict[str, Any] | files.Unreadable
Progress = Callable[[ImportReport], None]


def format_of(path: Path, kind: str | None, encoding: str, columns: Sequence[str], zone: str) -> FileFormat:
    """kind: ndjson or csv, None where the name tells. columns: COLUMN=FIELD each. Raises: UnreadableFileError."""
    named: dict[str, str] = {}
    for each in columns:
        column, mark, place = each.partition("=")
        if not mark:
            raise UnreadableFileError(f"{each!r} has no =. Write it as COLUMN=FIELD.")
        named[column.strip()] = place.strip()
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise UnreadableFileError(f"There is no encoding {encoding!r}. Name one such as cp1250 or cp1251.") from error
    try:
        return FileFormat(kind or _kind_of(path), encoding, named, UTC if zone == "UTC" else ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnreadableFileError(f"There is no time zone {zone!r}. Name one such as Europe/Warsaw.") from error


def _kind_of(path: Path) -> str:
    name = path.name.removesuffix(".gz").lower()
    for kind, endings in (("csv", (".csv", ".tsv", ".txt")), ("ndjson", (".ndjson", ".jsonl", ".json"))):
        if name.endswith(endings):
            return kind
    raise UnreadableFileError(f"Is {path.name} lines of JSON or a table? Say --format ndjson or --format csv.")


def rehearse(
    path: Path,
    how: FileFormat,
    source_id: int,
    *,
    mint: Mint,
    clock: Clock,
    stop: threading.Event,
    progress: Progress,
) -> ImportReport:
    """Read the whole file and judge each event as an import would. Touches no database. Raises: UnreadableFileError."""
    report = ImportReport()
    seen: set[str] = set()
    with _opened(path) as (raw, share):
        records = _records(raw, how)
        while not stop.is_set() and (chunk := list(islice(records, CHUNK_EVENTS))):
            for record in chunk:
                if not isinstance(record, files.Unreadable) and len(seen) < COMPARED:
                    known = str(record["messageId"])
                    report.repeated += known in seen
                    seen.add(known)
            _take(report, chunk, _frames(chunk, source_id, mint, clock.now()), share())
            progress(report)
    report.finished = not stop.is_set()
    return report


def run_import(
    database: Database,
    path: Path,
    how: FileFormat,
    source_id: int,
    *,
    mint: Mint,
    waiting: Callable[[], int],
    clock: Clock,
    stop: threading.Event,
    progress: Progress,
    again: bool = False,
) -> ImportReport:
    """Append what of the file has not been appended yet, a chunk a transaction together with how far it has come.

    waiting: how many events wait to be linked. stop: set to end after the chunk at hand. again: from the beginning.
    Raises: UnreadableFileError, ImportRunningError.
    """
    mark = fingerprint(path, how)
    report = ImportReport()

    def held(conn: Connection) -> ImportState:
        state = store.begin_import(conn, source_id, mark, path.name, clock.now())
        if state is None:
            raise ImportRunningError(f"{path.name} is being imported by another process just now.")
        return state

    with database.transaction() as conn:
        state = held(conn)
        if again:
            state = state._replace(records=0, taken=0, refused=0, finished_at=None)
            store.move_import(conn, state, clock.now())
    report.before = state.records
    if state.finished_at is not None:
        report.finished = True
        return report
    with _opened(path) as (raw, share):
        records = _records(raw, how)
        # Outside of a transaction: an open one holds up who reads the log.
        for number, _ in enumerate(islice(records, state.records), 1):
            if number % CHUNK_EVENTS == 0:
                report.share = share()
                progress(report)
                if stop.is_set():
                    return report
        while not stop.is_set():
            chunk = list(islice(records, CHUNK_EVENTS))
            frames = _frames(chunk, source_id, mint, clock.now())
            with database.transaction() as conn:
                if held(conn).records != state.records:
                    raise ImportRunningError(f"{path.name} is being imported by another process.")
                if frames:
                    service.append(conn, frames)
                state = state._replace(
                    records=state.records + len(chunk),
                    taken=state.taken + sum(frame.count for frame in frames),
                    refused=state.refused + sum(len(frame.rejections) for frame in frames),
                    finished_at=None if chunk else clock.now(),
                )
                store.move_import(conn, state, clock.now())
            _take(report, chunk, frames, share())
            report.finished = not chunk
            progress(report)
            if not chunk:
                break
            _pace(waiting, clock, stop)
    return report


def fingerprint(path: Path, how: FileFormat) -> bytes:
    """Of the file's size, beginning and end, which are read in a moment however large it is; and of how it is read:
    with its columns named otherwise it says other things.
    """
    size = path.stat().st_size
    read = f"{size} {how.kind} {how.encoding} {sorted(how.columns.items())} {how.zone}"
    digest = hashlib.blake2b(read.encode(), digest_size=16)
    with path.open("rb") as raw:
        digest.update(raw.read(FINGERPRINT_BYTES))
        raw.seek(max(0, size - FINGERPRINT_BYTES))
        digest.update(raw.read())
    return digest.digest()


def _take(report: ImportReport, chunk: Sequence[Record], frames: Sequence[Frame], share: float) -> None:
    report.records += len(chunk)
    report.share = share
    for record in chunk:
        if not isinstance(record, files.Unreadable):
            _see(report, record)
    for frame in frames:
        report.taken += frame.count
        report.refused += len(frame.rejections)
        for letter in frame.rejections:
            report.codes[letter.code] += 1
            if len(report.reasons) < SHOWN_REASONS:
                report.reasons.append(letter.reason)


def _see(report: ImportReport, event: dict[str, Any]) -> None:
    if report.example is None:
        report.example = jsons.mend(event).value
    report.names[jsons.clean_text(str(event.get("event") or event.get("type")))] += 1
    at = parse_time(event.get("timestamp"))
    if at is None:
        report.undated += 1
    else:
        report.first_at = at if report.first_at is None else min(report.first_at, at)
        report.last_at = at if report.last_at is None else max(report.last_at, at)


def _pace(waiting: Callable[[], int], clock: Clock, stop: threading.Event) -> None:
    """Wait until few are left to be linked, or until it shows that nobody links."""
    least, since = waiting(), clock.monotonic()
    while least > PACE_EVENTS and clock.monotonic() - since < NOBODY_LINKS_SECONDS and not stop.wait(PACE_SECONDS):
        now = waiting()
        if now < least:
            least, since = now, clock.monotonic()


@contextmanager
def _opened(path: Path) -> Generator[tuple[BinaryIO, Callable[[], float]]]:
    """The bytes, unpacked where the name ends in .gz, and how much of the file has been read."""
    size = max(1, path.stat().st_size)
    with path.open("rb") as raw:

        def share() -> float:
            return raw.tell() / size

        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                yield cast("BinaryIO", unpacked), share
        else:
            yield raw, share


def _records(raw: BinaryIO, how: FileFormat) -> Iterator[Record]:
    try:
        yield from _rows(raw, how) if how.kind == "csv" else _lines(raw, how)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"The text is not {how.encoding} ({error}). Name its encoding, such as --encoding cp1250 or cp1251."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(f"The file is no whole gzip file: {error}.") from error


def _lines(raw: BinaryIO, how: FileFormat) -> Iterator[Record]:
    number = 0
    while line := raw.readline(LONGEST_RECORD + 1):
        number += 1
        if len(line) > LONGEST_RECORD:
            if number == 1:
                raise UnreadableFileError(
                    f"The first line is longer than {LONGEST_RECORD:,} bytes. Each event stands on a line of its own;"
                    " of one large array `jq -c '.[]'` makes such lines."
                )
            cut = line[:LONGEST_CUT].decode(errors="replace")
            while not line.endswith(b"\n") and (line := raw.readline(LONGEST_RECORD)):
                pass
            yield files.unreadable(number, f"it is longer than {LONGEST_RECORD:,} bytes.", cut)
            continue
        text = line if how.encoding == "utf-8" else line.decode(how.encoding).encode()
        if text.strip():
            yield files.event_of_line(number, text.removeprefix(b"\xef\xbb\xbf"), how.zone)


def _rows(raw: BinaryIO, how: FileFormat) -> Iterator[Record]:
    text = io.TextIOWrapper(raw, encoding="utf-8-sig" if how.encoding == "utf-8" else how.encoding, newline="")
    first = text.readline()
    reader = csv.reader(chain([first], text), delimiter=files.delimiter_of(first))
    try:
        header = next(reader, [])
        if not any(header):
            raise UnreadableFileError("The file is empty. Its first line names the columns.")
        places = files.columns([column.strip() for column in header], how.columns)
        for number, row in enumerate(reader, 1):
            if any(row):
                yield files.event_of_row(number, row, places, how.zone)
    except csv.Error as error:
        raise UnreadableFileError(f"The table cannot be read near line {reader.line_num}: {error}.") from error
    finally:
        text.detach()  # whoever opened the bytes closes them


def _frames(chunk: Sequence[Record], source_id: int, mint: Mint, at: datetime) -> list[Frame]:
    frames: list[Frame] = []
    for start in range(0, len(chunk), FRAME_EVENTS):
        part = chunk[start : start + FRAME_EVENTS]
        events = [record for record in part if not isinstance(record, files.Unreadable)]
        frame = service.frame_of(Opened(events, True, None, None), None, source_id, at, mint)
        letters = [
            Rejection(
                source_id, at, record.fault.code, record.fault.reason, None, jsons.encode(record.text[:LONGEST_CUT])
            )
            for record in part
            if isinstance(record, files.Unreadable)
        ]
        frames.append(replace(frame, rejections=(*frame.rejections, *letters)))
    return frames
