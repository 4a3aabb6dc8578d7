"""Who takes an episode: whoever knew this customer last, else whoever has most room. Each choice says why.

A choice by skill or by service level is another function of the same shape.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from onevoice.domains.conversations.contracts import Agent


class Choice(NamedTuple):
    """why: `knows` answered this customer last; `room` has most of it; `nobody` is there, `full` are all who are."""

    account_id: int | None
    why: Literal["knows", "room", "nobody", "full"]


def choose(agents: Sequence[Agent], last: int | None) -> Choice:
    """last: who answered this customer last, wherever that was."""
    there = [each for each in agents if each.available]
    free = [each for each in there if each.open < each.most]
    if not free:
        return Choice(None, "full" if there else "nobody")
    if any(each.account_id == last for each in free):
        return Choice(last, "knows")
    # By share, so that who can take two is not always first; the account's number decides between equals.
    best = min(free, key=lambda each: (each.open / each.most, each.open, each.account_id))
    return Choice(best.account_id, "room")
