import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from groupage.v1 import fleets_pb2, hubs_pb2
from server import plan
from server.durable import agreement
from server.plan import Hold
from server.services.kinds import HUB, VEHICLE_TYPE
from server.services.standard import insert_record
from server.store import Store
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
        name="pools/p/synchronizations/b",
        freeze=SimpleNamespace(market=market, reserving=(), reserving_from=None, reserving_to=None),
        settlement=SimpleNamespace(loads=()),
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


@pytest.mark.parametrize("good", ["dock", "vehicle"])
def test_of_two_workers_at_once_one_has_the_last(store, store_url, monkeypatch, good):
    """Two plans that need the last slot, or the last vehicle, are committed at the same moment: one of them fits."""
    vehicle = "companies/dock/vehicleTypes/rigid"
    what = DOCK if good == "dock" else vehicle
    second = Store(store_url)
    mine = Hold("mine", "dock", what, START + timedelta(hours=8), START + timedelta(hours=9), 1.0)
    loads = () if good == "dock" else (SimpleNamespace(vehicle=vehicle),)
    monkeypatch.setattr(plan, "holds", lambda freeze, settlement: (mine,))

    def put(tx):
        insert_record(tx, HUB, hubs_pb2.Hub(name=DOCK, dock_slots_per_hour=1), parent="companies/dock", company="dock")
        one = fleets_pb2.VehicleType(name=vehicle, count=1)
        insert_record(tx, VEHICLE_TYPE, one, parent="companies/dock", company="dock")

    store.transact(put)
    together, fitted = threading.Barrier(2), {}

    def commit(where, key):
        market = SimpleNamespace(start=START, horizon_min=1440.0, vehicles={})
        case = SimpleNamespace(
            name=f"pools/p/synchronizations/{key}",
            freeze=SimpleNamespace(market=market, reserving=(), reserving_from=None, reserving_to=None),
            settlement=SimpleNamespace(loads=loads),
        )

        def both(tx):
            fits = agreement._fits(tx, case)
            if fits:
                time.sleep(0.3)  # so that the other looks meanwhile, if it can
                row = {"synchronization": case.name, "id": key, "company": "dock", "good": what, "quantity": 1.0}
                tx.connection.execute(insert(CommitmentRow), [{**row, "since": mine.since, "until": mine.until}])
            return fits

        together.wait()
        fitted[key] = where.transact(both)

    threads = [threading.Thread(target=commit, args=(w, k)) for w, k in ((store, "a"), (second, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    assert sorted(fitted.values()) == [False, True]
