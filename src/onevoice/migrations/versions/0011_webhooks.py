"""webhooks: who may send, how what they send is read, and what came."""

from alembic import op

revision = "0011_webhooks"
down_revision = "0010_plan"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema webhooks;

create table webhooks.webhook (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    name text not null,
    source_id int not null references access.source,
    secret bytea not null,
    previous_secret bytea,
    previous_until timestamptz,
    version int not null default 0,
    created_at timestamptz not null,
    check ((previous_secret is null) = (previous_until is null))
);

create table webhooks.mapping (
    webhook_id bigint not null references webhooks.webhook on delete cascade,
    version int not null check (version > 0),
    mapping jsonb not null,
    made_at timestamptz not null,
    made_by text not null,
    primary key (webhook_id, version)
);

-- Which deliveries came, with what came, byte for byte. The id is the sender's.
create table webhooks.delivery (
    id bigint generated always as identity primary key,
    webhook_id bigint not null references webhooks.webhook on delete cascade,
    message_id text not null,
    received_at timestamptz not null,
    body bytea not null,
    verdict text not null check (verdict in ('taken', 'ignored', 'not_mapped')),
    version int not null,
    records int not null,
    events int not null,
    problems jsonb not null default '[]',
    retried_at timestamptz,
    unique (webhook_id, message_id)
);
create index delivery_latest on webhooks.delivery (webhook_id, id desc);
create index delivery_unmapped on webhooks.delivery (webhook_id, id) where verdict = 'not_mapped';
create index delivery_age on webhooks.delivery (received_at);
""")
