"""From the evidence alone to epochs, live edges and cannot-links: what a profile was as of any time of learning.

The live projection must equal this over all evidence; tests and `onevoice doctor` compare the two.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from onevoice.domains.identity.contracts import (
    ALLOW,
    ASSERT,
    BEGINNING,
    CANNOT,
    LOGIN,
    LOGOUT,
    OPENED,
    OPERATOR_TIER,
    RETRACT,
    SEEN_WITH,
    WITHDRAW,
    Evidence,
)
from onevoice.domains.identity.rules.epochs import Epoch, Mark, MarkKey, epoch_at, epochs

Tie = tuple[datetime, bytes]


def standing(evidence: Iterable[Evidence]) -> list[Evidence]:
    """In the order they were written, without what was withdrawn later: of one message that is stored with two moments,
    only what the event said that went.
    """
    withdrawn: set[tuple[int, bytes, datetime]] = set()
    kept: list[Evidence] = []
    for row in sorted(evidence, reverse=True):
        if row.op == WITHDRAW:
            withdrawn.add((row.a, row.hash, row.happened))
        elif (row.a, row.hash, row.happened) not in withdrawn:
            kept.append(row)
    return kept[::-1]


class EpochRef(NamedTuple):
    """An epoch by its base and the place of the mark that opened it; None is the base epoch."""

    base: int
    key: MarkKey | None


class Replayed(NamedTuple):
    epochs: dict[int, list[Epoch]]
    """Per shared identifier that the evidence mentions."""
    pairs: dict[tuple[int, int, int], Tie]
    """Live edges between nodes that evidence names outright: (a, b, tier)."""
    logins: dict[tuple[EpochRef, int], tuple[int, Tie]]
    """Live edges from an epoch to its holder, with tier."""
    weak: dict[tuple[int, EpochRef], Tie]
    """Live edges from the base of a shared identifier to the epoch of a stronger one it was seen with."""
    opened: dict[tuple[EpochRef, int], Tie]
    """Live edges from the epoch in which a link was first opened to the identifier it was sent to."""
    cannot: dict[tuple[int, int], tuple[int, datetime]]
    """Who is kept apart, to the split that says so and when."""


def replay(evidence: Iterable[Evidence]) -> Replayed:
    """Read the ledger. The order of the rows does not matter."""
    rows = standing(evidence)
    retracted: dict[tuple[int, int], datetime] = {}
    undone: set[int | None] = set()
    """Hand merges. Another one may have said the same of the same pair, and goes on saying it."""
    for row in rows:
        if row.op != RETRACT or row.b is None:
            continue
        if row.tier == OPERATOR_TIER:
            undone.add(row.act)
        else:
            retracted[row.a, row.b] = max(retracted.get((row.a, row.b), BEGINNING), row.learnt)
    pairs: dict[tuple[int, int, int], Tie] = {}
    marks: dict[int, list[Mark]] = {}
    tiers: dict[int, int] = {}
    sightings: dict[tuple[int, int], Tie] = {}
    cannot: dict[tuple[int, int], tuple[int, datetime]] = {}
    first: dict[int | None, tuple[Tie, Evidence]] = {}
    for row in rows:
        tie = (row.happened, row.hash)
        if row.op in {LOGIN, LOGOUT}:
            marks.setdefault(row.a, []).append(Mark(*tie, row.op == LOGOUT, row.b, row.learnt))
            tiers[row.a] = row.tier
        elif row.b is None:
            continue
        elif row.op == CANNOT:
            cannot[row.a, row.b] = (row.act or 0, row.learnt)
        elif row.op == ALLOW:
            if row.act not in undone:
                cannot.pop((row.a, row.b), None)
        elif row.op == OPENED:
            if row.act not in first or tie < first[row.act][0]:
                first[row.act] = (tie, row)
        elif row.learnt <= retracted.get((row.a, row.b), BEGINNING):
            continue
        elif row.op == ASSERT:
            if row.tier == OPERATOR_TIER and row.act in undone:
                continue
            key = (row.a, row.b, row.tier)
            pairs[key] = min(pairs.get(key, tie), tie)
        elif row.op == SEEN_WITH:
            sightings[row.a, row.b] = min(sightings.get((row.a, row.b), tie), tie)
    states: dict[int, list[Epoch]] = {}
    for base, found in marks.items():
        dead = {holder: at for (a, holder), at in retracted.items() if a == base}
        states[base] = epochs(found, dead)
    logins = {
        (EpochRef(base, epoch.key), epoch.holder): (tiers[base], epoch.tie)
        for base, state in states.items()
        for epoch in state
        if epoch.holder is not None and epoch.tie is not None
    }
    weak: dict[tuple[int, EpochRef], Tie] = {}
    for (base, other), tie in sightings.items():
        own = states.get(base)
        if own is not None and (own[0].holder is not None or epoch_at(own, tie[0]) != 0):
            continue
        stronger = states.get(other)
        ref = EpochRef(other, stronger[epoch_at(stronger, tie[0])].key if stronger else None)
        weak[base, ref] = min(weak.get((base, ref), tie), tie)
    opened: dict[tuple[EpochRef, int], Tie] = {}
    for tie, row in first.values():
        if row.b is None or row.learnt <= retracted.get((row.a, row.b), BEGINNING):
            continue  # a link that somebody else opened first ties nobody, also once that opening is taken back
        state = states.get(row.a)
        place = (EpochRef(row.a, state[epoch_at(state, tie[0])].key if state else None), row.b)
        opened[place] = min(opened.get(place, tie), tie)
    return Replayed(states, pairs, logins, weak, opened, cannot)
