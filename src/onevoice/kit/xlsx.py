"""Reads the tables of an .xlsx workbook as text, a row at a time. Nothing is evaluated, and nothing is read whole but
the texts that cells share, which have a bound.

A workbook is a zip of XML. What it unpacks to is counted while it is read, never believed; XML that declares a document
type is refused, so that there are no entities to expand. Of a formula the value is taken that was last worked out.
"""

import re
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

CHUNK_BYTES = 64 * 1024
SHEET_BYTES = 4 * 2**30
SHARED_BYTES = 128 * 2**20
SHARED_CHARS = 16 * 2**20
SHARED_TEXTS = 1_000_000
"""Texts that cells share are the one thing that is held whole: some 100 MB at most."""
SMALL_PART_BYTES = 8 * 2**20
MAX_PARTS = 10_000
MAX_COLUMNS = 1_000
MAX_TOKEN_BYTES = 4 * 2**20
MAX_CELL_CHARS = 32_767
MAX_ROW_CHARS = 2**20
MAX_ZEROS = 15
"""Shown before a number, such as those of a card; a number has no more digits than that."""
"""As many as a spreadsheet takes."""

_OLD = b"\xd0\xcf\x11\xe0"
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
"""Numbers of the built-in formats that show a date or a time."""
_NO_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_COLUMN = re.compile(r"[A-Z]{1,3}")
_LONGEST_EXACT = 10**15


class WorkbookError(ValueError):
    """The workbook cannot be read; the message says why, and what to do."""


class _Style(NamedTuple):
    """date: numbers are moments. zeros: so many digits are shown at least, as of a postal code."""

    date: bool
    zeros: int


_PLAIN = _Style(date=False, zeros=0)


