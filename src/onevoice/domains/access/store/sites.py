"""SQL of sites."""

from typing import Any, LiteralString

from psycopg import Connection

from onevoice.domains.access.contracts import Site, SiteDetails

_SITE: LiteralString = (
    "select name, created_at, (select count(*) from access.source s where s.site = t.name),"
    " title, country, language, currency, time_zone, domains, legal_name from access.site t"
)


def page(conn: Connection, *, after: str, limit: int) -> list[Site]:
    """By name."""
    rows = conn.execute(f"{_SITE} where name > %s order by name limit %s", (after, limit))
    return [_site(row) for row in rows]


def site(conn: Connection, name: str) -> Site | None:
    row = conn.execute(f"{_SITE} where name = %s", (name,)).fetchone()
    return _site(row) if row else None


def lock(conn: Connection, name: str) -> None:
    """Nobody else changes it, and no source is made in it, before the transaction ends."""
    conn.execute("select from access.site where name = %s for update", (name,))


def hold(conn: Connection, name: str) -> bool:
    """Whether it is there; nobody removes it before the transaction ends."""
    return conn.execute("select from access.site where name = %s for key share", (name,)).rowcount > 0


def insert(conn: Connection, site: Site) -> bool:
    """False where the name is taken."""
    return (
        conn.execute(
            "insert into access.site (name, created_at, title, country, language, currency, time_zone, domains,"
            " legal_name) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (site.name, site.created_at, *_values(site.details)),
        ).rowcount
        > 0
    )


def update(conn: Connection, name: str, details: SiteDetails) -> None:
    conn.execute(
        "update access.site set title = %s, country = %s, language = %s, currency = %s, time_zone = %s, domains = %s,"
        " legal_name = %s where name = %s",
        (*_values(details), name),
    )


def delete(conn: Connection, name: str) -> None:
    conn.execute("delete from access.site where name = %s", (name,))


def _values(details: SiteDetails) -> tuple[object, ...]:
    return (
        details.title,
        details.country,
        details.language,
        details.currency,
        details.time_zone,
        list(details.domains),
        details.legal_name,
    )


def _site(row: tuple[Any, ...]) -> Site:
    name, created_at, sources, title, country, language, currency, time_zone, domains, legal_name = row
    details = SiteDetails(title, country, language, currency, time_zone, tuple(domains), legal_name)
    return Site(name, details, created_at, sources)
