"""events: how far each file has been imported."""

from alembic import op

revision = "0007_import"
down_revision = "0006_by_hand"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create table events.import (
    id bigint generated always as identity primary key,
    source_id int not null,
    fingerprint uuid not null,
    name text not null,
    records bigint not null default 0,
    taken bigint not null default 0,
    refused bigint not null default 0,
    started_at timestamptz not null,
    moved_at timestamptz not null,
    finished_at timestamptz,
    unique (source_id, fingerprint)
)
""")
