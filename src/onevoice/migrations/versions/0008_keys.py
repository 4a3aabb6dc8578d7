"""access: which keys this database was made with, by a mark that tells nothing of them."""

from alembic import op

revision = "0008_keys"
down_revision = "0007_import"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create table access.keys (one boolean primary key default true check (one), mark uuid not null)")
