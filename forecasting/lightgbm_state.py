"""Trained buckets as plain values, and back: what goes into a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.boosting import Trees
from forecasting.bucket import GROUPS, MEMBERS, Bucket
from forecasting.features import Recipe
from forecasting.levels import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.model_state import ModelState


def buckets_state(
    buckets: Sequence[Bucket],
) -> tuple[list[dict[str, Any]], dict[str, str], dict[str, NDArray[Any]]]:
    """Take buckets apart into JSON's own types, boosters by name, and arrays by name."""
    specs: list[dict[str, Any]] = []
    boosters: dict[str, str] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for bucket in buckets:
        r = bucket.recipe
        key = f"bucket_{r.reach}"
        specs.append(
            {
                "reach": r.reach,
                "season": r.season,
                "yearly": r.yearly,
                "known_ahead": list(r.known_ahead),
                "categories": {name: list(texts) for name, texts in r.categories.items()},
                "country": r.country,
                "subdivision": r.subdivision,
            }
        )
        boosters[f"{key}.mean"] = bucket.mean.text
        boosters |= {f"{key}.quantile_{n}": trees.text for n, trees in enumerate(bucket.quantiles)}
        arrays |= {f"{key}.errors.{group}": e for group, e in zip(GROUPS, bucket.errors, strict=True)}
        arrays |= {f"{key}.weights": bucket.weights, f"{key}.shift": bucket.shift}
    return specs, boosters, arrays


def buckets_from_state(state: ModelState) -> tuple[Bucket, ...]:
    """Put together what `buckets_state` took apart.

    Raises
    ------
    LookupError, TypeError, ValueError
        Where a part is missing, or of another shape than this version works with.
    """
    buckets = []
    for spec in state.spec["buckets"]:
        key = f"bucket_{spec['reach']}"
        categories = {name: tuple(texts) for name, texts in spec["categories"].items()}
        chosen = Recipe(**{**spec, "known_ahead": tuple(spec["known_ahead"]), "categories": categories})
        count = sum(name.startswith(f"{key}.quantile_") for name in state.boosters)
        if count != len(LEVELS):
            raise ValueError(f"{key} has {count} quantile models, expected {len(LEVELS)}")
        buckets.append(
            Bucket(
                recipe=chosen,
                mean=Trees(state.boosters[f"{key}.mean"]),
                quantiles=tuple(Trees(state.boosters[f"{key}.quantile_{n}"]) for n in range(count)),
                errors=tuple(_figures(state, f"{key}.errors.{group}", (None,)) for group in GROUPS),
                weights=_figures(state, f"{key}.weights", (len(GROUPS), len(MEMBERS))),
                shift=_figures(state, f"{key}.shift", (len(GROUPS), len(LEVELS))),
            )
        )
    return tuple(buckets)


def _figures(state: ModelState, name: str, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """Look up finite figures of a shape, in which ``None`` is any length."""
    found = np.asarray(state.arrays[name], dtype=np.float64)
    fits = len(found.shape) == len(shape) and all(s in (None, n) for s, n in zip(shape, found.shape, strict=True))
    if not fits:
        wanted = " x ".join("any" if s is None else str(s) for s in shape)
        raise ValueError(f"{name} has the shape {found.shape}, expected {wanted}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} has {int((~np.isfinite(found)).sum())} unknown figures, expected none")
    return found
