"""SQL of purposes and of the texts that people agree to."""

from psycopg import Connection

from onevoice.domains.privacy.contracts import Purpose, Text

_COLUMNS = "name, class, titles, descriptions, double_opt_in, position, retired_at"


def purposes(conn: Connection) -> list[Purpose]:
    """In the order in which people see them."""
    return [Purpose(*row) for row in conn.execute(f"select {_COLUMNS} from privacy.purpose order by position, name")]


def texts(conn: Connection) -> list[Text]:
    """The text of each purpose and language that is shown now."""
    return [
        Text(*row)
        for row in conn.execute(
            "select distinct on (purpose, language) id, purpose, language, version, body, made_at, made_by"
            " from privacy.text order by purpose, language, version desc"
        )
    ]
