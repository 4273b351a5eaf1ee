"""What forecasts save where they are used: ``python -m benchmarks.forecast_value [--quick] [--json FILE]``.

Thirty generated regions, each with its own geography, prices and orders, are run under ``contract_net`` with all orders
delivered by the end. Deciding by forecast is held against shipping at once and reserving nothing on the same orders and
seeds; and where all is decided by forecast, one forecaster against the other. The cost is all that owners pay, being
late, waiting and reserving included.

``forecast_value.saving_percent.<policy>`` is what a policy saves of the cost of shipping at once, for the ``lightgbm``
forecaster or the one that the key names, and ``forecast_value.gap_percent`` what the oracle saves of the cost with
``seasonal_naive``: means over regions with the ends ``.low`` and ``.high`` of Student's 95 % interval.
``forecast_value.gap_closed_percent`` is how much of the gap in EUR ``lightgbm`` closes, a ratio of means with Fieller's
interval; it is left out where the gap is not told apart from nothing.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.policy import Policy
from benchmarks.common import options, report
from experiments.figures import spread
from experiments.forecast_value import Grid, cross, forecast_value
from experiments.generator import GeneratorParams, generate_to
from experiments.policies import policy_from
from experiments.runs import RunSpec, Stage, simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


FORECASTERS = ("seasonal_naive", "lightgbm", "oracle")
AT_ONCE = "ship_now"
POLICIES: Mapping[str, Mapping[str, str]] = {
    AT_ONCE: {"holding": "ship_now", "reservation": "none"},
    "holding": {"holding": "forecast_value", "reservation": "none"},
    "reservation": {"holding": "ship_now", "reservation": "newsvendor"},
    "both": {"holding": "forecast_value", "reservation": "newsvendor"},
}
FULL = "both"  # decides all that it can by forecast: the policy that meets every forecaster
REPLICATIONS, QUICK_REPLICATIONS = 30, 3
# A vehicle or dock slot is a quarter dearer on the day than ahead, an unused one worth a fifth; keeping a pallet a day
# costs what a public warehouse asks.
PRICES: Mapping[str, float] = {
    "spot_premium_percent": 25.0,
    "release_percent": 20.0,
    "holding_eur_per_pallet_day": 0.5,
}
REGION: Mapping[str, Any] = {"factories": 4, "hubs": 1, "carriers": 3, "clients": 20, "days": 8, **PRICES}
QUICK_REGION: Mapping[str, Any] = {"factories": 2, "hubs": 0, "carriers": 2, "clients": 8, "days": 3, **PRICES}
KEY = "forecast_value"

Row = dict[str, Any]


def grid() -> Grid:
    """The policies, and the full one with every forecaster."""
    full = policy_of(FULL)
    return cross([full], FORECASTERS)


def policy_of(name: str) -> Policy:
    """One of `POLICIES`, with the ``lightgbm`` forecaster."""
    return policy_from({"name": name, "protocol": "contract_net", "forecaster": "lightgbm", **POLICIES[name]})


def replication(number: int, region: Mapping[str, Any]) -> list[Row]:
    """Run every policy on a region of its own: a summary for each, with the processor seconds that it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "region"
        generate_to(folder, GeneratorParams(seed=1000 + number, **region))
        stage = Stage.of(folder, 0)
    rows = []
    for policy in (*(policy_of(n) for n in POLICIES if n != FULL), *grid().policies):
        started = time.process_time()
        summary, _ = simulate(stage.scenario, RunSpec(policy, seed=number), world=stage.world)
        seconds = time.process_time() - started
        rows.append({"policy": policy.name, "replication": number, "cpu_s": seconds} | summary)
    return rows


def measured(rows: Sequence[Row]) -> dict[str, float]:
    """Savings, gap and its closing, out of the runs' summaries."""
    measures: dict[str, float] = {}

    def add(key: str, figure: Mapping[str, float | None] | None) -> None:
        for end, suffix in (("mean", ""), ("low", ".low"), ("high", ".high")):
            value = None if figure is None else figure[end]
            if value is not None:
                measures[f"{KEY}.{key}{suffix}"] = value

    def costs(run: str) -> list[float]:
        return [r["total_cost_eur"] for r in rows if r["policy"] == run]

    def saved_percent(run: str, against: str) -> dict[str, float | None]:
        return spread([100 * (1 - own / whole) for own, whole in zip(costs(run), costs(against), strict=True)])

    for run in dict.fromkeys(r["policy"] for r in rows):
        if run != AT_ONCE:
            plain = run.removesuffix("+lightgbm").replace("+", ".")
            add(f"saving_percent.{plain}", saved_percent(run, AT_ONCE))
    crossed = grid()
    told = forecast_value(rows, crossed)["policies"][FULL]
    runs = {f: p.name for f, p in crossed.crossed[FULL].items()}
    add("gap_percent", saved_percent(runs["oracle"], runs["seasonal_naive"]))
    measures[f"{KEY}.gap_settled"] = float(told["gap_settled"])
    for figure in told["forecasters"]:
        name = figure["forecaster"]
        add(f"cost_eur.{name}", {**figure["cost_eur"], "low": None, "high": None})
        add(f"regret_eur.{name}", figure["regret_eur"])
        if name == "lightgbm":
            add("gap_closed_percent", figure["gap_closed_percent"])
    measures[f"{KEY}.undelivered"] = float(sum(r["unserved"] + r["held"] for r in rows))
    measures[f"{KEY}.replications"] = float(len(costs(AT_ONCE)))
    measures[f"{KEY}.cpu_s"] = sum(r["cpu_s"] for r in rows)
    return measures


def run_all(numbers: Iterable[int], region: Mapping[str, Any]) -> list[Row]:
    """Run all replications, with a word on standard error after each."""
    rows: list[Row] = []
    for number in numbers:
        rows += replication(number, region)
        sys.stderr.write(f"{KEY}: replication {number} done\n")
    return rows


def main() -> None:
    """Measure and print."""
    given = options(__doc__ or "")
    replications = QUICK_REPLICATIONS if given.quick else REPLICATIONS
    measures = measured(run_all(range(replications), QUICK_REGION if given.quick else REGION))
    measures[f"{KEY}.peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report("What forecasts save", measures, ("groupage", "lightgbm", "mlforecast", "pyvrp"), given.json)


if __name__ == "__main__":
    main()
