"""The API's description: what FastAPI derives, corrected to what the server really answers."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from onevoice.web.problems import Problem, described

API = "/api/"

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_ALWAYS = {
    400: "The address or the body cannot be read.",
    422: "The request is not as documented here.",
    503: "The database does not answer just now; `Retry-After` says when to try again.",
}
_WITH_GUARD = {
    401: "No living key or session came with the request.",
    403: "The key or the person may not do this, or the request did not come from the console.",
}
_WITH_BODY = {413: "The body is too large."}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` tell of problem details, keys and sessions. Call it once all routes are included."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi


def allowed(app: FastAPI, path: str) -> list[str]:
    """The methods that the API documents for this path; none for a path it does not know."""
    paths = app.openapi()["paths"]
    found: set[str] = set()
    # As OpenAPI reads a path: one that is written out goes before those with parameters.
    for template, item in ({path: paths[path]} if path in paths else paths).items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            found |= {method.upper() for method in item if method in _METHODS}
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for path, operation in _operations(schema):
        responses = operation["responses"]
        if path.startswith(API):
            for status, when in _problems_of(operation).items():
                if str(status) not in responses or status == 422:
                    responses[str(status)] = described(when)
        elif "422" in responses:
            responses["422"] = described(_ALWAYS[422])
        operation["responses"] = dict(sorted(responses.items()))
    return schema


def _problems_of(operation: dict[str, Any]) -> dict[int, str]:
    guard = _WITH_GUARD if "security" in operation else {}
    body = _WITH_BODY if "requestBody" in operation else {}
    return {**_ALWAYS, **guard, **body}


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation
