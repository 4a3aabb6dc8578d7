"""A dump of one installation becomes another, by the command line and by PostgreSQL's own programs."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from onevoice import bootstrap
from onevoice.domains.profiles.jobs import link
from onevoice.kit import db, dumps
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.dumps import ClientError
from onevoice.kit.home import Home, Secrets
from onevoice.kit.postgres import Cluster, reachable
from support import forget_cluster, onevoice, run_onevoice, serving
from waiting import until

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def event(name: str) -> dict[str, object]:
    return {"type": "track", "event": "Product Viewed", "userId": f"u-{name}", "messageId": name}


def append(home: bootstrap.Installation, *names: str) -> None:
    source = bootstrap.ensure_sources(home, [("till", "shop", "main")])["till"]
    for name in names:
        bootstrap.append_events(home, [(source, [event(name)], NOON, NOON)])


def stored(url: str) -> Counter[str]:
    with psycopg.connect(url) as conn:
        return Counter(row[0] for row in conn.execute("select message_id from identity.event"))


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Path]:
    """A folder for homes, whose databases are removed with it."""
    yield tmp_path
    for home in tmp_path.iterdir():
        if home.is_dir():
            forget_cluster(Home(home))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation that has counted nine billion transactions: some events linked, some not. And its dump."""
    folder = tmp_path_factory.mktemp("old")
    home = Home(folder / "home")
    cluster = Cluster(home)
    cluster.prepare()
    cluster._run("pg_resetwal", "--epoch=2", str(cluster.data))
    with reachable(home, None) as url, ExitStack() as stack:
        bootstrap.upgrade(url)
        installed = bootstrap.installation(url, home.secrets(SystemChance()), name="old")
        stack.callback(installed.database.close)
        append(installed, "read-1", "read-2")
        with bootstrap.linking_steps(installed) as step:
            assert step() == 2
        append(installed, "unread-1", "unread-2")
        run_onevoice("db", "dump", "--home", str(home.path), str(folder / "old.dump"))
    yield folder
    forget_cluster(home)


class TestCommands:
    def test_what_was_dumped_is_served_and_goes_on(self, old: Path, homes: Path) -> None:
        new = homes / "new"
        said = run_onevoice("db", "load", "--home", str(new), str(old / "old.dump"))
        assert "4 requests are this cluster's now, 2 of them still to be linked" in said
        shutil.copy(old / "home" / "secrets.json", new)
        with serving(new) as server:
            server.send(event("new"))
            expected = ("read-1", "read-2", "unread-1", "unread-2", "new")
            assert stored(Cluster(Home(new)).url) == Counter(expected)
            assert [server.get(f"/api/profiles/user_id:u-{name}").status_code for name in expected] == [200] * 5

    def test_a_dump_loaded_by_other_means_is_told_by_the_doctor_and_healed_by_the_upgrade(
        self, old: Path, homes: Path
    ) -> None:
        at_home = ("--home", str(homes / "new"))
        with reachable(Home(homes / "new"), None) as url:
            dumps.load(url, old / "old.dump")
            ill = onevoice("doctor", *at_home)
            assert ill.returncode == 1
            assert "FAIL  the log was loaded from a dump" in ill.stdout
            healed = onevoice("db", "upgrade", *at_home)
            assert "2 of them still to be linked" in healed.stdout
            assert '"event": "log_adopted"' in healed.stderr
            assert "ok    the log and its positions are this cluster's" in onevoice("doctor", *at_home).stdout
            assert "loaded from a dump" not in run_onevoice("db", "upgrade", *at_home)

    def test_whoever_opens_it_first_heals_it(self, old: Path, homes: Path) -> None:
        at_home = ("--home", str(homes / "new"))
        with reachable(Home(homes / "new"), None) as url:
            dumps.load(url, old / "old.dump")
            shutil.copy(old / "home" / "secrets.json", homes / "new")
            key = run_onevoice("keys", "create", "secret", "--name", "first", *at_home)
            assert len(key.split()) == 1, "the key alone stands on standard output"
            assert "loaded from a dump" not in run_onevoice("db", "upgrade", *at_home)

    def test_without_its_secrets_it_is_served_to_nobody(self, old: Path, homes: Path) -> None:
        at_home = ("--home", str(homes / "new"))
        run_onevoice("db", "load", *at_home, str(old / "old.dump"))
        assert "Put the secrets.json back" in onevoice("keys", "create", "secret", "--name", "first", *at_home).stderr
        assert "FAIL  secrets.json holds the keys" in onevoice("doctor", *at_home).stdout
        shutil.copy(old / "home" / "secrets.json", homes / "new")
        assert "ok    secrets.json holds the keys" in onevoice("doctor", *at_home).stdout

    def test_only_the_owner_may_read_a_dump(self, old: Path) -> None:
        assert (old / "old.dump").stat().st_mode & 0o777 == 0o600

    def test_a_file_that_exists_is_not_overwritten(self, old: Path) -> None:
        before = (old / "old.dump").read_bytes()
        done = onevoice("db", "dump", "--home", str(old / "home"), str(old / "old.dump"))
        assert done.returncode == 1
        assert "does not exist yet" in done.stderr
        assert (old / "old.dump").read_bytes() == before

    def test_a_home_without_an_installation_is_not_dumped(self, homes: Path) -> None:
        done = onevoice("db", "dump", "--home", str(homes / "mistyped"), str(homes / "file.dump"))
        assert done.returncode == 1
        assert "--home" in done.stderr
        assert not (homes / "file.dump").exists()

    def test_nothing_is_loaded_over_an_installation(self, old: Path) -> None:
        done = onevoice("db", "load", "--home", str(old / "home"), str(old / "old.dump"))
        assert done.returncode == 1
        assert "Load into an empty one" in done.stderr


