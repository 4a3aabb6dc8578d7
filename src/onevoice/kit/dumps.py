"""A whole database in one file, by the client programs that come with Onevoice. Called by the command line."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from psycopg.pq import Conninfo

from onevoice.kit.errors import DomainError
from onevoice.kit.postgres import wheel_binaries


class ClientError(DomainError):
    """A program of PostgreSQL failed."""

    code = "postgres_client"
    kind = "unavailable"


def dump(url: str, file: Path) -> None:
    """Write a database into a file that only its owner may read. Raises: ClientError, and leaves no file."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryFile() as said:
            process = _client(url, said, "pg_dump", "--format=custom", "--no-owner", f"--file={half}")
            if process.wait() != 0:
                raise _client_error(said)
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)


def load(url: str, file: Path) -> None:
    """Load what `dump` wrote, in one transaction. Raises: ClientError, and has loaded nothing."""
    with tempfile.TemporaryFile() as said:
        source = _client(url, said, "pg_restore", "--no-owner", "--file=-", str(file), stdout=subprocess.PIPE)
        sink = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        target = _client(url, said, "psql", *sink, stdin=subprocess.PIPE)
        if source.stdout and target.stdin:
            with contextlib.suppress(BrokenPipeError), source.stdout:
                _pour(source.stdout, target.stdin)
        whole = source.wait() == 0
        if not whole:
            target.kill()  # it would commit what came
        with contextlib.suppress(BrokenPipeError):
            target.communicate()
        if target.returncode != 0 or not whole:
            raise _client_error(said)


def _client(
    url: str, said: IO[bytes], program: str, *arguments: str, stdin: int | None = None, stdout: int | None = None
) -> "subprocess.Popen[bytes]":
    """A client program of the wheel, told of the database where nobody else can read the password."""
    told = {
        each.envvar.decode(): each.val.decode() for each in Conninfo.parse(url.encode()) if each.envvar and each.val
    }
    command = [str(wheel_binaries() / "bin" / program), *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=said, env={**os.environ, **told}, umask=0o077)


def _pour(script: IO[bytes], sink: IO[bytes]) -> None:
    """All of it but the one line in its head that servers before 17 refuse."""
    for line in script:
        if line == b"SET transaction_timeout = 0;\n":
            break
        sink.write(line)
    shutil.copyfileobj(script, sink)


def _client_error(said: IO[bytes]) -> ClientError:
    said.seek(0)
    return ClientError(said.read().decode(errors="replace").strip()[-800:])
