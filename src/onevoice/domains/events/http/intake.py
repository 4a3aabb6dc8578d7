"""/v1: the door that clients of Segment's wire format use unchanged, and /api/dead-letters.

Never a redirect: official clients follow one with a body-less GET and lose the batch in silence. Never a refusal for
one bad event: clients drop the whole batch on a 4xx. So 4xx is for what no retry can heal, 503 for what one can.
"""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Annotated, Any, Literal

import psycopg
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys
from onevoice.domains.events.contracts import DeadLetter, Frame, WriteKey
from onevoice.domains.events.errors import (
    EventsError,
    OverloadedError,
    SecretKeyError,
    UnavailableError,
    UnknownSettingsError,
    UnknownWriteKeyError,
    UnreadableBodyError,
)
from onevoice.domains.events.rules import door as rules
from onevoice.domains.events.service import log as service
from onevoice.kit import cursor as cursors
from onevoice.kit import jsons
from onevoice.kit.bounded import Bounded
from onevoice.kit.chance import Chance, random_uuid
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web import problems
from onevoice.web.edge import public_base
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Cursor, Limit, Moment, Page, RowId
from onevoice.web.problems import documented
from onevoice.web.settings import WebSettings

KEY_SECONDS = 3.0
"""For so long a looked-up key is believed; a revoked one is refused after that."""
HELD_BYTES = 128 * 2**20
"""So much of bodies may be in memory at once, being read or waiting for a key; what comes on top comes again later."""
KEYS_KEPT = 10_000
KEY_CHARS = 200
SECRET_PREFIX = "ov_secret_"  # noqa: S105 - how such keys begin, not one of them
COMMIT_WAIT_SECONDS = 20.0
DRAIN_BYTES = 16 * rules.MAX_BODY_BYTES
"""So much of an oversize body is read and thrown away, because a client that is cut off while it sends tries again."""
INLINE_BYTES = 128 * 1024
"""Larger bodies are read in a thread, so that nobody else waits for them."""

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
}
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-encoding, content-type, x-retry-count, x-write-key",
    "Access-Control-Max-Age": "86400",
}
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
PROBLEM_TEXTS = {
    400: "The body is no JSON object, or its gzip is broken. Nothing was stored.",
    401: "No living write key came with the request.",
    403: "The key is a secret key.",
    413: f"The body is over {rules.MAX_BODY_BYTES} bytes, or holds over {rules.MAX_EVENTS} events.",
    503: "The events could not be stored just now; `Retry-After` says when to send them again.",
}
_NOT_NOW = "Keys cannot be looked up just now; `Retry-After` says when to ask again."
PROBLEMS = documented(PROBLEM_TEXTS)

Resolve = Callable[[str], WriteKey | None]


# Who sends


class _WriteKeyScheme(SecurityBase):
    """Said for the API's description only: the route itself looks in all the places where clients put their key."""

    def __init__(self) -> None:
        self.model = HTTPBase(
            scheme="basic",
            description="A write key, `ov_write_...`, as user name; the password is ignored. It may also come as the "
            "header `X-Write-Key`, as `writeKey` in the query, or as `writeKey` in the body.",
        )
        self.scheme_name = "writeKey"

    async def __call__(self, _: Request) -> None:
        return None


