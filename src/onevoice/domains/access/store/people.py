"""SQL of people: accounts, sessions, attempts, second factors, and the audit log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from onevoice.domains.access.contracts import (
    Account,
    AccountId,
    Audit,
    AuditEntry,
    Session,
    SessionStarted,
    Visit,
)

_ACCOUNT: LiteralString = (
    "a.id, a.login, a.name, a.role, a.language, a.theme, a.single_keys, a.created_at, a.disabled_at,"
    " exists (select from access.second_factor f where f.account_id = a.id and f.confirmed_at is not null)"
    " as second_factor"
)
_ACCOUNT_WIDTH = 10

INSERT_ACCOUNT: LiteralString = f"""
insert into access.account as a (login, login_key, name, password_hash, role, language, created_at)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (login_key) do nothing
returning {_ACCOUNT}
"""
LIST_ACCOUNTS: LiteralString = f"select {_ACCOUNT} from access.account a where a.id > %s order by a.id limit %s"
ACCOUNT: LiteralString = f"select {_ACCOUNT} from access.account a where a.id = %s"
ACCOUNT_BY_LOGIN: LiteralString = f"select {_ACCOUNT} from access.account a where a.login_key = %s"
LOCKED_ACCOUNT: LiteralString = f"select {_ACCOUNT}, a.password_hash from access.account a where a.id = %s for update"
LOCK_OWNERS: LiteralString = "select id from access.account where role = 'owner' order by id for update"
COUNT_OWNERS: LiteralString = "select count(*) from access.account where role = 'owner' and disabled_at is null"
CREDENTIALS: LiteralString = "select id, password_hash from access.account where login_key = %s and disabled_at is null"
SET_HASH: LiteralString = "update access.account set password_hash = %s where id = %s"
CHANGE_ACCOUNT: LiteralString = f"""
update access.account as a
set role = coalesce(%(role)s, a.role),
    disabled_at = case when %(disabled)s::boolean is null then a.disabled_at
                       when %(disabled)s then coalesce(a.disabled_at, %(at)s) end
where a.id = %(id)s
returning {_ACCOUNT}
"""
SET_PREFERENCES: LiteralString = f"""
update access.account as a
set language = coalesce(%(language)s, a.language),
    theme = coalesce(%(theme)s, a.theme),
    single_keys = coalesce(%(single_keys)s, a.single_keys)
where a.id = %(id)s
returning {_ACCOUNT}
"""

_SESSION: LiteralString = f"""
select {_ACCOUNT}, s.digest, s.csrf, s.address, s.agent, s.created_at, s.last_seen_at, s.expires_at
from access.session s join access.account a on a.id = s.account_id
"""
INSERT_SESSION: LiteralString = """
insert into access.session (digest, account_id, csrf, created_at, last_seen_at, expires_at, address, agent)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
SESSION: LiteralString = f"{_SESSION} where s.digest = %s and a.disabled_at is null"
SESSIONS_OF: LiteralString = f"{_SESSION} where s.account_id = %s order by s.last_seen_at desc, s.digest"
TOUCH_SESSION: LiteralString = "update access.session set last_seen_at = %s where digest = %s and last_seen_at < %s"
END_SESSION: LiteralString = "delete from access.session where digest = %s"
END_SESSIONS_OF: LiteralString = "delete from access.session where account_id = %s and digest <> %s"
PURGE_SESSIONS: LiteralString = """
delete from access.session where digest in (
    select digest from access.session where expires_at < %s or last_seen_at < %s limit 1000 for update skip locked)
"""

LOCK_BUCKET: LiteralString = "select pg_advisory_xact_lock(720185, hashtext(%s))"
ATTEMPTS: LiteralString = "select at from access.login_attempt where bucket = %s order by at desc limit %s"
INSERT_ATTEMPT: LiteralString = "insert into access.login_attempt (bucket, at) values (%s, %s) returning id"
FORGIVE: LiteralString = """
delete from access.login_attempt
where id = any(%(ids)s)
   or bucket in (select bucket from access.login_attempt where id = any(%(ids)s) and bucket like 'login:%%')
"""
PURGE_ATTEMPTS: LiteralString = """
delete from access.login_attempt where id in (
    select id from access.login_attempt where at < %s limit 1000 for update skip locked)
"""

