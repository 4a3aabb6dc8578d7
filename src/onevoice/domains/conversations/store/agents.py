"""SQL of colleagues who take episodes."""

from datetime import datetime

from psycopg import Connection

from onevoice.domains.conversations.contracts import Agent


def agents(conn: Connection) -> list[Agent]:
    """With how many open episodes each has."""
    rows = conn.execute(
        "select a.account_id, a.available, a.most, (select count(*) from conversations.episode e"
        " where e.assignee = a.account_id and e.state = 0)::int from conversations.agent a order by 1"
    )
    return [Agent(*row) for row in rows]


def put(conn: Connection, agent: Agent, at: datetime) -> None:
    conn.execute(
        "insert into conversations.agent as a (account_id, available, most, changed_at) values (%s, %s, %s, %s)"
        " on conflict (account_id) do update set available = excluded.available, most = excluded.most,"
        " changed_at = excluded.changed_at",
        (agent.account_id, agent.available, agent.most, at),
    )
