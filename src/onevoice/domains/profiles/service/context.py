"""What messages may say of the customer: the root `customer` of templates.

Asked for by delivery, for thousands of addresses at once. Personal values leave here as references into the vault;
`finished` is called once they are opened, for one message.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import Connection

from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.rules.cards import FIRST_NAME_TRAITS, display_name
from onevoice.domains.profiles.service import facts

_LANGUAGES: Final = ("language", "locale")
_ZONES: Final = ("timeZone", "timezone", "time_zone")


class CustomerContext:
    """A ContextSource of delivery."""

    name = "customer"

    def load(self, conn: Connection, nodes: Sequence[int], at: datetime) -> dict[int, dict[str, Any]]:
        """{"traits": {...}} of the person that each node belongs to, as it stands. Three statements."""
        _ = at  # folds are kept as of now; the caller keeps what this gives with the message
        whose = identity.pids_of(conn, nodes)
        traits = facts.traits_of(conn, sorted(set(whose.values())))
        return {nid: {"traits": traits.get(pid, {})} for nid, pid in whose.items()}


def finished(customer: Mapping[str, Any]) -> dict[str, Any]:
    """With what is made of opened traits: name, first_name, language, time_zone; None where no trait says."""
    kept = customer.get("traits")
    traits: dict[str, Any] = kept if isinstance(kept, dict) else {}
    return {
        **customer,
        "name": display_name(traits),
        "first_name": _text(traits, FIRST_NAME_TRAITS),
        "language": _text(traits, _LANGUAGES),
        "time_zone": _text(traits, _ZONES),
    }


def _text(traits: Mapping[str, Any], names: Sequence[str]) -> str | None:
    found = (traits.get(name) for name in names)
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), None)
