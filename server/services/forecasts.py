"""`groupage.v1.Forecasts`: models of one's own demand, and what they say. Not even the operator sees any of it."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from google.longrunning import operations_pb2
from sqlmodel import func, select

from forecasting.registry import forecaster
from groupage.errors import MissingLibraryError, PolicyError
from groupage.v1 import forecasts_pb2, forecasts_service_pb2_grpc
from server import lanes, learning, names, training
from server.children import Child, ChildDiedError
from server.faults import Fault, invalid, not_found
from server.forecast_models import FORECAST_MODEL, Model, content_of, newest
from server.services import standard
from server.store import filters, paging
from server.store.events import last_versions
from server.store.ids import new_id
from server.store.tables import DemandRow, Record
from server.store.writer import Transaction, Write, single
from server.viewer import SYSTEM, Viewer, caller

if TYPE_CHECKING:
    from google.protobuf.empty_pb2 import Empty

    from server.learning import Ahead
    from server.store import Reading, Store

log = structlog.get_logger(__name__)

DEFAULT_HORIZON_DAYS = 14
DEFAULT_LEVELS = (0.1, 0.5, 0.9)
LANE_FILTERS = ("zone", "product")
# Figures of forecasts that are kept to be asked for again: 64 MB.
MOST_KEPT = 8_000_000
# What a client may ask of a forecaster's parameters, so that one training does not hold the others up.
MOST = {"horizon": 366, "trees": 2_000, "threads": 1}


class Forecasts(forecasts_service_pb2_grpc.ForecastsServicer):
    """Models and lane forecasts of the caller's company."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looking = _Looking()

    def close(self) -> None:
        """End the process that looks ahead; it ends with the server as well."""
        self._looking.close()

    async def TrainForecastModel(self, request: Any, context: Any) -> Any:
        """Check, store a model to be trained, and begin."""
        _must_be(caller(), request.parent)
        chosen = _chosen(request)
        name = f"{request.parent}/forecastModels/{request.forecast_model_id or new_id()}"
        payload = (request, name, chosen, new_id())
        write = standard.write("TrainForecastModel", request, _train, payload=payload, resources=[name])
        operation = operations_pb2.Operation.FromString(await self._store.write(write))
        if not request.validate_only:
            # Whoever finds it not done after a crash does it again: see `training.resume`.
            training.begin(self._store, operation.name)
        return operation

    async def GetForecastModel(self, request: Any, context: Any) -> Any:
        """One model."""
        _must_be(caller(), request.name)
        return await standard.get(self._store, FORECAST_MODEL, request.name)

    async def ListForecastModels(self, request: Any, context: Any) -> Any:
        """The caller's models, in pages."""
        _must_be(caller(), request.parent)
        return await standard.listed(self._store, FORECAST_MODEL, request, forecasts_pb2.ListForecastModelsResponse)

    async def DeleteForecastModel(self, request: Any, context: Any) -> Empty:
        """Delete one model with what it holds."""
        _must_be(caller(), request.name)
        return await standard.delete(self._store, FORECAST_MODEL, request)

    async def GetLaneForecast(self, request: Any, context: Any) -> Any:
        """One lane's forecast."""
        viewer = caller()
        _must_be(viewer, request.name)
        told = await self._ahead(viewer, request)
        wanted = names.split(request.name).id
        if wanted not in told.place:
            raise not_found(request.name)
        return told.message(told.place[wanted])

    async def ListLaneForecasts(self, request: Any, context: Any) -> Any:
        """Forecasts of the company's lanes, in pages."""
        viewer = caller()
        _must_be(viewer, request.parent)
        wanted = filters.parse(request.filter, forecasts_pb2.LaneForecast, LANE_FILTERS)
        size, after = paging.size_of(request), paging.after(request) or ""
        told = await self._ahead(viewer, request)
        answer, room = forecasts_pb2.ListLaneForecastsResponse(), paging.MOST_BYTES
        for lane, row in told.place.items():
            if lane <= after or not filters.matches(wanted, told.named(row)):
                continue
            message = told.message(row)
            room -= message.ByteSize()
            if len(answer.lane_forecasts) == size or (answer.lane_forecasts and room < 0):
                last = names.split(answer.lane_forecasts[-1].name).id
                answer.next_page_token = paging.token(request, last)
                break
            answer.lane_forecasts.append(message)
        return answer

    async def _ahead(self, viewer: Viewer, request: Any) -> _Told:
        horizon = request.horizon_days or DEFAULT_HORIZON_DAYS
        levels = tuple(sorted(request.levels)) or DEFAULT_LEVELS
        today = self._store.now().date()

        def state(session: Reading) -> tuple[str, int, int]:
            record = newest(session, viewer.company)
            if record is None:
                raise Fault("MODEL_MISSING")
            stream = f"{viewer.name}/demand"
            return record.name, record.version, last_versions(session.connection(), [stream]).get(stream, 0)

        model, version, demand = await self._store.read(viewer, state)
        key = (model, version, demand, today, horizon, levels)

        def make() -> _Told:
            content = self._store.look(SYSTEM, lambda session: content_of(session, model))
            rows = self._store.look(viewer, lambda session: lanes.rows_of(session, viewer.company))
            frame = lanes.frame_of(rows, today)
            if frame is None:
                raise Fault("MODEL_MISSING")
            found = self._looking.compute(content, frame, horizon, levels)
            return _Told(viewer.company, model, self._store.now(), levels, found)

        # In a thread that may wait: those of the store are for short reads.
        return await asyncio.to_thread(self._looking.once, key, make)


