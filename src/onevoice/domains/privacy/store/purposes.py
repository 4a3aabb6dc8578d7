"""SQL of purposes and of the texts that people agree to."""

from datetime import datetime

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.privacy.contracts import Purpose, Text

_COLUMNS = "name, class, titles, descriptions, double_opt_in, position, retired_at"


def purposes(conn: Connection) -> list[Purpose]:
    """In the order in which people see them."""
    return [Purpose(*row) for row in conn.execute(f"select {_COLUMNS} from privacy.purpose order by position, name")]


def texts(conn: Connection) -> list[Text]:
    """The text of each purpose and language that is shown now."""
    return [
        Text(*row)
        for row in conn.execute(
            "select distinct on (purpose, language) id, purpose, language, version, body, made_at, made_by"
            " from privacy.text order by purpose, language, version desc"
        )
    ]


def versions(conn: Connection, purpose: str, *, before: int | None, limit: int) -> list[Text]:
    """All texts of a purpose, the newest first."""
    rows = conn.execute(
        "select id, purpose, language, version, body, made_at, made_by from privacy.text"
        " where purpose = %s and (%s::bigint is null or id < %s) order by id desc limit %s",
        (purpose, before, before, limit),
    )
    return [Text(*row) for row in rows]


def text(conn: Connection, text_id: int) -> Text | None:
    row = conn.execute(
        "select id, purpose, language, version, body, made_at, made_by from privacy.text where id = %s", (text_id,)
    ).fetchone()
    return Text(*row) if row else None


def lock(conn: Connection) -> None:
    """One after the other, whoever changes purposes."""
    conn.execute("lock table privacy.purpose in share row exclusive mode")


def put(conn: Connection, purpose: Purpose) -> None:
    conn.execute(
        f"insert into privacy.purpose ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s)"
        " on conflict (name) do update set titles = excluded.titles, descriptions = excluded.descriptions,"
        " double_opt_in = excluded.double_opt_in, position = excluded.position, retired_at = excluded.retired_at",
        (
            purpose.name,
            purpose.message_class,
            Jsonb(dict(purpose.titles)),
            Jsonb(dict(purpose.descriptions)),
            purpose.double_opt_in,
            purpose.position,
            purpose.retired_at,
        ),
    )


def add_text(conn: Connection, purpose: str, language: str, body: str, at: datetime, by: str) -> None:
    """The next version."""
    conn.execute(
        "insert into privacy.text (purpose, language, version, body, made_at, made_by)"
        " select %(purpose)s, %(language)s, coalesce(max(version), 0) + 1, %(body)s, %(at)s, %(by)s"
        " from privacy.text where purpose = %(purpose)s and language = %(language)s",
        {"purpose": purpose, "language": language, "body": body, "at": at, "by": by},
    )
