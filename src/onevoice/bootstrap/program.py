"""The API and the console, wired together."""

import contextlib
import functools
import os
from collections.abc import AsyncGenerator
from importlib.metadata import version

import psycopg
from fastapi import APIRouter, FastAPI

from onevoice.bootstrap import sending
from onevoice.bootstrap.shared import CONSOLE, READY_LAG_EVENTS, Installation
from onevoice.domains.access.http import routes as access_routes
from onevoice.domains.access.http.authenticator import AccessAuthenticator
from onevoice.domains.access.service import keys
from onevoice.domains.conversations.http import chat as chat_http
from onevoice.domains.conversations.http import files as desk_files_http
from onevoice.domains.conversations.http import live as live_conversations
from onevoice.domains.conversations.http import routes as conversations_http
from onevoice.domains.conversations.http.rooms import Listeners
from onevoice.domains.delivery.http import inbound as inbound_http
from onevoice.domains.delivery.http import links as followed_http
from onevoice.domains.delivery.http import live as live_messages
from onevoice.domains.delivery.http import messages as messages_http
from onevoice.domains.delivery.http import setup as setup_messages
from onevoice.domains.delivery.http import templates as templates_http
from onevoice.domains.delivery.service.doors import Doors as MessageDoors
from onevoice.domains.events.http import intake, letters
from onevoice.domains.events.http import plan as plan_http
from onevoice.domains.events.http import setup as setup_http
from onevoice.domains.events.service import alarms
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.service import links
from onevoice.domains.identity.service.prepare import always_personal
from onevoice.domains.imports import http as imports_http
from onevoice.domains.privacy import contracts as privacy_contracts
from onevoice.domains.privacy.http import centre as centre_http
from onevoice.domains.privacy.http import consents as consents_http
from onevoice.domains.privacy.http import rules as privacy_rules_http
from onevoice.domains.privacy.service import doors, ledger
from onevoice.domains.profiles.http import limits as limits_http
from onevoice.domains.profiles.http import links as links_http
from onevoice.domains.profiles.http import live as live_http
from onevoice.domains.profiles.http import profiles as profiles_http
from onevoice.domains.profiles.http import rules as rules_http
from onevoice.domains.profiles.http import sealing as sealing_http
from onevoice.domains.profiles.http import search as search_http
from onevoice.domains.profiles.jobs import link
from onevoice.domains.webhooks.http import routes as webhooks_http
from onevoice.domains.webhooks.service import manage as webhooks
from onevoice.kit import db, tokens
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.kit.sealing import Sealer
from onevoice.web import console, framing, health, login, openapi
from onevoice.web import hub as hub_routes
from onevoice.web.edge import protect
from onevoice.web.guards import Guards, bind
from onevoice.web.hub import Hub
from onevoice.web.settings import WebSettings


