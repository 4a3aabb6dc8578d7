"""access: sites are things of their own; sources refer to them."""

from alembic import op
from phonenumbers import SUPPORTED_REGIONS
from sqlalchemy import text

revision = "0016_sites"
down_revision = "0015_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create table access.site (
    name text primary key,
    title text not null,
    -- Phone numbers in national form are read in this country; null: they are not read.
    country text check (country ~ '^[A-Z]{2}$'),
    language text,
    currency text check (currency ~ '^[A-Z]{3}$'),
    time_zone text,
    domains text[] not null default '{}',
    legal_name text,
    created_at timestamptz not null
);
""")
    conn = op.get_bind()
    found = conn.execute(text("select site, min(created_at) from access.source group by site")).all()
    for name, created_at in found:
        conn.execute(
            text("insert into access.site (name, title, country, created_at) values (:name, :name, :country, :at)"),
            {"name": name, "country": _country(name), "at": created_at},
        )
    op.execute("""
alter table access.source alter column site drop default;
alter table access.source add constraint source_site foreign key (site) references access.site;
create index source_site on access.source (site);
""")


def _country(name: str) -> str | None:
    """What a site's name has meant so far: numbers go on being read as they were."""
    code = name.lower()
    if len(code) != 2:
        return None
    code = {"en": "GB", "uk": "GB"}.get(code, code.upper())
    return code if code in SUPPORTED_REGIONS else None
