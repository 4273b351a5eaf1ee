"""Joint sample paths: each series' own quantiles, put together in the order in which the past put them.

The Schaake shuffle: a path takes after one stretch of the past, its template. Where a series then stood high among all
templates, it stands as high among its paths. So paths keep the correlation between series, lanes, products and owners,
and from one period to the next, while each period's paths are exactly the quantiles that were forecast. Sums of paths
are joint demand: of a factory, a pool, a week.

Templates are drawn from the calendar alone, before anything else is drawn: owners who forecast apart, from records of
equal length and with equal generators, give the same number to the same stretch of the past, and their paths may be
added one by one.

Sources
-------
Clark, Gangopadhyay, Hay, Rajagopalan and Wilby 2004, The Schaake shuffle, Journal of Hydrometeorology 5, 243-262.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from forecasting.levels import read_quantiles
from forecasting.resampling import draw_origins
from forecasting.seasonal_naive import WEEK

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from forecasting.panel import Panel

# Templates are at most so long, and begin at most so many periods ago.
MAX_TEMPLATE = {"D": 28, "W": 13, "MS": 6}
MAX_AGE = {"D": 730, "W": 156, "MS": 60}
# Demand is compared with what was usual around it: with the mean of so many earlier periods of the same place.
USUAL = {"D": 4, "W": 8, "MS": 6}


def draw_templates(panel: Panel, horizon: int, paths: int, rng: Generator) -> NDArray[np.intp]:
    """Columns that paths take after, from the calendar alone.

    Returns
    -------
        Shape ``(horizon, paths)``; -1 where the record is too short for any.
    """
    kind = panel.freq.partition("-")[0]
    step = panel.season if panel.season <= WEEK else 1
    length = min(horizon, MAX_TEMPLATE[kind], max(1, panel.periods // 3))

    def origins(ahead: int) -> NDArray[np.intp]:
        # From the newest stretch that lies in the record back, at the same place of the week.
        newest = (
            (panel.periods - length - (panel.periods - length - panel.periods - ahead) % step)
            if step > 1
            else (panel.periods - length)
        )
        found = np.arange(newest, max(panel.periods - MAX_AGE[kind], step) - 1, -step)
        return found if len(found) else np.array([-1])

    drawn = draw_origins(origins, horizon, length, paths, rng)
    ahead = np.arange(horizon)
    start = drawn[ahead // length]
    return np.where(start < 0, -1, start + (ahead % length)[:, None])


def joint_paths(panel: Panel, quantiles: NDArray[np.float64], templates: NDArray[np.intp]) -> NDArray[np.float64]:
    """Put quantiles in the order of their templates.

    Parameters
    ----------
    quantiles
        At `forecasting.levels.LEVELS`, shape ``(levels, series, horizon)``.
    templates
        As `draw_templates` gives them.

    Returns
    -------
        Shape ``(series, horizon, paths)``.
    """
    horizon, paths = templates.shape
    unusual = _anomaly(panel)
    sampled = np.empty((len(panel.series), horizon, paths))
    at = (np.arange(paths) + 0.5) / paths
    for row in range(len(panel.series)):
        past = unusual[row]
        # Ties are broken by chance of the series' own, the same whatever other series are forecast with it: it hangs on
        # the series' past alone, rounded so that its unit plays no part.
        own = np.random.default_rng([zlib.crc32(np.round(np.nan_to_num(past, nan=-1.0), 6).tobytes()), 7])
        mixed = np.argsort(own.random(paths))
        chance = np.argsort(mixed)
        # Places in the past's order stand for its figures: whole numbers sort fast.
        place = np.unique(past, return_inverse=True)[1]
        taken = place[templates]
        # Where nothing is known of a template, its place is anywhere.
        unknown = (templates < 0) | np.isnan(past)[templates]
        if unknown.any():
            known = np.sort(place[~np.isnan(past)])
            anywhere = known[(own.random(taken.shape) * len(known)).astype(np.intp)] if len(known) else 0
            taken = np.where(unknown, anywhere, taken)
        order = np.sort(taken * paths + chance, axis=1) % paths
        np.put_along_axis(sampled[row], mixed[order], read_quantiles(quantiles[:, row], at), axis=1)
    return sampled


def _anomaly(panel: Panel) -> NDArray[np.float64]:
    """How much higher demand was than usual at its time and place, shape ``(series, periods)``; NaN where unknown."""
    observed = panel.observed()
    step = panel.season if panel.season <= WEEK else 1
    total, count = np.zeros(observed.shape), np.zeros(observed.shape)
    for back in range(1, USUAL[panel.freq.partition("-")[0]] + 1):
        earlier = np.full(observed.shape, np.nan)
        earlier[:, back * step :] = observed[:, : observed.shape[1] - back * step]
        total += np.nan_to_num(earlier)
        count += ~np.isnan(earlier)
    scale = panel.scale()[:, None]
    unit = np.where(scale > 0, scale, 1.0)
    usual = np.where(count > 0, total / np.maximum(count, 1) / unit, 1.0)
    # A tenth of the usual size keeps a rare order from standing out without measure.
    return np.asarray((observed / unit + 0.1) / (usual + 0.1))
