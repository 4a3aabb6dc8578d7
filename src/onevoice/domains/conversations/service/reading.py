"""The inbox and the thread, as colleagues look at them."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.access.contracts import AccountId
from onevoice.domains.access.errors import UnknownUserError
from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.conversations.contracts import Block, Draft, Episode, Mark, Note, Said
from onevoice.domains.conversations.rules import hearing, strands
from onevoice.domains.conversations.service import people
from onevoice.domains.conversations.store import blocks as block_store
from onevoice.domains.conversations.store import drafts as draft_store
from onevoice.domains.conversations.store import episodes as store
from onevoice.domains.conversations.store import thread as thread_store
from onevoice.domains.conversations.store.episodes import Filter, Reach
from onevoice.domains.conversations.store.thread import Place, Standing
from onevoice.domains.delivery.contracts.files import File
from onevoice.domains.delivery.contracts.messages import Message
from onevoice.domains.delivery.service import files
from onevoice.domains.delivery.service import reading as delivery
from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.service import live
from onevoice.domains.profiles.service import reading as profiles
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit.clock import Clock

COUNTED_SECONDS = 5.0
COUNTED = 1_000
"""So many are counted: a larger number tells nobody more."""
UNSENT_SHOWN = 20
LATE_MOST = 2_000
MARKS_BACK = 5_000
_STRAND_WORDS = 12
"""So many of somebody's last words are looked at for the channels they came by."""
_LOOKS_AT_MOST = 10
"""Pages of the index for one page of the inbox: people with many episodes are rare, but somebody is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A conversation as the inbox lists it. said: the last word of either side; unread: of theirs. channels: the last
    ones, the oldest first.
    """

    pid: int
    name: str | None
    episode: Episode
    said: Said | None
    unread: bool
    channels: Sequence[str] = ()


class Found(NamedTuple):
    lines: list[Line]
    after: tuple[datetime, int] | None
    """The place of the last line; None: there are no more."""


def inbox(conn: Connection, asked: Filter, limit: int) -> Found:
    """A page of a view, each customer once: of somebody with several episodes the one that stands first."""
    kept: list[tuple[int, Episode]] = []
    taken: set[int] = set()
    after = asked.after
    more = False
    for _ in range(_LOOKS_AT_MOST):
        rows = store.page(conn, asked._replace(after=after), limit + 1)
        firsts = _firsts(conn, asked, rows)
        for episode in rows[:limit]:
            if len(kept) == limit:
                break
            after = (store.place_of(asked, episode), episode.id)
            pid = firsts[episode.id][0]
            if firsts[episode.id][1] and pid not in taken:
                kept.append((pid, episode))
                taken.add(pid)
        more = len(rows) > limit or (len(kept) == limit and bool(rows) and rows[-1].id != (after or (None, 0))[1])
        if len(kept) == limit or not more:
            break
    return Found(_lines(conn, kept, asked.me), after if more else None)


def _firsts(conn: Connection, asked: Filter, rows: Sequence[Episode]) -> dict[int, tuple[int, bool]]:
    """By episode whose it is, and whether it is the first of theirs in this view."""
    owners = identity.owners_of(conn, [(each.nid, each.opened_at) for each in rows])
    pids = {each.id: pid for each, (_, pid) in zip(rows, owners, strict=True)}
    rivals = store.rivals(conn, people.reaches(conn, list(pids.values())), asked)
    return {each.id: (pids[each.id], rivals.get(pids[each.id], each.id) == each.id) for each in rows}


def _lines(conn: Connection, kept: Sequence[tuple[int, Episode]], me: int) -> list[Line]:
    names = live.names_of(conn, [pid for pid, _ in kept])
    said = words_of(conn, thread_store.last_of(conn, [each.last_seq for _, each in kept]).values())
    by_seq = {each.seq: each for each in said}
    seen = store.seen(conn, me, [each.id for _, each in kept])
    used = thread_store.channels_of(conn, people.reaches(conn, [pid for pid, _ in kept]), _STRAND_WORDS)
    return [
        Line(
            pid, names.get(pid), each, by_seq.get(each.last_seq), each.heard_seq > seen.get(each.id, 0),
            strands.strand(used.get(pid, ())),
        )
        for pid, each in kept
    ]  # fmt: skip


