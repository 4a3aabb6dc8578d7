"""SQL of accounts and of what their senders share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.delivery.contracts.accounts import Account, Pace
from onevoice.domains.delivery.contracts.channels import Limits
from onevoice.domains.delivery.contracts.names import AccountId

_FIELDS = (
    "select a.id, a.channel, a.name, a.site, a.source_id, a.settings, a.place, a.paused, a.trouble, a.trouble_at,"
    " a.per_second, a.burst, a.concurrency, a.per_address_seconds, a.cost_minor, a.currency, a.made_at, a.changed_at,"
    " p.blocked_until, p.trips, nullif(p.at, a.made_at), a.handle"
    " from delivery.account a join delivery.pace p on p.account_id = a.id"
)
_ACCOUNT = _FIELDS + " where a.deleted_at is null"
_GONE = _FIELDS + " where a.deleted_at is not null"


def _account(row: Sequence[Any]) -> Account:
    fields: list[Any] = [*row[:10], Limits(*row[10:14]), *row[14:]]
    return Account(*fields)


def accounts(conn: Connection, *, deleted: bool = False) -> list[Account]:
    """Of each site and channel the first to be used first. deleted: also those that are gone."""
    which = _FIELDS if deleted else _ACCOUNT
    return [_account(row) for row in conn.execute(which + " order by a.site, a.channel, a.place, a.id")]


def account(conn: Connection, account_id: AccountId, *, deleted: bool = False) -> Account | None:
    """deleted: also one that is gone."""
    row = conn.execute(_ACCOUNT + " and a.id = %s", (account_id,)).fetchone()
    if row is None and deleted:
        row = conn.execute(_GONE + " and a.id = %s", (account_id,)).fetchone()
    return None if row is None else _account(row)


def secrets(conn: Connection, account_id: AccountId) -> bytes | None:
    """Sealed."""
    row = conn.execute("select secrets from delivery.account where id = %s", (account_id,)).fetchone()
    return row[0] if row else None


def all_secrets(conn: Connection) -> dict[AccountId, bytes]:
    """Sealed, of every account that has any."""
    rows = conn.execute("select id, secrets from delivery.account where deleted_at is null and secrets <> ''")
    return dict(rows.fetchall())


def insert(
    conn: Connection,
    *,
    channel: str,
    name: str,
    site: str,
    source_id: int,
    settings: Mapping[str, Any],
    limits: Limits,
    cost_minor: int,
    currency: str,
    at: datetime,
) -> AccountId | None:
    """None where the site has one of that channel and name. It comes after those that the site has."""
    row = conn.execute(
        "insert into delivery.account (channel, name, site, source_id, settings, secrets, place, per_second, burst,"
        " concurrency, per_address_seconds, cost_minor, currency, made_at, changed_at)"
        " values (%(channel)s, %(name)s, %(site)s, %(source)s, %(settings)s, '',"
        " (select coalesce(max(place), -1) + 1 from delivery.account"
        " where site = %(site)s and channel = %(channel)s), %(per_second)s, %(burst)s, %(concurrency)s,"
        " %(per_address)s, %(cost)s, %(currency)s, %(at)s, %(at)s)"
        " on conflict (site, channel, name) do nothing returning id",
        {
            "channel": channel, "name": name, "site": site, "source": source_id, "settings": Jsonb(dict(settings)),
            "per_second": limits.per_second, "burst": limits.burst, "concurrency": limits.concurrency,
            "per_address": limits.per_address_seconds, "cost": cost_minor, "currency": currency, "at": at,
        },
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    conn.execute(
        "insert into delivery.pace (account_id, tokens, at) values (%s, %s, %s)", (row[0], float(limits.burst), at)
    )
    return AccountId(row[0])


def set_handle(conn: Connection, account_id: AccountId, handle: str) -> None:
    conn.execute("update delivery.account set handle = %s where id = %s", (handle, account_id))


def set_secrets(conn: Connection, account_id: AccountId, sealed: bytes) -> None:
    conn.execute("update delivery.account set secrets = %s where id = %s", (sealed, account_id))


def set_settings(
    conn: Connection, account_id: AccountId, settings: Mapping[str, Any], limits: Limits, cost_minor: int, at: datetime
) -> None:
    conn.execute(
        "update delivery.account set settings = %s, per_second = %s, burst = %s, concurrency = %s,"
        " per_address_seconds = %s, cost_minor = %s, trouble = null, trouble_at = null, changed_at = %s where id = %s",
        (
            Jsonb(dict(settings)),
            limits.per_second,
            limits.burst,
            limits.concurrency,
            limits.per_address_seconds,
            cost_minor,
            at,
            account_id,
        ),
    )


def set_paused(conn: Connection, account_id: AccountId, *, paused: bool) -> None:
    conn.execute("update delivery.account set paused = %s where id = %s", (paused, account_id))


def set_trouble(conn: Connection, account_id: AccountId, trouble: str | None, at: datetime | None) -> None:
    conn.execute("update delivery.account set trouble = %s, trouble_at = %s where id = %s", (trouble, at, account_id))


def delete(conn: Connection, account_id: AccountId, at: datetime) -> None:
    """Its name is free again; what went through it keeps naming it."""
    conn.execute(
        "update delivery.account set deleted_at = %s, secrets = '', name = name || ' (' || id || ')' where id = %s",
        (at, account_id),
    )


def position(conn: Connection, account_id: AccountId) -> str | None:
    row = conn.execute("select position from delivery.account where id = %s", (account_id,)).fetchone()
    return row[0] if row else None


def set_position(conn: Connection, account_id: AccountId, position: str) -> None:
    conn.execute("update delivery.account set position = %s where id = %s", (position, account_id))


def lock_pace(conn: Connection, account_id: AccountId) -> Pace:
    row = conn.execute(
        "select tokens, at, blocked_until, failures, trips from delivery.pace where account_id = %s for update",
        (account_id,),
    ).fetchone()
    assert row is not None  # noqa: S101 - made with the account, and never deleted
    return Pace(*row)


def set_pace(conn: Connection, account_id: AccountId, pace: Pace) -> None:
    conn.execute(
        "update delivery.pace set tokens = %s, at = %s, blocked_until = %s, failures = %s, trips = %s"
        " where account_id = %s",
        (*pace, account_id),
    )


def give_back(conn: Connection, account_id: AccountId, tokens: float) -> None:
    conn.execute("update delivery.pace set tokens = tokens + %s where account_id = %s", (tokens, account_id))
