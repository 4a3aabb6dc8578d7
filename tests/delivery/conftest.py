from collections.abc import Iterator

import pytest

from delivery.post import Post
from onevoice.kit.db import Database


@pytest.fixture
def post(database: Database) -> Iterator[Post]:
    yield Post(database)
