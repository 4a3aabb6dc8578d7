"""Where a server's name leads, as far as the egress lets us go there."""

from onevoice.channels.email.settings import Server
from onevoice.domains.delivery.errors import ActionRequired, Retriable
from onevoice.domains.delivery.ports import Egress
from onevoice.kit.egress import EgressError, ForbiddenAddressError


def place(egress: Egress, server: Server) -> str:
    """The IP address to connect to. Blocks while the name is looked up. Raises: ActionRequired, Retriable."""
    try:
        return egress.address(server.host, server.port)
    except ForbiddenAddressError as error:
        raise ActionRequired(error.code, error.detail) from None
    except EgressError as error:
        raise Retriable(error.code, error.detail, scope="account") from None
