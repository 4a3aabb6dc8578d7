"""delivery: accounts of channels, messages with their outbox, records of decisions, the policy of the gate."""

from alembic import op

revision = "0018_delivery"
down_revision = "0017_privacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema delivery;

-- Append only: a record names the version that it was judged by.
create table delivery.policy (
    version int primary key,
    body jsonb not null,
    made_at timestamptz not null,
    made_by text not null
);

-- What stops messages at once: 'all', 'class:marketing', 'channel:sms', 'account:3'.
create table delivery.kill_switch (
    scope text primary key,
    thrown_at timestamptz not null,
    thrown_by text not null,
    reason text not null
);

-- One account of ours at a provider. Of several of one channel and site, the first that works is used.
create table delivery.account (
    id int generated always as identity primary key,
    channel text not null,
    name text not null,
    site text not null references access.site,
    source_id int not null references access.source,
    settings jsonb not null,
    secrets bytea not null,
    place smallint not null,
    paused boolean not null default false,
    -- Why nothing goes through it until somebody mends it.
    trouble text,
    trouble_at timestamptz,
    per_second double precision not null check (per_second > 0),
    burst int not null check (burst > 0),
    concurrency int not null check (concurrency > 0),
    per_address_seconds double precision not null default 0,
    cost_minor int not null default 0 check (cost_minor >= 0),
    currency text not null,
    -- How far its poll was heard, moved with what it brought.
    position text,
    made_at timestamptz not null,
    -- Senders open it anew when this moves: a changed secret shows nowhere else.
    changed_at timestamptz not null,
    deleted_at timestamptz,
    unique (site, channel, name)
);

-- What all senders share of an account: tokens of its rate, and how long it is left alone.
create table delivery.pace (
    account_id int primary key references delivery.account,
    tokens double precision not null,
    at timestamptz not null,
    blocked_until timestamptz,
    -- Failures in a row, and how often in a row it was left alone because of them.
    failures int not null default 0,
    trips int not null default 0
) with (fillfactor = 50);

-- Whether an address's holder opened or shut the door to an account of ours, and when they were last heard there.
create table delivery.reach (
    account_id int not null references delivery.account,
    nid bigint not null,
    open boolean,
    since timestamptz,
    heard_at timestamptz,
    primary key (account_id, nid)
);
create index reach_nid on delivery.reach (nid);

create sequence delivery.message_id;

-- The outbox and the record. person: the identifier that was asked for; nid: the address that was chosen.
-- wish: the channels that may be taken; empty: any. contacted_at: since when it counts as a contact.
create table delivery.message (
    id bigint primary key,
    key text not null unique,
    person bigint not null,
    nid bigint,
    account_id int references delivery.account,
    channel text,
    site text not null,
    wish text[] not null default '{}',
    class smallint not null,
    purpose text not null,
    priority smallint not null,
    state smallint not null,
    rule text,
    reason text,
    fingerprint uuid,
    template_id bigint,
    version int,
    asked_by text not null,
    asked_at timestamptz not null,
    due_at timestamptz not null,
    attempt smallint not null default 0,
    lease_until timestamptz,
    contacted_at timestamptz,
    sent_at timestamptz,
    ended_at timestamptz,
    provider_id text,
    parts smallint,
    cost_minor int,
    answers bigint
) with (fillfactor = 70);
create index message_due on delivery.message (account_id, priority, due_at, id) where state = 1;
create index message_leased on delivery.message (lease_until) where state = 2;
create index message_person on delivery.message (person, id);
create index message_contact on delivery.message (nid, contacted_at) where contacted_at is not null;
create index message_provider on delivery.message (account_id, provider_id) where provider_id is not null;
create index message_test on delivery.message (asked_at) where class = 3;

-- What is said: the words, or the template's variables as they were known. Apart from the record, so that it can be
-- erased; personal values stand in it as references into the vault.
create table delivery.content (
    message_id bigint primary key references delivery.message on delete cascade,
    body jsonb not null
);

-- Addresses that stand in a message, by their number, and the last click that a person may have made.
create table delivery.link (
    message_id bigint primary key references delivery.message on delete cascade,
    urls jsonb not null,
    clicked_at timestamptz,
    clicked smallint
);

-- What providers answered when it was not "yes".
create table delivery.attempt (
    message_id bigint not null references delivery.message on delete cascade,
    number smallint not null,
    account_id int not null,
    at timestamptz not null,
    outcome text not null,
    code text not null,
    detail text not null,
    primary key (message_id, number)
);

-- One row for each person who is written to, locked while a message to them is judged for sending: two senders never
-- count the same room twice. The id is a profile's, of any time.
create table delivery.turn (
    pid bigint primary key
) with (fillfactor = 50);

-- What marketing cost a site in a month.
create table delivery.spent (
    site text not null,
    month date not null,
    minor bigint not null,
    primary key (site, month)
) with (fillfactor = 50);

-- Records of decisions, in chains of hashes.
create table delivery.shard (
    shard smallint primary key,
    number bigint not null,
    hash bytea not null
);
insert into delivery.shard select n, 0, decode(repeat('00', 32), 'hex') from generate_series(0, 15) n;

create table delivery.decision (
    shard smallint not null,
    number bigint not null,
    message_id bigint not null,
    at timestamptz not null,
    hash bytea not null,
    body bytea not null,
    primary key (shard, number)
);
create index decision_message on delivery.decision (message_id);

create function delivery.no_change() returns trigger language plpgsql as $$
begin
    raise exception 'records of decisions are only added to';
end $$;
create trigger decision_append_only before update or delete or truncate on delivery.decision
    for each statement execute function delivery.no_change();

-- What came from a provider, once.
create table delivery.heard (
    account_id int not null references delivery.account,
    key text not null,
    at timestamptz not null,
    primary key (account_id, key)
);
create index heard_at on delivery.heard (at);

-- How far the linked log was followed for what it tells of doors.
create table delivery.follower (
    seq bigint not null
);
insert into delivery.follower values (0);
""")
