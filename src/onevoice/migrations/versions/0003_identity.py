"""identity: identifiers, the vault, evidence and what follows from it, anchored events."""

from alembic import op

revision = "0003_identity"
down_revision = "0002_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema identity;

create table identity.kind (
    id smallint primary key,
    name text not null unique,
    priority smallint not null,
    per_profile int not null,
    per_profile_weak int not null,
    shared boolean not null
);

create table identity.blocked (
    kind text not null,
    value text not null,
    primary key (kind, value)
);

-- An identifier, or one epoch of a shared identifier (then base <> nid). pid is the smallest nid of the profile.
-- An epoch that late marks made vanish stays, because its id was issued; then until_at is before from_at.
-- digest = keyed hash of kind and normalised value; the value itself lies in the vault only.
create sequence identity.node_id;
create table identity.node (
    nid bigint primary key,
    kind smallint not null references identity.kind,
    digest uuid not null unique,
    pid bigint not null,
    base bigint not null,
    from_at timestamptz not null default '0001-01-01 00:00:00+00',
    until_at timestamptz not null default '9999-12-31 23:59:59.999999+00',
    -- The mark that opened an epoch, with from_at its place among the marks; null for an identifier itself.
    mark uuid,
    logout boolean,
    contested boolean not null default false,
    learnt timestamptz not null
) with (fillfactor = 90);
create index node_pid on identity.node (pid);
create index node_epochs on identity.node (base) where base <> nid;

-- Where a node named in the ledger stands now: itself, or the epoch that holds the place of one that vanished.
create function identity.stands_at(named bigint) returns bigint language sql stable as $$
    select case when n.until_at >= n.from_at then n.nid else (
        select e.nid from identity.node e where e.base = n.base and e.until_at >= e.from_at
        and (e.nid = e.base or (e.from_at, e.mark, e.logout) <= (n.from_at, n.mark, n.logout))
        order by e.from_at desc, e.mark desc nulls last, e.logout desc nulls last limit 1) end
    from identity.node n where n.nid = named
$$;

-- The one place where personal values are readable. key '' is the identifier's own value.
create sequence identity.vault_id;
create table identity.vault (
    id bigint primary key,
    nid bigint not null,
    key text not null,
    digest uuid not null,
    value jsonb not null,
    unique (nid, key, digest)
);

-- Append-only truth. op: 1 assert a-b, 2 retract a-b, 3 cannot-link a-b, 4 allow a-b again,
-- 5 login of holder b on shared a, 6 logout on shared a, 7 shared a seen with shared b.
create table identity.evidence (
    pos bigint generated always as identity primary key,
    op smallint not null,
    a bigint not null,
    b bigint,
    tier smallint not null,
    happened timestamptz not null,
    learnt timestamptz not null,
    hash uuid not null,
    source_id int,
    act bigint
);
create index evidence_a on identity.evidence (a);
create index evidence_b on identity.evidence (b);
create index evidence_operators on identity.evidence (pos) where op in (2, 3, 4);

-- Live edges, refused ones included: what the evidence comes to.
create table identity.edge (
    a bigint not null,
    b bigint not null,
    tier smallint not null,
    happened timestamptz not null,
    hash uuid not null,
    learnt timestamptz not null,
    primary key (a, b, tier)
) with (fillfactor = 90);
create index edge_b on identity.edge (b);

create table identity.cannot (
    a bigint not null,
    b bigint not null,
    act bigint not null,
    learnt timestamptz not null,
    primary key (a, b)
);
create index cannot_b on identity.cannot (b);

create table identity.action (
    id bigint generated always as identity primary key,
    kind text not null check (kind in ('merge', 'split')),
    at timestamptz not null,
    actor text not null,
    reason text not null,
    a bigint not null,
    b bigint not null,
    detail jsonb not null,
    undone_at timestamptz,
    undone_by text
);
create index action_a on identity.action (a);
create index action_b on identity.action (b);

create table identity.name (
    id int generated always as identity primary key,
    type text not null,
    name text not null,
    unique (type, name)
);

-- Never rewritten. nid is the anchor (the base, where it is shared); ids are all identifiers the event carried.
create table identity.event (
    seq bigint not null,
    nid bigint not null,
    happened timestamptz not null,
    hash uuid not null,
    learnt timestamptz not null,
    name_id int not null,
    source_id int not null,
    channel smallint not null,
    ids bigint[] not null,
    message_id text not null,
    body jsonb not null,
    primary key (nid, happened, hash)
);
create unique index event_seq on identity.event (seq);

create table identity.batch (
    seq_to bigint primary key,
    seq_from bigint not null,
    linked_at timestamptz not null
);

-- Profiles whose members changed, for those who keep something per profile.
create table identity.moved (
    id bigint generated always as identity primary key,
    pid bigint not null
);
""")
    kinds = [
        (1, "user_id", 1, 1, 1, False),
        (2, "loyalty_card", 2, 3, 1, False),
        (4, "email", 4, 5, 5, False),
        (5, "phone", 5, 5, 5, False),
        (20, "device", 7, 20, 20, True),
        (21, "anonymous_id", 8, 100, 100, True),
    ]
    messengers = ("telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger")
    kinds += [(10 + i, name, 6, 3, 3, False) for i, name in enumerate(messengers)]
    for kind in kinds:
        values = ", ".join(f"'{v}'" if isinstance(v, str) else str(v).lower() for v in kind)
        op.execute(f"insert into identity.kind values ({values})")
    # Values that people and programs type when they have none: they name nobody.
    for kind, values in {
        "*": (
            "null",
            "none",
            "undefined",
            "nan",
            "unknown",
            "n/a",
            "anonymous",
            "[object object]",
            "00000000-0000-0000-0000-000000000000",
        ),
        "email": ("test@test.com", "test@example.com", "noreply@example.com", "a@a.com", "none@none.com"),
        "phone": ("+0000000000", "0000000000", "1111111111", "1234567890", "9999999999"),
        "device": ("00000000-0000-0000-0000-000000000000", "9774d56d682e549c"),
    }.items():
        for value in values:
            op.execute(f"insert into identity.blocked values ('{kind}', '{value}')")
