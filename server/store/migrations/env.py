"""Run by Alembic: migrations on the connection that `server.store.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from server.store import identities, tables  # noqa: F401 - makes the tables known

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
