"""identity: find what operators said of a pair without reading all that ties its ends."""

from alembic import op

revision = "0006_by_hand"
down_revision = "0005_cluster"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Tiers up to the first are operators' alone, so that the index is small and costs linking nothing.
    op.execute("create index evidence_by_hand on identity.evidence (a, b) where tier <= 1")
