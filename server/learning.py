"""What the training process does, and the one that looks ahead: of their arguments alone, without a store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.accuracy import accuracies
from forecasting.history import read_history
from forecasting.model_archive import pack_model, unpack_model, without_others
from forecasting.registry import forecaster, with_horizon
from groupage.errors import MissingLibraryError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from forecasting.forecast import Forecast

# One seed for every company: their paths then take after the same days, and may be summed (`forecasting.paths`).
SEED = 0
HORIZON_DAYS = 14
FOLDS = 4
# One horizon to judge by, and another before it to learn from.
NEEDED_DAYS = 2 * HORIZON_DAYS
PATHS = 500
# Figures of all paths of a forecast together: 400 MB.
MOST_FIGURES = 50_000_000
FEWEST_PATHS = 100
# Forecasters that learn across series, and keep nothing else by series than their history.
ACROSS = frozenset({"lightgbm"})
OTHERS = "~"  # begins the ids of series of others; no lane's id does


@dataclass(frozen=True)
class Job:
    """What to learn.

    Attributes
    ----------
    frame
        Known demand, as `server.lanes.past_of` gives it; series of others begin with `OTHERS`.
    days
        Days of the own record.
    """

    forecaster: str
    params: Mapping[str, Any]
    frame: pd.DataFrame
    days: int


@dataclass(frozen=True)
class Learned:
    """What became of it: the model as bytes, or why there is none."""

    model: bytes = b""
    series: int = 0
    pooled: bool = False
    refused: str = ""


def learn(job: Job, tell: Callable[[float], None] = lambda share: None) -> Learned:
    """Judge a forecaster by a rolling origin, then fit it to everything; the same job gives the same bytes."""
    try:
        made = forecaster(job.forecaster, with_horizon(job.forecaster, job.params, HORIZON_DAYS))
        panel = read_history(job.frame, freq="D", gaps="zero")
        own = [name for name in panel.series if not name.startswith(OTHERS)]
        folds = min(FOLDS, job.days // HORIZON_DAYS - 1)
        judged = accuracies(
            panel,
            made,
            horizon=HORIZON_DAYS,
            folds=folds,
            seed=SEED,
            series=own,
            progress=lambda done, total: tell(done / (total + 1)),
        )
        state = made.fit(panel, SEED).state()
    except (PolicyError, MissingLibraryError) as error:
        return Learned(refused=str(error))
    pooled = len(own) < len(panel.series)
    if pooled:
        state = without_others(state, own)
    training = {"seed": SEED, "pooled": pooled, "accuracy": {name: asdict(a) for name, a in judged.items()}}
    return Learned(pack_model(state, training), len(own), pooled)


@dataclass(frozen=True, eq=False)
class Ahead:
    """Forecast of all lanes.

    Attributes
    ----------
    zone, product
        By lane.
    mean
        Shape ``(lanes, days)``, in pallets.
    quantiles
        Shape ``(levels, lanes, days)``.
    accuracy
        By lane, the fields of `forecasting.accuracy.Accuracy`; without those that were not judged.
    """

    lanes: tuple[str, ...]
    zone: tuple[str, ...]
    product: tuple[str, ...]
    first_day: str
    mean: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    accuracy: Mapping[str, Mapping[str, Any]]


def forecast(model: bytes, frame: pd.DataFrame, horizon: int, paths: int = PATHS) -> tuple[Forecast, dict[str, Any]]:
    """Look ahead from everything that is known, with how the model was trained."""
    state, training = unpack_model(model)
    fitted = forecaster(state.forecaster, {}).restore(state)
    panel = read_history(frame, freq="D", gaps="zero")
    return fitted.forecast(panel, horizon, paths, np.random.default_rng(SEED)), training


def known_until(frame: pd.DataFrame) -> date:
    """Last day of which the demand is known."""
    last: date = frame.loc[frame["y"].notna(), "ds"].max().date()
    return last


def expected(
    model: bytes, frame: pd.DataFrame, first: date, days: int, horizon: int, paths: int
) -> tuple[tuple[str, str, tuple[tuple[float, ...], ...]], ...]:
    """Sample paths of every lane from a day on: its zone, its product, and by day its paths.

    Parameters
    ----------
    first
        Not before the first day without known demand.
    horizon
        Days to forecast, the same for all whose paths shall belong together.
    """
    texts = frame.drop_duplicates("unique_id").set_index("unique_id")[["zone", "product"]].sort_index()
    found, _ = forecast(model, frame, horizon, paths)
    begin = (first - found.first_day).days
    own = found.paths[found.rows(tuple(map(str, texts.index)))][:, begin : begin + days]
    return tuple(
        (str(zone), str(product), tuple(tuple(day) for day in own[i].tolist()))
        for i, (zone, product) in enumerate(zip(texts["zone"], texts["product"], strict=True))
    )


def look_ahead(
    model: bytes,
    frame: pd.DataFrame,
    horizon: int,
    levels: Sequence[float],
    tell: Callable[[float], None] = lambda share: None,
) -> Ahead:
    """Look ahead, and sum up the paths of each lane of the frame."""
    texts = frame.drop_duplicates("unique_id").set_index("unique_id")[["zone", "product"]].sort_index()
    lanes = tuple(str(name) for name in texts.index)
    paths = max(FEWEST_PATHS, min(PATHS, MOST_FIGURES // (len(lanes) * horizon)))
    found, training = forecast(model, frame, horizon, paths)
    own = found.paths[found.rows(lanes)]
    return Ahead(
        lanes=lanes,
        zone=tuple(texts["zone"]),
        product=tuple(texts["product"]),
        first_day=found.first_day.isoformat(),
        mean=own.mean(axis=2),
        quantiles=np.asarray(np.quantile(own, levels, axis=2)),
        accuracy=training["accuracy"],
    )
