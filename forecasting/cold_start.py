"""Cold start: what a lane without much of a past will have, from lanes like it.

Its quantiles are those of its group's figures in their own unit: of the series that share most of its static features
(factory, lane, product, zone), all series where none does. The more of its own a series has shown, the less of the
group's it gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.panel import Panel

# A group is read from its last periods, and is one from so many series on.
WINDOW = {"D": 91, "W": 26, "MS": 12}
MIN_DONORS = 3
# So many periods of its own weigh as much as the group.
HALF = {"D": 14, "W": 8, "MS": 6}


def own_share(panel: Panel) -> NDArray[np.float64]:
    """How much of its own each series gets, from 0 without any observed period to 1."""
    seen = (~np.isnan(panel.observed())).sum(axis=1)
    half = HALF[panel.freq.partition("-")[0]]
    share = seen / (seen + half)
    # From ten times that on, a series stands by itself.
    return np.where(seen >= 10 * half, 1.0, share)


def group_quantiles(panel: Panel, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Quantiles of some series' groups in columns ahead.

    Returns
    -------
        Shape ``(levels, rows, columns)``; NaN where nobody like them has a past.
    """
    observed = panel.observed()[:, -WINDOW[panel.freq.partition("-")[0]] :]
    first = panel.periods - observed.shape[1]
    place = panel.phases(first + np.arange(observed.shape[1]))
    weekly = panel.season <= 14
    experienced = (~np.isnan(observed)).sum(axis=1) >= min(observed.shape[1], 2 * panel.season if weekly else 6)
    found = np.full((len(LEVELS), len(rows), len(columns)), np.nan)
    for number, row in enumerate(rows):
        donors = _donors(panel, int(row), experienced)
        figures = observed[donors]
        for at, phase in enumerate(panel.phases(columns)):
            like = figures[:, place == phase] if weekly else figures
            like = like[~np.isnan(like)]
            if len(like):
                found[:, number, at] = np.quantile(like, LEVELS)
    return found


def _donors(panel: Panel, row: int, experienced: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Series with a past that share most of a series' static features."""
    shared = np.zeros(len(panel.series))
    for texts in panel.static.values():
        if texts[row]:
            shared += np.array([text == texts[row] for text in texts])
    able = experienced.copy()
    able[row] = False
    for least in sorted({*shared[able].tolist()}, reverse=True):
        close = np.flatnonzero(able & (shared >= least))
        if len(close) >= MIN_DONORS or least == 0:
            return close
    return np.flatnonzero(able)
