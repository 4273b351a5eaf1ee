"""What drives a model's forecasts, in facts and plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.problems import problem_error
from forecasting.evaluate import kinds_of_demand
from forecasting.periods import date_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiments.demand_files import Demand
    from experiments.forecasts import Model
    from forecasting.panel import Panel

SHOWN_FEATURES = 15
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
        ``words``, sentences; ``tables``, shares by title; and the facts behind them.

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
        "tables": {},
    }
    if model.state.boosters:
        told["tables"]["What the trees look at (share of their gain)"] = importances(model.state.boosters)
    if lane is not None:
        if lane not in known.series:
            raise problem_error("--lane", "", repr(lane), f"one of {len(known.series)} lanes of the model")
        told["lane"] = _lane_facts(known, lane, period)
        told["words"] += _lane_words(known, told["lane"])
    return told


def importances(boosters: Mapping[str, str]) -> dict[str, float]:
    """Share of each feature in the gain of all splits, averaged over the boosters; the greatest first."""
    import lightgbm as lgb

    totals: dict[str, float] = {}
    for text in boosters.values():
        booster = lgb.Booster(model_str=text)
        gain = booster.feature_importance("gain")
        whole = gain.sum() or 1.0
        for name, value in zip(booster.feature_name(), gain, strict=True):
            totals[name] = totals.get(name, 0.0) + float(value / whole) / len(boosters)
    return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_FEATURES])


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
