"""What every forecaster promises. A forecaster's test module inherits the class and says how to build one."""

from __future__ import annotations

import json
import pickle
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from forecasting import FittedForecaster, Forecast, Forecaster, ModelState, known_at, read_history
from groupage.errors import InputError
from tests.forecasting.samples import factory_demand, long_frame

DAYS_KNOWN = 140
TODAY = date(2024, 1, 1) + timedelta(days=DAYS_KNOWN)
HORIZON = 10
PATHS = 40


def run(fitted: FittedForecaster, recent: pd.DataFrame, horizon: int = HORIZON, seed: int = 3) -> Forecast:
    return fitted.forecast(recent, horizon, PATHS, np.random.default_rng(seed))


def odd_histories() -> dict[str, pd.DataFrame]:
    """Histories that a young, a tiny or a dead lane gives."""
    busy = factory_demand(100)
    new = long_frame({"new": np.array([4.0, 0.0, 2.0])}, np.zeros(3), start="2024-04-07")
    return {
        "one day": long_frame({"a": np.array([5.0])}),
        "five days": long_frame({"a": np.arange(5.0), "b": np.zeros(5)}),
        "three weeks": factory_demand(21),
        "eight weeks": factory_demand(56),
        "all zero": long_frame({"a": np.zeros(90), "b": np.zeros(90)}),
        "awake at last": long_frame({"a": np.repeat([0.0, 3.0], [80, 10])}),
        "constant": long_frame({"a": np.full(90, 7.0)}),
        "huge and tiny": long_frame({"a": np.tile([1e9, 3e9, 0.0], 30), "b": np.tile([1e-6, 0.0, 2e-6], 30)}),
        "a lane three days old": pd.concat([busy, new], ignore_index=True),
    }


