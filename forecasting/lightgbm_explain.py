"""What LightGBM's forecasts come from: what its trees look at, what moved one figure, and what was averaged.

The mean's trees add up on a logarithmic scale, so that each feature's part in one forecast is a factor: the usual level
times the factors of all features is the mean (SHAP values of trees, Lundberg et al. 2020, as LightGBM computes them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.bucket import GROUPS, MEMBERS, sight
from forecasting.features import table

if TYPE_CHECKING:
    from forecasting.bucket import Bucket
    from forecasting.lightgbm_model import FittedLightGBM
    from forecasting.panel import Panel


@dataclass(frozen=True)
class Contributions:
    """One forecast of the mean, taken apart.

    Attributes
    ----------
    level
        Recent level of the lane, in the unit of the history.
    start
        Factor that every forecast begins with.
    factors
        Factor of each feature by name, the strongest first; the product of them all with ``start`` and ``level`` is
        ``mean``.
    values
        What each feature was, as the trees see it.
    """

    level: float
    start: float
    factors: dict[str, float]
    values: dict[str, float]
    mean: float


def importances(fitted: FittedLightGBM) -> dict[str, float]:
    """Share of each feature in the gain of all splits, averaged over all models; the greatest first."""
    view = sight(fitted.history)
    totals: dict[str, float] = {}
    count = 0
    for bucket in fitted.buckets:
        names = _names(bucket, fitted.history, view)
        for trees in (bucket.mean, *bucket.quantiles):
            gain = _booster(trees.text).feature_importance("gain")
            for name, value in zip(names, gain / (gain.sum() or 1.0), strict=True):
                totals[name] = totals.get(name, 0.0) + float(value)
            count += 1
    return dict(sorted(((n, v / count) for n, v in totals.items()), key=lambda item: (-item[1], item[0])))


def weights(fitted: FittedLightGBM) -> list[dict[str, Any]]:
    """What each bucket's ensemble averages: weight of each member, for regular and for sparse series."""
    return [
        {
            "until_period": bucket.recipe.reach,
            **{
                group: dict(zip(MEMBERS, map(float, row), strict=True))
                for group, row in zip(GROUPS, bucket.weights, strict=True)
            },
        }
        for bucket in fitted.buckets
    ]


def contributions(fitted: FittedLightGBM, known: Panel, lane: str, period: int) -> Contributions | None:
    """Take one forecast of the mean apart.

    Parameters
    ----------
    period
        How many periods ahead, from 1.

    Returns
    -------
        ``None`` where no model speaks for it: nothing was learned, the period lies beyond all buckets, or the lane has
        no row yet.
    """
    bucket = next((b for b in fitted.buckets if b.recipe.reach >= period), None)
    if bucket is None:
        return None
    view = sight(known)
    column = known.periods + period - 1
    seen = table(known, view.demand, view.traits, bucket.recipe, column, column + 1)
    row = known.series.index(lane)
    place = np.flatnonzero(seen.row == row)
    if not len(place) or np.isnan(known.demand[row]).all():
        return None
    values = seen.values[place]
    parts = _booster(bucket.mean.text).predict(values, pred_contrib=True, num_threads=1)[0]
    order = np.argsort(-np.abs(parts[:-1]), kind="stable")
    level = float(seen.level[place[0]] * view.scale[row])
    return Contributions(
        level=level,
        start=float(np.exp(parts[-1])),
        factors={seen.names[i]: float(np.exp(parts[i])) for i in order},
        values={seen.names[i]: float(values[0, i]) for i in order},
        mean=float(level * np.exp(parts.sum())),
    )


def _names(bucket: Bucket, panel: Panel, view: Any) -> tuple[str, ...]:
    return table(panel, view.demand, view.traits, bucket.recipe, panel.periods, panel.periods + 1).names


def _booster(text: str) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=text)
