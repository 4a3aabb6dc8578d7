"""The login page and the way out: plain pages that need no script."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from onevoice.kit.i18n import LANGUAGES, OWN_NAMES, Language
from onevoice.web import plain, texts
from onevoice.web.edge import client_address
from onevoice.web.guards import (
    CSRF_COOKIE,
    CSRF_HEADER,
    SESSION_COOKIE,
    Authenticator,
    CodeWanted,
    ForeignOriginError,
    ForgedRequestError,
    Guards,
    LoggedIn,
    Refused,
    matches,
)
from onevoice.web.settings import WebSettings

PAGES = Path(__file__).parent / "pages"

# As long as a session can last at all; the server ends it earlier when it lies idle.
_COOKIE_SECONDS = 30 * 24 * 3600
_LANGUAGE_SECONDS = 365 * 24 * 3600
_LOGIN_MAX = 200
_NEXT_MAX = 2000
_TICKET_MAX = 1000
_CODE_MAX = 100


def router(guards: Guards, authenticator: Authenticator, settings: WebSettings, console: Path) -> APIRouter:
    """`console` is the folder of the built console, whose font the page borrows when it is there."""
    routes = APIRouter(include_in_schema=False)
    page = _Page(console)

    @routes.get("/login")
    def show(request: Request) -> Response:
        target = local_path(request.query_params.get("next"))
        if guards.visitor(request) is not None:
            return RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})
        language = plain.language_of(request)
        notice = None
        if "ended" in request.query_params:
            notice = texts.ENDED.to(language)
        elif "left" in request.query_params:
            notice = texts.LEFT.to(language)
        response = page.render(language, target=target, notice=notice)
        if request.query_params.get("lang") == language:
            response.set_cookie(
                plain.LANGUAGE_COOKIE,
                language,
                max_age=_LANGUAGE_SECONDS,
                httponly=True,
                secure=settings.tls,
                samesite="lax",
            )
        return response

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        language = plain.language_of(request)
        form = await plain.form(request)
        target, login, password = local_path(form.get("next")), form.get("login", "").strip(), form.get("password", "")
        if not guards.same_origin(request):
            return page.render(language, target=target, notice=texts.FOREIGN.to(language), status=403)
        if not login or not password:
            notice = texts.EMPTY.to(language)
            return page.render(language, target=target, notice=notice, login=login, status=422)
        outcome = await run_in_threadpool(
            authenticator.log_in,
            login,
            password,
            address=client_address(request, settings),
            agent=request.headers.get("user-agent", ""),
            previous=request.cookies.get(SESSION_COOKIE),
        )
        if isinstance(outcome, Refused):
            return page.refused(language, outcome, target=target, login=login)
        if isinstance(outcome, CodeWanted):
            return page.render(language, target=target, ticket=outcome.ticket)
        return _let_in(target, outcome)

    @routes.post("/login/code")
    async def log_in_by_code(request: Request) -> Response:
        language = plain.language_of(request)
        form = await plain.form(request)
        target, ticket = local_path(form.get("next")), form.get("ticket", "")
        if not guards.same_origin(request):
            return page.render(language, target=target, notice=texts.FOREIGN.to(language), status=403)
        outcome = await run_in_threadpool(
            authenticator.log_in_by_code,
            ticket[:_TICKET_MAX],
            form.get("code", "")[:_CODE_MAX],
            address=client_address(request, settings),
            agent=request.headers.get("user-agent", ""),
            previous=request.cookies.get(SESSION_COOKIE),
        )
        if isinstance(outcome, Refused):
            return page.refused(language, outcome, target=target, ticket=ticket)
        return _let_in(target, outcome)

    def _let_in(target: str, started: LoggedIn) -> Response:
        response = RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})
        set_session(response, started, settings)
        return response

    @routes.post("/logout")
    async def log_out(request: Request) -> Response:
        form = await plain.form(request)
        await run_in_threadpool(_log_out, request, form.get("csrf"))
        response = RedirectResponse("/login?left=1", status_code=303, headers={"Cache-Control": "no-store"})
        response.delete_cookie(SESSION_COOKIE)
        response.delete_cookie(CSRF_COOKIE)
        return response

    def _log_out(request: Request, csrf: str | None) -> None:
        if not guards.same_origin(request):
            raise ForeignOriginError("Log out from the console's own pages.")
        visitor = guards.visitor(request)
        if visitor is None:
            return
        if not matches(request.headers.get(CSRF_HEADER) or csrf, visitor.csrf):
            raise ForgedRequestError(f"Send the cookie `{CSRF_COOKIE}` back as `{CSRF_HEADER}` or the field `csrf`.")
        authenticator.log_out(request.cookies[SESSION_COOKIE])

    page.stylesheet.serve(routes)
    return routes


def set_session(response: Response, started: LoggedIn, settings: WebSettings) -> None:
    """The session's cookie, closed to scripts, and the CSRF token's, which the console reads and sends back."""
    for name, value, hidden in ((SESSION_COOKIE, started.token, True), (CSRF_COOKIE, started.csrf, False)):
        response.set_cookie(
            name, value, max_age=_COOKIE_SECONDS, path="/", httponly=hidden, secure=settings.tls, samesite="lax"
        )


def local_path(target: str | None) -> str:
    """`target` when it is a page of ours, else "/".

    Browsers read a backslash as a slash and skip control characters, so neither passes.

    >>> local_path("/customers?q=anna"), local_path("//evil.example"), local_path("https://evil.example")
    ('/customers?q=anna', '/', '/')
    """
    if target is None or len(target) > _NEXT_MAX or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or not target.isprintable():
        return "/"
    first = target[1:].partition("?")[0].partition("/")[0]
    return "/" if first in {"login", "logout", "api", "v1", "pages"} else target


class _Page:
    def __init__(self, console: Path) -> None:
        environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined)
        self._template = environment.get_template("login.html")
        css = plain.font_faces(console) + (PAGES / "login.css").read_text(encoding="utf-8")
        self.stylesheet = plain.Asset("login", "css", css)

    def render(
        self,
        language: Language,
        *,
        target: str,
        notice: str | None = None,
        login: str = "",
        ticket: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        content = self._template.render(
            language=language,
            stylesheet=self.stylesheet.address,
            text=_texts(language),
            notice=notice,
            failed=status >= 400,
            login=login[:_LOGIN_MAX],
            ticket=ticket,
            next=target,
            languages=[
                {"code": each, "name": OWN_NAMES[each], "address": f"/login?lang={each}&next={quote(target, safe='/')}"}
                for each in LANGUAGES
            ],
        )
        own = {"Cache-Control": "no-store", "Content-Language": language, "Vary": "Accept-Language, Cookie"}
        return HTMLResponse(content, status_code=status, headers={**own, **(headers or {})})

    def refused(
        self, language: Language, refused: Refused, *, target: str, login: str = "", ticket: str | None = None
    ) -> HTMLResponse:
        wait = {"Retry-After": str(refused.retry_after_seconds)}
        if refused.reason == "locked":
            notice = texts.LOCKED.to(language, max(1, math.ceil(refused.retry_after_seconds / 60)))
            return self.render(
                language, target=target, notice=notice, login=login, ticket=ticket, status=429, headers=wait
            )
        if refused.reason == "busy":
            notice = texts.BUSY.to(language)
            return self.render(language, target=target, notice=notice, login=login, status=503, headers=wait)
        if refused.reason == "late":
            return self.render(language, target=target, notice=texts.CODE_LATE.to(language), status=401)
        notice = (texts.CODE_WRONG if refused.reason == "code" else texts.WRONG).to(language)
        return self.render(language, target=target, notice=notice, login=login, ticket=ticket, status=401)


def _texts(language: Language) -> dict[str, Any]:
    named = {
        "title": texts.TITLE,
        "tagline": texts.TAGLINE,
        "login": texts.LOGIN,
        "password": texts.PASSWORD,
        "submit": texts.SUBMIT,
        "language": texts.LANGUAGE,
        "code_title": texts.CODE_TITLE,
        "code": texts.CODE,
        "code_hint": texts.CODE_HINT,
        "again": texts.AGAIN,
    }
    return {name: phrase.to(language) for name, phrase in named.items()}