def words_of(conn: Connection, found: Collection[Said]) -> list[Said]:
    """With what was said. Of what the log does not hold any more there is nothing to show."""
    events = identity.by_seq(conn, [each.seq for each in found])
    return [
        Said(
            each.seq, each.nid, each.at, each.author, each.channel, each.message, each.episode,
            hearing.straight(events[each.seq].body.get("properties") or {}), each.blocked,
        )
        for each in found
        if each.seq in events
    ]  # fmt: skip


class Watch:
    """Which episodes have changed since it last looked."""

    def __init__(self) -> None:
        self._said = 0
        self._marks: set[int] | None = None

    def look(self, conn: Connection) -> tuple[set[int], set[int]] | None:
        """Those that were marked, and those in which something was said; None: that is not known.

        Words have the order in which they come. Marks have not: a number may be given out long before it is here.
        """
        marks = dict(store.marked(conn, MARKS_BACK))
        if self._marks is None:
            self._marks, self._said = set(marks), thread_store.last_seq(conn)
            return None
        said = store.said_in(conn, self._said, LATE_MOST)
        moved = {episode for number, episode in marks.items() if number not in self._marks}
        missed = bool(self._marks) and not self._marks & marks.keys()
        self._marks, self._said = set(marks), said[-1][0] if said else self._said
        if missed or len(said) == LATE_MOST:
            self._marks = None
            return None
        return moved, {episode for _, episode in said if episode} - moved


@dataclass(frozen=True, slots=True)
class Changed:
    """Lines of people as they are now, unread by whoever has read nothing. read: by episode who has read all. several:
    people with more than one episode that is not closed. others: (profile, assignee) of those beyond the limit: with
    each something was said, and each stands below `cut` in the order of the last word.
    """

    lines: list[Line]
    read: Mapping[int, list[int]]
    several: set[int]
    others: list[tuple[int, int | None]]
    cut: tuple[datetime, int] | None


def changed(conn: Connection, moved: Collection[int], said: Collection[int], limit: int) -> Changed | None:
    """Of people with an episode among these. None: too many were moved."""
    if len(moved) > limit:
        return None
    episodes = store.by_id(conn, [*moved, *said])
    owners = identity.owners_of(conn, [(each.nid, each.opened_at) for each in episodes])
    always = {pid for each, (_, pid) in zip(episodes, owners, strict=True) if each.id in moved}
    reaches = people.reaches(conn, sorted({pid for _, pid in owners}))
    current = store.current(conn, reaches)
    alive = store.live_counts(conn, reaches)
    first = sorted(current.items(), key=lambda each: (each[1].last_at, each[1].id), reverse=True)
    moves = [each for each in first if each[0] in always]
    words = [each for each in first if each[0] not in always]
    room = limit - len(moves)
    told, left = [*moves, *words[:room]], words[room:]
    if left and room == 0:
        return None
    return Changed(
        _lines(conn, told, 0),
        store.readers(conn, [each for _, each in told]),
        {pid for pid, count in alive.items() if count > 1},
        [(pid, each.assignee) for pid, each in left],
        (words[room - 1][1].last_at, words[room - 1][1].id) if left else None,
    )


class Count(NamedTuple):
    """exact: False where there are more than were counted."""

    people: int
    exact: bool


_Stands = tuple[store.Marks, int]


