"""SQL of episodes: by whom they belong to, as the inbox lists them, and their changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.conversations.contracts import AUTHORS, STATES, Author, Episode, Mark, Sort, View
from onevoice.kit import arrays

STATE_NUMBER = {name: number for number, name in enumerate(STATES)}
AUTHOR_NUMBER: dict[Author, int] = {name: number for number, name in enumerate(AUTHORS)}

_FIELDS: LiteralString = (
    "e.id, e.nid, e.opened_at, e.site, e.channel, e.account_id, e.state, e.last_at, e.last_seq, e.heard_seq,"
    " e.snoozed_until, e.closed_at, e.spam, e.assignee, e.waiting_since, e.tags, e.revision"
)


def _episode(row: Sequence[object]) -> Episode:
    values = list(row)
    values[6] = STATES[int(str(values[6]))]
    return Episode(*values)  # pyright: ignore[reportArgumentType] - in the order of _FIELDS


class Reach(NamedTuple):
    """An identifier of somebody and the time for which it is theirs: [since, until). person: any number that tells
    people apart.
    """

    person: int
    nid: int
    since: datetime
    until: datetime


_REACHES: LiteralString = (
    "unnest(%(person)s::bigint[], %(nid)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])"
    " r (person, nid, since, until)"
)


def _columns(reaches: Sequence[Reach]) -> dict[str, str]:
    since, until = arrays.spans((each.since, each.until) for each in reaches)
    return {
        "person": arrays.numbers(each.person for each in reaches),
        "nid": arrays.numbers(each.nid for each in reaches),
        "since": since,
        "until": until,
    }


def current(conn: Connection, reaches: Sequence[Reach], *, lock: bool = False) -> dict[int, Episode]:
    """By person the episode that is not closed, else the last."""
    rows = conn.execute(
        f"select distinct on (r.person) r.person, {_FIELDS} from {_REACHES}"
        " join conversations.episode e on e.nid = r.nid and e.opened_at >= r.since and e.opened_at < r.until"
        " order by r.person, (e.state = 2), e.last_at desc, e.id desc",
        _columns(reaches),
    ).fetchall()
    found = {row[0]: _episode(row[1:]) for row in rows}
    if not lock or not found:
        return found
    ids = {each.id: person for person, each in found.items()}
    return {ids[each.id]: each for each in _locked(conn, sorted(ids))}


def _locked(conn: Connection, ids: Sequence[int]) -> list[Episode]:
    """In one order, so that two who lock the same wait for each other, and no more."""
    rows = conn.execute(
        f"select {_FIELDS} from conversations.episode e where id = any(%s) order by id for update",
        (arrays.numbers(ids),),
    )
    return [_episode(row) for row in rows]


def of_person(
    conn: Connection, reaches: Sequence[Reach], *, live: bool = False, lock: bool = False, limit: int = 100
) -> list[Episode]:
    """Those that are not closed first, then the newest. live: no others."""
    rows = conn.execute(
        f"select {_FIELDS} from {_REACHES}"
        " join conversations.episode e on e.nid = r.nid and e.opened_at >= r.since and e.opened_at < r.until"
        " where not (%(live)s and e.state = 2) order by (e.state = 2), e.last_at desc, e.id desc limit %(limit)s",
        {**_columns(reaches), "live": live, "limit": limit},
    ).fetchall()
    found = [_episode(row) for row in rows]
    if not lock or not found:
        return found
    return sorted(_locked(conn, sorted(each.id for each in found)), key=lambda each: (each.last_at, each.id))[::-1]


def new_ids(conn: Connection, count: int) -> list[int]:
    rows = conn.execute("select nextval('conversations.episode_id') from generate_series(1, %s)", (count,))
    return [row[0] for row in rows]


def put(conn: Connection, episodes: Sequence[Episode]) -> None:
    """As they stand, new ones and known ones; each revision grows."""
    if not episodes:
        return
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into conversations.episode as e (id, nid, opened_at, site, channel, account_id, state, last_at,"
            " last_seq, heard_seq, snoozed_until, closed_at, spam, assignee, waiting_since, tags, revision)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (id) do update set channel = excluded.channel, account_id = excluded.account_id,"
            " state = excluded.state, last_at = excluded.last_at, last_seq = excluded.last_seq,"
            " heard_seq = excluded.heard_seq, snoozed_until = excluded.snoozed_until, closed_at = excluded.closed_at,"
            " spam = excluded.spam, assignee = excluded.assignee, waiting_since = excluded.waiting_since,"
            " tags = excluded.tags, revision = e.revision + 1",
            [
                (
                    each.id, each.nid, each.opened_at, each.site, each.channel, each.account_id,
                    STATE_NUMBER[each.state], each.last_at, each.last_seq, each.heard_seq, each.snoozed_until,
                    each.closed_at, each.spam, each.assignee, each.waiting_since, list(each.tags), each.revision,
                )
                for each in episodes
            ],
        )  # fmt: skip


def mark(conn: Connection, marks: Sequence[Mark]) -> None:
    if marks:
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into conversations.mark (episode, at, actor, act, detail) values (%s, %s, %s, %s, %s)",
                [(each.episode, each.at, each.actor, each.act, Jsonb(dict(each.detail))) for each in marks],
            )


# What ends by the clock


def due(conn: Connection, at: datetime, limit: int) -> list[Episode]:
    """Snoozed ones whose time has come, locked."""
    rows = conn.execute(
        f"select {_FIELDS} from conversations.episode e where state = 1 and snoozed_until <= %s"
        " order by snoozed_until limit %s for update skip locked",
        (at, limit),
    )
    return [_episode(row) for row in rows]


def idle(conn: Connection, before: datetime, limit: int) -> list[Episode]:
    """Open ones in which nothing was said since, and nobody waits for us; locked."""
    rows = conn.execute(
        f"select {_FIELDS} from conversations.episode e where state = 0 and last_at < %s and waiting_since is null"
        " order by last_at limit %s for update skip locked",
        (before, limit),
    )
    return [_episode(row) for row in rows]


# The inbox


class Filter(NamedTuple):
    """What of the inbox is wanted. me: whoever asks. after: the place of the page's last row."""

    view: View
    me: int
    sort: Sort = "newest"
    channel: str | None = None
    tag: str | None = None
    assignee: int | None = None
    after: tuple[datetime, int] | None = None


