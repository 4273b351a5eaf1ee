"""One bucket of the horizon: its models, their weights, and the quantiles they give together.

The models learn twice: up to a cut, to be judged on the periods after it, which gives the number of trees, the pooled
errors, the weights and the correction; and then on all there is, to forecast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecasting.boosting import MAX_ROWS, Lesson, Trees
from forecasting.direct_model import direct_quantiles, train_quantiles
from forecasting.empirical import empirical_quantiles
from forecasting.ensemble import choose_shift, choose_weights, combine, mean_loss
from forecasting.features import Recipe, Table, filled, series_traits, table
from forecasting.levels import LEVELS
from forecasting.point_model import expected, pool, residual_quantiles, train_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.panel import Panel

GROUPS = ("regular", "sparse")
MEMBERS = ("point", "direct", "empirical")
# Above it a series counts as sparse (`forecasting.demand_classes`): share of periods without demand.
SPARSE_ZEROS = 1 - 1 / 1.32
# A group has weights of its own where they save it so much of its loss; less is chance, and all weigh alike.
OWN_GAIN = 0.02


@dataclass(frozen=True, eq=False)
class Sight:
    """A panel as models see it: scaled by each series' usual demand.

    Attributes
    ----------
    scale
        Shape ``(series,)``, at least 1e-12.
    demand, observed
        In that unit, shape ``(series, periods)``: with gaps filled, and with gaps.
    traits
        As `forecasting.features.series_traits` gives them.
    """

    panel: Panel
    scale: NDArray[np.float64]
    demand: NDArray[np.float64]
    observed: NDArray[np.float64]
    traits: NDArray[np.float64]

    @property
    def group(self) -> NDArray[np.intp]:
        """Group of each series, a place in `GROUPS`."""
        return np.asarray((self.traits[:, 0] > SPARSE_ZEROS).astype(np.intp))


@dataclass(frozen=True, eq=False)
class Bucket:
    """Trained models of one bucket.

    Attributes
    ----------
    errors
        Past errors of the mean in their units, by group.
    weights
        Shape ``(groups, members)``.
    shift
        Shape ``(groups, levels)``.
    """

    recipe: Recipe
    mean: Trees
    quantiles: tuple[Trees, ...]
    errors: tuple[NDArray[np.float64], ...]
    weights: NDArray[np.float64]
    shift: NDArray[np.float64]


def sight(panel: Panel) -> Sight:
    """Scale a panel by what is known at its end."""
    scale = panel.scale()
    scale = np.where(scale > 0, scale, 1.0)
    observed = panel.observed() / scale[:, None]
    return Sight(panel, scale, filled(panel) / scale[:, None], observed, series_traits(observed, panel.season))


def train_bucket(panel: Panel, cut: int, recipe: Recipe, trees: int, seed: int, threads: int) -> Bucket:
    """Learn up to the cut, judge on what follows it, and learn from all."""
    before = sight(panel.until(cut))
    # The same view of what followed: scales and traits as they were known at the cut.
    scale = before.scale[:, None]
    judged = replace(before, panel=panel, demand=filled(panel) / scale, observed=panel.observed() / scale)
    mean, quantiles = _learn(before, recipe, trees, seed, threads)
    seen = table(panel, judged.demand, judged.traits, recipe, cut, panel.periods)
    actual = judged.observed[seen.row, seen.column]
    # Series without demand before the cut had no scale to be judged in.
    known = ~np.isnan(actual) & (panel.scale(cut)[seen.row] > 0)
    losses_in = judged.traits[seen.row, 1]
    # Small and restless records are learned best by few trees.
    tried = {
        count: direct_quantiles(quantiles, seen, threads, count)
        for count in sorted({-(-trees // 4), -(-trees // 2), trees})
    }
    enough = min(tried, key=lambda count: mean_loss(tried[count][:, known], actual[known], losses_in[known], LEVELS))
    expectation, unit = expected(mean, seen, judged.traits, threads, enough)
    error = (actual - expectation) / unit
    group = judged.group[seen.row]
    errors = _pooled(error, group, known)
    # A mean that is judged with its own errors around it looks better than it is: each half of the periods is judged
    # with the errors of the other.
    point = np.empty((len(LEVELS), len(actual)))
    late = seen.column >= (cut + panel.periods) // 2
    for half in (late, ~late):
        other = _pooled(error, group, known & ~half)
        point[:, half] = _around(expectation[half], unit[half], group[half], other)
    members = np.stack([point, tried[enough], _empirical(judged, seen, recipe)])
    weights = np.tile(choose_weights(members[:, :, known], actual[known], losses_in[known], LEVELS), (len(GROUPS), 1))
    shift = np.zeros((len(GROUPS), len(LEVELS)))
    for number in range(len(GROUPS)):
        mine = known & (group == number)
        if mine.any():
            cases = (actual[mine], losses_in[mine], LEVELS)
            own = choose_weights(members[:, :, mine], *cases)
            lost, shared = (
                mean_loss(np.tensordot(w, members[:, :, mine], axes=1), *cases) for w in (own, weights[number])
            )
            if lost < (1 - OWN_GAIN) * shared:
                weights[number] = own
            shift[number] = choose_shift(members[:, :, mine], weights[number], actual[mine], LEVELS)
    mean, quantiles = _learn(sight(panel), recipe, enough, seed, threads)
    return Bucket(recipe, mean, quantiles, errors, weights, shift)


def bucket_quantiles(
    bucket: Bucket, view: Sight, start: int, stop: int, threads: int, beyond: int = 0
) -> NDArray[np.float64]:
    """Quantiles of columns ahead, in the panel's unit.

    Parameters
    ----------
    start, stop
        Columns from the first to before the last; at most the bucket's reach beyond the panel.
    beyond
        As for `forecasting.features.table`.

    Returns
    -------
        Shape ``(levels, series, stop - start)``; NaN for series that have not begun.
    """
    seen = table(view.panel, view.demand, view.traits, bucket.recipe, start, stop, beyond)
    expectation, unit = expected(bucket.mean, seen, view.traits, threads)
    group = view.group[seen.row]
    point = _around(expectation, unit, group, bucket.errors)
    members = np.stack(
        [point, direct_quantiles(bucket.quantiles, seen, threads), _empirical(view, seen, bucket.recipe)]
    )
    found = combine(members, bucket.weights[group].T, bucket.shift[group].T)
    answer = np.full((len(LEVELS), len(view.panel.series), stop - start), np.nan)
    answer[:, seen.row, seen.column - start] = found * view.scale[seen.row]
    return answer


def newer_errors(bucket: Bucket, view: Sight, start: int, threads: int) -> Bucket:
    """Take in the errors that the mean made in the panel's columns from ``start`` on."""
    panel = view.panel
    seen = table(panel, view.demand, view.traits, bucket.recipe, start, panel.periods)
    expectation, unit = expected(bucket.mean, seen, view.traits, threads)
    error = (view.observed[seen.row, seen.column] - expectation) / unit
    group = view.group[seen.row]
    fresh = [error[~np.isnan(error) & (group == number)] for number in range(len(GROUPS))]
    # The newest push out the oldest.
    kept = tuple(
        np.concatenate([old, new])[-max(len(old), 1) :] if len(new) else old
        for old, new in zip(bucket.errors, fresh, strict=True)
    )
    return replace(bucket, errors=kept)


