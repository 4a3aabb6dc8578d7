"""/v1/channels/{account}: where providers call us. Each adaptor checks its own signature; what is forged is a 401."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Inbound, Incoming, Manifest, Said
from onevoice.domains.delivery.contracts.names import AccountId
from onevoice.domains.delivery.errors import ChannelError, UnknownAccountError
from onevoice.domains.delivery.ports import Adaptor
from onevoice.domains.delivery.service import accounts, asking, hearing
from onevoice.kit import bus
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from onevoice.web.paging import RowId
from onevoice.web.problems import documented, render

Open = Callable[[str, Mapping[str, Any]], Adaptor]
"""An adaptor of a channel with these settings, secrets included. Raises: ChannelError."""

Acknowledge = Callable[[str, Mapping[str, Any], Sequence[Inbound]], None]
"""Tell the provider that these were heard."""

log = structlog.get_logger(__name__)


async def _body(request: Request) -> bytes:
    return await request.body()


def router(
    database: Database,
    channels: Mapping[str, Manifest],
    sealer: Sealer,
    open_: Open,
    acknowledge: Acknowledge,
    vault_key: bytes,
    clock: Clock,
) -> APIRouter:
    routes = APIRouter(tags=["intake"])
    changed = bus.Bell(database, asking.CHANGED)
    kept: dict[int, tuple[Any, Adaptor]] = {}

    def adaptor(account: Account, settings: Mapping[str, Any]) -> Adaptor:
        """One for each account and its present settings: making it may cost more than a request."""
        made_of = sorted(settings.items())
        known = kept.get(account.id)
        if known is None or known[0] != made_of:
            known = kept[account.id] = (made_of, open_(account.channel, settings))
        return known[1]

    @routes.post(
        "/v1/channels/{account_id}",
        summary="Take a provider's webhook",
        responses=documented({401: "It is not signed as it must be.", 404: "There is no such account."}),
    )
    def take(account_id: RowId, request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        """200 once it is on disk. What came before changes nothing."""
        with database.transaction() as conn:
            account = accounts.account(conn, AccountId(account_id))
            manifest = channels.get(account.channel)
            if manifest is None or "webhook" not in manifest.capabilities.inbound:
                raise UnknownAccountError(f"There is no account {account_id} that takes webhooks.")
            settings = accounts.opened(conn, account, sealer)
        incoming = Incoming(
            request.method,
            {name.lower(): value for name, value in request.headers.items()},
            dict(request.query_params),
            body,
        )
        try:
            items = adaptor(account, settings).parse(incoming)
        except ChannelError as error:
            log.warning("webhook_refused", account=account_id, code=error.code)
            return render(401, "invalid_signature", "The request is not signed as it must be", "Nothing was taken.")
        with database.transaction() as conn:
            heard = hearing.hear(conn, account, items, manifest, vault_key=vault_key, clock=clock)
        if heard:
            changed.ring()
        if any(isinstance(each, Said) and each.pressed is not None for each in items):
            acknowledge(account.channel, settings, items)
        return Response(status_code=200)

    return routes
