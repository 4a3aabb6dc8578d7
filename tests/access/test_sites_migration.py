"""From the release before sites were things of their own: every name goes on meaning the country it meant."""

import psycopg
import pytest

from onevoice.kit import db
from onevoice.kit.postgres import Cluster
from support import fresh_database

NAMES = {
    "pl": "PL",
    "PL": "PL",
    "en": "GB",
    "uk": "GB",
    "de": "DE",
    "main": None,
    "pl-shop": None,
    "xx": None,
    "ЖЖ": None,
}


@pytest.fixture
def before(cluster: Cluster):
    """A database as it was, with a source in each of several sites."""
    with fresh_database(cluster, "before_sites") as url:
        with psycopg.connect(url) as conn:
            conn.execute("drop schema conversations cascade")
            conn.execute("drop schema delivery cascade")
            conn.execute("drop schema privacy cascade")
            conn.execute("delete from identity.kind where name = 'chat'")
            conn.execute("alter table access.source drop constraint source_site, alter column site set default 'main'")
            conn.execute("drop index access.source_site")
            conn.execute("drop table access.site")
            conn.execute("update public.alembic_version set version_num = '0015_limits'")
            for number, name in enumerate([*NAMES, "main"]):
                conn.execute(
                    "insert into access.source (name, channel, site, created_at) values (%s, 'shop', %s, %s)",
                    (f"till {number}", name, f"2026-05-{number + 1:02}T12:00:00Z"),
                )
        yield url


class TestUpgrade:
    def test_makes_a_site_of_each_name_with_the_country_it_meant(self, before: str) -> None:
        db.upgrade(before)
        with psycopg.connect(before) as conn:
            rows = conn.execute("select name, title, country, created_at::date::text from access.site").fetchall()
        assert {name: country for name, _, country, _ in rows} == NAMES
        assert all(title == name for name, title, _, _ in rows)
        assert next(day for name, _, _, day in rows if name == "main") == "2026-05-06"

    def test_no_source_can_be_without_one(self, before: str) -> None:
        db.upgrade(before)
        with psycopg.connect(before) as conn, pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute("update access.source set site = 'gone'")
