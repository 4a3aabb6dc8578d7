"""/api/channels, /api/accounts, /api/policy, /api/switches: what messages go through, and what holds them back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path
from psycopg import Connection
from starlette.concurrency import run_in_threadpool

from onevoice.domains.delivery.contracts.accounts import Account, Probed
from onevoice.domains.delivery.contracts.channels import Limits, Manifest
from onevoice.domains.delivery.contracts.names import AccountId
from onevoice.domains.delivery.errors import ChannelError, UnknownAccountError
from onevoice.domains.delivery.http import setup_shapes as shapes
from onevoice.domains.delivery.service import accounts
from onevoice.domains.delivery.service import policy as policies
from onevoice.kit import cursor as cursors
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Cursor, Limit, Page, RowId
from onevoice.web.problems import documented

Reader = Annotated[Actor, allow("messages.read")]
Connector = Annotated[Actor, allow("channels.edit")]
PolicyEditor = Annotated[Actor, allow("policy.edit")]
Scope = Annotated[str, Path(max_length=80, pattern=r"^(all|(class|channel|account):[a-z0-9_]+)$")]

Probe = Callable[[str, Mapping[str, Any]], Awaitable[Probed]]
"""Try settings of a channel against its provider. Raises: UnusableSettingsError that says what to do."""

Connect = Callable[[str, Mapping[str, Any], AccountId], Awaitable[ChannelError | None]]
"""Tell the provider where to call us, where it does. Gives what it said against that."""

_NO_ACCOUNT = {404: "There is no such account."}
_MAX_ACCOUNTS = 200


def router(
    database: Database,
    channels: Mapping[str, Manifest],
    sealer: Sealer,
    probe: Probe,
    connect: Connect,
    *,
    base_url: str,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    routes = APIRouter(prefix="/api")
    routes.include_router(
        _accounts(database, channels, sealer, probe, connect, base_url=base_url, clock=clock, chance=chance)
    )
    routes.include_router(_policy(database, clock=clock))
    return routes


def _accounts(
    database: Database,
    channels: Mapping[str, Manifest],
    sealer: Sealer,
    probe: Probe,
    connect: Connect,
    *,
    base_url: str,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    routes = APIRouter(tags=["channels"])

    @routes.get("/channels")
    def list_channels(_: Reader) -> Page[shapes.ChannelView]:
        """What is installed, and what each can do."""
        return Page(data=[shapes.channel_view(each) for each in channels.values()])

    @routes.get("/accounts")
    def list_accounts(_: Reader) -> Page[shapes.AccountView]:
        """Our accounts at providers. A site has a few, so they come on one page."""
        with database.transaction() as conn:
            found = accounts.accounts(conn)[:_MAX_ACCOUNTS]
            kept = accounts.kept_secrets(conn, sealer)
        return Page(data=[view(each, kept.get(each.id, ())) for each in found])

    def view(found: Account, secrets: Sequence[str]) -> shapes.AccountView:
        return shapes.account_view(found, channels.get(found.channel), secrets, base_url)

    def seen(conn: Connection, account_id: AccountId) -> shapes.AccountView:
        found = accounts.account(conn, account_id)
        return view(found, accounts.kept_secrets(conn, sealer).get(account_id, ()))

    @routes.post("/account-probes", responses=documented({404: "There is no such channel."}))
    async def probe_account(_: Connector, body: shapes.AccountTry) -> shapes.ProbeView:
        """Try settings against the provider. Nothing is kept, nothing is sent to anybody."""
        manifest = accounts.manifest_of(channels, body.channel)
        settings: Mapping[str, Any] = body.settings
        if body.account is not None:
            settings = (await run_in_threadpool(whole, int(body.account), body.settings, body.channel))[1]
        plain, secret = accounts.checked(manifest, settings)
        return shapes.probe_view(await probe(body.channel, {**plain, **secret}))

    def whole(account_id: int, settings: Mapping[str, Any], channel: str | None = None) -> tuple[str, dict[str, Any]]:
        """Of an account with these changed. channel: that it must be of."""
        with database.transaction() as conn:
            was = accounts.account(conn, AccountId(account_id))
            if channel not in {None, was.channel}:
                raise UnknownAccountError(f"The account {account_id} is not one of {channel}.")
            manifest = accounts.manifest_of(channels, was.channel)
            return was.channel, accounts.merged(conn, was, settings, manifest, sealer)

    @routes.post(
        "/accounts",
        status_code=201,
        responses=documented({404: "There is no such channel or site.", 409: "There is an account of this name."}),
    )
    async def create_account(actor: Connector, body: shapes.AccountCreate) -> shapes.AccountView:
        """The settings are tried first, and kept only when they work."""
        manifest = accounts.manifest_of(channels, body.channel)
        plain, secret = accounts.checked(manifest, body.settings)
        probed = await probe(body.channel, {**plain, **secret})
        wanted = accounts.AccountCreate(
            body.channel,
            body.name,
            body.site,
            body.settings,
            _limits(body.limits),
            body.cost_minor,
            body.currency,
        )

        def keep() -> Account:
            with database.transaction() as conn:
                made = accounts.create(conn, wanted, channels, sealer, actor=actor.label, clock=clock, chance=chance)
                return accounts.note_probed(conn, made.id, probed)

        return await connected(await run_in_threadpool(keep), {**plain, **secret})

    @routes.patch("/accounts/{account_id}", responses=documented(_NO_ACCOUNT))
    async def change_account(actor: Connector, account_id: RowId, body: shapes.AccountChange) -> shapes.AccountView:
        """Other settings, tried first. What stood because of trouble goes on."""
        channel, settings = await run_in_threadpool(whole, account_id, body.settings)
        plain, secret = accounts.checked(accounts.manifest_of(channels, channel), settings)
        settings = {**plain, **secret}
        probed = await probe(channel, settings)

        def keep() -> Account:
            with database.transaction() as conn:
                made = accounts.update(
                    conn,
                    AccountId(account_id),
                    body.settings,
                    _limits(body.limits),
                    channels,
                    sealer,
                    cost_minor=body.cost_minor,
                    actor=actor.label,
                    clock=clock,
                    chance=chance,
                )
                return accounts.note_probed(conn, made.id, probed)

        return await connected(await run_in_threadpool(keep), settings)

    async def connected(made: Account, settings: Mapping[str, Any]) -> shapes.AccountView:
        """What the provider has against calling us is the account's trouble: the settings are kept, to be mended."""
        trouble = await connect(made.channel, settings, made.id)

        def look() -> shapes.AccountView:
            with database.transaction() as conn:
                if trouble is not None:
                    accounts.note_trouble(conn, made.id, trouble, clock)
                return seen(conn, made.id)

        return await run_in_threadpool(look)

    @routes.post("/accounts/{account_id}/pause", responses=documented(_NO_ACCOUNT))
    def pause_account(actor: Connector, account_id: RowId) -> shapes.AccountView:
        """What waits for it goes on waiting."""
        return paused(actor, account_id, to=True)

    @routes.post("/accounts/{account_id}/resume", responses=documented(_NO_ACCOUNT))
    def resume_account(actor: Connector, account_id: RowId) -> shapes.AccountView:
        """Also one that stood because of trouble, when its provider was set right and the settings are the same."""
        return paused(actor, account_id, to=False)

    def paused(actor: Actor, account_id: int, *, to: bool) -> shapes.AccountView:
        with database.transaction() as conn:
            accounts.pause(conn, AccountId(account_id), paused=to, actor=actor.label, clock=clock)
            return seen(conn, AccountId(account_id))

    @routes.delete("/accounts/{account_id}", status_code=204, responses=documented(_NO_ACCOUNT))
    def delete_account(actor: Connector, account_id: RowId) -> None:
        """Its secrets are gone at once. What was sent through it goes on naming it."""
        with database.transaction() as conn:
            accounts.delete(conn, AccountId(account_id), actor=actor.label, clock=clock)

    return routes


