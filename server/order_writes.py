"""How orders are written: all that wait together in few statements, each with its own answer.

What can be done outside the one writing thread is done before: a write carries rows, ready to be stored.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlmodel import col, select

from groupage.v1 import orders_pb2
from server.faults import Fault
from server.services import masks, standard
from server.store import bulk_sql
from server.store.ids import new_id, new_ids
from server.store.moments import to_us
from server.store.tables import OrderRow
from server.store.writer import Transaction, Write, single

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from groupage.v1.orders_pb2 import Order
    from server.viewer import Viewer

State = orders_pb2.Order.State


# Set by the service, or kept in columns: never part of a stored body.
NOT_IN_BODY = ("name", "state", "synchronization", "etag", "create_time", "update_time", "held_until", "held_reason")
# Why an order in such a state cannot be changed any more.
_LOCKED: Mapping[str, str] = {
    "NEGOTIATING": "ORDER_NEGOTIATING",
    "COMMITTED": "ORDER_COMMITTED",
    "PROMISED": "ORDER_COMMITTED",
    "IN_TRANSIT": "ORDER_COMMITTED",
    "DELIVERED": "ORDER_FINISHED",
    "CANCELLED": "ORDER_FINISHED",
    "RELEASED": "ORDER_FINISHED",
}

HELD = State.Name(State.HELD)

Row = dict[str, Any]


def row_of(parent: str, order: Order, order_id: str = "") -> Row:
    """The row of a new order."""
    return row_named(parent, order, f"{parent}/orders/{order_id or new_id()}")


def rows_of(parent: str, orders: Sequence[Order]) -> list[Row]:
    """The rows of new orders."""
    return [row_named(parent, o, name) for o, name in zip(orders, new_names(parent, len(orders)), strict=True)]


def new_names(parent: str, count: int) -> list[str]:
    """Names for so many new orders."""
    return new_ids(count, f"{parent}/orders/")


def row_named(parent: str, order: Order, name: str) -> Row:
    """The row of an order, new or amended."""
    close = _us(order.window_close)
    due = _us(order.due_at) if order.HasField("due_at") else close
    window_open = _us(order.window_open)
    for field in NOT_IN_BODY:
        order.ClearField(field)  # the request is this call's own
    return {
        "name": name,
        "external_ref": order.external_ref,
        "withheld": order.withheld,
        "destination": order.destination,
        "origins": spelled(order.origins),
        "product": order.product,
        "window_open": window_open,
        "window_close": close,
        "due_at": due,
        "body": order.SerializeToString(),
        **alike(parent[10:]),  # after companies/
    }


def alike(company: str) -> Row:
    """What the rows of a company's new orders have in common."""
    return {"company": company, "state": "OPEN", "synchronization": "", "version": 1}


def spelled(origins: Iterable[str]) -> str:
    """Origins as a row has them."""
    return f" {' '.join(origins)} "


