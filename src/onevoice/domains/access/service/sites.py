"""Sites, within the caller's transaction. A source belongs to one, and its phone numbers are read in its country.

A changed country is in force for the events that are linked from then on, with the next batch. What was linked before
stays as it is.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from psycopg import Connection

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import Audit, Site, SiteDetails
from onevoice.domains.access.errors import SiteInUseError, SiteTakenError, UnknownSiteError
from onevoice.domains.access.service import audit
from onevoice.domains.access.store import sites as store
from onevoice.kit.clock import Clock


def page(conn: Connection, *, after: str = "", limit: int = 50) -> list[Site]:
    """By name."""
    return store.page(conn, after=after, limit=limit)


def site(conn: Connection, name: str) -> Site:
    """Raises: UnknownSiteError."""
    found = store.site(conn, name)
    if found is None:
        raise UnknownSiteError(f"No site is called {name!r}.")
    return found


def create(conn: Connection, name: str, details: SiteDetails, *, actor: str, clock: Clock) -> Site:
    """Raises: InvalidSiteError, InvalidNameError, SiteTakenError."""
    made = Site(rules.checked_site_name(name), rules.checked_details(details), clock.now())
    if not store.insert(conn, made):
        raise SiteTakenError(f"There is a site {name!r} already. Change that one, or take another name.")
    _created(conn, made, actor=actor, clock=clock)
    return made


def ensure(conn: Connection, name: str, *, actor: str, clock: Clock) -> None:
    """The site is there, made when it was not, and stays for the transaction. Its name may say its country."""
    while not store.hold(conn, name):
        made = Site(name, SiteDetails(title=name, country=rules.country_of(name)), clock.now())
        if store.insert(conn, made):  # else somebody else has made it meanwhile
            _created(conn, made, actor=actor, clock=clock)


def update(conn: Connection, name: str, change: Mapping[str, Any], *, actor: str, clock: Clock) -> Site:
    """change: by the names of `SiteDetails`; what it does not name stays.

    Raises: UnknownSiteError, InvalidSiteError, InvalidNameError.
    """
    store.lock(conn, name)
    before = site(conn, name)
    after = replace(before, details=rules.checked_details(replace(before.details, **change)))
    old, new = asdict(before.details), asdict(after.details)
    changed = [field for field in new if new[field] != old[field]]
    if changed:
        store.update(conn, name, after.details)
        told = Audit(
            actor,
            "site.changed",
            _subject(name),
            before={field: old[field] for field in changed},
            after={field: new[field] for field in changed},
        )
        audit.record(conn, told, clock=clock)
    return after


def remove(conn: Connection, name: str, *, actor: str, clock: Clock) -> None:
    """Raises: UnknownSiteError, SiteInUseError."""
    store.lock(conn, name)
    before = site(conn, name)
    if before.sources:
        raise SiteInUseError(f"{before.sources} sources belong to the site {name!r}; sources keep their site.")
    store.delete(conn, name)
    audit.record(conn, Audit(actor, "site.removed", _subject(name), before=asdict(before.details)), clock=clock)


def _created(conn: Connection, made: Site, *, actor: str, clock: Clock) -> None:
    audit.record(conn, Audit(actor, "site.created", _subject(made.name), after=asdict(made.details)), clock=clock)


def _subject(name: str) -> str:
    return f"site:{name}"
