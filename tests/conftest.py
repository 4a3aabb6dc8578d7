"""One real PostgreSQL for a test process; each test that asks for `database` gets a fresh, migrated copy."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from onevoice.kit.db import Database, upgrade
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from support import LiveServer, serving

_numbers = itertools.count()


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="ov-test-"))
    yield Home(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(home: Home) -> Iterator[Cluster]:
    cluster = Cluster(home)
    # Making a database waits for the disk alone: 0.3 s without this, 0.03 s with it. What must outlive a crash is
    # tested with servers of their own, as they are started for users.
    cluster.settings["fsync"] = "off"
    with cluster.lock() as mine:
        assert mine
        cluster.prepare()
        cluster.start()
        upgrade(cluster.url)
        with psycopg.connect(cluster.url.replace("/onevoice?", "/postgres?"), autocommit=True) as conn:
            conn.execute("alter database onevoice with is_template true")
        yield cluster
        cluster.stop()
        shutil.rmtree(cluster.folder)


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    name = f"t{os.getpid()}_{next(_numbers)}"
    maintenance = cluster.url.replace("/onevoice?", "/postgres?")
    with psycopg.connect(maintenance, autocommit=True) as conn:
        conn.execute(f"create database {name} template onevoice strategy wal_log")
    yield cluster.url.replace("/onevoice?", f"/{name}?")
    with psycopg.connect(maintenance, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, max_size=16)
    database.open()
    yield database
    database.close()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("live") / "home") as server:
        yield server
