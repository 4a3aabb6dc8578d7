"""Accounts of ours at providers. Secrets lie in the database sealed only, and are shown to nobody again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys, sites
from onevoice.domains.delivery.contracts.accounts import Account, Probed
from onevoice.domains.delivery.contracts.channels import Limits, Manifest, Setting
from onevoice.domains.delivery.contracts.names import AccountId
from onevoice.domains.delivery.errors import (
    AccountTakenError,
    ChannelError,
    UnknownAccountError,
    UnknownChannelError,
    UnusableSettingsError,
)
from onevoice.domains.delivery.service.gathering import Channels
from onevoice.domains.delivery.store import accounts as store
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.sealing import Sealer

PURPOSE = "channel account"
"""Of the key that seals secrets."""
USUAL_SITE = "main"
"""The site of whoever names none: made with its first account, as with its first key."""


@dataclass(frozen=True, slots=True)
class AccountCreate:
    """settings: all of them, secrets too. currency: what its cost is counted in; None: the site's."""

    channel: str
    name: str
    site: str
    settings: Mapping[str, Any]
    limits: Limits | None = None
    cost_minor: int = 0
    currency: str | None = None


def accounts(conn: Connection, *, deleted: bool = False) -> list[Account]:
    """deleted: also those that are gone, of which the log still tells."""
    return store.accounts(conn, deleted=deleted)


def account(conn: Connection, account_id: AccountId) -> Account:
    """Raises: UnknownAccountError."""
    found = store.account(conn, account_id)
    if found is None:
        raise UnknownAccountError(f"There is no account {account_id}.")
    return found


def kept_secrets(conn: Connection, sealer: Sealer) -> dict[AccountId, list[str]]:
    """The names of the secrets that each account has."""
    found = store.all_secrets(conn)
    return {
        account_id: sorted(msgspec.json.decode(sealer.unseal(sealed, _place(account_id)), type=dict[str, Any]))
        for account_id, sealed in found.items()
    }


def create(
    conn: Connection,
    wanted: AccountCreate,
    channels: Channels,
    sealer: Sealer,
    *,
    actor: str,
    clock: Clock,
    chance: Chance,
) -> Account:
    """Keep an account whose settings were tried. Its answers are events of a source of its own.

    Raises: UnknownChannelError, UnusableSettingsError, AccountTakenError, UnknownSiteError.
    """
    manifest = manifest_of(channels, wanted.channel)
    if wanted.site == USUAL_SITE:
        sites.ensure(conn, wanted.site, actor=actor, clock=clock)
    site = sites.site(conn, wanted.site)
    plain, secret = checked(manifest, wanted.settings)
    name = f"{wanted.name} ({manifest.kind}, {site.name})"
    source = keys.ensure_source(conn, name, channel=manifest.door, site=site.name, actor=actor, clock=clock)
    number = store.insert(
        conn,
        channel=wanted.channel,
        name=wanted.name,
        site=site.name,
        source_id=int(source.id),
        settings=plain,
        limits=wanted.limits or manifest.limits,
        cost_minor=wanted.cost_minor,
        currency=wanted.currency or site.details.currency or "EUR",
        at=clock.now(),
    )
    if number is None:
        raise AccountTakenError(f"{site.name} has an account {wanted.name!r} of {manifest.kind}. Take another name.")
    store.set_secrets(conn, number, _seal(sealer, number, secret, chance))
    told = {"channel": wanted.channel, "site": site.name, "settings": plain, "secrets": sorted(secret)}
    audit.record(conn, Audit(actor, "account.created", f"account:{number}", after=told), clock=clock)
    return account(conn, number)


def note_probed(conn: Connection, account_id: AccountId, probed: Probed) -> Account:
    """What its provider calls it, by which people find it there."""
    store.set_handle(conn, account_id, probed.name[:200])
    return account(conn, account_id)


def update(
    conn: Connection,
    account_id: AccountId,
    settings: Mapping[str, Any],
    limits: Limits | None,
    channels: Channels,
    sealer: Sealer,
    *,
    cost_minor: int | None = None,
    actor: str,
    clock: Clock,
    chance: Chance,
) -> Account:
    """Other settings, tried before. A secret that is left out stays as it is. What stood in trouble goes on.

    Raises: UnknownAccountError, UnusableSettingsError.
    """
    was = account(conn, account_id)
    manifest = manifest_of(channels, was.channel)
    plain, secret = checked(manifest, merged(conn, was, settings, manifest, sealer))
    cost = was.cost_minor if cost_minor is None else cost_minor
    store.set_settings(conn, account_id, plain, limits or was.limits, cost, clock.now())
    store.set_secrets(conn, account_id, _seal(sealer, account_id, secret, chance))
    changed = sorted(name for name in settings if name in secret)
    told = Audit(
        actor,
        "account.changed",
        f"account:{account_id}",
        _told(was),
        _told(account(conn, account_id)) | {"new_secrets": changed},
    )
    audit.record(conn, told, clock=clock)
    return account(conn, account_id)


