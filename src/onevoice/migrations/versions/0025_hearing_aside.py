"""delivery: events of which no door could be told."""

from alembic import op

revision = "0025_hearing_aside"
down_revision = "0023_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- Events of the log of which the follower could make nothing, and why. No door is known to be open or shut by them.
create table delivery.aside (
    seq bigint primary key,
    at timestamptz not null,
    error text not null
);
""")
