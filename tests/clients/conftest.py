"""What the tests of unmodified clients share: their Node packages, a running server, and what it stored."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clients.stored import Stored
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from support import LiveServer, run_onevoice

NODE = Path(__file__).parent / "node"
STAMP = NODE / "node_modules" / ".lock.sha256"


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder with the packages that the lockfile names, installed when it changed. Their scripts never run."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail("Node and npm are needed to run the Node and browser clients: install nodejs and npm.")
    wanted = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    with (NODE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two workers one installs, the other waits
        if not STAMP.is_file() or STAMP.read_text() != wanted:
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=NODE,
                check=True,
                capture_output=True,
                env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
            )
            STAMP.write_text(wanted)
    return NODE


@pytest.fixture
def source(live_server: LiveServer, request: pytest.FixtureRequest) -> tuple[str, Stored]:
    """A write key of a source of this test's own, and what is stored of that source."""
    name = request.node.name
    key = run_onevoice("keys", "create", "write", "--name", name, "--home", str(live_server.home))
    return key, Stored(Cluster(Home(live_server.home)).url, name)
