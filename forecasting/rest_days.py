"""Rest days: places in the week at which a series never has demand, though it has on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.panel import Panel

# The last so many weeks are looked at, and so many days with demand must have been due at the place by chance alone: if
# none came, that is no chance (e^-5 is under 1 %).
WEEKS = 26
EXPECTED = 5.0


def rest_days(panel: Panel, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which columns ahead are rest days of which series.

    Returns
    -------
        Shape ``(series, columns)``; nowhere in records with a season longer than a fortnight.
    """
    if not 1 < panel.season <= 14:
        return np.zeros((len(panel.series), len(columns)), dtype=np.bool_)
    recent = panel.observed()[:, -WEEKS * panel.season :]
    place = panel.phases(panel.periods - recent.shape[1] + np.arange(recent.shape[1]))
    seen = ~np.isnan(recent)
    rate = (recent > 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    resting = np.zeros((len(panel.series), panel.season), dtype=np.bool_)
    for phase in range(panel.season):
        here = place == phase
        resting[:, phase] = ~(recent[:, here] > 0).any(axis=1) & (seen[:, here].sum(axis=1) * rate >= EXPECTED)
    return np.asarray(resting[:, panel.phases(columns)])
