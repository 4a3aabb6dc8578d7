from collections.abc import Iterator

import pytest
from ledger_factory import Town

from onevoice.kit.db import Database


@pytest.fixture
def town(database: Database) -> Iterator[Town]:
    """In a transaction that is never committed."""
    with database.transaction() as conn:
        yield Town(conn)
        conn.rollback()
