"""/healthz, /readyz, /metrics: for whoever watches the process."""

from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Readiness = Callable[[], dict[str, str]]
"""What is not ready yet, by name, with what it waits for; empty when all is ready."""


def router(readiness: Readiness, before_metrics: Callable[[], None]) -> APIRouter:
    """All three answer anybody: they tell counts and states, never what is in an event."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        """Migrated, the database answers, and the worker is near the log's end."""
        waiting = readiness()
        if waiting:
            return JSONResponse({"status": "waiting", "waiting": waiting}, 503, {"Retry-After": "1"})
        return JSONResponse({"status": "ready"})

    @routes.get("/metrics")
    def metrics() -> Response:
        before_metrics()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes
