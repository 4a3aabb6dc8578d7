"""conversations: that somebody writes in the site's chat, how far colleagues have read it, and its files."""

from alembic import op

revision = "0024_site_chat"
down_revision = "0023_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- read: the number of the last line of the visitor's that a colleague has seen.
alter table conversations.chat add column read int not null default 0;

-- A visitor writes in a chat; what, is not told. nid: the chat's identifier. Seconds later it is worth nothing.
create unlogged table conversations.typing (
    nid bigint primary key,
    at timestamptz not null
) with (fillfactor = 50);

-- files: what came with a line, as browsers are told of it; `file` is its number.
alter table conversations.chat_line add column files jsonb;

-- channel: by which the answer that is being written would go.
alter table conversations.presence add column channel text;
""")
