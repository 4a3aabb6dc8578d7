"""SQL of purposes and of the texts that people agree to."""

from psycopg import Connection

from onevoice.domains.privacy.contracts import Purpose

_COLUMNS = "name, class, titles, descriptions, double_opt_in, position, retired_at"


def purposes(conn: Connection) -> list[Purpose]:
    """In the order in which people see them."""
    return [Purpose(*row) for row in conn.execute(f"select {_COLUMNS} from privacy.purpose order by position, name")]