def _us(moment: Any) -> int:
    return int(moment.seconds * 1_000_000 + moment.nanos // 1_000)


def decoded(row: OrderRow, viewer: Viewer) -> Order:
    """An order as a viewer may see it: the operator without what only the owner knows."""
    order: Order = orders_pb2.Order.FromString(row.body)
    order.name, order.synchronization, order.etag = row.name, row.synchronization, standard.etag(row.version)
    order.state = State.Value(row.state)
    order.create_time.FromDatetime(row.created_at)
    order.update_time.FromDatetime(row.updated_at)
    if row.state == HELD and row.held_until is not None:
        order.held_until.FromDatetime(row.held_until)
        order.held_reason = row.held_reason or ""
    if viewer.company != row.company:
        order.ClearField("stakes")
    return order


def judged(tx: Transaction, rows: Sequence[Row], *, new: bool = True) -> list[Fault | None]:
    """Say which rows cannot be stored, and why: a handful of questions, however many rows there are.

    A row that is not new has its name and its reference already.
    """
    now = to_us(tx.now)
    unknown_sites = strangers(tx, set(map(_places, rows)))
    refs = taken_refs(tx, ((row["company"], row["external_ref"]) for row in rows))
    taken = _taken_names(tx, rows) if new else set()
    twice = Counter((row["company"], row["external_ref"]) for row in rows)
    first: dict[tuple[str, str], str] = {}
    out: list[Fault | None] = []
    for row in rows:
        key = (row["company"], row["external_ref"])
        fault = None
        if not new and refs.get(key) == row["name"]:
            del refs[key]
        if key in refs or (twice[key] > 1 and key in first):
            fault = Fault(
                "EXTERNAL_REF_TAKEN", metadata={"external_ref": key[1], "name": refs.get(key) or first.get(key, "")}
            )
        elif row["name"] in taken:
            fault = Fault("NAME_TAKEN", metadata={"name": row["name"]})
        elif row["window_close"] <= now:
            fault = Fault("WINDOW_PASSED")
        else:
            unknown = unknown_sites[_places(row)]
            if unknown:
                fault = Fault("SITE_UNKNOWN", metadata={"site": unknown})
        if fault is None:
            first[key] = row["name"]
        out.append(fault)
    return out


_places = itemgetter("company", "destination", "origins")


def strangers(tx: Transaction, places: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """For each company with a destination and origins: one that is no site of its own; empty if all are."""
    named = {key: (key[1], *key[2].split()) for key in places}
    lists = {"name": chain.from_iterable(named.values()), "company": {key[0] for key in places}}
    found = bulk_sql.texts_among(tx.connection, "name", "records", lists, " AND kind = 'site'")
    return {
        key: next((s for s in sites if s not in found or not s.startswith(f"companies/{key[0]}/")), "")
        for key, sites in named.items()
    }


def taken_refs(tx: Transaction, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of companies with references: those that orders have already, and the order's name."""
    keys = ("company", "external_ref")
    found = bulk_sql.of_pairs(tx.connection, "company, external_ref, name", "orders", keys, pairs)
    return {(row[0], row[1]): row[2] for row in found}


def _taken_names(tx: Transaction, rows: Sequence[Row]) -> set[str]:
    """Names that are taken; those that the service chose cannot be, but a caller may choose its own."""
    chosen = [row["name"] for row in rows if len(row["name"].rsplit("/", 1)[1]) != 26]
    return bulk_sql.texts_among(tx.connection, "name", "orders", {"name": chosen})


def _store(tx: Transaction, rows: Sequence[Row]) -> None:
    now = to_us(tx.now)
    for row in rows:
        row["created_at"] = row["updated_at"] = now
    bulk_sql.insert_rows(tx.connection, OrderRow, rows)


def _answer(row: Row, viewer: Viewer) -> Order:
    order: Order = orders_pb2.Order.FromString(row["body"])
    if viewer.company != row["company"]:
        order.ClearField("stakes")
    order.name, order.state, order.etag = row["name"], State.OPEN, standard.etag(1)
    order.create_time.FromMicroseconds(row["created_at"])
    order.update_time.FromMicroseconds(row["updated_at"])
    return order


def create(tx: Transaction, writes: Sequence[Write]) -> Sequence[bytes | Fault]:
    """Store the orders of all writes that came together."""
    rows = [write.payload for write in writes]
    faults = judged(tx, rows)
    good = [row for row, fault in zip(rows, faults, strict=True) if fault is None]
    if good:
        _store(tx, good)
    out: list[bytes | Fault] = []
    for write, row, fault in zip(writes, rows, faults, strict=True):
        if fault is None:
            log(tx, row["company"], "created", [row["name"]])
        out.append(fault or _answer(row, write.viewer).SerializeToString())
    return out


def log(tx: Transaction, company: str, kind: str, orders: Sequence[str]) -> None:
    """Log what happened to orders of a company."""
    tx.append(f"companies/{company}/orders", kind, "\n".join(orders).encode(), company=company)


def _batch_one(tx: Transaction, write: Write) -> bytes:
    rows = write.payload
    for i, fault in enumerate(judged(tx, rows)):
        if fault is not None:
            raise Fault(fault.reason, f"orders[{i}]: {fault.message}", metadata=fault.metadata)
    if rows:
        _store(tx, rows)
        log(tx, rows[0]["company"], "created", [row["name"] for row in rows])
    return bytes(
        orders_pb2.BatchCreateOrdersResponse(orders=[_answer(row, write.viewer) for row in rows]).SerializeToString()
    )


batch = single(_batch_one)


def _own(tx: Transaction, write: Write, name: str) -> OrderRow:
    with tx.reading(write.viewer) as session:
        row = session.exec(select(OrderRow).where(OrderRow.name == name)).first()
    if row is None:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    if row.company != write.viewer.company and not write.viewer.operator:
        raise Fault("NOT_ALLOWED")
    return row


def _must_be_free(row: OrderRow, *free: str) -> None:
    if row.state in free:
        return
    reason = _LOCKED[row.state]
    needs_name = reason in ("ORDER_NEGOTIATING", "ORDER_COMMITTED")
    raise Fault(reason, metadata={"synchronization": row.synchronization} if needs_name else {})


def _must_match(row: OrderRow, given: str) -> None:
    if given and given != standard.etag(row.version):
        raise Fault("ETAG_MISMATCH", metadata={"name": row.name})


def _change(tx: Transaction, write: Write, row: OrderRow, **values: Any) -> bytes:
    values.update(version=row.version + 1, updated_at=tx.now)
    done = tx.connection.execute(
        update(OrderRow).where(col(OrderRow.name) == row.name, col(OrderRow.version) == row.version).values(**values)
    )
    if done.rowcount != 1:
        raise Fault("ETAG_MISMATCH", metadata={"name": row.name})
    log(tx, row.company, "changed", [row.name])
    with tx.reading(write.viewer) as session:
        changed = session.exec(select(OrderRow).where(OrderRow.name == row.name)).one()
        return bytes(decoded(changed, write.viewer).SerializeToString())


def _amend_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    row = _own(tx, write, request.order.name)
    _must_match(row, request.order.etag)
    _must_be_free(row, "OPEN", HELD)
    after = masks.masked(orders_pb2.Order, orders_pb2.Order.FromString(row.body), request.order, request.update_mask)
    new = row_named(f"companies/{row.company}", after, row.name)
    fault = judged(tx, [new], new=False)[0]
    if fault is not None:
        raise fault
    keep = ("name", "company", "state", "synchronization", "version")
    # What was weighed was another order: it comes on the next table that it fits.
    return _change(tx, write, row, state="OPEN", **{k: v for k, v in new.items() if k not in keep})


amend = single(_amend_one)


def _cancel_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    row = _own(tx, write, request.name)
    _must_match(row, request.etag)
    _must_be_free(row, "OPEN", HELD, "RELEASED")
    return _change(tx, write, row, state=State.Name(State.CANCELLED))


cancel = single(_cancel_one)
