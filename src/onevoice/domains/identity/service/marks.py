"""What the ledger says of shared identifiers: their marks, as they stand and as they stood once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import Connection

from onevoice.domains.identity.contracts import BEGINNING, END, LOGIN, LOGOUT, RETRACT, SEEN_WITH
from onevoice.domains.identity.rules.epochs import Epoch, Mark, epoch_of, epochs
from onevoice.domains.identity.store import marks as store
from onevoice.domains.identity.store.linking import OpenedLink

Tie = tuple[datetime, bytes]


@dataclass
class Sighting:
    """A weak identifier was seen with a stronger shared one, nobody's name beside them."""

    other: int
    tie: Tie
    learnt: datetime


@dataclass
class Past:
    """What the ledger says of one shared identifier."""

    marks: list[Mark] = field(default_factory=list)
    withdrawn: list[tuple[Mark, datetime]] = field(default_factory=list)
    """Marks that counted until then."""
    retracted: dict[int, datetime] = field(default_factory=dict)
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)

    def earliest_sightings(self) -> dict[int, Tie]:
        """Stronger identifier to the earliest living sighting with it."""
        return {
            other: min(living)
            for other, found in self.sightings.items()
            if (living := [s.tie for s in found if s.learnt > self.retracted.get(other, BEGINNING)])
        }

    def states(self, first: datetime) -> list[list[Epoch]]:
        """The epochs after each change since `first`, but for what was retracted."""
        counted = [(mark, END) for mark in self.marks] + self.withdrawn
        changes = {moment for mark, until in counted for moment in (mark.learnt, until)}
        moments = {first, *(moment for moment in changes if first < moment < END)}
        return [epochs([mark for mark, until in counted if mark.learnt <= at < until], {}) for at in sorted(moments)]

    def has_retracted(self, link: OpenedLink) -> bool:
        return link.learnt <= self.retracted.get(link.to, BEGINNING)


def follows(state: tuple[Epoch, ...] | list[Epoch], holder: int | None, tie: Tie) -> bool:
    """True where a login of the holder at that place says nothing that does not follow from these epochs."""
    epoch = state[epoch_of(state, (*tie, False)) if len(state) > 1 else 0]
    return epoch.holder == holder and epoch.tie is not None and epoch.tie <= tie


def absorb(conn: Connection, base: int, past: Past, marks: list[Mark], *, searchable: bool) -> list[Mark]:
    """Add to `past` those marks that say something, in the order they were learnt, so that every earlier state of
    knowledge can be told from the ledger too. Returns: the marks to be recorded.

    Only the first login of each run is kept. Where a late mark cuts a run in two, the first login behind the cut is
    found again: among those passed over in this batch, or among the holder's events.
    """
    said: list[Mark] = []
    passed: list[Mark] = []
    state = epochs(past.marks, past.retracted)
    latest = max([*(mark.learnt for mark in past.marks), *(until for _, until in past.withdrawn)], default=BEGINNING)
    for mark in sorted(marks, key=lambda mark: (mark.learnt, mark.happened, mark.hash, mark.logout)):
        if not mark.logout and follows(state, mark.holder, (mark.happened, mark.hash)):
            tie = (mark.happened, mark.hash)
            # Of one that comes late, something may follow only from what was learnt after it.
            if mark.learnt >= latest or all(follows(then, mark.holder, tie) for then in past.states(mark.learnt)):
                passed.append(mark)
                continue
        key = (mark.happened, mark.hash, mark.logout)
        index = epoch_of(state, key)
        cut = state[index]
        end = state[index + 1] if index + 1 < len(state) else None
        fresh = [mark]
        if cut.holder is not None and cut.holder != mark.holder:
            behind = [p for p in passed if p.holder == cut.holder and (p.happened, p.hash, p.logout) > key]
            if searchable:
                last = end.start if end is not None else END
                behind += [
                    Mark(row.happened, row.hash, logout=False, holder=row.other, learnt=row.learnt)
                    for row in store.first_marks_after(conn, base, cut.holder, (mark.happened, mark.hash), last)
                ]
            limit = end.key if end is not None else None
            behind = [p for p in behind if limit is None or (p.happened, p.hash, p.logout) < limit]
            if behind:
                fresh.append(min(behind, key=lambda p: (p.happened, p.hash)))
        past.marks.extend(fresh)
        said.extend(fresh)
        state = epochs(past.marks, past.retracted)
    return said


def pasts_of(conn: Connection, bases: Iterable[int]) -> dict[int, Past]:
    found: dict[int, Past] = {}
    for row in store.mark_rows(conn, list(bases)):
        past = found.setdefault(row.base, Past())
        if row.op in {LOGIN, LOGOUT}:
            mark = Mark(row.happened, row.hash, row.op == LOGOUT, row.other, row.learnt)
            if row.withdrawn is None:
                past.marks.append(mark)
            else:
                past.withdrawn.append((mark, row.withdrawn))
        elif row.withdrawn is not None or row.other is None:
            continue
        elif row.op == RETRACT:
            past.retracted[row.other] = max(past.retracted.get(row.other, BEGINNING), row.learnt)
        elif row.op == SEEN_WITH:
            past.sightings.setdefault(row.other, []).append(Sighting(row.other, (row.happened, row.hash), row.learnt))
    return found
