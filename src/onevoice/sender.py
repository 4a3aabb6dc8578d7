"""The sender process. `onevoice sender` runs it; any number may run."""

import os

from onevoice import bootstrap
from onevoice.kit import runtime
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home
from onevoice.kit.telemetry import configure_logging


def run(home: Home, url: str) -> None:
    """Send what is due until SIGTERM or SIGINT."""
    configure_logging()
    installation = bootstrap.installation(url, home.secrets(SystemChance()), name="sender")
    settings = bootstrap.sending_settings(os.environ)
    runtime.for_batches()
    bootstrap.send(installation, settings)
