"""Where events come from, as identity needs it: a name, a door, the region national phone numbers are read in."""

from psycopg import Connection

from onevoice.domains.access import service as access
from onevoice.domains.identity.contracts import SourceInfo

REGION_OF_SITE = {"en": "GB", "uk": "GB"}
"""Sites are named after a language or a country; where the two differ, this is the country."""


def source_infos(conn: Connection) -> dict[int, SourceInfo]:
    return {
        source.id: SourceInfo(source.id, source.name, source.channel, _region(source.site), source.priority)
        for source in access.sources(conn).values()
    }


def _region(site: str) -> str | None:
    code = site.lower()
    if len(code) != 2:
        return None
    return REGION_OF_SITE.get(code, code.upper())
