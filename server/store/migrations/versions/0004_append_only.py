"""What happened stays as it was written: the database itself refuses to change it, and lets only erasing delete it."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("events", "audit_log", "exchanges")

# The way in for what has been kept long enough (`server.store.erasing`) must not be left open by who forgets to close
# it, nor be seen by another transaction. PostgreSQL has settings that end with their transaction. SQLite has none, but
# it refuses to commit a row that refers to one that is not there: this table is empty between transactions.
ERASING = """
CREATE TABLE erasing (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  ended INTEGER NOT NULL CHECK (ended = 0) REFERENCES erasing (id) DEFERRABLE INITIALLY DEFERRED
)
"""
# Asked once a statement, whatever number of rows it has.
REFUSAL = """
CREATE FUNCTION groupage_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
  USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""
CLOSED = "current_setting('groupage.erasing', true) IS DISTINCT FROM 'on'"


def _sqlite(table: str) -> None:
    # A migration that copies one of these tables (`batch_alter_table`) loses its triggers, and must make them anew.
    for what, when in (("UPDATE", ""), ("DELETE", "WHEN NOT EXISTS (SELECT 1 FROM erasing)")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {what} refused'); END"
        )


def _postgresql(table: str) -> None:
    refuse = f"ON {table} FOR EACH STATEMENT"
    call = "EXECUTE FUNCTION groupage_append_only()"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OR TRUNCATE {refuse} {call}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {refuse} WHEN ({CLOSED}) {call}")


def upgrade() -> None:
    """Refuse from now on."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(ERASING if sqlite else REFUSAL)
    for table in TABLES:
        (_sqlite if sqlite else _postgresql)(table)


def downgrade() -> None:
    """Leave it to those who write."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        for what in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{what}" + ("" if sqlite else f" ON {table}"))
    op.execute("DROP TABLE erasing" if sqlite else "DROP FUNCTION groupage_append_only()")
