"""A log that came by pg_dump from another cluster: what was read stays read, the rest is read once, in its order."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from events_factory import NOON, frame, read_all, read_some, track

from onevoice.domains.events.contracts import Adoption
from onevoice.domains.events.errors import ForeignLogError
from onevoice.domains.events.service import log as service
from onevoice.domains.events.store import log as store
from onevoice.kit import dumps
from onevoice.kit.db import Database, upgrade
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from support import forget_cluster
from waiting import until

SLOW = "slow"
READ, UNREAD = ["1", "2", "4", "3"], ["6", "5", "7", "8"]
"""Where numbers are out of order, the transaction that began first ended last."""

_numbers = itertools.count()


def url_of(cluster: Cluster, name: str) -> str:
    return cluster.url.replace("/onevoice?", f"/{name}?")


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Cluster]]:
    """A fresh one, and one that has counted nine billion transactions."""
    made: dict[str, Cluster] = {}
    with ExitStack() as stack:
        for name in ("fresh", "ahead"):
            home = Home(tmp_path_factory.mktemp(name) / "home")
            stack.callback(forget_cluster, home)
            made[name] = cluster = Cluster(home)
            assert stack.enter_context(cluster.lock())
            cluster.prepare()
            if name == "ahead":
                cluster._run("pg_resetwal", "--epoch=2", str(cluster.data))
            cluster.start()
            stack.callback(cluster.stop)
            upgrade(cluster.url)
        yield made


class Ground:
    """Two clusters: databases are made in one and loaded into the other."""

    def __init__(self, source: Cluster, target: Cluster, folder: Path) -> None:
        self.source, self.target = source, target
        self._folder = folder
        self._stack = ExitStack()

    def close(self) -> None:
        self._stack.close()

    def _create(self, cluster: Cluster, template: str) -> str:
        name = f"r{next(_numbers)}"
        with psycopg.connect(url_of(cluster, "postgres"), autocommit=True) as conn:
            conn.execute(f"create database {name} template {template}")
        self._stack.callback(self._drop, cluster, name)
        return url_of(cluster, name)

    @staticmethod
    def _drop(cluster: Cluster, name: str) -> None:
        with psycopg.connect(url_of(cluster, "postgres"), autocommit=True) as conn:
            conn.execute(f"drop database {name} with (force)")

    def _open(self, url: str) -> Database:
        database = Database(url, max_size=8)
        database.open()
        self._stack.callback(database.close)
        return database

    def made(self) -> Database:
        return self._open(self._create(self.source, "onevoice"))

    def loaded(self, database: Database, *, into: Cluster | None = None) -> Database:
        file = self._folder / f"{next(_numbers)}.dump"
        dumps.dump(database.url, file)
        url = self._create(into or self.target, "template0")
        dumps.load(url, file)
        return self._open(url)


@pytest.fixture(params=["ahead to fresh", "fresh to ahead", pytest.param("fresh to fresh", marks=pytest.mark.long)])
def ground(clusters: dict[str, Cluster], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Whichever of the two counts further."""
    source, _, target = request.param.partition(" to ")
    ground = Ground(clusters[source], clusters[target], tmp_path)
    yield ground
    ground.close()


@pytest.fixture
def backwards(clusters: dict[str, Cluster], tmp_path: Path) -> Iterator[Ground]:
    """From the cluster that is ahead into the fresh one."""
    ground = Ground(clusters["ahead"], clusters["fresh"], tmp_path)
    yield ground
    ground.close()


def append(database: Database, *names: str) -> None:
    for name in names:
        with database.transaction() as conn:
            service.append(conn, [frame(track(name))])


@contextmanager
def appended_late(database: Database, name: str) -> Iterator[None]:
    """Its transaction begins before the block and ends after it."""
    with psycopg.connect(database.url) as conn:
        conn.execute("select pg_current_xact_id()")
        yield
        service.append(conn, [frame(track(name))])


def fill(database: Database) -> None:
    """One reader has had half of it, the slow one a single frame."""
    append(database, "1", "2")
    with appended_late(database, "4"):
        append(database, "3")
    assert read_some(database, 1, reader=SLOW) == ["1"]
    assert read_all(database) == READ
    with appended_late(database, "6"):
        append(database, "5")
    append(database, "7", "8")


def adopt(database: Database) -> Adoption | None:
    with database.transaction() as conn:
        return service.adopt(conn)


