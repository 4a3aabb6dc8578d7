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
-- it was begun with. last: number of the last line; got, shown: how far the browser has them, and has shown them.
create table conversations.chat (
    id bigint generated always as identity primary key,
    account_id int not null,
    address text not null unique,
    device text,
    language text not null,
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
""")
