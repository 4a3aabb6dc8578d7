"""SQL of reading: members, evidence, the timeline. Times bound what had happened and what was learnt."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import namedtuple_row

from onevoice.domains.identity.contracts import CHANNELS, AsOf, Evidence, Member, StoredEvent
from onevoice.kit import arrays


def latest_node(conn: Connection, digest: bytes) -> tuple[int, int] | None:
    """(nid, pid) of the identifier; of a shared one, its latest epoch."""
    return conn.execute(
        "select e.nid, e.pid from identity.node n join identity.node e on e.base = n.nid or e.nid = n.nid"
        " where n.digest = %s::uuid and e.until_at >= e.from_at"
        " order by e.from_at desc, e.mark desc nulls last, e.logout desc nulls last limit 1",
        (digest.hex(),),
    ).fetchone()


def node_at(conn: Connection, nid: int) -> tuple[int, int] | None:
    """(nid, pid) of a node; of an epoch that late marks made vanish, of the one that holds its moment now."""
    return conn.execute(
        "select nid, pid from identity.node where nid = identity.stands_at(%s)",
        (nid,),
    ).fetchone()


_KNOWN = "learnt < '9999-01-01 00:00:00+00'"
_MEMBER = (
    "select n.pid, n.nid, k.name, coalesce(v.value #>> '{}', ''), n.base, n.from_at, n.until_at, n.learnt"
    " from identity.node n join identity.kind k on k.id = n.kind"
    " left join identity.vault v on v.nid = n.base and v.key = ''"
)


def is_known(conn: Connection, nid: int, pid: int, *, whole: bool) -> bool:
    """Whether any event that stands speaks of the node; of anybody in its profile, if the `whole` is meant."""
    row = conn.execute(
        "select exists (select from identity.node where (nid = %s or %s and pid = %s and from_at <= until_at) and "
        + _KNOWN
        + ")",
        (nid, whole, pid),
    ).fetchone()
    return bool(row and row[0])


def members(conn: Connection, pids: Sequence[int]) -> list[tuple[int, Member]]:
    """(pid, member) of the profiles, strongest kind first, empty epochs and forgotten identifiers left out."""
    rows = conn.execute(
        _MEMBER + f" where n.pid = any(%s) and n.from_at <= n.until_at and n.{_KNOWN}"
        " order by n.pid, k.priority, n.learnt, n.nid",
        (list(pids),),
    )
    return [(row[0], Member(*row[1:])) for row in rows]


class AddressRow(NamedTuple):
    """An identifier by which somebody can be written to."""

    pid: int
    nid: int
    kind: str
    learnt: datetime


def addresses(conn: Connection, pids: Sequence[int], kinds: Sequence[str]) -> list[AddressRow]:
    """The identifiers of these kinds, of profiles, the one learnt last first."""
    rows = conn.execute(
        "select n.pid, n.nid, k.name, n.learnt from identity.node n join identity.kind k on k.id = n.kind"
        f" where n.pid = any(%s) and k.name = any(%s) and n.from_at <= n.until_at and n.{_KNOWN}"
        " order by n.pid, n.learnt desc, n.nid",
        (arrays.numbers(pids), list(kinds)),
    )
    return [AddressRow(*row) for row in rows]


def values_of(conn: Connection, nodes: Sequence[int]) -> dict[int, str]:
    """The value of each identifier; of one that was erased there is none."""
    rows = conn.execute(
        "select nid, value #>> '{}' from identity.vault where nid = any(%s) and key = ''", (arrays.numbers(nodes),)
    )
    return dict(rows.fetchall())


def members_by_nid(conn: Connection, nodes: Sequence[int]) -> list[Member]:
    rows = conn.execute(_MEMBER + " where n.nid = any(%s) order by k.priority, n.learnt, n.nid", (list(nodes),))
    return [Member(*row[1:]) for row in rows]


def evidence_reached(conn: Connection, start: int, learnt: datetime) -> list[Evidence]:
    """All evidence learnt by then that hangs together with the identifier `start`, through whatever it names."""
    rows = conn.execute(
        "with recursive reached(nid) as (select %(start)s::bigint union"
        " select x.nid from reached r cross join lateral ("
        " select b as nid from identity.evidence where a = r.nid and learnt <= %(learnt)s and b is not null"
        " union all select a from identity.evidence where b = r.nid and learnt <= %(learnt)s"
        " union all select base from identity.node where nid = r.nid"
        " union all select nid from identity.node where base = r.nid and base <> nid) x)"
        " select e.pos, e.op, e.a, e.b, e.tier, e.happened, e.learnt, e.hash, e.act"
        " from reached r join identity.evidence e on e.a = r.nid where e.learnt <= %(learnt)s",
        {"start": start, "learnt": learnt},
    )
    return [
        Evidence(pos, op, a, b, tier, happened, learnt, key.bytes, act)
        for pos, op, a, b, tier, happened, learnt, key, act in rows
    ]


class NodeRow(NamedTuple):
    nid: int
    kind: int
    digest: bytes
    base: int
    from_at: datetime
    mark: bytes | None
    logout: bool | None
    learnt: datetime


def nodes(conn: Connection, wanted: Sequence[int]) -> list[NodeRow]:
    """The nodes and, of shared ones, all their epochs."""
    rows = conn.execute(
        "select nid, kind, digest, base, from_at, mark, logout, learnt from identity.node"
        " where nid = any(%(n)s) or base = any(%(n)s)",
        {"n": list(wanted)},
    )
    return [
        NodeRow(row[0], row[1], row[2].bytes, row[3], row[4], row[5].bytes if row[5] else None, row[6], row[7])
        for row in rows
    ]


def events_behind(
    conn: Connection, keys: Sequence[tuple[int, datetime, bytes]]
) -> dict[tuple[datetime, bytes], tuple[str, str, int, str, datetime]]:
    """(type, name, source, message id, learnt) of the events that edges came from; keys: (anchor, happened, hash)."""
    rows = conn.execute(
        "select e.happened, e.hash, n.type, n.name, e.source_id, e.message_id, e.learnt"
        " from unnest(%s::bigint[], %s::timestamptz[], %s::uuid[]) k(nid, happened, hash)"
        " join identity.event_ever e using (nid, happened, hash) join identity.name n on n.id = e.name_id",
        ([k[0] for k in keys], [k[1] for k in keys], [k[2].hex() for k in keys]),
    )
    return {(happened, key.bytes): (kind, name, *rest) for happened, key, kind, name, *rest in rows}


# The timeline


class TimelineQuery(NamedTuple):
    """What of a profile's events is wanted. `before` is exclusive: (happened, hash) of the page's last row."""

    as_of: AsOf = AsOf()
    before: tuple[datetime, bytes] | None = None
    channels: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    text: str | None = None
    trait: str | None = None
    limit: int = 50


_MEMBERS = (
    "(select * from unnest(%(nid)s::bigint[], %(base)s::bigint[], %(lo)s::timestamptz[], %(hi)s::timestamptz[])"
    " m(member, base, lo, hi)) m"
)


def _member_arrays(found: Sequence[Member]) -> dict[str, Any]:
    return {
        "nid": [member.nid for member in found],
        "base": [member.base for member in found],
        "lo": [member.from_at for member in found],
        "hi": [member.until_at for member in found],
    }


def _conditions(query: TimelineQuery) -> tuple[sql.Composed, dict[str, Any]]:
    parts: list[sql.SQL] = []
    values: dict[str, Any] = {}

    def add(condition: str, **found: Any) -> None:
        parts.append(sql.SQL(condition))  # pyright: ignore[reportArgumentType] - constants of this function only
        values.update(found)

    if query.as_of.happened is not None:
        add("e.happened <= %(as_of)s", as_of=query.as_of.happened)
    if query.as_of.learnt is not None:
        add("e.learnt <= %(known_at)s and e.withdrawn_at > %(known_at)s", known_at=query.as_of.learnt)
    if query.before is not None:
        add(
            "(e.happened, e.hash) < (%(before_at)s, %(before_hash)s::uuid)",
            before_at=query.before[0],
            before_hash=query.before[1].hex(),
        )
    if query.channels:
        add("e.channel = any(%(channels)s)", channels=list(query.channels))
    if query.names:
        add("n.name = any(%(names)s)", names=list(query.names))
    if query.types:
        add("n.type = any(%(types)s)", types=list(query.types))
    if query.trait is not None:
        add("n.type = 'identify' and e.body -> 'traits' ? %(trait)s", trait=query.trait)
    if query.text:
        add(
            "(n.name ilike %(text)s or n.type ilike %(text)s or (e.body -> 'properties')::text ilike %(text)s"
            " or e.body ->> 'name' ilike %(text)s)",
            text="%" + query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%",
        )
    return sql.SQL(" and ").join([sql.SQL("true"), *parts]), values


def _events(as_of: AsOf) -> sql.SQL:
    """What is known now, or what was known then: that holds also what an undone import had said."""
    return sql.SQL("identity.event" if as_of.learnt is None else "identity.event_ever")


def timeline(conn: Connection, found: Sequence[Member], query: TimelineQuery) -> list[StoredEvent]:
    """One page of the members' events, newest first, up to `limit`. StoredEvent.nid is the member, not the anchor."""
    where, values = _conditions(query)
    statement = sql.SQL(
        "select e.seq, m.member, e.happened, e.hash, e.learnt, b.linked_at, e.type, e.name, e.source_id, e.channel,"
        " e.ids, e.message_id, e.body from " + _MEMBERS + " cross join lateral ("
        " select e.*, n.type, n.name from {events} e join identity.name n on n.id = e.name_id"
        " where e.nid = m.base and e.happened >= m.lo and e.happened < m.hi and {where}"
        " order by e.happened desc, e.hash desc limit %(limit)s) e"
        " left join lateral (select linked_at from identity.batch where seq_to >= e.seq order by seq_to limit 1) b"
        " on true order by e.happened desc, e.hash desc limit %(limit)s"
    ).format(where=where, events=_events(query.as_of))
    rows = conn.execute(statement, {**_member_arrays(found), **values, "limit": query.limit})
    return [_stored(row) for row in rows]


