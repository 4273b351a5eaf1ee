"""Statements of many rows."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from server.store import bulk_sql, ids
from server.store.ids import new_id, new_ids
from server.store.moments import to_us
from server.store.tables import OrderRow
from server.viewer import SYSTEM

NOW = datetime(2026, 5, 4, 6, tzinfo=UTC)
# What is there of an order only once it was held.
NOT_HELD = {"held_until": None, "held_reason": None, "held_days": None}


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
    assert [r.model_dump() for r in found] == [{**r, **NOT_HELD} for r in rows]


def columns(rows, *alike):
    """Rows column by column, and what some columns have in all of them."""
    whole = {name: [r[name] for r in rows] for name in rows[0]}
    for name in ("window_open", "window_close", "due_at", "created_at", "updated_at"):
        whole[name] = [to_us(moment) for moment in whole[name]]
    return {name: cells for name, cells in whole.items() if name not in alike}, {name: whole[name][0] for name in alike}


@pytest.mark.parametrize("count", [1, 3, 5, 999, 1000, 1001, 5000])
def test_columns_are_stored_as_the_rows_that_they_are(store, count):
    """In any number, with quotes, bytes and flags, whatever all rows have in common."""
    rows = [{**row(i), "external_ref": f'"{i}"\\ä\n\t'} for i in range(count)]
    cells, alike = columns(rows, "company", "state", "version", "created_at", "updated_at")
    store.transact(lambda tx: bulk_sql.insert_columns(tx.connection, OrderRow, cells, alike))
    found = store.look(SYSTEM, lambda s: s.exec(select(OrderRow).order_by(OrderRow.name)).all())
    assert [r.model_dump() for r in found] == [{**r, **NOT_HELD} for r in rows]


def test_columns_that_break_a_constraint_say_so(store):
    """As rows do."""
    cells, alike = columns([row(0), {**row(1), "external_ref": row(0)["external_ref"]}], "company")
    with pytest.raises(IntegrityError):
        store.transact(lambda tx: bulk_sql.insert_columns(tx.connection, OrderRow, cells, alike))
    assert store.look(SYSTEM, lambda s: s.exec(select(OrderRow)).all()) == []


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


def test_pairs_are_found_as_pairs(store):
    """Each with its own other half, and not with that of another; quotes are values; of no pair nothing is."""
    rows = [row(i) for i in range(6)]
    for i in (3, 4, 5):
        rows[i].update(company="acme2", name=f"companies/acme2/orders/o{i}", external_ref=row(i - 3)["external_ref"])
    store.transact(lambda tx: bulk_sql.insert_rows(tx.connection, OrderRow, rows))

    def ask(*pairs):
        keys = ("company", "external_ref")
        return store.look(
            SYSTEM, lambda s: sorted(n for (n,) in bulk_sql.of_pairs(s.connection(), "name", "orders", keys, pairs))
        )

    ref = [row(i)["external_ref"] for i in range(3)]
    assert ask(("acme", ref[0]), ("acme2", ref[1])) == [rows[0]["name"], rows[4]["name"]]
    assert ask(("acme", "' OR 1=1 --"), ("acme3", ref[0])) == []
    assert ask() == []


def test_ids_are_unique_and_ascend():
    """Thousands at once, across the places where digits carry; each of the length that names are known by."""
    ids = [key for _ in range(40) for key in new_ids(3000)] + [new_id() for _ in range(3000)]
    assert len(set(ids)) == len(ids)
    assert {len(key) for key in ids} == {26}
    some = new_ids(5000)
    assert some == sorted(some)
    named = new_ids(5000, "companies/acme/orders/")
    assert len(set(named)) == len(named) == 5000
    assert named == sorted(named)
    assert {name[:-26] for name in named} == {"companies/acme/orders/"}


@pytest.mark.parametrize("low", [0, 1023, 1024, 0xFFFFF - 2500, 0xFFFFE])
def test_ids_ascend_over_every_place_where_digits_carry(monkeypatch, low):
    """The random part counts up by one, wherever it begins."""
    monkeypatch.setattr(ids, "_random", SimpleNamespace(take=lambda count: ((7 << 20 | low) << 1).to_bytes(count)))
    alphabet = {letter: i for i, letter in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}
    numbers = [sum(alphabet[c] << 5 * i for i, c in enumerate(reversed(key[10:]))) for key in new_ids(5000)]
    assert numbers == list(range(7 << 20 | low, (7 << 20 | low) + 5000))
