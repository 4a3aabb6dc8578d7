"""Nothing acknowledged is lost and nothing counts twice, whoever is killed, and whenever.

What this cannot show: the disk itself. A killed process leaves its writes with the kernel; that they are flushed
before the answer is PostgreSQL's fsync, which stays on.
"""

from collections import Counter
from pathlib import Path

import pytest
from crash_arena import arena, rounds_wanted

from reckoning import Oracle


class TestOracle:
    def test_it_finds_what_is_lost_doubled_or_strange(self) -> None:
        oracle = Oracle(acknowledged={"a", "b"}, sent={"a", "b", "c"})
        oracle.check(Counter({"a": 1, "b": 1}))
        oracle.check(Counter({"a": 1, "b": 1, "c": 1}))
        for wrong in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1, "c": 2}, {"a": 1, "b": 1, "d": 1}):
            with pytest.raises(AssertionError):
                oracle.check(Counter(wrong))


def crash(home: Path, *, rounds: int, seed: int) -> None:
    with arena(home, seed) as server:
        server.start_sending()
        for number in range(1, rounds + 1):
            server.round()
            if number % 50 == 0:
                server.stop_sending()
                server.settle()
                server.oracle.check(server.stored())
                server.start_sending()
        server.await_acknowledgements(60)
        server.stop_sending()
        server.settle()
        stored = server.stored()
        server.oracle.check(stored)
        assert len(server.oracle.acknowledged) > 100 * rounds
        assert sum(server.kills.values()) >= rounds * 0.8
        print(dict(server.kills), len(server.oracle.acknowledged), "acknowledged", len(stored), "stored")


def test_6_rounds(tmp_path: Path) -> None:
    crash(tmp_path / "home", rounds=6, seed=20261105)


@pytest.mark.long
def test_as_many_rounds_as_wanted(tmp_path: Path) -> None:
    crash(tmp_path / "home", rounds=rounds_wanted(), seed=7)


@pytest.mark.long
def test_a_lazy_commit_would_be_noticed(tmp_path: Path) -> None:
    """The same rounds with PostgreSQL told to answer before it has written: the reckoning must not come out."""
    with arena(tmp_path / "home", 1) as server:
        server.commit_lazily()
        server.start_sending()
        for _ in range(10):
            server.round("database")
        server.await_acknowledgements(60)
        server.stop_sending()
        server.settle()
        with pytest.raises(AssertionError, match="acknowledged and lost"):
            server.oracle.check(server.stored())
