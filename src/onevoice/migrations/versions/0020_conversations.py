"""conversations: what was said, episodes, and what colleagues do with them."""

from alembic import op

revision = "0020_conversations"
down_revision = "0019_templates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema conversations;

-- How far the linked log was followed.
create table conversations.follower (
    seq bigint not null
);
insert into conversations.follower values (0);

create sequence conversations.episode_id;

-- From a contact until it is closed. (nid, opened_at) anchor it as an event is anchored, so that it goes with its
-- identifier when people are joined or parted. state: 0 open, 1 snoozed, 2 closed. waiting_since: of the oldest word of
-- theirs that nobody has answered. heard_seq: their last word. revision grows with each change.
create table conversations.episode (
    id bigint primary key,
    nid bigint not null,
    opened_at timestamptz not null,
    site text not null,
    channel text not null,
    account_id int not null,
    state smallint not null,
    snoozed_until timestamptz,
    closed_at timestamptz,
    spam boolean not null default false,
    assignee bigint references access.account,
    waiting_since timestamptz,
    last_at timestamptz not null,
    last_seq bigint not null,
    heard_seq bigint not null,
    tags text[] not null default '{}',
    revision int not null
) with (fillfactor = 80);
create index episode_anchor on conversations.episode (nid, opened_at);
create index episode_open on conversations.episode (last_at, id) where state = 0;
create index episode_of on conversations.episode (assignee, last_at, id) where state = 0;
create index episode_waiting on conversations.episode (waiting_since, id) where state = 0 and waiting_since is not null;
create index episode_snoozed on conversations.episode (snoozed_until, id) where state = 1;
create index episode_closed on conversations.episode (last_at, id) where state = 2 and not spam;
create index episode_spam on conversations.episode (last_at, id) where spam;
create index episode_tags on conversations.episode using gin (tags);

-- What was said, by either side, once. The words stand in the log under seq; here is what finds them. author: 0 the
-- customer, 1 a colleague, 2 a program. nid: the anchor of its event. message: of delivery, where it is one of ours.
create table conversations.said (
    seq bigint primary key,
    nid bigint not null,
    at timestamptz not null,
    author smallint not null,
    channel text not null,
    message bigint,
    episode bigint references conversations.episode,
    words tsvector not null
);
create index said_thread on conversations.said (nid, at, seq);
create index said_at on conversations.said (at, seq);
create index said_words on conversations.said using gin (words);

-- What colleagues write to each other. (nid, at) anchor it beside what was said.
create table conversations.note (
    id bigint generated always as identity primary key,
    nid bigint not null,
    anchored_at timestamptz not null,
    episode bigint references conversations.episode,
    at timestamptz not null,
    account_id bigint not null references access.account,
    text text not null,
    mentions bigint[] not null default '{}',
    edited_at timestamptz,
    deleted_at timestamptz
);
create index note_anchor on conversations.note (nid, at, id);
create index note_mentions on conversations.note using gin (mentions);

-- What became of an episode, and who or which rule did it. actor: null for a rule.
create table conversations.mark (
    id bigint generated always as identity primary key,
    episode bigint not null references conversations.episode,
    at timestamptz not null,
    actor bigint references access.account,
    act text not null,
    detail jsonb not null default '{}'
);
create index mark_episode on conversations.mark (episode, at, id);

-- What somebody has begun to write, so that it is there on their next device too.
create table conversations.draft (
    account_id bigint not null references access.account,
    nid bigint not null,
    kind text not null check (kind in ('reply', 'note')),
    channel text,
    text text not null,
    at timestamptz not null,
    primary key (account_id, nid, kind)
);

-- How far each colleague has read an episode.
create table conversations.seen (
    account_id bigint not null references access.account,
    episode bigint not null references conversations.episode,
    seq bigint not null,
    primary key (account_id, episode)
) with (fillfactor = 80);

-- Who takes new episodes, and how many at once.
create table conversations.agent (
    account_id bigint primary key references access.account,
    available boolean not null,
    most int not null check (most between 1 and 200),
    changed_at timestamptz not null
);

-- Answers that are kept: one text in each language, with variables of the customer.
create table conversations.canned (
    id bigint generated always as identity primary key,
    shortcut text not null unique,
    title text not null,
    texts jsonb not null,
    changed_at timestamptz not null,
    changed_by text not null
);
""")
