"""delivery: answers to one address go in the order in which they were given."""

from alembic import op

revision = "0027_turns"
down_revision = "0026_proof"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- Conversational messages that are not over yet.
create index message_turn on delivery.message (nid, id) where class = 1 and state in (1, 2);
""")