def api(home: Installation, settings: WebSettings) -> FastAPI:
    """The whole HTTP side: intake, API, console, health."""
    database, clock, chance = home.database, home.clock, home.chance
    authenticator = AccessAuthenticator(database, home.secrets.session_key, clock=clock, chance=chance)
    guards = Guards(authenticator, settings)
    appender = events.Appender(database, clock)
    presence = live_conversations.Presence(database, clock=clock, chance=chance)
    publishers = (
        live_http.Linked(database, clock),
        live_messages.Messages(database),
        live_conversations.Inbox(database),
        live_conversations.Conversations(database),
        presence,
    )
    hub = Hub(database.url, publishers, [presence])
    listeners = Listeners(database, clock)
    kinds, out = sending.manifests(), sending.sending_settings(os.environ)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        appender.start()
        try:
            async with hub.running(), listeners.running():
                yield
        finally:
            appender.stop()
            database.close()

    app = FastAPI(
        title="Onevoice",
        version=version("onevoice"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    bind(app, guards)

    def resolve(key: str) -> intake.WriteKey | None:
        with database.transaction() as conn:
            found = keys.resolve_write_key(conn, key, clock=clock)
        return None if found is None else intake.WriteKey(found.source_id)

    def site_of(key: str) -> str | None:
        with database.transaction() as conn:
            found = keys.resolve_write_key(conn, key, clock=clock)
        return None if found is None else found.site

    sealer = Sealer(home.secrets.vault_key, webhooks.PURPOSE)
    _join(
        app,
        inbound_http.router(
            database,
            kinds,
            sending.sealer(home),
            functools.partial(sending.reading, home),
            functools.partial(sending.acknowledge, home, out),
            home.secrets.vault_key,
            clock,
        ),
    )
    _join(app, webhooks_http.router(database, sealer, settings, clock=clock, chance=chance))
    _join(
        app,
        chat_http.router(
            database,
            kinds,
            sending.SOURCES,
            site_of,
            listeners,
            home.secrets.vault_key,
            sending.sealer(home),
            settings,
            clock=clock,
            chance=chance,
        ),
    )
    _join(app, intake.intake_router(appender, resolve, settings, clock=clock, chance=chance))
    _join(app, letters.router(database, clock=clock))
    _join(app, setup_http.router(database, settings))
    _join(app, plan_http.router(database, always_personal, clock=clock))
    _join(app, sealing_http.router(database))
    _join(app, access_routes.router(database, authenticator, settings, home.demo, clock=clock, chance=chance))
    _join(app, search_http.router(database, clock))
    door_key = tokens.key_of(home.secrets.link_key, doors.USE)
    confirmation_key = tokens.key_of(home.secrets.link_key, ledger.CONFIRMATION)
    message_doors = sending.doors(home, out.base_url)
    consent_keys = consents_http.Keys(home.secrets.vault_key, door_key, confirmation_key)
    _join(app, consents_http.router(database, consent_keys, settings, clock=clock, chance=chance))
    _join(app, privacy_rules_http.router(database, home.secrets.vault_key, clock))
    _join(app, profiles_http.router(database, home.secrets.vault_key, clock))
    _join(app, rules_http.router(database, home.secrets.vault_key, clock))
    _join(app, limits_http.router(database, clock))
    link_keys = links.Keys(home.secrets.vault_key, home.secrets.link_key)
    _join(app, links_http.router(database, link_keys, clock=clock, chance=chance))
    _join(app, live_http.router(database, clock))
    _join(app, hub_routes.router(hub, guards))
    _join(app, imports_http.router(database, home.uploads, clock))
    _join(
        app, templates_http.router(database, home.secrets.vault_key, kinds, sending.SOURCES, clock=clock, chance=chance)
    )
    _join(
        app, messages_http.router(database, home.secrets.vault_key, kinds, sending.SOURCES, clock=clock, chance=chance)
    )
    _join(app, conversations_http.router(database, home.secrets.vault_key, kinds, sending.SOURCES, clock=clock))
    _join(app, conversations_http.desk(database, clock=clock))
    _join(app, desk_files_http.router(database, kinds, clock=clock))
    _join(
        app,
        setup_messages.router(
            database,
            kinds,
            sending.sealer(home),
            functools.partial(sending.probe, home, out),
            functools.partial(sending.connect, home, out),
            base_url=out.base_url,
            clock=clock,
            chance=chance,
        ),
    )
    _join(
        app,
        centre_http.router(
            database,
            lambda conn, token: _door(conn, token, door_key, message_doors, clock),
            confirmation_key,
            settings,
            CONSOLE,
            clock=clock,
            chance=chance,
        ),
    )
    _join(app, followed_http.router(database, sending.links(home, out.base_url), CONSOLE, clock=clock, chance=chance))
    _join(app, health.router(lambda: _waiting(database), lambda: _measure(database)))
    _join(app, login.router(guards, authenticator, settings, CONSOLE))
    _join(app, framing.router())
    _join(app, console.router(CONSOLE, guards))
    openapi.describe(app)
    protect(app, settings)
    return app


def _join(app: FastAPI, router: APIRouter) -> None:
    """What `include_router` does for a router that is whole already; it would build every route again at the
    first request that comes by.
    """
    app.router.routes.extend(router.routes)


def _door(
    conn: psycopg.Connection, token: str, key: bytes, messages: MessageDoors, clock: Clock
) -> privacy_contracts.Opened | None:
    """A link to somebody's preferences: made by hand, or standing in a message."""
    found = doors.resolve(conn, token, key=key, now=clock.now())
    if found is not None:
        return found
    opened = messages.opened(conn, token, clock.now())
    if opened is None:
        return None
    return privacy_contracts.Opened(opened.nid, opened.purpose, opened.channel, f"message:{opened.message_id}")


def _waiting(database: Database) -> dict[str, str]:
    try:
        with database.transaction() as conn:
            db.require_current(conn)
            lag = events.lag(conn, link.CONSUMER)
    except DomainError as error:
        return {"schema": error.detail}
    except psycopg.Error:
        return {"database": "The database does not answer."}
    if lag > READY_LAG_EVENTS:
        return {"worker": f"{lag} events are not linked yet."}
    return {}


def _measure(database: Database) -> None:
    with contextlib.suppress(psycopg.Error), database.transaction() as conn:
        link.LAG.set(events.lag(conn, link.CONSUMER))
        alarms.measure(conn)
