"""What tests share beyond fixtures: a real server of their own, and the command line as a process."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from onevoice import bootstrap
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster

_numbers = itertools.count()


@contextlib.contextmanager
def fresh_database(cluster: Cluster, name: str) -> Generator[str]:
    """The URL of a migrated database that goes afterwards; in memory, where the cluster has such a tablespace."""
    name = f"{name}_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(cluster.url.replace("/onevoice?", "/postgres?"), autocommit=True) as conn:
        in_memory = conn.execute("select 1 from pg_tablespace where spcname = 'memory'").fetchone()
        conn.execute(
            f"create database {name} template onevoice strategy wal_log" + (" tablespace memory" if in_memory else "")
        )
    yield cluster.url.replace("/onevoice?", f"/{name}?")
    with psycopg.connect(cluster.url.replace("/onevoice?", "/postgres?"), autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@dataclass(frozen=True)
class LiveServer:
    """A real `onevoice serve` with an owner, a member, and a key of each scope."""

    url: str
    home: Path
    write_key: str
    secret_key: str
    owner: tuple[str, str]
    member: tuple[str, str]
    process: "subprocess.Popen[str]"

    def get(self, path: str, **params: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        return httpx.get(self.url + path, params=params, headers=headers, timeout=30)

    def post(self, path: str, body: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        return httpx.post(self.url + path, json=body, headers=headers, timeout=30)

    def send(self, *events: dict[str, object]) -> None:
        """Send events as a client would and wait until they are linked."""
        answer = httpx.post(self.url + "/v1/batch", json={"batch": list(events)}, auth=(self.write_key, ""), timeout=30)
        assert answer.status_code == 200, answer.text
        self.settle()

    def settle(self, seconds: float = 20) -> None:
        """Wait until everything accepted so far is linked and the customers' cards have followed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            metrics = httpx.get(self.url + "/metrics", timeout=10).text
            lags = [float(line.split()[1]) for line in metrics.splitlines() if line.startswith("onevoice_link_lag")]
            if lags == [0.0]:
                time.sleep(0.3)
                return
            time.sleep(0.05)
        raise AssertionError("the worker did not catch up")

    def cookie(self) -> str:
        """The session of an owner who has just logged in, as a header's value."""
        login, password = self.owner
        form = {"login": login, "password": password}
        answer = httpx.post(f"{self.url}/login", data=form, headers={"Origin": self.url}, timeout=30)
        return f"onevoice_session={answer.cookies['onevoice_session']}"

    def login(self, page: object, *, who: str = "owner") -> None:
        """Log a Playwright page in as the form does, without drawing it nor the console behind it: a test opens both
        itself where it wants to see them.
        """
        login, password = self.owner if who == "owner" else self.member
        answer = page.context.request.post(  # type: ignore[attr-defined]
            self.url + "/login",
            form={"login": login, "password": password},
            headers={"Origin": self.url},
            max_redirects=0,
        )
        assert answer.status == 303, answer.text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def onevoice(*arguments: str, stdin: str | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "onevoice", *arguments],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=120,
        env={**os.environ, **environ},
    )


def run_onevoice(*arguments: str, stdin: str | None = None) -> str:
    """The same where it must succeed: what stands on standard output."""
    done = onevoice(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextlib.contextmanager
def serving(home: Path) -> Generator[LiveServer]:
    """Start a server on a home of its own and stop it as Ctrl-C would."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "onevoice", "serve", "--home", str(home), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if "Onevoice is at" in line:
            break
    else:
        raise AssertionError("".join(said))
    try:
        yield LiveServer(f"http://127.0.0.1:{port}", home, *_let_in(home), process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        process.stdout.close()
        forget_cluster(Home(home))


def _let_in(home: Path) -> tuple[str, str, tuple[str, str], tuple[str, str]]:
    """Both keys, the owner and the member, as the command line makes them; its start, 2 s, is spared four times."""
    there = Home(home)
    inside = bootstrap.installation(Cluster(there).url, there.secrets(SystemChance()), name="tests", max_connections=2)
    try:
        write_key = bootstrap.create_key(inside, scope="write", name="site", channel="site", site="pl")
        secret_key = bootstrap.create_key(inside, scope="secret", name="tests", channel=None, site="main")
        owner = ("owner@shop.example", "an owner's long password")
        member = ("member@shop.example", "a member's password")
        for role, (login, password) in (("owner", owner), ("operator", member)):
            bootstrap.create_account(inside, login=login, name=login, password=password, role=role, language="en")
    finally:
        inside.database.close()
    return write_key, secret_key, owner, member


def forget_cluster(home: Home) -> None:
    shutil.rmtree(Cluster(home).folder, ignore_errors=True)


def told_by(server: LiveServer) -> str:
    """What a server's processes wrote last, and what waits to be linked."""
    said = [f"lag: {line}" for line in _metrics(server) if line.startswith("onevoice_link_lag")]
    for log in sorted((server.home / "logs").glob("*.log")):
        lines = log.read_text("utf-8", "replace").splitlines()[-30:]
        said += [f"--- {log.name}", *(line[:500] for line in lines)]
    return "\n".join(said)


def _metrics(server: LiveServer) -> list[str]:
    try:
        return httpx.get(server.url + "/metrics", timeout=10).text.splitlines()
    except httpx.HTTPError as error:
        return [f"onevoice_link_lag unknown: {type(error).__name__}"]


@contextlib.contextmanager
def console_socket(client: httpx.Client, *topics: str) -> Generator[ClientConnection]:
    """The console's socket as somebody who has logged in opens it, told of these topics."""
    url = str(client.base_url.join("/api/socket")).replace("http", "ws", 1)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    origin = Origin(client.headers["Origin"])
    with connect(url, origin=origin, additional_headers={"Cookie": cookies}, open_timeout=10) as socket:
        socket.send(json.dumps({"subscribe": topics}))
        yield socket