class _Told:
    """A forecast of a company's lanes, to be put into messages lane by lane."""

    def __init__(self, company: str, model: str, at: Any, levels: tuple[float, ...], ahead: Ahead) -> None:
        self._company, self._model, self._at, self._levels, self._ahead = company, model, at, levels, ahead
        self.place = {lane: row for row, lane in enumerate(ahead.lanes)}

    @property
    def figures(self) -> int:
        """How many it holds."""
        return int(self._ahead.mean.size + self._ahead.quantiles.size)

    def named(self, row: int) -> Any:
        """A lane without figures."""
        ahead = self._ahead
        return forecasts_pb2.LaneForecast(
            name=f"companies/{self._company}/laneForecasts/{ahead.lanes[row]}",
            zone=ahead.zone[row],
            product=ahead.product[row],
            forecast_model=self._model,
        )

    def message(self, row: int) -> Any:
        """A lane's forecast."""
        ahead, message = self._ahead, self.named(row)
        message.create_time.FromDatetime(self._at)
        first = date.fromisoformat(ahead.first_day)
        for number, mean in enumerate(ahead.mean[row]):
            told = message.days.add(mean_pallets=mean)
            day = first + timedelta(days=number)
            told.day.year, told.day.month, told.day.day = day.year, day.month, day.day
            for level, pallets in zip(self._levels, ahead.quantiles[:, row, number], strict=True):
                told.quantiles.add(level=level, pallets=pallets)
        judged = ahead.accuracy.get(ahead.lanes[row])
        if judged is not None:
            accuracy = message.accuracy
            accuracy.tested_days = judged["periods"]
            accuracy.mean_absolute_error_pallets = judged["absolute_error"]
            accuracy.bias_pallets = judged["bias"]
            accuracy.coverage_80_percent = 100 * judged["coverage"]
            if judged["absolute_error_share"] is not None:
                accuracy.absolute_error_percent = 100 * judged["absolute_error_share"]
            if judged["skill"] is not None:
                accuracy.skill_percent = 100 * judged["skill"]
        return message


