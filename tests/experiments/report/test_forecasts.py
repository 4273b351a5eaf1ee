"""What a forecast is worth, in the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.report import write_report
from experiments.report.forecasts import forecasters_chart, verdict
from tests.experiments.report.pages import Page
from tests.experiments.report.synthetic import small_scenario, write_comparison, write_forecasters


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_scenario(tmp_path_factory.mktemp("scenario") / "made")


def page_of(folder: Path) -> Page:
    page = Page(write_report(folder).read_text(encoding="utf-8"))
    assert page.faults == []
    assert page.references == []
    return page


def figure(mean: float, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"mean": mean, "low": low, "high": high}


def policy(gap: Any, *, settled: bool = False, same_work: bool = True, **lightgbm: Any) -> dict[str, Any]:
    def row(name: str, cost: float, **of: Any) -> dict[str, Any]:
        nothing = dict.fromkeys(("saved_eur", "regret_eur", "gap_closed_percent"))
        return {"forecaster": name, "run": name, "cost_eur": figure(cost), "undelivered": 0} | nothing | of

    rows = [row("seasonal_naive", 1000.0), row("lightgbm", 960.0, **lightgbm), row("oracle", 930.0)]
    return {"gap_eur": gap, "gap_settled": settled, "same_work": same_work, "forecasters": rows}


def words(told: dict[str, Any], baseline: str | None = "seasonal_naive", replications: int = 30) -> str:
    return " ".join(verdict(told, baseline, replications)).replace("\u00a0", " ")


def test_one_picture_says_it(tmp_path: Path, scenario: Path) -> None:
    """Each forecaster's cost has a dot, the gap a bracket, and the answer on top says what was closed of it."""
    page = page_of(write_forecasters(tmp_path / "c", scenario))
    assert "What is a forecast worth?" in page.of("h2")
    texts = page.of("text")
    assert "the gap: 500 EUR" in texts
    assert "8,190 EUR, closes 62 % of the gap" in texts
    assert "8,500 EUR, the starting point" in texts
    assert "8,000 EUR, knows the future" in texts
    said = (
        "lightgbm saves 310 EUR (220 EUR to 400 EUR) against seasonal_naive: it closes 62 % (45 % to 79 %) of the gap."
    )
    assert any(said in answer for answer in page.of("dd"))
    assert any(said in text for text in page.of("p"))
    assert "310 (220 to 400)" in page.of("td")


def test_nobody_could_choose_the_oracle(tmp_path: Path, scenario: Path) -> None:
    """The page is about the best that somebody could choose; who knows the future is a bound beside it."""
    page = page_of(write_forecasters(tmp_path / "c", scenario))
    assert "From here on: policy net+lightgbm, first of 3 replications." in page.text
    assert "The policy net+oracle (which knows future orders) saves" in page.text


def test_not_asked_not_told(tmp_path: Path, scenario: Path) -> None:
    """A comparison without forecasters says nothing of them."""
    page = page_of(write_comparison(tmp_path / "c", scenario))
    assert "What is a forecast worth?" not in page.of("h2")


def test_several_policies_each_have_a_picture(tmp_path: Path, scenario: Path) -> None:
    """Where several policies met the forecasters, each section says under which."""
    folder = write_forecasters(tmp_path / "c", scenario)
    told = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    policies = told["forecast_value"]["policies"]
    policies["other"] = policies["net"]
    (folder / "comparison.json").write_text(json.dumps(told), encoding="utf-8")
    assert {"What is a forecast worth? Under net", "What is a forecast worth? Under other"} <= set(
        page_of(folder).of("h2")
    )


def test_a_gap_that_may_be_nothing() -> None:
    """No share is given of a gap that is not told apart from nothing."""
    said = words(policy(figure(33.0, -20.0, 86.0), saved_eur=figure(40.0, 10.0, 70.0)))
    assert "would save 33.00 EUR (\u221220.00 EUR to 86.00 EUR) against seasonal_naive" in said
    assert "not distinguishable from nothing over 30 replications" in said
    assert "lightgbm saves 40.00 EUR (10.00 EUR to 70.00 EUR) against seasonal_naive." in said
    assert "closes" not in said


def test_an_oracle_that_costs_more() -> None:
    """Where knowing the future costs more, it is said who is to blame: the rules."""
    said = words(policy(figure(-50.0, -80.0, -20.0), saved_eur=figure(-10.0, -30.0, 10.0)))
    assert "Knowing the future costs 50.00 EUR (20.00 EUR to 80.00 EUR) more than seasonal_naive." in said
    assert "rules make worse decisions" in said
    assert "lightgbm costs 10.00 EUR (\u221210.00 EUR to 30.00 EUR) more than seasonal_naive." in said


def test_one_replication_may_be_luck() -> None:
    """From one replication there are differences, and no more is claimed."""
    said = words(policy(figure(70.0), saved_eur=figure(40.0)), replications=1)
    assert "saves 70.00 EUR against seasonal_naive in this one replication" in said
    assert "--replications" in said


@pytest.mark.parametrize(
    ("gap", "baseline", "said"), [(None, "seasonal_naive", "The oracle was not asked"), (None, None, "Only the oracle")]
)
def test_what_was_not_asked(gap: Any, baseline: str | None, said: str) -> None:
    """Without an oracle there is no bound, and with it alone nothing to hold against it."""
    assert said in words(policy(gap), baseline)


def test_different_work() -> None:
    """Costs of different deliveries are not sold as savings."""
    assert "not of the same work" in words(policy(figure(70.0, 50.0, 90.0), settled=True, same_work=False))


def test_pictures_of_odd_figures() -> None:
    """One forecaster, equal costs, and nothing at all can be drawn."""
    same = policy(figure(0.0, 0.0, 0.0))
    for row in same["forecasters"]:
        row["cost_eur"] = figure(10.0)
    assert "the gap: 0 EUR" in forecasters_chart(same, "seasonal_naive").replace("\u00a0", " ")
    alone = {"forecasters": same["forecasters"][:1]}
    assert forecasters_chart(alone, "seasonal_naive").count("<circle") == 1
    assert forecasters_chart({}, None) == ""
    assert forecasters_chart({"forecasters": [{"forecaster": "x", "cost_eur": None}]}, "x") == ""


def test_whiskers_without_an_oracle() -> None:
    """Without an oracle the interval drawn is that of the difference to the starting point."""
    told = policy(None, saved_eur=figure(40.0, 10.0, 70.0))
    told["forecasters"].pop()
    chart = forecasters_chart(told, "seasonal_naive")
    assert chart.count('class="interval"') == 1
    assert chart.count("<circle") == 2
