"""The worker's threads, wired together."""

import contextlib
import threading
from collections.abc import Callable, Generator
from types import FrameType

import psycopg
from psycopg import Connection

from onevoice.bootstrap import sending
from onevoice.bootstrap.shared import Installation, minter, waiting_events
from onevoice.domains.conversations.jobs import follow as desk
from onevoice.domains.conversations.service import chatting
from onevoice.domains.delivery.jobs import follow
from onevoice.domains.delivery.service import files, hearing, trials
from onevoice.domains.events.jobs import learn
from onevoice.domains.events.service import alarms
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.service import links
from onevoice.domains.imports.jobs.queue import Queue
from onevoice.domains.privacy.service import doors
from onevoice.domains.profiles.jobs import cards, limits, link, seal
from onevoice.domains.webhooks.service import deliveries
from onevoice.kit import bus, db

BUSY_LAG_EVENTS = 5_000
BUSY_FRAMES = 200
MAINTENANCE_SECONDS = 600.0


class Worker:
    """The worker's threads: linker, cards, the plan's learner and sealer, changing limits, housekeeping, imports."""

    def __init__(self, home: Installation) -> None:
        self._home = home
        self._stop = threading.Event()
        self._appended = threading.Event()
        self._linked = threading.Event()
        self._spoken = threading.Event()
        """As `linked`: each is cleared by the one thread that waits for it."""

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """For signal.signal: finish what is at hand and end."""
        del number, frame
        self._stop.set()
        self._appended.set()
        self._linked.set()
        self._spoken.set()

    def run(self) -> None:
        """Work until `stop`. The linker holds the lease for as long as its connection lives."""
        home = self._home
        connect = _linker_connection(home.database.url)
        job = link.LinkingJob(home.secrets.vault_key, home.clock, connect, link_key=home.secrets.link_key)
        threads = [
            threading.Thread(target=self._listen, args=(bus.APPENDED, self._appended), name="appended", daemon=True),
            threading.Thread(
                target=self._listen, args=(bus.LINKED, self._linked, self._spoken), name="linked", daemon=True
            ),
            threading.Thread(
                target=cards.run, args=(home.database, home.clock, self._stop, _waiter(self._linked)), name="cards"
            ),
            threading.Thread(
                target=learn.run, args=(home.database, home.clock, self._stop, _linker_is_behind), name="learner"
            ),
            threading.Thread(
                target=seal.run, args=(home.database, home.secrets.vault_key, home.clock, self._stop), name="sealer"
            ),
            threading.Thread(target=limits.run, args=(home.database, home.clock, self._stop), name="limits"),
            threading.Thread(target=self._housekeeping, name="housekeeping"),
            threading.Thread(target=self._imports, name="imports"),
            threading.Thread(
                target=follow.run, args=(home.database, home.clock, self._stop, self._stop.wait), name="follower"
            ),
            threading.Thread(
                target=desk.run,
                args=(home.database, home.clock, self._stop, _waiter(self._spoken), _speech(home)),
                name="desk",
            ),
        ]
        for thread in threads:
            thread.start()
        link.run(connect, job, home.clock, self._stop, _waiter(self._appended))
        for thread in threads[2:]:
            thread.join()
        home.database.close()

    def _listen(self, channel: str, *events: threading.Event) -> None:
        """Pass notifications of other processes on to threads of this one."""
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._home.database.url, autocommit=True) as conn:
                    bus.listen(conn, channel)
                    while not self._stop.is_set():
                        if bus.wait(conn, timeout_seconds=1):
                            for event in events:
                                event.set()
            except psycopg.Error:
                self._stop.wait(1)

    def _imports(self) -> None:
        home = self._home
        queue = Queue(
            home.database, home.uploads, home.clock, minter(home), lambda: waiting_events(home), link.CONSUMER
        )
        queue.run(self._stop)

    def _housekeeping(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                events.housekeep(conn, self._home.clock.now())
                links.housekeep(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                alarms.watch(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                deliveries.housekeep(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                hearing.housekeep(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                trials.housekeep(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                files.housekeep(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                doors.housekeep(conn, self._home.clock.now())
            with contextlib.suppress(psycopg.Error), self._home.database.transaction() as conn:
                chatting.housekeep(conn, self._home.clock.now())
            self._stop.wait(MAINTENANCE_SECONDS)


def _linker_is_behind(conn: Connection) -> bool:
    return events.lag(conn, link.CONSUMER, frames=BUSY_FRAMES) > BUSY_LAG_EVENTS


def _speech(home: Installation) -> desk.Speech:
    return desk.Speech(sending.manifests(), sending.SOURCES, home.secrets.vault_key)


def _waiter(event: threading.Event) -> Callable[[float], None]:
    def wait(seconds: float) -> None:
        event.wait(seconds)
        event.clear()

    return wait


def _linker_connection(url: str) -> Callable[[], Connection]:
    return lambda: db.dedicated(url, name="onevoice-linker", options=link.PLANS)


@contextlib.contextmanager
def linking_steps(home: Installation) -> Generator[Callable[[], int]]:
    """For whoever links in its own process (tests, benchmarks): each call does one batch and tells how many events."""
    connect = _linker_connection(home.database.url)
    job = link.LinkingJob(home.secrets.vault_key, home.clock, connect, link_key=home.secrets.link_key)

    def step() -> int:
        with conn.transaction():
            return job.step(conn).events

    with connect() as conn:
        yield step
    job.close()
