"""The door of webhooks: making them, taking what comes by them, and trying again what could not be mapped."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from prometheus_client import Counter
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys
from onevoice.domains.events import service as events
from onevoice.domains.events.contracts import Frame
from onevoice.domains.webhooks import store
from onevoice.domains.webhooks.contracts import (
    Delivery,
    Headers,
    Mapped,
    Mapping,
    Problem,
    Receipt,
    Retried,
    SecretShown,
    Verdict,
    Version,
    Webhook,
    WebhookCreate,
    WebhookId,
)
from onevoice.domains.webhooks.errors import (
    InvalidSignatureError,
    MappingChangedError,
    UnknownDeliveryError,
    UnknownMappingError,
    UnknownWebhookError,
    UnreadablePayloadError,
)
from onevoice.domains.webhooks.rules import mapping as rules
from onevoice.domains.webhooks.rules import signature
from onevoice.domains.webhooks.rules.suggest import suggest
from onevoice.kit import jsons
from onevoice.kit.chance import Chance, token
from onevoice.kit.clock import Clock
from onevoice.kit.sealing import Sealer

PURPOSE = "webhooks"
"""What the sealer's key is derived for."""
KEEP_DELIVERIES = timedelta(days=30)
OLD_SECRET_LASTS = timedelta(hours=24)
MAX_MADE_BYTES = 8 * 2**20
"""So much JSON one delivery may become: a mapping that copies the payload into each of its records must not fill the
disk."""
PROBLEMS_KEPT = 20
RETRIED_AT_ONCE = 100
TRIED_AT_ONCE = 10
FORGET_AT_ONCE = 10_000

RECEIVED = Counter(
    "onevoice_webhook_deliveries_total", "Deliveries of webhooks kept, by what became of them.", ["verdict"]
)
REFUSED = Counter("onevoice_webhook_refused_total", "Deliveries refused because of their signature.")

NO_MAPPING = Problem("no_mapping", ("rules",), "The webhook has no mapping yet.")


# Webhooks


def create(
    conn: Connection, wanted: WebhookCreate, *, sealer: Sealer, actor: str, clock: Clock, chance: Chance
) -> SecretShown:
    """Raises: InvalidNameError, UnknownChannelError, SourceConflictError, UnusableSecretError."""
    name = wanted.name.strip()
    secret = signature.new_secret(chance) if wanted.secret is None else signature.read_secret(wanted.secret)
    source = keys.ensure_source(conn, wanted.source or name, channel=wanted.channel, site=wanted.site, clock=clock)
    public_id = f"wh_{token(chance, 16)}"
    webhook_id = store.insert_webhook(
        conn,
        public_id=public_id,
        name=name,
        source_id=source.id,
        secret=sealer.seal(secret, public_id, chance),
        at=clock.now(),
    )
    after = {"name": name, "source": source.name, "channel": source.channel, "site": source.site}
    audit.record(conn, Audit(actor, "webhook.created", _subject(webhook_id), after=after), clock=clock)
    return SecretShown(webhook(conn, webhook_id), signature.shown(secret))


def webhooks(conn: Connection, *, after: int = 0, limit: int = 50) -> list[Webhook]:
    return store.webhooks(conn, after=after, limit=limit)


def webhook(conn: Connection, webhook_id: WebhookId) -> Webhook:
    """Raises: UnknownWebhookError."""
    found = store.webhook(conn, webhook_id)
    if found is None:
        raise _unknown()
    return found


def rename(conn: Connection, webhook_id: WebhookId, name: str, *, actor: str, clock: Clock) -> Webhook:
    """Raises: UnknownWebhookError."""
    before = webhook(conn, webhook_id)
    name = name.strip()
    if name != before.name:
        store.rename(conn, webhook_id, name)
        change = Audit(actor, "webhook.renamed", _subject(webhook_id), {"name": before.name}, {"name": name})
        audit.record(conn, change, clock=clock)
    return webhook(conn, webhook_id)


