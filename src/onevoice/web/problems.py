"""Errors as RFC 9457 problem details. `code` is for programs and never translated; `detail` is for people."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from onevoice.kit.errors import DomainError, Kind

MEDIA_TYPE = "application/problem+json"

STATUS: dict[Kind, int] = {
    "not_found": 404,
    "conflict": 409,
    "invalid": 422,
    "forbidden": 403,
    "unauthenticated": 401,
    "too_many": 429,
    "too_large": 413,
    "unavailable": 503,
}

_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type"}
_DETAILS = {
    400: "The request's body could not be read. It must be JSON in UTF-8.",
    404: "There is nothing at this address.",
    405: "This address does not take this method. `Allow` names those it takes.",
}

_log = structlog.get_logger(__name__)


class FieldProblem(BaseModel):
    """Where in the request something is wrong. The value is not repeated: it may be a password."""

    where: list[str | int] = Field(description="The path to the value, from `body`, `query`, `path` or `header` on.")
    code: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] | None = None


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


def render(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    members = {
        **(extra or {}),
        "type": f"urn:onevoice:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return ProblemResponse(members, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def of_domain(error: DomainError) -> ProblemResponse:
    status = STATUS[error.kind]
    headers: dict[str, str] = {}
    if error.kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if error.kind in {"too_many", "unavailable"}:
        headers["Retry-After"] = str(error.extra.get("retry_after_seconds", 1))
    return render(status, error.code, error.title, error.detail, headers=headers, extra=error.extra)


def unexpected() -> ProblemResponse:
    """For what nobody foresaw. What happened stands in the log and nowhere else."""
    detail = "Something went wrong on our side. It is in the server's log; trying again may help."
    return render(500, "internal", "Internal error", detail)


def documented(errors: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: which problems it answers with, and when."""
    return {status: described(when) for status, when in errors.items()}


def described(when: str) -> dict[str, Any]:
    return {"description": when, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def handle(app: FastAPI, allowed: Callable[[str], list[str]]) -> None:
    """Let every error of `app` leave as problem details. `allowed` tells the methods of an address of the API."""

    async def http(request: Request, error: Exception) -> ProblemResponse:
        if not isinstance(error, HTTPException):
            raise error
        # The router names the methods of one route only, and knows none where a page answers any GET.
        methods = allowed(request.url.path) if error.status_code in {404, 405} else []
        if methods and request.method not in methods:
            return _of_status(405, {"Allow": ", ".join(methods)})
        return _of_status(error.status_code, error.headers)

    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(psycopg.OperationalError, _database)


async def _domain(_: Request, error: Exception) -> ProblemResponse:
    if not isinstance(error, DomainError):
        raise error
    return of_domain(error)


async def _validation(_: Request, error: Exception) -> ProblemResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = _fields(error.errors())
    first = fields[0]
    detail = f"{'.'.join(str(step) for step in first['where'])}: {first['detail']}"
    return render(422, "invalid_request", "The request is not as documented", detail, extra={"errors": fields})


def _fields(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"where": list(each["loc"]), "code": each["type"], "detail": each["msg"]} for each in errors]


def _of_status(status: int, headers: Mapping[str, str] | None) -> ProblemResponse:
    title = HTTPStatus(status).phrase
    code = _CODES.get(status, f"http_{status}")
    return render(status, code, title, _DETAILS.get(status, title), headers=headers)


async def _database(request: Request, error: Exception) -> ProblemResponse:
    _log.error("database_unavailable", path=request.url.path, error=type(error).__name__)
    detail = "The database does not answer just now. Nothing was changed; try again in a moment."
    return render(503, "database_unavailable", "Database unavailable", detail, headers={"Retry-After": "1"})
