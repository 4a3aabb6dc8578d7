import pytest

from delivery.post import Post
from onevoice.kit.db import Database


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)