def rotate(
    conn: Connection,
    webhook_id: WebhookId,
    *,
    given: str | None,
    at_once: bool,
    sealer: Sealer,
    actor: str,
    clock: Clock,
    chance: Chance,
) -> SecretShown:
    """A new secret. The old one goes on for a day beside it, so that nothing is lost while the sender is told; not so
    `at_once`, for one that leaked.

    Raises: UnknownWebhookError, UnusableSecretError.
    """
    old = store.lock_secret(conn, webhook_id)
    if old is None:
        raise _unknown()
    before = webhook(conn, webhook_id)
    secret = signature.new_secret(chance) if given is None else signature.read_secret(given)
    until = None if at_once else clock.now() + OLD_SECRET_LASTS
    sealed = sealer.seal(secret, before.public_id, chance)
    store.set_secret(conn, webhook_id, sealed, None if at_once else old, until)
    after = {"old_secret_until": until.isoformat() if until else None}
    audit.record(conn, Audit(actor, "webhook.secret_rotated", _subject(webhook_id), after=after), clock=clock)
    return SecretShown(webhook(conn, webhook_id), signature.shown(secret))


def delete(conn: Connection, webhook_id: WebhookId, *, actor: str, clock: Clock) -> None:
    """With its deliveries and mappings. What became events stays. Raises: UnknownWebhookError."""
    before = webhook(conn, webhook_id)
    store.delete_webhook(conn, webhook_id)
    told = {"name": before.name, "public_id": before.public_id, "unmapped": before.unmapped}
    audit.record(conn, Audit(actor, "webhook.deleted", _subject(webhook_id), before=told), clock=clock)


def _subject(webhook_id: WebhookId) -> str:
    return f"webhook:{webhook_id}"


def _unknown() -> UnknownWebhookError:
    return UnknownWebhookError("It may have been deleted. Take its address from the list of webhooks.")


# Mappings


def mappings(conn: Connection, webhook_id: WebhookId, *, before: int | None = None, limit: int = 50) -> list[Version]:
    """Every version, newest first. Raises: UnknownWebhookError."""
    webhook(conn, webhook_id)
    return store.mappings(conn, webhook_id, before=before, limit=limit)


def mapping(conn: Connection, webhook_id: WebhookId, version: int) -> Version:
    """Raises: UnknownWebhookError, UnknownMappingError."""
    found = mappings(conn, webhook_id, before=version + 1, limit=1)
    if not found or found[0].version != version:
        raise UnknownMappingError(f"The webhook has no mapping of version {version}.")
    return found[0]


def set_mapping(
    conn: Connection, webhook_id: WebhookId, wanted: Mapping, *, based_on: int, actor: str, clock: Clock
) -> Version:
    """A new version, which holds for what comes from now on. Raises: UnknownWebhookError, MappingChangedError."""
    have = store.lock_version(conn, webhook_id)
    if have is None:
        raise _unknown()
    if have != based_on:
        raise MappingChangedError(
            f"Version {have} is in force, yours is based on {based_on}. Load it again and make your change in that."
        )
    made = Version(have + 1, wanted, clock.now(), actor)
    store.add_mapping(conn, webhook_id, made)
    after = {"version": made.version, "rules": [rule.name or rule.make for rule in wanted.rules]}
    change = Audit(actor, "webhook.mapping_changed", _subject(webhook_id), {"version": have}, after)
    audit.record(conn, change, clock=clock)
    return made


# What comes in


def receive(
    conn: Connection, public_id: str, headers: Headers, body: bytes, *, sealer: Sealer, clock: Clock
) -> Receipt:
    """Keep a delivery and append its events, together or not at all. Once per id, however often it is sent.

    What cannot be mapped is kept too, for a better mapping.

    Raises: UnknownWebhookError, InvalidSignatureError, UnreadablePayloadError; then nothing is kept.
    """
    door = store.door(conn, public_id)
    if door is None:
        raise _unknown()
    now = clock.now()
    try:
        message_id = signature.verify(headers, body, _secrets(door, public_id, sealer, now), now)
    except InvalidSignatureError:
        REFUSED.inc()
        raise
    payload = _read(body)
    outcome, frame = _judged(public_id, door, store.Kept(0, message_id, now, body), payload, now)
    delivery_id = store.insert_delivery(conn, door.id, message_id, body, outcome, now)
    if delivery_id is None:
        known = store.delivery_of(conn, door.id, message_id)
        if known is None:
            raise _unknown()
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


def _read(body: bytes) -> Any:
    try:
        value, suspect = jsons.read(body)
    except jsons.UnreadableError as error:
        raise UnreadablePayloadError(str(error)) from error
    if suspect:
        value = jsons.mend(value).value
    if not isinstance(value, dict | list):
        raise UnreadablePayloadError("The payload must be a JSON object, or a list of them.")
    return value


