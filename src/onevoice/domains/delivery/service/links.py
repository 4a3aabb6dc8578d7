"""Links and pictures in messages: addresses of ours that carry a number and its signature, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from psycopg import Connection

from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.names import AccountId
from onevoice.domains.delivery.rules import clicks
from onevoice.domains.delivery.service import saying
from onevoice.domains.delivery.store import links as store
from onevoice.domains.identity.errors import IdentityError
from onevoice.domains.identity.service import links as identity_links
from onevoice.kit import tokens
from onevoice.kit.chance import Chance, random_uuid
from onevoice.kit.clock import Clock

USE = "message link"
LINKS_BITS = 6
PICTURE = (1 << LINKS_BITS) - 1
MOST = PICTURE
"""Links of one message that are counted; those beyond lead straight to where they lead."""
LINK_LIFE = timedelta(days=30)

CLICKED = "Link Clicked"
OPENED = "Message Opened"


@dataclass(frozen=True, slots=True)
class Asking:
    """How somebody asked for a link. headers: by lower-case names."""

    method: str
    headers: Mapping[str, str]


class Links:
    """base: the address under which people reach us, without a slash at its end."""

    def __init__(self, base: str, keys: identity_links.Keys) -> None:
        self._base = base
        self._keys = keys
        self._key = tokens.key_of(keys.link, USE)

    def rewriting(self, message_id: int, found: list[str], tag: Callable[[str], str]) -> Callable[[str], str]:
        """For the renderer: each address becomes one of ours, and is noted in `found`. The same one twice is one."""

        def rewrite(url: str) -> str:
            target = tag(url)
            if target in found:
                number = found.index(target)
            elif len(found) < MOST:
                number = len(found)
                found.append(target)
            else:
                return target
            return f"{self._base}/l/{self._token(message_id, number)}"

        return rewrite

    def picture(self, message_id: int) -> str:
        """Of one transparent point, whose fetching tells that a letter was opened."""
        return f"{self._base}/o/{self._token(message_id, PICTURE)}"

    def _token(self, message_id: int, number: int) -> str:
        return tokens.make(message_id << LINKS_BITS | number, self._key)

    def _opened(self, conn: Connection, token: str) -> tuple[store.Linked, int] | None:
        number = tokens.number_of(token, self._key)
        found = store.find(conn, number >> LINKS_BITS) if number is not None else None
        return None if found is None or number is None else (found, number & PICTURE)

    def follow(self, conn: Connection, token: str, asking: Asking, *, clock: Clock, chance: Chance) -> str | None:
        """Where a link leads; None of anything that is not wholly as we made it.

        A person's click is an event of theirs, moves the message on, and makes the browser known on pages of our own.
        A machine's shows that somebody has the letter, be it a gateway on its way, and nothing else.
        """
        opened = self._opened(conn, token)
        if opened is None:
            return None
        found, number = opened
        if number >= len(found.urls):
            return None
        url, now = found.urls[number], clock.now()
        other = found.clicked_at if found.clicked != number else None
        machine = clicks.machine(asking.method, asking.headers, at=now, sent_at=found.sent_at, other_click_at=other)
        store.note(conn, found.message_id, number, now)
        told = {"message": found.message_id, "url": url, "link": number, "machine": machine}
        self._tell(conn, found, CLICKED, told, clock, chance)
        if machine is not None:
            saying.move_on(conn, found.message_id, "sent", now)
            return url
        saying.move_on(conn, found.message_id, "clicked", now)
        return self._known(conn, found, url, clock, chance)

    def look(self, conn: Connection, token: str, asking: Asking, *, clock: Clock, chance: Chance) -> bool:
        """A letter's picture was fetched. Mail providers that fetch for everybody tell nothing of the reader, but that
        they have it for them.
        """
        opened = self._opened(conn, token)
        if opened is None or opened[1] != PICTURE:
            return False
        found = opened[0]
        proxy = clicks.proxy(asking.headers)
        self._tell(conn, found, OPENED, {"message": found.message_id, "proxy": proxy}, clock, chance)
        told = "read" if proxy is None else "delivered" if proxy == "privacy_proxy" else "sent"
        saying.move_on(conn, found.message_id, told, clock.now())
        return True

    def _tell(
        self,
        conn: Connection,
        found: store.Linked,
        name: str,
        properties: Mapping[str, object],
        clock: Clock,
        chance: Chance,
    ) -> None:
        key, now = f"ov-{random_uuid(chance)}", clock.now()
        saying.tell_of(conn, AccountId(found.account_id), found.nid, name, key, now, properties, now)

    def _known(self, conn: Connection, found: store.Linked, url: str, clock: Clock, chance: Chance) -> str:
        domains = sites.site(conn, found.site).details.domains
        if not clicks.is_own((urlsplit(url).hostname or "").lower(), domains):
            return url
        try:
            return identity_links.for_node(
                conn, found.nid, url, life=LINK_LIFE, keys=self._keys, now=clock.now(), chance=chance
            )
        except IdentityError:
            return url


def tagging(site: str, domains: Sequence[str], medium: str, campaign: str) -> Callable[[str], str]:
    """For addresses of our own pages: where their visitors come from."""
    return lambda url: clicks.tagged(url, source=site, medium=medium, campaign=campaign, domains=domains)