def state(database: Database) -> list[tuple[object, ...]]:
    with database.transaction() as conn:
        return conn.execute(
            "select 'frame', xid::text, pos, md5(body) from events.log"
            " union all select consumer, xid::text, pos, '' from events.position"
            " union all select 'cluster', stamp::text, relation::bigint, '' from events.cluster order by 1, 2, 3"
        ).fetchall()


class TestAdopt:
    def test_what_was_read_stays_read_and_the_rest_comes_once_in_its_order(self, ground: Ground) -> None:
        source = ground.made()
        fill(source)
        target = ground.loaded(source)
        assert adopt(target) == Adoption(frames=8, unread=7)
        append(target, "new")
        assert read_some(target, 1) == UNREAD[:1]
        assert read_all(target) == [*UNREAD[1:], "new"]
        assert read_all(target, reader=SLOW) == [*READ[1:], *UNREAD, "new"]
        assert read_all(source) == UNREAD, "the test itself has another order in mind"

    def test_what_was_appended_before_it_comes_after_what_was_loaded(self, ground: Ground) -> None:
        """An API may have been there at once."""
        source = ground.made()
        fill(source)
        target = ground.loaded(source)
        append(target, "early")
        with target.transaction() as conn, conn.transaction():  # a savepoint writes under a number of its own
            service.append(conn, [frame(track("nested"))])
        with appended_late(target, "open"):
            assert adopt(target) == Adoption(frames=8, unread=7)
            append(target, "late")
        assert read_all(target) == [*UNREAD, "early", "nested", "open", "late"]
        assert read_all(target, reader=SLOW) == [*READ[1:], *UNREAD, "early", "nested", "open", "late"]

    def test_a_log_that_nobody_has_read_is_read_from_its_start(self, ground: Ground) -> None:
        source = ground.made()
        append(source, "a", "b")
        target = ground.loaded(source)
        append(target, "c")
        assert adopt(target) == Adoption(frames=2, unread=2)
        assert read_all(target) == ["a", "b", "c"]

    def test_a_log_that_all_have_read_is_not_read_again(self, ground: Ground) -> None:
        source = ground.made()
        append(source, "a", "b")
        assert read_all(source) == ["a", "b"]
        target = ground.loaded(source)
        assert adopt(target) == Adoption(frames=2, unread=0)
        assert read_all(target) == []
        append(target, "c")
        assert read_all(target) == ["c"]

    def test_partitions_change_nothing_of_the_order(self, ground: Ground) -> None:
        source = ground.made()
        with source.transaction() as conn:
            service.housekeep(conn, NOON)
        fill(source)
        target = ground.loaded(source)
        assert adopt(target) == Adoption(frames=8, unread=7)
        assert read_all(target) == UNREAD

    def test_it_may_move_on_and_back(self, ground: Ground) -> None:
        source = ground.made()
        fill(source)
        there = ground.loaded(source)
        adopt(there)
        assert read_some(there, 1) == UNREAD[:1]
        append(there, "there")
        back = ground.loaded(there, into=ground.source)
        assert adopt(back) == Adoption(frames=9, unread=8)
        append(back, "back")
        assert read_all(back) == [*UNREAD[1:], "there", "back"]
        assert read_all(back, reader=SLOW) == [*READ[1:], *UNREAD, "there", "back"]

    def test_it_is_done_once(self, ground: Ground) -> None:
        source = ground.made()
        fill(source)
        target = ground.loaded(source)
        assert adopt(target)
        before = state(target)
        assert adopt(target) is None
        assert state(target) == before

    def test_a_log_of_this_cluster_is_left_alone(self, ground: Ground) -> None:
        source = ground.made()
        fill(source)
        before = state(source)
        assert adopt(source) is None
        assert state(source) == before

    @pytest.mark.parametrize("left", ["frames", "positions"])
    def test_numbers_that_are_ahead_are_enough(self, backwards: Ground, left: str) -> None:
        """As where the table that tells of the cluster came with a later version than the dump."""
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        with target.transaction() as conn:
            conn.execute(f"delete from events.{'position' if left == 'frames' else 'log'}")
            store.stamp_cluster(conn)
        assert adopt(target) == (Adoption(8, 8) if left == "frames" else Adoption(0, 0))
        append(target, "new")
        assert read_all(target) == ([*READ, *UNREAD, "new"] if left == "frames" else ["new"])

    @pytest.mark.parametrize("agrees", ["stamp", "relation"])
    def test_one_sign_may_agree_by_accident(self, ground: Ground, agrees: str) -> None:
        target = ground.loaded(ground.made())
        with target.transaction() as conn:
            if agrees == "relation":
                conn.execute("update events.cluster set relation = tableoid")
            else:
                store.stamp_cluster(conn)
                conn.execute("update events.cluster set relation = 1")
        assert adopt(target) is not None

    def test_an_empty_table_of_the_cluster_is_filled(self, backwards: Ground) -> None:
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        with target.transaction() as conn:
            conn.execute("delete from events.cluster")
        assert adopt(target) == Adoption(frames=8, unread=7)
        assert read_all(target) == UNREAD