def _stored(row: Any) -> StoredEvent:
    seq, nid, happened, key, learnt, linked_at, kind, name, source_id, channel, ids, message_id, body = row
    return StoredEvent(
        seq,
        nid,
        happened,
        key.bytes,
        learnt,
        linked_at,
        kind,
        name or body.get("name") or "",
        source_id,
        CHANNELS[channel],
        ids,
        message_id,
        body,
    )


def counts(
    conn: Connection, found: Sequence[Member], as_of: AsOf
) -> list[tuple[int, int, int, int, datetime, datetime]]:
    """(member, name_id, channel, n, first, last) folded from the events themselves, as of the pair of times."""
    where, values = _conditions(TimelineQuery(as_of))
    statement = sql.SQL(
        "select m.member, e.name_id, e.channel, count(*), min(e.happened), max(e.happened) from "
        + _MEMBERS
        + " join {events} e on e.nid = m.base and e.happened >= m.lo and e.happened < m.hi and {where}"
        " group by m.member, e.name_id, e.channel"
    ).format(where=where, events=_events(as_of))
    return conn.execute(statement, {**_member_arrays(found), **values}).fetchall()


def days(conn: Connection, found: Sequence[Member], as_of: AsOf, zone: str) -> list[tuple[int, str, int, int]]:
    """(member, day, channel, n): how many events on each day of the zone."""
    where, values = _conditions(TimelineQuery(as_of))
    statement = sql.SQL(
        "select m.member, to_char(e.happened at time zone %(zone)s, 'YYYY-MM-DD'), e.channel, count(*) from "
        + _MEMBERS
        + " join {events} e on e.nid = m.base and e.happened >= m.lo and e.happened < m.hi and {where}"
        " group by 1, 2, 3 order by 2"
    ).format(where=where, events=_events(as_of))
    return conn.execute(statement, {**_member_arrays(found), **values, "zone": zone}).fetchall()


