"""conversations: views that are kept, addresses that are blocked, and what could not be followed."""

from alembic import op

revision = "0022_desk_views"
down_revision = "0021_chat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- Lists of the inbox that somebody keeps: for themselves, or shared with all. view, sort, channel, tag, assignee: as
-- the inbox is asked.
create table conversations.view (
    id bigint generated always as identity primary key,
    account_id bigint not null references access.account,
    shared boolean not null,
    name text not null,
    view text not null,
    sort text not null,
    channel text,
    tag text,
    assignee bigint references access.account,
    created_at timestamptz not null
);

-- What comes from an identifier, from since on until it is lifted, opens nothing.
create table conversations.block (
    id bigint generated always as identity primary key,
    nid bigint not null,
    since timestamptz not null,
    account_id bigint not null references access.account,
    reason text not null,
    lifted_at timestamptz,
    lifted_by bigint references access.account
);
create index block_nid on conversations.block (nid);
create unique index block_standing on conversations.block (nid) where lifted_at is null;

-- It came while its address was blocked.
alter table conversations.said add column blocked boolean not null default false;

-- Events of the log of which the follower could make nothing, and why. They stand in no thread.
create table conversations.aside (
    seq bigint primary key,
    at timestamptz not null,
    error text not null
);
""")
