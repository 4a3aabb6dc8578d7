"""SQL of webhooks, their mappings and their deliveries."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.webhooks.contracts import Delivery, Mapping, Problem, Verdict, Version, Webhook, WebhookId

_WEBHOOK = (
    "select id, public_id, name, source_id, version, created_at, previous_until,"
    " (select received_at from webhooks.delivery d where d.webhook_id = w.id order by d.id desc limit 1),"
    " (select count(*) from webhooks.delivery d where d.webhook_id = w.id and d.verdict = 'not_mapped')"
    " from webhooks.webhook w"
)
_DELIVERY = (
    "select id, message_id, received_at, verdict, version, records, events, problems, octet_length(body), retried_at"
    " from webhooks.delivery"
)


class Door(NamedTuple):
    """What is needed to judge a delivery; the secrets are sealed."""

    id: WebhookId
    source_id: int
    secret: bytes
    previous_secret: bytes | None
    previous_until: datetime | None
    version: int
    mapping: dict[str, Any] | None


class Kept(NamedTuple):
    """A delivery that is there, as far as whoever tries it again needs it."""

    id: int
    message_id: str
    received_at: datetime
    body: bytes


class Outcome(NamedTuple):
    verdict: Verdict
    version: int
    records: int
    events: int
    problems: Sequence[Problem]


# Webhooks


def insert_webhook(
    conn: Connection, *, public_id: str, name: str, source_id: int, secret: bytes, at: datetime
) -> WebhookId:
    row = conn.execute(
        "insert into webhooks.webhook (public_id, name, source_id, secret, created_at) values (%s, %s, %s, %s, %s)"
        " returning id",
        (public_id, name, source_id, secret, at),
    ).fetchone()
    if row is None:
        raise LookupError(public_id)
    return WebhookId(row[0])


def webhooks(conn: Connection, *, after: int, limit: int) -> list[Webhook]:
    rows = conn.execute(_WEBHOOK + " where id > %s order by id limit %s", (after, limit))
    return [Webhook(*row) for row in rows]


def webhook(conn: Connection, webhook_id: WebhookId) -> Webhook | None:
    row = conn.execute(_WEBHOOK + " where id = %s", (webhook_id,)).fetchone()
    return Webhook(*row) if row else None


def lock_secret(conn: Connection, webhook_id: WebhookId) -> bytes | None:
    row = conn.execute("select secret from webhooks.webhook where id = %s for update", (webhook_id,)).fetchone()
    return row[0] if row else None


def set_secret(
    conn: Connection, webhook_id: WebhookId, secret: bytes, previous: bytes | None, until: datetime | None
) -> None:
    conn.execute(
        "update webhooks.webhook set secret = %s, previous_secret = %s, previous_until = %s where id = %s",
        (secret, previous, until, webhook_id),
    )


def rename(conn: Connection, webhook_id: WebhookId, name: str) -> None:
    conn.execute("update webhooks.webhook set name = %s where id = %s", (name, webhook_id))


def delete_webhook(conn: Connection, webhook_id: WebhookId) -> None:
    conn.execute("delete from webhooks.webhook where id = %s", (webhook_id,))


def door(conn: Connection, public_id: str) -> Door | None:
    row = conn.execute(
        "select w.id, w.source_id, w.secret, w.previous_secret, w.previous_until, w.version, m.mapping"
        " from webhooks.webhook w left join webhooks.mapping m on m.webhook_id = w.id and m.version = w.version"
        " where w.public_id = %s",
        (public_id,),
    ).fetchone()
    return Door(*row) if row else None


# Mappings


def lock_version(conn: Connection, webhook_id: WebhookId) -> int | None:
    row = conn.execute("select version from webhooks.webhook where id = %s for update", (webhook_id,)).fetchone()
    return row[0] if row else None


def add_mapping(conn: Connection, webhook_id: WebhookId, made: Version) -> None:
    conn.execute(
        "insert into webhooks.mapping (webhook_id, version, mapping, made_at, made_by) values (%s, %s, %s, %s, %s)",
        (webhook_id, made.version, Jsonb(made.mapping.model_dump()), made.made_at, made.made_by),
    )
    conn.execute("update webhooks.webhook set version = %s where id = %s", (made.version, webhook_id))


def mappings(conn: Connection, webhook_id: WebhookId, *, before: int | None, limit: int) -> list[Version]:
    """Newest first."""
    rows = conn.execute(
        "select version, mapping, made_at, made_by from webhooks.mapping where webhook_id = %(webhook)s"
        " and (%(before)s::int is null or version < %(before)s) order by version desc limit %(limit)s",
        {"webhook": webhook_id, "before": before, "limit": limit},
    )
    return [Version(version, Mapping.model_validate(mapping), at, by) for version, mapping, at, by in rows]


# Deliveries


def insert_delivery(
    conn: Connection, webhook_id: WebhookId, message_id: str, body: bytes, outcome: Outcome, at: datetime
) -> int | None:
    """None where one of this id is there. Waits for a transaction that is just bringing it."""
    row = conn.execute(
        "insert into webhooks.delivery"
        " (webhook_id, message_id, received_at, body, verdict, version, records, events, problems)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (webhook_id, message_id) do nothing returning id",
        (
            webhook_id,
            message_id,
            at,
            body,
            outcome.verdict,
            outcome.version,
            outcome.records,
            outcome.events,
            _told(outcome.problems),
        ),
    ).fetchone()
    return row[0] if row else None


def change_outcome(conn: Connection, delivery_id: int, outcome: Outcome, at: datetime) -> None:
    conn.execute(
        "update webhooks.delivery set verdict = %s, version = %s, records = %s, events = %s, problems = %s,"
        " retried_at = %s where id = %s",
        (
            outcome.verdict,
            outcome.version,
            outcome.records,
            outcome.events,
            _told(outcome.problems),
            at,
            delivery_id,
        ),
    )


def delivery_of(conn: Connection, webhook_id: WebhookId, message_id: str) -> Delivery | None:
    row = conn.execute(_DELIVERY + " where webhook_id = %s and message_id = %s", (webhook_id, message_id)).fetchone()
    return _delivery(row) if row else None


def deliveries(
    conn: Connection, webhook_id: WebhookId, *, before: int | None, verdict: Verdict | None, limit: int
) -> list[Delivery]:
    """Newest first."""
    rows = conn.execute(
        _DELIVERY + " where webhook_id = %(webhook)s and (%(before)s::bigint is null or id < %(before)s)"
        " and (%(verdict)s::text is null or verdict = %(verdict)s) order by id desc limit %(limit)s",
        {"webhook": webhook_id, "before": before, "verdict": verdict, "limit": limit},
    )
    return [_delivery(row) for row in rows]


def delivery(conn: Connection, webhook_id: WebhookId, delivery_id: int) -> tuple[Delivery, bytes] | None:
    """With its body."""
    row = conn.execute(
        _DELIVERY.replace(" from ", ", body from ", 1) + " where webhook_id = %s and id = %s", (webhook_id, delivery_id)
    ).fetchone()
    return (_delivery(row[:-1]), row[-1]) if row else None


def latest(conn: Connection, webhook_id: WebhookId, limit: int) -> list[Kept]:
    rows = conn.execute(
        "select id, message_id, received_at, body from webhooks.delivery where webhook_id = %s"
        " order by id desc limit %s",
        (webhook_id, limit),
    )
    return [Kept(*row) for row in rows]


def lock_unmapped(conn: Connection, webhook_id: WebhookId, after: int) -> Kept | None:
    """The oldest after `after`; locked, so that two who try again do it one after the other."""
    row = conn.execute(
        "select id, message_id, received_at, body from webhooks.delivery"
        " where webhook_id = %s and verdict = 'not_mapped' and id > %s order by id limit 1 for update",
        (webhook_id, after),
    ).fetchone()
    return Kept(*row) if row else None


def forget_deliveries(conn: Connection, before: datetime, limit: int) -> None:
    conn.execute(
        "delete from webhooks.delivery where id = any(array("
        " select id from webhooks.delivery where received_at < %s order by received_at limit %s))",
        (before, limit),
    )


def _told(problems: Sequence[Problem]) -> Jsonb:
    return Jsonb([asdict(each) for each in problems])


def _delivery(row: Sequence[Any]) -> Delivery:
    delivery_id, message_id, at, verdict, version, records, events, told, size_bytes, retried_at = row
    problems = [
        Problem(each["code"], tuple(each["where"]), each["detail"], each["path"], each["record"]) for each in told
    ]
    return Delivery(delivery_id, message_id, at, verdict, version, records, events, problems, size_bytes, retried_at)
