"""identity: who blocked a value and when; a number that goes up with every change of the rules."""

from alembic import op

revision = "0014_blocked"
down_revision = "0013_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- Null of those that came with the installation.
alter table identity.blocked add column blocked_at timestamptz, add column blocked_by text;

create table identity.rules (version bigint not null);
insert into identity.rules values (0);
""")
