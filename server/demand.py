"""How demand history is written: one record a series and day, the last one counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from groupage.v1 import demand_pb2
from server import bulk
from server.faults import Fault
from server.store.moments import to_us
from server.store.tables import DemandRow
from server.store.writer import Transaction, Write, single

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from groupage.v1.demand_pb2 import DemandRecord

KEY = tuple_(col(DemandRow.zone), col(DemandRow.product), col(DemandRow.day))

Key = tuple[str, str, str]


def record_of(row: DemandRow) -> DemandRecord:
    """The contract's record of a row."""
    record = demand_pb2.DemandRecord(zone=row.zone, product=row.product, promotion=row.promotion)
    day = date.fromisoformat(row.day)
    record.day.year, record.day.month, record.day.day = day.year, day.month, day.day
    if row.pallets is not None:
        record.pallets = row.pallets
    return record


def _key(record: DemandRecord) -> Key:
    return record.zone, record.product, f"{record.day.year:04d}-{record.day.month:02d}-{record.day.day:02d}"


def _known(tx: Transaction, company: str, keys: Sequence[Key]) -> int:
    """How many of the keys are stored: asked by series, since a chunk is mostly days of few series."""
    wanted, days = set(keys), [k[2] for k in keys]
    found = 0
    for zone, product in sorted({k[:2] for k in keys}):
        query = select(DemandRow.day).where(
            DemandRow.company == company,
            DemandRow.zone == zone,
            DemandRow.product == product,
            DemandRow.day >= min(days),
            DemandRow.day <= max(days),
        )
        found += sum((zone, product, day) in wanted for (day,) in tx.connection.execute(query))
    return found


def _put(tx: Transaction, company: str, records: Mapping[Key, DemandRecord]) -> tuple[int, int]:
    """Store records; answers how many were new, and how many took another's place."""
    if not records:
        return 0, 0
    replaced = _known(tx, company, list(records))
    now = to_us(tx.now)
    rows = [
        {
            "company": company,
            "zone": zone,
            "product": product,
            "day": day,
            "pallets": record.pallets if record.HasField("pallets") else None,
            "promotion": record.promotion,
            "updated_at": now,
        }
        for (zone, product, day), record in records.items()
    ]
    dialect: Any = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    put = dialect.insert(DemandRow)
    fresh = {name: put.excluded[name] for name in ("pallets", "promotion", "updated_at")}
    key = ["company", "zone", "product", "day"]
    tx.connection.execute(put.on_conflict_do_update(index_elements=key, set_=fresh), rows)
    tx.append(f"companies/{company}/demand", "stored", str(len(rows)).encode(), company=company)
    return len(rows) - replaced, replaced


def _submit_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    faults = bulk.demand_faults(request.records)
    for line in sorted(faults):
        fault = faults[line]
        wrong = [(f"records[{line}].{field}".rstrip("."), expected) for field, expected in fault.violations]
        raise Fault(fault.reason, f"records[{line}]", metadata=fault.metadata, violations=wrong)
    company = request.parent.removeprefix("companies/")
    created, replaced = _put(tx, company, {_key(r): r for r in request.records})
    return bytes(demand_pb2.SubmitDemandResponse(created=created, replaced=replaced).SerializeToString())


submit = single(_submit_one)


def _upload_one(tx: Transaction, write: Write) -> bytes:
    request = write.payload
    faults = bulk.demand_faults(request.records)
    good = {_key(r): r for line, r in enumerate(request.records) if line not in faults}
    created, replaced = _put(tx, request.parent.removeprefix("companies/"), good)
    answer = demand_pb2.UploadDemandResponse(request_id=write.request_id, created=created, replaced=replaced)
    for line in sorted(faults):
        answer.failures.add(line=line).status.CopyFrom(faults[line].status())
    return bytes(answer.SerializeToString())


upload = single(_upload_one)
