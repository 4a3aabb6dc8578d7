"""From the records of a file to events: lines of JSON, or rows of a table whose columns are an event's fields."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from onevoice.domains.imports.contracts import ORDER_EVENT, Content
from onevoice.domains.imports.errors import UnreadableFileError
from onevoice.kit import jsons
from onevoice.kit.times import parse_time

FIELDS = (
    "type", "event", "name", "userId", "anonymousId", "groupId", "previousId", "messageId", "timestamp",
)  # fmt: skip
OBJECTS = ("properties", "traits", "context")
AMOUNTS = frozenset({"total", "revenue", "value", "subtotal", "price", "discount", "shipping", "tax"})
DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,10})?")
_COMMA = re.compile(r"-?\d{1,13},\d{1,4}")
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3})")
_EPOCH = re.compile(r"\d{9,13}")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})([ T]\d{2}:\d{2}(?::\d{2})?)?")

Path = tuple[str, ...]


class Unreadable(NamedTuple):
    """A record that is no event, as a dead letter keeps it."""

    record: int
    code: str
    reason: str
    text: str


def unreadable(record: int, why: str, text: str) -> Unreadable:
    """record: its number in the file, from 1."""
    return Unreadable(record, "unreadable_record", f"Record {record} of the file cannot be read: {why}", text)


# Lines of JSON


def event_of_line(record: int, line: bytes, zone: tzinfo) -> dict[str, Any] | Unreadable:
    """The event of one line; its id, where it has none, follows from what it says."""
    try:
        value, _ = jsons.read(line)
    except jsons.UnreadableError as error:
        return unreadable(record, str(error), line.decode(errors="replace"))
    if not isinstance(value, dict):
        return unreadable(record, "it is no JSON object.", line.decode(errors="replace"))
    return _made(record, value, zone)


# Rows of a table


def delimiter_of(header: str) -> str:
    """What parts the columns: the mark that the header has most of."""
    return max(DELIMITERS, key=header.count)


def columns(header: Sequence[str], named: Mapping[str, str]) -> list[Path | None]:
    """Where the value of each column goes; None for one that is left out.

    named: column to field, for columns that are called otherwise; an empty field leaves the column out.
    Raises: UnreadableFileError.
    """
    strange = sorted(named.keys() - set(header))
    if strange:
        raise UnreadableFileError(f"There is no column {strange[0]!r}. The file has: {', '.join(header)}.")
    places = [_place(named.get(column, column), column) for column in header]
    wanted = [place for place in places if place is not None]
    twice = next((place for place in wanted if wanted.count(place) > 1), None)
    if twice:
        raise UnreadableFileError(f"Two columns go to {'.'.join(twice)}. Leave one out: --column NAME=")
    inside = next(
        (place for place in wanted for other in wanted if place != other and place == other[: len(place)]), None
    )
    if inside:
        raise UnreadableFileError(
            f"{'.'.join(inside)} cannot be a value and hold others too. Leave one out: --column NAME="
        )
    if not wanted:
        raise UnreadableFileError("No column is left to make an event of.")
    return places


def _place(field: str, column: str) -> Path | None:
    path = tuple(part.strip() for part in field.split("."))
    if path == ("",):
        return None
    fits = path[0] in FIELDS if len(path) == 1 else path[0] in OBJECTS and all(path)
    if not fits:
        raise UnreadableFileError(
            f"Column {column!r} is no field of an event. Say where it goes, such as --column"
            f" '{column}=properties.{path[-1] or 'name'}', or leave it out: --column '{column}='. Fields are"
            f" {', '.join(FIELDS)}, and properties.*, traits.* and context.*."
        )
    return path


def event_of_row(
    record: int, row: Sequence[str], places: Sequence[Path | None], zone: tzinfo, content: Content = "events"
) -> dict[str, Any] | Unreadable:
    """The event of one row. Empty cells say nothing; numbers and truth are told from text in properties only, where no
    card or phone can lose its zeros.
    """
    if len(row) != len(places):
        return unreadable(record, f"it has {len(row)} columns, the header {len(places)}.", "\t".join(row))
    event: dict[str, Any] = {}
    for place, cell in zip(places, row, strict=True):
        text = cell.strip()
        if place is None or not text:
            continue
        holder = event
        for part in place[:-1]:
            holder = holder.setdefault(part, {})
        if place[0] != "properties":
            holder[place[-1]] = text
        else:
            holder[place[-1]] = _amount(text) if place[-1] in AMOUNTS else _value(text)
    if content == "customers":
        event["type"] = "identify"
    elif content == "orders":
        event["type"] = "track"
        event.setdefault("event", ORDER_EVENT)
    event.setdefault("type", "track" if "event" in event else "identify")
    return _made(record, event, zone)


def _value(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _amount(text: str) -> Any:
    """Money as people write it: 1 234,50, with whatever spaces between thousands, is 1234.5."""
    bare = _SPACES.sub("", text)
    return (
        float(bare.replace(",", ".")) if _COMMA.fullmatch(bare) else _value(bare if _NUMBER.fullmatch(bare) else text)
    )


def _made(record: int, event: dict[str, Any], zone: tzinfo) -> dict[str, Any] | Unreadable:
    """With one time, in `zone` where that names none; what was sent when says nothing of a file that is read today.

    A time that cannot be read would make an old event a new one.
    """
    event.pop("sentAt", None)
    original = event.pop("originalTimestamp", None)
    stamped = event.get("timestamp")
    if stamped is None:
        stamped = original
    if stamped is not None:
        moment = _moment(stamped, zone)
        if moment is None:
            why = f"its timestamp {str(stamped)[:40]!r} is no time. Write it as 2026-03-31 10:00."
            return unreadable(record, why, jsons.encode(jsons.mend(event).value).decode())
        event["timestamp"] = moment.isoformat()
    return identified(event)


def _moment(stamped: Any, zone: tzinfo) -> datetime | None:
    if isinstance(stamped, str):
        text = stamped.strip()
        if _EPOCH.fullmatch(text):
            return parse_time(int(text))
        local = _DOTTED.fullmatch(text)  # 31.03.2026 10:00, as spreadsheets write it in Poland and Russia
        if local:
            text = f"{local[3]}-{local[2]:0>2}-{local[1]:0>2}{local[4] or ''}"
        try:
            moment = datetime.fromisoformat(text)
            return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return parse_time(stamped)


def identified(event: dict[str, Any]) -> dict[str, Any]:
    """With an id: the same event read twice, from whichever file, is one."""
    given = event.get("messageId")
    if given is None or (isinstance(given, str) and not given.strip()):
        event.pop("messageId", None)
        event["messageId"] = (
            f"file-{hashlib.blake2b(jsons.encode(jsons.mend(event).value), digest_size=16).hexdigest()}"
        )
    return event
