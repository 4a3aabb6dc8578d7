"""The home folder: everything one installation has on disk."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from onevoice.kit.chance import Chance
from onevoice.kit.errors import DomainError

SECRETS = ("vault_key", "session_key", "link_key")
URL_VARIABLE = "ONEVOICE_DATABASE_URL"


class HomeError(DomainError):
    """The home folder cannot be used."""

    code = "home"
    kind = "conflict"


@dataclass(frozen=True)
class Secrets:
    """Keys of one installation, 32 bytes each. They stay outside the database, so that a stolen dump reads nothing."""

    vault_key: bytes
    session_key: bytes
    link_key: bytes

    @property
    def mark(self) -> bytes:
        """16 bytes by which a database knows them again, and nobody can guess them."""
        return hashlib.blake2b(b"onevoice", key=self.vault_key, digest_size=16).digest()


class DemoNow(NamedTuple):
    """since: when it began. pocket: where its customers' devices are shown; None while nobody shows them."""

    since: datetime
    pocket: str | None


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()

    def prepare(self) -> None:
        """Make the folder. Raises: HomeError with what to do when that is impossible."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(f"{self.path} cannot be made: {error.strerror}. Name another with --home.") from error

    def secrets(self, chance: Chance) -> Secrets:
        """The keys, made at the first call. Written whole or not at all, readable by the owner only."""
        file = self.path / "secrets.json"
        if not file.exists():
            self.prepare()
            fresh = json.dumps({name: chance.bytes(32).hex() for name in SECRETS}, indent=1)
            scratch = self.path / f".secrets.{os.getpid()}"
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(fresh)
                stream.flush()
                os.fsync(stream.fileno())
            try:
                os.link(scratch, file)  # fails when another process was first: its keys then hold
            except FileExistsError:
                pass
            finally:
                scratch.unlink()
        try:
            kept = json.loads(file.read_text())
            return Secrets(**{name: bytes.fromhex(kept[name]) for name in SECRETS})
        except (OSError, ValueError, KeyError) as error:
            raise HomeError(
                f"{file} cannot be read ({error}). Restore it from a backup: "
                "without its keys identifiers cannot be found."
            ) from error

    @property
    def demo(self) -> Path:
        """Where a demo notes how far it has come. No other installation has this file."""
        return self.path / "demo.json"

    def demo_now(self) -> DemoNow | None:
        """Of the demo in this installation; None in any other."""
        try:
            noted = json.loads(self.demo.read_text())
            return DemoNow(datetime.fromisoformat(noted["start"]), noted.get("pocket") or None)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def log(self, name: str) -> Path:
        folder = self.path / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{name}.log"


def external_database_url(environ: Mapping[str, str]) -> str | None:
    return environ.get(URL_VARIABLE) or None
