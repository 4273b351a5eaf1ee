"""Is a model still good: what it would have said of the days since it learned, against what came and a naive baseline.

The model is not fitted again. It looks ahead from the beginning of each stretch of the last days, as it did for its
user, and is judged by the measures of `forecasting.evaluate`. It should learn anew (``retrain``) when one of these
holds over the whole window:

- its scaled pinball loss is above that of the seasonal naive yardstick;
- fewer than 82 % or more than 97 % of demands are at or below the quantile at .9;
- it is off by more than a fifth of the demand, one way or the other;
- more than half of the lanes that have a scale do worse with it than with the yardstick;
- more than a fifth of the lanes are new since it learned.

Nothing is said of fewer than 30 known figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.evaluate import (
    DEFAULT_PATHS,
    YARDSTICK,
    by_forecaster,
    by_group,
    fold_at,
    forecast_rows,
    yardstick_rows,
)
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from forecasting.evaluate import LooksAhead
    from forecasting.panel import Panel

MODEL = "model"
MIN_FIGURES = 30
COVERED_90 = (0.82, 0.97)
MAX_BIAS = 0.2
MAX_LOSING = 0.5
MAX_NEW = 0.2
HORIZONS = {"D": 7, "W": 4, "MS": 3}
DEFAULT_STRETCHES = 8


@dataclass(frozen=True, eq=False)
class Monitoring:
    """How a model did of late.

    Attributes
    ----------
    first, last
        First and last period of the window.
    figures
        Known figures in it, over all lanes.
    measures
        Of the ``model`` and of the ``seasonal_naive`` yardstick.
    lanes
        The same per lane.
    reasons
        Why it should learn anew, in plain words; none where it need not.
    """

    first: date
    last: date
    horizon: int
    figures: int
    measures: dict[str, dict[str, Any]]
    lanes: dict[str, dict[str, Any]]
    reasons: tuple[str, ...]

    @property
    def retrain(self) -> bool:
        """Whether the model should learn anew."""
        return bool(self.reasons)


def monitor(
    fitted: LooksAhead,
    known: Panel,
    learned: date,
    *,
    seed: int,
    new_lanes: int = 0,
    horizon: int | None = None,
    window: int | None = None,
    paths: int = DEFAULT_PATHS,
    progress: Callable[[int, int, str], None] = lambda done, total, word: None,
) -> Monitoring:
    """Judge a fitted model by the periods since it learned.

    Parameters
    ----------
    known
        Everything known now, from the model's own history on.
    learned
        First period that it had not yet seen when it learned; nothing earlier is judged.
    new_lanes
        How many of the lanes it did not know then.
    horizon
        Periods that it looks ahead each time; a week of days, four weeks or three months if ``None``.
    window
        Periods to judge at most, the last ones; eight times the horizon if ``None``.

    Raises
    ------
    InputError
        Where nothing is known from ``learned`` on, or less than one horizon.
    """
    horizon = horizon or HORIZONS[known.freq.partition("-")[0]]
    window = window or DEFAULT_STRETCHES * horizon
    since = known.periods - known.column(learned)
    stretches = min(since, window) // horizon
    if stretches < 1:
        said = f"{max(since, 0)} periods since it learned ({learned})"
        raise InputError([Problem("monitor", "recent", said, f"at least one horizon of {horizon}, within the window")])
    rows: list[pd.DataFrame] = []
    for number in range(stretches):
        progress(number, stretches, "")
        fold = fold_at(known, known.periods - (stretches - number) * horizon, horizon, number)
        forecast = fitted.forecast(fold.known, horizon, paths, np.random.default_rng([seed, number]))
        rows += [forecast_rows(MODEL, fold, forecast), yardstick_rows(fold)]
    progress(stretches, stretches, "")
    table = pd.concat(rows, ignore_index=True)
    told = by_forecaster(table)
    lanes = by_group(table, "unique_id")
    figures = int(table.loc[table["forecaster"] == MODEL, "periods"].sum())
    begins, ends = known.dates(np.array([known.periods - stretches * horizon, known.periods - 1])).tolist()
    reasons = _reasons(told, lanes, new_lanes) if figures >= MIN_FIGURES else ()
    return Monitoring(begins, ends, horizon, figures, told, lanes, tuple(reasons))


def _reasons(told: dict[str, Any], lanes: dict[str, dict[str, Any]], new_lanes: int) -> list[str]:
    """Tell in plain words which rules say that the model should learn anew."""
    model, naive = told[MODEL], told[YARDSTICK]
    reasons = []
    if model["spl"] is not None and model["spl"] > naive["spl"]:
        reasons.append(f"its loss ({model['spl']:.3f}) is above that of the naive rule ({naive['spl']:.3f})")
    covered = model["coverage"]["0.9"]
    if not COVERED_90[0] <= covered <= COVERED_90[1]:
        kept = f"{COVERED_90[0]:.0%} to {COVERED_90[1]:.0%}"
        reasons.append(f"{covered:.1%} of demands are within its 90 % quantile, expected {kept}")
    if model["bias"] is not None and abs(model["bias"]) > MAX_BIAS:
        side = "more" if model["bias"] > 0 else "less"
        reasons.append(f"it says {abs(model['bias']):.0%} {side} than came, expected at most {MAX_BIAS:.0%}")
    pairs = [(lane[MODEL]["spl"], lane[YARDSTICK]["spl"]) for lane in lanes.values() if lane[MODEL]["spl"] is not None]
    losing = sum(own > other for own, other in pairs)
    if losing > MAX_LOSING * len(pairs):
        reasons.append(f"{losing} of {len(pairs)} lanes do worse with it than with the naive rule")
    if new_lanes > MAX_NEW * len(lanes):
        reasons.append(f"{new_lanes} of {len(lanes)} lanes are new since it learned")
    return reasons