class _Looking:
    """A process that looks ahead, and what it found lately; from any thread."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._computing, self._keeping = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[Any, _Told] = OrderedDict()

    def once(self, key: Any, make: Any) -> _Told:
        """What was found for a key, or is made now: once, however many ask for it at a time."""
        if (told := self._known(key)) is None:
            with self._computing:
                told = self._known(key) or make()
                self._keep(key, told)
        return told

    def _known(self, key: Any) -> _Told | None:
        with self._keeping:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Any, told: _Told) -> None:
        with self._keeping:
            self._kept[key] = told
            while len(self._kept) > 1 and sum(t.figures for t in self._kept.values()) > MOST_KEPT:
                self._kept.popitem(last=False)

    def close(self) -> None:
        """End the process."""
        with self._computing:
            if self._child is not None:
                self._child.close()
            self._child = None

    def compute(self, *args: Any) -> Ahead:
        """Look ahead in the process; a new one, where the last one died."""
        try:
            return self._call(*args)
        except ChildDiedError:
            log.warning("the process that looks ahead died; another one tries")
            return self._call(*args)

    def _call(self, *args: Any) -> Ahead:
        child = self._child = self._child or Child()
        try:
            found: Ahead = child.call(learning.look_ahead, *args)
        except ChildDiedError:
            child.close()
            self._child = None
            raise
        return found


def _must_be(viewer: Viewer, name: str) -> None:
    """Refuse everybody but the company itself, the operator included; what there is, nobody learns from it."""
    if not viewer.company or names.company_of(name) != viewer.company:
        raise not_found(name)


def _chosen(request: Any) -> Any:
    """The forecaster that was asked for, after a check that it is one.

    Raises
    ------
    Fault
        POLICY_INVALID, or INVALID_FIELD of a last day that is none.
    """
    given = forecasts_pb2.TrainForecastModelRequest().forecaster
    given.CopyFrom(request.forecaster)
    given.name = given.name or "lightgbm"
    params = {name: getattr(p, p.WhichOneof("value")) for name, p in sorted(given.params.items())}
    for key, most in MOST.items():
        if isinstance(params.get(key), int | float) and params[key] > most:
            wrong = f"at most {most}; it is {params[key]}"
            raise Fault("POLICY_INVALID", violations=[(f"forecaster.params[{key}]", wrong)])
    try:
        forecaster(given.name, params)
    except (PolicyError, MissingLibraryError) as error:
        raise Fault("POLICY_INVALID", violations=[("forecaster", str(error))]) from None
    return given


def _day(message: Any) -> date:
    try:
        return date(message.year, message.month, message.day)
    except ValueError:
        raise invalid(("last_day", "a day of the calendar")) from None


def _train_one(tx: Transaction, write: Write) -> bytes:
    request, name, chosen, operation_id = write.payload
    company = write.viewer.company
    until = tx.now.date() + timedelta(days=1)
    if request.HasField("last_day"):
        until = min(until, _day(request.last_day))
    tx.lock(f"training:{company}")
    with tx.reading() as session:
        owner, taken = session.get(Record, request.parent), session.get(Record, name)
    if owner is None:
        raise not_found(request.parent)
    if taken is not None:
        raise Fault("NAME_TAKEN", metadata={"name": name})
    if operation := training.running(tx, company):
        raise Fault("OPERATION_RUNNING", metadata={"operation": operation})
    first, last = _span(tx, company, until)
    days = (last - first).days + 1 if first and last else 0
    if first is None or last is None or days < learning.NEEDED_DAYS:
        raise Fault("HISTORY_MISSING", metadata={"days": days, "needed_days": learning.NEEDED_DAYS})
    model = Model(name=name, forecaster=chosen, state=Model.TRAINING)
    for field, day in ((model.first_day, first), (model.last_day, last)):
        field.year, field.month, field.day = day.year, day.month, day.day
    return bytes(training.stored(tx, model, company, operation_id, tx.now).SerializeToString())


_train = single(_train_one)


def _span(tx: Transaction, company: str, until: date) -> tuple[date | None, date | None]:
    """First and last day with known demand, up to a day, of what is learned from."""
    known = select(func.min(DemandRow.day), func.max(DemandRow.day)).where(
        DemandRow.company == company,
        DemandRow.pallets.is_not(None),  # type: ignore[union-attr]
        DemandRow.day <= until.isoformat(),
    )
    last: Any = tx.connection.execute(known).one()[1]
    if last is None:
        return None, None
    end = date.fromisoformat(last)
    oldest = end - timedelta(days=lanes.OLDEST_DAYS - 1)
    first: Any = tx.connection.execute(known.where(DemandRow.day >= oldest.isoformat())).one()[0]
    return date.fromisoformat(first), end
