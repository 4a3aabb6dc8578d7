"""Connections that are laid aside between two uses."""

from contextlib import ExitStack

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from onevoice.kit.db import Database


def pids(database: Database, count: int) -> set[int]:
    """Of so many connections at once; afterwards they lie aside."""
    with ExitStack() as stack:
        return {stack.enter_context(database.transaction()).info.backend_pid for _ in range(count)}


class TestPool:
    def test_whoever_comes_after_the_server_ended_all_of_them_notices_nothing(self, database: Database) -> None:
        before = pids(database, 3)
        with psycopg.connect(database.url) as conn:
            for pid in before:
                conn.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        for _ in range(6):
            with database.transaction() as conn:
                assert conn.execute("select 1").fetchone() == (1,)
                assert conn.info.backend_pid not in before

    def test_one_that_is_well_is_not_asked(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        (pid,) = pids(database, 1)
        asked: list[psycopg.Connection] = []
        monkeypatch.setattr(ConnectionPool, "check_connection", asked.append)
        with database.transaction() as conn:
            assert conn.info.backend_pid == pid
        assert asked == []
