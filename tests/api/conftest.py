"""The real API and worker as processes, on a database that nobody else uses: these tests leave nothing whole."""

import base64
import hmac
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from onevoice.domains.access.contracts import FOR_KEYS, ROLES, AccountCreate, Role
from onevoice.domains.access.http.authenticator import AccessAuthenticator
from onevoice.domains.access.service import accounts, keys
from onevoice.domains.delivery.service import files
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster
from onevoice.web.guards import LoggedIn
from support import fresh_database

PASSWORD = "correct horse battery"

_numbers = itertools.count()


@dataclass
class Arena:
    """A running API, and everybody who may come to it, as the headers they send."""

    url: str
    database: Database
    write_key: str
    secret_key: str
    mighty_key: str
    people: dict[Role, dict[str, str]] = field(default_factory=dict)

    def headers(self, who: str) -> dict[str, str]:
        """Of "nobody", "write", "basic" (the same key as clients send it), "secret", "mighty" (a secret key allowed all
        that keys can be) or a role.
        """
        return {
            "nobody": {},
            "write": {"Authorization": f"Bearer {self.write_key}"},
            "basic": {"Authorization": "Basic " + base64.b64encode(f"{self.write_key}:".encode()).decode()},
            "secret": {"Authorization": f"Bearer {self.secret_key}"},
            "mighty": {"Authorization": f"Bearer {self.mighty_key}"},
            **self.people,
        }[who]

    def ask(self, method: str, path: str, who: str, **options: object) -> httpx.Response:
        return httpx.request(method, self.url + path, headers=self.headers(who), timeout=30, verify=False, **options)

    def log_in(self, role: Role) -> None:
        """Anew: what a test did may have ended the session before, or have taken the role or the account away."""
        clock, chance = SystemClock(), SystemChance()
        login = f"{role}-{next(_numbers)}@shop.example"
        with self.database.transaction() as conn:
            create = AccountCreate(login=login, name=role, password=PASSWORD, role=role)
            accounts.create_account(conn, create, clock=clock, chance=chance)
        authenticator = AccessAuthenticator(self.database, b"s" * 32, clock=clock, chance=chance)
        started = authenticator.log_in(login, PASSWORD, address=f"192.0.2.{next(_numbers)}", agent="", previous=None)
        assert isinstance(started, LoggedIn)
        cookies = f"onevoice_session={started.token}; onevoice_csrf={started.csrf}"
        self.people[role] = {"Cookie": cookies, "X-Onevoice-Csrf": started.csrf, "Origin": self.url}

    def make_secret_key(self) -> None:
        """Anew, likewise."""
        with self.database.transaction() as conn:
            self.secret_key = keys.create_key(
                conn, scope="secret", name="tests", clock=SystemClock(), chance=SystemChance()
            )

    def seed(self) -> None:
        """People with events, two of them one by hand, a dead letter, a webhook that was called, an announced
        file, a template, a silence."""
        batch: list[dict[str, object]] = [{"type": "track", "event": "Lost", "messageId": "nobody"}]
        for n in range(12):
            traits = {"name": f"Anna {n}", "email": f"anna{n}@shop.example", "phone": f"+4851234{n:04d}"}
            batch += [
                {"type": "page", "anonymousId": f"a{n}", "messageId": f"p{n}", "name": "Boots"},
                {"type": "identify", "anonymousId": f"a{n}", "userId": f"u{n}", "messageId": f"i{n}", "traits": traits},
                {"type": "track", "userId": f"u{n}", "event": "Order Completed", "messageId": f"t{n}"},
            ]
        assert self.ask("POST", "/v1/batch", "basic", json={"batch": batch}).status_code == 200
        announced = {"name": "customers.csv", "size_bytes": 10}
        assert self.ask("POST", "/api/imports", "owner", json=announced).status_code == 201
        limits = {"kind": "viber", "per_profile": 2, "per_profile_weak": 2}
        assert self.ask("POST", "/api/identity/limits/changes", "owner", json=limits).status_code == 201
        self._settle()
        self._deliver()
        merge = {"from": "user_id:u0", "into": "user_id:u1", "reason": "one person"}
        assert self.ask("POST", "/api/identity/merges", "secret", json=merge).status_code == 200
        draft = {
            "default_language": "en",
            "variants": [
                {"channel": "sandbox", "language": "en", "parts": {"type": "plain", "text": "Boots are back"}}
            ],
        }
        kept = {"site": "main", "name": "boots", "message_class": "marketing", "purpose": "promotions", "draft": draft}
        assert self.ask("POST", "/api/templates", "owner", json=kept).status_code == 201
        assert self.ask("POST", "/api/templates/1/versions", "owner", json={"revision": 1}).status_code == 201
        said = {"to": "user_id:u1", "class": "marketing", "purpose": "promotions", "words": {"text": "Boots are back"}}
        assert self.ask("POST", "/api/messages", "owner", json=said).status_code == 200
        with self.database.transaction() as conn:
            made = files.begin(conn, "boots.pdf", 5, 0, SystemClock().now())
            files.piece(conn, made.id, 0, b"%PDF-", 0)

    def _deliver(self) -> None:
        hook = self.ask("POST", "/api/webhooks", "owner", json={"name": "crm", "channel": "api"}).json()
        body, stamp = b'{"id": 1, "email": "anna1@shop.example"}', str(int(time.time()))
        key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, b"m1.%s.%s" % (stamp.encode(), body), "sha256")).decode()
        headers = {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
        path = hook["address"].partition("/v1/")[2]
        assert httpx.post(f"{self.url}/v1/{path}", content=body, headers=headers, timeout=30).status_code == 200
        mapping = {"rules": [{"make": "track", "event": {"text": "Lead"}, "user_id": "id"}]}
        change = {"mapping": mapping, "based_on": 0}
        assert self.ask("PUT", f"/api/webhooks/{hook['id']}/mapping", "owner", json=change).status_code == 200

    def _settle(self) -> None:
        deadline = time.monotonic() + 30
        while self.ask("GET", "/api/profiles/user_id:u11", "secret").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="module")
