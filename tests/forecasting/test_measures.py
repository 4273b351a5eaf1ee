"""Tests for forecasting.measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from utilsforecast import losses

from forecasting import critical_ratio
from forecasting.measures import (
    LEVELS,
    bias,
    coverage,
    difference_scale,
    naive_quantiles,
    pinball_loss,
    reservation_regret,
    scaled_pinball_loss,
    wape,
)

NAN = np.nan
# In thousandths, as orders are counted: figures near the least that a float holds say nothing of a formula.
demands = arrays(np.float64, (3, 8), elements=st.integers(0, 10**6).map(lambda n: n / 1000))


def test_pinball_by_hand():
    """A demand of 10 against quantiles of 8 and 13: q times what was missing, 1 - q times what was too much."""
    loss = pinball_loss(np.array([[10.0]]), np.array([[[8.0]], [[13.0]]]), [0.9, 0.25])
    np.testing.assert_allclose(loss.ravel(), [0.9 * 2, 0.75 * 3])


@given(demands, demands)
def test_same_as_utilsforecast(actual: np.ndarray, forecast: np.ndarray):
    """Pinball loss, bias's numerator and scaled loss agree with the library whose users know them."""
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(3), 8),
            "ds": np.tile(np.arange(8), 3),
            "y": actual.ravel(),
            "m": forecast.ravel(),
        }
    )
    ours = pinball_loss(actual, forecast[None], [0.9])[0].mean(axis=1)
    theirs = losses.quantile_loss(frame, models={"m": "m"}, q=0.9)["m"].to_numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    total = actual.sum()
    if total > 0:
        assert bias(actual, forecast) * total == pytest.approx(8 * losses.bias(frame, ["m"])["m"].sum(), abs=1e-6)


def test_scale_skips_unknown():
    """Differences are taken between consecutive known periods only; a lane with none has no scale."""
    history = np.array([[NAN, 1.0, 4.0, NAN, 5.0, 5.0], [NAN, NAN, 1.0, NAN, 2.0, NAN]])
    np.testing.assert_array_equal(difference_scale(history), [1.5, NAN])


def test_spl_by_hand():
    """The mean over levels and known periods, over the scale; a constant history has no scaled loss."""
    history = np.array([[0.0, 2.0, 0.0], [5.0, 5.0, 5.0]])
    actual = np.array([[4.0, NAN], [5.0, 5.0]])
    quantiles = np.full((2, 2, 2), 2.0)
    spl = scaled_pinball_loss(actual, quantiles, history, [0.5, 0.9])
    np.testing.assert_allclose(spl, [(0.5 * 2 + 0.9 * 2) / 2 / 2, NAN])


@given(demands, demands, st.floats(1e-3, 1e3))
def test_spl_has_no_unit(actual: np.ndarray, history: np.ndarray, factor: float):
    """Counting in kilograms instead of pallets changes no scaled loss."""
    quantiles = np.sort(np.resize(actual[::-1], (7, 3, 8)), axis=0)
    one = scaled_pinball_loss(actual, quantiles, history)
    other = scaled_pinball_loss(actual * factor, quantiles * factor, history * factor)
    np.testing.assert_allclose(other, one, rtol=1e-6)


def test_wape_and_bias():
    """Absolute errors and signed errors over all demand; what is not known counts on neither side."""
    actual, point = np.array([[4.0, NAN, 6.0]]), np.array([[5.0, 9.0, 3.0]])
    assert wape(actual, point) == pytest.approx(0.4)
    assert bias(actual, point) == pytest.approx(-0.2)
    assert np.isnan(wape(np.zeros((1, 2)), np.ones((1, 2))))


def test_coverage():
    """A demand equal to the quantile is covered; unknown ones are not counted."""
    quantiles = np.array([[[1.0, 1.0, 1.0]], [[3.0, 3.0, 3.0]]])
    np.testing.assert_allclose(coverage(np.array([[1.0, 3.0, NAN]]), quantiles), [0.5, 1.0])
    assert np.isnan(coverage(np.full((1, 3), NAN), quantiles)).all()