def _limits(sent: shapes.LimitsSent | None) -> Limits | None:
    return None if sent is None else Limits(sent.per_second, sent.burst, sent.concurrency, sent.per_address_seconds)


def _policy(database: Database, *, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["policy"])

    @routes.get("/policy")
    def get_policy(_: Reader) -> shapes.PolicyView:
        """What the gate goes by."""
        with database.transaction() as conn:
            found = policies.current(conn)
        return shapes.policy_view(found)

    @routes.put("/policy", responses=documented({409: "Another version is in force than the one this is based on."}))
    def change_policy(actor: PolicyEditor, body: shapes.PolicyChange) -> shapes.PolicyView:
        """A new version. What waits is judged by it when its time comes."""
        with database.transaction() as conn:
            made = policies.change(
                conn, shapes.policy_of(body.policy), based_on=body.based_on, actor=actor.label, clock=clock
            )
        return shapes.policy_view(made)

    @routes.get("/policy/versions")
    def policy_versions(_: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[shapes.PolicyView]:
        """Newest first; records name the one they were judged by."""
        before = cursors.decode_id(cursor, 2**31 - 1)
        with database.transaction() as conn:
            found = policies.versions(conn, before=before, limit=limit + 1)
        return Page(
            data=[shapes.policy_view(each) for each in found[:limit]],
            next_cursor=cursors.encode(found[limit - 1].version) if len(found) > limit else None,
        )

    @routes.get("/switches")
    def list_switches(_: Reader) -> Page[shapes.SwitchView]:
        """Those that are thrown."""
        with database.transaction() as conn:
            found = policies.switches(conn)
        return Page(data=[shapes.SwitchView(**each._asdict()) for each in found])

    @routes.put("/switches/{scope}", status_code=204)
    def throw_switch(actor: PolicyEditor, scope: Scope, body: shapes.SwitchThrow) -> None:
        """Stop at once: `all`, `class:<name>`, `channel:<kind>` or `account:<id>`. What it stops stays stopped."""
        with database.transaction() as conn:
            policies.throw(conn, scope, reason=body.reason, actor=actor.label, clock=clock)

    @routes.delete("/switches/{scope}", status_code=204)
    def release_switch(actor: PolicyEditor, scope: Scope) -> None:
        with database.transaction() as conn:
            policies.release(conn, scope, actor=actor.label, clock=clock)

    return routes
