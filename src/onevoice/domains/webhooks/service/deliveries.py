"""What comes by webhooks: taken once, kept with its events, tried again when the mapping was mended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from prometheus_client import Counter
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.events.service import log as events
from onevoice.domains.webhooks import store
from onevoice.domains.webhooks.contracts import (
    Delivery,
    Headers,
    Mapped,
    Mapping,
    Receipt,
    Retried,
    Verdict,
    WebhookId,
)
from onevoice.domains.webhooks.errors import InvalidSignatureError, UnknownDeliveryError
from onevoice.domains.webhooks.rules import signature
from onevoice.domains.webhooks.rules.suggest import suggest
from onevoice.domains.webhooks.service.judging import attempt, judge, read
from onevoice.domains.webhooks.service.manage import subject, unknown, webhook
from onevoice.kit.clock import Clock
from onevoice.kit.sealing import Sealer

KEEP_DELIVERIES = timedelta(days=30)
RETRIED_AT_ONCE = 100
RETRIED_BYTES = 2 * 2**20
TRIED_AT_ONCE = 10
FORGET_AT_ONCE = 10_000

RECEIVED = Counter(
    "onevoice_webhook_deliveries_total", "Deliveries of webhooks kept, by what became of them.", ["verdict"]
)
REFUSED = Counter("onevoice_webhook_refused_total", "Deliveries refused because of their signature.")


def receive(
    conn: Connection, public_id: str, headers: Headers, body: bytes, *, sealer: Sealer, clock: Clock
) -> Receipt:
    """Keep a delivery and append its events, together or not at all. Once per id, however often it is sent.

    What cannot be mapped is kept too, for a better mapping.

    Raises: UnknownWebhookError, InvalidSignatureError, UnreadablePayloadError; then nothing is kept.
    """
    door = store.door(conn, public_id)
    if door is None:
        raise unknown()
    now = clock.now()
    try:
        message_id = signature.verify(headers, body, _secrets(door, public_id, sealer, now), now)
    except InvalidSignatureError:
        REFUSED.inc()
        raise
    payload = read(body)
    outcome, frame = judge(public_id, door, store.Kept(0, message_id, now, body), payload, now)
    delivery_id = store.insert_delivery(conn, door.id, message_id, body, outcome, now)
    if delivery_id is None:
        known = store.delivery_of(conn, door.id, message_id)
        if known is None:
            raise unknown()
        return Receipt(known.id, known.verdict, known.events, repeated=True)
    if frame.count:
        events.append(conn, [frame])
    RECEIVED.labels(outcome.verdict).inc()
    return Receipt(delivery_id, outcome.verdict, outcome.events)


def _secrets(door: store.Door, public_id: str, sealer: Sealer, now: datetime) -> list[bytes]:
    sealed = [door.secret]
    if door.previous_secret is not None and door.previous_until is not None and now < door.previous_until:
        sealed.append(door.previous_secret)
    return [sealer.unseal(each, public_id) for each in sealed]


def deliveries(
    conn: Connection,
    webhook_id: WebhookId,
    *,
    before: int | None = None,
    verdict: Verdict | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Newest first. Raises: UnknownWebhookError."""
    webhook(conn, webhook_id)
    return store.deliveries(conn, webhook_id, before=before, verdict=verdict, limit=limit)


def delivery(conn: Connection, webhook_id: WebhookId, delivery_id: int) -> tuple[Delivery, Any]:
    """With its payload. Raises: UnknownDeliveryError."""
    found = store.delivery(conn, webhook_id, delivery_id)
    if found is None:
        raise UnknownDeliveryError(f"They are kept for {KEEP_DELIVERIES.days} days.")
    return found[0], read(found[1])


def suggestion(conn: Connection, webhook_id: WebhookId, *, delivery_id: int | None, payload: str | None) -> Mapping:
    """Guessed from what a payload (JSON) holds, else one delivery, else the last one.

    Raises: UnknownWebhookError, UnknownDeliveryError, UnreadablePayloadError.
    """
    webhook(conn, webhook_id)
    if payload is not None:
        return suggest(read(_sent(payload)))
    if delivery_id is not None:
        return suggest(delivery(conn, webhook_id, delivery_id)[1])
    kept = store.latest(conn, webhook_id, 1)
    if not kept:
        raise UnknownDeliveryError("Nothing has come yet. Send a delivery, or give a payload.")
    return suggest(read(kept[0].body))


def _sent(payload: str) -> bytes:
    return payload.encode("utf-8", "replace")


class Trial(NamedTuple):
    """What a mapping would make of a delivery. delivery_id: None for a payload that did not come."""

    delivery_id: int | None
    records: Sequence[Mapped]


def rehearse(
    conn: Connection,
    webhook_id: WebhookId,
    mapping: Mapping,
    *,
    delivery_ids: Sequence[int] = (),
    payload: str | None = None,
    clock: Clock,
) -> list[Trial]:
    """What it would make, without making it: of a payload (JSON), else of these deliveries, else of the last ones.

    Raises: UnknownWebhookError, UnknownDeliveryError, UnreadablePayloadError.
    """
    hook = webhook(conn, webhook_id)
    now = clock.now()
    if payload is not None:
        given = [(None, store.Kept(0, "rehearsal", now, _sent(payload)))]
    elif delivery_ids:
        found = [store.delivery(conn, webhook_id, each) for each in delivery_ids]
        if None in found:
            raise UnknownDeliveryError(f"They are kept for {KEEP_DELIVERIES.days} days.")
        given = [
            (one.id, store.Kept(one.id, one.message_id, one.received_at, body)) for one, body in filter(None, found)
        ]
    else:
        given = [(kept.id, kept) for kept in store.latest(conn, webhook_id, TRIED_AT_ONCE)]
    return [
        Trial(
            delivery_id,
            [each.mapped for each in attempt(mapping, hook.public_id, hook.source_id, kept, read(kept.body), now)],
        )
        for delivery_id, kept in given
    ]


def retry(
    conn: Connection, webhook_id: WebhookId, *, after: int = 0, actor: str, clock: Clock, limit: int = RETRIED_AT_ONCE
) -> Retried:
    """Try deliveries that could not be mapped with the mapping in force, oldest first, some at a time.

    Records that became events before do not so again: their ids are the same. Raises: UnknownWebhookError.
    """
    hook = webhook(conn, webhook_id)
    door = store.door(conn, hook.public_id)
    if door is None:
        raise unknown()
    now = clock.now()
    tried = taken = volume = 0
    more = True
    # Readers of the log wait for this transaction, so it ends after some megabytes too.
    while tried < limit and volume < RETRIED_BYTES:
        each = store.lock_unmapped(conn, webhook_id, after)
        if each is None:
            more = False
            break
        volume += len(each.body)
        outcome, frame = judge(hook.public_id, door, each, read(each.body), now)
        store.change_outcome(conn, each.id, outcome, now)
        if frame.count:
            events.append(conn, [frame])
        tried, taken, after = tried + 1, taken + (outcome.verdict != "not_mapped"), each.id
    if tried:
        told = {"version": hook.version, "tried": tried, "taken": taken}
        audit.record(conn, Audit(actor, "webhook.retried", subject(webhook_id), after=told), clock=clock)
    return Retried(tried, taken, tried - taken, after if more else None)


def housekeep(conn: Connection, now: datetime) -> None:
    """Drop deliveries that are past their time, a little at each call."""
    store.forget_deliveries(conn, now - KEEP_DELIVERIES, FORGET_AT_ONCE)
