"""One conversation out of two tellings: what lies on a person's devices, and what the installation keeps of it.

The same message has the same number on both sides. Numbers count from where the story began to be watched, and stay:
what is on its way has one already, and keeps it when it arrives.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

BEGINS_WITH = 5
"""So many messages are there at the first look."""
SHOWN_MOST = 6
"""More of them make no line that an eye could follow."""
DEVICE = {"telegram": "phone", "email": "mailbox"}
CHAT = "chat"
"""Lies in the person's browser, where nobody looks into it: what was said there is told by the installation alone."""


class Place(NamedTuple):
    """A message on a device. ours: the brand's."""

    at: datetime
    device: str
    key: str
    ours: bool


class Knot(NamedTuple):
    """Of the line: its number, and where the message of this key lies, or will lie."""

    n: int
    key: str
    device: str | None
    waiting: bool


class Story:
    """since: from when on facts that are no messages are told."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._numbers: dict[str, int] = {}
        self._begun = False
        self._before: frozenset[str] = frozenset()

    def told(self, places: Sequence[Place], desk: Mapping[str, Any] | None) -> dict[str, Any]:
        """As the page draws it. desk: None while the installation is away. knots: what has a number, by it. items: the
        installation's side, oldest first. hidden: how many older ones are left out.
        """
        items = _once(desk["items"] if desk else [], {each.key for each in places})
        waiting = [each for each in items if each["kind"] == "ours" and each.get("waiting") and each["door"] != CHAT]
        if not self._begun:
            first = max(0, len(places) - BEGINS_WITH)
            self._before = frozenset(each.key for each in places[:first])
            self._begun = True
        known = {str(each.get("key")): each for each in items}
        unknown = [each for each in places if each.ours and each.key not in known and each.key not in self._numbers]
        doors = {DEVICE.get(each["door"]) for each in waiting}
        self._number(places, known, waiting, {each.key for each in unknown if each.device in doors})
        return self._shown(places, items, waiting)

    def _number(
        self,
        places: Sequence[Place],
        known: Mapping[str, Mapping[str, Any]],
        waiting: Iterable[Mapping[str, Any]],
        unsettled: set[str],
    ) -> None:
        """unsettled: on a device, and perhaps one of those that the installation still believes on their way."""
        for each in places:
            if each.key in self._numbers or each.key in self._before or each.key in unsettled:
                continue
            before = self._numbers.get(_way(known.get(each.key, {})))
            self._numbers[each.key] = before or self._next()
        for each in sorted(waiting, key=lambda one: str(one["at"])):
            self._numbers.setdefault(_way(each), self._next())

    def _next(self) -> int:
        return max(self._numbers.values(), default=0) + 1

    def _shown(
        self, places: Sequence[Place], items: Sequence[dict[str, Any]], waiting: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        knots = [
            Knot(number, each.key, each.device, False)
            for each in places
            if (number := self._numbers.get(each.key)) is not None
        ]
        knots += [Knot(self._numbers[_way(each)], _way(each), DEVICE.get(each["door"]), True) for each in waiting]
        knots.sort(key=lambda each: each.n)
        hidden = max(0, len(knots) - SHOWN_MOST)
        numbers = {each.key: each.n for each in knots[hidden:]}
        at = {each.key: each.at for each in places}
        shown: list[dict[str, Any]] = []
        oldest = min((at[key] for key in numbers if key in at), default=self._since)
        for each in items:
            key = _way(each) if each.get("waiting") else str(each.get("key"))
            there = each["door"] == CHAT or not each.get("key")
            if key in numbers:
                shown.append({**each, "key": key, "n": numbers[key], "at": at.get(key) or moment(each["at"])})
            elif there and moment(each["at"]) >= (max(oldest, self._since) if hidden else self._since):
                shown.append({**each, "at": moment(each["at"])})
        shown.sort(key=lambda each: (each["at"], each.get("n", 0)))
        return {"items": shown, "knots": [each._asdict() for each in knots[hidden:]], "hidden": hidden}


def reckoned(places: Sequence[Place], desk: Mapping[str, Any] | None, since: datetime) -> dict[str, int]:
    """Of what was sent since then, held against what lies on the devices: how many the installation calls sent that are
    not there, and how many are there without its knowing, said once too often.
    """
    if desk is None or any(each.get("waiting") for each in desk["items"]):
        return {"lost": 0, "twice": 0}  # what is just arriving would be counted as either
    there = {each.key for each in places}
    ours = [each for each in desk["items"] if each["kind"] == "ours" and each["door"] != CHAT]
    sent = {each["key"]: each for each in ours if each.get("key")}
    gone = [key for key, each in sent.items() if "rule" in each and key not in there and moment(each["at"]) >= since]
    more = [each for each in places if each.ours and each.at > since and each.key not in sent]
    return {"lost": len(gone), "twice": len(more)}


def moment(text: Any) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(str(text))


def _way(item: Mapping[str, Any]) -> str:
    """How a message is called before its provider has named it."""
    return f"on its way: {item.get('id')}"


def _once(items: Iterable[Mapping[str, Any]], there: set[str]) -> list[dict[str, Any]]:
    """Each message once: of two tellings the one that knows more. What was told of as said elsewhere, before these
    devices were there, is left out.
    """
    found: dict[Any, dict[str, Any]] = {}
    for each in items:
        knows = "rule" in each
        said = each["kind"] in {"ours", "theirs"} and each["door"] != CHAT
        if said and not knows and each.get("key") not in there:
            continue
        name = each.get("key") or each["id"]
        if name not in found or knows:
            found[name] = dict(each)
    return [*found.values()]
