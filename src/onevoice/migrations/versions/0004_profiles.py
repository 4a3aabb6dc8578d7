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

-- One row per profile that has at least one event: what the list shows and what search finds. Split in two by how often
-- it changes: `pulse` moves with every event of the profile, `card` and its wide index only with names and identifiers.
create table profiles.card (
    pid bigint primary key,
    name text,
    sort_key text collate "C" not null,
    contact_kind text,
    contact text,
    city text,
    reach int not null,
    haystack text collate "C" not null,
    grams int[] not null,
    made_of uuid not null
);
create index card_sort on profiles.card (sort_key, pid);
create index card_grams on profiles.card using gin (grams) with (fastupdate = on, gin_pending_list_limit = 1024);

create table profiles.pulse (
    pid bigint primary key,
    last_at timestamptz not null,
    last_channel smallint not null,
    first_at timestamptz not null,
    events bigint not null,
    channels int not null,
    orders bigint not null,
    spent_minor bigint not null,
    currency text
) with (fillfactor = 70);
create index pulse_last on profiles.pulse (last_at, pid);

-- How many cards there are: counting a million rows for every keystroke would take longer than the search.
create table profiles.size (
    people bigint not null
);
insert into profiles.size values (0);

create table profiles.position (
    consumer text primary key,
    seq bigint not null,
    moved bigint not null
);
""")
