"""The worker process. `onevoice worker` runs it."""

import os
import signal

from onevoice import bootstrap
from onevoice.kit import runtime
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home
from onevoice.kit.telemetry import configure_logging


def run(home: Home, url: str) -> None:
    """Link, index, import and keep house until SIGTERM or SIGINT; the batch at hand is finished first."""
    configure_logging()
    files = bootstrap.uploads(home.path, os.environ)
    installation = bootstrap.installation(url, home.secrets(SystemChance()), name="worker", files=files)
    worker = bootstrap.Worker(installation)
    runtime.for_batches()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.on_signal)
    worker.run()
