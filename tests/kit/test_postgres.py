import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from onevoice.kit import db
from onevoice.kit.chance import SeededChance
from onevoice.kit.db import Database, DatabaseUnreachableError, SchemaError
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster, ClusterError, reachable
from support import forget_cluster


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "h")
    yield home
    forget_cluster(home)


class TestCluster:
    def test_durability_is_on(self, own_home) -> None:
        with reachable(own_home, None) as url, psycopg.connect(url) as conn:
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
                assert conn.execute(f"show {name}").fetchone() == ("on",)

    def test_case_of_cyrillic_and_polish_letters_folds_without_icu(self, database: Database) -> None:
        with database.transaction() as conn:
            assert conn.execute("select lower('ИВАН ŁUKASZ')").fetchone() == ("иван łukasz",)

    def test_data_of_another_major_version_is_refused_and_untouched(self, own_home) -> None:
        cluster = Cluster(own_home)
        cluster.prepare()
        (cluster.data / "PG_VERSION").write_text("15\n")
        with pytest.raises(ClusterError, match="holds data of PostgreSQL 15"):
            cluster.prepare()
        assert (cluster.data / "global").exists()

    def test_a_killed_server_starts_again_with_what_it_had_committed(self, own_home) -> None:
        cluster = Cluster(own_home)
        cluster.prepare()
        cluster.start()
        with psycopg.connect(cluster.url) as conn:
            conn.execute("create table t as select 7 as x")
        assert cluster.process
        # setpriv replaces itself by postgres, so this is the postmaster itself
        os.kill(cluster.process.pid, signal.SIGKILL)
        cluster.process.wait()
        cluster.start()
        with psycopg.connect(cluster.url) as conn:
            assert conn.execute("select x from t").fetchone() == (7,)
        cluster.stop()

    def test_one_that_is_killed_as_it_begins_to_answer_is_started_again(self, own_home, monkeypatch) -> None:
        cluster = Cluster(own_home)
        cluster.prepare()
        answers, kills = cluster.answers, iter([True])

        def answers_once_more() -> bool:
            if not answers():
                return False
            if next(kills, False):
                assert cluster.process
                os.kill(cluster.process.pid, signal.SIGKILL)
                cluster.process.wait()
            return True

        monkeypatch.setattr(cluster, "answers", answers_once_more)
        cluster.start()
        psycopg.connect(cluster.url).close()
        cluster.stop()

    def test_a_second_user_of_the_home_shares_the_running_server(self, own_home) -> None:
        home = own_home
        with reachable(home, None) as first, reachable(home, None) as second:
            assert first == second
            psycopg.connect(second).close()
        time.sleep(0)
        assert not Cluster(home).answers()

    def test_a_home_that_was_deleted_leaves_nothing_to_the_next_in_its_place(self, tmp_path) -> None:
        """Its keys went with it: a new home that took the database over would find nobody in it."""
        home = Home(tmp_path / "home")
        first = Cluster(home)
        first.prepare()
        mark = first.data / "mark"
        mark.write_text("")
        assert Cluster(home).folder == first.folder
        shutil.rmtree(home.path)
        second = Cluster(home)
        second.prepare()
        try:
            assert not (second.data / "mark").exists()
            assert Cluster(home).folder == second.folder
            if os.geteuid() == 0:  # else the database lay in the home
                assert second.left_behind == first.folder
                assert mark.exists()
                assert Cluster(home).left_behind is None
        finally:
            for cluster in (first, second):
                shutil.rmtree(cluster.folder, ignore_errors=True)

    def test_the_socket_path_stays_within_the_limit(self, tmp_path) -> None:
        assert len(str(Cluster(Home(tmp_path / ("x" * 120))).sockets)) < 94


class TestDatabase:
    def test_a_wrong_url_says_what_to_do(self) -> None:
        with pytest.raises(DatabaseUnreachableError, match="Check ONEVOICE_DATABASE_URL"):
            Database("postgresql://nobody@127.0.0.1:1/none").open(timeout_seconds=2)

    def test_an_older_and_a_newer_schema_are_told_apart(self, database: Database) -> None:
        with database.transaction() as conn:
            db.require_current(conn)
            conn.execute("update public.alembic_version set version_num = '9999_later'")
            with pytest.raises(SchemaError, match="newer than this version"):
                db.require_current(conn)
            conn.execute("update public.alembic_version set version_num = '0001_access'")
            with pytest.raises(SchemaError, match="onevoice db upgrade"):
                db.require_current(conn)
            conn.rollback()


class TestSecrets:
    def test_they_are_made_once_and_only_the_owner_may_read(self, tmp_path) -> None:
        home = Home(tmp_path / "h")
        first = home.secrets(SeededChance(1))
        assert home.secrets(SeededChance(2)) == first
        assert (home.path / "secrets.json").stat().st_mode & 0o777 == 0o600
