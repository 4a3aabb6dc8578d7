"""profiles: folds per identifier, and one searchable card per profile."""

from alembic import op

revision = "0004_profiles"
down_revision = "0003_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema profiles;

create table profiles.counter (
    nid bigint not null,
    name_id int not null,
    channel smallint not null,
    n bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (nid, name_id, channel)
) with (fillfactor = 80);

create table profiles.trait (
    nid bigint not null,
    key text not null,
    happened timestamptz not null,
    priority smallint not null,
    hash uuid not null,
    learnt timestamptz not null,
    source_id int not null,
    value jsonb not null,
    primary key (nid, key)
) with (fillfactor = 80);

create table profiles.spend (
    nid bigint not null,
    currency text not null,
    orders bigint not null,
    minor bigint not null,
    primary key (nid, currency)
) with (fillfactor = 80);

-- One row per profile that has at least one event: what the list shows and what search finds.
create table profiles.card (
    pid bigint primary key,
    name text,
    sort_key text not null,
    contact_kind text,
    contact text,
    city text,
    doors int not null,
    last_at timestamptz not null,
    last_channel smallint not null,
    first_at timestamptz not null,
    events bigint not null,
    orders bigint not null,
    spent_minor bigint not null,
    currency text,
    haystack text not null,
    grams int[] not null
);
create index card_last on profiles.card (last_at desc, pid desc);
create index card_grams on profiles.card using gin (grams) with (fastupdate = on);

create table profiles.position (
    consumer text primary key,
    seq bigint not null,
    moved bigint not null
);
""")