def learning_rows(view: Sight, recipe: Recipe) -> tuple[Table, NDArray[np.float64], NDArray[np.float64]]:
    """What there is to learn from: a view's observed periods, the newest `MAX_ROWS` at most.

    Returns
    -------
        A table, demand in units of each row's level, and what each row weighs.
    """
    panel = view.panel
    first = max(recipe.reach, panel.periods - -(-MAX_ROWS // len(panel.series)))
    rows = table(panel, view.demand, view.traits, recipe, first, panel.periods)
    actual = view.observed[rows.row, rows.column]
    usable = ~np.isnan(actual) & (panel.scale()[rows.row] > 0)
    kept = rows
    if not usable.all():
        kept = replace(
            rows,
            values=rows.values[usable],
            level=rows.level[usable],
            row=rows.row[usable],
            column=rows.column[usable],
        )
    # In the end losses count in units of how unsteady a series is, so that is what a row weighs.
    return kept, actual[usable] / kept.level, kept.level / view.traits[kept.row, 1]


def _learn(view: Sight, recipe: Recipe, trees: int, seed: int, threads: int) -> tuple[Trees, tuple[Trees, ...]]:
    """Mean and quantiles."""
    rows, target, weight = learning_rows(view, recipe)
    lesson = Lesson(rows.values, target, weight, rows.categorical, np.random.default_rng(seed), threads)
    return train_mean(lesson, trees, seed), train_quantiles(lesson, trees, seed)


def _pooled(
    error: NDArray[np.float64], group: NDArray[np.intp], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], ...]:
    """Errors by group; a group without any borrows the others', should a series of it come later."""
    own = [pool(error[usable & (group == number)]) for number in range(len(GROUPS))]
    return tuple(errors if len(errors) else np.concatenate(own) for errors in own)


def _around(
    expectation: NDArray[np.float64],
    unit: NDArray[np.float64],
    group: NDArray[np.intp],
    errors: tuple[NDArray[np.float64], ...],
) -> NDArray[np.float64]:
    """Quantiles of the mean with its group's errors around it, shape ``(levels, rows)``."""
    found = np.empty((len(LEVELS), len(expectation)))
    for number in range(len(GROUPS)):
        mine = group == number
        found[:, mine] = residual_quantiles(expectation[mine], unit[mine], errors[number])
    return found


def _empirical(view: Sight, seen: Table, recipe: Recipe) -> NDArray[np.float64]:
    """Empirical quantiles, shape ``(levels, rows)``."""
    columns = np.unique(seen.column)
    panel = view.panel
    simple = empirical_quantiles(view.observed, columns, recipe.reach, panel.season, panel.freq, LEVELS.tolist())
    return simple[:, seen.row, np.searchsorted(columns, seen.column)]
