"""Companies with demand that they told and a model that learned from it, straight into the store."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import insert

from groupage.v1 import forecasts_pb2
from server import forecast_models, lanes, learning
from server.services.standard import insert_record
from server.store import Store, Transaction
from server.store.tables import BlobRow, DemandRow
from server.viewer import SYSTEM
from tests.server.wire import pool

LAST = pool.START.date() - timedelta(days=1)
DAYS = 70


def tell(store: Store, company: str, pallets: float, *, last: date = LAST, zone: str = "48") -> None:
    """Report an equal demand of a zone on every day."""

    def put(tx: Transaction) -> None:
        rows = [
            {
                "company": company,
                "zone": zone,
                "product": "",
                "day": (last - timedelta(days=back)).isoformat(),
                "pallets": pallets,
                "promotion": False,
                "updated_at": tx.now,
            }
            for back in range(DAYS)
        ]
        tx.connection.execute(insert(DemandRow), rows)

    store.transact(put)


def train(store: Store, company: str, forecaster: str = "moving_average") -> None:
    """Learn from all that a company has told."""
    frame = lanes.frame_of(store.look(SYSTEM, lambda s: lanes.rows_of(s, company)), store.now().date())
    assert frame is not None
    learned = learning.learn(learning.Job(forecaster, {}, lanes.past_of(frame), DAYS))
    assert learned.model
    name = f"companies/{company}/forecastModels/m1"

    def put(tx: Transaction) -> None:
        model = forecasts_pb2.ForecastModel(name=name, state=forecasts_pb2.ForecastModel.READY)
        insert_record(tx, forecast_models.FORECAST_MODEL, model, parent=f"companies/{company}", company=company)
        row = {"digest": forecast_models.blob_of(name), "kind": "model", "at": tx.now, "body": learned.model}
        tx.connection.execute(insert(BlobRow), [row])

    store.transact(put)


def forecast(store: Store, **pallets: float) -> None:
    """Give companies a demand by day and a model of it."""
    for company, volume in pallets.items():
        tell(store, company, volume)
        train(store, company)
