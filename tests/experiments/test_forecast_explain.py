"""Tests for experiments.forecast_explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.demand_files import read_demand
from experiments.forecast_explain import explain_model, in_words
from experiments.forecasts import Model, open_model, train
from groupage.errors import InputError
from tests.forecasting.samples import factory_demand


def trained(folder: Path, name: str, days: int = 168, **params: object) -> Model:
    path = folder / "demand.parquet"
    factory_demand(days).to_parquet(path)
    train(read_demand(path), folder / name, name, params, 1)
    return open_model(folder / name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lag14", "demand 14 periods before"),
        ("rolling_mean_lag7_window_size28_min_samples1", "mean of 28 periods, until 7 before"),
        (
            "seasonal_rolling_mean_lag7_season_length7_window_size4_min_samples1",
            "mean of 4 at the same place in the season, until 7 before",
        ),
        ("promotion_in_level", "how much promotion is in the recent level"),
        ("days_to_holiday", "days to holiday"),
        ("factory", "factory"),
    ],
)
def test_features_in_words(name: str, words: str):
    """What mlforecast and the recipe call a feature is said in words; an unknown name stays readable."""
    assert in_words(name) == words


def test_no_feature_of_the_trees_keeps_its_raw_name(tmp_path: Path):
    """Every feature that a real model gains from has words of its own."""
    told = explain_model(trained(tmp_path, "lightgbm", trees=20), None, None, 1)
    assert told["importances"]
    raw = [row["words"] for row in told["importances"] if "min samples" in row["words"] or "window" in row["words"]]
    assert raw == []


def test_trees_of_one_lane(tmp_path: Path):
    """One lane's forecast is told as a level times factors, with what is planned, in the order of their strength."""
    told = explain_model(trained(tmp_path, "lightgbm", trees=20), None, "F1|75|dairy", 2)
    parts = told["lane"]["contributions"]
    words = "\n".join(told["words"])
    assert f"the mean's model says {parts['mean']:,.3g}" in words
    assert f"{in_words(parts['factors'][0]['feature'])} (" in words
    assert told["lane"]["period"] == "2024-06-18"
    assert "Until 7 periods ahead, for regular demand: " in words


def test_short_record(tmp_path: Path):
    """A model that had too little to learn from says that it repeats the last seasons."""
    told = explain_model(trained(tmp_path, "lightgbm", days=20), None, "F1|75|dairy", 1)
    assert any("too short to learn from" in line for line in told["words"])
    assert told["importances"] == []
    assert told["lane"]["contributions"] is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("croston", "how much comes at a time"),
        ("moving_average", "last 28 periods"),
        ("seasonal_naive", "repeats the last season, the mean of 1"),
    ],
)
def test_rules(tmp_path: Path, name: str, words: str):
    """Each rule says what it looks at, and a lane's kind of demand and recent mean."""
    told = explain_model(trained(tmp_path, name), None, "F1|69|dairy", 1)
    assert words in " ".join(told["words"])
    assert told["lane"]["class"] == "intermittent"
    assert told["lane"]["known_periods"] == 168


def test_unknown_lane(tmp_path: Path):
    """A lane that the model has not is refused by name."""
    with pytest.raises(InputError, match="--lane: 'x', expected one of 3 lanes"):
        explain_model(trained(tmp_path, "croston"), None, "x", 1)