def arena(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with fresh_database(cluster, "arena") as url:
        yield from _served(url, tmp_path_factory.mktemp("arena"))


def _served(url: str, home: Path) -> Iterator[Arena]:
    database = Database(url)
    database.open()
    port = _free_port()
    environ = {**os.environ, "ONEVOICE_HOME": str(home), "ONEVOICE_RUNNING_URL": url}
    common = [sys.executable, "-m", "onevoice"]
    log = (home / "log").open("w")
    processes = [
        subprocess.Popen([*common, *command, "--home", str(home)], env=environ, stdout=log, stderr=log)
        for command in (["api", "--port", str(port)], ["worker"])
    ]
    try:
        _await_health(f"http://127.0.0.1:{port}", home / "log")
        yield _furnished(f"http://127.0.0.1:{port}", database)
        said = (home / "log").read_text()
        assert [process.poll() for process in processes] == [None, None], said
        wrong = [line for line in said.splitlines() if "Traceback" in line or '"level": "error"' in line]
        assert wrong == []
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)
        log.close()
        database.close()


def _furnished(url: str, database: Database) -> Arena:
    clock, chance = SystemClock(), SystemChance()
    with database.transaction() as conn:
        write = keys.create_key(conn, scope="write", name="site", channel="site", clock=clock, chance=chance)
        secret = keys.create_key(conn, scope="secret", name="tests", clock=clock, chance=chance)
        mighty = keys.create_key(
            conn, scope="secret", name="all", permissions=sorted(FOR_KEYS), clock=clock, chance=chance
        )
    arena = Arena(url, database, write, secret, mighty)
    for role in ROLES:
        arena.log_in(role)
    arena.seed()
    return arena


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_health(url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
