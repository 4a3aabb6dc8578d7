"""imports: files from the console, and what of them can be taken back."""

from alembic import op

revision = "0013_imports"
down_revision = "0012_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create schema imports;
alter table events.import set schema imports;
alter table imports.import rename to file;
alter table imports.file
    alter column source_id drop not null,
    alter column fingerprint drop not null,
    add column state text not null default 'stopped' check (state in ('uploading', 'ready', 'rehearsing', 'rehearsed',
        'queued', 'running', 'finished', 'stopped', 'failed', 'undoing', 'undone')),
    add column actor text not null default 'command line',
    add column console boolean not null default false,
    add column size_bytes bigint not null default 0,
    add column uploaded_bytes bigint not null default 0,
    add column format jsonb not null default '{}',
    add column report jsonb,
    add column share real not null default 0,
    add column problem text,
    add column undo_total bigint not null default 0,
    add column undone bigint not null default 0,
    add column undo_reason text,
    add column undo_actor text,
    add column undone_at timestamptz;
update imports.file set state = 'finished' where finished_at is not null;
-- After its undo a file may be imported again.
alter table imports.file drop constraint import_source_id_fingerprint_key;
create unique index file_fingerprint on imports.file (source_id, fingerprint) where undone_at is null;

-- Which import a frame, and what was laid aside of it, belongs to.
alter table events.log add column import_id bigint;
alter table events.dead_letter add column import_id bigint;
create index dead_letter_import on events.dead_letter (import_id) where import_id is not null;
-- Imports that are undone, or about to be: their dead letters are not replayed.
create table events.closed_import (id bigint primary key);

-- Which import an anchored event came by; and the import, 0 for none, that said it again while it stood.
create table identity.imported (
    import_id bigint not null,
    nid bigint not null,
    happened timestamptz not null,
    hash uuid not null,
    primary key (import_id, nid, happened, hash)
);
create index imported_hash on identity.imported (hash);
create table identity.said_again (
    hash uuid not null,
    import_id bigint not null,
    primary key (hash, import_id)
);

-- Events that the undo of an import took back, as they were. What was known before still counts them.
create table identity.withdrawn (
    like identity.event,
    withdrawn_at timestamptz not null,
    import_id bigint not null
);
create index withdrawn_place on identity.withdrawn (nid, happened, hash);
create index withdrawn_seq on identity.withdrawn (seq);
create view identity.event_ever as
    select seq, nid, happened, hash, learnt, name_id, source_id, channel, ids, message_id, body,
        '9999-12-31 23:59:59.999999+00'::timestamptz as withdrawn_at from identity.event
    union all
    select seq, nid, happened, hash, learnt, name_id, source_id, channel, ids, message_id, body, withdrawn_at
    from identity.withdrawn;

-- A node that nobody speaks of any more was learnt in the year 9999. Here stands when it was known before that.
create table identity.known_before (
    nid bigint not null,
    learnt timestamptz not null,
    until_at timestamptz not null
);
create index known_before_nid on identity.known_before (nid);
create index node_forgotten on identity.node (nid) where learnt > '9999-01-01 00:00:00+00';

-- op 9: what an event said of a is withdrawn, all of it that was written before.
drop index identity.evidence_operators;
create index evidence_operators on identity.evidence (pos) where op in (2, 3, 4, 9);
""")
