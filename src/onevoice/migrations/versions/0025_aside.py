"""delivery: events of which no door could be told; which messages a file goes with."""

from alembic import op

revision = "0025_aside"
down_revision = "0024_site_chat"
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

-- Which messages a file goes with: asked where one of them is taken back.
create index content_media on delivery.content using gin ((body->'words'->'media') jsonb_path_ops)
    where body->'words'->'media' <> '[]';
""")
