"""/v1/webhooks, where deliveries come, and /api/webhooks, where webhooks are made and looked after.

A delivery is answered 200 once it is on disk, mapped or not; never with a redirect, which senders count as a failure.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from onevoice.domains.access.contracts import SourceId
from onevoice.domains.access.service import keys
from onevoice.domains.webhooks import contracts
from onevoice.domains.webhooks.contracts import Headers, Mapping, Verdict, Webhook, WebhookId
from onevoice.domains.webhooks.http import shapes
from onevoice.domains.webhooks.service import deliveries, manage
from onevoice.kit import cursor as cursors
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from onevoice.web import problems
from onevoice.web.edge import BODY_MAX_BYTES, public_base
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Cursor, Limit, Page, RowId
from onevoice.web.problems import documented
from onevoice.web.settings import WebSettings

Reader = Annotated[Actor, allow("events.read")]
Editor = Annotated[Actor, allow("webhooks.edit")]

OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_NO_HOOK = {404: "There is no such webhook."}
_NO_DELIVERY = {404: "There is no such webhook or delivery."}


def router(database: Database, sealer: Sealer, settings: WebSettings, *, clock: Clock, chance: Chance) -> APIRouter:
    """Everything of webhooks. Include it before whatever answers all of /v1."""
    routes = APIRouter()
    routes.include_router(_door(database, sealer, clock=clock))
    routes.include_router(_managed(database, sealer, settings, clock=clock, chance=chance))
    routes.include_router(_mappings(database, clock=clock))
    routes.include_router(_deliveries(database, clock=clock))
    return routes


# Where deliveries come


async def _body(request: Request) -> bytes:
    return await request.body()


def _door(database: Database, sealer: Sealer, *, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["intake"])

    @routes.post("/v1/webhooks/{public_id}/", include_in_schema=False)
    @routes.post(
        "/v1/webhooks/{public_id}",
        summary="Take a delivery of a webhook",
        responses=documented(
            {
                401: "The signature is missing, wrong or old. Nothing was kept.",
                404: "There is no such webhook.",
                413: f"The body is over {BODY_MAX_BYTES} bytes. Nothing was kept.",
                422: "The body is no JSON object or list. Nothing was kept.",
                503: "It could not be stored just now; `Retry-After` says when to send it again.",
            }
        ),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": ["object", "array"], "items": {}}}},
            }
        },
    )
    def receive(
        public_id: str,
        body: Annotated[bytes, Depends(_body)],
        webhook_id: Annotated[str | None, Header(description="The same whenever it is sent again.")] = None,
        webhook_timestamp: Annotated[str | None, Header(description="Of this sending, in seconds since 1970.")] = None,
        webhook_signature: Annotated[
            str | None, Header(description="`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.")
        ] = None,
    ) -> shapes.Received:
        """Signed by Standard Webhooks. 200 means that it is on disk, and its events with it. What the mapping cannot
        read is kept as well, and sent through again once the mapping is mended.
        """
        headers = Headers(webhook_id, webhook_timestamp, webhook_signature)
        with database.transaction() as conn:
            receipt = deliveries.receive(conn, public_id, headers, body, sealer=sealer, clock=clock)
        return shapes.received_view(receipt)

    @routes.api_route("/v1/webhooks/{public_id}", methods=OTHER_METHODS, include_in_schema=False)
    def elsewhere(public_id: str) -> Response:
        del public_id
        detail = "Webhooks are sent by POST."
        return problems.render(405, "method_not_allowed", "Method Not Allowed", detail, headers={"Allow": "POST"})

    return routes


# The console's side


def _managed(database: Database, sealer: Sealer, settings: WebSettings, *, clock: Clock, chance: Chance) -> APIRouter:
    routes = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

    def view(conn: Any, request: Request, *webhooks: Webhook) -> list[shapes.WebhookView]:
        sources, base = keys.sources(conn), public_base(request, settings)
        return [shapes.webhook_view(each, sources.get(SourceId(each.source_id)), base) for each in webhooks]

    def secret(conn: Any, request: Request, shown: contracts.SecretShown) -> shapes.SecretView:
        source = keys.sources(conn).get(SourceId(shown.webhook.source_id))
        return shapes.secret_view(shown, source, public_base(request, settings))

    @routes.get("")
    def list_webhooks(
        _: Reader, request: Request, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[shapes.WebhookView]:
        """In the order in which they were made."""
        after = cursors.decode_id(cursor) or 0
        with database.transaction() as conn:
            found = manage.webhooks(conn, after=after, limit=limit + 1)
            data = view(conn, request, *found[:limit])
        return Page(data=data, next_cursor=cursors.encode(found[limit - 1].id) if len(found) > limit else None)

    @routes.post("", status_code=201, responses=documented({409: "The source exists with another channel or site."}))
    def create_webhook(actor: Editor, create: shapes.WebhookCreate, request: Request) -> shapes.SecretView:
        """With its secret, which is shown this once."""
        wanted = contracts.WebhookCreate(create.name, create.channel, create.site, create.source, create.secret)
        with database.transaction() as conn:
            shown = manage.create(conn, wanted, sealer=sealer, actor=actor.label, clock=clock, chance=chance)
            return secret(conn, request, shown)

    @routes.get("/{hook_id}", responses=documented(_NO_HOOK))
    def get_webhook(_: Reader, hook_id: RowId, request: Request) -> shapes.WebhookView:
        with database.transaction() as conn:
            return view(conn, request, manage.webhook(conn, WebhookId(hook_id)))[0]

    @routes.patch("/{hook_id}", responses=documented(_NO_HOOK))
    def rename_webhook(
        actor: Editor, hook_id: RowId, change: shapes.WebhookChange, request: Request
    ) -> shapes.WebhookView:
        with database.transaction() as conn:
            renamed = manage.rename(conn, WebhookId(hook_id), change.name, actor=actor.label, clock=clock)
            return view(conn, request, renamed)[0]

    @routes.delete("/{hook_id}", status_code=204, responses=documented(_NO_HOOK))
    def delete_webhook(actor: Editor, hook_id: RowId) -> None:
        """With its kept deliveries. What became events stays."""
        with database.transaction() as conn:
            manage.delete(conn, WebhookId(hook_id), actor=actor.label, clock=clock)

    @routes.post("/{hook_id}/secret", responses=documented(_NO_HOOK))
    def rotate_secret(
        actor: Editor, hook_id: RowId, rotate: shapes.SecretRotate, request: Request
    ) -> shapes.SecretView:
        """A new secret, which is shown this once. The old one is taken too for another 24 hours."""
        with database.transaction() as conn:
            shown = manage.rotate(
                conn,
                WebhookId(hook_id),
                given=rotate.secret,
                at_once=rotate.at_once,
                sealer=sealer,
                actor=actor.label,
                clock=clock,
                chance=chance,
            )
            return secret(conn, request, shown)

    return routes


def _mappings(database: Database, *, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api/webhooks/{hook_id}", tags=["webhooks"])

    @routes.get("/mappings", responses=documented(_NO_HOOK))
    def list_mappings(_: Reader, hook_id: RowId, limit: Limit = 50, cursor: Cursor = None) -> Page[shapes.VersionView]:
        """Every version, newest first; the first is in force."""
        before = cursors.decode_id(cursor, 2**31 - 1)
        with database.transaction() as conn:
            found = manage.mappings(conn, WebhookId(hook_id), before=before, limit=limit + 1)
        return Page(
            data=[shapes.version_view(each) for each in found[:limit]],
            next_cursor=cursors.encode(found[limit - 1].version) if len(found) > limit else None,
        )

    @routes.put(
        "/mapping",
        responses=documented({**_NO_HOOK, 409: "Another version is in force than the one this is based on."}),
    )
    def set_mapping(actor: Editor, hook_id: RowId, change: shapes.MappingChange) -> shapes.VersionView:
        """A new version. It holds for what comes from now on, and for what is tried again."""
        with database.transaction() as conn:
            made = manage.set_mapping(
                conn, WebhookId(hook_id), change.mapping, based_on=change.based_on, actor=actor.label, clock=clock
            )
        return shapes.version_view(made)

    @routes.post("/suggestions", responses=documented(_NO_DELIVERY))
    def suggest(_: Reader, hook_id: RowId, wanted: shapes.SuggestionOf) -> Mapping:
        """A first mapping, guessed from the names in a payload. Nothing is kept."""
        delivery_id = None if wanted.delivery is None else int(wanted.delivery)
        with database.transaction() as conn:
            return deliveries.suggestion(conn, WebhookId(hook_id), delivery_id=delivery_id, payload=wanted.payload)

    @routes.post("/rehearsals", responses=documented(_NO_DELIVERY))
    def rehearse(_: Reader, hook_id: RowId, rehearsal: shapes.Rehearsal) -> shapes.Rehearsed:
        """What a mapping would make. Nothing is kept, nothing is sent."""
        with database.transaction() as conn:
            trials = deliveries.rehearse(
                conn,
                WebhookId(hook_id),
                rehearsal.mapping,
                delivery_ids=[int(each) for each in rehearsal.deliveries],
                payload=rehearsal.payload,
                clock=clock,
            )
        return shapes.rehearsed(trials)

    return routes


def _deliveries(database: Database, *, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api/webhooks/{hook_id}", tags=["webhooks"])

    @routes.get("/deliveries", responses=documented(_NO_HOOK))
    def list_deliveries(
        _: Reader,
        hook_id: RowId,
        limit: Limit = 50,
        cursor: Cursor = None,
        verdict: Annotated[Verdict | None, Query(description="Only those of which this became.")] = None,
    ) -> Page[shapes.DeliveryView]:
        """Newest first. They are kept for 30 days."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            found = deliveries.deliveries(conn, WebhookId(hook_id), before=before, verdict=verdict, limit=limit + 1)
        return Page(
            data=[shapes.delivery_view(each) for each in found[:limit]],
            next_cursor=cursors.encode(found[limit - 1].id) if len(found) > limit else None,
        )

    @routes.get("/deliveries/{delivery_id}", responses=documented(_NO_DELIVERY))
    def get_delivery(_: Reader, hook_id: RowId, delivery_id: RowId) -> shapes.DeliveryDetail:
        with database.transaction() as conn:
            found, payload = deliveries.delivery(conn, WebhookId(hook_id), delivery_id)
        return shapes.delivery_detail(found, payload)

    @routes.post("/retry", responses=documented(_NO_HOOK))
    def retry(actor: Editor, hook_id: RowId, start: shapes.RetryFrom) -> shapes.RetriedView:
        """Try deliveries that could not be mapped with the mapping in force, oldest first, some at a time."""
        with database.transaction() as conn:
            done = deliveries.retry(conn, WebhookId(hook_id), after=int(start.after), actor=actor.label, clock=clock)
        return shapes.retried_view(done)

    return routes
