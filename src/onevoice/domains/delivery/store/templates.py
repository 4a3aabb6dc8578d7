"""SQL of templates and their versions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.delivery.contracts.names import CLASSES, MessageClass
from onevoice.domains.delivery.contracts.templates import Template, TemplateSource, TemplateVersion

_TEMPLATE: LiteralString = (
    "select t.id, t.site, t.name, t.class, t.purpose, t.draft, t.revision, t.drafted_at, t.drafted_by, t.published,"
    " t.created_at, t.archived_at, v.published_at, v.published_by, t.published is not null and v.body <> t.draft"
    " from delivery.template t"
    " left join delivery.template_version v on v.template_id = t.id and v.version = t.published"
)
_VERSION: LiteralString = (
    "select template_id, version, body, note, published_at, published_by from delivery.template_version"
)


def page(
    conn: Connection, *, after: str, limit: int, site: str | None, archived: bool, text: str = ""
) -> list[Template]:
    """By name. text: a part of the name or the purpose."""
    rows = conn.execute(
        f"{_TEMPLATE} where t.name > %s and (%s::text is null or t.site = %s) and (t.archived_at is not null) = %s"
        " and (position(%s in t.name) > 0 or position(%s in t.purpose) > 0) order by t.name limit %s",
        (after, site, site, archived, text, text, limit),
    )
    return [_template(row) for row in rows]


def template(conn: Connection, number: int, *, lock: bool = False) -> Template | None:
    row = conn.execute(
        _TEMPLATE + (" where t.id = %s for update of t" if lock else " where t.id = %s"), (number,)
    ).fetchone()
    return _template(row) if row else None


def names(conn: Connection, numbers: Sequence[int]) -> dict[int, str]:
    return dict(conn.execute("select id, name from delivery.template where id = any(%s)", (list(numbers),)).fetchall())


def insert(
    conn: Connection,
    site: str,
    name: str,
    message_class: MessageClass,
    purpose: str,
    draft: TemplateSource,
    *,
    by: str,
    at: datetime,
) -> int | None:
    """None where the name is taken."""
    row = conn.execute(
        "insert into delivery.template (site, name, class, purpose, draft, revision, drafted_at, drafted_by,"
        " created_at) values (%s, %s, %s, %s, %s, 1, %s, %s, %s) on conflict (name) do nothing returning id",
        (site, name, CLASSES.index(message_class), purpose, _json(draft), at, by, at),
    ).fetchone()
    return row[0] if row else None


def put_draft(conn: Connection, number: int, draft: TemplateSource, *, by: str, at: datetime) -> None:
    conn.execute(
        "update delivery.template set draft = %s, revision = revision + 1, drafted_at = %s, drafted_by = %s"
        " where id = %s",
        (_json(draft), at, by, number),
    )


def add_version(conn: Connection, version: TemplateVersion) -> None:
    conn.execute(
        "insert into delivery.template_version (template_id, version, body, note, published_at, published_by)"
        " values (%s, %s, %s, %s, %s, %s)",
        (
            version.template,
            version.version,
            _json(version.source),
            version.note,
            version.published_at,
            version.published_by,
        ),
    )
    conn.execute("update delivery.template set published = %s where id = %s", (version.version, version.template))


def archive(conn: Connection, number: int, at: datetime | None) -> None:
    conn.execute("update delivery.template set archived_at = %s where id = %s", (at, number))


def versions(conn: Connection, number: int, *, before: int | None, limit: int) -> list[TemplateVersion]:
    """Newest first."""
    rows = conn.execute(
        f"{_VERSION} where template_id = %s and (%s::int is null or version < %s) order by version desc limit %s",
        (number, before, before, limit),
    )
    return [_version(row) for row in rows]


def these(conn: Connection, wanted: Sequence[tuple[int, int]]) -> list[TemplateVersion]:
    """By template and version, in one statement."""
    rows = conn.execute(
        f"{_VERSION} where (template_id, version) in (select * from unnest(%s::bigint[], %s::int[]))",
        ([template for template, _ in wanted], [version for _, version in wanted]),
    )
    return [_version(row) for row in rows]


def _json(source: TemplateSource) -> Jsonb:
    return Jsonb(msgspec.to_builtins(source))


def _template(row: tuple[Any, ...]) -> Template:
    number, site, name, message_class, purpose, draft, *rest = row
    kind: MessageClass = CLASSES[message_class]  # pyright: ignore[reportAssignmentType] - nobody writes one of class test
    return Template(number, site, name, kind, purpose, msgspec.convert(draft, TemplateSource), *rest)


def _version(row: tuple[Any, ...]) -> TemplateVersion:
    number, version, body, *rest = row
    return TemplateVersion(number, version, msgspec.convert(body, TemplateSource), *rest)
