"""Tests for experiments.forecasts; the commands that stand on it are tested in tests/groupage/cli/test_forecast.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.consents import Consent
from experiments.demand_files import Demand, read_demand
from experiments.forecasts import Calendar, evaluate_file, open_model, train, update
from experiments.predictions import path_rows, predict
from forecasting.model_files import read_model, write_model
from groupage.errors import InputError, ModelFileError
from tests.forecasting.samples import factory_demand

CONSENTS = (Consent("F1", date(2024, 1, 1), date(2026, 6, 30)), Consent("F2", date(2024, 1, 1)))


def demand_of(folder: Path, frame: pd.DataFrame, name: str = "demand") -> Demand:
    path = folder / f"{name}.parquet"
    frame.to_parquet(path)
    return read_demand(path)


def owned(days: int = 90) -> pd.DataFrame:
    frame = factory_demand(days)
    return frame.assign(owner=frame["unique_id"].str.contains("69").map({True: "F1", False: "F2"}))


def test_calendar_is_kept_in_the_model(tmp_path: Path) -> None:
    """A season and a known-ahead column that were named in training hold for what is recent too."""
    frame = factory_demand(90).assign(fair=np.arange(270) % 2)
    calendar = Calendar(freq="D", season=14, ahead=("fair",))
    train(read_with(tmp_path, frame, ["fair"]), tmp_path / "m", "moving_average", {}, 1, calendar=calendar)
    model = open_model(tmp_path / "m")
    assert (model.history.season, set(model.history.ahead)) == (14, {"fair", "promotion"})
    later = factory_demand(97).query("ds >= '2024-03-31'").assign(fair=1)
    known = model.known(read_with(tmp_path, later, ["fair"]))
    assert (known.periods, known.season) == (97, 14)
    assert known.ahead["fair"][:, -7:].all()


def read_with(folder: Path, frame: pd.DataFrame, ahead: list[str]) -> Demand:
    frame.to_csv(folder / "d.csv", index=False)
    return read_demand(folder / "d.csv", ahead)


def test_pooled_update_needs_consents_that_hold(tmp_path: Path) -> None:
    """A model of pooled histories takes in more only while every consent that it stands on holds."""
    data = demand_of(tmp_path, owned())
    train(data, tmp_path / "m", "moving_average", {}, 1, consents=CONSENTS)
    assert read_model(tmp_path / "m")[1]["consents"] == [c.facts() for c in CONSENTS]
    more = demand_of(tmp_path, owned(95), "more")
    model = open_model(tmp_path / "m")
    today = date(2026, 7, 1)
    with pytest.raises(InputError, match=r"consent is missing, expected .* of F1, F2"):
        update(model, more, tmp_path / "n", today)
    given = tmp_path / "consents.csv"
    given.write_text("owner,signed\nF2,2024-01-01\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"consents\.csv: no consent of F1, .* train the model anew without"):
        update(model, more, tmp_path / "n", today, given)
    given.write_text("owner,signed,withdrawn\nF1,2024-01-01,2026-06-30\nF2,2024-01-01,\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"withdrawn of F1 is 2026-06-30, expected a consent that still holds"):
        update(model, more, tmp_path / "n", today, given)
    assert not (tmp_path / "n").exists()
    given.write_text("owner,signed,until\nF1,2026-06-01,2027-06-30\nF2,2024-01-01,\n", encoding="utf-8")
    assert update(model, more, tmp_path / "n", today, given)["new_periods"] == 5
    # The renewed consent is the one that the model stands on now.
    assert read_model(tmp_path / "n")[1]["consents"][0]["until"] == "2027-06-30"


def test_consents_of_one_owner_are_not_recorded(tmp_path: Path) -> None:
    """A model of one owner's lanes stands on no consent, whatever file was given."""
    one = demand_of(tmp_path, owned()).of("F1")
    train(one, tmp_path / "m", "croston", {}, 1, consents=CONSENTS[:1])
    assert read_model(tmp_path / "m")[1]["consents"] == []


def test_update_of_one_owner_asks_for_no_consent(tmp_path: Path) -> None:
    """An owner's own model takes in its own days without anybody's word."""
    train(demand_of(tmp_path, owned()).of("F1"), tmp_path / "m", "croston", {}, 1)
    more = demand_of(tmp_path, owned(95), "more").of("F1")
    assert update(open_model(tmp_path / "m"), more, tmp_path / "n", date(2026, 7, 1))["new_periods"] == 5


def test_nothing_is_written_when_one_owner_does_not_fit(tmp_path: Path) -> None:
    """Where one owner's lanes hold a mistake no owner's model is written."""
    frame = owned()
    frame.loc[frame["owner"] == "F2", "y"] = -1.0
    with pytest.raises(InputError, match="y is -1"):
        train(demand_of(tmp_path, frame), tmp_path / "m", "croston", {}, 1)
    assert not (tmp_path / "m").exists()


def test_paths_are_joint(tmp_path: Path) -> None:
    """Rows of paths bear one number for one future of all lanes: their sums are the pooled paths."""
    train(demand_of(tmp_path, factory_demand(90)), tmp_path / "m", "moving_average", {}, 1)
    _, forecast, _ = predict(open_model(tmp_path / "m"), None, 3, 1, paths=20)
    sums = path_rows(forecast).groupby(["ds", "path"])["y"].sum().unstack().to_numpy()
    np.testing.assert_allclose(sums, forecast.pooled(forecast.series))


