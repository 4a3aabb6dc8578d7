"""Making webhooks and looking after them, within the caller's transaction."""

from datetime import timedelta

from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys
from onevoice.domains.webhooks import store
from onevoice.domains.webhooks.contracts import Mapping, SecretShown, Version, Webhook, WebhookCreate, WebhookId
from onevoice.domains.webhooks.errors import MappingChangedError, UnknownMappingError, UnknownWebhookError
from onevoice.domains.webhooks.rules import signature
from onevoice.kit.chance import Chance, token
from onevoice.kit.clock import Clock
from onevoice.kit.sealing import Sealer

PURPOSE = "webhooks"
"""What the sealer's key is derived for."""
OLD_SECRET_LASTS = timedelta(hours=24)


# Webhooks


def create(
    conn: Connection, wanted: WebhookCreate, *, sealer: Sealer, actor: str, clock: Clock, chance: Chance
) -> SecretShown:
    """Raises: InvalidNameError, UnknownChannelError, SourceConflictError, UnusableSecretError."""
    name = wanted.name.strip()
    secret = signature.new_secret(chance) if wanted.secret is None else signature.read_secret(wanted.secret)
    source = keys.ensure_source(
        conn, wanted.source or name, channel=wanted.channel, site=wanted.site, actor=actor, clock=clock
    )
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
    audit.record(conn, Audit(actor, "webhook.created", subject(webhook_id), after=after), clock=clock)
    return SecretShown(webhook(conn, webhook_id), signature.shown(secret))


def webhooks(conn: Connection, *, after: int = 0, limit: int = 50) -> list[Webhook]:
    return store.webhooks(conn, after=after, limit=limit)


def webhook(conn: Connection, webhook_id: WebhookId) -> Webhook:
    """Raises: UnknownWebhookError."""
    found = store.webhook(conn, webhook_id)
    if found is None:
        raise unknown()
    return found


def rename(conn: Connection, webhook_id: WebhookId, name: str, *, actor: str, clock: Clock) -> Webhook:
    """Raises: UnknownWebhookError."""
    before = webhook(conn, webhook_id)
    name = name.strip()
    if name != before.name:
        store.rename(conn, webhook_id, name)
        change = Audit(actor, "webhook.renamed", subject(webhook_id), {"name": before.name}, {"name": name})
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
        raise unknown()
    before = webhook(conn, webhook_id)
    secret = signature.new_secret(chance) if given is None else signature.read_secret(given)
    until = None if at_once else clock.now() + OLD_SECRET_LASTS
    sealed = sealer.seal(secret, before.public_id, chance)
    store.set_secret(conn, webhook_id, sealed, None if at_once else old, until)
    after = {"old_secret_until": until.isoformat() if until else None}
    audit.record(conn, Audit(actor, "webhook.secret_rotated", subject(webhook_id), after=after), clock=clock)
    return SecretShown(webhook(conn, webhook_id), signature.shown(secret))


def delete(conn: Connection, webhook_id: WebhookId, *, actor: str, clock: Clock) -> None:
    """With its deliveries and mappings. What became events stays. Raises: UnknownWebhookError."""
    before = webhook(conn, webhook_id)
    store.delete_webhook(conn, webhook_id)
    told = {"name": before.name, "public_id": before.public_id, "unmapped": before.unmapped}
    audit.record(conn, Audit(actor, "webhook.deleted", subject(webhook_id), before=told), clock=clock)


def subject(webhook_id: WebhookId) -> str:
    return f"webhook:{webhook_id}"


def unknown() -> UnknownWebhookError:
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
        raise unknown()
    if have != based_on:
        raise MappingChangedError(
            f"Version {have} is in force, yours is based on {based_on}. Load it again and make your change in that."
        )
    made = Version(have + 1, wanted, clock.now(), actor)
    store.add_mapping(conn, webhook_id, made)
    after = {"version": made.version, "rules": [rule.name or rule.make for rule in wanted.rules]}
    change = Audit(actor, "webhook.mapping_changed", subject(webhook_id), {"version": have}, after)
    audit.record(conn, change, clock=clock)
    return made
