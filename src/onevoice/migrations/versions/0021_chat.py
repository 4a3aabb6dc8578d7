"""chat: the site's own door. Chats of browsers, what was said in them, and codes that carry one to another door."""

from alembic import op

revision = "0021_chat"
down_revision = "0020_conversations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- One browser's chat. It goes with the visitor it was begun by, whoever that turns out to be: it is shared, and weaker
-- than what it is seen with.
insert into identity.kind values (22, 'chat', 8, 100, 100, true);

-- address: what the browser's secret comes to; the secret itself is kept in the browser alone. device: the visitor id
-- it was begun with. contact: an e-mail address left for answers. last: number of the last line; got, shown: how far
-- the browser has them, and has shown them.
create table conversations.chat (
    id bigint generated always as identity primary key,
    account_id int not null,
    address text not null unique,
    device text,
    language text not null,
    contact text,
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    last int not null default 0,
    got int not null default 0,
    shown int not null default 0
) with (fillfactor = 80);

-- What the browser shows. seq is given out in no order of commits; n is, for each chat. key: of the browser, or the
-- message's. message: of delivery, where it is ours.
create table conversations.chat_line (
    seq bigint generated always as identity,
    chat bigint not null references conversations.chat,
    n int not null,
    at timestamptz not null,
    ours boolean not null,
    key text not null,
    message bigint,
    author text,
    text text not null,
    primary key (chat, n),
    unique (chat, key)
);
create index chat_line_seq on conversations.chat_line (seq);
create index chat_line_at on conversations.chat_line (at);

-- Ways from a chat to another door. digest: of the code; by e-mail there is none, the answer to `message` proves it.
-- nid: who came. action: of identity, which joined them. state: 0 waits for somebody to come, 1 came, 2 joined, 3 waits
-- for a yes in the chat, 4 refused there.
create table conversations.hop (
    id bigint generated always as identity primary key,
    chat bigint not null references conversations.chat,
    channel text not null,
    account_id int not null,
    digest bytea unique,
    message bigint unique,
    made_at timestamptz not null,
    until timestamptz not null,
    used_at timestamptz,
    nid bigint,
    action bigint,
    state smallint not null default 0
);
create index hop_chat on conversations.hop (chat, made_at);
create index hop_came on conversations.hop (id) where state = 1;
create index hop_letter on conversations.hop (nid, made_at) where message is not null;

-- What a provider calls an account of ours, as it told when its settings were tried: links to it are made of that.
alter table delivery.account add column handle text not null default '';
""")
