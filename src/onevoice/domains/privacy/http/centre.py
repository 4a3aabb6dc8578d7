"""Pages that open without a login: the preference centre, the answer to double opt-in, one-click unsubscribing.

A token in the address is the capability. What is wrong, changed or too old is one and the same 404. Opening a page
never says anything for anybody: mail programs and scanners open every link.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from psycopg import Connection
from starlette.concurrency import run_in_threadpool

from onevoice.domains.privacy.contracts import Opened, Said, Source
from onevoice.domains.privacy.errors import InvalidPreferenceError, UnknownDoorError, WithdrawnSinceError
from onevoice.domains.privacy.http import forms, texts
from onevoice.domains.privacy.http.drawing import Drawing
from onevoice.domains.privacy.service import centre, ledger
from onevoice.kit import chance as chances
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.i18n import Language, is_language
from onevoice.web import plain
from onevoice.web.edge import client_address
from onevoice.web.settings import WebSettings

Resolve = Callable[[Connection, str], Opened | None]
"""Whose page a token opens; bound in bootstrap, which knows all that tokens stand in."""

FIELDS_MOST = 200
AGENT_MOST = 400
_ONE_CLICK = "One-Click"


@dataclass(frozen=True)
class _Asked:
    """What a request brings besides its token."""

    token: str
    chosen: str | None
    accepted: Language
    ip: str
    agent: str

    def language(self, wished: str | None) -> Language:
        return self.chosen if is_language(self.chosen) else wished if is_language(wished) else self.accepted


def router(
    database: Database,
    resolve: Resolve,
    confirmation_key: bytes,
    settings: WebSettings,
    console: Path,
    *,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    """console: the folder of the built console, whose font the pages borrow."""
    routes = APIRouter(include_in_schema=False)
    drawing = Drawing(console)
    for asset in drawing.assets:
        asset.serve(routes)

    def asked(request: Request, token: str, fields: forms.Fields | None = None) -> _Asked:
        chosen = request.query_params.get("lang") or next(iter((fields or {}).get("lang", ())), None)
        return _Asked(
            token,
            chosen,
            plain.language_of(request),
            client_address(request, settings),
            request.headers.get("user-agent", "")[:AGENT_MOST],
        )

    def said(source: Source, who: _Asked, opened: Opened | None) -> Said:
        return Said(
            source,
            f"{source}:{chances.token(chance, 16)}",
            door=opened.channel if opened else None,
            proven=True,
            proof={"reference": opened.reference} if opened else {},
            ip=who.ip,
            agent=who.agent,
        )

    def lost(who: _Asked) -> HTMLResponse:
        language = who.language(None)
        return drawing.notice(
            language, "Onevoice", texts.LOST_TITLE.to(language), [texts.LOST.to(language)], status=404
        )

    # The preference centre

    @routes.get("/preferences/{token}")
    def show(request: Request, token: str) -> Response:
        who = asked(request, token)
        with database.transaction() as conn:
            opened = resolve(conn, token)
            return lost(who) if opened is None else _show(conn, who, opened, request.query_params)

    def _show(conn: Connection, who: _Asked, opened: Opened, query: Mapping[str, str]) -> Response:
        wished = centre.wished_language(conn, opened.nid)
        language = who.language(wished)
        shown = centre.centre(conn, opened.nid, language)
        saved = query.get("saved", "")
        before = None
        if saved.isascii() and saved.isdigit() and len(saved) < 19 and int(saved) < shown.position:
            before = centre.centre(conn, opened.nid, language, upto=int(saved))
        return drawing.preferences(
            language,
            centre.brand(conn),
            who.token,
            shown,
            before,
            centre.history(conn, opened.nid),
            notice={"stale": texts.STALE, "nowhere": texts.NOWHERE, "unreadable": texts.UNREADABLE}.get(
                query.get("notice", "")
            ),
            chosen=is_language(who.chosen),
            now=clock.now(),
        )

    @routes.post("/preferences/{token}")
    async def save(request: Request, token: str) -> Response:
        fields = await plain.fields(request, most=FIELDS_MOST)
        return await run_in_threadpool(_save, asked(request, token, fields), forms.read(fields, clock.now()))

    def _save(who: _Asked, form: Any) -> Response:
        with database.transaction() as conn:
            opened = resolve(conn, who.token)
            if opened is None:
                return lost(who)
            before, notice = 0, "unreadable"
            if form is not None:
                try:
                    how = said("page", who, opened)
                    done = centre.save(conn, opened, form, who.language(None), how, clock=clock)
                    before = done.before
                    notice = "stale" if done.refused else "nowhere" if done.nowhere else ""
                except InvalidPreferenceError:
                    conn.rollback()
        target = forms.saved_address(who.token, before, notice, who.chosen if is_language(who.chosen) else None)
        return RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})

    # One click

    @routes.get("/unsubscribe/{token}")
    def ask(request: Request, token: str) -> Response:
        who = asked(request, token)
        with database.transaction() as conn:
            opened = resolve(conn, token)
            if opened is None:
                return lost(who)
            language = who.language(centre.wished_language(conn, opened.nid))
            return drawing.notice(
                language,
                centre.brand(conn).name,
                texts.UNSUBSCRIBE_TITLE.to(language),
                [_unsubscribed_from(conn, opened, language)],
                button=texts.UNSUBSCRIBE.to(language),
                onward=f"/preferences/{token}",
            )

    @routes.post("/unsubscribe/{token}")
    async def unsubscribe(request: Request, token: str) -> Response:
        fields = await plain.fields(request, most=FIELDS_MOST)
        one_click = _ONE_CLICK in fields.get("List-Unsubscribe", ())
        return await run_in_threadpool(_unsubscribe, asked(request, token, fields), one_click)

    def _unsubscribe(who: _Asked, one_click: bool) -> Response:
        with database.transaction() as conn:
            opened = resolve(conn, who.token)
            if opened is None:
                return lost(who)
            centre.unsubscribe(conn, opened, said("unsubscribe", who, opened), clock=clock)
            if one_click:
                return Response(status_code=200, headers={"Cache-Control": "no-store"})
            language = who.language(centre.wished_language(conn, opened.nid))
            return drawing.notice(
                language,
                centre.brand(conn).name,
                texts.GONE_TITLE.to(language),
                [texts.GONE.to(language)],
                onward=f"/preferences/{who.token}",
            )

    def _unsubscribed_from(conn: Connection, opened: Opened, language: Language) -> str:
        title = centre.title(conn, opened.purpose, language) if opened.purpose else None
        return (
            texts.UNSUBSCRIBE_ALL.to(language)
            if title is None
            else texts.UNSUBSCRIBE_FROM.to(language).format(topic=title)
        )

    # Double opt-in

    @routes.get("/confirm/{token}")
    def look(request: Request, token: str) -> Response:
        who = asked(request, token)
        language = who.language(None)
        with database.transaction() as conn:
            try:
                waits = ledger.waiting(conn, token, confirmation_key, clock.now())
            except UnknownDoorError:
                return lost(who)
            told = centre.confirmation(conn, waits, language)
            if waits.confirmed and told.holds:
                return _confirmed(conn, language)
            return drawing.notice(
                language,
                centre.brand(conn).name,
                texts.CONFIRM_TITLE.to(language),
                [texts.CONFIRM_FOR.to(language).format(topic=told.topic, address=told.address)],
                quote=told.body,
                button=texts.CONFIRM.to(language),
                hint=texts.CONFIRM_NOT.to(language),
            )

    @routes.post("/confirm/{token}")
    async def confirm(request: Request, token: str) -> Response:
        fields = await plain.fields(request, most=FIELDS_MOST)
        return await run_in_threadpool(_confirm, asked(request, token, fields))

    def _confirm(who: _Asked) -> Response:
        language = who.language(None)
        with database.transaction() as conn:
            try:
                waits = ledger.waiting(conn, who.token, confirmation_key, clock.now())
                how = said("confirmation", who, None)
                ledger.confirm(conn, who.token, how, clock=clock, key=confirmation_key)
                holds = centre.confirmation(conn, waits, language).holds
            except UnknownDoorError:
                return lost(who)
            except WithdrawnSinceError:
                holds = False
            if holds:
                return _confirmed(conn, language)
            return drawing.notice(
                language,
                centre.brand(conn).name,
                texts.WITHDRAWN_TITLE.to(language),
                [texts.WITHDRAWN_TEXT.to(language)],
                status=409,
            )

    def _confirmed(conn: Connection, language: Language) -> HTMLResponse:
        return drawing.notice(
            language,
            centre.brand(conn).name,
            texts.CONFIRMED_TITLE.to(language),
            [texts.CONFIRMED_TEXT.to(language)],
        )

    return routes
