"""What drives a model's forecasts, in facts and plain words."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.problems import problem_error
from forecasting.evaluate import kinds_of_demand
from forecasting.lightgbm_explain import contributions, importances, weights
from forecasting.lightgbm_model import FittedLightGBM
from forecasting.periods import date_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiments.demand_files import Demand
    from experiments.forecasts import Model
    from forecasting.lightgbm_explain import Contributions
    from forecasting.panel import Panel

SHOWN_FEATURES = 15
SHOWN_FACTORS = 5
_MEMBERS = {"point": "mean and errors", "direct": "models of quantiles", "empirical": "own past"}
_FEATURES = {
    "level": "recent level against the usual one",
    "year_shape": "same time a year before, against its surroundings",
    "place": "place in the season",
    "day": "day of the month",
    "trait_0": "share of periods without demand",
    "trait_1": "how unsteady the lane is",
}
# In the names that mlforecast gives lags and rolling figures.
_PATTERNS = (
    (r"lag(\d+)", "demand {0} periods before"),
    (r"rolling_mean_lag(\d+)_window_size(\d+).*", "mean of {1} periods, until {0} before"),
    (r"rolling_std_lag(\d+)_window_size(\d+).*", "spread of {1} periods, until {0} before"),
    (r"rolling_quantile_lag(\d+)_p([\d.]+)_window_size(\d+).*", "{1} quantile of {2} periods, until {0} before"),
    (
        r"seasonal_rolling_mean_lag(\d+)_season_length(\d+)_window_size(\d+).*",
        "mean of {2} at the same place in the season, until {0} before",
    ),
    (r"(.+)_in_level", "how much {0} is in the recent level"),
)
_WORDS = {
    "auto_ets": "AutoETS smooths each lane's level, trend and season by itself and looks at nothing but its record.",
    "croston": "Croston smooths, for each lane, how much comes at a time and how long it takes to come.",
    "moving_average": "It looks at the mean of each lane's last {periods} periods, and at how wrong that was before.",
    "seasonal_naive": "It repeats the last season, the mean of {seasons}, and looks at how wrong that was before.",
}


def explain_model(model: Model, recent: Demand | None, lane: str | None, period: int) -> dict[str, Any]:
    """Say what a model looks at, and what moves one lane's forecast.

    Returns
    -------
        ``words``, sentences; and the facts behind them, such as ``importances`` of trees, the greatest first.

    Raises
    ------
    InputError
        For a lane that the model does not know.
    """
    known = model.known(recent)
    told: dict[str, Any] = {
        "forecaster": model.state.forecaster,
        "training": dict(model.training),
        "words": [_origin(model), *_rule_words(model)],
    }
    if isinstance(model.fitted, FittedLightGBM):
        told |= _trees(model.fitted)
        told["words"] += _tree_words(told["ensemble"])
    if lane is not None:
        if lane not in known.series:
            raise problem_error("--lane", "", repr(lane), f"one of {len(known.series)} lanes of the model")
        told["lane"] = _lane_facts(known, lane, period)
        told["words"] += _lane_words(known, told["lane"])
        if isinstance(model.fitted, FittedLightGBM):
            parts = contributions(model.fitted, known, lane, period)
            told["lane"]["contributions"] = None if parts is None else _part_facts(parts)
            told["words"] += _part_words(parts, told["lane"])
    return told


def _trees(fitted: FittedLightGBM) -> dict[str, Any]:
    """Facts of an ensemble: what its trees look at, and how its members are weighed."""
    shares = dict(list(importances(fitted).items())[:SHOWN_FEATURES]) if fitted.buckets else {}
    told = [{"feature": name, "words": in_words(name), "share": share} for name, share in shares.items()]
    return {"ensemble": weights(fitted), "importances": told}


def _tree_words(ensemble: list[dict[str, Any]]) -> list[str]:
    """Say how the members are weighed."""
    if not ensemble:
        return ["The record was too short to learn from: it repeats the last seasons, with the errors that this made."]
    words = ["Its quantiles average a mean with its past errors, a model of each quantile, and each lane's own past."]
    for bucket in ensemble:
        for group, members in bucket.items():
            if group == "until_period":
                continue
            parts = ", ".join(f"{_MEMBERS[name]} {share:.0%}" for name, share in members.items())
            words.append(f"Until {bucket['until_period']} periods ahead, for {group} demand: {parts}.")
    return words


def _part_facts(parts: Contributions) -> dict[str, Any]:
    factors = [{"feature": n, "value": parts.values[n], "factor": factor} for n, factor in parts.factors.items()]
    return {"mean": parts.mean, "level": parts.level, "start": parts.start, "factors": factors}


def _part_words(parts: Contributions | None, facts: Mapping[str, Any]) -> list[str]:
    """Say what moved one forecast of the mean."""
    if parts is None:
        return [f"No model speaks for {facts['period']}: it lies beyond what was learned."]
    words = [
        f"For {facts['period']} the mean's model says {parts.mean:,.3g}: the recent level of {parts.level:,.3g}, times "
        f"{parts.start:.2f} as for all, times what the features do (in brackets: what each was, in that level):"
    ]
    for name, factor in list(parts.factors.items())[:SHOWN_FACTORS]:
        does = "raises" if factor > 1 else "lowers"
        words.append(f"  {in_words(name)} ({parts.values[name]:.3g}) {does} it by {abs(factor - 1):.1%}")
    rest = prod(list(parts.factors.values())[SHOWN_FACTORS:])
    if len(parts.factors) > SHOWN_FACTORS:
        words.append(f"  everything else: times {rest:.2f}")
    return words


def in_words(name: str) -> str:
    """Name a feature for people."""
    if name in _FEATURES:
        return _FEATURES[name]
    for pattern, text in _PATTERNS:
        if found := re.fullmatch(pattern, name):
            return text.format(*found.groups())
    return name.replace("_", " ")


def _origin(model: Model) -> str:
    facts = model.training
    owners = facts["owners"]
    whose = f" of {', '.join(owners)}" if owners else ""
    together = ", with their recorded consent" if facts["consents"] else ""
    return (
        f"{model.state.forecaster} learned from {facts['lanes']} lanes{whose}{together}, from {facts['first']} until "
        f"before {facts['learned_until']}."
    )


def _rule_words(model: Model) -> list[str]:
    words = _WORDS.get(model.state.forecaster)
    settings = {**model.state.spec, **model.state.spec.get("settings", {})}
    return [] if words is None else [words.format_map(settings)]


def _lane_facts(known: Panel, lane: str, period: int) -> dict[str, Any]:
    """What is on record of a lane."""
    row = known.series.index(lane)
    demand = known.observed()[row]
    seen = demand[~np.isnan(demand)]
    last = seen[-4 * known.season :] if known.season <= 12 else seen[-known.season :]
    column = known.periods + period - 1
    return {
        "unique_id": lane,
        "class": kinds_of_demand(known)[row],
        "period": date_of(known.first_number + column, known.freq).isoformat(),
        "known_periods": len(seen),
        "recent_mean": float(last.mean()) if len(last) else None,
        "last": float(seen[-1]) if len(seen) else None,
        "closed": bool(known.closed(column + 1)[row, column]),
        "planned": {name: float(known.feature(name, column + 1)[row, column]) for name in known.ahead},
    }


def _lane_words(known: Panel, facts: Mapping[str, Any]) -> list[str]:
    lane = facts["unique_id"]
    kind = "no demand" if facts["class"] == "none" else f"{facts['class']} demand"
    mean = "nothing" if facts["recent_mean"] is None else f"{facts['recent_mean']:,.3g} a period"
    words = [f"{lane} has {kind}: {mean} of late, from {facts['known_periods']} known periods ({known.freq})."]
    if facts["closed"]:
        words.append(f"On {facts['period']} it is closed, so its forecast is 0.")
    planned = [f"{name} {value:g}" for name, value in facts["planned"].items() if value and name != "shutdown"]
    if planned:
        words.append(f"Planned for {facts['period']}: {', '.join(planned)}.")
    return words