class TestDumps:
    def test_half_a_dump_loads_nothing(self, old: Path, homes: Path, database_url: str) -> None:
        whole = (old / "old.dump").read_bytes()
        (homes / "half.dump").write_bytes(whole[: len(whole) - 2_000])
        with reachable(Home(homes / "new"), None) as url:
            with pytest.raises(ClientError, match="pg_restore"):
                dumps.load(url, homes / "half.dump")
            with psycopg.connect(url) as conn:
                assert conn.execute("select count(*) from pg_namespace where nspname = 'events'").fetchone() == (0,)

    def test_a_database_that_refuses_is_told(self, old: Path, database_url: str) -> None:
        with pytest.raises(ClientError, match="already exists"):
            dumps.load(database_url, old / "old.dump")

    def test_a_dump_that_fails_leaves_no_file(self, homes: Path, database_url: str) -> None:
        with pytest.raises(ClientError, match="nowhere"):
            dumps.dump(database_url.replace("/t", "/nowhere"), homes / "file.dump")
        assert list(homes.iterdir()) == []


class TestLinker:
    def test_a_log_that_is_exchanged_beneath_it_is_adopted_before_it_links_on(self, database: Database) -> None:
        """As by a restore while the worker runs: its connection may never notice."""
        secrets = Secrets(b"v" * 32, b"s" * 32, b"l" * 32)
        installed = bootstrap.Installation(database, secrets, SystemClock(), SystemChance())
        stop, appended = threading.Event(), threading.Event()

        def connect() -> psycopg.Connection:
            return db.dedicated(database.url, name="test-linker")

        job = link.LinkingJob(installed.secrets.vault_key, installed.clock, connect)
        thread = threading.Thread(
            target=link.run, args=(connect, job, installed.clock, stop, lambda seconds: appended.wait(0.05))
        )
        append(installed, "before")
        thread.start()
        try:
            until(lambda: stored(database.url) == Counter(["before"]))
            with database.transaction() as conn:
                conn.execute("update events.cluster set relation = 1")
                conn.execute("update events.position set xid = '99999999999'")
            append(installed, "after")
            until(lambda: stored(database.url) == Counter(["before", "after"]))
        finally:
            stop.set()
            thread.join(20)