INSERT_AUDIT: LiteralString = """
insert into access.audit (at, actor, action, subject, before, after, reason) values (%s, %s, %s, %s, %s, %s, %s)
"""
AUDIT: LiteralString = """
select id, at, actor, action, subject, before, after, reason from access.audit
where (%(before)s::bigint is null or id < %(before)s) and (%(subject)s::text is null or subject = %(subject)s)
order by id desc limit %(limit)s
"""


class LockedAccount(NamedTuple):
    account: Account
    password_hash: str


def insert_account(
    conn: Connection,
    *,
    login: str,
    login_key: str,
    name: str,
    password_hash: str,
    role: str,
    language: str,
    at: datetime,
) -> Account | None:
    """None when the login is taken."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        values = (login, login_key, name, password_hash, role, language, at)
        return cursor.execute(INSERT_ACCOUNT, values).fetchone()


def list_accounts(conn: Connection, after: int, limit: int) -> list[Account]:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(LIST_ACCOUNTS, (after, limit)).fetchall()


def count_enabled(conn: Connection) -> int:
    row = conn.execute("select count(*) from access.account where disabled_at is null").fetchone()
    return row[0] if row else 0


def account(conn: Connection, account_id: AccountId) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(ACCOUNT, (account_id,)).fetchone()


def account_by_login(conn: Connection, login_key: str) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(ACCOUNT_BY_LOGIN, (login_key,)).fetchone()


def lock_account(conn: Connection, account_id: AccountId) -> LockedAccount | None:
    row = conn.execute(LOCKED_ACCOUNT, (account_id,)).fetchone()
    return LockedAccount(Account(*row[:_ACCOUNT_WIDTH]), row[_ACCOUNT_WIDTH]) if row else None


def lock_owners(conn: Connection) -> None:
    conn.execute(LOCK_OWNERS)


def count_owners(conn: Connection) -> int:
    row = conn.execute(COUNT_OWNERS).fetchone()
    return row[0] if row else 0


def credentials(conn: Connection, login_key: str) -> tuple[AccountId, str] | None:
    row = conn.execute(CREDENTIALS, (login_key,)).fetchone()
    return (AccountId(row[0]), row[1]) if row else None


def set_password(conn: Connection, account_id: AccountId, password_hash: str) -> None:
    conn.execute(SET_HASH, (password_hash, account_id))


def change_account(
    conn: Connection, account_id: AccountId, *, role: str | None, disabled: bool | None, at: datetime
) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        values = {"id": account_id, "role": role, "disabled": disabled, "at": at}
        return cursor.execute(CHANGE_ACCOUNT, values).fetchone()


def set_preferences(
    conn: Connection, account_id: AccountId, *, language: str | None, theme: str | None, single_keys: bool | None
) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        values = {"id": account_id, "language": language, "theme": theme, "single_keys": single_keys}
        return cursor.execute(SET_PREFERENCES, values).fetchone()


def insert_session(
    conn: Connection, started: SessionStarted, *, digest: bytes, visit: Visit, at: datetime, expires_at: datetime
) -> None:
    values = (digest, started.account.id, started.csrf, at, at, expires_at, visit.address, visit.agent)
    conn.execute(INSERT_SESSION, values)


def session(conn: Connection, digest: bytes) -> Session | None:
    row = conn.execute(SESSION, (digest,)).fetchone()
    return _session(row) if row else None


def sessions_of(conn: Connection, account_id: AccountId) -> list[Session]:
    return [_session(row) for row in conn.execute(SESSIONS_OF, (account_id,))]


def _session(row: tuple[Any, ...]) -> Session:
    digest, csrf, address, agent, created_at, last_seen_at, expires_at = row[_ACCOUNT_WIDTH:]
    return Session(
        digest=digest,
        account=Account(*row[:_ACCOUNT_WIDTH]),
        csrf=csrf,
        visit=Visit(address=address, agent=agent),
        created_at=created_at,
        last_seen_at=last_seen_at,
        expires_at=expires_at,
    )


def touch_session(conn: Connection, digest: bytes, *, at: datetime, stale: datetime) -> None:
    conn.execute(TOUCH_SESSION, (at, digest, stale))


def end_session(conn: Connection, digest: bytes) -> bool:
    return conn.execute(END_SESSION, (digest,)).rowcount > 0


def end_sessions_of(conn: Connection, account_id: AccountId, *, keep: bytes = b"") -> int:
    return conn.execute(END_SESSIONS_OF, (account_id, keep)).rowcount


def purge_sessions(conn: Connection, *, expired_before: datetime, idle_before: datetime) -> None:
    conn.execute(PURGE_SESSIONS, (expired_before, idle_before))


def lock_buckets(conn: Connection, buckets: Iterable[str]) -> None:
    """In one order always, so that two logins never wait for each other."""
    for bucket in sorted(buckets):
        conn.execute(LOCK_BUCKET, (bucket,))


def attempts(conn: Connection, bucket: str, limit: int) -> list[datetime]:
    """Newest first."""
    return [row[0] for row in conn.execute(ATTEMPTS, (bucket, limit))]


def insert_attempt(conn: Connection, bucket: str, at: datetime) -> int:
    row = conn.execute(INSERT_ATTEMPT, (bucket, at)).fetchone()
    return row[0] if row else 0


def forgive(conn: Connection, attempt_ids: Iterable[int]) -> None:
    """Take back these attempts, and everything else counted against the same login."""
    conn.execute(FORGIVE, {"ids": list(attempt_ids)})


def purge_attempts(conn: Connection, before: datetime) -> None:
    conn.execute(PURGE_ATTEMPTS, (before,))


class SecondFactor(NamedTuple):
    sealed: bytes
    confirmed_at: datetime | None
    last_step: int


def second_factor(conn: Connection, account_id: AccountId, *, lock: bool = False) -> SecondFactor | None:
    query = "select sealed, confirmed_at, last_step from access.second_factor where account_id = %s"
    row = conn.execute(query + (" for update" if lock else ""), (account_id,)).fetchone()
    return SecondFactor(*row) if row else None


def put_second_factor(conn: Connection, account_id: AccountId, sealed: bytes, at: datetime) -> None:
    """In place of one that was not confirmed."""
    conn.execute(
        "insert into access.second_factor (account_id, sealed, begun_at) values (%s, %s, %s)"
        " on conflict (account_id) do update set sealed = excluded.sealed, begun_at = excluded.begun_at"
        " where second_factor.confirmed_at is null",
        (account_id, sealed, at),
    )


def confirm_second_factor(conn: Connection, account_id: AccountId, at: datetime, step: int) -> None:
    conn.execute(
        "update access.second_factor set confirmed_at = %s, last_step = %s where account_id = %s",
        (at, step, account_id),
    )


def use_step(conn: Connection, account_id: AccountId, step: int) -> None:
    conn.execute("update access.second_factor set last_step = %s where account_id = %s", (step, account_id))


def delete_second_factor(conn: Connection, account_id: AccountId) -> bool:
    """Its recovery codes go with it. False where none was confirmed."""
    gone = conn.execute(
        "delete from access.second_factor where account_id = %s returning confirmed_at is not null", (account_id,)
    ).fetchone()
    return gone is not None and gone[0]


def put_recovery_codes(conn: Connection, account_id: AccountId, digests: list[bytes]) -> None:
    conn.execute(
        "insert into access.recovery_code (account_id, digest) select %s, unnest(%s::bytea[])", (account_id, digests)
    )


def use_recovery_code(conn: Connection, account_id: AccountId, digest: bytes) -> bool:
    query = "delete from access.recovery_code where account_id = %s and digest = %s"
    return conn.execute(query, (account_id, digest)).rowcount > 0


def recovery_codes_left(conn: Connection, account_id: AccountId) -> int:
    row = conn.execute("select count(*) from access.recovery_code where account_id = %s", (account_id,)).fetchone()
    return row[0] if row else 0


def forget_attempts(conn: Connection, bucket: str) -> None:
    conn.execute("delete from access.login_attempt where bucket = %s", (bucket,))


def insert_audit(conn: Connection, audit: Audit, at: datetime) -> None:
    before = Jsonb(audit.before) if audit.before is not None else None
    after = Jsonb(audit.after) if audit.after is not None else None
    conn.execute(INSERT_AUDIT, (at, audit.actor, audit.action, audit.subject, before, after, audit.reason))


def audit(conn: Connection, *, before: int | None, subject: str | None, limit: int) -> list[AuditEntry]:
    """Newest first, older than the entry `before`."""
    rows = conn.execute(AUDIT, {"before": before, "subject": subject, "limit": limit})
    return [AuditEntry(id=row[0], at=row[1], audit=Audit(*row[2:])) for row in rows]
