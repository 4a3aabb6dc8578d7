"""events: the tracking plan: what was learnt, what is declared, alarms."""

from alembic import op

revision = "0010_plan"
down_revision = "0009_roles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- What somebody has declared of an event; a row is made when it is first seen, or declared before that.
-- properties: path -> what is declared of it. sources: from which it is declared to come.
create table events.plan_event (
    id int generated always as identity primary key,
    type text not null,
    name text collate "C" not null,
    state text not null default 'learnt' check (state in ('learnt', 'declared', 'archived')),
    description text not null default '',
    expected boolean not null default true,
    sources int[] not null default '{}',
    properties jsonb not null default '{}',
    version int not null default 0,
    changed_at timestamptz,
    changed_by text,
    unique (name, type)
);

-- What was learnt, by the event and the source it comes from.
create table events.plan_flow (
    event_id int not null references events.plan_event,
    source_id int not null,
    n bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (event_id, source_id)
) with (fillfactor = 70);
create index plan_flow_source on events.plan_flow (source_id);

create table events.plan_hour (
    event_id int not null references events.plan_event,
    source_id int not null,
    hour timestamptz not null,
    n bigint not null,
    primary key (event_id, source_id, hour)
) with (fillfactor = 70);

-- In so many events the path was of that kind; kind 0: of any that says something.
create table events.plan_seen (
    event_id int not null references events.plan_event,
    source_id int not null,
    path text collate "C" not null,
    kind smallint not null,
    n bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (event_id, source_id, path, kind)
) with (fillfactor = 70);

-- n: all events of the source; others: those of names beyond what is kept apart.
create table events.plan_source (
    source_id int primary key,
    n bigint not null,
    others bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null
) with (fillfactor = 70);

-- event_id 0: of the source as a whole.
create table events.plan_alarm (
    id bigint generated always as identity primary key,
    kind text not null,
    event_id int not null,
    source_id int not null,
    path text not null,
    opened_at timestamptz not null,
    last_at timestamptz not null,
    n bigint not null,
    detail jsonb not null,
    acknowledged_at timestamptz,
    acknowledged_by text,
    reason text,
    closed_at timestamptz,
    closed_because text
);
create unique index plan_alarm_standing on events.plan_alarm (kind, event_id, source_id, path) where closed_at is null;
create index plan_alarm_event on events.plan_alarm (event_id) where closed_at is null;

-- Goes up with every change of what is declared, so that who remembers the plan sees that it changed.
create table events.plan_version (
    version bigint not null
);
insert into events.plan_version values (0);

-- Since when somebody has watched without a pause: a time when we were not there is no silence of theirs.
create table events.plan_watch (
    since timestamptz not null,
    seen_at timestamptz not null
);
""")
