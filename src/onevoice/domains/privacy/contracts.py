"""What privacy takes and gives: consent, preferences, addresses that must not be written to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


Source = Literal["page", "unsubscribe", "confirmation", "operator", "api", "import", "message"]
"""What something was said by: the preference centre, one click, the answer to double opt-in, somebody of ours."""


@dataclass(frozen=True, slots=True)
class Said:
    """How something was said. key: the same for every repeat. door: the channel it came by, such as `email`.

    happened: None means now. text: the number of the text that was shown. proven: whoever said it holds the address, or
    `proof` shows it. proof: for people, such as where the signed form lies; never a customer's personal value.
    """

    source: Source
    key: str
    actor: str = "customer"
    door: str | None = None
    happened: datetime | None = None
    text: int | None = None
    proven: bool = False
    proof: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ip: str | None = None
    agent: str | None = None


class Recorded(NamedTuple):
    """lines: what was written, the own line first. repeated: it had been said already, and nothing was written."""

    lines: tuple[int, ...]
    repeated: bool


class Requested(NamedTuple):
    """A consent that waits for the address's holder. token: goes to that address and nowhere else; None where the
    consent is there already.
    """

    line: int | None
    token: str | None
    expires: datetime | None


class Waiting(NamedTuple):
    """What a confirmation's token asks the holder of an address. confirmed: it was answered already."""

    line: int
    nid: int
    purpose: str
    channel: str
    text: int | None
    confirmed: bool


class Opened(NamedTuple):
    """Whose page a token opens. purpose, channel: of the message it stood in, None of a door of its own. reference:
    what it stood in, for the ledger's proof.
    """

    nid: int
    purpose: str | None
    channel: str | None
    reference: str


class Entry(NamedTuple):
    """One line of the ledger as people read it. body: the text that was agreed to, in `language`."""

    id: int
    nid: int
    via: int | None
    purpose: str
    channel: str
    act: Act
    source: str
    door: str | None
    happened: datetime
    learnt: datetime
    actor: str
    proof: Mapping[str, Any]
    text: int | None
    version: int | None
    language: str | None
    body: str | None


class Text(NamedTuple):
    """What people agree to, word for word. Another wording is another version; none is ever changed."""

    id: int
    purpose: str
    language: str
    version: int
    body: str
    made_at: datetime | None
    made_by: str | None


@dataclass(frozen=True, slots=True)
class ChannelShown:
    """A channel by which somebody can be reached, as they switch it. address: masked."""

    name: str
    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class TopicShown:
    """A purpose as somebody switches it. where: channels by which it may come as things stand."""

    purpose: Purpose
    on: bool
    where: tuple[str, ...]
    text: Text | None = None

    @property
    def locked(self) -> bool:
        """No choice: a purchase needs it."""
        return self.purpose.message_class == "transactional"


@dataclass(frozen=True, slots=True)
class Centre:
    """What the preference centre shows. position: the newest line that was seen; mark: which identifiers were one
    person then.
    """

    position: int
    mark: str
    channels: tuple[ChannelShown, ...]
    topics: tuple[TopicShown, ...]
    wishes: Preferences


@dataclass(frozen=True, slots=True)
class CentreForm:
    """What somebody sends back. channels, topics: those that are on. shut: not to be written to at all."""

    position: int
    mark: str
    channels: frozenset[str]
    topics: frozenset[str]
    wishes: Preferences
    shut: bool = False


class Suppressed(NamedTuple):
    """A suppression as it is listed. source: what made it, such as `message:17` or an account's login."""

    id: int
    nid: int
    reason: SuppressionReason
    source: str
    since: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_because: str | None


@dataclass(frozen=True, slots=True)
class PurposeChange:
    """What is changed about a purpose; None stays. texts: by language, each a new version where it is another one.
    message_class: of a new one.
    """

    titles: Mapping[str, str] | None = None
    descriptions: Mapping[str, str] | None = None
    double_opt_in: bool | None = None
    position: int | None = None
    retired: bool | None = None
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    message_class: PurposeClass = "marketing"
