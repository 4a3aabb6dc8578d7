"""delivery: templates, their drafts and what was published of them."""

from alembic import op

revision = "0019_templates"
down_revision = "0018_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
-- The draft stands beside what is published; revision: grows with each change of it, so that nobody overwrites unseen.
create table delivery.template (
    id bigint generated always as identity primary key,
    site text not null references access.site,
    name text not null unique,
    class smallint not null,
    purpose text not null,
    draft jsonb not null,
    revision int not null,
    drafted_at timestamptz not null,
    drafted_by text not null,
    published int,
    created_at timestamptz not null,
    archived_at timestamptz
);
create index template_site on delivery.template (site);

-- Append only: messages name the version that they were rendered from.
create table delivery.template_version (
    template_id bigint not null references delivery.template,
    version int not null,
    body jsonb not null,
    note text not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (template_id, version)
);

create function delivery.no_template_change() returns trigger language plpgsql as $$
begin
    raise exception 'published versions of templates are only added to';
end $$;
create trigger template_version_append_only before update or delete or truncate on delivery.template_version
    for each statement execute function delivery.no_template_change();
""")
