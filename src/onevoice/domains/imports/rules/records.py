"""From an opened file to its records, one at a time: lines of JSON, a table as text, a workbook."""

import contextlib
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from onevoice.domains.imports.contracts import FileFormat, Preview
from onevoice.domains.imports.errors import UnreadableFileError
from onevoice.domains.imports.rules import files, guess
from onevoice.kit import jsons
from onevoice.kit.xlsx import Workbook, WorkbookError

LONGEST_RECORD = 2**20
LONGEST_CUT = 4_096
SHOWN_ROWS = 20
SHOWN_CHARS = 200

Record = dict[str, Any] | files.Unreadable
Row = tuple[int, list[str]]


def records(raw: BinaryIO, how: FileFormat, mark: bytes) -> Iterator[tuple[int, Record]]:
    """Each with its number in the file, from 1.

    mark: stands for the file; a customer's row is known by it, its place and what it says.

    Raises: UnreadableFileError.
    """
    try:
        yield from _lines(raw, how) if how.kind == "ndjson" else _rows(raw, how, mark)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"The text is not {how.encoding} ({error}). Name its encoding, such as --encoding cp1250 or cp1251."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(f"The file is no whole gzip file: {error}.") from error


def preview(raw: BinaryIO, how: FileFormat) -> Preview:
    """The names of the columns, what they may mean, and the first rows, of a table. Raises: UnreadableFileError."""
    try:
        header, rows, sheets = _table(raw, how)
        shown: list[list[str]] = []
        for _, row in rows:
            shown.append([cell.strip()[:SHOWN_CHARS] for cell in row[: len(header)]])
            if len(shown) == SHOWN_ROWS:
                break
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"The text is not {how.encoding} ({error}). Choose another encoding.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(f"The file is no whole gzip file: {error}.") from error
    return Preview(header, guess.columns(header, how.content), shown, sheets)


def first_lines(raw: BinaryIO) -> list[str]:
    """The first lines of a file of JSON, cut where they are long."""
    lines: list[str] = []
    while len(lines) < SHOWN_ROWS and (line := raw.readline(LONGEST_RECORD)):
        if line.strip():
            lines.append(line[: SHOWN_CHARS * 4].decode(errors="replace").strip())
    return lines


def _lines(raw: BinaryIO, how: FileFormat) -> Iterator[tuple[int, Record]]:
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
            yield number, files.unreadable(number, f"it is longer than {LONGEST_RECORD:,} bytes.", cut)
            continue
        text = line if how.encoding == "utf-8" else line.decode(how.encoding).encode()
        if text.strip():
            yield number, files.event_of_line(number, text.removeprefix(b"\xef\xbb\xbf"), how.zone)


def _rows(raw: BinaryIO, how: FileFormat, mark: bytes) -> Iterator[tuple[int, Record]]:
    header, rows, _ = _table(raw, how)
    places = files.columns(header, how.columns)
    for number, row in rows:
        event = files.event_of_row(number, row, places, how.zone, how.content)
        if how.content == "customers" and not isinstance(event, files.Unreadable):
            event["messageId"] = _row_id(mark, number, event)
        yield number, event


def _row_id(mark: bytes, number: int, event: dict[str, Any]) -> str:
    said = jsons.encode(jsons.mend(event).value)
    return f"file-{hashlib.blake2b(b'%s:%d:%s' % (mark, number, said), digest_size=16).hexdigest()}"


def _table(raw: BinaryIO, how: FileFormat) -> tuple[list[str], Iterator[Row], list[str]]:
    """(names of the columns, the rows that hold anything, names of sheets)."""
    if how.kind == "xlsx":
        return _workbook(raw, how.sheet)
    rows = _text_rows(raw, how.encoding)
    _, header = next(rows, (0, []))
    if not any(header):
        raise UnreadableFileError("The file is empty. Its first line names the columns.")
    return [column.strip() for column in header], rows, []


def _text_rows(raw: BinaryIO, encoding: str) -> Iterator[Row]:
    """(number, cells), the header first, as number 0."""
    text = io.TextIOWrapper(raw, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    lines = _bounded(text)
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=files.delimiter_of(first))
    try:
        for number, row in enumerate(reader):
            if number == 0 or any(row):
                yield number, row
    except csv.Error as error:
        raise UnreadableFileError(f"The table cannot be read near line {reader.line_num}: {error}.") from error
    finally:
        with contextlib.suppress(ValueError):  # whoever opened the bytes closes them, and may have done so
            text.detach()


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_RECORD + 1):
        if len(line) > LONGEST_RECORD:
            raise UnreadableFileError(f"A line is longer than {LONGEST_RECORD:,} characters. Is it a table?")
        yield line


def _workbook(raw: BinaryIO, sheet: str | None) -> tuple[list[str], Iterator[Row], list[str]]:
    try:
        book = Workbook(raw)
        rows = book.rows(sheet)
        _, header = next(rows, (0, []))
    except WorkbookError as error:
        raise UnreadableFileError(str(error)) from error
    if not any(header):
        raise UnreadableFileError("The sheet is empty. Its first row names the columns.")
    header = [column.strip() for column in header]
    return header, _padded(rows, len(header)), book.sheets


def _padded(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """A row of a workbook ends with its last cell that holds anything."""
    try:
        for number, row in rows:
            yield number, row + [""] * (width - len(row))
    except WorkbookError as error:
        raise UnreadableFileError(str(error)) from error
