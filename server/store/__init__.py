"""The store: SQLModel tables, one group-committing writer, filtered reads, an append-only event log."""

from server.store.engine import open_engines
from server.store.events import Event
from server.store.reading import Reading
from server.store.store import Store
from server.store.writer import Transaction, Write, single

__all__ = ["Event", "Reading", "Store", "Transaction", "Write", "open_engines", "single"]
