from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from groupage.v1 import hubs_pb2
from server import plan
from server.durable import agreement
from server.plan import Hold
from server.services.kinds import HUB
from server.services.standard import insert_record
from server.store.tables import CommitmentRow

START = datetime(2030, 5, 6, tzinfo=UTC)
DOCK = "companies/dock/hubs/one"


def slot(key, hour, quantity=1.0):
    at = START + timedelta(hours=hour)
    return Hold(key, "dock", DOCK, at, at + timedelta(minutes=30), quantity)


@pytest.mark.parametrize(("hour", "fits"), [(8, False), (11, True)])
def test_two_plans_cannot_have_the_same_dock(store, monkeypatch, hour, fits):
    """What another plan has booked since leaves no room in that hour, and is no matter in others."""
    market = SimpleNamespace(start=START, horizon_min=1440.0, vehicles={})
    case = SimpleNamespace(
        name="pools/p/synchronizations/b", freeze=SimpleNamespace(market=market), settlement=SimpleNamespace(loads=())
    )
    monkeypatch.setattr(plan, "holds", lambda freeze, settlement: (slot("mine", 8), slot("mine-too", 8)))

    def put(tx):
        hub = hubs_pb2.Hub(name=DOCK, dock_slots_per_hour=2)
        insert_record(tx, HUB, hub, parent="companies/dock", company="dock")
        theirs = slot("theirs", hour)
        row = {
            "synchronization": "pools/p/synchronizations/a",
            "id": theirs.id,
            "company": "dock",
            "good": DOCK,
            "quantity": 1.0,
            "since": theirs.since,
            "until": theirs.until,
        }
        tx.connection.execute(insert(CommitmentRow), [row])
        return agreement._fits(tx, case)

    assert store.transact(put) is fits
