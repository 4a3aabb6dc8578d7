"""conversations: whom a shop has proven to be logged in, in which of the site's chats."""

from alembic import op

revision = "0026_proof"
down_revision = "0025_aside"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- proven: the user id of whoever their shop has proven to sit there.
alter table conversations.chat add column proven text;
create index chat_proven on conversations.chat (proven) where proven is not null;

-- A signed proof of who is logged in is worth something in the chat that showed it first. digest: of the proof.
create table conversations.proof (
    digest bytea primary key,
    chat bigint not null references conversations.chat on delete cascade,
    until timestamptz not null
);
create index proof_until on conversations.proof (until);
""")
