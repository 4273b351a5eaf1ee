"""Row-level security on PostgreSQL: the filter of `server.store.reading` a second time, in the database itself."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWN = (
    "orders",
    "demand",
    "events",
    "requests",
    "audit_log",
    "contacts",
    "questions",
    "agents",
    "capacity_offers",
    "participations",
    "commitments",
    "tracking_events",
    "traces",
    "tokens",
    "client_certificates",
)
COMPANY = "nullif(current_setting('groupage.company', true), '')"
OPERATOR = "current_setting('groupage.operator', true) = 'on'"

# Which pools a company is in: asked with the eyes of the service, since the policy of memberships needs to know it.
POOLS = """
CREATE FUNCTION groupage_pools(viewer text) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  before text := coalesce(current_setting('groupage.operator', true), 'off');
BEGIN
  PERFORM set_config('groupage.operator', 'on', true);
  RETURN QUERY SELECT m.pool::text FROM memberships m WHERE m.company = viewer;
  PERFORM set_config('groupage.operator', before, true);
END
$$
"""
# Who else is in one's pools may be known to a query of the service's; the application shows it where it may be seen.
MEMBERSHIPS = f"pool IN (SELECT groupage_pools({COMPANY}))"
RECORDS = f"""
  company = {COMPANY}
  OR (company IS NULL AND pool IN (SELECT m.pool FROM memberships m WHERE m.company = {COMPANY}))
  OR name IN (SELECT p.synchronization FROM participations p WHERE p.company = {COMPANY})
  OR (
    kind IN ('member', 'consent')
    AND pool IN (SELECT m.pool FROM memberships m WHERE m.company = {COMPANY} AND m.shown)
  )
  OR (kind = 'company' AND company IN (SELECT m.company FROM memberships m WHERE m.shown))
  OR (kind = 'tariff' AND state <> 'contract' AND company IN (SELECT m.company FROM memberships m))
"""


def _secure(table: str, visible: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # One condition, and the operator first: the policy of memberships asks memberships, with the operator's eyes.
    op.execute(f"CREATE POLICY visible ON {table} FOR SELECT USING ({OPERATOR} OR {visible})")
    # Writing is the service's alone: who may see a row may not change or delete it for that.
    op.execute(f"CREATE POLICY inserted ON {table} FOR INSERT WITH CHECK ({OPERATOR})")
    op.execute(f"CREATE POLICY updated ON {table} FOR UPDATE USING ({OPERATOR}) WITH CHECK ({OPERATOR})")
    op.execute(f"CREATE POLICY deleted ON {table} FOR DELETE USING ({OPERATOR})")


def upgrade() -> None:
    """Secure every table with rows that are not for everybody."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(POOLS)
    for table in OWN:
        _secure(table, f"company = {COMPANY}")
    _secure("memberships", MEMBERSHIPS)
    _secure("records", f"({RECORDS})")
    _secure("shipments", f"(company = {COMPANY} OR position(' ' || {COMPANY} || ' ' in carriers) > 0)")
    for table in ("blobs", "legs", "executors", "negotiations", "exchanges"):
        _secure(table, "false")
