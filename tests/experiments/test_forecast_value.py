"""What a forecast is worth, worked out of a comparison's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agents.policy import Choice, Policy
from experiments.forecast_value import FILE, cross, forecast_value, write_forecast_value
from experiments.policies import load_policy
from groupage.errors import InputError

NAMES = ["seasonal_naive", "lightgbm", "oracle"]


def policy(name: str = "net", holding: str = "quantity_based", forecaster: Choice | None = None) -> Policy:
    chosen = forecaster or Choice(name="lightgbm")
    return Policy(name=name, protocol=Choice(name="contract_net"), holding=Choice(name=holding), forecaster=chosen)


def rows(costs: dict[str, list[float]], unserved: dict[str, list[int]] | None = None) -> list[dict[str, Any]]:
    return [
        {
            "policy": f"net+{forecaster}",
            "replication": r,
            "total_cost_eur": cost,
            "unserved": (unserved or {}).get(forecaster, [0] * len(of))[r],
            "held": 0,
        }
        for forecaster, of in costs.items()
        for r, cost in enumerate(of)
    ]


def told(costs: dict[str, list[float]], **options: Any) -> dict[str, Any]:
    return forecast_value(rows(costs, **options), cross([policy()], list(costs)))


def of(value: dict[str, Any], forecaster: str) -> dict[str, Any]:
    return next(f for f in value["policies"]["net"]["forecasters"] if f["forecaster"] == forecaster)


class TestCross:
    def test_every_policy_with_every_forecaster(self):
        """Each policy that looks ahead is there once for each forecaster, under a name of its own; others once."""
        grid = cross([policy("a"), load_policy("standalone"), policy("b")], NAMES)
        names = [p.name for p in grid.policies]
        assert names == [f"a+{n}" for n in NAMES] + ["standalone"] + [f"b+{n}" for n in NAMES]
        assert [p.forecaster.name for p in grid.policies[:3]] == NAMES
        assert set(grid.crossed) == {"a", "b"}
        assert grid.baseline == "seasonal_naive"

    def test_a_policys_own_parameters_stay(self):
        """Parameters of a policy's forecaster hold where that forecaster is asked for, and only there."""
        tuned = Choice(name="seasonal_naive", params={"seasons": 4})
        with_both = cross([policy(forecaster=tuned)], NAMES).crossed["net"]
        assert with_both["seasonal_naive"].forecaster == tuned
        assert with_both["lightgbm"].forecaster == Choice(name="lightgbm")

    def test_the_oracle_is_no_starting_point(self):
        """Others are measured against the first that does not know the future; the oracle alone leaves none."""
        assert cross([policy()], ["oracle", "lightgbm"]).baseline == "lightgbm"
        assert cross([policy()], ["oracle"]).baseline is None

    @pytest.mark.parametrize(
        ("policies", "forecasters", "said"),
        [
            ([policy()], ["oracel"], "'oracel', expected out of auto_ets"),
            ([policy()], ["oracle", "oracle"], "expected each forecaster once"),
            ([policy()], [], "empty, expected at least one"),
            (
                [policy(holding="ship_now"), load_policy("standalone")],
                NAMES,
                r"no forecast \(holding ship_now and reservation none\)",
            ),
        ],
    )
    def test_what_does_not_fit(self, policies: list[Policy], forecasters: list[str], said: str):
        """A wrong name, one named twice, none, and policies for which no forecaster matters: each is said."""
        with pytest.raises(InputError, match=said):
            cross(policies, forecasters)


