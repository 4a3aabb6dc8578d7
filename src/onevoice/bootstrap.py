"""The only place that wires the parts together. Entry points call it and nothing else of the inside."""

import contextlib
import shutil
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from fastapi import FastAPI
from psycopg import Connection

from onevoice.domains.access.contracts import COMMAND_LINE, AccountCreate, Audit, Permission
from onevoice.domains.access.http import routes as access_routes
from onevoice.domains.access.http.authenticator import AccessAuthenticator
from onevoice.domains.access.service import accounts, audit, keys, sites
from onevoice.domains.events.contracts import Adoption
from onevoice.domains.events.errors import UnknownSourceError
from onevoice.domains.events.http import intake, letters
from onevoice.domains.events.http import plan as plan_http
from onevoice.domains.events.http import setup as setup_http
from onevoice.domains.events.jobs import learn
from onevoice.domains.events.rules.door import Opened
from onevoice.domains.events.service import alarms
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.service import links
from onevoice.domains.identity.service.prepare import always_personal
from onevoice.domains.imports import http as imports_http
from onevoice.domains.imports import service as imports
from onevoice.domains.imports.contracts import Content, ImportReport
from onevoice.domains.imports.jobs import run as import_jobs
from onevoice.domains.imports.jobs.queue import Queue
from onevoice.domains.profiles.http import limits as limits_http
from onevoice.domains.profiles.http import links as links_http
from onevoice.domains.profiles.http import live as live_http
from onevoice.domains.profiles.http import profiles as profiles_http
from onevoice.domains.profiles.http import rules as rules_http
from onevoice.domains.profiles.http import sealing as sealing_http
from onevoice.domains.profiles.http import search as search_http
from onevoice.domains.profiles.jobs import cards, limits, link, seal
from onevoice.domains.webhooks.http import routes as webhooks_http
from onevoice.domains.webhooks.service import deliveries
from onevoice.domains.webhooks.service import manage as webhooks
from onevoice.kit import bus, db, dumps
from onevoice.kit.chance import Chance, SystemChance, random_uuid
from onevoice.kit.clock import Clock, SystemClock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.kit.home import Home, Secrets
from onevoice.kit.sealing import Sealer
from onevoice.web import console, health, login, openapi
from onevoice.web.edge import protect
from onevoice.web.guards import Guards, bind
from onevoice.web.settings import WebSettings

CONSOLE = Path(__file__).parent / "static" / "console"
READY_LAG_EVENTS = 50_000
BUSY_LAG_EVENTS = 5_000
BUSY_FRAMES = 200
MIN_FREE_BYTES = 2**30
MAINTENANCE_SECONDS = 600.0
HERE = imports.Uploads(Path(".onevoice") / "imports")
FOREIGN_LOG = (
    "the log was loaded from a dump and is not this cluster's yet: run `onevoice db upgrade`, or start `onevoice serve`"
)


@dataclass(frozen=True)
class Installation:
    """What every process of one installation shares."""

    database: Database
    secrets: Secrets
    clock: Clock
    chance: Chance
    uploads: imports.Uploads = HERE
    demo_since: Callable[[], datetime | None] = lambda: None
    """When the demo in this installation began; None in any other."""


def uploads(home: Path, environ: Mapping[str, str]) -> imports.Uploads:
    """Where files from the console lie until they are imported. Raises: UnusableSettingError."""
    megabytes = environ.get("ONEVOICE_IMPORT_MAX_MB", "") or "1024"
    if not (megabytes.isascii() and megabytes.isdigit() and 0 < int(megabytes) < 2**20):
        raise UnusableSettingError(f"ONEVOICE_IMPORT_MAX_MB is {megabytes!r}. Write how many MiB a file may have.")
    return imports.Uploads(home / "imports", int(megabytes) * 2**20)


def installation(
    url: str,
    secrets: Secrets,
    *,
    name: str,
    max_connections: int = 8,
    files: imports.Uploads = HERE,
    demo_since: Callable[[], datetime | None] = lambda: None,
) -> Installation:
    """Nobody appends or reads before a log that was loaded from a dump is this cluster's.

    Raises: DatabaseUnreachableError, SchemaError, ForeignKeysError.
    """
    database = Database(url, max_size=max_connections, name=f"onevoice-{name}")
    database.open()
    try:
        with database.transaction() as conn:
            db.require_current(conn)
            keys.require_keys(conn, secrets.mark)
            link.adopt_log(conn)
    except BaseException:
        database.close()
        raise
    return Installation(database, secrets, SystemClock(), SystemChance(), files, demo_since)


