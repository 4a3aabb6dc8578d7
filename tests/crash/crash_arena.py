"""A real server under load whose processes are killed. Who was acknowledged is known only to those who sent."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import psycopg

from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from reckoning import Oracle, stored_messages
from support import forget_cluster, free_port, run_onevoice
from waiting import until

BATCH = 20
BAD_EVERY = 10
"""Every tenth event names nobody, so that dead letters are put to the test as well."""


class Victims:
    """The processes of one `onevoice serve`, found anew each time: the killed ones come back under other numbers."""

    def __init__(self, supervisor: int) -> None:
        self._supervisor = psutil.Process(supervisor)

    def of(self, name: str) -> list[psutil.Process]:
        found = []
        for child in self._supervisor.children():
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if name == "postgres" and command and command[0].endswith("postgres"):
                found.append(child)
            elif name in command[:4]:
                found += [child, *child.children(recursive=True)]
        return found

    def backends(self) -> list[psutil.Process]:
        return [backend for server in self.of("postgres") for backend in server.children()]

    @staticmethod
    def kill(processes: list[psutil.Process]) -> int:
        killed = 0
        for process in processes:
            try:
                process.send_signal(signal.SIGKILL)
                killed += 1
            except psutil.NoSuchProcess:
                continue
        return killed


class Sender(threading.Thread):
    """Sends batch after batch. One that failed is sent again, as clients do, or given up, as some of them do."""

    def __init__(self, arena: "Arena", number: int, seed: int) -> None:
        super().__init__(name=f"sender-{number}", daemon=True)
        self._arena = arena
        self._number = number
        self._chance = random.Random(seed)
        self.stopping = threading.Event()

    def run(self) -> None:
        count = 0
        with httpx.Client(base_url=self._arena.url, auth=(self._arena.write_key, ""), timeout=5) as client:
            while not self.stopping.is_set():
                count += 1
                ids = [f"{self._number}-{count}-{place}" for place in range(BATCH)]
                self._deliver(client, {"batch": [self._event(name, place) for place, name in enumerate(ids)]}, ids)

    def _event(self, name: str, place: int) -> dict[str, Any]:
        if place % BAD_EVERY == 0:
            return {"type": "track", "event": "Nobody's", "messageId": name}
        if place % BAD_EVERY == 1:  # taken at the door, refused by linking
            return {"type": "identify", "traits": {"email": "test@test.com"}, "messageId": name}
        who = self._chance.randrange(500)
        ids = {"messageId": name, "userId": f"u-{who}", "anonymousId": f"a-{who}"}
        return {"type": "track", "event": "Product Viewed", **ids}

    def _deliver(self, client: httpx.Client, body: dict[str, Any], ids: list[str]) -> None:
        self._arena.oracle.will_send(ids)
        while not self.stopping.is_set():
            try:
                answer = client.post("/v1/batch", json=body)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 200:
                self._arena.oracle.was_acknowledged(ids)
                return
            if answer is not None:
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) >= 1
            if self._chance.random() < 0.1:
                return
            self.stopping.wait(0.1)


class Arena:
    """One server with a home of its own, its senders, and the means to hurt it."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home = home
        self.chance = random.Random(seed)
        self.oracle = Oracle()
        self.kills: Counter[str] = Counter()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.write_key = ""
        self._server: subprocess.Popen[bytes] | None = None
        self._senders: list[Sender] = []

    @property
    def database_url(self) -> str:
        return Cluster(Home(self.home)).url

    def __enter__(self) -> Self:
        log = self.home.with_suffix(".log")
        with log.open("wb") as stream:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "onevoice", "serve", "--home", str(self.home), "--port", str(self.port)],
                stdout=stream,
                stderr=stream,
            )
        until(lambda: b"Onevoice is at" in log.read_bytes(), seconds=120, what=f"the server is up, see {log}")
        self.write_key = run_onevoice("keys", "create", "write", "--name", "crash", "--home", str(self.home))
        self.victims = Victims(self._server.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_sending()
        assert self._server is not None
        self._server.send_signal(signal.SIGINT)
        self._server.wait(timeout=90)

    # Load

    def start_sending(self, senders: int = 3) -> None:
        self._senders = [Sender(self, number, self.chance.getrandbits(32)) for number in range(senders)]
        for sender in self._senders:
            sender.start()

    def stop_sending(self) -> None:
        for sender in self._senders:
            sender.stopping.set()
        for sender in self._senders:
            sender.join(30)
        self._senders = []

    def await_acknowledgements(self, more: int, seconds: float = 60) -> None:
        """Wait until the server works again: that many further events were acknowledged."""
        wanted = len(self.oracle.acknowledged) + more
        until(lambda: len(self.oracle.acknowledged) >= wanted, seconds=seconds, what="the server takes events again")

    # Harm

    def round(self, harm: str | None = None) -> None:
        """Once the server works again, under load and at a random moment, kill one part of it."""
        harm = harm or self.chance.choice(HARMS)
        self.await_acknowledgements(BATCH * 3)
        self.harm(harm)

    def harm(self, what: str) -> None:
        time.sleep(self.chance.uniform(0, 0.3))
        if getattr(self, f"_kill_{what}")():
            self.kills[what] += 1

    def commit_lazily(self) -> None:
        """Take the promise away: what is acknowledged is not on disk yet."""
        with psycopg.connect(self.database_url, autocommit=True) as conn:
            conn.execute("alter database onevoice set synchronous_commit = off")

    def _kill_api(self) -> int:
        return self.victims.kill(self.victims.of("api"))

    def _kill_worker(self) -> int:
        return self.victims.kill(self.victims.of("worker"))

    def _kill_sender(self) -> int:
        return self.victims.kill(self.victims.of("sender"))

    def _kill_server(self) -> int:
        """PostgreSQL's first process, and with it nobody who could tidy up."""
        return self.victims.kill(self.victims.of("postgres"))

    def _kill_database(self) -> int:
        """All of PostgreSQL at once, as when the machine's memory ran out."""
        return self.victims.kill(self.victims.of("postgres") + self.victims.backends())

    def _kill_commit(self) -> int:
        """A backend in the middle of its commit."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            for backend in self.victims.backends():
                try:
                    title = backend.cmdline()
                    if title and title[0].endswith(" COMMIT"):
                        backend.send_signal(signal.SIGKILL)
                        return 1
                except psutil.Error:
                    continue
        return 0

    def _kill_everything(self) -> int:
        ours = (process for name in ("api", "worker", "sender", "postgres") for process in self.victims.of(name))
        return self.victims.kill(list(ours))

    # Reckoning

    def stored(self) -> Counter[str]:
        return stored_messages(self.database_url)

    def settle(self, seconds: float = 120) -> None:
        """Wait until the worker has linked all there is."""
        until(self.linked_all, seconds=seconds, what="the worker reaches the end of the log")

    def linked_all(self) -> bool:
        try:
            with psycopg.connect(self.database_url) as conn:
                row = conn.execute(
                    "select not exists (select from events.log where (xid, pos) > coalesce("
                    " (select (xid, pos) from events.position where consumer = 'linker'), ('0'::xid8, 0::bigint)))"
                ).fetchone()
        except psycopg.OperationalError:
            return False
        return bool(row and row[0])


HARMS = ("api", "worker", "server", "database", "commit", "commit", "everything")


@contextmanager
def arena(home: Path, seed: int) -> Iterator[Arena]:
    made = Arena(home, seed)
    try:
        with made:
            yield made
    finally:
        forget_cluster(Home(home))


def rounds_wanted() -> int:
    return int(os.environ.get("ONEVOICE_CRASH_ROUNDS", "200"))
