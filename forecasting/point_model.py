"""A mean, and around it the errors that it made on days it had not seen, pooled over all series alike.

An error is measured in its series' own unit: how unsteady the series is, times the root of how much more than its
average is expected, as errors of counts grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.boosting import Lesson, Trees
    from forecasting.features import Table

# A mean that is never negative and in which weekday, season and promotion multiply.
OBJECTIVE = {"objective": "poisson", "poisson_max_delta_step": 0.7}
MAX_ERRORS = 20_000
# Where next to nothing is expected, an error is not measured by that.
LEAST_SHARE = 0.1


def train_mean(lesson: Lesson, trees: int, seed: int) -> Trees:
    """Mean of demand in units of its level."""
    # LightGBM refuses a Poisson mean of nothing at all; least squares finds it to be 0.
    return lesson.train(trees, seed, **({"objective": "regression"} if lesson.is_all_zero else OBJECTIVE))


def expected(
    model: Trees, table: Table, traits: NDArray[np.float64], threads: int, trees: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean, and the unit of its errors, a figure per row of the table; ``trees`` as for `forecasting.direct_model`."""
    mean = model.predict(table.values, threads, trees) * table.level
    # In scaled units the average is the share of periods with demand.
    average = np.maximum(1 - traits[table.row, 0], LEAST_SHARE)
    return mean, traits[table.row, 1] * np.sqrt(np.maximum(mean, LEAST_SHARE * table.level) / average)


def pool(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at most `MAX_ERRORS` of some errors, the last ones, evenly thinned."""
    return errors[:: max(1, -(-len(errors) // MAX_ERRORS))]


def residual_quantiles(
    mean: NDArray[np.float64], unit: NDArray[np.float64], errors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quantiles around a mean, shape ``(levels, rows)``, from past errors in their unit."""
    spread = np.quantile(errors, LEVELS) if len(errors) else np.zeros(len(LEVELS))
    return np.asarray(mean[None] + unit[None] * spread[:, None])