class Counts:
    """How many lines each list has: people, whatever the number of their episodes. Of lists that are the same for all a
    number is remembered for as long as nothing was marked and nobody was joined or parted, and some seconds at most.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Filter, tuple[_Stands, float, Count]] = {}

    def of(self, conn: Connection, asked: Sequence[Filter]) -> list[Count]:
        now, stands = self._clock.monotonic(), (store.marks(conn), identity.last_moved(conn))
        with self._lock:
            return [self._shared(conn, each, stands, now) if _is_plain(each) else _count(conn, each) for each in asked]

    def _shared(self, conn: Connection, asked: Filter, stands: _Stands, now: float) -> Count:
        key = asked._replace(me=0)
        known = self._known.get(key)
        if known is None or known[0] != stands or now - known[1] > COUNTED_SECONDS:
            known = self._known[key] = (stands, now, _count(conn, key))
        return known[2]


def _is_plain(asked: Filter) -> bool:
    """The same for all, and changed by what is marked alone."""
    return asked == Filter(asked.view, asked.me) and asked.view not in {"mine", "mentions"}


def _count(conn: Connection, asked: Filter) -> Count:
    rows = store.page(conn, asked, COUNTED + 1)
    firsts = _firsts(conn, asked, rows[:COUNTED])
    return Count(sum(first for _, first in firsts.values()), len(rows) <= COUNTED)


class Person(NamedTuple):
    """Whose conversation it is. node: the identifier that was named."""

    pid: int
    node: int
    reaches: list[Reach]


def person(conn: Connection, reference: str, vault_key: bytes) -> Person:
    """Raises: UnknownProfileError, InvalidReferenceError, AmbiguousReferenceError."""
    found = profiles.find(conn, reference, vault_key=vault_key, as_of=AsOf(), sources=source_infos(conn))
    reaches = [Reach(found.id, each.base, each.from_at, each.until_at) for each in found.members]
    return Person(found.id, found.asked_node, reaches)


@dataclass(frozen=True, slots=True)
class Conversation:
    """current: the episode that is not closed, else the last. drafts: of whoever asks. blocked: each with the kind and
    the value of its identifier.
    """

    pid: int
    name: str | None
    current: Episode | None
    episodes: list[Episode]
    drafts: list[Draft]
    unread: bool
    blocked: list[tuple[Block, str, str]]


def conversation(conn: Connection, who: Person, me: int) -> Conversation:
    found = store.of_person(conn, who.reaches)
    current = next((each for each in found if each.state != "closed"), found[0] if found else None)
    seen = store.seen(conn, me, [each.id for each in found])
    return Conversation(
        who.pid,
        live.names_of(conn, [who.pid]).get(who.pid),
        current,
        found,
        draft_store.of(conn, me, [each.nid for each in who.reaches]),
        any(each.heard_seq > seen.get(each.id, 0) for each in found if each.state != "closed"),
        _named(conn, blocked(conn, who)),
    )


def blocked(conn: Connection, who: Person) -> list[Block]:
    return block_store.standing(conn, [each.nid for each in who.reaches])


def _named(conn: Connection, found: Sequence[Block]) -> list[tuple[Block, str, str]]:
    """Without those that were erased: of them there is nothing to show."""
    nodes = [each.nid for each in found]
    kinds = identity.identifiers_by_nid(conn, nodes) if nodes else {}
    values = identity.values_of(conn, nodes) if nodes else {}
    return [
        (each, kinds[each.nid].kind, values[each.nid]) for each in found if each.nid in kinds and each.nid in values
    ]


Item = Said | Note | tuple[int, Mark]


@dataclass(frozen=True, slots=True)
class Thread:
    """A page of a thread, newest first. addresses: of identifiers, (kind, value). messages: of ours, as they stand;
    unsent: those that are on their way, or were not sent, on the first page only.
    """

    items: list[Item]
    before: Place | None
    addresses: Mapping[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    messages: Mapping[int, Message] = field(default_factory=dict[int, Message])
    files: Mapping[int, File] = field(default_factory=dict[int, File])
    unsent: Sequence[delivery.Shown] = ()
    theirs: frozenset[int] = frozenset()
    """All identifiers of the person."""


def thread(conn: Connection, who: Person, before: Place | None, limit: int) -> Thread:
    """However long a thread is, no more is read than is shown."""
    ids = [each.id for each in store.of_person(conn, who.reaches, limit=10_000)]
    said = thread_store.said_of(conn, who.reaches, before, limit + 1)
    notes = thread_store.notes_of(conn, who.reaches, before, limit + 1)
    marks = thread_store.marks_of(conn, ids, before, limit + 1)
    every: list[tuple[Place, Item]] = [
        # That a conversation began is told before the word it began with.
        *(((each.at, 0, number), (number, each)) for number, each in marks),
        *(((each.at, 1, each.seq), each) for each in said),
        *(((each.at, 2, each.id), each) for each in notes),
    ]
    every.sort(key=lambda placed: placed[0], reverse=True)
    shown = every[:limit]
    words = {each.seq: each for each in words_of(conn, [item for _, item in shown if isinstance(item, Said)])}
    items: list[Item] = [
        words[item.seq] if isinstance(item, Said) else item
        for _, item in shown
        if not isinstance(item, Said) or item.seq in words
    ]
    unsent = _unsent(conn, who) if before is None else []
    theirs = frozenset(each.nid for each in who.reaches)
    return _with_parts(conn, Thread(items, shown[-1][0] if len(every) > limit else None, unsent=unsent, theirs=theirs))


def _with_parts(conn: Connection, found: Thread) -> Thread:
    """With the addresses, messages and files that are named in it."""
    words = [each for each in found.items if isinstance(each, Said)]
    nodes = sorted({each.nid for each in words})
    values = identity.values_of(conn, nodes)
    kinds = identity.identifiers_by_nid(conn, nodes)
    wanted = [number for each in words for number in hearing.files(each.properties)]
    wanted += [number for each in found.unsent for number in hearing.files({"files": _media(each)})]
    return replace(
        found,
        addresses={node: (kinds[node].kind, values[node]) for node in nodes if node in kinds and node in values},
        messages=delivery.messages(conn, sorted({each.message for each in words if each.message is not None})),
        files=files.files(conn, wanted),
    )


class News(NamedTuple):
    """What is new with somebody. items: the newest of their thread, newest first; current: as of a conversation; read:
    accounts that have read all of it; theirs: as of a thread.
    """

    items: list[Item]
    current: Episode
    read: list[int]
    theirs: frozenset[int]


def news(conn: Connection, pids: Sequence[int], after: int, limit: int) -> tuple[dict[int, News], Thread]:
    """By profile, with one thread that names the parts of them all. after: the last word that was here before.

    Of somebody whose new words do not stand among their newest there is nothing: whoever looks at them asks.
    """
    now = identity.pids_of(conn, pids)
    reaches = people.reaches(conn, list(now.values()))
    current = store.current(conn, reaches)
    items: dict[int, list[tuple[Place, Item]]] = {pid: [] for pid in current}
    for pid, said in thread_store.newest_said(conn, reaches, limit):
        items.setdefault(pid, []).append(((said.at, 0, said.seq), said))
    for pid, note in thread_store.newest_notes(conn, reaches, limit):
        items.setdefault(pid, []).append(((note.at, 1, note.id), note))
    for pid, number, mark in thread_store.newest_marks(conn, reaches, limit):
        items.setdefault(pid, []).append(((mark.at, 2, number), (number, mark)))
    newest = {
        pid: [item for _, item in sorted(placed, key=lambda each: each[0], reverse=True)[:limit]]
        for pid, placed in items.items()
    }
    late = set(thread_store.since(conn, after, reaches, LATE_MOST))
    late -= {(pid, item.seq) for pid, found in newest.items() for item in found if isinstance(item, Said)}
    told = {pid: newest[pid] for pid in current if pid not in {person for person, _ in late}}
    words = {
        each.seq: each for each in words_of(conn, [x for found in told.values() for x in found if isinstance(x, Said)])
    }
    shown: dict[int, list[Item]] = {
        pid: [words[x.seq] if isinstance(x, Said) else x for x in found if not isinstance(x, Said) or x.seq in words]
        for pid, found in told.items()
    }
    read = store.readers(conn, list(current.values()))
    parts = _with_parts(conn, Thread([item for found in shown.values() for item in found], None))
    theirs: dict[int, set[int]] = {}
    for each in reaches:
        theirs.setdefault(each.person, set()).add(each.nid)
    return {
        pid: News(
            shown[now[pid]], current[now[pid]], read.get(current[now[pid]].id, []), frozenset(theirs.get(now[pid], ()))
        )
        for pid in pids
        if pid in now and now[pid] in shown
    }, parts


def _media(shown: delivery.Shown) -> object:
    words = (shown.content or {}).get("words")
    return words.get("media") if isinstance(words, dict) else None


_UNSENT = ("planned", "queued", "sending", "uncertain", "suppressed", "failed", "bounced", "cancelled")


def _unsent(conn: Connection, who: Person) -> list[delivery.Shown]:
    query = delivery.Query(states=_UNSENT, message_class="conversational", limit=UNSENT_SHOWN)
    return delivery.page(conn, query, who.node)


def names_of(conn: Connection, accounts: Sequence[int]) -> dict[int, str]:
    """Of colleagues; also of those who are here no more."""
    found: dict[int, str] = {}
    for number in sorted(set(accounts)):
        try:
            found[number] = colleagues.account(conn, AccountId(number)).name
        except UnknownUserError:
            continue
    return found


def last_said(conn: Connection) -> int:
    return thread_store.last_seq(conn)


def standing(conn: Connection, pids: Sequence[int]) -> dict[int, Standing]:
    """By profile, of any time, something that is another once anything of its conversation has changed."""
    now = identity.pids_of(conn, pids)
    found = thread_store.standing(conn, people.reaches(conn, list(now.values()))) if now else {}
    return {pid: found.get(now[pid], Standing()) for pid in pids if pid in now}
