"""What stands around every request: headers that browsers obey, a limit on bodies, and a last net under errors."""

import re
import traceback
from urllib.parse import unquote_to_bytes

import psycopg
import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onevoice.web import openapi, problems
from onevoice.web.settings import WebSettings

# The events' own doors: called from other origins by design, with a limit of their own. Webhooks come from servers, and
# are like anything else.
INTAKE = "/v1/"
CALLED = ("/v1/webhooks/", "/v1/channels/")
BODY_MAX_BYTES = 1024 * 1024

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it browsers send `Origin: null` from our own forms, and the origin could not be checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HSTS = "max-age=31536000"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")

_log = structlog.get_logger(__name__)


def protect(app: FastAPI, settings: WebSettings) -> None:
    """Install all of this on `app`. Call it last: what is added last stands outermost."""
    problems.handle(app, lambda path: openapi.allowed(app, path))
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyGate)
    app.add_middleware(SafetyNet)
    app.add_middleware(SecurityHeaders, tls=settings.tls)


def _of_intake(scope: Scope) -> bool:
    return scope["path"].startswith(INTAKE) and not scope["path"].startswith(CALLED)


def client_address(connection: HTTPConnection, settings: WebSettings) -> str:
    """The address that is counted and shown: the nearest one that is not a trusted proxy."""
    return _way(connection, settings)[0][:64]


def public_base(connection: HTTPConnection, settings: WebSettings) -> str:
    """Where whoever sent this reaches us, such as `https://hello.example/shop`. No slash at its end."""
    if settings.base is not None:
        return settings.base
    _, proxies = _way(connection, settings)
    protocol = _told_by_proxies(connection, "x-forwarded-proto", proxies).lower()
    host = _told_by_proxies(connection, "x-forwarded-host", proxies)
    if protocol not in {"http", "https"}:
        protocol = connection.url.scheme
    if not _HOST.fullmatch(host):
        host = connection.headers.get("host", connection.url.netloc)
    return f"{protocol}://{host}"


def _way(connection: HTTPConnection, settings: WebSettings) -> tuple[str, int]:
    """The nearest address that is not a trusted proxy, and how many trusted ones it came through."""
    address = connection.client.host if connection.client else "unknown"
    forwarded = _listed(connection, "x-forwarded-for")
    proxies = 0
    while address in settings.trusted_proxies:
        proxies += 1
        if not forwarded:
            break
        address = forwarded.pop()
    return address, proxies


def _told_by_proxies(connection: HTTPConnection, name: str, proxies: int) -> str:
    """What the outermost trusted proxy put into a list that each proxy may append to; empty where none said it."""
    said = _listed(connection, name)[-proxies:] if proxies else []
    return said[0] if said else ""


def _listed(connection: HTTPConnection, name: str) -> list[str]:
    """The parts of a header in their order. A proxy may append a line of its own instead of a part."""
    parts = ",".join(connection.headers.getlist(name)).split(",")
    return [part.strip() for part in parts if part.strip()]


class SecurityHeaders:
    """Sets what a route has not set itself."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, "Strict-Transport-Security": _HSTS} if tls else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _of_intake(scope):
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def told(error: BaseException) -> dict[str, str]:
    """What the log keeps of an error: where and what, never the values of variables, which may be passwords.

    A database error quotes the row it refused, so of those only the first line of the server's message is kept.
    """
    said = (error.diag.message_primary or "") if isinstance(error, psycopg.Error) else str(error)
    return {
        "error": type(error).__name__,
        "said": said,
        "where": "".join(traceback.format_tb(error.__traceback__)),
    }


class SafetyNet:
    """An error that nobody foresaw becomes a 500 without a word of what it was, and a line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            _log.error("unforeseen", path=scope["path"], method=scope["method"], **told(error))
            if started:
                raise  # half an answer is on its way: the server must break the connection
            await problems.unexpected()(scope, receive, send)


class HeadAsGet:
    """Answers HEAD as GET would, without the body: balancers and checkers of links ask so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            else:  # a piece of the body, or the name of a file that the server would send
                await send({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})

        await self._app({**scope, "method": "GET"}, receive, bodiless)


class BodyGate:
    """Reads a body whole before anything else sees it, up to a limit, and refuses text that cannot be stored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _of_intake(scope):
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"\x00" in unquote_to_bytes(scope["query_string"]):
            refusal = problems.render(400, "bad_text", "Unusable text", "The address holds the character U+0000.")
            await refusal(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        body = await self._read(headers, receive)
        if body is None:
            detail = f"A request to this address has at most {BODY_MAX_BYTES // 1024} KiB."
            refusal = problems.render(
                413, "too_large", "The body is too large", detail, headers={"Connection": "close"}
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    @staticmethod
    async def _read(headers: Headers, receive: Receive) -> bytes | None:
        """The body; None when it is over the limit; as much as came when the sender went away."""
        declared = headers.get("content-length", "0")
        if not declared.isascii() or not declared.isdigit() or int(declared[:20]) > BODY_MAX_BYTES:
            return None
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(body)
            body += message.get("body", b"")
            if len(body) > BODY_MAX_BYTES:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
