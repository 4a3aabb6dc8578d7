"""An appender on a fresh database, and whoever needs more than that."""

from collections.abc import Iterator

import pytest

from onevoice.domains.events.service.log import Appender
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database


@pytest.fixture
def appender(database: Database) -> Iterator[Appender]:
    appender = Appender(database, SystemClock())
    appender.start()
    yield appender
    appender.stop()
