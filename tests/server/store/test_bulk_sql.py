"""Statements of many rows."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from server.store import bulk_sql
from server.store.ids import new_id, new_ids
from server.store.tables import OrderRow
from server.viewer import SYSTEM

NOW = datetime(2026, 5, 4, 6, tzinfo=UTC)


def row(i, *, at=NOW):
    return {
        "name": f"companies/acme/orders/o{i:05d}",
        "company": "acme",
        "external_ref": f"r'{i}",
        "state": "OPEN",
        "withheld": bool(i % 2),
        "destination": "companies/acme/sites/c",
        "origins": " x ",
        "product": "",
        "window_open": at,
        "window_close": at,
        "due_at": at,
        "synchronization": "",
        "version": 1,
        "created_at": at,
        "updated_at": at,
        "body": bytes([0, 255, i % 256]),
    }


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 63, 1029, 5000])
def test_every_row_is_stored_as_it_was_given(store, count):
    """However many rows there are, all are stored, in whatever statements."""
    rows = [row(i) for i in range(count)]
    store.transact(lambda tx: bulk_sql.insert_rows(tx.connection, OrderRow, rows))
    found = store.look(SYSTEM, lambda s: s.exec(select(OrderRow).order_by(OrderRow.name)).all())
    assert [r.model_dump() for r in found] == rows


def test_times_may_be_given_as_such_or_in_microseconds(store):
    """Both are the same moment in the store, also within one column."""
    us = int(NOW.timestamp()) * 1_000_000
    store.transact(lambda tx: bulk_sql.insert_rows(tx.connection, OrderRow, [row(0), row(1, at=us), row(2)]))
    found = store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all())
    assert {(r.window_open, r.created_at) for r in found} == {(NOW, NOW)}


def test_a_row_that_breaks_a_constraint_says_so(store):
    """The same reference twice is an integrity error, as it is of a single insert."""
    rows = [row(0), {**row(1), "external_ref": row(0)["external_ref"]}]
    with pytest.raises(IntegrityError):
        store.transact(lambda tx: bulk_sql.insert_rows(tx.connection, OrderRow, rows))
    assert store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all()) == []


def test_among_finds_what_is_in_all_lists(store):
    """Rows must match every list; quotes are values; an empty list matches nothing."""
    store.transact(lambda tx: bulk_sql.insert_rows(tx.connection, OrderRow, [row(i) for i in range(10)]))

    def ask(lists):
        return store.look(
            SYSTEM, lambda s: sorted(n for (n,) in bulk_sql.among(s.connection(), "name", "orders", lists))
        )

    refs = [row(i)["external_ref"] for i in (2, 7, 99)]
    assert ask({"company": ["acme"], "external_ref": refs}) == [row(2)["name"], row(7)["name"]]
    assert ask({"company": ["acme2"], "external_ref": refs}) == []
    assert ask({"company": ["acme"], "external_ref": []}) == []
    assert ask({"external_ref": ["' OR 1=1 --"]}) == []


def test_ids_are_unique_and_ascend():
    """Thousands at once, across the places where digits carry; each of the length that names are known by."""
    ids = [key for _ in range(40) for key in new_ids(3000)] + [new_id() for _ in range(3000)]
    assert len(set(ids)) == len(ids)
    assert {len(key) for key in ids} == {26}
    some = new_ids(5000)
    assert some == sorted(some)
