"""What is append-only is so in the database, for whoever writes to it."""

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from server.store.erasing import erasing
from server.store.tables import AuditRow, EventRow, ExchangeRow
from server.viewer import SYSTEM

TABLES = {"events": "version", "audit_log": "id", "exchanges": "number"}
named = pytest.mark.parametrize("table", TABLES)


@pytest.fixture
def written(store):
    """A store with a row in each of the tables."""

    def write(tx):
        tx.append("s", "said", b"first", company="acme")
        line = {"id": "1", "at": tx.now, "company": "acme", "identity": "", "method": "m", "name": "n"}
        tx.connection.execute(insert(AuditRow), [{**line, "outcome": "OK", "request_id": ""}])
        said = {"synchronization": "s", "round": 1, "number": 1, "body": b"first"}
        tx.connection.execute(insert(ExchangeRow), [said])

    store.transact(write)
    return store


def run(store, *statements):
    store.transact(lambda tx: [tx.connection.execute(text(s)) for s in statements])


def count(store, table):
    return store.look(SYSTEM, lambda s: s.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@named
@pytest.mark.parametrize("what", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_a_plain_statement_is_refused(written, table, what):
    """Neither a change nor a deletion is taken, of the service's own connection either; the row is as it was."""
    key = TABLES[table]
    with pytest.raises(IntegrityError, match=f"{table} is append-only: {what.split()[0]} refused"):
        run(written, what.format(table, key, key))
    assert count(written, table) == 1


@named
def test_a_change_is_refused_while_old_ones_are_erased(written, table):
    """Erasing opens the way for deletions only."""

    def change(tx):
        with erasing(tx.connection):
            tx.connection.execute(text(f"UPDATE {table} SET {TABLES[table]} = {TABLES[table]}"))

    with pytest.raises(IntegrityError, match="UPDATE refused"):
        written.transact(change)


@named
def test_erasing_ends_with_its_block(written, table):
    """Within it a row goes; after it, in the same transaction too, none does, and nothing of the transaction stays."""

    def erase(tx):
        with erasing(tx.connection):
            assert tx.connection.execute(text(f"DELETE FROM {table}")).rowcount == 1

    def erase_and_more(tx):
        erase(tx)
        tx.connection.execute(text(f"DELETE FROM {table}"))
        tx.append("s", "said", b"second", company="acme")
        tx.flush()
        tx.connection.execute(text("DELETE FROM events"))

    with pytest.raises(IntegrityError, match="DELETE refused"):
        written.transact(erase_and_more)
    assert count(written, table) == 1
    written.transact(erase)
    assert count(written, table) == 0
    assert sum(count(written, other) for other in TABLES) == 2


def test_what_opens_the_way_cannot_outlive_its_transaction(written):
    """PostgreSQL forgets it at the end; SQLite refuses to commit."""

    def forget(tx):
        erasing(tx.connection).__enter__()
        tx.connection.execute(text("DELETE FROM audit_log"))

    if written.url.startswith("sqlite"):
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            written.transact(forget)
    else:
        written.transact(forget)
    with pytest.raises(IntegrityError, match="DELETE refused"):
        run(written, "DELETE FROM events")


@named
def test_no_row_is_replaced_or_truncated(written, table):
    """The other ways to lose a row: REPLACE of SQLite, TRUNCATE of PostgreSQL."""
    if written.url.startswith("sqlite"):
        statement, refused = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", "DELETE"
    else:
        statement, refused = f"TRUNCATE {table}", "TRUNCATE"
    with pytest.raises(IntegrityError, match=f"{table} is append-only: {refused} refused"):
        run(written, statement)
    assert count(written, table) == 1


def test_the_classes_say_what_is_append_only():
    """Each of the tables says so where it is described, and no other."""
    said = {c.__tablename__ for c in EventRow.__bases__[0].__subclasses__() if "Append-only" in (c.__doc__ or "")}
    assert said == set(TABLES)
