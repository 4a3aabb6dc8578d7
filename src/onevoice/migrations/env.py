"""Runs the migrations. One upgrader at a time: the others wait for the advisory lock, then find nothing to do."""

from alembic import context
from sqlalchemy import create_engine, pool, text

UPGRADE_LOCK = 720_185_001

url = context.config.attributes["url"].replace("postgresql://", "postgresql+psycopg://", 1)
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as guard, engine.connect() as connection:
    guard.execute(text("select pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
    context.configure(connection=connection, transaction_per_migration=True, version_table_schema="public")
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