class ForecasterContract:
    """Rules for any forecaster; `knows_future` for one that is told the truth beforehand."""

    knows_future = False
    keeps_a_model = True

    def build(self, truth: pd.DataFrame) -> Forecaster:
        """Make the forecaster; ``truth`` is what really comes, for those that ask."""
        raise NotImplementedError

    @pytest.fixture
    def demand(self) -> pd.DataFrame:
        return factory_demand(DAYS_KNOWN + 28)

    @pytest.fixture
    def recent(self, demand: pd.DataFrame) -> pd.DataFrame:
        return known_at(demand, TODAY, HORIZON)

    @pytest.fixture
    def fitted(self, demand: pd.DataFrame) -> FittedForecaster:
        return self.build(demand).fit(demand[demand["ds"] < pd.Timestamp(TODAY)], 1)

    def test_shape(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """Paths have a row per series in the order of the ids, a column per day after the last known one."""
        forecast = run(fitted, recent)
        assert forecast.series == ("F1|69|dairy", "F1|75|cheese", "F1|75|dairy")
        assert forecast.first_day == TODAY
        assert forecast.paths.shape == (3, HORIZON, PATHS)
        assert forecast.paths.dtype == np.float64

    @pytest.mark.parametrize("horizon", [1, 2, 45])
    def test_any_horizon(self, fitted: FittedForecaster, recent: pd.DataFrame, horizon: int) -> None:
        """One day, and more days than any block of past errors has, come finite and not negative."""
        paths = run(fitted, recent, horizon).paths
        assert paths.shape == (3, horizon, PATHS)
        assert np.isfinite(paths).all()
        assert (paths >= 0).all()

    @pytest.mark.parametrize("kind", sorted(odd_histories()))
    def test_odd_histories(self, kind: str) -> None:
        """Young, dead, constant and extreme series get finite figures >= 0; a dead one gets zeros."""
        history = odd_histories()[kind]
        forecast = run(self.build(history).fit(history, 1), history)
        assert np.isfinite(forecast.paths).all()
        assert (forecast.paths >= 0).all()
        dead = history.groupby("unique_id")["y"].max() == 0
        assert not forecast.paths[forecast.rows(dead[dead].index.to_list())].any()
        if kind == "constant":
            np.testing.assert_allclose(forecast.paths, 7.0, rtol=0.01)

    def test_same_seed_same_bytes(self, demand: pd.DataFrame, recent: pd.DataFrame) -> None:
        """Fitting and forecasting twice with the same seeds gives the same bytes."""
        first, second = (run(self.build(demand).fit(demand, 5), recent).paths.tobytes() for _ in range(2))
        assert first == second

    def test_units(self, demand: pd.DataFrame) -> None:
        """A lane counted in kilograms gets its forecast in pallets times the weight; the others stay as they are."""
        heavier = demand.assign(y=demand["y"].where(demand["unique_id"] != "F1|75|dairy", 512.0 * demand["y"]))
        pallets, kilograms = (
            run(self.build(d).fit(known_at(d, TODAY), 1), known_at(d, TODAY, HORIZON)).paths for d in (demand, heavier)
        )
        np.testing.assert_allclose(kilograms, pallets * np.array([1.0, 1.0, 512.0])[:, None, None], rtol=1e-9)

    def test_order_of_rows(self, fitted: FittedForecaster, demand: pd.DataFrame, recent: pd.DataFrame) -> None:
        """Shuffled rows are the same history."""
        past = demand[demand["ds"] < pd.Timestamp(TODAY)]
        again = self.build(demand).fit(past.sample(frac=1, random_state=1), 1)
        shuffled = recent.sample(frac=1, random_state=2)
        assert run(again, shuffled).paths.tobytes() == run(fitted, recent).paths.tobytes()

    def test_inputs_stay_as_they_were(self, demand: pd.DataFrame, recent: pd.DataFrame) -> None:
        """Neither fitting nor forecasting changes the frames it was given."""
        history = demand.copy()
        given = recent.copy()
        run(self.build(demand).fit(history, 1), given)
        pd.testing.assert_frame_equal(history, demand)
        pd.testing.assert_frame_equal(given, recent)

    def test_forecasts_leave_no_trace(
        self, fitted: FittedForecaster, demand: pd.DataFrame, recent: pd.DataFrame
    ) -> None:
        """A forecast from another day in between does not change the next one."""
        before = run(fitted, recent).paths
        run(fitted, known_at(demand, TODAY + timedelta(days=3), HORIZON), 20)
        assert run(fitted, recent).paths.tobytes() == before.tobytes()

    def test_pickle(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """A fitted forecaster sent to another process forecasts the same."""
        sent = pickle.loads(pickle.dumps(fitted))
        assert run(sent, recent).paths.tobytes() == run(fitted, recent).paths.tobytes()

    def test_nothing_on_the_screen(self, demand: pd.DataFrame, capfd: pytest.CaptureFixture[str]) -> None:
        """Fitting and forecasting print nothing, not even from a library's compiled code."""
        short = known_at(demand, date(2024, 3, 15))
        run(self.build(demand).fit(short, 1), short)
        assert capfd.readouterr() == ("", "")

    def test_no_leakage(self, fitted: FittedForecaster, demand: pd.DataFrame, recent: pd.DataFrame) -> None:
        """Two records that differ only from today on give the same forecast."""
        if self.knows_future:
            pytest.skip("knows the future by design")
        future = demand["ds"] >= pd.Timestamp(TODAY)
        other = demand.assign(y=demand["y"].where(~future, 999.0))
        refitted = self.build(other).fit(known_at(other, TODAY), 1)
        assert run(refitted, known_at(other, TODAY, HORIZON)).paths.tobytes() == run(fitted, recent).paths.tobytes()

    def test_earlier_day(self, demand: pd.DataFrame) -> None:
        """A forecast for a day that the fit lies ahead of takes no lag, scale or level from after that day."""
        if self.knows_future:
            pytest.skip("knows the future by design")
        day = TODAY - timedelta(days=30)
        fitted = self.build(demand).fit(demand, 1)
        one_series = demand["unique_id"] == "F1|75|dairy"
        changed = demand.assign(y=demand["y"].where(~(one_series & (demand["ds"] < pd.Timestamp(day))), 0.0))
        forecast = run(fitted, known_at(changed, day, HORIZON))
        assert forecast.first_day == day
        assert not forecast.paths[forecast.rows(["F1|75|dairy"])].any()

    def test_new_lane(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """A lane that appears only in the recent rows is forecast with the others."""
        fresh = long_frame({"F1|13|dairy": np.array([6.0, 5.0, 7.0])}, np.zeros(3), start="2024-05-17")
        forecast = run(fitted, pd.concat([recent, fresh], ignore_index=True))
        assert forecast.series[0] == "F1|13|dairy"
        assert np.isfinite(forecast.paths).all()
        if not self.knows_future:
            assert 1.0 < forecast.paths[0].mean() < 20.0

    def test_lane_without_recent_rows(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """A lane of the history that has no recent row is still in the forecast."""
        others = recent[recent["unique_id"] != "F1|69|dairy"]
        assert run(fitted, others).series == run(fitted, recent).series

    def test_short_recent(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """The last week alone forecasts like the whole record: the days before it are remembered from the fit."""
        week = recent[recent["ds"] >= pd.Timestamp(TODAY - timedelta(days=7))]
        assert run(fitted, week).paths.tobytes() == run(fitted, recent).paths.tobytes()

    def test_twins_move_together(self) -> None:
        """Two identical lanes have identical paths: the quantile of their sum is the sum of their quantiles."""
        one = factory_demand(120).query("unique_id == 'F1|75|cheese'")
        pair = pd.concat([one.assign(unique_id="a"), one.assign(unique_id="b")], ignore_index=True)
        forecast = run(self.build(pair).fit(pair, 1), pair)
        np.testing.assert_allclose(forecast.paths[0], forecast.paths[1])
        np.testing.assert_allclose(
            np.quantile(forecast.pooled(["a", "b"]), 0.9, axis=1), forecast.quantiles([0.9])[0].sum(axis=0)
        )

    def test_opposites_cancel(self) -> None:
        """Two lanes of which one has what the other lacks have a sum that is far surer than either."""
        noise = np.random.default_rng(4).normal(0, 10, 200).clip(-30, 30)
        pair = long_frame({"a": 50 + noise, "b": 50 - noise})
        known = known_at(pair, date(2024, 1, 1) + timedelta(days=180))
        forecast = run(self.build(pair).fit(known, 1), known, 5)
        low, high = np.quantile(forecast.pooled(["a", "b"]), [0.1, 0.9], axis=1)
        apart = forecast.quantiles([0.1, 0.9])
        assert ((high - low) <= 0.5 * (apart[1] - apart[0]).sum(axis=0)).all()

    def test_restored(self, fitted: FittedForecaster, demand: pd.DataFrame, recent: pd.DataFrame) -> None:
        """Taken apart into plain values and put together again, through JSON, it forecasts the same, to the byte."""
        if not self.keeps_a_model:
            with pytest.raises(InputError, match="no model to keep"):
                fitted.state()
            return
        state = fitted.state()
        forecaster = self.build(demand)
        assert state.forecaster == forecaster.name
        spec = json.loads(json.dumps(state.spec))
        again = forecaster.restore(ModelState(state.forecaster, spec, dict(state.boosters), dict(state.arrays)))
        assert run(again, recent).paths.tobytes() == run(fitted, recent).paths.tobytes()

    def test_update(self, fitted: FittedForecaster, demand: pd.DataFrame, recent: pd.DataFrame) -> None:
        """One more day is taken in: the next forecast needs no more than that day; the old model stays as it was."""
        before = run(fitted, recent).paths.tobytes()
        tomorrow = TODAY + timedelta(days=1)
        updated = fitted.update(demand[demand["ds"] == pd.Timestamp(TODAY)])
        nothing_more = known_at(demand[demand["ds"] >= pd.Timestamp(TODAY)], tomorrow, HORIZON)
        forecast = run(updated, nothing_more)
        assert forecast.first_day == tomorrow
        whole = run(fitted, known_at(demand, tomorrow, HORIZON))
        # Its errors are one day newer, so the figures are near, not the same.
        np.testing.assert_allclose(forecast.paths.mean(), whole.paths.mean(), rtol=0.1)
        assert run(fitted, recent).paths.tobytes() == before

    @pytest.mark.parametrize(("freq", "season"), [("W-FRI", 52), ("MS", 12)])
    def test_longer_periods(self, freq: str, season: int) -> None:
        """Weekly and monthly records are forecast in their own periods, of the right size and at the right dates."""
        rng = np.random.default_rng(2)
        stamps = pd.date_range("2018-01-05" if freq != "MS" else "2018-01-01", periods=72, freq=freq)
        frames = [
            pd.DataFrame({"unique_id": name, "ds": stamps, "y": rng.poisson(size, 72).astype(float)})
            for name, size in (("a", 40.0), ("b", 5.0))
        ]
        record = pd.concat(frames, ignore_index=True)
        past = record[record["ds"] < stamps[66]]
        forecast = run(self.build(record).fit(past, 1), past, 4)
        assert (forecast.freq, forecast.first_day) == (freq, stamps[66].date())
        assert 28 < forecast.paths[0].mean() < 55
        assert 2 < forecast.paths[1].mean() < 10

    def test_shuffled_future(self, fitted: FittedForecaster, demand: pd.DataFrame) -> None:
        """Shuffling what comes after a day changes no forecast from that day, whether from a frame or from a panel."""
        if self.knows_future:
            pytest.skip("knows the future by design")
        coming = demand["ds"] >= pd.Timestamp(TODAY)
        shuffled = demand.copy()
        shuffled.loc[coming, "y"] = demand.loc[coming, "y"].sample(frac=1, random_state=3).to_numpy()
        assert not shuffled["y"].equals(demand["y"])
        results = set()
        for record in (demand, shuffled):
            panel = read_history(record).until(DAYS_KNOWN)
            refitted = self.build(record).fit(panel, 1)
            results |= {run(refitted, panel).paths.tobytes(), run(fitted, panel).paths.tobytes()}
        assert len(results) == 1

    def test_planted_series(self, demand: pd.DataFrame) -> None:
        """A series known only through its future is in no forecast from before it."""
        if self.knows_future:
            pytest.skip("knows the future by design")
        planted = long_frame({"planted": np.full(20, 5000.0)}, np.zeros(20), start=str(TODAY))
        record = pd.concat([demand, planted], ignore_index=True)
        past = record[record["ds"] < pd.Timestamp(TODAY)]
        forecast = run(self.build(record).fit(past, 1), past)
        assert "planted" not in forecast.series
        # In a panel of the whole record it has a row, of which nothing is known before it begins.
        panel = read_history(record).until(DAYS_KNOWN)
        with_row = run(self.build(record).fit(panel, 1), panel)
        without = read_history(demand).until(DAYS_KNOWN)
        forecast = run(self.build(record).fit(without, 1), without)
        assert with_row.paths[with_row.rows(["planted"])].max() < 1000
        np.testing.assert_array_equal(with_row.paths[with_row.rows(forecast.series)], forecast.paths)

    def test_closed_days(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """Nothing is forecast for a day that is known to be closed."""
        if self.knows_future:
            pytest.skip("knows the future by design")
        closed = recent.assign(shutdown=recent["ds"] == pd.Timestamp(TODAY + timedelta(days=2)))
        paths = run(fitted, closed).paths
        assert not paths[:, 2].any()
        assert paths[:, 1].any()

    def test_censored_days(self, demand: pd.DataFrame) -> None:
        """Days on which stock ran out do not pull the forecast down."""
        if self.knows_future:
            pytest.skip("knows the future by design")
        past = known_at(demand, TODAY)
        past = past[past["y"].notna()]
        out = (past["ds"] >= pd.Timestamp(TODAY - timedelta(days=7))) & (past["unique_id"] == "F1|75|dairy")
        short = past.assign(y=past["y"].where(~out, 0.0), stockout=out)
        blind = short.drop(columns="stockout")
        told, untold = (run(self.build(demand).fit(d, 1), d).paths[2].mean() for d in (short, blind))
        assert told > untold

    def test_owners_apart(self, demand: pd.DataFrame) -> None:
        """Two owners who forecast apart with equal generators get paths that belong together: their sum is no surer."""
        if self.knows_future:
            pytest.skip("has no paths that differ")
        noise = np.random.default_rng(4).normal(0, 10, 200).clip(-30, 30)
        apart = []
        for owner in ("a", "b"):
            own = long_frame({owner: 50 + noise})
            apart.append(run(self.build(own).fit(own, 1), own, 5).paths[0])
        correlation = [np.corrcoef(apart[0][day], apart[1][day])[0, 1] for day in range(5)]
        assert min(correlation) > 0.95

    def test_bad_rows_are_named(self, fitted: FittedForecaster, recent: pd.DataFrame) -> None:
        """A negative demand is refused with its row, whether in the history or in what is recent."""
        bad = recent.copy()
        bad.loc[4, "y"] = -1.0
        with pytest.raises(InputError, match=r"recent row 5: y is -1\.0, expected a finite number >= 0"):
            run(fitted, bad)
        with pytest.raises(InputError, match="history row 5"):
            self.build(recent).fit(bad, 1)
