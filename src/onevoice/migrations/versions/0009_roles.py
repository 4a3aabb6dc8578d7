"""access: seven roles, what a secret key may do, codes as a second factor."""

from alembic import op

revision = "0009_roles"
down_revision = "0008_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A member could look, merge, undo and split: that is an operator. Keys keep what they could do.
    op.execute("""
alter table access.account drop constraint account_role_check;
update access.account set role = 'operator' where role = 'member';
alter table access.account add constraint account_role_check
    check (role in ('owner', 'admin', 'marketer', 'operator', 'seller', 'analyst', 'developer'));

alter table access.api_key add column permissions text[] not null default '{}', add column made_by text;
update access.api_key
set permissions = '{customers.merge,customers.read,events.read,events.replay,links.create}' where scope = 'secret';

create table access.second_factor (
    account_id bigint primary key references access.account on delete cascade,
    sealed bytea not null,
    begun_at timestamptz not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0
);

create table access.recovery_code (
    account_id bigint not null references access.second_factor on delete cascade,
    digest bytea not null,
    primary key (account_id, digest)
);
""")
