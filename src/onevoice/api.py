"""The API process. `onevoice api` runs it; Granian calls `create` in its worker, the one that loads the API."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from onevoice import bootstrap
from onevoice.kit import runtime
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home
from onevoice.kit.telemetry import configure_logging

if TYPE_CHECKING:
    from fastapi import FastAPI


def create() -> "FastAPI":
    """Reads ONEVOICE_HOME and ONEVOICE_RUNNING_URL, which `serve` and `api` set for their children."""
    runtime.for_starting()
    configure_logging()
    home = Home(Path(os.environ["ONEVOICE_HOME"]))
    installation = bootstrap.installation(
        os.environ["ONEVOICE_RUNNING_URL"],
        home.secrets(SystemChance()),
        name="api",
        max_connections=24,
        files=bootstrap.uploads(home.path, os.environ),
        demo=home.demo_now,
    )
    app = bootstrap.api(installation, bootstrap.web_settings(os.environ))
    runtime.for_requests()
    return app


def run(host: str, port: int) -> None:
    """Serve until told to stop."""
    Server(
        "onevoice.api:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=True,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.2,
    ).serve()
