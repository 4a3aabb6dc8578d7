"""The routes of access under /api. Bound in bootstrap."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from onevoice.domains.access.contracts import (
    AccountCreate,
    AccountId,
    AccountUpdate,
    Doer,
    KeyId,
    Preferences,
    Visit,
)
from onevoice.domains.access.errors import UnknownSessionError, UnknownUserError
from onevoice.domains.access.http import shapes, sites
from onevoice.domains.access.http.authenticator import AccessAuthenticator
from onevoice.domains.access.service import accounts, audit, keys, sessions, two_factor
from onevoice.kit import cursor
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.home import DemoNow
from onevoice.web.edge import client_address
from onevoice.web.guards import SESSION_COOKIE, Actor, Insider, LoggedIn, Person, allow
from onevoice.web.login import set_session
from onevoice.web.paging import Cursor, Limit, Page, RowId, Text
from onevoice.web.problems import documented
from onevoice.web.settings import WebSettings

KeysManage = Annotated[Actor, allow("keys.manage")]
UsersManage = Annotated[Actor, allow("users.manage")]
AuditRead = Annotated[Actor, allow("audit.read")]


def router(
    database: Database,
    authenticator: AccessAuthenticator,
    settings: WebSettings,
    demo: Callable[[], DemoNow | None],
    *,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    """Everything of access under /api. demo: the one in this installation, if it has one."""
    routes = APIRouter(prefix="/api")
    routes.include_router(_own(database, authenticator, settings, demo, clock=clock, chance=chance))
    routes.include_router(_managed(database, clock=clock, chance=chance))
    routes.include_router(sites.router(database, clock=clock))
    return routes


def _own(
    database: Database,
    authenticator: AccessAuthenticator,
    settings: WebSettings,
    demo: Callable[[], DemoNow | None],
    *,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    routes = APIRouter(tags=["access"])

    def prove(actor: Actor, password: str, request: Request) -> None:
        with database.transaction() as conn:
            account = accounts.account(conn, AccountId(actor.id))
        authenticator.prove(account, password, address=client_address(request, settings))

    @routes.get("/me")
    def me(actor: Person) -> shapes.Me:
        account_id = AccountId(actor.id)
        with database.transaction() as conn:
            account, left = accounts.account(conn, account_id), two_factor.recovery_codes_left(conn, account_id)
        return shapes.me_view(account, left, demo())

    @routes.patch("/me")
    def set_preferences(actor: Person, update: shapes.MeUpdate) -> shapes.Me:
        preferences = Preferences(language=update.language, theme=update.theme, single_keys=update.single_keys)
        with database.transaction() as conn:
            account_id = AccountId(actor.id)
            changed = accounts.set_preferences(conn, account_id, preferences, actor=actor.label, clock=clock)
            left = two_factor.recovery_codes_left(conn, account_id)
        return shapes.me_view(changed, left, demo())

    @routes.put(
        "/me/password",
        status_code=204,
        responses=documented({403: "The present password is wrong.", 429: "Too many attempts.", 503: "Busy."}),
    )
    def change_password(actor: Person, change: shapes.PasswordChange, request: Request, response: Response) -> None:
        """Ends every session of yours; the answer brings a new one for this browser."""
        prove(actor, change.present, request)
        visit = Visit(address=client_address(request, settings), agent=request.headers.get("user-agent", ""))
        account_id = AccountId(actor.id)
        with database.transaction() as conn:
            accounts.set_password(conn, account_id, change.new, actor=actor.label, clock=clock, chance=chance)
            started = sessions.restart_session(conn, account_id, visit=visit, clock=clock, chance=chance)
        set_session(response, LoggedIn(token=started.token, csrf=started.csrf), settings)

    @routes.post(
        "/me/second-factor",
        responses=documented({403: "The password is wrong.", 409: "Codes are asked for already.", 429: "Too many."}),
    )
    def begin_second_factor(actor: Person, proof: shapes.PasswordProof, request: Request) -> shapes.SecondFactorBegun:
        """A secret for an authenticator. Codes are asked for once one was confirmed."""
        prove(actor, proof.password, request)
        with database.transaction() as conn:
            begun = two_factor.begin(conn, AccountId(actor.id), sealer=authenticator.sealer, clock=clock, chance=chance)
        return shapes.second_factor_view(begun)

    @routes.post(
        "/me/second-factor/confirm",
        responses=documented(
            {403: "The code is wrong.", 404: "Nothing was begun.", 409: "Codes are asked for already."}
        ),
    )
    def confirm_second_factor(actor: Person, proof: shapes.CodeProof) -> shapes.RecoveryCodes:
        """From now on a code is asked for at login, and all your other sessions end. The recovery codes are shown this
        once.
        """
        with database.transaction() as conn:
            codes = two_factor.confirm(
                conn,
                AccountId(actor.id),
                proof.code,
                session=bytes.fromhex(actor.session or ""),
                actor=actor.label,
                sealer=authenticator.sealer,
                clock=clock,
                chance=chance,
            )
        return shapes.RecoveryCodes(recovery_codes=codes)

    @routes.post(
        "/me/second-factor/end",
        status_code=204,
        responses=documented({403: "The password or the code is wrong.", 404: "There are no codes.", 429: "Too many."}),
    )
    def end_second_factor(actor: Person, proof: shapes.SecondFactorEnd, request: Request) -> None:
        """Takes the password and a code: a password alone must not switch off what makes up for its loss."""
        prove(actor, proof.password, request)
        authenticator.prove_code(AccountId(actor.id), proof.code, address=client_address(request, settings))
        with database.transaction() as conn:
            two_factor.stop(conn, AccountId(actor.id), actor=actor.label, clock=clock)

    @routes.get("/sessions")
    def list_sessions(actor: Person) -> Page[shapes.SessionView]:
        with database.transaction() as conn:
            found = sessions.sessions(conn, AccountId(actor.id), clock=clock)
        return Page(data=[shapes.session_view(each, actor.session) for each in found])

    @routes.delete("/sessions/{session_id}", status_code=204, responses=documented({404: "No such session of yours."}))
    def end_session(actor: Person, session_id: str) -> None:
        try:
            digest = bytes.fromhex(session_id)
        except ValueError as error:
            raise UnknownSessionError("Take the id from the list of sessions.") from error
        with database.transaction() as conn:
            sessions.end_session_by_digest(conn, AccountId(actor.id), digest, actor=actor.label, clock=clock)

    @routes.delete("/sessions", status_code=204)
    def end_other_sessions(actor: Person, request: Request) -> None:
        """Log out everywhere else."""
        with database.transaction() as conn:
            current = sessions.session(conn, request.cookies.get(SESSION_COOKIE, ""), clock=clock)
            if current is not None:
                sessions.end_other_sessions(conn, current, actor=actor.label, clock=clock)

    @routes.get("/roles")
    def list_roles(_: Insider) -> shapes.Roles:
        """The permission matrix."""
        return shapes.ROLES_VIEW

    @routes.get("/sources")
    def list_sources(
        _: Insider, limit: Limit = 50, cursor_: Annotated[Cursor, Query(alias="cursor")] = None
    ) -> Page[shapes.SourceView]:
        """In the order in which they were made."""
        after = cursor.decode_id(cursor_, 2**31 - 1) or 0
        with database.transaction() as conn:
            found = [each for each in keys.sources(conn).values() if each.id > after]
        more = cursor.encode(found[limit - 1].id) if len(found) > limit else None
        return Page(data=[shapes.source_view(each) for each in found[:limit]], next_cursor=more)

    return routes


def _doer(actor: Actor) -> Doer:
    return Doer(actor.label, actor.permissions)


def _managed(database: Database, *, clock: Clock, chance: Chance) -> APIRouter:
    routes = APIRouter(tags=["access"])

    @routes.get("/keys")
    def list_keys(
        _: KeysManage,
        limit: Limit = 50,
        cursor_: Annotated[Cursor, Query(alias="cursor")] = None,
        revoked: Annotated[bool | None, Query(description="Only those that are, or are not, revoked.")] = None,
    ) -> Page[shapes.KeyView]:
        """Newest first."""
        before = cursor.decode_id(cursor_)
        with database.transaction() as conn:
            found = keys.keys(conn, before=before, revoked=revoked, limit=limit + 1)
        more = cursor.encode(found[limit - 1].id) if len(found) > limit else None
        return Page(data=[shapes.key_view(each) for each in found[:limit]], next_cursor=more)

    @routes.post(
        "/keys", status_code=201, responses=documented({409: "The source exists with another channel or site."})
    )
    def create_key(actor: KeysManage, create: shapes.KeyCreate) -> shapes.KeyMade:
        with database.transaction() as conn:
            issued = keys.issue_key(
                conn,
                scope=create.scope,
                name=create.name,
                source=create.source,
                channel=create.channel,
                site=create.site,
                permissions=create.permissions,
                by=_doer(actor),
                clock=clock,
                chance=chance,
            )
            return shapes.KeyMade(**shapes.key_view(keys.key(conn, issued.id)).model_dump(), key=issued.key)

    @routes.delete("/keys/{key_id}", responses=documented({404: "No such key."}))
    def revoke_key(actor: KeysManage, key_id: RowId) -> shapes.KeyView:
        with database.transaction() as conn:
            return shapes.key_view(keys.revoke_key(conn, KeyId(key_id), actor=actor.label, clock=clock))

    @routes.get("/users")
    def list_users(
        _: UsersManage, limit: Limit = 50, cursor_: Annotated[Cursor, Query(alias="cursor")] = None
    ) -> Page[shapes.UserView]:
        """In the order in which they were made."""
        with database.transaction() as conn:
            found = accounts.accounts(conn, after=cursor.decode_id(cursor_) or 0, limit=limit + 1)
        more = cursor.encode(found[limit - 1].id) if len(found) > limit else None
        return Page(data=[shapes.user_view(each) for each in found[:limit]], next_cursor=more)

    @routes.post("/users", status_code=201, responses=documented({409: "The login is taken."}))
    def create_user(actor: UsersManage, create: shapes.UserCreate) -> shapes.UserView:
        account = AccountCreate(
            login=create.login, name=create.name, password=create.password, role=create.role, language=create.language
        )
        with database.transaction() as conn:
            return shapes.user_view(accounts.create_account(conn, account, by=_doer(actor), clock=clock, chance=chance))

    @routes.patch(
        "/users/{user_id}", responses=documented({404: "No such user.", 409: "Nobody would be left as owner."})
    )
    def update_user(actor: UsersManage, user_id: RowId, update: shapes.UserUpdate) -> shapes.UserView:
        """Disabling ends the person's sessions at once."""
        change = AccountUpdate(role=update.role, disabled=update.disabled)
        with database.transaction() as conn:
            return shapes.user_view(
                accounts.update_account(conn, AccountId(user_id), change, by=_doer(actor), clock=clock)
            )

    @routes.put("/users/{user_id}/password", status_code=204, responses=documented({404: "No such user."}))
    def set_password(actor: UsersManage, user_id: RowId, change: shapes.PasswordSet) -> None:
        """For somebody who forgot it. Ends the person's sessions at once."""
        if user_id == actor.id:
            raise UnknownUserError("Your own password is changed at /api/me/password, with the present one.")
        with database.transaction() as conn:
            accounts.reset_password(
                conn, AccountId(user_id), change.password, by=_doer(actor), clock=clock, chance=chance
            )

    @routes.delete(
        "/users/{user_id}/second-factor",
        status_code=204,
        responses=documented({404: "No such user, or no codes are asked for."}),
    )
    def reset_second_factor(actor: UsersManage, user_id: RowId) -> None:
        """For somebody who lost the phone and every recovery code."""
        if user_id == actor.id:
            raise UnknownUserError("Your own is ended at /api/me/second-factor/end, with your password.")
        with database.transaction() as conn:
            two_factor.end(conn, AccountId(user_id), by=_doer(actor), clock=clock)

    @routes.get("/audit")
    def list_audit(
        _: AuditRead,
        limit: Limit = 50,
        cursor_: Annotated[Cursor, Query(alias="cursor")] = None,
        subject: Annotated[Text | None, Query(description="Such as `user:1` or `key:7`.")] = None,
    ) -> Page[shapes.AuditView]:
        """Who did what, newest first."""
        before = cursor.decode_id(cursor_)
        with database.transaction() as conn:
            entries = audit.audit_log(conn, before=before, subject=subject, limit=limit + 1)
        more = cursor.encode(entries[limit - 1].id) if len(entries) > limit else None
        return Page(data=[shapes.audit_view(each) for each in entries[:limit]], next_cursor=more)

    return routes
