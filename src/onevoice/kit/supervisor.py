"""Keeps the processes of one installation alive: PostgreSQL first, then its users; stops them in the other order."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from onevoice.kit.errors import DomainError
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster, ClusterError

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1
GRACE_SECONDS = 20.0
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 10.0


class PortTakenError(DomainError):
    """The port is taken."""

    code = "port_taken"
    kind = "conflict"


class HomeInUseError(DomainError):
    """The home folder is in use."""

    code = "home_in_use"
    kind = "conflict"


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent dies, so that a killed supervisor leaves nobody behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number))


def require_free_port(host: str, port: int) -> None:
    """Raises: PortTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(
                f"{host}:{port} cannot be opened: {error.strerror}. "
                f"Stop what listens there, or choose another port with --port {port + 1}."
            ) from error


@dataclass
class Child:
    """A process that is started again whenever it ends, each time after a longer pause while it keeps failing."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    home: Home
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    next_start: float = 0.0
    pause: float = field(default=0.1)

    def start(self) -> None:
        with self.home.log(self.name).open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=dict(self.environ))
        self.started_at = time.monotonic()

    def tend(self, say: Callable[[str], None]) -> None:
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            say(
                f"{self.name} ended with {self.process.returncode}; starting it again (log: {self.home.log(self.name)})"
            )
            self.process = None
            steady = now - self.started_at > STEADY_SECONDS
            self.pause = 0.1 if steady else min(LONGEST_PAUSE_SECONDS, self.pause * 2)
            self.next_start = now + self.pause
        if now >= self.next_start:
            self.start()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    def __init__(self, children: Sequence[Child], cluster: Cluster | None, say: Callable[[str], None]) -> None:
        self._children = children
        self._cluster = cluster
        self._say = say
        self._stopping = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """For signal.signal: ask for a stop."""
        del number, frame
        self._stopping = True

    @property
    def stopping(self) -> bool:
        return self._stopping

    def start(self) -> None:
        for child in self._children:
            child.start()

    def tend(self) -> None:
        """Look once at everybody; start again whoever fell."""
        if self._cluster is not None:
            process = self._cluster.process
            if process is not None and process.poll() is not None:
                self._say(f"PostgreSQL ended with {process.returncode}; starting it again")
                with contextlib.suppress(ClusterError):
                    self._cluster.start()
        for child in self._children:
            child.tend(self._say)

    def run(self) -> None:
        """Tend until a stop is asked for, then stop everybody."""
        while not self._stopping:
            self.tend()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        for child in self._children:
            child.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children:
            child.wait(deadline)


def child_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "onevoice", *arguments]


def child_environ(home: Home, url: str, **more: str) -> dict[str, str]:
    return {**os.environ, "ONEVOICE_HOME": str(home.path), "ONEVOICE_RUNNING_URL": url, **more}
