"""One real PostgreSQL for a test process; each test that asks for `database` gets a fresh, migrated copy."""

import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fastapi._compat.v2 as fastapi_fields
import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from onevoice.domains.access import rules as access_rules
from onevoice.kit.db import Database, upgrade
from onevoice.kit.home import Home
from onevoice.kit.postgres import OWN_USER, Cluster
from support import LiveServer, fresh_database, serving, told_by

# How long an example takes says something of the machine that day, not of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

LONG_FILES = (
    "test_crash.py",
    "test_load.py",
    "test_command_line.py",
    "test_linker_stateful.py",
    "test_demo_load.py",
    "test_docs.py",
    "test_events_restore.py",
    "test_restore.py",
    "test_console_tour.py",
    "test_console_setup.py",
    "test_console_plan.py",
)
"""Those that take longest for their few tests: begun last, one of two workers would wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session", autouse=True)
def thrifty() -> Iterator[PasswordHasher]:
    """A password's hash takes 0.1 s by design, and two of them stand before most tests. Gives the hasher of users."""
    gc.set_threshold(20_000, 20, 20)
    gc.freeze()  # what was collected stays: to look through it again and again takes longer than some tests
    users = access_rules.HASHER
    access_rules.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield users
    access_rules.HASHER = users


@pytest.fixture(scope="session", autouse=True)
def one_checker_a_field() -> Iterator[None]:
    """A test has an API of its own, and half of making one is 460 checkers of parameters that are alike in each."""
    made: dict[object, Any] = {}
    make = fastapi_fields.ModelField.__post_init__

    def once(field: fastapi_fields.ModelField) -> None:
        about = fastapi_fields.asdict(field.field_info)
        rest = tuple((name, type(value), value) for name, value in sorted(about["attributes"].items()))
        key = (about["annotation"], tuple(about["metadata"]), rest, repr(field.config))
        try:
            field._type_adapter = made[key]
        except KeyError:
            make(field)
            made[key] = field._type_adapter
        except TypeError:  # a default that has no hash
            make(field)

    fastapi_fields.ModelField.__post_init__ = once
    yield
    fastapi_fields.ModelField.__post_init__ = make


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="ov-test-"))
    yield Home(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(home: Home) -> Iterator[Cluster]:
    """Made for speed: a test makes its database in 0.05 s instead of 0.4 s. What must outlive a crash is tested with
    servers of their own, as they are started for users.
    """
    cluster = Cluster(home)
    cluster.settings |= {"fsync": "off", "shared_buffers": "128MB"}
    with cluster.lock() as mine, memory_folder() as memory:
        assert mine
        cluster.prepare()
        cluster.start()
        upgrade(cluster.url)
        with psycopg.connect(cluster.url.replace("/onevoice?", "/postgres?"), autocommit=True) as conn:
            conn.execute("alter database onevoice with is_template true")
            if memory:
                if os.geteuid() == 0:
                    shutil.chown(memory, OWN_USER, OWN_USER)
                conn.execute(f"create tablespace memory location '{memory}'")
        yield cluster
        cluster.stop()
        shutil.rmtree(cluster.folder)


@contextmanager
def memory_folder() -> Iterator[Path | None]:
    """Where there is room for files in memory: making and removing a thousand small ones is slow on most disks."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK) or shutil.disk_usage(shared).free < 2 * 2**30:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="ov-test-", dir=shared))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    with fresh_database(cluster, "t") as url:
        yield url


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a test that failed beside a server: what that server had to say, and how far its linker was."""
    report = yield
    server = getattr(item, "funcargs", {}).get("live_server")
    if report.failed and isinstance(server, LiveServer):
        report.sections.append(("the server", told_by(server)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What failed in a few lines each, for who runs several groups and shows them together (`tools/test.sh`)."""
    kept = os.environ.get("ONEVOICE_FAILURES")
    if not kept:
        return
    reports = terminalreporter.getreports("failed") + terminalreporter.getreports("error")
    with Path(kept).open("a") as file:
        file.writelines(f"{report.nodeid}\t{in_short(report)}\n" for report in reports)


def in_short(report: pytest.TestReport) -> str:
    """Where in the test it was, and how what was wrong begins; in one line."""
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", [])
    places = [entry.reprfileloc for entry in entries if getattr(entry, "reprfileloc", None)]
    own = (f"line {at.lineno}" for at in places if at and at.path.rpartition("/")[2] in report.nodeid)
    place = next(own, report.when)
    crash = getattr(report.longrepr, "reprcrash", None)
    return f"{place}: " + " ".join((crash.message if crash else str(report.longrepr)).split())[:300]
