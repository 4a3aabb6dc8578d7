"""Where events come from, as identity needs it: a name, a door, the region national phone numbers are read in."""

from collections.abc import Mapping

from psycopg import Connection

from onevoice.domains.access.service import keys
from onevoice.domains.identity.contracts import SourceInfo


def source_infos(conn: Connection) -> dict[int, SourceInfo]:
    return {
        source.id: SourceInfo(source.id, source.name, source.channel, source.country, source.priority)
        for source in keys.sources(conn).values()
    }


def regions(sources: Mapping[int, SourceInfo]) -> list[str]:
    """Every region that a source's site is in."""
    return sorted({source.region for source in sources.values() if source.region is not None})
