"""LightGBM models: how they are trained, and how they travel as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from groupage.errors import MissingLibraryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

# More rows than these teach a few hundred small trees nothing new: the newest are kept.
MAX_ROWS = 1_000_000
# A weighted quantile sorts each leaf of each tree, which takes three times as long. From so many rows on they are drawn
# as often as they weigh instead; fewer rows are quick anyway, and lose nothing to chance.
DRAWN_FROM = 200_000
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.1,
    "num_leaves": 10,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "max_bin": 127,
    "max_cat_threshold": 16,
    "cat_smooth": 20.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


class Trees:
    """A trained model that travels as text.

    Parameters
    ----------
    text
        LightGBM's text format. It is trusted: a truncated one ends the process, so files are checked before.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._booster: Any = None

    def predict(self, values: NDArray[np.float32], threads: int = 1, trees: int | None = None) -> NDArray[np.float64]:
        """Predictions, one per row; of the first trees only, where a number is given."""
        if self._booster is None:
            self._booster = _lightgbm().Booster(model_str=self.text)
        return np.asarray(self._booster.predict(values, num_iteration=trees, num_threads=threads), dtype=np.float64)

    def __getstate__(self) -> dict[str, Any]:
        return {"text": self.text, "_booster": None}


class Lesson:
    """Rows to learn from, binned once for several objectives.

    Parameters
    ----------
    values
        Shape ``(rows, features)``.
    target, weight
        Shape ``(rows,)``.
    categorical
        Columns that are codes.
    rng
        Draws the rows where there are many (`DRAWN_FROM`).
    """

    def __init__(
        self,
        values: NDArray[np.float32],
        target: NDArray[np.float64],
        weight: NDArray[np.float64],
        categorical: Sequence[int],
        rng: Generator,
        threads: int = 1,
    ) -> None:
        each: NDArray[np.float64] | None = weight
        if len(target) > DRAWN_FROM:
            drawn = draw_rows(weight, rng)
            values, target, each = values[drawn], target[drawn], None
        self.is_all_zero = not target.any()
        # Small records get leaves small enough that something can be learned from them.
        self._settings = SETTINGS | {
            "num_threads": threads,
            "min_data_in_leaf": int(min(SETTINGS["min_data_in_leaf"], max(5, len(target) // 40))),
        }
        self._data = _lightgbm().Dataset(
            values,
            target,
            weight=each,
            categorical_feature=list(categorical),
            params={k: self._settings[k] for k in ("max_bin", "min_data_in_leaf", "num_threads", "verbose")},
            free_raw_data=False,
        )

    def train(self, trees: int, seed: int, **objective: Any) -> Trees:
        """Boost so many trees on an objective."""
        booster = _lightgbm().train(self._settings | {"seed": seed} | objective, self._data, trees)
        return Trees(booster.model_to_string())


def draw_rows(weight: NDArray[np.float64], rng: Generator) -> NDArray[np.intp]:
    """Draw as many rows as there are, each about as often as it weighs: one from each of equal parts of all weight.

    Returns
    -------
        Places of rows, growing; a row of ``w`` times the mean weight is among them ``w`` times, give or take one.
    """
    ends = np.cumsum(weight)
    count = len(weight)
    return np.asarray(np.searchsorted(ends, (np.arange(count) + rng.random(count)) * (ends[-1] / count), side="right"))


def _lightgbm() -> Any:
    # Imported here: it takes seconds to load, which only those who train or predict should wait for.
    try:
        import lightgbm
    except OSError as error:
        raise MissingLibraryError(
            f"LightGBM does not load ({error}). It needs the system's OpenMP library: on Debian and Ubuntu "
            "`apt install libgomp1`, on macOS `brew install libomp`; or choose another forecaster, such as "
            "seasonal_naive."
        ) from error
    return lightgbm
