"""What the desk takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

State = Literal["open", "snoozed", "closed"]
STATES: tuple[State, ...] = get_args(State)
"""By the number they are stored under. Append only."""

Author = Literal["customer", "colleague", "program"]
AUTHORS: tuple[Author, ...] = get_args(Author)
"""By the number they are stored under. Append only."""

View = Literal["mine", "unassigned", "open", "mentions", "snoozed", "closed", "spam"]
VIEWS: tuple[View, ...] = get_args(View)
Sort = Literal["newest", "waiting"]

Act = Literal[
    "opened", "reopened", "closed", "snoozed", "woken", "assigned", "tagged", "untagged", "spam", "no_spam", "hopped",
]  # fmt: skip

Assurance = Literal["anonymous", "claimed", "possessed", "verified"]
"""How surely we know that it was this person: nothing but a browser; an address that anybody may write; one that only
its holder can write from; a login that their shop has signed for.
"""


@dataclass(frozen=True, slots=True)
class Episode:
    """From a contact until it is closed. (nid, opened_at): its anchor. id 0: not kept yet."""

    id: int
    nid: int
    opened_at: datetime
    site: str
    channel: str
    account_id: int
    state: State
    last_at: datetime
    last_seq: int
    heard_seq: int = 0
    snoozed_until: datetime | None = None
    closed_at: datetime | None = None
    spam: bool = False
    assignee: int | None = None
    waiting_since: datetime | None = None
    tags: Sequence[str] = ()
    revision: int = 1


class Heard(NamedTuple):
    """Something that was said, as far as episodes are concerned. at: when it was said; learnt: when we knew.

    wants: it is a person's word that somebody should answer; answers: it is an answer of ours, or a word we began with.
    """

    seq: int
    nid: int
    at: datetime
    learnt: datetime
    author: Author
    channel: str
    account_id: int
    site: str
    wants: bool
    answers: bool


class Mark(NamedTuple):
    """What became of an episode. actor: an account; None: a rule."""

    episode: int
    at: datetime
    actor: int | None
    act: Act
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    nid: int
    anchored_at: datetime
    episode: int | None
    at: datetime
    account_id: int
    text: str
    mentions: Sequence[int] = ()
    edited_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    kind: Literal["reply", "note"]
    text: str
    channel: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Agent:
    """A colleague who may be given episodes. open: how many they have."""

    account_id: int
    available: bool
    most: int
    open: int = 0


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that is kept. texts: by language."""

    id: int
    shortcut: str
    title: str
    texts: Mapping[str, str]
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class KeptView:
    """A list of the inbox that is kept, as the inbox is asked. owner: who made it; shared: all see it."""

    id: int
    owner: int
    shared: bool
    name: str
    view: View
    sort: Sort = "newest"
    channel: str | None = None
    tag: str | None = None
    assignee: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """An identifier of which nothing is heard. account_id: who blocked it."""

    id: int
    nid: int
    since: datetime
    account_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said. nid: the anchor of its event, whose properties these are. blocked: its address was."""

    seq: int
    nid: int
    at: datetime
    author: Author
    channel: str
    message: int | None
    episode: int | None
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any])
    blocked: bool = False


# The site's chat


class Chat(NamedTuple):
    """A browser's chat. address: what its secret comes to. device: the visitor id it was begun with. last: number of
    its last line; got, shown: how far the browser has them, and has shown them. contact: an e-mail address left for
    answers. read: number of the visitor's last line that a colleague has seen. proven:
    the user id of whoever the shop has proven to sit there.
    """

    id: int
    account_id: int
    address: str
    device: str | None
    language: str
    last: int
    got: int
    shown: int
    contact: str | None = None
    read: int = 0
    proven: str | None = None


class ChatLine(NamedTuple):
    """What a browser shows. key: the browser's own, or the message's. message: of delivery, where it is ours. files: as
    browsers are told of them.
    """

    n: int
    at: datetime
    ours: bool
    key: str
    message: int | None
    author: str | None
    text: str
    files: Sequence[Mapping[str, Any]] = ()


HopState = Literal["waits", "came", "joined", "asks", "refused"]
HOP_STATES: tuple[HopState, ...] = get_args(HopState)
"""By the number they are stored under. Append only. asks: for a yes in the chat."""


class Hop(NamedTuple):
    """A way from a chat to another door. nid: who came by it. action: of identity, that joined them. message: of ours,
    whose answer proves an e-mail address.
    """

    id: int
    chat: int
    channel: str
    account_id: int
    until: datetime
    state: HopState
    message: int | None
    nid: int | None
    action: int | None
