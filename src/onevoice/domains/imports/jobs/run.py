"""Reading a file into the log. How far it came is remembered, so that it can stop and go on. Run by the command line
and by the queue of the console's imports.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from psycopg import Connection

from onevoice.domains.events.contracts import Frame, Rejection
from onevoice.domains.events.service import log as events
from onevoice.domains.imports import store
from onevoice.domains.imports.contracts import Content, FileFormat, ImportReport, ImportState
from onevoice.domains.imports.errors import ImportRunningError, UnreadableFileError
from onevoice.domains.imports.rules import files
from onevoice.domains.imports.rules.records import LONGEST_CUT, Record, records
from onevoice.domains.imports.service import checked_encoding, fingerprint, kind_of, opened, zone_of
from onevoice.kit import jsons
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.times import parse_time

Mint = Callable[[], str]
FRAME_EVENTS = 500
CHUNK_EVENTS = 5_000
"""So many records are one transaction: what a crash or Ctrl-C costs."""
PACE_EVENTS = 20_000
"""Events that may wait to be linked while a file is read: two seconds' worth. Whoever is on the site meanwhile must not
stand behind ten million old purchases."""
PACE_SECONDS = 0.2
NOBODY_LINKS_SECONDS = 5.0
SHOWN_REASONS = 20
COMPARED = 1_000_000
LISTED_ROWS = 1_000

Progress = Callable[[ImportReport], None]


def format_of(
    path: Path,
    kind: str | None,
    encoding: str,
    columns: Sequence[str],
    zone: str,
    *,
    sheet: str | None = None,
    content: Content = "events",
) -> FileFormat:
    """kind: ndjson, csv or xlsx, None where the name tells. columns: COLUMN=FIELD each. Raises: UnreadableFileError."""
    named: dict[str, str] = {}
    for each in columns:
        column, mark, place = each.partition("=")
        if not mark:
            raise UnreadableFileError(f"{each!r} has no =. Write it as COLUMN=FIELD.")
        named[column.strip()] = place.strip()
    return FileFormat(kind or kind_of(path.name), checked_encoding(encoding), named, zone_of(zone), sheet, content)


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
    with opened(path) as (raw, share):
        found = records(raw, how, fingerprint(path, how))
        while not stop.is_set() and (numbered := list(islice(found, CHUNK_EVENTS))):
            chunk = [record for _, record in numbered]
            for record in chunk:
                if not isinstance(record, files.Unreadable) and len(seen) < COMPARED:
                    known = str(record["messageId"])
                    report.repeated += known in seen
                    seen.add(known)
            frames = _frames(chunk, source_id, mint, clock.now())
            _take(report, chunk, frames, share())
            _list(report, numbered, frames)
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
    console: bool = False,
) -> ImportReport:
    """Append what of the file has not been appended yet, a chunk a transaction together with how far it has come.

    waiting: how many events wait to be linked. stop: set to end after the chunk at hand. again: from the beginning.
    console: it is the queue's, which goes on with it by itself; somebody may have told it to stop meanwhile.
    Raises: UnreadableFileError, ImportRunningError.
    """
    mark = fingerprint(path, how)
    report = ImportReport()

    def held(conn: Connection) -> ImportState:
        state = store.begin(conn, source_id, mark, path.name, clock.now())
        if state is None:
            raise ImportRunningError(f"{path.name} is being imported by another process just now.")
        if state.state == "undoing":
            raise ImportRunningError(f"The import of {path.name} is being undone. Import it when that has ended.")
        return state

    with database.transaction() as conn:
        state = held(conn)
        if again:
            state = state._replace(records=0, taken=0, refused=0, finished_at=None)
        report.before = state.records
        if state.finished_at is not None:
            report.finished = True
            return report
        if again or state.state != "running":
            state = state._replace(state="running")
            store.move(conn, state, clock.now())
    with opened(path) as (raw, share):
        found = records(raw, how, mark)
        # Outside of a transaction: an open one holds up who reads the log.
        for number, _ in enumerate(islice(found, state.records), 1):
            if number % CHUNK_EVENTS == 0:
                report.share = share()
                progress(report)
                if stop.is_set():
                    return report
        while not stop.is_set():
            chunk = [record for _, record in islice(found, CHUNK_EVENTS)]
            frames = [_of_import(frame, state.id) for frame in _frames(chunk, source_id, mint, clock.now())]
            with database.transaction() as conn:
                standing = held(conn)
                if standing.records != state.records:
                    raise ImportRunningError(f"{path.name} is being imported by another process.")
                if standing.state != "running":
                    return report
                if frames:
                    events.append(conn, frames)
                state = state._replace(
                    records=state.records + len(chunk),
                    taken=state.taken + sum(frame.count for frame in frames),
                    refused=state.refused + sum(len(frame.rejections) for frame in frames),
                    finished_at=None if chunk else clock.now(),
                    state="running" if chunk else "finished",
                )
                store.move(conn, state, clock.now(), share())
            _take(report, chunk, frames, share())
            report.finished = not chunk
            progress(report)
            if not chunk:
                break
            _pace(waiting, clock, stop)
    if not report.finished and not console:
        with database.transaction() as conn:
            store.move(conn, state._replace(state="stopped"), clock.now())
    return report


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


def _frames(chunk: Sequence[Record], source_id: int, mint: Mint, at: datetime) -> list[Frame]:
    frames: list[Frame] = []
    for start in range(0, len(chunk), FRAME_EVENTS):
        part = chunk[start : start + FRAME_EVENTS]
        sound = [record for record in part if not isinstance(record, files.Unreadable)]
        frame = events.frame_of_file(sound, source_id, at, mint)
        letters = [
            Rejection(source_id, at, record.code, record.reason, None, jsons.encode(record.text[:LONGEST_CUT]))
            for record in part
            if isinstance(record, files.Unreadable)
        ]
        frames.append(replace(frame, rejections=(*frame.rejections, *letters)))
    return frames


def _of_import(frame: Frame, import_id: int) -> Frame:
    letters = tuple(letter._replace(import_id=import_id) for letter in frame.rejections)
    return replace(frame, rejections=letters, import_id=import_id)


def _list(report: ImportReport, numbered: Sequence[tuple[int, Record]], frames: Sequence[Frame]) -> None:
    """Say which records are refused, and why."""
    if len(report.rows) >= LISTED_ROWS or not any(frame.rejections for frame in frames):
        return
    numbers: dict[str, int] = {}
    for number, record in numbered:
        if isinstance(record, files.Unreadable):
            report.rows.append((number, record.code, record.reason))
        else:
            numbers.setdefault(str(record["messageId"]), number)
    for frame in frames:
        for letter in frame.rejections:
            if letter.message_id in numbers:
                report.rows.append((numbers[letter.message_id], letter.code, letter.reason))
    report.rows[:] = sorted(report.rows)[:LISTED_ROWS]
