import pytest

from conversations.chatting import Browser, ChatShop
from conversations.desk import Desk
from delivery.post import Post
from onevoice.kit.db import Database
from web.asgi_client import AsgiClient


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(Post(database))


@pytest.fixture
def shop(database: Database) -> ChatShop:
    """With a chat; what needs more has a shop of its own under this name."""
    return ChatShop(database)


@pytest.fixture
def anna(shop: ChatShop) -> Browser:
    return shop.browser()


@pytest.fixture
def olga(shop: ChatShop) -> AsgiClient:
    return shop.signed_in("operator")