class _Keys:
    """Write keys that were looked up lately."""

    def __init__(self, resolve: Resolve, clock: Clock) -> None:
        self._resolve = resolve
        self._clock = clock
        self._known: Bounded[str, tuple[float, WriteKey | None]] = Bounded(KEYS_KEPT)
        self._asking: dict[str, asyncio.Future[WriteKey | None]] = {}

    async def find(self, text: str | None) -> WriteKey:
        """Raises: UnknownWriteKeyError, SecretKeyError, UnavailableError."""
        if not text:
            raise UnknownWriteKeyError(
                "Send the write key as the user name of Basic authorization, or as `writeKey` in the body."
            )
        if text.startswith(SECRET_PREFIX):
            raise SecretKeyError("This is a secret key: it reads and changes. Events are sent with a write key.")
        found = await self._look_up(text) if len(text) <= KEY_CHARS else None
        if found is None:
            raise UnknownWriteKeyError(
                "This write key is unknown or was revoked. Make one: onevoice keys create write --name NAME."
            )
        return found

    async def _look_up(self, text: str) -> WriteKey | None:
        """One question at a time for each key, however many requests wait for the answer."""
        known = self._known[text]
        if known is not None and self._clock.monotonic() - known[0] <= KEY_SECONDS:
            return known[1]
        asking = self._asking.get(text)
        if asking is None:
            asking = self._asking[text] = asyncio.ensure_future(self._ask(text))
            asking.add_done_callback(lambda done: self._asked(text, done))
        try:
            return await asyncio.shield(asking)
        except psycopg.Error as error:
            raise UnavailableError(
                "The database does not answer just now. Send the events again.", retry_after_seconds=2
            ) from error

    def _asked(self, text: str, done: "asyncio.Future[WriteKey | None]") -> None:
        del self._asking[text]
        if not done.cancelled():
            done.exception()  # looked at, even when nobody waits any more

    async def _ask(self, text: str) -> WriteKey | None:
        asked_at = self._clock.monotonic()
        found = await asyncio.to_thread(self._resolve, text)
        self._known[text] = (asked_at, found)
        return found