class _Judged(NamedTuple):
    outcome: store.Outcome
    frame: Frame


def _judged(public_id: str, door: store.Door, kept: store.Kept, payload: Any, now: datetime) -> _Judged:
    mapping = None if door.mapping is None else Mapping.model_validate(door.mapping)
    results = _tried(mapping, public_id, door.source_id, kept, payload, now)
    problems = [problem for each in results for problem in each.mapped.problems]
    good = [each.frame for each in results if each.frame is not None]
    count = sum(frame.count for frame in good)
    verdict: Verdict = "not_mapped" if problems else "taken" if count else "ignored"
    inner = b",".join(frame.events[1:-1] for frame in good)
    outcome = store.Outcome(verdict, door.version, len(results), count, problems[:PROBLEMS_KEPT])
    return _Judged(outcome, Frame(door.source_id, now, None, count, b"[%s]" % inner))


class _Tried(NamedTuple):
    """A record's outcome, after the door of the log has judged its events as it judges everybody's."""

    mapped: Mapped
    frame: Frame | None


def _tried(
    mapping: Mapping | None, public_id: str, source_id: int, kept: store.Kept, payload: Any, now: datetime
) -> list[_Tried]:
    if mapping is None:
        return [_Tried(Mapped(0, None, (), (NO_MAPPING,)), None)]
    made_bytes = 0
    tried: list[_Tried] = []
    for each in rules.apply(mapping, payload):
        frame = None
        if each.events:
            _stamp(each, public_id, kept)
            frame = events.judged(list(each.events), source_id, now)
            made_bytes += len(frame.events)
            problem = _refused(each, frame, made_bytes)
            if problem is not None:
                each, frame = Mapped(each.record, each.rule, (), (problem,)), None  # noqa: PLW2901 - it takes its place
        tried.append(_Tried(each, frame))
    return tried


def _stamp(mapped: Mapped, public_id: str, kept: store.Kept) -> None:
    """Ids that are the same whenever the record comes again; and the time of coming, where it says none of its own."""
    for event in mapped.events:
        suffix = "" if event is mapped.events[-1] else "-traits"
        event["messageId"] = f"{public_id}-{kept.message_id}-{mapped.record}{suffix}"
        event.setdefault("timestamp", kept.received_at.isoformat())


def _refused(mapped: Mapped, frame: Frame, made_bytes: int) -> Problem | None:
    where = ("rules", mapped.rule or 0)
    if frame.rejections:
        refused = frame.rejections[0]
        return Problem(refused.code, where, refused.reason, None, mapped.record)
    if made_bytes > MAX_MADE_BYTES:
        detail = f"The delivery becomes more than {MAX_MADE_BYTES // 2**20} MiB of events. Copy less into each."
        return Problem("too_much_made", where, detail, None, mapped.record)
    return None


# Deliveries


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
    return found[0], _read(found[1])


def suggestion(conn: Connection, webhook_id: WebhookId, delivery_id: int) -> Mapping:
    """Guessed from what one delivery holds. Raises: UnknownDeliveryError."""
    return suggest(delivery(conn, webhook_id, delivery_id)[1])


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
        given = [(None, store.Kept(0, "rehearsal", now, payload.encode("utf-8", "replace")))]
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
            [each.mapped for each in _tried(mapping, hook.public_id, hook.source_id, kept, _read(kept.body), now)],
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
        raise _unknown()
    now = clock.now()
    tried = taken = 0
    for each in store.lock_unmapped(conn, webhook_id, after, limit):
        outcome, frame = _judged(hook.public_id, door, each, _read(each.body), now)
        store.change_outcome(conn, each.id, outcome, now)
        if frame.count:
            events.append(conn, [frame])
        tried, taken, after = tried + 1, taken + (outcome.verdict != "not_mapped"), each.id
    if tried:
        told = {"version": hook.version, "tried": tried, "taken": taken}
        audit.record(conn, Audit(actor, "webhook.retried", _subject(webhook_id), after=told), clock=clock)
    return Retried(tried, taken, tried - taken, after if tried == limit else None)


def housekeep(conn: Connection, now: datetime) -> None:
    """Drop deliveries that are past their time, a little at each call."""
    store.forget_deliveries(conn, now - KEEP_DELIVERIES, FORGET_AT_ONCE)
