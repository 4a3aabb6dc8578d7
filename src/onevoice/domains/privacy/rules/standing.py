"""What the ledger comes to for one person: the most restrictive over all their identifiers.

Nothing here is stored per person. A merge brings more lines together, an unmerge parts them again, and each side stands
as its own lines say.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from onevoice.domains.privacy.contracts import EVERY, Line, Preferences, Standing, Wish

NOTHING_SAID = Standing("none", None, None)

_KINDS: Mapping[str, frozenset[str]] = {
    "sms": frozenset({"phone"}),
    "call": frozenset({"phone"}),
    "push": frozenset({"device", "anonymous_id"}),
    "app": frozenset({"device", "anonymous_id"}),
    "site": frozenset({"device", "anonymous_id"}),
}

_BY_AGE = attrgetter("happened", "id")


class Address(NamedTuple):
    """What is asked about: this identifier as an address of this channel."""

    nid: int
    channel: str
    purpose: str


def is_address(kind: str, channel: str) -> bool:
    """Whether an identifier of that kind is one that the channel writes to. Most are called as their channel is."""
    return kind in _KINDS.get(channel, frozenset({channel}))


Said = TypeVar("Said", Line, Wish)


def counting(lines: Iterable[Said], person: Collection[int]) -> list[Said]:
    """Lines of a person's identifiers without those said through one that is not theirs any more."""
    return [line for line in lines if line.via is None or line.via in person]


def decide(lines: Iterable[Line], kinds: Mapping[int, str], asked: Address) -> Standing:
    """The standing of one address. lines: those that count, of all the person's identifiers. kinds: by identifier.

    A later word through the same identifier replaces an earlier one; between identifiers a withdrawal wins. What opens
    a channel as a whole, for every purpose, allows none: it takes back only what shut the channel. A request asks, and
    neither lifts a withdrawal nor undoes a consent: anybody can type an address. A line said through another identifier
    lifts what was withdrawn here, and allows nothing by itself.
    """
    of_purpose: dict[int, Line] = {}
    of_all: dict[int, Line] = {}
    requests: dict[int, Line] = {}
    for line in lines:
        if line.purpose in {asked.purpose, EVERY} and line.channel in {asked.channel, EVERY}:
            latest = requests if line.act == "request" else of_all if line.purpose == EVERY else of_purpose
            known = latest.get(line.nid)
            if known is None or _BY_AGE(known) < _BY_AGE(line):
                latest[line.nid] = line
    withdrawn = [line for line in of_purpose.values() if line.act == "withdraw"]
    for nid, line in of_all.items():
        later = of_purpose.get(nid)
        if line.act == "withdraw" and (later is None or later.act == "withdraw" or _BY_AGE(later) < _BY_AGE(line)):
            withdrawn.append(line)
    if withdrawn:
        return _standing("withdrawn", withdrawn)
    granted = [line for line in of_purpose.values() if line.via is None and _covers(line.nid, kinds, asked)]
    if granted:
        return _standing("granted", granted)
    requested = [line for nid, line in requests.items() if _covers(nid, kinds, asked)]
    return _standing("requested", requested) if requested else NOTHING_SAID


def withdrawn_by(lines: Iterable[Line], scope: tuple[str, str], happened: datetime) -> list[int]:
    """Identifiers by which the scope, or a part of it, stands withdrawn by what happened until then."""
    purpose, channel = scope
    by_nid: dict[int, list[Line]] = {}
    for line in lines:
        if line.purpose in {purpose, EVERY} and line.happened <= happened:
            by_nid.setdefault(line.nid, []).append(line)
    found: list[int] = []
    for nid, said in by_nid.items():
        channels = {line.channel for line in said} if channel == EVERY else {channel}
        asked = [Address(nid, each, purpose) for each in channels]
        if any(decide(said, {nid: ""}, each).state == "withdrawn" for each in asked):
            found.append(nid)
    return sorted(found)


def _covers(nid: int, kinds: Mapping[int, str], asked: Address) -> bool:
    """What was said for one address of a channel does not hold for another address of it."""
    return nid == asked.nid or not is_address(kinds[nid], asked.channel)


def _standing(state: Any, lines: Sequence[Line]) -> Standing:
    deciding = max(lines, key=_BY_AGE)
    return Standing(state, deciding.id, deciding.happened)


def prefer(wishes: Iterable[Wish]) -> Preferences:
    """Wishes that count, of all the person's identifiers: the latest of each identifier, and over those the longest
    pause, the fewest messages, and of the rest what was said last.
    """
    latest: dict[tuple[int, str], Wish] = {}
    for wish in sorted(wishes, key=_BY_AGE):
        latest[wish.nid, wish.name] = wish
    by_name: dict[str, list[Any]] = {}
    for wish in sorted(latest.values(), key=_BY_AGE):
        if wish.value is not None or wish.via is None:
            by_name.setdefault(wish.name, []).append(wish.value)
    pauses = [datetime.fromisoformat(value) for value in by_name.get("pause_until", []) if value is not None]
    limits = [value for value in by_name.get("per_week", []) if value is not None]
    last = {name: values[-1] for name, values in by_name.items()}
    return Preferences(
        pause_until=max(pauses, default=None),
        per_week=min(limits, default=None),
        hours=tuple(last["hours"]) if last.get("hours") is not None else None,
        order=tuple(last.get("order") or ()),
        language=last.get("language"),
    )
