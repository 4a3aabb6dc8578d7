"""conversations: who looks at which conversation now."""

from alembic import op

revision = "0023_presence"
down_revision = "0020_conversations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- An open page whose person looks at a conversation: until it is renewed no more. Nothing of it is worth keeping.
-- process, page: which page.
create unlogged table conversations.presence (
    process bigint not null,
    page bigint not null,
    account_id bigint not null references access.account on delete cascade,
    pid bigint not null,
    writes boolean not null,
    at timestamptz not null,
    primary key (process, page)
) with (fillfactor = 50);
""")
