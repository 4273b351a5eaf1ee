"""AutoETS: each series' own exponential smoothing, chosen by AICc; a strong rule for series that go their own way.

Needs statsforecast, which groupage does not install by itself: ``pip install 'groupage[ets]'``.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from forecasting.history import read_history
from forecasting.moving_average import moving_means
from forecasting.panel import Panel, panel_from_state
from forecasting.rules import FittedRule, level_paths, shuffled
from groupage.errors import MissingLibraryError, PolicyError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.model_state import ModelState

# Longer seasons have too many parameters: ETS leaves them out (Hyndman and Athanasopoulos 2021, 8.5).
MAX_SEASON = 24
# Fewer observations than this give the parameters of no model, and a mean in their place.
MIN_OBSERVED = 8
# The intervals that are asked of statsforecast, in per cent, and the levels of their ends and of the middle.
INTERVALS = (50, 80, 90, 98)
ENDS = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])


class AutoETS:
    """Exponential smoothing with the error, trend and season that suit each series best.

    A model is estimated anew for every forecast, from all that is known then. Quantiles are those of its own prediction
    intervals; that series rise and fall together comes from the errors of a moving average
    (`forecasting.rules.shuffled`).

    Parameters
    ----------
    season
        Periods in a season, the history's own if ``None``; 1 for none.
    """

    name: str = "auto_ets"

    def __init__(self, season: int | None = None) -> None:
        if season is not None and season < 1:
            raise PolicyError([Problem("forecaster auto_ets", "season", str(season), "at least 1 period")])
        self.season = season

    def fit(self, history: pd.DataFrame | Panel, seed: int) -> FittedRule:
        """Keep the history; nothing is drawn, so the seed plays no part.

        Raises
        ------
        InputError
            Where the frame breaks the contract of `forecasting.history`.
        MissingLibraryError
            Where statsforecast is not installed.
        """
        _statsforecast()
        return FittedRule(self, read_history(history))

    def restore(self, state: ModelState) -> FittedRule:
        """Put a fitted one together again."""
        _statsforecast()
        return FittedRule(AutoETS(**state.spec["settings"]), panel_from_state(state.spec["history"], state.arrays))

    def settings(self) -> dict[str, Any]:
        """Give the keyword arguments that make this rule."""
        return {"season": self.season}

    def sample(self, known: Panel, horizon: int, paths: int, rng: Generator) -> NDArray[np.float64]:
        """Sample paths for the periods after a panel."""
        season = self.season or known.season
        demand, scale = known.observed(), known.scale()
        template = level_paths(known, moving_means(demand, season), horizon, paths, rng)
        values = template.copy()
        levels = (np.arange(paths) + 0.5) / paths
        for row in range(len(demand)):
            # In units of each series' usual demand, so that what is chosen does not hang on the unit.
            own = demand[row] / (scale[row] or 1.0)
            own = own[np.flatnonzero(~np.isnan(own))[0] :] if not np.isnan(own).all() else own[:0]
            if len(own) < MIN_OBSERVED or np.ptp(own[~np.isnan(own)]) == 0:
                continue
            ends = _quantiles(_filled(own, season), season, horizon)
            values[row] = scale[row] * np.maximum(_between(ends, levels), 0.0)
        return shuffled(values, template)


def _statsforecast() -> Any:
    """Load the model class."""
    try:
        from statsforecast import models
    except ImportError as error:
        raise MissingLibraryError(
            "The forecaster auto_ets needs statsforecast, which is not installed: `pip install 'groupage[ets]'`; or "
            "choose another forecaster, such as seasonal_naive."
        ) from error
    return models.AutoETS


def _filled(own: NDArray[np.float64], season: int) -> NDArray[np.float64]:
    """Put the last season's figure, or else the mean, in the place of unknown ones: smoothing knows no gaps."""
    missing = np.flatnonzero(np.isnan(own))
    filled, usual = own.copy(), np.nanmean(own)
    for place in missing:
        filled[place] = filled[place - season] if place >= season else usual
    return filled


def _quantiles(own: NDArray[np.float64], season: int, horizon: int) -> NDArray[np.float64]:
    """Quantiles of one series at `ENDS`, shape ``(levels, horizon)``."""
    usable = season if season <= MAX_SEASON and len(own) >= 2 * season else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = _statsforecast()(season_length=usable).forecast(own, horizon, level=list(INTERVALS))
    lower = [told[f"lo-{level}"] for level in reversed(INTERVALS)]
    upper = [told[f"hi-{level}"] for level in INTERVALS]
    return np.asarray(np.stack([*lower, told["mean"], *upper]), dtype=np.float64)


def _between(ends: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles at any levels, straight between the ends on normal paper; shape ``(horizon, levels)``."""
    sought, known = ndtri(levels), ndtri(ENDS)
    place = np.clip(np.searchsorted(known, sought) - 1, 0, len(known) - 2)
    share = (sought - known[place]) / (known[place + 1] - known[place])
    return np.asarray(((1 - share)[:, None] * ends[place] + share[:, None] * ends[place + 1]).T)
