"""SQL of messages: asked for, listed, read, cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.delivery.contracts.messages import Attempt, Message
from onevoice.domains.delivery.contracts.names import CLASSES, STATES, AccountId, AnyClass, MessageId, State
from onevoice.kit import arrays

STATE_NUMBER: Mapping[State, int] = {name: number for number, name in enumerate(STATES)}
PRIORITY_NAMES = ("high", "normal", "low")
PRIORITIES = 5
ATTEMPTS_SHOWN = 50

_encode = msgspec.json.Encoder().encode
_MESSAGE = (
    "select id, key, person, nid, account_id, channel, site, wish, class, purpose, priority, state, rule, reason,"
    " template_id, version, asked_by, asked_at, due_at, attempt, contacted_at, sent_at, ended_at, provider_id, parts,"
    " cost_minor, answers from delivery.message"
)


class New(NamedTuple):
    """A message to be kept, judged."""

    id: int
    key: str
    person: int
    nid: int | None
    account_id: int | None
    channel: str | None
    site: str
    wish: tuple[str, ...]
    message_class: int
    purpose: str
    priority: int
    state: int
    rule: str | None
    reason: str | None
    fingerprint: bytes
    template: int | None
    version: int | None
    asked_by: str
    asked_at: datetime
    due_at: datetime
    answers: int | None
    content: dict[str, Any]


def _message(row: Sequence[Any]) -> Message:
    fields = list(row)
    fields[7] = tuple(fields[7])
    fields[8] = CLASSES[fields[8]]
    fields[11] = STATES[fields[11]]
    return Message(*fields)


def next_ids(conn: Connection, n: int) -> list[int]:
    return [row[0] for row in conn.execute("select nextval('delivery.message_id') from generate_series(1, %s)", (n,))]


def known(conn: Connection, keys: Sequence[str]) -> dict[str, Message]:
    """By key, those that were asked for before."""
    rows = conn.execute(_MESSAGE + " where key = any(%s)", (list(keys),))
    return {message.key: message for message in map(_message, rows)}


_COLUMNS = (
    "id, key, person, nid, account_id, channel, site, wish, class, purpose, priority, state, rule, reason,"
    " fingerprint, template_id, version, asked_by, asked_at, due_at, attempt, answers"
)
_PLACES = "%s" + ", %s" * 21
"""One for each."""


def _values(new: New) -> tuple[Any, ...]:
    return (*new[:7], list(new.wish), *new[8:14], new.fingerprint.hex(), *new[15:20], 0, new.answers)


def insert(conn: Connection, new: Sequence[New]) -> set[int]:
    """Those that were not asked for before, by id. An answer comes alone, and has no use for what many need."""
    if len(new) == 1:
        (only,) = new
        row = conn.execute(
            f"with kept as (insert into delivery.message ({_COLUMNS}) values ({_PLACES})"
            " on conflict (key) do nothing returning id) insert into delivery.content (message_id, body)"
            " select id, %s::jsonb from kept returning message_id",
            (*_values(only), _encode(only.content).decode()),
        ).fetchone()
        return set() if row is None else {row[0]}
    with conn.cursor() as cursor:
        cursor.execute(
            "create temporary table if not exists asked (like delivery.message, content jsonb) on commit delete rows"
        )
        with cursor.copy(f"copy asked ({_COLUMNS}, content) from stdin") as copy:
            for each in new:
                copy.write_row((*_values(each), _encode(each.content).decode()))
        cursor.execute(
            f"insert into delivery.message ({_COLUMNS}) select {_COLUMNS} from asked order by id"
            " on conflict (key) do nothing returning id"
        )
        kept = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "insert into delivery.content (message_id, body) select id, content from asked where id = any(%s)",
            (list(kept),),
        )
        cursor.execute("delete from asked")
    return kept


def message(conn: Connection, message_id: int) -> Message | None:
    row = conn.execute(_MESSAGE + " where id = %s", (message_id,)).fetchone()
    return None if row is None else _message(row)


def messages(conn: Connection, ids: Sequence[int]) -> dict[int, Message]:
    rows = conn.execute(_MESSAGE + " where id = any(%s)", (arrays.numbers(ids),))
    return {row[0]: _message(row) for row in rows}


class Query(NamedTuple):
    """people: identifiers of somebody; None: everybody's."""

    people: Sequence[int] | None = None
    states: Sequence[State] = ()
    channel: str | None = None
    purpose: str | None = None
    message_class: AnyClass | None = None
    rule: str | None = None
    site: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