def _key_of(request: Request) -> str | None:
    """The key that the request itself names; the body may name one too."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user = base64.b64decode(rest.strip()).decode("utf-8", "replace").partition(":")[0]
        except (binascii.Error, ValueError):
            user = ""
        if user:
            return user
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    header = request.headers.get("x-write-key", "").partition(":")[0].strip()
    return header or request.query_params.get("writeKey")


# What is sent


class _Bodies:
    """Reads bodies and knows how much of them is in memory."""

    def __init__(self) -> None:
        self._held = 0

    @contextlib.asynccontextmanager
    async def read(self, request: Request) -> AsyncGenerator[bytes]:
        """The body, for as long as the block lasts. Raises: TooLargeError, OverloadedError, ClientDisconnect."""
        chunks: list[bytes] = []
        total = held = 0
        try:
            async for chunk in request.stream():
                total += len(chunk)
                if total > DRAIN_BYTES:
                    break
                if total > rules.MAX_BODY_BYTES:
                    chunks.clear()
                    continue
                chunks.append(chunk)
                held += len(chunk)
                self._held += len(chunk)
                if self._held > HELD_BYTES:
                    raise OverloadedError("Too much is being sent at once. Send it again later.", retry_after_seconds=1)
            if total > rules.MAX_BODY_BYTES:
                raise rules.too_large()
            yield b"".join(chunks)
        finally:
            self._held -= held


def intake_router(
    appender: service.Appender, resolve: Resolve, settings: WebSettings, *, clock: Clock, chance: Chance
) -> APIRouter:
    """/v1. Who may call: whoever holds a write key.

    resolve: a write key to its source, None for a key that is unknown or revoked; may block and raise psycopg.Error.
    """
    routes = APIRouter(tags=["intake"])
    keys = _Keys(resolve, clock)
    bodies = _Bodies()

    def mint() -> str:
        return f"ov-{random_uuid(chance)}"

    async def take(request: Request, kind: str | None) -> Response:
        async with bodies.read(request) as raw:
            frame = await judge(request, raw, kind)
        if frame.count or frame.rejections:
            await asyncio.wait_for(asyncio.wrap_future(appender.append(frame)), COMMIT_WAIT_SECONDS)
        said = b'{"success":true,"accepted":%d,"rejected":%d}' % (frame.count, len(frame.rejections))
        return Response(said, headers=CORS, media_type="application/json")

    async def judge(request: Request, raw: bytes, kind: str | None) -> Frame:
        appender.require_room(len(raw))
        received_at = clock.now()
        named = _key_of(request)
        key = await keys.find(named) if named else None
        single = kind is not None
        if len(raw) > INLINE_BYTES:
            opened = await asyncio.to_thread(rules.open_body, raw, single=single)
        else:
            opened = rules.open_body(raw, single=single)
        if key is None:
            key = await keys.find(opened.write_key if isinstance(opened.write_key, str) else None)
        return service.frame_of(opened, kind, key.source_id, received_at, mint)

    def door(kind: str | None) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                return await take(request, kind)
            except EventsError as error:
                return _problem(error)
            except TimeoutError:
                return _problem(UnavailableError("The disk takes too long. Send it again.", retry_after_seconds=5))
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it

        return endpoint

    for name in (*sorted(rules.TYPES), "batch", "import"):
        kind = name if name in rules.TYPES else None
        routes.add_api_route(
            f"/v1/{name}",
            door(kind),
            methods=["POST"],
            name=name,
            summary=f"Take one {name} event" if kind else "Take a batch of events",
            description=_DESCRIPTION,
            response_model=None,
            responses={200: _TAKEN, **PROBLEMS},
            openapi_extra={"requestBody": _EVENT if kind else _BATCH},
            dependencies=[Depends(_WriteKeyScheme())],
        )
        routes.add_route(f"/v1/{name}/", door(kind), methods=["POST"], include_in_schema=False)
    for name in (*rules.SHORT, "b"):
        for path in (f"/v1/{name}", f"/v1/{name}/"):
            routes.add_route(path, door(rules.SHORT.get(name)), methods=["POST"], include_in_schema=False)

    @routes.get(
        "/v1/projects/{key}/settings",
        responses=documented({404: "No living write key is called so.", 403: PROBLEM_TEXTS[403], 503: _NOT_NOW}),
    )
    async def library_settings(request: Request, key: str) -> Response:
        """What the browser library asks for before it sends: one destination, this server at its public address."""
        try:
            await keys.find(key)
        except UnknownWriteKeyError as error:
            # As the library's own CDN: what a page asks for by name, and is not there, is a 404.
            return _problem(UnknownSettingsError(error.detail))
        except EventsError as error:
            return _problem(error)
        # Read out of the request itself the address is nobody else's: a cache in front must not hand it on.
        shared = "private" if settings.base is None else "public"
        return Response(
            jsons.encode(_library_settings(public_base(request, settings), key)),
            headers={**CORS, "Cache-Control": f"{shared}, max-age=60"},
            media_type="application/json",
        )

    # Whatever else is asked for under /v1 is answered here, in a form that a page of another origin may read.
    for path in ("/v1", "/v1/{rest:path}"):
        routes.add_route(path, _elsewhere, methods=EVERY_METHOD, include_in_schema=False)
    return routes


def _problem(error: EventsError) -> Response:
    if isinstance(error, UnreadableBodyError):
        response = problems.render(400, error.code, error.title, error.detail)
    else:
        response = problems.of_domain(error)
    response.headers.update(CORS)
    return response


async def _elsewhere(request: Request) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    name = request.path_params.get("rest", "").strip("/")
    if name in rules.TYPES or name in rules.SHORT or name in rules.BATCHES:
        headers = {**CORS, "Allow": "POST"}
        return problems.render(405, "method_not_allowed", "Method Not Allowed", "Send a POST.", headers=headers)
    detail = f"Events are sent to /v1/batch, or to one of: {', '.join(sorted(rules.TYPES))}."
    return problems.render(404, "not_found", "Not Found", detail, headers=CORS)


def _library_settings(base: str, key: str) -> dict[str, Any]:
    """In the browser library's own words; only we are a destination, and its own metrics go nowhere.

    base: our public address. The library posts to `{protocol}://{apiHost}/t`.
    """
    protocol, _, host = base.partition("://")
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "maybeBundledConfigIds": {},
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {
            "track": {"__default": {"enabled": True, "integrations": {}}},
            "identify": {"__default": {"enabled": True}},
            "group": {"__default": {"enabled": True}},
        },
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


_DESCRIPTION = (
    "In the format of Segment's HTTP API, with any content type, gzip or not. Each event is judged by itself: one that "
    "cannot be taken is kept as a dead letter and the others go on. 200 means that all of this is on disk."
)
_TAKEN: dict[str, Any] = {
    "description": "Everything is on disk: so many events accepted, so many laid aside as dead letters.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["success", "accepted", "rejected"],
                "properties": {
                    "success": {"type": "boolean"},
                    "accepted": {"type": "integer"},
                    "rejected": {"type": "integer"},
                },
            }
        }
    },
}
_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "An event of Segment's specification. It needs an identifier, of which these are two.",
    "properties": {
        "type": {"type": "string", "enum": sorted(rules.TYPES)},
        "messageId": {"type": "string", "description": "By it repeats are found."},
        "userId": {"type": ["string", "null"]},
        "anonymousId": {"type": ["string", "null"]},
        "event": {"type": "string", "description": "What happened; for track."},
        "properties": {"type": ["object", "null"]},
        "traits": {"type": ["object", "null"]},
        "context": {"type": ["object", "null"]},
        "timestamp": {"type": ["string", "null"]},
    },
}
_EVENT: dict[str, Any] = {"required": True, "content": {"application/json": {"schema": _EVENT_SCHEMA}}}
_BATCH: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["batch"],
                "properties": {
                    "batch": {"type": "array", "items": _EVENT_SCHEMA},
                    "sentAt": {"type": ["string", "null"]},
                    "writeKey": {"type": ["string", "null"]},
                },
            }
        }
    },
}


# /api/dead-letters


class DeadLetterShape(BaseModel):
    id: str
    received_at: Moment
    source: str
    code: str
    reason: str
    message_id: str | None
    event: str
    state: str
    replayed_at: Moment | None


class DeadLetters(Page[DeadLetterShape]):
    open_count: int


class Replayed(BaseModel):
    id: str
    state: str
    message_id: str | None
    code: str
    reason: str


def _shape(letter: DeadLetter, sources: Mapping[int, str]) -> DeadLetterShape:
    return DeadLetterShape(
        id=str(letter.id),
        received_at=letter.received_at,
        source=sources.get(letter.source_id, "unknown"),
        code=letter.code,
        reason=letter.reason,
        message_id=letter.message_id,
        event=letter.event,
        state=letter.state,
        replayed_at=letter.replayed_at,
    )


def dead_letters_router(database: Database, *, clock: Clock, chance: Chance) -> APIRouter:  # noqa: ARG001 - wired like every router
    routes = APIRouter(prefix="/api", tags=["dead letters"])

    @routes.get("/dead-letters")
    def dead_letters(
        _: Annotated[Actor, allow("events.read")],
        limit: Limit = 50,
        cursor: Cursor = None,
        state: Annotated[Literal["open", "replayed"] | None, Query(description="Only those in this state.")] = None,
    ) -> DeadLetters:
        """Events that could not be taken, with the reason, newest first."""
        before = cursors.decode(cursor, int)[0] if cursor else None
        with database.transaction() as conn:
            found = service.dead_letters(conn, before=before, state=state, limit=limit + 1)
            open_count = service.open_dead_letters(conn)
            sources = {int(source.id): source.name for source in keys.sources(conn).values()}
        page = found[:limit]
        return DeadLetters(
            data=[_shape(letter, sources) for letter in page],
            next_cursor=cursors.encode(page[-1].id) if len(found) > limit else None,
            open_count=open_count,
        )

    @routes.post("/dead-letters/{letter_id}/replay", responses=documented({404: "There is no such dead letter."}))
    def replay(actor: Annotated[Actor, allow("events.replay")], letter_id: RowId) -> Replayed:
        """Send it through the door again. It stays open, with the new reason, if it still fails."""
        now = clock.now()
        with database.transaction() as conn:
            letter = service.replay(conn, letter_id, now=now)
            audit.record(
                conn,
                Audit(actor.label, "dead_letter.replayed", f"dead_letter:{letter_id}", after={"state": letter.state}),
                clock=clock,
            )
        return Replayed(
            id=str(letter.id),
            state=letter.state,
            message_id=letter.message_id,
            code=letter.code,
            reason=letter.reason,
        )

    return routes
