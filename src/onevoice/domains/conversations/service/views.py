"""Lists of the inbox that colleagues keep: each their own, and some for all."""

from dataclasses import replace

from psycopg import Connection

from onevoice.domains.conversations.contracts import KeptView
from onevoice.domains.conversations.errors import ConversationsError, SharedViewError, UnknownViewError
from onevoice.domains.conversations.service.acting import require_colleagues
from onevoice.domains.conversations.store import views as store
from onevoice.kit.clock import Clock

MOST = 20
"""Of one's own, and as many for all: each is counted whenever the inbox is."""


def seen_by(conn: Connection, me: int) -> list[KeptView]:
    """One's own, then those of all."""
    return store.seen_by(conn, me)


def create(conn: Connection, view: KeptView, *, may_share: bool, clock: Clock) -> KeptView:
    """Raises: SharedViewError, UnknownColleagueError, ConversationsError where there are too many."""
    _require(conn, view, may_share=may_share)
    there = sum(each.shared == view.shared for each in store.seen_by(conn, view.owner))
    if there >= MOST:
        raise ConversationsError(f"{MOST} views are kept at most. Take one away first.")
    return replace(view, id=store.add(conn, view, clock.now()))


def change(conn: Connection, number: int, view: KeptView, *, may_share: bool) -> KeptView:
    """Whoever made it stays its owner. Raises: UnknownViewError, SharedViewError, UnknownColleagueError."""
    found = _one(conn, number, view.owner, may_share=may_share)
    _require(conn, view, may_share=may_share)
    changed = replace(view, id=number, owner=found.owner)
    store.put(conn, changed)
    return changed


def drop(conn: Connection, number: int, me: int, *, may_share: bool) -> None:
    """Raises: UnknownViewError, SharedViewError."""
    _one(conn, number, me, may_share=may_share)
    store.drop(conn, number)


def _one(conn: Connection, number: int, me: int, *, may_share: bool) -> KeptView:
    found = store.one(conn, number)
    if found is None or not (found.shared or found.owner == me):
        raise UnknownViewError(f"There is no view {number}.")
    if found.shared and not may_share:
        raise SharedViewError("All see this view: only who may edit replies changes it.")
    return found


def _require(conn: Connection, view: KeptView, *, may_share: bool) -> None:
    if view.shared and not may_share:
        raise SharedViewError("Only who may edit replies makes views for all.")
    if view.assignee is not None:
        require_colleagues(conn, [view.assignee])