class TestSafety:
    def test_cut_off_before_its_commit_it_has_changed_nothing(self, backwards: Ground) -> None:
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        before = state(target)
        with psycopg.connect(target.url) as conn:
            assert service.adopt(conn)
            with target.transaction() as other:
                other.execute("select pg_terminate_backend(%s)", (conn.info.backend_pid,))
            with pytest.raises(psycopg.OperationalError):
                conn.execute("select 1")
        assert state(target) == before
        assert adopt(target) == Adoption(frames=8, unread=7)
        assert read_all(target) == UNREAD

    def test_of_two_at_once_one_does_it(self, backwards: Ground) -> None:
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        found: list[Adoption | None] = []
        with psycopg.connect(target.url) as first:
            done = service.adopt(first)
            waiter = started(lambda: found.append(adopt(target)))
            until(lambda: is_waiting(target))
            first.commit()
        waiter.join(10)
        assert done == Adoption(frames=8, unread=7)
        assert found == [None]
        assert read_all(target) == UNREAD

    def test_nobody_reads_a_log_of_another_cluster(self, ground: Ground) -> None:
        source = ground.made()
        fill(source)
        target = ground.loaded(source)
        with pytest.raises(ForeignLogError, match="onevoice db upgrade"):
            read_some(target, 1)
        adopt(target)
        assert read_all(target) == UNREAD

    def test_whoever_reads_meanwhile_waits_and_finds_the_new_positions(self, backwards: Ground) -> None:
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        found: list[str] = []
        with psycopg.connect(target.url) as conn:
            assert service.adopt(conn)
            reader = started(lambda: found.extend(read_all(target)))
            until(lambda: is_waiting(target))
            conn.commit()
        reader.join(10)
        assert found == UNREAD

    def test_it_waits_for_whoever_is_reading(self, backwards: Ground) -> None:
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        with target.transaction() as conn:
            store.stamp_cluster(conn)
        found: list[Adoption | None] = []
        with target.transaction() as conn:
            batch = service.read(conn, SLOW, 1)
            adopter = started(lambda: found.append(adopt(target)))
            until(lambda: is_waiting(target))
            service.advance(conn, SLOW, batch.end, NOON)
        adopter.join(10)
        assert found == [Adoption(frames=8, unread=7)]

    def test_whoever_appends_does_not_wait(self, backwards: Ground) -> None:
        source = backwards.made()
        fill(source)
        target = backwards.loaded(source)
        with psycopg.connect(target.url) as conn:
            assert service.adopt(conn)
            append(target, "meanwhile")
            conn.commit()
        assert read_all(target) == [*UNREAD, "meanwhile"]


class TestIsForeign:
    def test_until_it_is_adopted(self, ground: Ground) -> None:
        source = ground.made()
        fill(source)
        target = ground.loaded(source)
        for database, expected in ((source, False), (target, True)):
            with database.transaction() as conn:
                assert service.is_foreign(conn) is expected
        adopt(target)
        with target.transaction() as conn:
            assert not service.is_foreign(conn)

    def test_no_more_once_its_rows_are_written_anew_by_the_database(self, database: Database) -> None:
        with psycopg.connect(database.url, autocommit=True) as conn:
            conn.execute("vacuum (full, freeze) events.cluster")
            assert not service.is_foreign(conn)


def started(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def is_waiting(database: Database) -> bool:
    """Whether somebody in this database waits for another's lock."""
    with database.transaction() as conn:
        row = conn.execute(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        ).fetchone()
    return bool(row and row[0])
