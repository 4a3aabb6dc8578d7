"""Which SQL stands where, and what it may say."""

import pytest

from architecture.checks import DOMAINS, ROOT, SOURCE, audit_changed, clock_or_chance, downhill, foreign_schemas, sql

DOMAIN_FILES = sorted((SOURCE / "domains").glob("*/**/*.py"))
ALL_FILES = sorted(SOURCE.rglob("*.py"))


def layer(file):
    """ "store", "service", ... of a file of a domain, whether the layer is a file or a folder."""
    return file.relative_to(SOURCE / "domains").parts[1].removesuffix(".py")


def domain(file):
    return file.relative_to(SOURCE / "domains").parts[0]


def told(file, found):
    return [f"{file.relative_to(ROOT)}:{line}: {text}" for line, text in found]


class TestChecks:
    """Each check sees the fault it is there for."""

    @pytest.mark.parametrize(
        "source",
        [
            'X = "select 1 from identity.node"',
            'X = "select 1 from access.source s join identity.node n on true"',
            'X = f"update identity.node set pid = {y}"',
            'X = """\n    insert into IDENTITY.node values (1)"""',
            'c.execute("delete from access.source"\n " using identity.node")',
        ],
    )
    def test_a_foreign_table(self, source):
        assert foreign_schemas(source, "access")

    @pytest.mark.parametrize(
        "source",
        [
            '"""Reads identity.node."""',
            'X = "select identity from access.source"',
            'X = "see identity.node"',
            'X = "select a.identity.x from access.source a"',
        ],
    )
    def test_no_foreign_table(self, source):
        assert not foreign_schemas(source, "access")

    @pytest.mark.parametrize(
        "text",
        [
            "select now()",
            "insert into a.b values (NOW ())",
            "select current_timestamp",
            "update a.b set c = random()",
            "create table a.b (at timestamptz default clock_timestamp())",
            "select gen_random_uuid()",
            "select 'now'::timestamptz",
            "where at < current_date",
        ],
    )
    def test_clock_or_chance(self, text):
        assert clock_or_chance(f"X = {text!r}")

    @pytest.mark.parametrize("text", ["select %(now)s", "select known_now from a.b", "select pg_current_xact_id()"])
    def test_no_clock_or_chance(self, text):
        assert not clock_or_chance(f"X = {text!r}")

    @pytest.mark.parametrize(
        "text", ["update access.audit set at = %s", "DELETE FROM access.audit", "truncate access.audit"]
    )
    def test_a_changed_audit(self, text):
        assert audit_changed(f"X = {text!r}")

    def test_downhill(self):
        assert downhill("access", "profiles")
        assert not downhill("profiles", "access")
        assert not downhill("access", "access")


class TestSql:
    def test_there_is_some(self):
        assert sum(len(sql(file.read_text())) for file in DOMAIN_FILES) > 100

    def test_stands_in_stores_only(self):
        found = [line for file in DOMAIN_FILES if layer(file) != "store" for line in told(file, sql(file.read_text()))]
        assert found == []

    def test_names_its_own_schema_only(self):
        found = [line for file in DOMAIN_FILES for line in told(file, foreign_schemas(file.read_text(), domain(file)))]
        assert found == []

    def test_never_asks_for_the_time_or_for_chance(self):
        found = [line for file in ALL_FILES for line in told(file, clock_or_chance(file.read_text()))]
        assert found == []

    def test_never_changes_the_audit_log(self):
        found = [line for file in ALL_FILES for line in told(file, audit_changed(file.read_text()))]
        assert found == []


class TestSchema:
    """The same, asked of the migrated database."""

    def test_a_schema_for_each_domain_and_no_other(self, database):
        with database.transaction() as conn:
            rows = conn.execute(
                "select nspname from pg_namespace"
                " where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')"
            ).fetchall()
        assert {row[0] for row in rows} == set(DOMAINS)

    def test_foreign_keys_point_upstream(self, database):
        with database.transaction() as conn:
            keys = conn.execute(
                "select conname, conrelid::regclass::text, confrelid::regclass::text"
                " from pg_constraint where contype = 'f' and conparentid = 0"
            ).fetchall()
        assert keys
        assert [key for key in keys if downhill(key[1].split(".")[0], key[2].split(".")[0])] == []

    def test_defaults_take_neither_the_time_nor_chance(self, database):
        with database.transaction() as conn:
            defaults = conn.execute("select pg_get_expr(adbin, adrelid) from pg_attrdef").fetchall()
        assert defaults
        assert [text for (text,) in defaults if clock_or_chance(f"X = {f'select {text}'!r}")] == []

    def test_functions_and_views_stay_in_their_schema(self, database):
        with database.transaction() as conn:
            bodies = conn.execute(
                "select n.nspname, p.proname, coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '')"
                " from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any(%(schemas)s)"
                " union all select schemaname, viewname, definition from pg_views where schemaname = any(%(schemas)s)",
                {"schemas": list(DOMAINS)},
            ).fetchall()
        found = [
            (schema, name, text)
            for schema, name, body in bodies
            for _, text in foreign_schemas(f"X = {f'select {body}'!r}", schema)
            + clock_or_chance(f"X = {f'select {body}'!r}")
        ]
        assert found == []
