"""SQL of the thread: what was said, notes and marks of somebody; how far the log was followed; the search."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from onevoice.domains.conversations.contracts import AUTHORS, Mark, Note, Said
from onevoice.domains.conversations.store.episodes import AUTHOR_NUMBER, Reach
from onevoice.kit import arrays


def followed(conn: Connection) -> int:
    """How far; locked, so that there is one follower at a time."""
    row = conn.execute("select seq from conversations.follower for update").fetchone()
    return row[0] if row else 0


def set_followed(conn: Connection, seq: int) -> None:
    conn.execute("update conversations.follower set seq = %s", (seq,))


def set_aside(conn: Connection, seq: int, error: str, at: datetime) -> None:
    conn.execute(
        "insert into conversations.aside (seq, error, at) values (%s, %s, %s) on conflict do nothing", (seq, error, at)
    )


class SaidRow(NamedTuple):
    said: Said
    words: Sequence[str]


def keep(conn: Connection, rows: Sequence[SaidRow]) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into conversations.said (seq, nid, at, author, channel, message, episode, blocked, words)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, array_to_tsvector(%s::text[])) on conflict (seq) do nothing",
            [
                (
                    row.said.seq, row.said.nid, row.said.at, AUTHOR_NUMBER[row.said.author], row.said.channel,
                    row.said.message, row.said.episode, row.said.blocked, list(row.words),
                )
                for row in rows
            ],
        )  # fmt: skip


def _said(row: Any) -> Said:
    seq, nid, at, author, channel, message, episode, blocked = row
    return Said(seq, nid, at, AUTHORS[author], channel, message, episode, blocked=blocked)


Place = tuple[datetime, int, int]
"""Where something stands in a thread: when, of which kind (0 mark, 1 said, 2 note), and its number."""


def said_of(conn: Connection, reaches: Sequence[Reach], before: Place | None, limit: int) -> list[Said]:
    """Newest first, what stands before a place. Of each identifier no more is read than may be shown."""
    at, number = _bound(before, 1)
    rows = conn.execute(
        "select s.* from unnest(%(nid)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])"
        " r (nid, since, until) cross join lateral (select seq, nid, at, author, channel, message, episode, blocked"
        " from conversations.said where nid = r.nid and at >= r.since and at < r.until"
        " and (%(at)s::timestamptz is null or (at, seq) < (%(at)s, %(number)s))"
        " order by at desc, seq desc limit %(limit)s) s order by s.at desc, s.seq desc limit %(limit)s",
        {**_spans(reaches), "at": at, "number": number, "limit": limit},
    )
    return [_said(row) for row in rows]


def channels_of(conn: Connection, reaches: Sequence[Reach], words: int) -> dict[int, list[str]]:
    """By person the channels of their last words of either side, the newest first."""
    rows = conn.execute(
        "select person, (array_agg(channel order by at desc, seq desc))[:%(words)s] from"
        " unnest(%(person)s::bigint[], %(nid)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])"
        " r (person, nid, since, until) cross join lateral (select channel, at, seq from conversations.said"
        " where nid = r.nid and at >= r.since and at < r.until order by at desc, seq desc limit %(words)s) s"
        " group by person",
        {**_of_people(reaches), "words": words},
    )
    return dict(rows.fetchall())


def notes_of(conn: Connection, reaches: Sequence[Reach], before: Place | None, limit: int) -> list[Note]:
    """Newest first; those that were taken back stay as a place without words."""
    at, number = _bound(before, 2)
    rows = conn.execute(
        f"select {_NOTE} from unnest(%(nid)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])"
        " r (nid, since, until) join conversations.note n on n.nid = r.nid and n.anchored_at >= r.since"
        " and n.anchored_at < r.until where %(at)s::timestamptz is null or (n.at, n.id) < (%(at)s, %(number)s)"
        " order by n.at desc, n.id desc limit %(limit)s",
        {**_spans(reaches), "at": at, "number": number, "limit": limit},
    )
    return [Note(*row) for row in rows]


def marks_of(conn: Connection, episodes: Sequence[int], before: Place | None, limit: int) -> list[tuple[int, Mark]]:
    """(number, mark), newest first."""
    at, number = _bound(before, 0)
    rows = conn.execute(
        "select id, episode, at, actor, act, detail from conversations.mark where episode = any(%s)"
        " and (%s::timestamptz is null or (at, id) < (%s, %s)) order by at desc, id desc limit %s",
        (arrays.numbers(episodes), at, at, number, limit),
    )
    return [(row[0], Mark(*row[1:])) for row in rows]


def _bound(before: Place | None, kind: int) -> tuple[datetime | None, int]:
    """What of one kind stands before a place: of the same moment all of a lesser kind."""
    if before is None:
        return None, 0
    at, other, number = before
    return at, number if other == kind else (2**63 - 1 if kind < other else 0)


def _spans(reaches: Sequence[Reach]) -> dict[str, str]:
    since, until = arrays.spans((each.since, each.until) for each in reaches)
    return {"nid": arrays.numbers(each.nid for each in reaches), "since": since, "until": until}


def last_of(conn: Connection, seqs: Sequence[int]) -> dict[int, Said]:
    rows = conn.execute(
        "select seq, nid, at, author, channel, message, episode, blocked from conversations.said where seq = any(%s)",
        (arrays.numbers(seqs),),
    )
    return {row[0]: _said(row) for row in rows}


def last_seq(conn: Connection) -> int:
    """Of the last word that is here. There is one follower, so what comes later has a larger number."""
    row = conn.execute("select coalesce(max(seq), 0) from conversations.said").fetchone()
    return row[0] if row else 0


def since(conn: Connection, seq: int, reaches: Sequence[Reach], limit: int) -> list[tuple[int, int]]:
    """(person, seq) of what these people and we said to each other after a word, up to a limit."""
    rows = conn.execute(
        "select r.person, s.seq from (select seq, nid, at from conversations.said where seq > %(seq)s order by seq"
        " limit %(limit)s) s join unnest(%(person)s::bigint[], %(nid)s::bigint[], %(since)s::timestamptz[],"
        " %(until)s::timestamptz[]) r (person, nid, since, until) on r.nid = s.nid and s.at >= r.since"
        " and s.at < r.until",
        {**_of_people(reaches), "seq": seq, "limit": limit},
    )
    return rows.fetchall()


def newest_said(conn: Connection, reaches: Sequence[Reach], limit: int) -> list[tuple[int, Said]]:
    """By person the last words, up to a limit by each of their identifiers."""
    rows = conn.execute(
        f"select r.person, s.* from {_REACHES} cross join lateral (select seq, nid, at, author, channel, message,"
        " episode, blocked from conversations.said where nid = r.nid and at >= r.since and at < r.until"
        " order by at desc, seq desc limit %(limit)s) s",
        {**_of_people(reaches), "limit": limit},
    )
    return [(row[0], _said(row[1:])) for row in rows]


def newest_notes(conn: Connection, reaches: Sequence[Reach], limit: int) -> list[tuple[int, Note]]:
    rows = conn.execute(
        f"select r.person, n.* from {_REACHES} cross join lateral (select {_NOTE} from conversations.note n"
        " where n.nid = r.nid and n.anchored_at >= r.since and n.anchored_at < r.until"
        " order by n.at desc, n.id desc limit %(limit)s) n",
        {**_of_people(reaches), "limit": limit},
    )
    return [(row[0], Note(*row[1:])) for row in rows]


def newest_marks(conn: Connection, reaches: Sequence[Reach], limit: int) -> list[tuple[int, int, Mark]]:
    """(person, number, mark)."""
    rows = conn.execute(
        f"select r.person, m.* from {_REACHES} join conversations.episode e on e.nid = r.nid"
        " and e.opened_at >= r.since and e.opened_at < r.until cross join lateral (select id, episode, at, actor, act,"
        " detail from conversations.mark where episode = e.id order by at desc, id desc limit %(limit)s) m",
        {**_of_people(reaches), "limit": limit},
    )
    return [(row[0], row[1], Mark(*row[2:])) for row in rows]


_REACHES = (
    "unnest(%(person)s::bigint[], %(nid)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])"
    " r (person, nid, since, until)"
)


def _of_people(reaches: Sequence[Reach]) -> dict[str, Any]:
    return {**_spans(reaches), "person": arrays.numbers(each.person for each in reaches)}


# Notes

_NOTE = "n.id, n.nid, n.anchored_at, n.episode, n.at, n.account_id, n.text, n.mentions, n.edited_at, n.deleted_at"


def add_note(conn: Connection, note: Note) -> int:
    row = conn.execute(
        "insert into conversations.note (nid, anchored_at, episode, at, account_id, text, mentions)"
        " values (%s, %s, %s, %s, %s, %s, %s) returning id",
        (note.nid, note.anchored_at, note.episode, note.at, note.account_id, note.text, list(note.mentions)),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert gives its row
    return row[0]


def note(conn: Connection, number: int) -> Note | None:
    row = conn.execute(f"select {_NOTE} from conversations.note n where id = %s for update", (number,)).fetchone()
    return Note(*row) if row else None


def put_note(conn: Connection, note: Note) -> None:
    conn.execute(
        "update conversations.note set text = %s, mentions = %s, edited_at = %s, deleted_at = %s where id = %s",
        (note.text, list(note.mentions), note.edited_at, note.deleted_at, note.id),
    )


# The search

NEAR = 10_000
"""So many of the newest are looked at one by one before the index is asked: of a word that half of all messages hold,
it would list half of all messages.
"""


def newest(conn: Connection, before: tuple[datetime, int] | None, limit: int) -> list[Said]:
    rows = conn.execute(
        "select seq, nid, at, author, channel, message, episode, blocked from conversations.said"
        " where %s::timestamptz is null or (at, seq) < (%s, %s) order by at desc, seq desc limit %s",
        (*_before(before), limit),
    )
    return [_said(row) for row in rows]


def near(conn: Connection, query: str, before: tuple[datetime, int] | None, limit: int) -> list[Said]:
    """Those among the next NEAR that match, newest first, up to a limit."""
    rows = conn.execute(
        "select seq, nid, at, author, channel, message, episode, blocked from (select * from conversations.said"
        " where %s::timestamptz is null or (at, seq) < (%s, %s) order by at desc, seq desc limit %s) s"
        " where words @@ %s::tsquery order by at desc, seq desc limit %s",
        (*_before(before), NEAR, query, limit),
    )
    return [_said(row) for row in rows]


def all_with(conn: Connection, query: str, before: tuple[datetime, int] | None, limit: int) -> list[Said]:
    """Whatever matches, newest first, up to a limit: found by the index of words, then sorted."""
    conn.execute("select set_config('enable_indexscan', 'off', true), set_config('enable_seqscan', 'off', true)")
    rows = conn.execute(
        "select seq, nid, at, author, channel, message, episode, blocked from conversations.said"
        " where words @@ %s::tsquery"
        " and (%s::timestamptz is null or (at, seq) < (%s, %s)) order by at desc, seq desc limit %s",
        (query, *_before(before), limit),
    ).fetchall()
    conn.execute("select set_config('enable_indexscan', 'on', true), set_config('enable_seqscan', 'on', true)")
    return [_said(row) for row in rows]


def _before(before: tuple[datetime, int] | None) -> tuple[datetime | None, datetime | None, int]:
    return (None, None, 0) if before is None else (before[0], before[0], before[1])


class Standing(NamedTuple):
    """Something that is another once anything of a conversation has changed. whose: the identifiers that make it;
    edits: of its notes.
    """

    whose: int = 0
    revisions: int = 0
    last: int = 0
    notes: int = 0
    edits: int = 0
    said: int = 0
    blocks: int = 0

    def same_above(self, later: "Standing") -> bool:
        """Nothing has changed but what stands at the end of the thread and in its episode."""
        return (self.whose, self.edits, self.blocks) == (later.whose, later.edits, later.blocks)


def standing(conn: Connection, reaches: Sequence[Reach]) -> dict[int, Standing]:
    """By person something that is another once anything of their conversation has changed."""
    since, until = arrays.spans((each.since, each.until) for each in reaches)
    rows = conn.execute(
        "select r.person, bit_xor(hashtextextended(concat_ws(' ', r.nid, r.since, r.until), 0)),"
        " coalesce(sum(e.revision), 0)::bigint, coalesce(max(e.last_seq), 0),"
        " coalesce(sum(n.ids), 0)::bigint, coalesce(sum(n.edits), 0)::bigint, coalesce(max(s.seq), 0),"
        " coalesce(sum(b.n), 0)::bigint"
        " from unnest(%(person)s::bigint[], %(nid)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])"
        " r (person, nid, since, until)"
        " left join lateral (select sum(revision) as revision, max(last_seq) as last_seq from conversations.episode"
        " where nid = r.nid and opened_at >= r.since and opened_at < r.until) e on true"
        " left join lateral (select sum(id) as ids, count(edited_at) + count(deleted_at)"
        " + coalesce(sum(extract(epoch from edited_at))::bigint, 0) as edits from conversations.note"
        " where nid = r.nid and anchored_at >= r.since and anchored_at < r.until) n on true"
        " left join lateral (select seq from conversations.said where nid = r.nid and at >= r.since and at < r.until"
        " order by at desc, seq desc limit 1) s on true"
        " left join lateral (select count(*) + count(lifted_at) as n from conversations.block where nid = r.nid) b"
        " on true"
        " group by r.person",
        {
            "person": arrays.numbers(each.person for each in reaches),
            "nid": arrays.numbers(each.nid for each in reaches),
            "since": since, "until": until,
        },
    )  # fmt: skip
    return {row[0]: Standing(*row[1:]) for row in rows}
