"""conversations: who looks at which conversation now. delivery: files that were sent, either way."""

from alembic import op

revision = "0023_desk"
down_revision = "0022_desk_views"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- An open page whose person looks at a conversation: until it is renewed no more. Nothing of it is worth keeping.
-- process, page: which page.
create unlogged table conversations.presence (
    process bigint not null,
    page bigint not null,
    account_id bigint not null references access.account on delete cascade,
    pid bigint not null,
    writes boolean not null,
    at timestamptz not null,
    primary key (process, page)
) with (fillfactor = 50);

-- What is in files, once each. type: by what it is, never by what its sender called it. width, height: of images.
create table delivery.blob (
    hash bytea primary key,
    type text not null,
    width int,
    height int,
    data bytea not null
);
alter table delivery.blob alter column data set storage external;

-- A file that came with somebody's word, or that a colleague put in to send. reference: by which its provider gives it,
-- until it is here. state: coming in pieces, waiting, kept, failed. due_at: when it is asked for; of one that was put
-- in, when it is forgotten unless it is sent. put_by: an account, or a key as its negative.
create table delivery.file (
    id bigint generated always as identity primary key,
    account_id int,
    name text not null,
    told_type text not null,
    size_bytes bigint not null,
    state text not null check (state in ('coming', 'waiting', 'kept', 'failed')),
    reason text,
    reference text,
    tries smallint not null default 0,
    due_at timestamptz,
    put_by bigint,
    hash bytea references delivery.blob,
    at timestamptz not null
);
create index file_waiting on delivery.file (due_at) where due_at is not null;
create index file_hash on delivery.file (hash);
create index file_put on delivery.file (put_by) where due_at is not null;

-- What has come of a file that is put in.
create table delivery.piece (
    file bigint not null references delivery.file on delete cascade,
    starts int not null,
    data bytea not null,
    primary key (file, starts)
);
alter table delivery.piece alter column data set storage external;
""")
