"""What the preference centre's form sends back, read leniently: hostile fields are nothing, and never an error."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from onevoice.domains.privacy.contracts import Centre, CentreForm, Preferences
from onevoice.kit.i18n import is_language

PAUSE_MOST = timedelta(days=31)
POSITION_MAX = 2**63 - 1

Fields = Mapping[str, Sequence[str]]


def read(fields: Fields, now: datetime) -> CentreForm | None:
    """None where it is no form of this page."""
    position = _number(_last(fields, "position"), POSITION_MAX)
    if position is None or "mark" not in fields:
        return None
    wishes = Preferences(
        pause_until=_pause(fields, now),
        per_week=_number(_last(fields, "per_week"), 100),
        hours=_hours(fields),
        order=_order(fields),
        language=next(
            (each for each in (_last(fields, "lang"), _last(fields, "wished_language")) if is_language(each)), None
        ),
    )
    return CentreForm(
        position,
        _last(fields, "mark"),
        frozenset(fields.get("channel", ())),
        frozenset(fields.get("topic", ())),
        wishes,
        shut=bool(_last(fields, "all")),
    )


def undo_of(before: Centre, now: Centre) -> list[tuple[str, str]]:
    """The fields by which the page as it was before is sent anew, by somebody who has seen how it is now."""
    wishes = before.wishes
    begin, end = wishes.hours or ("", "")
    return [
        ("position", str(now.position)),
        ("mark", now.mark),
        *(("channel", each.name) for each in before.channels if each.on),
        *(("topic", each.purpose.name) for each in before.topics if each.on and not each.locked),
        ("order", ",".join(wishes.order)),
        ("pause_until", wishes.pause_until.isoformat() if wishes.pause_until else ""),
        ("per_week", "" if wishes.per_week is None else str(wishes.per_week)),
        ("from", str(begin)),
        ("until", str(end)),
        ("wished_language", wishes.language or ""),
    ]


def saved_address(token: str, before: int, notice: str | None, language: str | None) -> str:
    """Where a browser goes after saving, so that loading the page anew sends nothing twice."""
    query = {"saved": str(before), **({"notice": notice} if notice else {}), **({"lang": language} if language else {})}
    return f"/preferences/{token}?{urlencode(query)}"


def _last(fields: Fields, name: str) -> str:
    values = fields.get(name)
    return values[-1] if values else ""


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if int(text) <= most else None


def _pause(fields: Fields, now: datetime) -> datetime | None:
    asked = _last(fields, "pause")
    if asked in {"7", "30"}:
        return now + timedelta(days=int(asked))
    if asked == "0":
        return None
    try:
        until = datetime.fromisoformat(_last(fields, "pause_until"))
    except ValueError:
        return None
    return until if until.tzinfo is not None and until <= now + PAUSE_MOST else None


def _hours(fields: Fields) -> tuple[int, int] | None:
    begin, end = (_number(_last(fields, name), 24 * 60) for name in ("from", "until"))
    return None if begin is None or end is None or begin == end else (begin, end)


def _order(fields: Fields) -> tuple[str, ...]:
    """Channels as they were ordered, with the one that was asked for moved a place up."""
    known = [each for each in _last(fields, "order").split(",") if each]
    up = _last(fields, "up")
    listed = [each for each in _last(fields, "listed").split(",") if each]
    if up not in listed or listed[0] == up:
        return tuple(dict.fromkeys(known))
    place = listed.index(up)
    listed[place - 1], listed[place] = listed[place], listed[place - 1]
    return tuple(dict.fromkeys(listed))
