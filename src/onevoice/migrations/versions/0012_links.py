"""identity: links that were sent to somebody, and where each was opened first; tokens that reach an app's device."""

from alembic import op

revision = "0012_links"
down_revision = "0011_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- id is drawn by chance and stands in the address, signed; nid is the identifier that the link was sent to.
-- first_*: the earliest opening that the ledger knows (evidence of op 8, act = id), null while there is none.
create table identity.link (
    id bigint primary key,
    nid bigint not null references identity.node,
    issued timestamptz not null,
    expires timestamptz not null,
    first_base bigint,
    first_happened timestamptz,
    first_hash uuid,
    first_learnt timestamptz
) with (fillfactor = 80);
create index link_first on identity.link (first_base) where first_base is not null;
create index link_unopened on identity.link (expires) where first_base is null;

-- By which token of which push service a device (base) is reached; vault holds the token, happened is when the device
-- named it last. It goes with the device: to whoever holds its latest epoch.
create table identity.push_token (
    base bigint not null references identity.node,
    digest uuid not null,
    platform text not null check (platform in ('apns', 'fcm')),
    vault bigint not null,
    happened timestamptz not null,
    hash uuid not null,
    learnt timestamptz not null,
    primary key (base, digest)
) with (fillfactor = 80);
create index push_token_digest on identity.push_token (digest);
""")
