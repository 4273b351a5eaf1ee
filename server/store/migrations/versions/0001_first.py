"""The first tables. Until the first release they are made as the classes say; then this is written out."""

from alembic import op
from sqlmodel import SQLModel

from server.store import identities, tables  # noqa: F401

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    SQLModel.metadata.create_all(op.get_bind())
