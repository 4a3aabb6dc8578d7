"""A whole installation in this process: what is sent is linked at once, and the API answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import FastAPI

from onevoice import bootstrap
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database
from onevoice.kit.home import Secrets
from onevoice.kit.postgres import Cluster
from onevoice.web.settings import WebSettings
from support import fresh_database
from web.asgi_client import AsgiClient

PASSWORD = "correct horse battery"
NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


class Shop:
    """Sources are named after their sites. Times are minutes after noon; everything is learnt as it happens."""

    def __init__(self, database: Database, *sites: str) -> None:
        secrets = Secrets(b"v" * 32, b"s" * 32, b"l" * 32)
        self.home = bootstrap.Installation(database, secrets, ManualClock(NOON), SeededChance(1))
        self.sources = bootstrap.ensure_sources(self.home, [(site, "site", site) for site in sites or ("main",)])
        self._key = bootstrap.create_key(self.home, scope="secret", name="tests", channel=None, site="main")
        self._sent = 0

    @cached_property
    def app(self) -> FastAPI:
        """Built when it is first asked: it takes 0.2 s, and not every test asks."""
        return bootstrap.api(self.home, WebSettings())

    @cached_property
    def _program(self) -> AsgiClient:
        return AsgiClient(self.app, Authorization=f"Bearer {self._key}")

    def send(self, event: dict[str, Any], *, at: float = 0, learnt: float | None = None, site: str = "main") -> None:
        """An event that happened at `at` and was learnt then, or later."""
        self._sent += 1
        received = minutes(at if learnt is None else learnt)
        whole = {"type": "track", "messageId": f"m-{self._sent}", "timestamp": minutes(at).isoformat(), **event}
        bootstrap.append_events(self.home, [(self.sources[site], [whole], received, received)])
        with bootstrap.linking_steps(self.home) as step:
            while step():
                pass

    def person(self, user_id: str, *, site: str = "main", at: float = 0, **traits: Any) -> None:
        self.send({"type": "identify", "userId": user_id, "traits": traits}, site=site, at=at)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self._program.get(path, params=params)

    def profile(self, reference: str, part: str = "", **params: Any) -> httpx.Response:
        """Times among the parameters are minutes."""
        times = {name: minutes(params[name]).isoformat() for name in params.keys() & {"as_of", "known_at"}}
        return self.get(f"/api/profiles/{quote(reference, safe=':')}{part}", **{**params, **times})

    def post(self, path: str, body: dict[str, Any], *, at: float = 60) -> httpx.Response:
        self.home.clock.advance(minutes(at) - self.home.clock.now())
        return self._program.post(path, json=body)

    def stranger(self) -> AsgiClient:
        return AsgiClient(self.app)

    def signed_in(self, role: str) -> AsgiClient:
        """A new account of that role, `role@shop.example`, at work in the console."""
        login = f"{role}@shop.example"
        bootstrap.create_account(self.home, login=login, name=role, password=PASSWORD, role=role, language="en")
        client = self.stranger()
        assert client.log_in(login, PASSWORD).status_code == 303
        return client


@contextmanager
def lasting_shop(cluster: Cluster, name: str, *sites: str) -> Iterator[Shop]:
    """For many tests that only read."""
    with fresh_database(cluster, name) as url:
        database = Database(url)
        database.open()
        yield Shop(database, *sites)
        database.close()
