"""Models of a company: which one counts, what it holds, and what it says. Private to the company, always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlmodel import col, select

from groupage.v1 import forecasts_pb2
from server import lanes, learning
from server import synchronization as steps
from server.faults import Fault
from server.services.standard import Kind
from server.store.tables import BlobRow, Record

if TYPE_CHECKING:
    from datetime import date

    from forecasting.forecast import Forecast
    from server.store import Reading, Transaction
    from server.viewer import Viewer

Model = forecasts_pb2.ForecastModel


def _deletable(tx: Transaction, viewer: Viewer, record: Record) -> None:
    """Refuse while it is trained; forget what it holds with it."""
    if record.state == Model.State.Name(Model.TRAINING):
        running = select(Record.name).where(Record.kind == steps.OPERATION.kind, Record.parent == record.name)
        with tx.reading() as session:
            operation = session.exec(running).first()
        raise Fault("OPERATION_RUNNING", metadata={"operation": operation or ""})
    tx.connection.execute(delete(BlobRow).where(col(BlobRow.digest) == blob_of(record.name)))


FORECAST_MODEL = Kind(
    "forecast_model",
    Model,
    "forecastModels",
    "forecast_model",
    filters=("state", "create_time"),
    columns=lambda m: {"state": Model.State.Name(m.state)},
    deletable=_deletable,
)


def blob_of(model: str) -> str:
    """Key of a model's content: by its name, since what two companies' models hold is two, however alike."""
    return f"model:{model}"


def newest(session: Reading, company: str) -> Record | None:
    """The model that counts: the newest one that is READY."""
    query = (
        select(Record)
        .where(
            Record.kind == FORECAST_MODEL.kind,
            Record.parent == f"companies/{company}",
            Record.state == Model.State.Name(Model.READY),
        )
        .order_by(col(Record.created_at).desc(), col(Record.name).desc())
    )
    return session.exec(query.limit(1)).first()


def content_of(session: Reading, model: str) -> bytes:
    """What a model holds; for the service's eyes.

    Raises
    ------
    Fault
        MODEL_MISSING, if it was deleted meanwhile.
    """
    row = session.get(BlobRow, blob_of(model))
    if row is None:
        raise Fault("MODEL_MISSING")
    return row.body


def forecast_of(
    session: Reading, company: str, today: date, horizon_days: int, paths: int = learning.PATHS
) -> Forecast | None:
    """Sample paths of a company's lanes from the first day without known demand, by the model that counts.

    For the engine: what comes out is the company's own, and is shown to nobody else. Takes long enough to be called in
    a worker only, with a session that reads for the service.

    Parameters
    ----------
    paths
        All companies draw with an equal generator, so that their paths belong together.

    Returns
    -------
        By lane (`server.lanes.lane_id`); None where there is no model that is READY, or no demand.
    """
    record = newest(session, company)
    frame = lanes.frame_of(lanes.rows_of(session, company), today)
    if record is None or frame is None:
        return None
    return learning.forecast(content_of(session, record.name), frame, horizon_days, paths)[0]