def trait_events(conn: Connection, found: Sequence[Member], as_of: AsOf) -> Iterator[StoredEvent]:
    """Every event that set a trait, as of the pair of times, oldest first."""
    where, values = _conditions(TimelineQuery(as_of, types=("identify",)))
    statement = sql.SQL(
        "select e.seq, m.member, e.happened, e.hash, e.learnt, null::timestamptz, n.type, n.name, e.source_id,"
        " e.channel, e.ids, e.message_id, e.body from "
        + _MEMBERS
        + " join {events} e on e.nid = m.base and e.happened >= m.lo and e.happened < m.hi"
        " join identity.name n on n.id = e.name_id where e.body ? 'traits' and {where} order by e.happened, e.hash"
    ).format(where=where, events=_events(as_of))
    for row in conn.execute(statement, {**_member_arrays(found), **values}):
        yield _stored(row)


def properties_of(
    conn: Connection, found: Sequence[Member], as_of: AsOf, name: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(member, properties) of every track event of that name, as of the pair of times."""
    where, values = _conditions(TimelineQuery(as_of, names=(name,), types=("track",)))
    statement = sql.SQL(
        "select m.member, coalesce(e.body -> 'properties', '{{}}') from "
        + _MEMBERS
        + " join {events} e on e.nid = m.base and e.happened >= m.lo and e.happened < m.hi"
        " join identity.name n on n.id = e.name_id where {where}"
    ).format(where=where, events=_events(as_of))
    yield from conn.execute(statement, {**_member_arrays(found), **values})


def events_of_bases(conn: Connection, bases: Sequence[int]) -> Iterator[Any]:
    """Every event anchored to shared identifiers, with the epoch it belongs to now, for folding them again."""
    with conn.cursor("refold", row_factory=namedtuple_row) as cursor:
        cursor.itersize = 5000
        cursor.execute(
            "select n.nid, e.name_id, x.name, e.channel, e.happened, e.hash, e.learnt, e.source_id, e.body"
            " from identity.node n join identity.event e on e.nid = n.base and e.happened >= n.from_at"
            " and e.happened < n.until_at join identity.name x on x.id = e.name_id"
            # Each in an index of its own: epochs have one on their base, and there is none on all nodes' bases.
            " where n.nid = any(%(bases)s) or n.base = any(%(bases)s) and n.base <> n.nid",
            {"bases": list(bases)},
        )
        yield from cursor


def newest(
    conn: Connection, *, before_seq: int, from_seq: int, channels: Sequence[int], limit: int
) -> list[StoredEvent]:
    """The latest linked events of everybody with `from_seq` <= seq < `before_seq`, newest first."""
    rows = conn.execute(
        "select e.seq, e.nid, e.happened, e.hash, e.learnt, b.linked_at, n.type, n.name, e.source_id, e.channel,"
        " e.ids, e.message_id, e.body from (select * from identity.event where seq >= %(from)s and seq < %(before)s"
        " and (%(channels)s::smallint[] is null or channel = any(%(channels)s))"
        " order by seq desc limit %(limit)s) e join identity.name n on n.id = e.name_id"
        " left join lateral (select linked_at from identity.batch where seq_to >= e.seq order by seq_to limit 1) b"
        " on true order by e.seq desc",
        {"from": from_seq, "before": before_seq, "channels": list(channels) or None, "limit": limit},
    )
    return [_stored(row) for row in rows]


def first_seq(conn: Connection) -> int | None:
    row = conn.execute("select min(seq) from identity.event").fetchone()
    return row[0] if row else None


def since(conn: Connection, after_seq: int, limit: int) -> list[StoredEvent]:
    rows = conn.execute(
        "select e.seq, e.nid, e.happened, e.hash, e.learnt, b.linked_at, n.type, n.name, e.source_id, e.channel,"
        " e.ids, e.message_id, e.body from (select * from identity.event where seq > %s order by seq desc limit %s) e"
        " join identity.name n on n.id = e.name_id"
        " left join lateral (select linked_at from identity.batch where seq_to >= e.seq order by seq_to limit 1) b"
        " on true order by e.seq",
        (after_seq, limit),
    )
    return [_stored(row) for row in rows]


class SourceEvent(NamedTuple):
    """An event of one source, as far as it says who did what. nid: its anchor."""

    seq: int
    nid: int
    happened: datetime
    source_id: int
    name: str


def events_of(
    conn: Connection, after: int, upto: int, sources: Sequence[int], names: Sequence[str]
) -> list[SourceEvent]:
    """In the order in which they were linked."""
    rows = conn.execute(
        "select e.seq, e.nid, e.happened, e.source_id, n.name from identity.event e"
        " join identity.name n on n.id = e.name_id where e.seq > %s and e.seq <= %s and e.source_id = any(%s)"
        " and n.name = any(%s) order by e.seq",
        (after, upto, list(sources), list(names)),
    )
    return [SourceEvent(*row) for row in rows]


_STORED_NOW = (
    "select e.seq, e.nid, e.happened, e.hash, e.learnt, null::timestamptz, n.type, n.name, e.source_id, e.channel,"
    " e.ids, e.message_id, e.body from identity.event e join identity.name n on n.id = e.name_id"
)


def named(
    conn: Connection, after: int, upto: int, sources: Sequence[int], names: Sequence[str], limit: int
) -> list[StoredEvent]:
    """Whole events of these names from these sources, in the order in which they were linked."""
    rows = conn.execute(
        f"{_STORED_NOW} where e.seq > %s and e.seq <= %s and e.source_id = any(%s) and n.name = any(%s)"
        " order by e.seq limit %s",
        (after, upto, list(sources), list(names), limit),
    )
    return [_stored(row) for row in rows]


def by_seq(conn: Connection, seqs: Sequence[int]) -> list[StoredEvent]:
    """In no order; without those that an undone import had told."""
    return [_stored(row) for row in conn.execute(f"{_STORED_NOW} where e.seq = any(%s)", (arrays.numbers(seqs),))]


def owners(conn: Connection, anchored: Sequence[tuple[int, datetime]]) -> list[tuple[int, int]]:
    """(member nid, pid) for each (anchor, happened), in the same order."""
    rows = conn.execute(
        "select k.i, n.nid, n.pid from unnest(%s::bigint[], %s::timestamptz[]) with ordinality k(nid, at, i)"
        " join lateral (select nid, pid from identity.node x"
        " where (x.base = k.nid and x.base <> x.nid or x.nid = k.nid) and x.from_at <= k.at and x.until_at > k.at"
        " order by x.from_at desc limit 1) n on true order by k.i",
        ([a[0] for a in anchored], [a[1] for a in anchored]),
    )
    return [(nid, pid) for _, nid, pid in rows]


def per_second(conn: Connection, since_at: datetime, after_seq: int) -> list[tuple[datetime, int, int]]:
    """(second, channel, n) of what was learnt lately; looks at events after `after_seq` only."""
    return conn.execute(
        "select date_trunc('second', learnt), channel, count(*) from identity.event"
        " where seq > %s and learnt >= %s group by 1, 2 order by 1",
        (after_seq, since_at),
    ).fetchall()


def seq_at(conn: Connection, at: datetime) -> int:
    """The last sequence number linked before that moment."""
    row = conn.execute("select coalesce(max(seq_to), 0) from identity.batch where linked_at < %s", (at,)).fetchone()
    return row[0] if row else 0


def vault_values(conn: Connection, ids: Sequence[int]) -> dict[int, Any]:
    return dict(conn.execute("select id, value from identity.vault where id = any(%s)", (list(ids),)).fetchall())


def changed_pids(conn: Connection, after_seq: int, limit: int) -> tuple[dict[int, bool], int]:
    """Profiles that events after `after_seq` belong to, each with whether one of them may have set traits, and the
    number reached; at most `limit` events.
    """
    rows = conn.execute(
        "select n.pid, bool_or(named.type = 'identify'), max(e.seq)"
        " from (select seq, nid, happened, name_id from identity.event where seq > %s order by seq limit %s) e"
        " join identity.name named on named.id = e.name_id"
        " join lateral (select pid from identity.node x where (x.nid = e.nid or x.base = e.nid and x.base <> x.nid)"
        " and x.from_at <= e.happened and x.until_at > e.happened order by x.from_at desc limit 1) n on true"
        " group by n.pid",
        (after_seq, limit),
    ).fetchall()
    return {row[0]: row[1] for row in rows}, max((row[2] for row in rows), default=after_seq)


def nodes_of(conn: Connection, pids: Sequence[int]) -> list[tuple[int, int]]:
    return conn.execute(
        "select pid, nid from identity.node where pid = any(%s::bigint[]) and from_at <= until_at and " + _KNOWN,
        (arrays.numbers(pids),),
    ).fetchall()


def identifiers(conn: Connection, *, pids: Sequence[int] = (), nodes: Sequence[int] = ()) -> list[tuple[int, int, str]]:
    """(pid, nid, kind) of all nodes of profiles, or of these nodes: vanished and forgotten ones too."""
    column, values = ("nid", nodes) if nodes else ("pid", pids)
    return conn.execute(
        "select n.pid, n.nid, k.name from identity.node n join identity.kind k on k.id = n.kind"
        f" where n.{column} = any(%s::bigint[]) order by n.nid",  # pyright: ignore[reportArgumentType] - of two names
        (arrays.numbers(values),),
    ).fetchall()


def moved_pids(conn: Connection, after: int, limit: int) -> tuple[set[int], int]:
    rows = conn.execute(
        "select id, pid from identity.moved where id > %s order by id limit %s", (after, limit)
    ).fetchall()
    return {row[1] for row in rows}, max((row[0] for row in rows), default=after)


def last_moved(conn: Connection) -> int:
    row = conn.execute("select coalesce(max(id), 0) from identity.moved").fetchone()
    return row[0] if row else 0


def name_ids(conn: Connection, kind: str, names: Sequence[str]) -> list[int]:
    rows = conn.execute("select id from identity.name where type = %s and name = any(%s)", (kind, list(names)))
    return [row[0] for row in rows]


def names(conn: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Name id to (type, name)."""
    rows = conn.execute("select id, type, name from identity.name where id = any(%s)", (list(ids),))
    return {id_: (kind, name) for id_, kind, name in rows}
