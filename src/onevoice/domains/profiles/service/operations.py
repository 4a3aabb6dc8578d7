"""Merge, undo and split with what they mean for the people concerned: the preview that an operator decides by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from onevoice.domains.identity.contracts import Member, SourceInfo
from onevoice.domains.identity.service import operate, references
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.errors import ReasonMissingError
from onevoice.domains.profiles.service.reading import View, views_now
from onevoice.domains.profiles.service.sources import regions
from onevoice.kit import bus


@dataclass(frozen=True)
class TraitChange:
    """A trait on which the two profiles differ, and which value holds afterwards."""

    name: str
    values: list[Any]
    after: Any


@dataclass(frozen=True)
class Preview:
    """What an operation does: the profiles before and after, who moves, what to be warned of."""

    operation: operate.Operation
    before: list[View]
    after: list[View]
    traits: list[TraitChange]
    apart: list[tuple[Member, Member]]
    """Pairs that a split, or what an undo restores of it, keeps apart from now on; or that a merge no longer does."""


@dataclass(frozen=True)
class Request:
    """Who asks, why and when."""

    actor: str
    reason: str
    at: datetime
    vault_key: bytes
    dry_run: bool = False


def merge(conn: Connection, left: str, right: str, request: Request, sources: Mapping[int, SourceInfo]) -> Preview:
    """Join the profiles of two references.

    Raises: UnknownProfileError, AmbiguousReferenceError, SameProfileError, ReasonMissingError.
    """
    _require_reason(request)
    operate.turn(conn)
    ends = [references.locate(conn, each, request.vault_key, regions(sources)) for each in (left, right)]
    return _perform(
        conn,
        sources,
        dry_run=request.dry_run,
        act=lambda: operate.merge(
            conn, ends[0][0], ends[1][0], actor=request.actor, reason=request.reason, at=request.at
        ),
    )


def undo(conn: Connection, action: int, request: Request, sources: Mapping[int, SourceInfo]) -> Preview:
    """Take a merge back. Raises: UnknownActionError, AlreadyUndoneError."""
    operate.turn(conn)
    return _perform(
        conn,
        sources,
        dry_run=request.dry_run,
        act=lambda: operate.undo(conn, action, actor=request.actor, at=request.at),
    )


def split(
    conn: Connection, profile: str, identifiers: Sequence[str], request: Request, sources: Mapping[int, SourceInfo]
) -> Preview:
    """Part identifiers, as references, from a profile.

    Raises: UnknownProfileError, AmbiguousReferenceError, NothingToSplitError, ReasonMissingError.
    """
    _require_reason(request)
    operate.turn(conn)
    node, pid = references.locate(conn, profile, request.vault_key, regions(sources))
    members = {(member.kind, member.value) for _, member in identity.members_of(conn, [pid])}
    named = [references.identifier_among(each, members, regions(sources)) for each in identifiers]
    return _perform(
        conn,
        sources,
        dry_run=request.dry_run,
        act=lambda: operate.split(conn, node, named, actor=request.actor, reason=request.reason, at=request.at),
    )


def _require_reason(request: Request) -> None:
    if not request.reason.strip():
        raise ReasonMissingError("Say why in `reason`: the ledger keeps it, and whoever comes later will ask.")


def _perform(
    conn: Connection, sources: Mapping[int, SourceInfo], *, dry_run: bool, act: Callable[[], operate.Operation]
) -> Preview:
    """Do it, look, and in a rehearsal roll back: what the preview shows is what happened.

    An operation moves nodes from profile to profile and touches no node's folds, so that the profiles as they were are
    seen as well afterwards.
    """
    with conn.transaction(force_rollback=dry_run):
        operation = act()
        before, after = (sorted(each.items()) for each in (operation.before, operation.after))
        views = views_now(
            conn, [identity.Profile(pid, members, pid) for pid, members in [*before, *after] if members], sources
        )
        pairs = [*operation.withdrawn, *operation.parted]
        members = identity.members_by_nid(conn, sorted({end for pair in pairs for end in pair}))
        apart = [(members[a], members[b]) for a, b in pairs]
    if dry_run:
        operation.id = None
    else:
        bus.notify(conn, bus.LINKED)  # the lists and whoever looks at these people must follow
    were = sum(1 for _, members in before if members)
    return Preview(operation, views[:were], views[were:], _trait_changes(views[:were], views[were:]), apart)


def _trait_changes(before: Sequence[View], after: Sequence[View]) -> list[TraitChange]:
    """Where two became one: the traits on which they differed."""
    if len(before) < 2 or len(after) != 1:
        return []
    final = after[0].current
    changes: list[TraitChange] = []
    for name in sorted({name for seen in before for name in seen.current}):
        values = [seen.current[name].value if name in seen.current else None for seen in before]
        if any(value != values[0] for value in values[1:]):
            changes.append(TraitChange(name, values, final[name].value if name in final else None))
    return changes
