"""access: who may do what, and what they did."""

from alembic import op

revision = "0001_access"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema access;

create table access.account (
    id bigint generated always as identity primary key,
    login text not null,
    login_key text not null unique,
    name text not null,
    password_hash text not null,
    role text not null check (role in ('owner', 'member')),
    language text not null default 'en' check (language in ('en', 'ru', 'pl')),
    theme text not null default 'system' check (theme in ('system', 'light', 'dark')),
    single_keys boolean not null default true,
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table access.session (
    digest bytea primary key,
    account_id bigint not null references access.account on delete cascade,
    csrf text not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    address text not null,
    agent text not null
);
create index session_account on access.session (account_id);

create table access.source (
    id int generated always as identity primary key,
    name text not null unique,
    channel text not null,
    site text not null default 'main',
    priority smallint not null default 50,
    created_at timestamptz not null
);

create table access.api_key (
    id bigint generated always as identity primary key,
    name text not null,
    scope text not null check (scope in ('write', 'secret')),
    source_id int references access.source,
    digest bytea not null unique,
    hint text not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    check ((scope = 'write') = (source_id is not null))
);

create table access.login_attempt (
    id bigint generated always as identity primary key,
    bucket text not null,
    at timestamptz not null
);
create index login_attempt_bucket on access.login_attempt (bucket, at);

create table access.audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    before jsonb,
    after jsonb,
    reason text
);
create index audit_subject on access.audit (subject, id);
""")
