"""Deep links: addresses that carry whom they were sent to, as a token that tells nobody anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from psycopg import Connection

from onevoice.domains.identity.errors import IdentityError, InvalidAddressError, InvalidReferenceError
from onevoice.domains.identity.rules import tokens
from onevoice.domains.identity.service import references
from onevoice.domains.identity.store import linking
from onevoice.domains.identity.store import links as sql
from onevoice.kit.chance import Chance
from onevoice.kit.tokens import draw

MAX_LINKS = 1_000
UNSAFE_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


@dataclass(frozen=True)
class LinkWanted:
    """A link for one person, `kind:value`, to an address of the shop, and to the same place in its app."""

    person: str
    url: str
    app_url: str | None = None


class LinkMade(NamedTuple):
    id: str
    url: str
    app_url: str | None
    expires: datetime


class Keys(NamedTuple):
    """Those of an installation that links need: of identifiers, and of signatures."""

    vault: bytes
    link: bytes


def issue(
    conn: Connection,
    wanted: Sequence[LinkWanted],
    *,
    life: timedelta,
    keys: Keys,
    regions: Iterable[str],
    now: datetime,
    chance: Chance,
) -> list[LinkMade | IdentityError]:
    """A link for each that is wanted, in their order, or why there can be none."""
    shared = {kind.name for kind in linking.kinds(conn) if kind.shared}
    countries = list(regions)
    found: list[int | IdentityError] = []
    for each in wanted:
        try:
            _require_addresses(each)
            found.append(_node_of(conn, each.person, keys.vault, countries, shared))
        except IdentityError as error:
            found.append(error)
    nodes = [to for to in found if not isinstance(to, IdentityError)]
    numbers = iter(_add(conn, nodes, now, now + life, chance))
    key = tokens.key_of(keys.link)
    return [
        to if isinstance(to, IdentityError) else _made(each, next(numbers), now + life, key)
        for each, to in zip(wanted, found, strict=True)
    ]


def for_node(
    conn: Connection, nid: int, url: str, *, life: timedelta, keys: Keys, now: datetime, chance: Chance
) -> str:
    """The address with a token of the holder of an identifier that is known already. Raises: InvalidAddressError."""
    wanted = LinkWanted("", url)
    _require_addresses(wanted)
    (number,) = _add(conn, [nid], now, now + life, chance)
    return _made(wanted, number, now + life, tokens.key_of(keys.link)).url


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget links that nobody opened and nobody can open any more. Returns: how many; call again while there are."""
    return sql.drop_unopened(conn, now - tokens.GRACE - timedelta(days=1), 10_000)


def _made(wanted: LinkWanted, number: int, expires: datetime, key: bytes) -> LinkMade:
    token = tokens.make(number, key)
    app = tokens.with_token(wanted.app_url, token) if wanted.app_url is not None else None
    return LinkMade(tokens.name_of(number), tokens.with_token(wanted.url, token), app, expires)


def _add(conn: Connection, nodes: Sequence[int], issued: datetime, expires: datetime, chance: Chance) -> list[int]:
    numbers: list[int] = []
    while len(numbers) < len(nodes):  # once, but for a number that was drawn before
        rest = nodes[len(numbers) :]
        drawn = {draw(chance): to for to in rest}
        free = sql.add(conn, [(number, to, issued, expires) for number, to in drawn.items()])
        if len(free) == len(rest):
            numbers.extend(drawn)
        else:
            sql.remove(conn, sorted(free))
    return numbers


def _node_of(conn: Connection, person: str, vault_key: bytes, regions: Iterable[str], shared: set[str]) -> int:
    kind = references.parse_reference(person).kind
    if kind == "profile" or kind in shared:
        raise InvalidReferenceError(
            f"A link is sent to somebody's e-mail, phone, card, account or messenger, not to {person[:80]!r}. "
            "Name it as kind:value, such as email:anna@example.com."
        )
    return references.locate(conn, person, vault_key, regions)[0]


def _require_addresses(wanted: LinkWanted) -> None:
    web = _scheme(wanted.url)
    if web not in {"http", "https"}:
        raise InvalidAddressError(
            f"{wanted.url[:80]!r} is no address of a page. Write it whole: https://shop.example.com/boots."
        )
    if wanted.app_url is not None and ((app := _scheme(wanted.app_url)) is None or app in UNSAFE_SCHEMES):
        raise InvalidAddressError(
            f"{wanted.app_url[:80]!r} is no address that opens an app. Write it whole: myshop://boots."
        )


def _scheme(address: str) -> str | None:
    """None where it is no whole address."""
    if any(sign.isspace() or not sign.isprintable() for sign in address):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # reading it checks it
    except ValueError:
        return None
    whole = "://" in address and bool(parts.scheme) and (bool(parts.hostname) or parts.scheme not in {"http", "https"})
    return parts.scheme if whole else None
