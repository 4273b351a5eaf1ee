"""Vehicles that were reserved ahead: types of their own in the engine, and some of their type's vehicles on the wire.

A question names each type once, with all its vehicles. In an answer the first ones used of a type are those reserved,
as far as they go: they are paid for already.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from agents.messages import Topic, rows_table
from logistics.fleet import RESERVED_SUFFIX, is_reserved, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from agents.messages import Message


def reservation_id(name: str) -> str:
    """Id of a reservation on the wire, within its pool: the same until it is settled, and it tells nothing."""
    return "r-" + hashlib.sha256(name.encode()).hexdigest()[:16]


def asked_once(topic: str, body: pa.Table) -> pa.Table:
    """Name each vehicle type once in a question that lists a carrier's vehicles, with the sum of its vehicles."""
    if topic not in (Topic.TARIFFS, Topic.TOURS) or not len(body):
        return body
    out: list[dict[str, Any]] = []
    seen: dict[tuple[int | None, str], dict[str, Any]] = {}
    for row in body.to_pylist():
        vehicle = row["vehicle"]
        first = seen.get((row.get("pool"), vehicle)) if vehicle is not None else None
        if first is None:
            out.append(row)
            if vehicle is not None:
                seen[row.get("pool"), vehicle] = row
        elif "most" in row:
            unlimited = first["most"] is None or row["most"] is None
            first["most"] = None if unlimited else first["most"] + row["most"]
    return body if len(out) == len(body) else rows_table(body.schema, out)


def set_apart(message: Message, body: pa.Table, reserved: Mapping[str, int]) -> pa.Table:
    """Tell in an answer which of a carrier's vehicles are those that were reserved.

    Parameters
    ----------
    body
        The answer, with vehicle types in place of those that were reserved.
    reserved
        How many of each type there are.
    """
    topic = message.topic
    if not reserved or not len(body) or topic not in (Topic.TARIFFS, Topic.TOURS, Topic.PLAN):
        return body
    rows = body.to_pylist()
    if topic == Topic.TARIFFS:
        return rows_table(body.schema, _tariffs(rows, message.body["vehicle"].to_pylist()))
    left = dict(reserved)
    if topic == Topic.TOURS:
        asked = message.body.to_pylist()
        most = {type_of(r["vehicle"]): r["most"] for r in asked if r["vehicle"] and is_reserved(r["vehicle"])}
        left = {v: reserved.get(v, 0) if n is None else n for v, n in most.items()}
    chosen: dict[tuple[Any, str], str] = {}
    for row in rows:
        vehicle = row["vehicle"]
        tour = (row["tour" if topic == Topic.TOURS else "load"], vehicle)
        if tour not in chosen:
            spare = left.get(vehicle, 0) > 0
            left[vehicle] = left.get(vehicle, 0) - spare
            chosen[tour] = vehicle + RESERVED_SUFFIX if spare else vehicle
        row["vehicle"] = chosen[tour]
    return rows_table(body.schema, rows)


def _tariffs(rows: list[dict[str, Any]], asked: list[str]) -> list[dict[str, Any]]:
    """A reserved vehicle costs what another of its type does, but for its fixed cost, which is paid."""
    out = []
    for row in rows:
        for vehicle in asked:
            if type_of(vehicle) == row["vehicle"]:
                fixed = 0.0 if is_reserved(vehicle) else row["fixed_eur"]
                out.append({**row, "vehicle": vehicle, "fixed_eur": fixed})
    return out