_VIEWS: dict[View, LiteralString] = {
    "mine": "e.state = 0 and e.assignee = %(me)s",
    "unassigned": "e.state = 0 and e.assignee is null",
    "open": "e.state = 0",
    "mentions": "e.state <> 2 and e.id in (select n.episode from conversations.note n"
    " where n.mentions @> array[%(me)s::bigint] and n.deleted_at is null)",
    "snoozed": "e.state = 1",
    "closed": "e.state = 2 and not e.spam",
    "spam": "e.spam",
}
_SORTS: dict[str, tuple[LiteralString, LiteralString]] = {
    "newest": ("e.last_at desc, e.id desc", "(e.last_at, e.id) < (%(after_at)s, %(after_id)s)"),
    "waiting": ("e.waiting_since, e.id", "(e.waiting_since, e.id) > (%(after_at)s, %(after_id)s)"),
    "snoozed": ("e.snoozed_until, e.id", "(e.snoozed_until, e.id) > (%(after_at)s, %(after_id)s)"),
}


def order_of(asked: Filter) -> str:
    """The column by which a view is sorted: what is snoozed by when it wakes."""
    return "snoozed" if asked.view == "snoozed" else asked.sort if asked.view not in {"closed", "spam"} else "newest"


def place_of(asked: Filter, episode: Episode) -> datetime:
    found = {"newest": episode.last_at, "waiting": episode.waiting_since, "snoozed": episode.snoozed_until}
    return found[order_of(asked)] or episode.last_at


def _narrowed(asked: Filter) -> LiteralString:
    """What is asked for beside the view."""
    conditions: list[LiteralString] = ["true"]
    if order_of(asked) == "waiting":
        conditions.append("e.waiting_since is not null")
    if asked.channel is not None:
        conditions.append("e.channel = %(channel)s")
    if asked.tag is not None:
        conditions.append("e.tags @> array[%(tag)s]")
    if asked.assignee is not None:
        conditions.append("e.assignee = %(assignee)s")
    return " and ".join(conditions)


def _values(asked: Filter) -> dict[str, object]:
    after_at, after_id = asked.after or (None, None)
    return {
        "me": asked.me, "channel": asked.channel, "tag": asked.tag, "assignee": asked.assignee,
        "after_at": after_at, "after_id": after_id,
    }  # fmt: skip


