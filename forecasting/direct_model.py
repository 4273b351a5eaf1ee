"""Direct quantile models: trees for each level, from figures that are known before the bucket begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.boosting import Lesson, Trees
    from forecasting.features import Table


def train_quantiles(lesson: Lesson, trees: int, seed: int) -> tuple[Trees, ...]:
    """Train a model per level of `forecasting.levels.LEVELS`, of demand in units of its level."""
    return tuple(lesson.train(trees, seed, objective="quantile", alpha=float(level)) for level in LEVELS)


def direct_quantiles(
    models: tuple[Trees, ...], table: Table, threads: int, trees: int | None = None
) -> NDArray[np.float64]:
    """Quantiles, shape ``(levels, rows)``, sorted: levels learned apart cross in up to half of the rows.

    Parameters
    ----------
    trees
        How many of each model's trees count; all if ``None``.
    """
    raw = np.stack([model.predict(table.values, threads, trees) for model in models])
    return np.asarray(np.sort(raw, axis=0) * table.level)