class Workbook:
    """An open workbook. file: must stay open for as long as rows are read.

    Raises: WorkbookError, here and while rows are read.
    """

    def __init__(self, file: BinaryIO) -> None:
        head = file.read(4)
        file.seek(0)
        if head == _OLD:
            raise WorkbookError("It is an old .xls or has a password. Save it as .xlsx without one.")
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, EOFError, OSError, RuntimeError) as error:
            raise WorkbookError(f"It is no whole .xlsx workbook: {error}. Save it again, or save it as CSV.") from error
        self._parts = {info.filename.lstrip("/"): info for info in self._zip.infolist()[:MAX_PARTS]}
        self._epoch_1904 = False
        self._sheets: dict[str, str] = {}
        self._texts: list[str] | None = None
        self._styles: list[_Style] = []
        self._read_contents()

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets that hold cells, in order."""
        return list(self._sheets)

    def rows(self, sheet: str | None = None) -> Iterator[tuple[int, list[str]]]:
        """(its number in the sheet, from 1; its cells as text) of every row that has any. sheet: the first if None."""
        if not self._sheets:
            raise WorkbookError("It has no sheet with cells.")
        name = next(iter(self._sheets)) if sheet is None else sheet
        if name not in self._sheets:
            raise WorkbookError(f"There is no sheet {name!r}. It has: {', '.join(self._sheets)}.")
        if self._texts is None:
            self._texts = self._shared_texts()
        return _Rows(self._texts, self._styles, epoch_1904=self._epoch_1904).read(
            self._chunks(self._sheets[name], SHEET_BYTES)
        )

    def _chunks(self, part: str, limit: int) -> Iterator[bytes]:
        total = 0
        try:
            with self._zip.open(self._parts[part]) as unpacked:
                while chunk := unpacked.read(CHUNK_BYTES):
                    total += len(chunk)
                    if total > limit:
                        break
                    yield chunk
        except KeyError as error:
            raise WorkbookError(f"It lacks {part}. Save it again.") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise WorkbookError(f"{part} cannot be unpacked: {error}. Save it again, without a password.") from error
        if total > limit:
            raise WorkbookError(f"{part} unpacks to more than {limit // 2**20} MiB. Save it as CSV.")

    def _read_contents(self) -> None:
        targets: dict[str, str] = {}

        def relation(name: str, given: dict[str, str]) -> None:
            if name == "Relationship":
                target = given.get("Target", "")
                targets[given.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

        found: list[tuple[str, str]] = []

        def content(name: str, given: dict[str, str]) -> None:
            if name == "workbookPr":
                self._epoch_1904 = given.get("date1904", "") in {"1", "true"}
            elif name == "sheet":
                found.append((given.get("name", ""), given.get("id", "")))

        self._elements("xl/_rels/workbook.xml.rels", relation)
        self._elements("xl/workbook.xml", content)
        for name, relation_id in found:
            part = targets.get(relation_id, "")
            if part in self._parts and "worksheets/" in part:
                self._sheets[name] = part
        if "xl/styles.xml" in self._parts:
            self._read_styles()

    def _read_styles(self) -> None:
        custom: dict[int, str] = {}
        inside = False

        def style(name: str, given: dict[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                custom[_whole(given.get("numFmtId"))] = given.get("formatCode", "")
            elif name in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
                inside = name == "cellXfs"
            elif name == "xf" and inside:
                number = _whole(given.get("numFmtId"))
                self._styles.append(_style(number, custom.get(number, "")))

        self._elements("xl/styles.xml", style)

    def _elements(self, part: str, seen: Callable[[str, dict[str, str]], None]) -> None:
        def start(name: str, given: dict[str, str]) -> None:
            seen(_local(name), {_local(key): value for key, value in given.items()})

        parser = _parser()
        parser.StartElementHandler = start
        for _ in _fed(parser, self._chunks(part, SMALL_PART_BYTES), part):
            pass

    def _shared_texts(self) -> list[str]:
        part = next((name for name in self._parts if name.lower() == "xl/sharedstrings.xml"), None)
        if part is None:
            return []
        texts: list[str] = []
        pieces: list[str] = []
        chars = 0
        inside = phonetic = False

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal inside, phonetic
            name = _local(name)
            if name == "si":
                pieces.clear()
            phonetic = phonetic or name == "rPh"
            inside = name == "t" and not phonetic

        def end(name: str) -> None:
            nonlocal inside, phonetic
            name = _local(name)
            if name == "si":
                texts.append("".join(pieces))
                if len(texts[-1]) > MAX_CELL_CHARS:
                    raise WorkbookError(f"One of its texts is longer than {MAX_CELL_CHARS} characters.")
                if len(texts) > SHARED_TEXTS:
                    raise WorkbookError("Its texts are too many to hold. Save it as CSV.")
            elif name == "rPh":
                phonetic = False
            inside = False

        def text(piece: str) -> None:
            nonlocal chars
            if inside:
                chars += len(piece)
                if chars > SHARED_CHARS:
                    raise WorkbookError("Its texts are too many to hold. Save it as CSV.")
                pieces.append(piece)

        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
        for _ in _fed(parser, self._chunks(part, SHARED_BYTES), part):
            pass
        return texts


class _Rows:
    """Rows of one sheet, gathered while its XML is parsed."""

    def __init__(self, texts: list[str], styles: list[_Style], *, epoch_1904: bool) -> None:
        self._texts = texts
        self._styles = styles
        self._epoch_1904 = epoch_1904
        self._done: deque[tuple[int, list[str]]] = deque()
        self._number = 0
        self._row: list[str] = []
        self._row_chars = 0
        self._column = 0
        self._kind = "n"
        self._style = _PLAIN
        self._pieces: list[str] = []
        self._chars = 0
        self._inside = False

    def read(self, chunks: Iterator[bytes]) -> Iterator[tuple[int, list[str]]]:
        parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        for _ in _fed(parser, chunks, "The sheet"):
            while self._done:
                yield self._done.popleft()

    def _start(self, name: str, given: dict[str, str]) -> None:
        name = _local(name)
        if name == "c":
            place = _COLUMN.match(given.get("r", ""))
            self._column = len(self._row) if place is None else _column(place[0])
            if self._column >= MAX_COLUMNS or self._column < len(self._row):
                raise WorkbookError(f"Row {self._number} has more than {MAX_COLUMNS} columns, or some of them twice.")
            self._kind = given.get("t", "n")
            style = _whole(given.get("s"))
            self._style = self._styles[style] if style < len(self._styles) else _PLAIN
            self._pieces.clear()
            self._chars = 0
        elif name == "row":
            said = _whole(given.get("r"))
            self._number = said if said > self._number else self._number + 1
            self._row = []
            self._row_chars = 0
        self._inside = name in {"v", "t"}

    def _text(self, piece: str) -> None:
        if self._inside:
            self._chars += len(piece)
            if self._chars > MAX_CELL_CHARS:
                raise WorkbookError(f"A cell of row {self._number} is longer than {MAX_CELL_CHARS} characters.")
            self._pieces.append(piece)

    def _end(self, name: str) -> None:
        self._inside = False
        name = _local(name)
        if name == "c":
            value = self._value("".join(self._pieces))
            self._row_chars += len(value)
            if self._row_chars > MAX_ROW_CHARS:
                raise WorkbookError(f"Row {self._number} is longer than {MAX_ROW_CHARS:,} characters.")
            if value:
                self._row.extend([""] * (self._column - len(self._row)))
                self._row.append(value)
        elif name == "row" and self._row:
            self._done.append((self._number, self._row))
            self._row = []

    def _value(self, raw: str) -> str:
        if self._kind == "s":
            place = _whole(raw, -1)
            if not 0 <= place < len(self._texts):
                raise WorkbookError(f"A cell of row {self._number} names a text that is not there. Save it again.")
            return self._texts[place]
        if self._kind == "b":
            return "true" if raw.strip() == "1" else "false"
        if self._kind == "e":
            return ""  # a formula that came to nothing says nothing
        if self._kind == "n" and raw.strip():
            return _number(raw.strip(), self._style, epoch_1904=self._epoch_1904)
        return raw


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise WorkbookError("Its XML declares a document type, which no spreadsheet writes. Save it as CSV.")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _fed(parser: expat.XMLParserType, chunks: Iterator[bytes], what: str) -> Iterator[None]:
    """Feed the parser; yields after each piece."""
    fed = 0
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES:  # it would be held whole until it ends
                raise WorkbookError(
                    f"{what} holds an element longer than {MAX_TOKEN_BYTES // 2**20} MiB. Save it as CSV."
                )
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise WorkbookError(f"{what} cannot be read: {error}. Save the workbook again.") from error


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _whole(text: str | None, otherwise: int = 0) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _column(letters: str) -> int:
    """Its index from 0.

    >>> _column("A"), _column("AB")
    (0, 27)
    """
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def _style(number: int, code: str) -> _Style:
    if not code:
        return _Style(number in _DATES, 0)
    bare = _NO_DATE.sub("", code.partition(";")[0])
    if bare and set(bare) == {"0"}:
        return _Style(date=False, zeros=min(len(bare), MAX_ZEROS))
    return _Style(bare.lower() != "general" and any(letter in "dmyhs" for letter in bare.lower()), 0)


def _number(raw: str, style: _Style, *, epoch_1904: bool) -> str:
    """A phone number is its digits, never 4.86E10; 0.30000000000000004 stays what it is."""
    try:
        value = float(raw)
        if style.date:
            moment = _moment(value, epoch_1904=epoch_1904)
            if moment is not None:
                return moment
        if value.is_integer() and abs(value) < _LONGEST_EXACT:
            return f"{int(value):0{style.zeros}d}" if style.zeros and value >= 0 else str(int(value))
        return format(Decimal(repr(value)), "f") if abs(value) < 1e300 else raw
    except (ValueError, OverflowError, ArithmeticError):
        return raw


def _moment(serial: float, *, epoch_1904: bool) -> str | None:
    """Days since the workbook's epoch as text; None where that is no moment. The first of the two epochs has a 29th of
    February 1900 that never was.
    """
    if not 0 <= serial < 2_958_466:
        return None
    seconds = round(serial * 86_400)
    if serial < 1 and not epoch_1904:
        return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    first = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 31 if serial < 60 else 30)  # noqa: DTZ001 - as people see it
    try:
        moment = first + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%d" if seconds % 86_400 == 0 else "%Y-%m-%d %H:%M:%S")
