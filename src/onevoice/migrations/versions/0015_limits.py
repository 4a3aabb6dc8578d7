"""identity: limits of kinds that somebody changed, and what a change would do, looked at first."""

from alembic import op

revision = "0015_limits"
down_revision = "0014_blocked"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create table identity.limit_change (
    id bigint generated always as identity primary key,
    kind smallint not null references identity.kind,
    per_profile int not null,
    per_profile_weak int not null,
    was_per_profile int not null,
    was_per_profile_weak int not null,
    state text not null check (state in ('looking', 'looked', 'applying', 'applied', 'dropped')),
    asked_at timestamptz not null,
    asked_by text not null,
    applied_at timestamptz,
    applied_by text,
    finished_at timestamptz,
    -- Profiles to look at in the present state, those that were, and the last of them.
    total int not null,
    done int not null default 0,
    reached bigint not null default 0,
    -- What was found: profiles that are parted, that come together, and all of those before and after.
    parted int not null default 0,
    joined int not null default 0,
    before int not null default 0,
    after int not null default 0,
    examples jsonb not null default '[]'
);
create unique index limit_change_open on identity.limit_change ((true))
    where state in ('looking', 'looked', 'applying');
-- What was known at a time is worked out with the limits of that time.
create index limit_change_applied on identity.limit_change (kind, applied_at) where applied_at is not null;

-- Profiles that a change may touch and that were not looked at yet.
create table identity.limit_seed (
    pid bigint primary key
);
""")
