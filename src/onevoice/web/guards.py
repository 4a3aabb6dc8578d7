"""Who asks, and whether they may.

A route says whom it serves by the type of its parameter: `Annotated[Actor, allow("customers.read")]` for what a role or
a key must allow, `Insider` for whoever is known at all, `Person` for what concerns one's own account. Bootstrap calls
`bind`; an app where that was forgotten answers nobody. The API's description carries each route's permission, as the
scope of its security requirement.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from fastapi import Depends, FastAPI, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer, SecurityScopes
from starlette.requests import HTTPConnection

from onevoice.kit.errors import DomainError
from onevoice.web.settings import WebSettings

SESSION_COOKIE = "onevoice_session"
CSRF_COOKIE = "onevoice_csrf"
CSRF_HEADER = "X-Onevoice-Csrf"
WRITE_KEY_PREFIX = "ov_write_"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class UnauthenticatedError(DomainError):
    """Authentication needed."""

    code = "unauthenticated"
    kind = "unauthenticated"


class InvalidKeyError(UnauthenticatedError):
    """The key is not valid."""

    code = "invalid_key"


class SessionEndedError(UnauthenticatedError):
    """The session has ended."""

    code = "session_ended"


class WriteKeyError(DomainError):
    """A write key can only write."""

    code = "write_key"
    kind = "forbidden"


class SessionNeededError(DomainError):
    """Only people may do this."""

    code = "session_needed"
    kind = "forbidden"


class NotAllowedError(DomainError):
    """Not allowed."""

    code = "not_allowed"
    kind = "forbidden"


class ForgedRequestError(DomainError):
    """The request did not come from the console."""

    code = "csrf"
    kind = "forbidden"


class ForeignOriginError(DomainError):
    """The request came from another site."""

    code = "foreign_origin"
    kind = "forbidden"


@dataclass(frozen=True)
class Actor:
    """Who does something.

    label: what the audit log keeps, such as `owner@demo.example` or `key:7 back office`.
    id: of the account or the key. permissions: what the person's role or the key allows.
    role, session: for people only; the session by its public id.
    """

    kind: Literal["account", "key"]
    id: int
    label: str
    permissions: frozenset[str]
    role: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Visitor:
    """A person with a living session."""

    actor: Actor
    csrf: str


@dataclass(frozen=True)
class LoggedIn:
    token: str
    csrf: str


@dataclass(frozen=True)
class CodeWanted:
    """The password was right, and a code of the second factor is still wanted. `ticket` goes into the next form."""

    ticket: str


@dataclass(frozen=True)
class Refused:
    """late: the ticket is too old, or the password is another one by now. code: the code is wrong."""

    reason: Literal["wrong", "locked", "busy", "late", "code"]
    retry_after_seconds: int = 0


class Authenticator(Protocol):
    """What knows keys and people. Bound in bootstrap; each method is a transaction of its own."""

    def by_key(self, key: str) -> Actor | None: ...

    def by_session(self, token: str, *, used: bool = True) -> Visitor | None:
        """`used`: whether this counts as the person doing something, which keeps the session from lying idle."""
        ...

    def log_in(
        self, login: str, password: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | CodeWanted | Refused: ...

    def log_in_by_code(
        self, ticket: str, code: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | Refused: ...

    def log_out(self, token: str) -> None: ...


class Guards:
    def __init__(self, authenticator: Authenticator, settings: WebSettings) -> None:
        self._authenticator = authenticator
        self._settings = settings

    def secret_or_session(self, request: Request) -> Actor:
        """Programs with a secret key, and people."""
        authorization = request.headers.get("authorization")
        if authorization is not None:
            return self._by_key(authorization)
        return self._by_session(request).actor

    def session_only(self, request: Request) -> Actor:
        """People only: what concerns a person's own account, or what a leaked key must not reach."""
        actor = self.secret_or_session(request)
        if actor.kind != "account":
            raise SessionNeededError("A secret key cannot do this. Log in to the console as a person.")
        return actor

    def allowed(self, request: Request, permission: str) -> Actor:
        """Whoever has this permission, by role or by key."""
        actor = self.secret_or_session(request)
        if permission not in actor.permissions:
            whose = f"The role {actor.role}" if actor.kind == "account" else "This key"
            raise NotAllowedError(f"{whose} does not allow `{permission}`. Ask an owner or an admin.")
        return actor

    def visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who looks at a page or opens a socket, if anybody with a living session. Reads only: no CSRF token needed."""
        token = connection.cookies.get(SESSION_COOKIE)
        return self._authenticator.by_session(token) if token else None

    def socket(self, connection: HTTPConnection, permission: str) -> Actor | None:
        """Who may open a WebSocket: a living session with this permission, from a page of ours.

        None means: close it unaccepted.

        Browsers let any site open one with our cookies, and always say which site it was.
        """
        if connection.headers.get("origin") is None or not self.same_origin(connection):
            return None
        visitor = self.visitor(connection)
        return visitor.actor if visitor and permission in visitor.actor.permissions else None

    def still(self, connection: HTTPConnection, permission: str) -> Actor | None:
        """Whose an open socket is, while the session lives and may. Asking does not prolong it: a forgotten tab must
        end.
        """
        token = connection.cookies.get(SESSION_COOKIE)
        visitor = self._authenticator.by_session(token, used=False) if token is not None else None
        return visitor.actor if visitor and permission in visitor.actor.permissions else None

    def same_origin(self, connection: HTTPConnection) -> bool:
        """False when a browser says that another site sent this. Programs that say nothing pass."""
        if connection.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return False
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        if self._settings.origin is not None:
            return origin == self._settings.origin
        return origin.partition("://")[2] == connection.headers.get("host")

    def _by_key(self, authorization: str) -> Actor:
        scheme, _, key = authorization.partition(" ")
        key = key.strip()
        if key.startswith(WRITE_KEY_PREFIX):
            raise WriteKeyError("This is a write key: it sends events to /v1 and reads nothing. Take a secret key.")
        actor = self._authenticator.by_key(key) if scheme.lower() == "bearer" and key else None
        if actor is None:
            raise InvalidKeyError("Send a living secret key as `Authorization: Bearer ov_secret_...`.")
        return actor

    def _by_session(self, request: Request) -> Visitor:
        if SESSION_COOKIE not in request.cookies:
            raise UnauthenticatedError(
                "Send a secret key as `Authorization: Bearer ov_secret_...`, or log in at /login."
            )
        visitor = self.visitor(request)
        if visitor is None:
            raise SessionEndedError("Log in again at /login.")
        if request.method not in _SAFE_METHODS:
            self._require_own_page(request, visitor)
        return visitor

    def _require_own_page(self, request: Request, visitor: Visitor) -> None:
        if not self.same_origin(request):
            raise ForeignOriginError("Changes are taken from the console's own pages only.")
        if not matches(request.headers.get(CSRF_HEADER), visitor.csrf):
            raise ForgedRequestError(f"Send the cookie `{CSRF_COOKIE}` back as the header `{CSRF_HEADER}`.")


def matches(given: str | None, wanted: str) -> bool:
    """Compared in constant time."""
    return given is not None and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def bind(app: FastAPI, guards: Guards) -> None:
    app.state.guards = guards


# Said here for the API's description only: the guards read the request themselves.
SecretKey = Annotated[
    object,
    Security(
        HTTPBearer(
            auto_error=False,
            scheme_name="secretKey",
            description="A secret key, `ov_secret_...`, made in the console or by `onevoice keys create secret`.",
        )
    ),
]
Session = Annotated[
    object,
    Security(
        APIKeyCookie(
            name=SESSION_COOKIE,
            auto_error=False,
            scheme_name="session",
            description=(
                f"The console's session, started at `/login`. Changes also need the header `{CSRF_HEADER}`, "
                f"equal to the cookie `{CSRF_COOKIE}`."
            ),
        )
    ),
]


def secret_or_session(request: Request, _key: SecretKey, _session: Session) -> Actor:
    return _bound(request).secret_or_session(request)


def session_only(request: Request, _session: Session) -> Actor:
    return _bound(request).session_only(request)


def allow(permission: str) -> object:
    """The dependency of a route that takes this permission."""
    return Security(_allowed, scopes=[permission])


def _allowed(request: Request, scopes: SecurityScopes, _key: SecretKey, _session: Session) -> Actor:
    (permission,) = scopes.scopes
    return _bound(request).allowed(request, permission)


def _bound(request: Request) -> Guards:
    guards = request.app.state.guards
    if not isinstance(guards, Guards):
        raise TypeError("guards")
    return guards


Insider = Annotated[Actor, Depends(secret_or_session)]
Person = Annotated[Actor, Depends(session_only)]
