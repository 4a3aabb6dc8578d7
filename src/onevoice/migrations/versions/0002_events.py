"""events: the log of frames, dead letters, consumers' positions, what was seen."""

from alembic import op

revision = "0002_events"
down_revision = "0001_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema events;

-- A frame is one accepted request. Frames commit out of order, so consumers read by (xid, pos) and stop at the
-- oldest transaction still open.
create table events.log (
    xid xid8 not null default pg_current_xact_id(),
    pos bigint generated always as identity,
    received_at timestamptz not null,
    source_id int not null,
    n int not null check (n > 0),
    body bytea not null
) partition by range (received_at);
alter table events.log alter column body set storage external;
create index log_position on events.log (xid, pos);
create table events.log_rest partition of events.log default;

create table events.position (
    consumer text primary key,
    xid xid8 not null,
    pos bigint not null,
    moved_at timestamptz not null
);

create table events.dead_letter (
    id bigint generated always as identity primary key,
    received_at timestamptz not null,
    source_id int not null,
    code text not null,
    reason text not null,
    message_id text,
    event text not null,
    state text not null default 'open' check (state in ('open', 'replayed')),
    replayed_at timestamptz
);
create index dead_letter_state on events.dead_letter (state, id desc);

-- 128 bits of (source, messageId); refuses repeats exactly within its window.
create table events.seen (
    hash uuid not null primary key,
    seen_on date not null
) partition by hash (hash);
""")
    for part in range(16):
        op.execute(
            f"create table events.seen_{part:02d} partition of events.seen"
            f" for values with (modulus 16, remainder {part})"
        )
