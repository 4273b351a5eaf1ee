"""How good forecasts are on public demand, by rolling origin, against seasonal naive and AutoETS; and what they cost.

Measures are those of `forecasting.evaluate`. Ratios are LightGBM's figure over that of the rule named, so below 1 is
better. Sets: `m5_store_dept` (the last three years before each fold, 28 days), `walmart_weekly` (8 weeks; every eighth
of the complete series, for AutoETS's sake; returns, which are negative sales, count as 0), `supplygraph` (sales orders
and deliveries to distributors, 14 days) and `carparts` (3 months).

Run: python benchmarks/forecasting.py [--quick] [--json FILE]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.common import options, report  # noqa: E402
from forecasting import LightGBM, Panel, read_history  # noqa: E402
from forecasting.apart import select  # noqa: E402
from forecasting.auto_ets import AutoETS  # noqa: E402
from forecasting.boosting import MAX_ROWS, SETTINGS, Lesson, Trees  # noqa: E402
from forecasting.bucket import Sight, learning_rows, sight  # noqa: E402
from forecasting.evaluate import YARDSTICK, evaluate  # noqa: E402
from forecasting.features import Recipe, lag_features, recipe  # noqa: E402
from forecasting.levels import LEVELS  # noqa: E402

DEMAND = ROOT.parent / "shared" / "demand"
THREE_YEARS = 1095
WALMART_EVERY = 8
HORIZONS = {"m5_store_dept": 28, "walmart_weekly": 8, "supplygraph": 14, "carparts": 3}
COUNTRIES = {"m5_store_dept": "US", "walmart_weekly": "US"}
QUICK_EVERY = {"m5_store_dept": 7, "walmart_weekly": 8, "supplygraph": 4, "carparts": 40}
SEED = 1
# What `groupage forecast predict` gives by default, a fortnight ahead.
DAYS_AHEAD, PATHS = 14, 500


def m5_store_dept(folds: int) -> Panel:
    """Daily unit sales of 70 departments, with events and food-stamp days as known ahead."""
    folder = DEMAND / "m5_store_dept"
    sales = pd.read_parquet(folder / "sales.parquet").rename(columns={"store_id": "zone", "dept_id": "product"})
    days = np.sort(sales["ds"].unique())[-THREE_YEARS - folds * HORIZONS["m5_store_dept"] :]
    sales = sales[sales["ds"] >= days[0]].astype({"y": float})
    calendar = pd.read_csv(folder / "calendar.csv", parse_dates=["ds"], keep_default_na=False).set_index("ds")
    sales["event"] = sales["ds"].map((calendar["event_name_1"] != "None").astype(float)).fillna(0.0)
    sales["snap"] = 0.0
    for state in ("CA", "TX", "WI"):
        here = sales["zone"].str.startswith(state)
        sales.loc[here, "snap"] = sales.loc[here, "ds"].map(calendar[f"snap_{state}"]).fillna(0).astype(float)
    return read_history(sales, freq="D", ahead=("event", "snap"))


def walmart_weekly(folds: int) -> Panel:
    """Weekly sales of departments without a missing week, returns clipped to nothing sold."""
    sales = pd.read_parquet(DEMAND / "walmart_weekly" / "sales.parquet")
    weeks = sales.groupby("unique_id")["ds"].count()
    complete = sorted(weeks[weeks == sales["ds"].nunique()].index)[::WALMART_EVERY]
    sales = sales[sales["unique_id"].isin(complete)].rename(columns={"store": "zone", "dept": "product"})
    return read_history(sales.assign(y=sales["y"].clip(lower=0.0)), freq="W-FRI")


def supplygraph(folds: int) -> Panel:
    """Daily tonnes ordered and delivered, by product."""
    flows = pd.read_parquet(DEMAND / "supplygraph" / "flows_daily_tonnes.parquet").rename(columns={"flow": "lane"})
    chosen = flows[flows["lane"].isin(["sales_order", "delivery_to_distributor"])]
    return read_history(chosen.drop(columns="product"), freq="D")


def carparts(folds: int) -> Panel:
    """Monthly sales of spare parts; a missing month is unknown."""
    return read_history(pd.read_parquet(DEMAND / "carparts" / "carparts.parquet"), freq="MS")


SETS: dict[str, Callable[[int], Panel]] = {
    "m5_store_dept": m5_store_dept,
    "walmart_weekly": walmart_weekly,
    "supplygraph": supplygraph,
    "carparts": carparts,
}


def accuracy(name: str, *, quick: bool) -> dict[str, float]:
    """Measures of one set."""
    folds, horizon = (1, HORIZONS[name]) if quick else (4, HORIZONS[name])
    panel = SETS[name](folds)
    if quick:
        panel = select(panel, np.arange(0, len(panel.series), QUICK_EVERY[name]))
    pools = None
    if name == "m5_store_dept" and not quick:
        stores = sorted({*panel.static["zone"]})
        pools = {s: tuple(u for u, z in zip(panel.series, panel.static["zone"], strict=True) if z == s) for s in stores}
    ours = LightGBM(horizon=horizon, country=COUNTRIES.get(name))
    found = evaluate(
        panel, {"lightgbm": ours, "auto_ets": AutoETS()}, horizon=horizon, folds=folds, seed=SEED, pools=pools
    ).measures()
    mine, naive, ets = found["lightgbm"], found[YARDSTICK], found["auto_ets"]
    measures = {
        f"spl.{name}.lightgbm": mine["spl"],
        f"spl.{name}.seasonal_naive": naive["spl"],
        f"spl.{name}.auto_ets": ets["spl"],
        f"spl_ratio.{name}.seasonal_naive": mine["spl"] / naive["spl"],
        f"spl_ratio.{name}.auto_ets": mine["spl"] / ets["spl"],
        f"wape.{name}.lightgbm": mine["wape"],
        f"wape.{name}.seasonal_naive": naive["wape"],
    }
    return measures | _decisions(name, mine, naive)


def scale(*, quick: bool) -> dict[str, float]:
    """Preprocessing and one quantile model of many series, beside plain mlforecast with the same features and trees."""
    series, days = (1_000, 365) if quick else (10_000, 365)
    # Loading the libraries is not what is measured.
    _plain_mlforecast(_many(10, 100), Recipe(7, 7, False, (), {}), 100)
    # A model is as large whatever number of lanes it learned from.
    fitted = LightGBM().fit(_many(300, days), SEED)
    frame = _many(series, days)
    start = time.process_time()
    panel = read_history(frame, freq="D")
    view = sight(panel)
    chosen = recipe(panel, 7)
    _one_quantile(view, chosen)
    ours = time.process_time() - start
    del view
    start = time.process_time()
    forecast = replace(fitted, history=panel).forecast(panel, DAYS_AHEAD, PATHS, np.random.default_rng(SEED))
    forecast.quantiles(LEVELS.tolist())
    predict = time.process_time() - start
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    del forecast, panel
    # As it comes, mlforecast learns from every day; ours only from the newest million rows.
    plain = _plain_mlforecast(frame, chosen, days)
    same_rows = _plain_mlforecast(frame, chosen, min(days, MAX_ROWS // series))
    return {
        "scale.series": float(series),
        "scale.fit_cpu_s": ours,
        "scale.predict_s": predict,
        "scale.peak_gb": peak_gb,
        "scale.plain_mlforecast_cpu_s": plain,
        "scale.over_plain_share": ours / plain - 1,
        "scale.plain_mlforecast_same_rows_cpu_s": same_rows,
        "scale.over_plain_same_rows_share": ours / same_rows - 1,
    }


def _decisions(name: str, mine: dict[str, Any], naive: dict[str, Any]) -> dict[str, float]:
    """Coverage and what reservations by these quantiles cost too much."""
    measures = {
        f"coverage_q90.{name}": mine["coverage"]["0.9"],
        f"regret90_ratio.{name}.seasonal_naive": mine["regret"]["0.9"] / naive["regret"]["0.9"],
        f"regret75_ratio.{name}.seasonal_naive": mine["regret"]["0.75"] / naive["regret"]["0.75"],
    }
    if name == "m5_store_dept" and "pool_regret_ratio" in mine:
        measures[f"pool_regret90_ratio.{name}"] = mine["pool_regret_ratio"]["0.9"]
    return measures


def _many(series: int, days: int) -> pd.DataFrame:
    """Poisson demand with a weekly pattern."""
    rng = np.random.default_rng(SEED)
    week = np.array([1.0, 1.1, 1.2, 1.1, 1.4, 0.4, 0.2])[np.arange(days) % 7]
    demand = rng.poisson(rng.gamma(1.5, 4.0, series)[:, None] * week)
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"lane {n:05d}" for n in range(series)], days),
            "ds": np.tile(pd.date_range("2024-01-01", periods=days).to_numpy(), series),
            "y": demand.ravel().astype(float),
        }
    )


def _one_quantile(view: Sight, chosen: Recipe) -> Trees:
    """Train the 0.9 quantile as `forecasting.bucket` trains each."""
    rows, target, weight = learning_rows(view, chosen)
    lesson = Lesson(rows.values, target, weight, rows.categorical, np.random.default_rng(SEED), 1)
    return lesson.train(LightGBM().trees, SEED, objective="quantile", alpha=0.9)


def _plain_mlforecast(frame: pd.DataFrame, chosen: Recipe, days: int) -> float:
    """CPU seconds of mlforecast's own fit of the newest days with the same lags, rolling figures and trees.

    As for ours, lags of the first of those days come from the days before.
    """
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast

    lags, transforms, *_, look_back = lag_features(chosen, "D")
    settings = {k: v for k, v in SETTINGS.items() if k not in ("num_leaves", "learning_rate")}
    model = LGBMRegressor(
        objective="quantile",
        alpha=0.9,
        n_estimators=LightGBM().trees,
        num_leaves=SETTINGS["num_leaves"],
        learning_rate=SETTINGS["learning_rate"],
        random_state=SEED,
        n_jobs=1,
        **settings,
    )
    start = time.process_time()
    first = frame["ds"].max() - pd.Timedelta(days=days - 1)
    newest = frame[frame["ds"] >= first - pd.Timedelta(days=look_back)]
    plain = MLForecast(model, freq="D", lags=lags, lag_transforms=transforms, date_features=["dayofweek", "day"])
    rows: Any = plain.preprocess(newest, static_features=[], dropna=False)
    rows = rows[rows["ds"] >= first]
    plain.fit_models(rows.drop(columns=["unique_id", "ds", "y"]), rows["y"].to_numpy())
    return time.process_time() - start


def main() -> None:
    """Run every set, then the scale."""
    asked = options(__doc__ or "")
    measures: dict[str, float] = {}
    # First: the peak is the whole process's.
    measures |= scale(quick=asked.quick)
    for name in SETS:
        if not (DEMAND / name).is_dir():
            print(f"{name}: not in {DEMAND}, left out")
            continue
        measures |= accuracy(name, quick=asked.quick)
    for rule in ("seasonal_naive", "auto_ets"):
        ratios = [v for key, v in measures.items() if key.startswith("spl_ratio.") and key.endswith(rule)]
        if ratios:
            measures[f"spl_ratio.mean.{rule}"] = float(np.mean(ratios))
    packages = ("lightgbm", "mlforecast", "statsforecast", "numpy", "pandas")
    report("Forecasts by rolling origin", measures, packages, asked.json)


if __name__ == "__main__":
    main()
