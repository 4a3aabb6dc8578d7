"""What a server holds of one source, read from its database."""

from collections import Counter
from typing import Any

import psycopg

from waiting import until


class Stored:
    """What the server holds of one source."""

    def __init__(self, url: str, source: str) -> None:
        self._url = url
        self._source = source

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as conn:
            return conn.execute(query, {"source": self._source}).fetchall()

    def message_ids(self) -> Counter[str]:
        return Counter(
            row[0]
            for row in self._rows(
                "select message_id from identity.event join access.source s on s.id = source_id"
                " where s.name = %(source)s"
            )
        )

    def dead_letters(self) -> list[tuple[str, str]]:
        return [
            (code, reason)
            for code, reason in self._rows(
                "select code, reason from events.dead_letter join access.source s on s.id = source_id"
                " where s.name = %(source)s"
            )
        ]

    def unlinked(self) -> int:
        return self._rows(
            "select count(*) from events.log l where (l.xid, l.pos) >"
            " (select xid, pos from events.position where consumer = 'linker'"
            "  union all select '0'::xid8, 0 order by 1 desc limit 1) and %(source)s <> ''"
        )[0][0]

    def settled(self, expected: int) -> Counter[str]:
        """The ids once all are linked that will be, each with how often it is stored."""
        until(lambda: self.unlinked() == 0 and sum(self.message_ids().values()) >= expected, seconds=30)
        return self.message_ids()
