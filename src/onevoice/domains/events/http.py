"""/v1: the door that clients of Segment's wire format use unchanged, and /api/dead-letters.

Never a redirect: official clients follow one with a body-less GET and lose the batch in silence.
"""

import asyncio
import base64
import binascii
import zlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from onevoice.domains.access import service as access
from onevoice.domains.access.contracts import Audit
from onevoice.domains.events import rules, service
from onevoice.domains.events.contracts import DeadLetter, Frame, Rejection, WriteKey
from onevoice.domains.events.errors import EventsError, TooLargeError, UnreadableBodyError
from onevoice.kit import cursor as cursors
from onevoice.kit import jsons
from onevoice.kit.bounded import Bounded
from onevoice.kit.chance import Chance, random_uuid
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.times import parse_time
from onevoice.web.guards import Reader
from onevoice.web.paging import Cursor, Limit, Moment, Page, RowId
from onevoice.web.problems import documented, of_domain

MAX_BODY_BYTES = 2**20
KEY_SECONDS = 5.0
ENDPOINTS = sorted(rules.TYPES) + sorted(rules.SHORT)
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, x-retry-count, x-write-key, content-encoding",
    "Access-Control-Max-Age": "86400",
}


class UnknownWriteKeyError(EventsError):
    """The write key is not valid."""

    code = "invalid_write_key"
    kind = "unauthenticated"


class SecretKeyError(EventsError):
    """A secret key does not write."""

    code = "secret_key"
    kind = "forbidden"


class _Envelope(msgspec.Struct):
    """What of a body is needed to take it apart without decoding it twice."""

    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815 - the wire's name
    writeKey: Any = None  # noqa: N815 - the wire's name


_envelope = msgspec.json.Decoder(_Envelope)

Resolve = Callable[[str], WriteKey | None]


class _Keys:
    """Write keys that were looked up lately; a revoked one is refused within seconds."""

    def __init__(self, resolve: Resolve, clock: Clock) -> None:
        self._resolve = resolve
        self._clock = clock
        self._known: Bounded[str, tuple[float, WriteKey | None]] = Bounded(10_000)

    async def find(self, request: Request, body_key: Any) -> WriteKey:
        """Raises: UnknownWriteKeyError, SecretKeyError."""
        text = _key_of(request, body_key)
        if text is None:
            raise UnknownWriteKeyError(
                "Send the write key as the user name of Basic authorization, or as `writeKey` in the body."
            )
        if text.startswith("ov_secret_"):
            raise SecretKeyError("This is a secret key: it reads and changes. Events are sent with a write key.")
        now = self._clock.monotonic()
        known = self._known.get(text)
        if known is None or now - known[0] > KEY_SECONDS:
            known = (now, await asyncio.to_thread(self._resolve, text))
            self._known[text] = known
        if known[1] is None:
            raise UnknownWriteKeyError(
                "This write key is unknown or was revoked. Make one: onevoice keys create write."
            )
        return known[1]


def _key_of(request: Request, body_key: Any) -> str | None:
    authorization = request.headers.get("authorization", "")
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            user = base64.b64decode(rest.strip(), validate=False).decode("utf-8", "replace").partition(":")[0]
        except (binascii.Error, ValueError):
            user = ""
        if user:
            return user
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    for found in (request.headers.get("x-write-key", "").partition(":")[0], request.query_params.get("writeKey")):
        if found:
            return found
    return body_key if isinstance(body_key, str) and body_key else None


async def _body(request: Request) -> bytes:
    """The body, unzipped, within bounds. Raises: TooLargeError, UnreadableBodyError."""
    chunks: list[bytes] = []
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > MAX_BODY_BYTES:
            raise TooLargeError(f"The body is larger than {MAX_BODY_BYTES} bytes. Send smaller batches.")
        chunks.append(chunk)
    raw = b"".join(chunks)
    if raw[:2] == b"\x1f\x8b":  # by its first bytes: clients both forget and misuse Content-Encoding
        raw = _unzip(raw)
    if not raw.strip():
        raise UnreadableBodyError("The body is empty. Send a JSON object.")
    return raw


