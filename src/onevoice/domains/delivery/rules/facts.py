"""What the gate is told and what it says. All of it is kept in the record, so it is plain, and always encodes alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

Result = Literal["pass", "exempt", "defer", "stop"]


class Shape(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Encodes the same way each time: fields in the order they are written here, without those that say nothing."""


# The policy


class Cap(Shape, frozen=True):
    """Marketing messages to one person in so many hours, by one channel or by all of them."""

    count: int
    hours: int
    channel: str | None = None


class Budget(Shape, frozen=True):
    """One budget over everything: what a message takes by its channel, and what the less important must leave over."""

    limit: int
    hours: int
    points: Mapping[str, int] = {}
    reserve: Mapping[str, int] = {}


class Policy(Shape, frozen=True):
    """hours: minutes of the day between which marketing may come, where the person has not said otherwise; from > to
    goes over midnight. answer_hours: so long after somebody wrote they are in a conversation. order: channels, the
    better first, where nothing else decides. most_minor: what one message may cost, by class; month_minor: what
    marketing of a site may cost in a month.
    """

    hours: tuple[int, int] = (9 * 60, 21 * 60)
    caps: tuple[Cap, ...] = ()
    budget: Budget | None = None
    duplicate_hours: int = 7 * 24
    answer_hours: int = 7 * 24
    order: tuple[str, ...] = ()
    most_minor: Mapping[str, int] = {}
    month_minor: int | None = None


FIRST_POLICY = Policy(
    caps=(Cap(2, 24), Cap(1, 24, "sms")),
    budget=Budget(6, 7 * 24, {"sms": 2, "call": 3}, {"low": 2, "normal": 1, "high": 0}),
    order=("telegram", "whatsapp", "viber", "push", "email", "sms"),
)


# The facts


class Contact(Shape, frozen=True):
    """A marketing message that this person had, whichever identifier it went to."""

    at: datetime
    channel: str


class Candidate(Shape, frozen=True):
    """One channel by which it could go. node: the address's identifier; account: ours. reach: whether the person
    opened or shut this door to that account. last_heard: when they last wrote or pressed something there.
    """

    channel: str
    account: int | None = None
    node: int | None = None
    consent: Literal["granted", "requested", "withdrawn", "none"] = "none"
    consent_entry: int | None = None
    consent_since: datetime | None = None
    suppressed: str | None = None
    suppressed_since: datetime | None = None
    reach: Literal["open", "shut", "unknown"] = "unknown"
    reach_since: datetime | None = None
    needs_contact: bool = False
    window_hours: int | None = None
    last_heard: datetime | None = None
    cost_minor: int = 0


class Facts(Shape, frozen=True):
    """at: when it is judged. contacts: the person's marketing messages of the last 30 days, oldest first, at most the
    last 50. heard_at: when they last wrote, by whatever channel. same_content_at: when they last had the same. killed:
    switches that are thrown. month_minor: spent by the site on marketing in this month.
    """

    at: datetime
    message_class: str
    purpose: str
    priority: str
    zone: str
    candidates: tuple[Candidate, ...]
    pause_until: datetime | None = None
    per_week: int | None = None
    hours: tuple[int, int] | None = None
    order: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    heard_at: datetime | None = None
    same_content_at: datetime | None = None
    killed: tuple[str, ...] = ()
    month_minor: int = 0


# The decision


class Verdict(Shape, frozen=True):
    """until: of a deferral, when it ends; of a window, when it closes. since: of what stands in the way."""

    rule: str
    result: Result = "pass"
    why: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Judged(Shape, frozen=True):
    channel: str
    verdicts: tuple[Verdict, ...]

    @property
    def result(self) -> Result:
        results = {each.result for each in self.verdicts}
        return "stop" if "stop" in results else "defer" if "defer" in results else "pass"

    @property
    def until(self) -> datetime | None:
        """When it could go, where it must wait and nothing else stands against it."""
        if self.result != "defer":
            return None
        return max(each.until for each in self.verdicts if each.result == "defer" and each.until is not None)


class Outcome(Shape, frozen=True):
    """chosen_by: preferred, answered, usual; asked where there was no choice. rule and why: of a message that waits or
    is not sent, the first that stood against its best channel. propensity: how likely this choice was.
    """

    action: str
    channel: str | None = None
    account: int | None = None
    node: int | None = None
    chosen_by: str = ""
    until: datetime | None = None
    rule: str = ""
    why: str = ""
    propensity: float = 1.0


class Decision(Shape, frozen=True):
    judged: tuple[Judged, ...]
    outcome: Outcome
