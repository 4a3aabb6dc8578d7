"""One app of access alone, on a fresh database, with a clock and a chance that the test holds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from onevoice.domains.access.contracts import Account, AccountCreate, Role
from onevoice.domains.access.http import routes
from onevoice.domains.access.http.authenticator import AccessAuthenticator
from onevoice.domains.access.service import accounts, audit, keys
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster
from onevoice.web import login, openapi
from onevoice.web.edge import protect
from onevoice.web.guards import Guards, bind
from onevoice.web.settings import WebSettings
from support import fresh_database
from web.asgi_client import AsgiClient

PASSWORD = "correct horse battery"


@dataclass
class House:
    """What a test needs of the running access."""

    database: Database
    clock: ManualClock
    chance: SeededChance
    app: FastAPI
    authenticator: AccessAuthenticator

    def account(self, login: str = "anna@shop.example", *, role: Role = "owner", name: str = "Anna") -> Account:
        create = AccountCreate(login=login, name=name, password=PASSWORD, role=role)
        with self.database.transaction() as conn:
            return accounts.create_account(conn, create, clock=self.clock, chance=self.chance)

    def key(self, scope: str = "secret", name: str = "back office") -> str:
        with self.database.transaction() as conn:
            return keys.create_key(conn, scope=scope, name=name, clock=self.clock, chance=self.chance)

    def stranger(self, **options: str) -> AsgiClient:
        return AsgiClient(self.app, **options)

    def person(self, login: str = "anna@shop.example", *, role: Role = "owner") -> AsgiClient:
        """Somebody with an account, logged in."""
        self.account(login, role=role)
        client = self.stranger()
        assert client.log_in(login, PASSWORD).status_code == 303
        return client

    def program(self, key: str) -> AsgiClient:
        return AsgiClient(self.app, Authorization=f"Bearer {key}")

    def audit(self) -> list[tuple[str, str, str]]:
        """Oldest first: who, what, about whom."""
        with self.database.transaction() as conn:
            entries = audit.audit_log(conn, limit=200)
        return [(each.audit.actor, each.audit.action, each.audit.subject) for each in reversed(entries)]


@pytest.fixture(scope="session")
def access_database(cluster: Cluster) -> Iterator[Database]:
    with fresh_database(cluster, "access") as url:
        database = Database(url, max_size=20)
        database.open()
        yield database
        database.close()


@pytest.fixture
def database(access_database: Database) -> Database:
    """Emptied instead of made anew: access has many small tests and few tables."""
    with access_database.transaction() as conn:
        conn.execute("set local session_replication_role = replica")  # what is only added to elsewhere goes too
        tables = [row[0] for row in conn.execute("select tablename from pg_tables where schemaname = 'access'")]
        conn.execute(f"truncate {', '.join(f'access.{each}' for each in tables)} restart identity cascade")
    return access_database


@pytest.fixture
def build(database: Database, tmp_path: Path) -> Callable[..., House]:
    def build(settings: WebSettings | None = None) -> House:
        settings = settings or WebSettings()
        clock, chance = ManualClock(datetime(2026, 11, 22, 12, tzinfo=UTC)), SeededChance(7)
        authenticator = AccessAuthenticator(database, b"s" * 32, clock=clock, chance=chance)
        guards = Guards(authenticator, settings)
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
        bind(app, guards)
        app.include_router(routes.router(database, authenticator, settings, lambda: None, clock=clock, chance=chance))
        app.include_router(login.router(guards, authenticator, settings, tmp_path))
        openapi.describe(app)
        protect(app, settings)
        return House(database, clock, chance, app, authenticator)

    return build


@pytest.fixture
def house(build: Callable[..., House]) -> House:
    return build()
