"""When an episode begins, wakes, is answered, ends: what one more word makes of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from onevoice.domains.conversations.contracts import Act, Episode, Heard, State

REOPENS = timedelta(hours=72)
"""After it was closed, a word of the same person belongs to it."""
LAPSES = timedelta(days=7)
"""Without a word from either side, after ours was the last, it is over."""
_WAKES: Mapping[State, tuple[Act, ...]] = {"open": (), "snoozed": ("woken",), "closed": ("reopened",)}


def over_since(episode: Episode, at: datetime) -> datetime | None:
    """When it ended by itself; None where it has not by then. Whoever waits for us, waits: that never lapses."""
    if episode.state != "open" or episode.waiting_since is not None or at - episode.last_at < LAPSES:
        return None
    return episode.last_at + LAPSES


def hear(found: Episode | None, heard: Heard) -> tuple[Episode | None, tuple[Act, ...]]:
    """The episode to which a word belongs, as it stands after it, and what became of it by that. None: to none; one
    with another opened_at than `found` is a new one.

    found: the person's episode that is not closed, else the last.

    Words may be learnt late, in any order: an old one wakes what it finds, but sets no clock forward.
    """
    if found is not None and (over := over_since(found, heard.at)) is not None:
        found = replace(found, state="closed", closed_at=over, snoozed_until=None)
    if heard.author == "customer":
        return _theirs(found, heard)
    if not heard.answers:
        return None, ()
    return _ours(found, heard)


def _theirs(found: Episode | None, heard: Heard) -> tuple[Episode | None, tuple[Act, ...]]:
    if found is None or _apart(found, heard):
        return (_new(heard, waits=True), ("opened",)) if heard.wants else (None, ())
    said = replace(
        found,
        last_at=max(found.last_at, heard.at),
        last_seq=max(found.last_seq, heard.seq),
        heard_seq=max(found.heard_seq, heard.seq),
        channel=heard.channel if heard.at >= found.last_at else found.channel,
        account_id=heard.account_id if heard.at >= found.last_at else found.account_id,
    )
    if not heard.wants or found.spam:
        return said, ()
    waits = heard.at if found.waiting_since is None else min(found.waiting_since, heard.at)
    return replace(said, state="open", snoozed_until=None, closed_at=None, waiting_since=waits), _WAKES[found.state]


def _ours(found: Episode | None, heard: Heard) -> tuple[Episode, tuple[Act, ...]]:
    if found is None or _apart(found, heard):
        # Who writes first waits for nothing yet: the answer will open it again.
        return replace(_new(heard, waits=False), state="closed", closed_at=heard.at), ()
    answered = found.waiting_since is not None and found.waiting_since <= heard.at
    return (
        replace(
            found,
            last_at=max(found.last_at, heard.at),
            last_seq=max(found.last_seq, heard.seq),
            waiting_since=None if answered else found.waiting_since,
        ),
        (),
    )


def _apart(found: Episode, heard: Heard) -> bool:
    """Whether it is too long ago that the episode was closed for this word to belong to it."""
    return found.closed_at is not None and not found.spam and heard.at - found.closed_at > REOPENS


def _new(heard: Heard, *, waits: bool) -> Episode:
    return Episode(
        id=0,
        nid=heard.nid,
        opened_at=heard.at,
        site=heard.site,
        channel=heard.channel,
        account_id=heard.account_id,
        state="open",
        last_at=heard.at,
        last_seq=heard.seq,
        heard_seq=heard.seq if heard.author == "customer" else 0,
        waiting_since=heard.at if waits else None,
    )