def pause(conn: Connection, account_id: AccountId, *, paused: bool, actor: str, clock: Clock) -> Account:
    """What waits for it goes on waiting. Resumed, it is tried again also where it was in trouble.

    Raises: UnknownAccountError.
    """
    was = account(conn, account_id)
    if not paused and was.trouble is not None:
        store.set_trouble(conn, account_id, None, None)
    if was.paused != paused:
        store.set_paused(conn, account_id, paused=paused)
        action = "account.paused" if paused else "account.resumed"
        audit.record(conn, Audit(actor, action, f"account:{account_id}"), clock=clock)
    return account(conn, account_id)


def delete(conn: Connection, account_id: AccountId, *, actor: str, clock: Clock) -> None:
    """Its secrets are gone at once; what was sent through it goes on naming it. Raises: UnknownAccountError."""
    was = account(conn, account_id)
    store.delete(conn, account_id, clock.now())
    told = Audit(actor, "account.deleted", f"account:{account_id}", before={"channel": was.channel, "name": was.name})
    audit.record(conn, told, clock=clock)


def note_trouble(conn: Connection, account_id: AccountId, trouble: ChannelError, clock: Clock) -> None:
    store.set_trouble(conn, account_id, f"{trouble.code}: {trouble.detail}"[:500], clock.now())


def opened(conn: Connection, found: Account, sealer: Sealer) -> dict[str, Any]:
    """Settings with their secrets, for the adaptor alone."""
    sealed = store.secrets(conn, found.id)
    secret = msgspec.json.decode(sealer.unseal(sealed, _place(found.id))) if sealed else {}
    return {**found.settings, **secret}


def merged(
    conn: Connection, found: Account, settings: Mapping[str, Any], manifest: Manifest, sealer: Sealer
) -> dict[str, Any]:
    """What would be in force with these changed. A secret that was typed for one place is not shown to another.

    Raises: UnusableSettingsError.
    """
    was = opened(conn, found, sealer)
    would = {**was, **settings}
    fields = manifest.settings
    moved = [each.name for each in fields if each.place and (would.get(each.name) or "") != (was.get(each.name) or "")]
    stays = [each.name for each in fields if each.secret and was.get(each.name) and each.name not in settings]
    if moved and stays:
        raise UnusableSettingsError(
            f"{moved[0]!r} is another, and {stays[0]!r} was given for the one before. Type it again.",
            setting=stays[0],
            problem="secret_again",
        )
    return would


def manifest_of(channels: Channels, channel: str) -> Manifest:
    """Raises: UnknownChannelError."""
    found = channels.get(channel)
    if found is None:
        raise UnknownChannelError(f"There is no channel {channel!r}; there are: {', '.join(sorted(channels))}.")
    return found


def checked(manifest: Manifest, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(plain, secret), with defaults filled in. Raises: UnusableSettingsError."""
    known = {each.name: each for each in manifest.settings}
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise UnusableSettingsError(f"{manifest.kind} has no setting {unknown[0]!r}; it has: {', '.join(known)}.")
    plain: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    for name, field in known.items():
        value = settings.get(name, field.default)
        if value is None or value == "":
            if field.required:
                raise UnusableSettingsError(
                    f"{manifest.kind} needs the setting {name!r}.", setting=name, problem="missing"
                )
            continue
        (secret if field.secret else plain)[name] = _fitting(field, value)
    return plain, secret


def _fitting(field: Setting, value: Any) -> Any:
    fits = {
        "text": isinstance(value, str),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
        "choice": isinstance(value, str) and value in field.choices,
    }
    if not fits[field.type]:
        wanted = f"one of {', '.join(field.choices)}" if field.type == "choice" else f"a {field.type}"
        raise UnusableSettingsError(
            f"The setting {field.name!r} must be {wanted}.", setting=field.name, problem="unfit"
        )
    return value


def _told(found: Account) -> dict[str, Any]:
    """For the audit log."""
    return {
        "settings": dict(found.settings),
        "limits": msgspec.to_builtins(found.limits),
        "cost_minor": found.cost_minor,
    }


def _seal(sealer: Sealer, account_id: AccountId, secret: Mapping[str, Any], chance: Chance) -> bytes:
    return sealer.seal(msgspec.json.encode(secret), _place(account_id), chance)


def _place(account_id: AccountId) -> str:
    return f"account:{account_id}"
