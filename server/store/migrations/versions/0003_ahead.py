"""Looking ahead: what is held, promised and reserved for later days, and what past days needed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPERATOR = "current_setting('groupage.operator', true) = 'on'"


def upgrade() -> None:
    """Add the tables, for the service's own eyes, and what is known of a held order."""
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("held_until", sa.BigInteger(), nullable=True))
        orders.add_column(sa.Column("held_reason", sa.String(), nullable=True))
        orders.add_column(sa.Column("held_days", sa.Integer(), nullable=True))
    op.create_table(
        "promises",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("synchronization", sa.String(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("release_at", sa.BigInteger(), nullable=False),
        sa.Column("due_in", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("promises_due", "promises", ["pool", "state", "day"], unique=False)
    op.create_index("promises_made", "promises", ["synchronization"], unique=False)
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("good", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("synchronization", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("due_in", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("paid_cents", sa.Integer(), nullable=False),
        sa.Column("back_cents", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reservations_due", "reservations", ["pool", "state", "since"], unique=False)
    op.create_index("reservations_good", "reservations", ["good", "state"], unique=False)
    op.create_index("reservations_made", "reservations", ["synchronization"], unique=False)
    op.create_table(
        "pool_days",
        sa.Column("synchronization", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("synchronization"),
    )
    op.create_index("pool_days_listed", "pool_days", ["pool", "since"], unique=False)
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("promises", "reservations", "pool_days"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} FOR SELECT USING ({OPERATOR})")
        op.execute(f"CREATE POLICY inserted ON {table} FOR INSERT WITH CHECK ({OPERATOR})")
        op.execute(f"CREATE POLICY updated ON {table} FOR UPDATE USING ({OPERATOR}) WITH CHECK ({OPERATOR})")
        op.execute(f"CREATE POLICY deleted ON {table} FOR DELETE USING ({OPERATOR})")