def page(conn: Connection, asked: Filter, limit: int) -> list[Episode]:
    """Of all people, the same one perhaps more than once."""
    order, behind = _SORTS[order_of(asked)]
    if asked.after is None:
        behind = "true"
    rows = conn.execute(
        f"select {_FIELDS} from conversations.episode e where {_VIEWS[asked.view]} and {_narrowed(asked)} and {behind}"
        f" order by {order} limit %(limit)s",
        {**_values(asked), "limit": limit},
    )
    return [_episode(row) for row in rows]


def rivals(conn: Connection, reaches: Sequence[Reach], asked: Filter) -> dict[int, int]:
    """By person the episode that stands first among those asked for. What is closed is listed for its last word only,
    and not while something of the same person is open.
    """
    order, _ = _SORTS[order_of(asked)]
    closed = asked.view == "closed"
    wanted: LiteralString = (
        f"(e.state <> 2 or not e.spam and {_narrowed(asked)})"
        if closed
        else (f"{_VIEWS[asked.view]} and {_narrowed(asked)}")
    )
    first: LiteralString = "(e.state = 2), " if closed else ""
    rows = conn.execute(
        f"select distinct on (r.person) r.person, e.id from {_REACHES}"
        " join conversations.episode e on e.nid = r.nid and e.opened_at >= r.since and e.opened_at < r.until"
        f" where {wanted} order by r.person, {first}{order}",
        {**_columns(reaches), **_values(asked)},
    )
    return dict(rows.fetchall())


def said_in(conn: Connection, after: int, limit: int) -> list[tuple[int, int]]:
    """(seq, episode) of what was said after a word, the first ones."""
    rows = conn.execute(
        "select seq, coalesce(episode, 0) from conversations.said where seq > %s order by seq limit %s", (after, limit)
    )
    return rows.fetchall()


def marked(conn: Connection, back: int) -> list[tuple[int, int]]:
    """(number, episode) of the newest marks, so many numbers back."""
    rows = conn.execute(
        "select id, episode from conversations.mark where id > (select coalesce(max(id), 0) - %s from"
        " conversations.mark)",
        (back,),
    )
    return rows.fetchall()


class Marks(NamedTuple):
    """Another once anything was marked. near: how many there are among the last numbers, which come in any order."""

    last: int
    near: int


def marks(conn: Connection) -> Marks:
    row = conn.execute(
        "select m.last, (select count(*) from conversations.mark where id > m.last - 500)"
        " from (select coalesce(max(id), 0) as last from conversations.mark) m"
    ).fetchone()
    return Marks(*row) if row else Marks(0, 0)


def by_id(conn: Connection, ids: Sequence[int]) -> list[Episode]:
    rows = conn.execute(f"select {_FIELDS} from conversations.episode e where id = any(%s)", (arrays.numbers(ids),))
    return [_episode(row) for row in rows]


def live_counts(conn: Connection, reaches: Sequence[Reach]) -> dict[int, int]:
    """By person how many episodes are not closed."""
    rows = conn.execute(
        f"select r.person, count(*) from {_REACHES} join conversations.episode e on e.nid = r.nid"
        " and e.opened_at >= r.since and e.opened_at < r.until where e.state <> 2 group by r.person",
        _columns(reaches),
    )
    return dict(rows.fetchall())


# What each has read


def seen(conn: Connection, account_id: int, episodes: Sequence[int]) -> dict[int, int]:
    rows = conn.execute(
        "select episode, seq from conversations.seen where account_id = %s and episode = any(%s)",
        (account_id, arrays.numbers(episodes)),
    )
    return dict(rows.fetchall())


def readers(conn: Connection, episodes: Sequence[Episode]) -> dict[int, list[int]]:
    """By episode the accounts that have read all they wrote in it."""
    rows = conn.execute(
        "select s.episode, array_agg(s.account_id order by s.account_id) from unnest(%s::bigint[], %s::bigint[])"
        " e (id, heard) join conversations.seen s on s.episode = e.id and s.seq >= e.heard group by s.episode",
        (arrays.numbers(each.id for each in episodes), arrays.numbers(each.heard_seq for each in episodes)),
    )
    return dict(rows.fetchall())


def note_seen(conn: Connection, account_id: int, episodes: Sequence[int], seq: int) -> None:
    conn.execute(
        "insert into conversations.seen as s (account_id, episode, seq) select %s, e, %s from unnest(%s::bigint[]) e"
        " order by e on conflict (account_id, episode) do update set seq = greatest(s.seq, excluded.seq)",
        (account_id, seq, arrays.numbers(episodes)),
    )