def test_figures_by_hand():
    """Savings, regrets and the share of the gap are paired by replication; orders' own spread drops out."""
    value = told(
        {
            "seasonal_naive": [100.0, 1000.0, 500.0],
            "lightgbm": [94.0, 993.0, 495.0],
            "oracle": [90.0, 989.0, 491.0],
        }
    )
    assert value["baseline"] == "seasonal_naive"
    assert value["policies"]["net"]["gap_eur"]["mean"] == 10.0
    assert value["policies"]["net"]["gap_settled"]
    middle = of(value, "lightgbm")
    assert middle["run"] == "net+lightgbm"
    assert middle["cost_eur"]["mean"] == pytest.approx(1582 / 3)
    assert middle["saved_eur"]["mean"] == 6.0
    assert middle["regret_eur"] == {"mean": 4.0, "low": 4.0, "high": 4.0}
    assert middle["gap_closed_percent"]["mean"] == 60.0
    assert 0 < middle["gap_closed_percent"]["low"] < 60 < middle["gap_closed_percent"]["high"] < 100
    assert of(value, "seasonal_naive")["regret_eur"]["mean"] == 10.0
    assert of(value, "seasonal_naive")["saved_eur"] is None
    assert of(value, "oracle")["regret_eur"] is None
    assert of(value, "oracle")["gap_closed_percent"] is None


@pytest.mark.parametrize("oracle", [[99.0, 1011.0, 489.0], [110.0, 1011.0, 509.0]])
def test_no_share_of_a_gap_that_may_be_nothing(oracle: list[float]):
    """Where the oracle saves nothing that can be told from luck, or costs more, there is no share of the gap."""
    value = told({"seasonal_naive": [100.0, 1000.0, 500.0], "lightgbm": [90.0, 990.0, 490.0], "oracle": oracle})
    assert not value["policies"]["net"]["gap_settled"]
    assert value["policies"]["net"]["gap_eur"]["mean"] == pytest.approx((1600 - sum(oracle)) / 3)
    assert of(value, "lightgbm")["gap_closed_percent"] is None
    assert of(value, "lightgbm")["saved_eur"]["mean"] == 10.0


def test_without_an_oracle():
    """Without the oracle there is no regret and no gap; savings stay."""
    value = told({"seasonal_naive": [100.0, 90.0], "lightgbm": [95.0, 84.0]})
    assert not value["oracle"]
    assert value["policies"]["net"]["gap_eur"] is None
    assert of(value, "lightgbm")["regret_eur"] is None
    assert of(value, "lightgbm")["saved_eur"]["mean"] == 5.5


def test_one_replication():
    """One replication has differences without intervals, and settles nothing."""
    value = told({"seasonal_naive": [100.0], "lightgbm": [95.0], "oracle": [90.0]})
    assert value["policies"]["net"]["gap_eur"] == {"mean": 10.0, "low": None, "high": None}
    assert not value["policies"]["net"]["gap_settled"]
    assert of(value, "lightgbm")["gap_closed_percent"] is None


def test_costs_of_different_work_are_called_so():
    """What one forecaster leaves undelivered and another does not is no saving."""
    costs = {"seasonal_naive": [100.0, 90.0], "lightgbm": [95.0, 84.0]}
    assert told(costs)["policies"]["net"]["same_work"]
    value = told(costs, unserved={"lightgbm": [0, 1]})
    assert not value["policies"]["net"]["same_work"]
    assert of(value, "lightgbm")["undelivered"] == 1


def test_every_replication_is_written(tmp_path: Path):
    """The table has a row for each policy, forecaster and replication, with the paired differences."""
    costs = {"seasonal_naive": [100.0, 90.0], "oracle": [90.0, 81.5]}
    write_forecast_value(tmp_path, rows(costs), cross([policy()], list(costs)))
    written = pq.read_table(tmp_path / FILE).to_pylist()
    assert [(r["forecaster"], r["replication"], r["saved_eur"], r["regret_eur"]) for r in written] == [
        ("seasonal_naive", 0, 0.0, 10.0),
        ("seasonal_naive", 1, 0.0, 8.5),
        ("oracle", 0, 10.0, 0.0),
        ("oracle", 1, 8.5, 0.0),
    ]
    assert {r["policy"] for r in written} == {"net"}
