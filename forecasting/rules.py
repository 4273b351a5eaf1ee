"""What forecasters share that estimate nothing beforehand: they keep the history and look ahead from it when asked.

Such a rule answers with one figure for all periods to come (a level), or with quantiles. Either way its sample paths
take after the errors of past levels, drawn in whole blocks (`forecasting.resampling`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from forecasting.forecast import Forecast
from forecasting.history import read_history
from forecasting.model_state import ModelState
from forecasting.panel import Panel, extend, panel_state
from forecasting.resampling import add_blocks, draw_origins, fill_missing
from forecasting.seasonal_naive import MAX_BLOCK, MAX_ORIGINS, WEEK

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray


class Rule(Protocol):
    """A way to look ahead from what is known.

    Attributes
    ----------
    name
        As registered.
    """

    name: str

    def settings(self) -> Mapping[str, Any]:
        """Give the keyword arguments that make this rule, in JSON's own types."""
        ...

    def sample(self, known: Panel, horizon: int, paths: int, rng: Generator) -> NDArray[np.float64]:
        """Sample paths for the periods after a panel, shape ``(series, horizon, paths)``, never negative."""
        ...


class FittedRule:
    """A history, and a rule's way to look ahead from it.

    Parameters
    ----------
    rule
        What looks ahead.
    history
        What it knows so far.
    """

    def __init__(self, rule: Rule, history: Panel) -> None:
        self._rule = rule
        self._history = history

    def forecast(self, recent: pd.DataFrame | Panel, horizon: int, paths: int, rng: Generator) -> Forecast:
        """Forecast the periods that follow ``recent`` for every series of the history or of ``recent``.

        Raises
        ------
        InputError
            Where ``recent`` breaks the contract of `forecasting.history`.
        """
        known = self._known(recent)
        sampled = self._rule.sample(known, horizon, paths, rng)
        sampled[known.closed(known.periods + horizon)[:, known.periods :]] = 0.0
        return Forecast(known.series, known.next_period, sampled, known.freq)

    def update(self, recent: pd.DataFrame | Panel) -> FittedRule:
        """Take in what came since."""
        return FittedRule(self._rule, self._known(recent))

    def state(self) -> ModelState:
        """Take itself apart."""
        spec, arrays = panel_state(self._history)
        return ModelState(self._rule.name, {"history": spec, "settings": dict(self._rule.settings())}, arrays=arrays)

    def _known(self, recent: pd.DataFrame | Panel) -> Panel:
        return extend(self._history, read_history(recent, "recent", like=self._history))


def level_paths(
    known: Panel, levels: NDArray[np.float64], horizon: int, paths: int, rng: Generator
) -> NDArray[np.float64]:
    """Sample paths around a level: the last one, with the errors that earlier ones had.

    Levels are flat, so their errors hold the week's pattern; origins a week apart put each weekday in its place.

    Parameters
    ----------
    levels
        Shape ``(series, periods + 1)``: column ``t`` is the level that is told from the first ``t`` columns.

    Returns
    -------
        Shape ``(series, horizon, paths)``.
    """
    demand = known.observed()
    step = known.season if known.season <= WEEK else 1
    length = min(step * -(-min(horizon, MAX_BLOCK) // step), (known.periods - step) // step * step)
    if length >= 1:
        origins = np.arange(known.periods - length, step - 1, -step)[:MAX_ORIGINS]
        errors = np.stack([demand[:, o : o + length] - levels[:, o : o + 1] for o in origins])
        # A closed period is no error: it is known beforehand.
        closed = known.closed(known.periods)
        errors[np.stack([closed[:, o : o + length] for o in origins])] = 0.0
        errors[np.isnan(known.demand[:, origins - 1]).T] = np.nan
    else:
        errors = (demand - levels[:, -1:]).T[:, :, None]
    drawn = draw_origins(lambda _: np.arange(len(errors)), horizon, errors.shape[2], paths, rng)
    scale = known.scale()
    scaled = fill_missing(errors / np.where(scale > 0, scale, 1.0)[None, :, None], rng)
    point = np.repeat(levels[:, -1:], horizon, axis=1)
    return add_blocks(point, scaled * scale[None, :, None], drawn)


def shuffled(values: NDArray[np.float64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put values in the order of a template along the last axis: a Schaake shuffle (Clark et al. 2004).

    Paths that come from each series' own distribution then rise and fall together as the template's do.

    Parameters
    ----------
    values, template
        The same shape, ``(series, horizon, paths)``.
    """
    order = np.argsort(template, axis=-1, kind="stable")
    result = np.empty_like(values)
    np.put_along_axis(result, order, np.sort(values, axis=-1), axis=-1)
    return result
