"""The web alone: an authenticator in memory, and a few routes that fail in every way a route can."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import psycopg
import pytest
from fastapi import FastAPI, Request

from onevoice.kit.errors import DomainError
from onevoice.web import console, login, openapi
from onevoice.web.edge import client_address, protect, public_base
from onevoice.web.guards import Actor, Guards, Insider, LoggedIn, Person, Refused, Visitor, allow, bind
from onevoice.web.paging import Body, Limit, Page, RowId, Text
from onevoice.web.settings import WebSettings
from web.asgi_client import AsgiClient

PASSWORD = "correct horse battery"


class MemoryAuthenticator:
    """One owner `anna`, one operator `max`, one key. Sessions are numbers."""

    def __init__(self) -> None:
        self.sessions: dict[str, Visitor] = {}
        self.asked: list[dict[str, Any]] = []
        self.answer: Refused | None = None
        self.used: list[bool] = []

    def by_key(self, key: str) -> Actor | None:
        return Actor("key", 7, "key:7 shop", frozenset({"things.read"})) if key == "ov_secret_good" else None

    def by_session(self, token: str, *, used: bool = True) -> Visitor | None:
        self.used.append(used)
        return self.sessions.get(token)

    def log_in(
        self, login: str, password: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | Refused:
        self.asked.append({"login": login, "address": address, "agent": agent, "previous": previous})
        if self.answer is not None:
            return self.answer
        if password != PASSWORD or login not in {"anna", "max"}:
            return Refused("wrong")
        self.sessions.pop(previous or "", None)
        token = f"session-{len(self.asked)}"
        permissions = frozenset({"things.read", "things.break"} if login == "anna" else {"things.read"})
        actor = Actor("account", 1, login, permissions, role="owner" if login == "anna" else "operator", session=token)
        self.sessions[token] = Visitor(actor=actor, csrf=f"csrf-{token}")
        return LoggedIn(token=token, csrf=f"csrf-{token}")

    def log_in_by_code(
        self, ticket: str, code: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | Refused:
        return Refused("late")

    def log_out(self, token: str) -> None:
        del self.sessions[token]


class TeapotError(DomainError):
    """The teapot is short and stout."""

    code = "teapot"


class Thing(Body):
    name: Text
    secret: int = 0


class Site:
    """What a test gets: the app, its parts and visitors."""

    def __init__(self, folder: Path, settings: WebSettings) -> None:
        self.console = folder
        self.authenticator = MemoryAuthenticator()
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
        self.guards = Guards(self.authenticator, settings)
        bind(self.app, self.guards)
        _failing_routes(self.app, settings)
        self.app.include_router(login.router(self.guards, self.authenticator, settings, folder))
        self.app.include_router(console.router(folder, self.guards))
        openapi.describe(self.app)
        protect(self.app, settings)

    def stranger(self, **options: str) -> AsgiClient:
        return AsgiClient(self.app, **options)

    def person(self, name: str = "anna") -> AsgiClient:
        client = self.stranger()
        assert client.log_in(name, PASSWORD).status_code == 303
        return client


def _failing_routes(app: FastAPI, settings: WebSettings) -> None:
    @app.get("/api/things/{thing_id}")
    def thing(thing_id: RowId, limit: Limit = 50, q: str = "") -> Page[str]:
        return Page(data=[str(thing_id), str(limit), q])

    @app.post("/api/things")
    def make(thing: Thing) -> Thing:
        return thing

    @app.get("/api/fail/{how}")
    def fail(how: str) -> None:
        errors: dict[str, Exception] = {
            "domain": TeapotError("Tip me over.", handle=1, status=200, code="forged"),
            "locked": type("Full", (DomainError,), {"code": "full", "kind": "too_many"})(
                "Wait.", retry_after_seconds=9
            ),
            "database": psycopg.OperationalError("password=hunter2 host=10.0.0.1"),
            "bug": RuntimeError("password=hunter2"),
        }
        raise errors[how]

    @app.get("/api/insider")
    def insider(actor: Insider) -> str:
        return actor.label

    @app.get("/api/reader")
    def reader(actor: Annotated[Actor, allow("things.read")]) -> str:
        return actor.label

    @app.get("/api/person")
    def person(actor: Person) -> str:
        return actor.label

    @app.get("/api/breaker")
    def breaker(actor: Annotated[Actor, allow("things.break")]) -> str:
        return actor.label

    @app.get("/api/address")
    def address(request: Request) -> str:
        return client_address(request, settings)

    @app.get("/api/base")
    def base(request: Request) -> str:
        return public_base(request, settings)

    @app.post("/v1/batch")
    async def batch(request: Request) -> int:
        return len(await request.body())


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Site]:
    def build(settings: WebSettings | None = None, *, built: bool = True) -> Site:
        folder = tmp_path / "console"
        if built:
            (folder / "assets").mkdir(parents=True)
            (folder / "index.html").write_text("<!doctype html><title>Console</title>")
            (folder / "assets" / "main-0a1b2c.js").write_text("export {}")
            (folder / "assets" / "main-0a1b2c.js.br").write_bytes(b"brotli")
            (folder / "assets" / "main-0a1b2c.js.gz").write_bytes(b"gzip")
            for subset in ("latin", "latin-ext", "cyrillic", "cyrillic-ext"):
                (folder / "assets" / f"golos-text-{subset}-wght-normal-Zz9.woff2").write_bytes(b"font")
            (folder / "icon.svg").write_text("<svg/>")
            (folder / "onevoice.js").write_text("snippet")
            (folder / "onevoice-chat.js").write_text("chat")
            (folder / "onevoice-chat-pl-0a1b2c.js").write_text("words")
            (folder / ".env").write_text("SECRET=1")
            (tmp_path / "outside.txt").write_text("SECRET=1")
            (folder / "assets" / "link.txt").symlink_to(tmp_path / "outside.txt")
        return Site(folder, settings or WebSettings())

    return build


@pytest.fixture
def site(build: Callable[..., Site]) -> Site:
    return build()