def _unzip(raw: bytes) -> bytes:
    unzipper = zlib.decompressobj(wbits=31)
    try:
        data = unzipper.decompress(raw, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise UnreadableBodyError(f"The body is no whole gzip: {error}.") from error
    if len(data) > MAX_BODY_BYTES:
        raise TooLargeError(f"The body is larger than {MAX_BODY_BYTES} bytes unzipped. Send smaller batches.")
    if not unzipper.eof:
        raise UnreadableBodyError("The gzip body is cut off.")
    return data


class _Parsed:
    """A body taken apart: events as bytes, spliced where they are clean; sentAt; the key it names."""

    __slots__ = ("events", "key", "sent_at")

    def __init__(self, events: list[tuple[Any, bytes | None]], sent_at: Any, key: Any) -> None:
        self.events = events
        self.sent_at = sent_at
        self.key = key


def _parse(raw: bytes, *, single: bool) -> _Parsed:
    """Raises: UnreadableBodyError."""
    try:
        if single:
            found = jsons.read(raw)
            if not isinstance(found.value, dict):
                raise UnreadableBodyError("Send one event as a JSON object.")
            own = None if found.mended else raw
            return _Parsed([(found.value, own)], found.value.get("sentAt"), found.value.get("writeKey"))
        if b"\\u0000" not in raw:
            try:
                envelope = _envelope.decode(raw)
                events: list[tuple[Any, bytes | None]] = []
                for part in envelope.batch:
                    try:
                        read = jsons.read(part)
                    except jsons.UnreadableError as error:
                        events.append((error, None))
                    else:
                        events.append((read.value, None if read.mended else bytes(part)))
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
            else:
                return _Parsed(events, envelope.sentAt, envelope.writeKey)
        found = jsons.read(raw)
    except jsons.UnreadableError as error:
        raise UnreadableBodyError(str(error)) from error
    if not isinstance(found.value, dict) or not isinstance(found.value.get("batch"), list):
        raise UnreadableBodyError('Send {"batch": [events]} as a JSON object.')
    body = found.value
    return _Parsed([(event, None) for event in body["batch"]], body.get("sentAt"), body.get("writeKey"))


def _frame(parsed: _Parsed, kind: str | None, key: WriteKey, clock: Clock, chance: Chance) -> Frame:
    """Judge each event by itself; what is clean keeps its bytes."""
    now = clock.now()
    events: list[bytes] = []
    rejections: list[Rejection] = []
    size = 0
    for event, own in parsed.events:
        raw = own
        if isinstance(event, dict) and rules.completed(event, kind, lambda: f"ov-{random_uuid(chance)}"):
            raw = None
        if isinstance(event, jsons.UnreadableError):
            refusal, event = rules.Refusal("unreadable", str(event)), None  # noqa: PLW2901 - nothing is left to keep
        else:
            refusal = rules.check(event)
        if refusal is None:
            if raw is None:
                raw = jsons.encode(event)
            if len(raw) <= rules.MAX_EVENT_BYTES:
                events.append(raw)
                size += len(raw)
                continue
            refusal = rules.Refusal("too_large", f"The event is larger than {rules.MAX_EVENT_BYTES} bytes.")
        message_id = event.get("messageId") if isinstance(event, dict) else None
        kept = rules.preserved(event)
        size += len(kept)
        rejections.append(
            Rejection(
                key.source_id,
                now,
                refusal.code,
                refusal.reason,
                message_id[: rules.MAX_MESSAGE_ID] if isinstance(message_id, str) else None,
                kept,
            )
        )
    sent = parse_time(parsed.sent_at)
    return Frame(key.source_id, now, sent.isoformat() if sent else None, events, rejections, size + 200)


def intake_router(appender: service.Appender, resolve: Resolve, *, clock: Clock, chance: Chance) -> APIRouter:
    """/v1. Who may call: whoever holds a write key."""
    routes = APIRouter(include_in_schema=False)
    keys = _Keys(resolve, clock)

    async def take(request: Request, kind: str | None) -> Response:
        try:
            raw = await _body(request)
            parsed = _parse(raw, single=kind is not None)
            key = await keys.find(request, parsed.key)
            frame = _frame(parsed, kind, key, clock, chance)
            if frame.events or frame.rejections:
                await asyncio.wrap_future(appender.append(frame))
        except EventsError as error:
            response: Response = of_domain(error)
            response.headers.update(CORS)
            return response
        said = b'{"success":true,"accepted":%d,"rejected":%d}' % (len(frame.events), len(frame.rejections))
        return Response(said, headers=CORS, media_type="application/json")

    def add(name: str, kind: str | None) -> None:
        async def endpoint(request: Request) -> Response:
            return await take(request, kind)

        for path in (f"/v1/{name}", f"/v1/{name}/"):
            routes.add_route(path, endpoint, methods=["POST"])
            routes.add_route(path, _preflight, methods=["OPTIONS"])

    for name in sorted(rules.TYPES):
        add(name, name)
    for name, kind in rules.SHORT.items():
        add(name, kind)
    for name in ("batch", "import", "b"):
        add(name, None)

    async def settings(request: Request) -> Response:
        try:
            await keys.find(request, request.path_params["key"])
        except EventsError as error:
            response: Response = of_domain(error)
            response.headers.update(CORS)
            return response
        return Response(
            jsons.encode(_settings(request, request.path_params["key"])),
            headers={**CORS, "Cache-Control": "public, max-age=60"},
            media_type="application/json",
        )

    routes.add_route("/v1/projects/{key}/settings", settings, methods=["GET"])
    routes.add_route("/v1/projects/{key}/settings", _preflight, methods=["OPTIONS"])
    return routes


async def _preflight(_: Request) -> Response:
    return Response(status_code=204, headers=PREFLIGHT)


def _settings(request: Request, key: str) -> dict[str, Any]:
    """What the browser library of Segment needs to start: one destination, which is us."""
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{request.headers.get('host', request.url.netloc)}/v1",
                "protocol": request.url.scheme,
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


def _shape(letter: DeadLetter, sources: dict[int, str]) -> DeadLetterShape:
    return DeadLetterShape(
        **{**letter._asdict(), "id": str(letter.id), "source": sources.get(letter.source_id, "unknown")}
    )


def dead_letters_router(database: Database, *, clock: Clock, chance: Chance) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["dead letters"])

    @routes.get("/dead-letters")
    def dead_letters(
        _: Reader,
        limit: Limit = 50,
        cursor: Cursor = None,
        state: Annotated[Literal["open", "replayed"] | None, Query(description="Only those in this state.")] = None,
    ) -> DeadLetters:
        """Events that could not be taken, with the reason, newest first."""
        before = cursors.decode(cursor, int)[0] if cursor else None
        with database.transaction() as conn:
            found = service.dead_letters(conn, before=before, state=state, limit=limit + 1)
            open_count = service.open_dead_letters(conn)
            sources = {source.id: source.name for source in access.sources(conn).values()}
        page = found[:limit]
        return DeadLetters(
            data=[_shape(letter, sources) for letter in page],
            next_cursor=cursors.encode(page[-1].id) if len(found) > limit else None,
            open_count=open_count,
        )

    @routes.post("/dead-letters/{letter_id}/replay", responses=documented({404: "There is no such dead letter."}))
    def replay(actor: Reader, letter_id: RowId) -> Replayed:
        """Send it through the door again. It stays open, with the new reason, if it still fails."""
        now = clock.now()
        with database.transaction() as conn:
            letter, message_id = service.replay(conn, letter_id, now=now, new_id=lambda: f"ov-{random_uuid(chance)}")
            access.record(
                conn,
                Audit(actor.label, "dead_letter.replayed", f"dead_letter:{letter_id}", after={"state": letter.state}),
                clock=clock,
            )
        return Replayed(
            id=str(letter.id), state=letter.state, message_id=message_id, code=letter.code, reason=letter.reason
        )

    return routes