class UnusableSettingError(DomainError):
    """A setting cannot be used."""

    code = "unusable_setting"


def web_settings(environ: Mapping[str, str]) -> WebSettings:
    """Raises: UnusableSettingError."""
    public_url = environ.get("ONEVOICE_PUBLIC_URL") or None
    if public_url is not None and not _is_address(public_url):
        raise UnusableSettingError(
            f"ONEVOICE_PUBLIC_URL is {public_url!r}. Write the address people type, such as https://hello.example."
        )
    proxies = frozenset(part.strip() for part in environ.get("ONEVOICE_TRUSTED_PROXIES", "").split(",") if part.strip())
    return WebSettings(public_url=public_url, trusted_proxies=proxies)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.fragment)


def api(home: Installation, settings: WebSettings) -> FastAPI:
    """The whole HTTP side: intake, API, console, health."""
    database, clock, chance = home.database, home.clock, home.chance
    authenticator = AccessAuthenticator(database, home.secrets.session_key, clock=clock, chance=chance)
    guards = Guards(authenticator, settings)
    appender = events.Appender(database, clock)
    hub = live_http.Hub(database, clock)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        appender.start()
        try:
            async with hub.running():
                yield
        finally:
            appender.stop()
            database.close()

    app = FastAPI(
        title="Onevoice",
        version=version("onevoice"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    bind(app, guards)

    def resolve(key: str) -> intake.WriteKey | None:
        with database.transaction() as conn:
            found = keys.resolve_write_key(conn, key, clock=clock)
        return None if found is None else intake.WriteKey(found.source_id)

    sealer = Sealer(home.secrets.vault_key, webhooks.PURPOSE)
    app.include_router(webhooks_http.router(database, sealer, settings, clock=clock, chance=chance))
    app.include_router(intake.intake_router(appender, resolve, settings, clock=clock, chance=chance))
    app.include_router(letters.router(database, clock=clock))
    app.include_router(setup_http.router(database, settings))
    app.include_router(plan_http.router(database, always_personal, clock=clock))
    app.include_router(sealing_http.router(database))
    app.include_router(
        access_routes.router(database, authenticator, settings, home.demo_since, clock=clock, chance=chance)
    )
    app.include_router(search_http.router(database, clock))
    app.include_router(profiles_http.router(database, home.secrets.vault_key, clock))
    app.include_router(rules_http.router(database, home.secrets.vault_key, clock))
    app.include_router(limits_http.router(database, clock))
    link_keys = links.Keys(home.secrets.vault_key, home.secrets.link_key)
    app.include_router(links_http.router(database, link_keys, clock=clock, chance=chance))
    app.include_router(live_http.router(database, hub, guards, clock))
    app.include_router(imports_http.router(database, home.uploads, clock))
    app.include_router(health.router(lambda: _waiting(database), lambda: _measure(database)))
    app.include_router(login.router(guards, authenticator, settings, CONSOLE))
    app.include_router(console.router(CONSOLE, guards))
    openapi.describe(app)
    protect(app, settings)
    return app


def _waiting(database: Database) -> dict[str, str]:
    try:
        with database.transaction() as conn:
            db.require_current(conn)
            lag = events.lag(conn, link.CONSUMER)
    except DomainError as error:
        return {"schema": error.detail}
    except psycopg.Error:
        return {"database": "The database does not answer."}
    if lag > READY_LAG_EVENTS:
        return {"worker": f"{lag} events are not linked yet."}
    return {}


def _measure(database: Database) -> None:
    with contextlib.suppress(psycopg.Error), database.transaction() as conn:
        link.LAG.set(events.lag(conn, link.CONSUMER))
        alarms.measure(conn)


class Worker:
    """The worker's threads: linker, cards, the plan's learner and sealer, changing limits, housekeeping, imports."""

    def __init__(self, home: Installation) -> None:
        self._home = home
        self._stop = threading.Event()
        self._appended = threading.Event()
        self._linked = threading.Event()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """For signal.signal: finish what is at hand and end."""
        del number, frame
        self._stop.set()
        self._appended.set()
        self._linked.set()

    def run(self) -> None:
        """Work until `stop`. The linker holds the lease for as long as its connection lives."""
        home = self._home
        connect = _linker_connection(home.database.url)
        job = link.LinkingJob(home.secrets.vault_key, home.clock, connect, link_key=home.secrets.link_key)
        threads = [
            threading.Thread(target=self._listen, args=(bus.APPENDED, self._appended), name="appended", daemon=True),
            threading.Thread(target=self._listen, args=(bus.LINKED, self._linked), name="linked", daemon=True),
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
        ]
        for thread in threads:
            thread.start()
        link.run(connect, job, home.clock, self._stop, _waiter(self._appended))
        for thread in threads[2:]:
            thread.join()
        home.database.close()

    def _listen(self, channel: str, event: threading.Event) -> None:
        """Pass notifications of other processes on to a thread of this one."""
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._home.database.url, autocommit=True) as conn:
                    bus.listen(conn, channel)
                    while not self._stop.is_set():
                        if bus.wait(conn, timeout_seconds=1):
                            event.set()
            except psycopg.Error:
                self._stop.wait(1)

    def _imports(self) -> None:
        home = self._home
        queue = Queue(
            home.database, home.uploads, home.clock, _minter(home), lambda: waiting_events(home), link.CONSUMER
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
            self._stop.wait(MAINTENANCE_SECONDS)


def _linker_is_behind(conn: Connection) -> bool:
    return events.lag(conn, link.CONSUMER, frames=BUSY_FRAMES) > BUSY_LAG_EVENTS


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


# For the command line


def probe(url: str) -> None:
    """Raises: DatabaseUnreachableError when the database does not answer."""
    database = Database(url, max_size=1)
    database.open()
    database.close()


def dump(url: str, file: Path) -> None:
    """Raises: DatabaseUnreachableError, SchemaError, ClientError."""
    probe(url)
    with psycopg.connect(url) as conn:
        db.require_some(conn)
    dumps.dump(url, file)


def load(url: str, file: Path) -> None:
    """Raises: DatabaseUnreachableError, SchemaError, ClientError."""
    probe(url)
    with psycopg.connect(url) as conn:
        db.require_empty(conn)
    dumps.load(url, file)


def upgrade(url: str) -> Adoption | None:
    """Bring the schema to this version, and make a log that was loaded from a dump this cluster's."""
    db.upgrade(url)
    with psycopg.connect(url) as conn:
        return link.adopt_log(conn)


def create_key(
    home: Installation,
    *,
    scope: str,
    name: str,
    channel: str | None,
    site: str,
    permissions: Sequence[Permission] | None = None,
) -> str:
    """The new key, which is kept nowhere."""
    if scope not in {"write", "secret"}:
        raise ValueError(scope)
    with home.database.transaction() as conn:
        return keys.create_key(
            conn,
            scope="write" if scope == "write" else "secret",
            name=name,
            channel=channel,
            site=site,
            permissions=permissions,
            clock=home.clock,
            chance=home.chance,
        )


def create_account(home: Installation, *, login: str, name: str, password: str, role: str, language: str) -> None:
    """Raises: LoginTakenError, WeakPasswordError."""
    wanted = AccountCreate(
        login=login,
        name=name,
        password=password,
        role=role,  # pyright: ignore[reportArgumentType] - the command line offers only these
        language=language,  # pyright: ignore[reportArgumentType] - the command line offers only these
    )
    with home.database.transaction() as conn:
        accounts.create_account(conn, wanted, clock=home.clock, chance=home.chance)


@dataclass(frozen=True)
class Check:
    passed: bool
    what: str


def examine(url: str, home: Home) -> Iterator[Check]:
    """What `onevoice doctor` looks at, one finding at a time."""
    secrets = home.path / "secrets.json"
    private = secrets.exists() and secrets.stat().st_mode & 0o077 == 0
    yield Check(private or not secrets.exists(), f"{secrets} is readable by its owner only")
    free = shutil.disk_usage(home.path).free
    yield Check(free > MIN_FREE_BYTES, f"{free // 2**20} MB are free on the disk of {home.path}")
    try:
        probe(url)
    except DomainError as error:
        yield Check(passed=False, what=error.detail)
        return
    yield Check(passed=True, what="the database answers")
    with psycopg.connect(url) as conn:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = conn.execute("select current_setting(%s)", (name,)).fetchone()
            yield Check(
                row == ("on",), f"{name} is {row[0] if row else 'unknown'}: acknowledged events survive a crash"
            )
        try:
            db.require_current(conn)
        except DomainError as error:
            yield Check(passed=False, what=error.detail)
            return
        yield Check(passed=True, what=f"the schema is at {db.HEAD}")
        if secrets.exists():
            fits = keys.keys_belong(conn, home.secrets(SystemChance()).mark)
            yield Check(fits, "secrets.json holds the keys that this database was made with")
        foreign = events.is_foreign(conn)
        yield Check(not foreign, FOREIGN_LOG if foreign else "the log and its positions are this cluster's")
        lag = events.lag(conn, link.CONSUMER)
        yield Check(lag <= READY_LAG_EVENTS, f"{lag} events wait to be linked")
        letters = events.open_dead_letters(conn)
        yield Check(passed=True, what=f"{letters} dead letters are open")
        yield Check((CONSOLE / "index.html").exists(), "the console is built")


def import_events(
    home: Installation,
    file: Path,
    *,
    source: str,
    kind: str | None,
    encoding: str,
    columns: Sequence[str],
    zone: str,
    sheet: str | None = None,
    content: Content = "events",
    dry_run: bool,
    again: bool,
    stop: threading.Event,
    progress: Callable[[ImportReport], None],
) -> ImportReport:
    """Raises: UnreadableFileError, ImportRunningError, UnknownSourceError."""
    how = import_jobs.format_of(file, kind, encoding, columns, zone, sheet=sheet, content=content)
    with home.database.transaction() as conn:
        have = {each.name: int(each.id) for each in keys.sources(conn).values()}
    if source not in have:
        raise UnknownSourceError(
            f"There is no source {source!r}; there are: {', '.join(sorted(have)) or 'none'}. A source comes with its"
            f" write key: onevoice keys create write --name '{source}' --channel shop"
        )
    mint = _minter(home)
    if dry_run:
        return import_jobs.rehearse(file, how, have[source], mint=mint, clock=home.clock, stop=stop, progress=progress)
    report = import_jobs.run_import(
        home.database,
        file,
        how,
        have[source],
        mint=mint,
        waiting=lambda: waiting_events(home),
        clock=home.clock,
        stop=stop,
        progress=progress,
        again=again,
    )
    if report.records:
        told = {"source": source, "records": report.records, "taken": report.taken, "refused": report.refused}
        with home.database.transaction() as conn:
            told_audit = Audit(COMMAND_LINE.label, "events.import", file.name, after=told)
            audit.record(conn, told_audit, clock=home.clock)
    return report


def _minter(home: Installation) -> Callable[[], str]:
    return lambda: f"ov-{random_uuid(home.chance)}"


# For the demo


def has_account(home: Installation, login: str) -> bool:
    with home.database.transaction() as conn:
        return accounts.account_by_login(conn, login) is not None


def ensure_sources(home: Installation, wanted: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Sources by name, each (name, channel, site) made with a write key of its own where it is missing."""
    with home.database.transaction() as conn:
        have = {source.name: int(source.id) for source in keys.sources(conn).values()}
        for name, channel, site in wanted:
            if name not in have:
                keys.create_key(
                    conn, scope="write", name=name, channel=channel, site=site, clock=home.clock, chance=home.chance
                )
        return {source.name: int(source.id) for source in keys.sources(conn).values()}


def describe_site(home: Installation, name: str, change: Mapping[str, Any]) -> None:
    """Say more of a site that is there. Raises: UnknownSiteError."""
    with home.database.transaction() as conn:
        sites.update(conn, name, change, actor=COMMAND_LINE.label, clock=home.clock)


def append_events(home: Installation, requests: Iterable[tuple[int, list[dict[str, Any]], datetime, datetime]]) -> None:
    """Append requests, (source, events, sent_at, received_at), in one transaction, through the checks of the door."""
    mint = _minter(home)
    with home.database.transaction() as conn:
        events.append(
            conn,
            [
                events.frame_of(Opened(list(batch), False, sent_at.isoformat(), None), None, source, received_at, mint)
                for source, batch, sent_at, received_at in requests
            ],
        )


def waiting_events(home: Installation) -> int:
    """Events that are not linked yet."""
    with home.database.transaction() as conn:
        return events.lag(conn, link.CONSUMER)
