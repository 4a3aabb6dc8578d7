"""What every process of one installation shares, and the settings it is started with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from onevoice.domains.access.service import keys
from onevoice.domains.events.service import log as events
from onevoice.domains.imports import service as imports
from onevoice.domains.profiles.jobs import link
from onevoice.kit import db
from onevoice.kit.chance import Chance, SystemChance, random_uuid
from onevoice.kit.clock import Clock, SystemClock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.kit.home import DemoNow, Secrets
from onevoice.web.settings import WebSettings

CONSOLE = Path(__file__).parent.parent / "static" / "console"
HERE = imports.Uploads(Path(".onevoice") / "imports")
READY_LAG_EVENTS = 50_000
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
    demo: Callable[[], DemoNow | None] = lambda: None
    """The demo in this installation; None in any other."""


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
    demo: Callable[[], DemoNow | None] = lambda: None,
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
    return Installation(database, secrets, SystemClock(), SystemChance(), files, demo)


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


def minter(home: Installation) -> Callable[[], str]:
    return lambda: f"ov-{random_uuid(home.chance)}"


def waiting_events(home: Installation) -> int:
    """Events that are not linked yet."""
    with home.database.transaction() as conn:
        return events.lag(conn, link.CONSUMER)
