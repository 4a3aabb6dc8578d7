"""Messages and silences, as people look at them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Attempt, Content, Message
from onevoice.domains.delivery.contracts.names import TYPED, AccountId
from onevoice.domains.delivery.contracts.templates import TemplateSource
from onevoice.domains.delivery.errors import UnknownMessageError
from onevoice.domains.delivery.service.wording import SAMPLE, Refused, Wanted, Wordings
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.delivery.store import messages as store
from onevoice.domains.delivery.store import templates as template_store
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.service import live

Cost = store.Cost
Query = store.Query


Standing = frozenset[tuple[int, int]]


class Shown(NamedTuple):
    """A message with what is needed to show it. pid: whose it is now."""

    message: Message
    pid: int
    name: str | None
    content: Mapping[str, Any] | None
    account: Account | None
    template: str | None
    """Its name."""
    author: str | None = None
    """The name of the colleague who asked for it; nobody where a key or the command line did."""


def page(conn: Connection, query: Query, person: int | None = None) -> list[Shown]:
    """Newest first. person: any identifier of somebody, whose messages alone are meant."""
    if person is not None:
        pid = identity.pids_of(conn, [person]).get(person, person)
        query = query._replace(people=sorted({person, *(nid for _, nid in identity.nodes_of(conn, [pid]))}))
    return _shown(conn, store.page(conn, query))


def one(conn: Connection, message_id: int) -> tuple[Shown, list[Attempt]]:
    """Raises: UnknownMessageError."""
    found = store.message(conn, message_id)
    if found is None:
        raise UnknownMessageError(f"There is no message {message_id}.")
    return _shown(conn, [found])[0], store.attempts(conn, message_id)


def messages(conn: Connection, numbers: Sequence[int]) -> dict[int, Message]:
    """As they stand, by number."""
    return store.messages(conn, numbers) if numbers else {}


FOLLOWED = 100


def standing(conn: Connection, messages: Sequence[int]) -> dict[int, Standing]:
    """Something that is another once a message has changed in any way, by message."""
    return {number: frozenset([(number, version)]) for number, version in store.versions(conn, messages)}


def standing_of(conn: Connection, people: Sequence[int]) -> dict[int, Standing]:
    """The same by profile, of the newest messages by each of its identifiers: what is older hardly changes."""
    pids = identity.pids_of(conn, people)
    members: dict[int, set[int]] = {}
    for pid, nid in identity.nodes_of(conn, sorted(set(pids.values()))):
        members.setdefault(pid, set()).add(nid)
    versions: dict[int, set[tuple[int, int]]] = {}
    nodes = sorted({*people, *(nid for nids in members.values() for nid in nids)})
    for nid, number, version in store.newest_versions(conn, nodes, FOLLOWED):
        versions.setdefault(nid, set()).add((number, version))
    return {
        person: frozenset(
            each for nid in {person, *members.get(pids.get(person, person), ())} for each in versions.get(nid, ())
        )
        for person in people
    }


def _shown(conn: Connection, found: Sequence[Message]) -> list[Shown]:
    if not found:
        return []
    pids = identity.pids_of(conn, sorted({each.person for each in found}))
    names = live.names_of(conn, sorted(set(pids.values())))
    contents = store.contents(conn, [each.id for each in found])
    templates = template_store.names(conn, sorted({each.template for each in found if each.template is not None}))
    accounts = {
        number: account_store.account(conn, number, deleted=True)
        for number in {each.account_id for each in found if each.account_id is not None}
    }
    authors = {
        login: None if (colleague := colleagues.account_by_login(conn, login)) is None else colleague.name
        for login in {each.asked_by for each in found}
    }
    return [
        Shown(
            each,
            pids.get(each.person, each.person),
            _typed(contents.get(each.id)) if each.person == TYPED else names.get(pids.get(each.person, each.person)),
            contents.get(each.id),
            None if each.account_id is None else accounts[AccountId(each.account_id)],
            None if each.template is None else templates.get(each.template),
            authors[each.asked_by],
        )
        for each in found
    ]


def _typed(content: Mapping[str, Any] | None) -> str | None:
    """Of a test to an address that nobody is known by: the address, and later what is kept of it."""
    return None if content is None else content.get("address", content.get("shown"))


def words(conn: Connection, shown: Shown) -> Content | str | None:
    """What a message says: as it was written, or put together again from the version and the values kept with it. Text:
    why that cannot be. None: there are none, because they were erased, or nothing was to be said.
    """
    message, kept = shown.message, shown.content
    if kept is None or (message.state == "suppressed" and "words" not in kept):
        return None
    if "words" in kept:
        return msgspec.convert(kept["words"], Content)
    if message.template is None or message.channel is None:
        return "no_channel"
    wanted = Wanted(
        message.id,
        message.template,
        message.version,
        message.channel,
        message.site,
        kept["context"],
        language=kept.get("language"),
        unsubscribe_url=SAMPLE,
        preferences_url=SAMPLE,
        draft=msgspec.convert(kept["draft"], TemplateSource) if "draft" in kept else None,
    )
    found = Wordings().rendered(conn, [wanted])[message.id]
    return found.reason if isinstance(found, Refused) else found.content


def costs(conn: Connection, since: datetime, until: datetime) -> list[Cost]:
    """By channel and account, of what was asked for between two times."""
    return store.costs(conn, since, until)
