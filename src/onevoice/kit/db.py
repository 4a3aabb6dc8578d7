"""Connections to PostgreSQL. Entry points open the transaction; services and stores receive its connection."""

import select
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg_pool import ConnectionPool

from onevoice.kit.errors import DomainError

MIGRATIONS = Path(__file__).parent.parent / "migrations"
HEAD = "0027_turns"
SESSION_OPTIONS = "-c timezone=UTC -c jit=off"
KEPT_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds of silence, then between questions, and how many: of a server whose host is gone nobody says so."""


class DatabaseUnreachableError(DomainError):
    """The database cannot be reached."""

    code = "database_unreachable"
    kind = "unavailable"


class SchemaError(DomainError):
    """The database's schema does not fit this version of Onevoice."""

    code = "schema"
    kind = "conflict"


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str, *, min_size: int = 1, max_size: int = 8, name: str = "onevoice") -> None:
        self.url = url
        self._pool = ConnectionPool(
            url,
            min_size=min_size,
            max_size=max_size,
            open=False,
            timeout=10,
            kwargs={"application_name": name, "options": SESSION_OPTIONS, "autocommit": False, **KEPT_ALIVE},
            check=_require_quiet,
        )

    def open(self, *, timeout_seconds: float = 10) -> None:
        """Raises: DatabaseUnreachableError with the server's own words."""
        try:
            psycopg.connect(self.url, connect_timeout=max(2, int(timeout_seconds))).close()
        except (psycopg.Error, UnicodeError) as error:
            reason = str(error).strip().splitlines()
            raise DatabaseUnreachableError(
                f"The database does not answer: {reason[-1] if reason else error}. "
                "Check ONEVOICE_DATABASE_URL (postgresql://user:password@host:port/name) and that the server runs."
            ) from error
        self._pool.open(wait=True, timeout=timeout_seconds)

    @contextmanager
    def transaction(self) -> Generator[psycopg.Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._pool.connection() as conn:
            yield conn

    def close(self) -> None:
        self._pool.close()


def _require_quiet(conn: psycopg.Connection) -> None:
    """That a connection which was laid aside is there still. A server that ends one says so and closes it; where
    nothing has come there is nothing to ask, which would take as long as a query.

    Raises: psycopg.OperationalError.
    """
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(conn)


def dedicated(url: str, *, name: str, options: str = "") -> psycopg.Connection:
    """A connection outside the pool, for whoever holds a lease on it; transactions are opened explicitly.

    options: further settings of the session, as on the server's command line.
    """
    return psycopg.connect(url, autocommit=True, application_name=name, options=f"{SESSION_OPTIONS} {options}")


def lease(conn: psycopg.Connection, number: int) -> bool:
    """Take the lock `number` for as long as the connection lives, unless another holds it."""
    row = conn.execute("select pg_try_advisory_lock(%s)", (number,)).fetchone()
    return bool(row and row[0])


def require_alive(conn: psycopg.Connection) -> None:
    """Raises: psycopg.OperationalError where the connection, and with it what it held, is gone."""
    conn.execute("select 1")


def upgrade(url: str) -> None:
    """Bring the schema to this version, each migration in a transaction of its own, one upgrader at a time."""
    with psycopg.connect(url) as conn:
        if revision(conn) == HEAD:
            return
    # Rarely needed, and takes as long to load as all else here.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def revision(conn: psycopg.Connection) -> str | None:
    """The schema's revision, or None in a database that holds nothing of ours."""
    found = conn.execute("select to_regclass('public.alembic_version')").fetchone()
    if found is None or found[0] is None:
        return None
    row = conn.execute("select version_num from public.alembic_version").fetchone()
    return row[0] if row else None


def require_empty(conn: psycopg.Connection) -> None:
    """Raises: SchemaError in a database that holds an installation."""
    have = revision(conn)
    if have is not None:
        raise SchemaError(f"The database holds an installation already, at {have}. Load into an empty one.")


def require_some(conn: psycopg.Connection) -> None:
    """Raises: SchemaError in a database that holds no installation."""
    if revision(conn) is None:
        raise SchemaError("The database holds no installation. Name the home of one with --home.")


def require_current(conn: psycopg.Connection) -> None:
    """Raises: SchemaError unless the schema is exactly this version's."""
    have = revision(conn)
    if have == HEAD:
        return
    if have is None or have < HEAD:
        raise SchemaError(f"The schema is at {have}, this version needs {HEAD}. Run `onevoice db upgrade`.")
    raise SchemaError(
        f"The schema is at {have}, newer than this version's {HEAD}. "
        "Install the newer Onevoice, or restore an older backup."
    )
