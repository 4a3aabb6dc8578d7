"""What privacy takes and gives: consent, preferences, addresses that must not be written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

PurposeClass = Literal["transactional", "marketing"]
Act = Literal["request", "grant", "confirm", "withdraw"]
"""request: asked by double opt-in, not confirmed yet. confirm: its proof. grant: given where no proof is needed."""

StandingState = Literal["granted", "requested", "withdrawn", "none"]
SuppressionReason = Literal["hard_bounce", "complaint", "blocked", "manual"]

EVERY = "*"
"""Every purpose, every channel."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What messages are about, as people choose it. titles, descriptions: by language. double_opt_in: consent for an
    address that was typed holds only once its holder confirmed it.
    """

    name: str
    message_class: PurposeClass
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    double_opt_in: bool
    position: int
    retired_at: datetime | None = None


class Asked(NamedTuple):
    """May purpose's messages go by `channel` to the address `nid` of the person `pid`?"""

    pid: int
    nid: int
    channel: str
    purpose: str


class Standing(NamedTuple):
    """What the ledger says. entry, since: the line that decided, and when it happened; None where nobody ever asked."""

    state: StandingState
    entry: int | None
    since: datetime | None


class Suppression(NamedTuple):
    nid: int
    reason: SuppressionReason
    since: datetime


@dataclass(frozen=True, slots=True)
class Preferences:
    """What somebody wishes, over all their identifiers. per_week: marketing messages at most (None: no limit).
    hours: from and to, minutes of the day in the person's zone. order: channels, the preferred first.
    """

    pause_until: datetime | None = None
    per_week: int | None = None
    hours: tuple[int, int] | None = None
    order: tuple[str, ...] = ()
    language: str | None = None


NO_PREFERENCES = Preferences()


class Line(NamedTuple):
    """One line of the consent ledger, as far as it decides. via: it counts while nid and via are one person."""

    id: int
    nid: int
    via: int | None
    purpose: str
    channel: str
    act: Act
    happened: datetime


class Wish(NamedTuple):
    """One line of what somebody wishes. name: a field of `Preferences`; value: as JSON holds it, None takes it back."""

    id: int
    nid: int
    via: int | None
    name: str
    value: Any
    happened: datetime