def test_pools_by_a_column(tmp_path: Path) -> None:
    """Lanes pool by a static column's values, and no longer seven at a time."""
    frame = factory_demand(90)
    frame["zone"] = frame["unique_id"].str.split("|").str[1]
    found, figures = evaluate_file(
        demand_of(tmp_path, frame), "moving_average", {}, horizon=7, folds=1, seed=1, against=(), pool_by="zone"
    )
    assert set(found.pools["pool"]) == {"75"}  # zone 69 has one lane
    assert figures["pool_regret90_ratio"] is not None


def test_naive_forecaster_beside_the_yardstick(tmp_path: Path) -> None:
    """The forecaster seasonal_naive has a name of its own beside the yardstick of that name."""
    data = demand_of(tmp_path, factory_demand(90))
    _, figures = evaluate_file(data, "seasonal_naive", {}, horizon=7, folds=1, seed=1, against=())
    assert figures["forecaster"] == "seasonal_naive_paths"
    assert set(figures["measures"]) == {"seasonal_naive_paths", "seasonal_naive"}


def test_a_lane_that_is_not_told_again_keeps_what_is_known(tmp_path: Path) -> None:
    """Known demand stays where a recent file covers its days and leaves the lane out; later days are without demand."""
    frame = factory_demand(90)
    train(demand_of(tmp_path, frame), tmp_path / "m", "moving_average", {}, 1)
    before = open_model(tmp_path / "m").history
    lane = before.series[0]
    longer = factory_demand(92)
    told = update(
        open_model(tmp_path / "m"),
        demand_of(tmp_path, longer[longer["unique_id"] == lane], "one"),
        tmp_path / "n",
        date(2026, 1, 1),
    )
    after = open_model(tmp_path / "n").history
    assert told["new_periods"] == 2
    np.testing.assert_array_equal(after.demand[1:, :90], before.demand[1:])
    assert not after.demand[1:, 90:].any()


def test_a_model_takes_in_no_stranger(tmp_path: Path) -> None:
    """Lanes of an owner that the model did not learn from, or of nobody named, are refused in whatever is recent."""
    data = demand_of(tmp_path, owned())
    train(data, tmp_path / "m", "moving_average", {}, 1)
    model = open_model(tmp_path / "m" / "F1")
    both = demand_of(tmp_path, owned(95), "both")
    nameless = demand_of(tmp_path, owned(95).drop(columns="owner"), "nameless")
    for recent in (both, nameless):
        with pytest.raises(InputError, match="expected only lanes of F1"):
            update(model, recent, tmp_path / "n", date(2026, 1, 1))
        with pytest.raises(InputError, match="expected only lanes of F1"):
            predict(model, recent, 3, 1, paths=5)
    assert update(model, both.of("F1"), tmp_path / "n", date(2026, 1, 1))["new_lanes"] == 0
    assert update(model, nameless_own(tmp_path, model.history.series), tmp_path / "o", date(2026, 1, 1))["lanes"] == 1


def nameless_own(folder: Path, series: tuple[str, ...]) -> Demand:
    frame = owned(95).drop(columns="owner")
    return demand_of(folder, frame[frame["unique_id"].isin(series)], "own")


def test_days_between_are_not_made_up(tmp_path: Path) -> None:
    """What is recent begins no later than the first day that the model does not know: days between were never told."""
    train(demand_of(tmp_path, factory_demand(90)), tmp_path / "m", "moving_average", {}, 1)
    late = factory_demand(100).query("ds >= '2024-04-05'")
    with pytest.raises(InputError, match=r"ds is from 2024-04-05, expected from 2024-03-31 or before"):
        update(open_model(tmp_path / "m"), demand_of(tmp_path, late, "late"), tmp_path / "n", date(2026, 1, 1))


def test_a_model_of_other_parts_is_told(tmp_path: Path) -> None:
    """A folder in form whose parts do not make the model that it names is named, not stumbled over."""
    train(demand_of(tmp_path, factory_demand(90)), tmp_path / "m", "moving_average", {}, 1)
    state, training = read_model(tmp_path / "m")
    settings = {k: v for k, v in state.spec.items() if k != "history"}
    for broken in (replace(state, spec=settings), replace(state, forecaster="croston"), replace(state, arrays={})):
        write_model(tmp_path / "broken", broken, dict(training))
        with pytest.raises(ModelFileError, match="expected the parts of a"):
            open_model(tmp_path / "broken")


@pytest.mark.parametrize("lost", ["owners", "consents", "lanes", "first", "learned_until"])
def test_a_model_of_unknown_origin_is_told(tmp_path: Path, lost: str) -> None:
    """A folder that does not say whose history made it, as one written without `train`, is named when it is opened."""
    train(demand_of(tmp_path, factory_demand(90)), tmp_path / "m", "moving_average", {}, 1)
    state, training = read_model(tmp_path / "m")
    write_model(tmp_path / "broken", state, {k: v for k, v in training.items() if k != lost})
    with pytest.raises(ModelFileError, match=f"training is without {lost}, expected .*`forecast train`"):
        open_model(tmp_path / "broken")


@pytest.mark.parametrize(("name", "shape"), [("demand", (4,)), ("demand", (7, 90)), ("censored", (2, 2))])
def test_a_history_of_another_size_is_told(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    """A history whose figures are not one row for each series is named when it is opened."""
    train(demand_of(tmp_path, factory_demand(90)), tmp_path / "m", "moving_average", {}, 1)
    state, training = read_model(tmp_path / "m")
    broken = replace(state, arrays={**state.arrays, name: np.zeros(shape, state.arrays[name].dtype)})
    write_model(tmp_path / "broken", broken, dict(training))
    with pytest.raises(ModelFileError, match=f"{name} has the shape"):
        open_model(tmp_path / "broken")