def page(conn: Connection, query: Query) -> list[Message]:
    """Newest first."""
    where: list[LiteralString] = ["true"]
    values: dict[str, Any] = {}

    def add(condition: LiteralString, name: str, value: Any) -> None:
        if value is not None:
            where.append(condition)
            values[name] = value

    add("person = any(%(people)s)", "people", None if query.people is None else list(query.people))
    add("state = any(%(states)s)", "states", [STATE_NUMBER[each] for each in query.states] or None)
    add("channel = %(channel)s", "channel", query.channel)
    add("purpose = %(purpose)s", "purpose", query.purpose)
    number = None if query.message_class is None else CLASSES.index(query.message_class)
    add("class = %(class)s", "class", number)
    add("rule = %(rule)s", "rule", query.rule)
    add("site = %(site)s", "site", query.site)
    add("asked_at >= %(since)s", "since", query.since)
    add("asked_at < %(until)s", "until", query.until)
    add("id < %(before)s", "before", query.before)
    rows = conn.execute(
        _MESSAGE + f" where {' and '.join(where)} order by id desc limit %(limit)s", {**values, "limit": query.limit}
    )
    return [_message(row) for row in rows]


def versions(conn: Connection, ids: Sequence[int]) -> list[tuple[int, int]]:
    """(id, version): any change of a message gives it another version, the number of the transaction that wrote it."""
    rows = conn.execute(
        "select id, xmin::text::bigint from delivery.message where id = any(%s)", (arrays.numbers(ids),)
    )
    return [(row[0], row[1]) for row in rows]


def newest_versions(conn: Connection, people: Sequence[int], limit: int) -> list[tuple[int, int, int]]:
    """(person, id, version) of the newest messages of each identifier."""
    rows = conn.execute(
        "select person, m.id, m.version from unnest(%s::bigint[]) person cross join lateral"
        " (select id, xmin::text::bigint version from delivery.message where message.person = person.person"
        " order by id desc limit %s) m",
        (arrays.numbers(people), limit),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def contents(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    return dict(
        conn.execute(
            "select message_id, body from delivery.content where message_id = any(%s)", (arrays.numbers(ids),)
        ).fetchall()
    )


def attempts(conn: Connection, message_id: int) -> list[Attempt]:
    """What was tried in vain, oldest first; the last of it where it was tried for long."""
    rows = conn.execute(
        "select number, at, outcome, code, detail from delivery.attempt where message_id = %s"
        " order by number desc limit %s",
        (message_id, ATTEMPTS_SHOWN),
    )
    return [Attempt(*row) for row in rows][::-1]


def cancel(conn: Connection, message_id: int, at: datetime) -> bool:
    """Whether it still waited."""
    done = conn.execute(
        "update delivery.message set state = %s, ended_at = %s where id = %s and state in (%s, %s)",
        (STATE_NUMBER["cancelled"], at, message_id, STATE_NUMBER["queued"], STATE_NUMBER["planned"]),
    )
    return done.rowcount == 1


class Cost(NamedTuple):
    """account_id, currency: None of silences for which there was no account."""

    channel: str | None
    account_id: AccountId | None
    currency: str | None
    sent: int
    silences: int
    minor: int


def costs(conn: Connection, since: datetime, until: datetime) -> list[Cost]:
    """What was asked for between two times, by account: how many went, how many did not, and what it cost."""
    rows = conn.execute(
        "select m.channel, m.account_id, a.currency, count(*) filter (where m.sent_at is not null),"
        " count(*) filter (where m.state = %s), coalesce(sum(m.cost_minor), 0)::bigint from delivery.message m"
        " left join delivery.account a on a.id = m.account_id where m.asked_at >= %s and m.asked_at < %s"
        " group by 1, 2, 3 order by 1, 2",
        (STATE_NUMBER["suppressed"], since, until),
    )
    return [Cost(*row) for row in rows]


def by_provider(conn: Connection, account_id: int, provider_ids: Sequence[str]) -> dict[str, MessageId]:
    if not provider_ids:
        return {}
    rows = conn.execute(
        "select provider_id, id from delivery.message where account_id = %s and provider_id = any(%s)",
        (account_id, list(provider_ids)),
    )
    return dict(rows.fetchall())


def provider_ids(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """How providers call these messages of ours."""
    if not ids:
        return {}
    rows = conn.execute(
        "select id, provider_id from delivery.message where id = any(%s) and provider_id is not null",
        (arrays.numbers(ids),),
    )
    return dict(rows.fetchall())


def nids(conn: Connection, ids: Sequence[int]) -> dict[int, int]:
    """The address each message went to."""
    rows = conn.execute(
        "select id, nid from delivery.message where id = any(%s) and nid is not null", (arrays.numbers(ids),)
    )
    return dict(rows.fetchall())
