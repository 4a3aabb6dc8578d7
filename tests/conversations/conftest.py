import pytest

from conversations.desk import Desk
from delivery.post import Post
from onevoice.kit.db import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(Post(database))
