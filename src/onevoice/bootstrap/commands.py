"""What the command line and the demo do by themselves."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from onevoice.bootstrap.shared import CONSOLE, FOREIGN_LOG, READY_LAG_EVENTS, Installation, minter, waiting_events
from onevoice.domains.access.contracts import COMMAND_LINE, AccountCreate, Audit, Permission, SourceId
from onevoice.domains.access.service import accounts, audit, keys, sites
from onevoice.domains.events.contracts import Adoption
from onevoice.domains.events.errors import UnknownSourceError
from onevoice.domains.events.rules.door import Opened
from onevoice.domains.events.service import log as events
from onevoice.domains.imports.contracts import Content, ImportReport
from onevoice.domains.imports.jobs import run as import_jobs
from onevoice.domains.profiles.jobs import link
from onevoice.kit import db, dumps
from onevoice.kit.chance import SystemChance
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.kit.home import Home

MIN_FREE_BYTES = 2**30


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
    mint = minter(home)
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
    """Append requests, (source, events, sent_at, received_at), in one transaction, through the checks of the door, as
    though each had come with its source's own key.
    """
    mint = minter(home)
    requests = list(requests)
    used = {source: received_at for source, _, _, received_at in sorted(requests, key=lambda each: each[3])}
    with home.database.transaction() as conn:
        events.append(
            conn,
            [
                events.frame_of(Opened(list(batch), False, sent_at.isoformat(), None), None, source, received_at, mint)
                for source, batch, sent_at, received_at in requests
            ],
        )
        for source, at in sorted(used.items()):
            keys.note_use(conn, SourceId(source), at)