@given(
    st.integers(0, 10**5).map(lambda n: n / 1000),
    st.integers(0, 10**5).map(lambda n: n / 1000),
    st.sampled_from([0.75, 0.9]),
)
def test_regret_is_what_the_bills_say(demand: float, reserved: float, level: float):
    """With salvage 0, the bill with a reservation minus the bill of who knew, over the latter."""
    spot, price = 1.0, 1 - level
    assert critical_ratio(spot, price) == pytest.approx(level)
    bill = price * reserved + spot * max(demand - reserved, 0)
    regret = reservation_regret(np.array([demand]), np.array([reserved]), level)
    if demand > 1e-3:
        assert regret * price * demand == pytest.approx(bill - price * demand, abs=1e-9)


def test_the_quantile_is_the_cheapest_reservation():
    """No other reservation has less regret over many days than the quantile at the critical ratio."""
    demand = np.random.default_rng(1).gamma(4.0, 5.0, 5000)
    best = np.quantile(demand, 0.9)
    regrets = [reservation_regret(demand, np.full(5000, best + step), 0.9) for step in (-3, -1, 0, 1, 3)]
    assert min(regrets) == regrets[2]


def test_pools_regret_less():
    """Lanes that vary independently regret less when they reserve for their sum."""
    lanes = np.random.default_rng(2).gamma(4.0, 5.0, (7, 4000))
    alone = reservation_regret(lanes, np.quantile(lanes, 0.9, axis=1)[:, None] * np.ones(4000), 0.9)
    pool = lanes.sum(axis=0)
    together = reservation_regret(pool, np.full(4000, np.quantile(pool, 0.9)), 0.9)
    assert together < 0.5 * alone


def test_naive_repeats_and_widens():
    """The median repeats the last season; the spread grows by the square root of the seasons ahead; never below 0."""
    history = np.array([[1.0, 10.0, 3.0, 14.0, 2.0, 12.0]])
    quantiles = naive_quantiles(history, 2, 4, [0.05, 0.5, 0.975])
    np.testing.assert_allclose(quantiles[1], [[2.0, 12.0, 2.0, 12.0]])
    spread = 1.959964 * np.sqrt((4 + 16 + 1 + 4) / 4)
    np.testing.assert_allclose(quantiles[2], [[2 + spread, 12 + spread, 2 + 2**0.5 * spread, 12 + 2**0.5 * spread]])
    assert quantiles[0, 0, 0] == 0


@pytest.mark.parametrize("season", [1, 7, 12])
def test_naive_for_the_young(season: int):
    """A lane shorter than a season, one never seen, and a constant one get finite figures."""
    history = np.array([[NAN, NAN, 4.0, 6.0], [NAN] * 4, [3.0] * 4])
    quantiles = naive_quantiles(history, season, 9)
    assert np.isfinite(quantiles).all()
    assert not quantiles[:, 1].any()
    np.testing.assert_array_equal(quantiles[:, 2], 3.0)


def test_published_walmart_figure(shared_dir: Path):
    """Over four folds of eight weeks on Walmart's complete series the yardstick's SPL is the one that it tells."""
    sales = pd.read_parquet(shared_dir / "demand" / "walmart_weekly" / "sales.parquet")
    demand = sales.pivot(index="unique_id", columns="ds", values="y").dropna().to_numpy()
    assert len(demand) == 2660
    folds = []
    for end in range(demand.shape[1] - 24, demand.shape[1] + 1, 8):
        history, actual = demand[:, : end - 8], demand[:, end - 8 : end]
        folds.append(np.nanmean(scaled_pinball_loss(actual, naive_quantiles(history, 52, 8, LEVELS), history)))
    assert np.mean(folds) == pytest.approx(0.3015, abs=5e-4)
