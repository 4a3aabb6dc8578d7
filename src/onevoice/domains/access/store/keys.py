"""SQL of sources and keys."""

from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from onevoice.domains.access.contracts import (
    ApiKey,
    KeyId,
    KeyScope,
    Permission,
    SecretKey,
    Source,
    SourceId,
    WriteKey,
)

_SOURCE: LiteralString = """
select s.id, s.name, s.channel, s.site, t.country, s.priority
from access.source s join access.site t on t.name = s.site
"""
SOURCES: LiteralString = f"{_SOURCE} order by s.id"
SOURCE_BY_NAME: LiteralString = f"{_SOURCE} where s.name = %s"
INSERT_SOURCE: LiteralString = """
insert into access.source (name, channel, site, created_at) values (%s, %s, %s, %s)
on conflict (name) do nothing
"""

_KEY: LiteralString = """
select k.id, k.name, k.scope, s.name as source, s.channel, s.site, k.hint, k.permissions, k.made_by,
    k.created_at, k.last_used_at, k.revoked_at
from access.api_key k left join access.source s on s.id = k.source_id
"""
INSERT_KEY: LiteralString = """
insert into access.api_key (name, scope, source_id, digest, hint, permissions, made_by, created_at)
values (%s, %s, %s, %s, %s, %s, %s, %s) returning id
"""
KEYS: LiteralString = f"""{_KEY}
where (%(before)s::bigint is null or k.id < %(before)s)
  and (%(revoked)s::boolean is null or (k.revoked_at is not null) = %(revoked)s)
order by k.id desc limit %(limit)s
"""
KEY: LiteralString = f"{_KEY} where k.id = %s"
REVOKE_KEY: LiteralString = "update access.api_key set revoked_at = %s where id = %s and revoked_at is null"
WRITER_BY_DIGEST: LiteralString = """
select k.id as key_id, s.id as source_id, s.name as source_name, s.channel, s.site, k.last_used_at
from access.api_key k join access.source s on s.id = k.source_id
where k.digest = %s and k.scope = 'write' and k.revoked_at is null
"""
READER_BY_DIGEST: LiteralString = """
select id, name, permissions, last_used_at from access.api_key
where digest = %s and scope = 'secret' and revoked_at is null
"""
TOUCH_KEY: LiteralString = """
update access.api_key set last_used_at = %s where id = %s and (last_used_at is null or last_used_at < %s)
"""
TOUCH_SOURCE: LiteralString = """
update access.api_key set last_used_at = %(at)s
where id = (
    select min(id) from access.api_key where source_id = %(source)s and scope = 'write' and revoked_at is null
) and (last_used_at is null or last_used_at < %(stale)s)
"""


def sources(conn: Connection) -> list[Source]:
    with conn.cursor(row_factory=class_row(Source)) as cursor:
        return cursor.execute(SOURCES).fetchall()


def ensure_source(conn: Connection, *, name: str, channel: str, site: str, at: datetime) -> Source:
    """The source of that name, made when there is none. Its site is there and held."""
    conn.execute(INSERT_SOURCE, (name, channel, site, at))
    with conn.cursor(row_factory=class_row(Source)) as cursor:
        found = cursor.execute(SOURCE_BY_NAME, (name,)).fetchone()
    if found is None:
        raise LookupError(name)
    return found


def insert_key(
    conn: Connection,
    *,
    name: str,
    scope: KeyScope,
    source_id: SourceId | None,
    digest: bytes,
    hint: str,
    permissions: list[Permission],
    made_by: str,
    at: datetime,
) -> KeyId:
    row = conn.execute(INSERT_KEY, (name, scope, source_id, digest, hint, permissions, made_by, at)).fetchone()
    if row is None:
        raise LookupError(name)
    return KeyId(row[0])


def keys(conn: Connection, *, before: int | None, revoked: bool | None, limit: int) -> list[ApiKey]:
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(KEYS, {"before": before, "revoked": revoked, "limit": limit}).fetchall()


def write_keys_in_use(conn: Connection) -> dict[SourceId, int]:
    rows = conn.execute(
        "select source_id, count(*) from access.api_key where scope = 'write' and revoked_at is null group by source_id"
    )
    return dict(rows.fetchall())


def key(conn: Connection, key_id: KeyId) -> ApiKey | None:
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(KEY, (key_id,)).fetchone()


def revoke_key(conn: Connection, key_id: KeyId, at: datetime) -> bool:
    return conn.execute(REVOKE_KEY, (at, key_id)).rowcount > 0


def resolve_write_key(conn: Connection, digest: bytes) -> tuple[WriteKey, datetime | None] | None:
    row = conn.execute(WRITER_BY_DIGEST, (digest,)).fetchone()
    return (WriteKey(*row[:-1]), row[-1]) if row else None


def resolve_secret_key(conn: Connection, digest: bytes) -> tuple[SecretKey, datetime | None] | None:
    row = conn.execute(READER_BY_DIGEST, (digest,)).fetchone()
    return (SecretKey(*row[:-1]), row[-1]) if row else None


def touch_key(conn: Connection, key_id: KeyId, *, at: datetime, stale: datetime) -> None:
    conn.execute(TOUCH_KEY, (at, key_id, stale))


def touch_source(conn: Connection, source_id: SourceId, *, at: datetime, stale: datetime) -> None:
    conn.execute(TOUCH_SOURCE, {"source": source_id, "at": at, "stale": stale})


def mark(conn: Connection) -> bytes | None:
    """Of the keys that this database was first used with."""
    row = conn.execute("select mark from access.keys").fetchone()
    return row[0].bytes if row else None


def set_mark(conn: Connection, mark: bytes) -> None:
    """Where there is none yet."""
    conn.execute("insert into access.keys (mark) values (%s::uuid) on conflict do nothing", (mark.hex(),))
