"""The whole page: right figures, self-contained, well formed, the same bytes for the same folder, whatever the run."""

from __future__ import annotations

import json
import math
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from experiments.report import write_report
from groupage.errors import InputError
from tests.experiments.report.pages import Page
from tests.experiments.report.synthetic import (
    order,
    small_scenario,
    summarise,
    write_comparison,
    write_run,
    write_scenario_tables,
    write_tables,
)


def page_of(folder: Path) -> Page:
    """Write a folder's report, and hold it to what every report keeps."""
    text = write_report(folder).read_text(encoding="utf-8")
    page = Page(text)
    assert page.faults == []
    assert page.references == []
    assert "script" not in page.tags

    assert not {"None", "none", "nan", "NaN"} & {*page.of("td"), *page.of("span"), *page.of("text")}
    assert "inf " not in page.text
    return page


def rewrite(folder: Path, name: str, change) -> None:
    """Change the rows of a results table."""
    path = folder / f"{name}.parquet"
    table = pq.read_table(path)
    pq.write_table(table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_scenario(tmp_path_factory.mktemp("scenario") / "made")


@pytest.fixture
def run(tmp_path: Path, scenario: Path) -> Path:
    return write_run(tmp_path / "run", scenario)


def test_the_headline_is_the_saving_of_the_summary(run: Path) -> None:
    """The first sentence says what pooling was worth in EUR and percent, as the run's summary has it."""
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    headline = page_of(run).of("h1")[0]
    assert f"{summary['saving_eur']:,.0f} EUR" in headline
    assert f"{summary['saving_percent']:.1f} %" in headline


def test_figures_match_the_tables(run: Path) -> None:
    """Cost lines, owners, carriers and disclosure stand in the page as the tables add up."""
    page = page_of(run)
    cells = page.of("td")
    costs = pq.read_table(run / "costs.parquet").to_pylist()
    tolls = {
        s: sum(r["price_eur"] for r in costs if r["line"] == "toll" and r["scope"] == s) for s in ("before", "after")
    }
    at = cells.index("Road tolls")
    assert cells[at + 1 : at + 3] == [f"{tolls['before']:,.0f}", f"{tolls['after']:,.0f}"]
    shares = pq.read_table(run / "shares.parquet").to_pylist()
    for owner in ("F1", "F2", "F3"):
        own = [r for r in shares if r["party"] == owner]
        alone, gain = sum(r["standalone_eur"] for r in own), sum(r["gain_eur"] for r in own)
        at = cells.index(f"Factory {owner[1]}")
        expected = [f"{alone:,.0f}", f"{alone - gain:,.0f}", f"{gain:,.0f}", f"{100 * gain / alone:.1f} %"]
        assert cells[at + 1 : at + 5] == expected
    carrier = [r for r in shares if r["party"] == "C1"]
    at = cells.index("C1 Transport")
    lost = sum(r["displaced_revenue_eur"] for r in carrier)
    assert cells[at + 2] == f"{sum(r['received_eur'] for r in carrier):,.0f}"
    assert cells[at + 5] == (f"{lost:,.0f}" if lost else "\u2013")
    assert f"{sum(r['disclosed'] for r in shares):,} private figures left their owners" in page.text


def test_totals_come_from_the_tables_where_the_summary_is_silent(run: Path) -> None:
    """Without a summary the key figures are those that the tables add up to."""
    with_summary = page_of(run).of("span")
    (run / "summary.json").write_text("{}", encoding="utf-8")
    assert page_of(run).of("span") == with_summary


def test_the_same_folder_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    """A report holds no time, path or chance: the same folder elsewhere gives the same bytes."""
    first = write_report(run).read_bytes()
    shutil.copytree(run, tmp_path / "elsewhere")
    assert write_report(tmp_path / "elsewhere", tmp_path / "deep" / "page.html").read_bytes() == first
    assert str(tmp_path) not in first.decode()


def test_the_order_of_rows_does_not_matter(run: Path) -> None:
    """Tables with their rows the other way round give the same bytes."""
    first = write_report(run).read_bytes()
    for name in ("days", "loads", "stops", "shares", "shipments", "messages", "bookings"):
        rewrite(run, name, lambda rows: rows[::-1])
    assert write_report(run).read_bytes() == first


def test_a_run_that_cost_more_says_so(tmp_path: Path, scenario: Path) -> None:
    """A negative saving is called a cost, and owners who lose are named."""
    page = page_of(write_run(tmp_path / "run", scenario, level=3.0))
    assert "Pooling cost" in page.of("h1")[0]
    assert "more than going alone" in page.of("h1")[0]
    assert "paid more than alone: Factory" in page.text
    assert "worse" in page.classes


def test_nothing_pooled_is_not_called_a_saving(tmp_path: Path, scenario: Path) -> None:
    """Without pooled shipments the headline claims nothing; the reference policy is named as such."""
    page = page_of(write_run(tmp_path / "alone", scenario, pool=False, policy="standalone"))
    assert page.of("h1")[0].startswith("Without a pool the deliveries cost")
    page = page_of(write_run(tmp_path / "none", scenario, pool=False))
    assert page.of("h1")[0] == "Nothing was pooled, so nothing was saved"
    assert "The policy does not pool" in page.of("td")


def test_reasons_are_grouped_and_counted(run: Path) -> None:
    """Shipments outside the pool are counted by reason in plain words, with the distance of the quotes."""
    rows = [r for r in pq.read_table(run / "shipments.parquet").to_pylist() if r["scope"] == "after"]
    outside = [r for r in rows if r["mode"] != "pool"]
    page = page_of(run)
    assert f"{len(outside)} shipments of {len(rows)} stayed outside the pool." in page.text
    cells = page.of("td")
    refused = sum("could fit it" in r["reason"] for r in outside)
    at = cells.index("No carrier in the pool had room and time for it that day")
    assert cells[at + 1] == str(refused)


def test_who_refused_is_told_in_plain_words(run: Path) -> None:
    """Notes of refusals are one line for each cause, with those who refused."""
    notes = [
        "C2 on quotes: refuse (none of the lots fits)",
        "C1 on quotes: refuse (none of the lots fits)",
        "it rained",
    ]
    rewrite(run, "days", lambda rows: [r | {"notes": notes} for r in rows])
    text = page_of(run).text
    assert "4\u00d7 Asked for quotes, C1 Transport and C2 Transport refused: none of the lots fits" in text
    assert "2\u00d7 It rained" in text


def test_hubs_and_stability_only_where_present(tmp_path: Path, scenario: Path) -> None:
    """Hub use and stability have their sections only when there is something to tell."""
    many = small_scenario(tmp_path / "many", per_day=30, hubs=1)
    headings = page_of(write_run(tmp_path / "with", many, stability=True)).of("h2")
    assert {"Hubs", "Would anybody rather leave?"} <= set(headings)
    none = small_scenario(tmp_path / "none", hubs=0)
    page = page_of(write_run(tmp_path / "without", none))
    assert not {"Hubs", "Would anybody rather leave?"} & set(page.of("h2"))
    assert "stability figures come only when asked for" in page.text


def test_how_sure_stability_is(tmp_path: Path, scenario: Path) -> None:
    """Days on which not every group was costed, and gains within the routing noise, are told as such."""
    made = small_scenario(tmp_path / "made", per_day=30, days=8)
    page = page_of(write_run(tmp_path / "run", made, stability=True))
    assert "not certified, 1,200 groups looked at" in page.text
    assert "Not certified on 4 days, 4,800 groups looked at in all" in page.text
    assert "not distinguishable from stable" in page.text
    assert "On 1 of 8 days with a pool some group would do better on its own" in page.text


def test_what_is_said_of_shares_without_asking(tmp_path: Path, scenario: Path) -> None:
    """Rationality, evenness, standard error and where the rule fell back stand in every report of a run with a pool."""
    run = write_run(tmp_path / "run", scenario)
    assert "How sure and how even are the shares?" not in page_of(run).of("h2")
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    summary["sharing"] = {
        "days": 4,
        "days_rational": 4,
        "days_rational_by_rule": 3,
        "jain_index": 0.8312,
        "largest_standard_error_eur": 12.5,
        "notes": ["no split keeps every group"],
    }
    (run / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    text = page_of(run).text
    assert "Nobody paid more than alone on every day" in text
    assert "would have charged somebody more on 1 day" in text
    assert "1 is even): 0.83" in text
    assert "standard error of up to" in text
    assert "Where the rule fell back: no split keeps every group." in text


def test_two_owners_are_warned(tmp_path: Path) -> None:
    """With two owners the report says that one's share reveals the other's gain; with three it does not."""
    two = small_scenario(tmp_path / "s2", factories=2)
    three = small_scenario(tmp_path / "s3", factories=3)
    warning = "one's share reveals the other's gain"
    assert warning in page_of(write_run(tmp_path / "r2", two)).text
    assert warning not in page_of(write_run(tmp_path / "r3", three)).text


@pytest.mark.parametrize(("factories", "days", "hubs", "carriers"), [(1, 1, 0, 1), (2, 1, 2, 9), (5, 45, 1, 3)])
def test_small_and_long_runs(tmp_path: Path, factories: int, days: int, hubs: int, carriers: int) -> None:
    """One factory, one day, many days, more carriers than colours: each gives a page."""
    made = small_scenario(tmp_path / "s", factories=factories, days=days, hubs=hubs, carriers=carriers)
    page = page_of(write_run(tmp_path / "r", made))
    assert f"{days} planning day" in page.text


def test_long_tables_are_capped(tmp_path: Path) -> None:
    """Of a hundred factories the table shows some and says how many more there are, with their gain in the total."""
    made = small_scenario(tmp_path / "s", factories=100, clients=40, days=1, per_day=200)
    run = write_run(tmp_path / "r", made)
    page = page_of(run)
    assert "and 75 more, who gained" in page.text
    assert (run / "report.html").stat().st_size < 1_500_000
    assert sum(cell.startswith("Factory") for cell in page.of("td")) < 150


def test_names_from_outside_are_only_text(tmp_path: Path) -> None:
    """Ids and names with markup in them, and very long ones, appear as text and make no elements."""
    nasty = "<script>alert('x')</script> & \"co\" \u2014 " + "very " * 30 + "long"
    sites = [
        {"site": "F<1>", "kind": "factory", "name": nasty, "lat": 51.5, "lon": 5.4},
        {"site": "F2", "kind": "factory", "name": nasty + "2", "lat": 51.6, "lon": 5.2},
        {"site": "K&1", "kind": "client", "name": "", "lat": 51.7, "lon": 5.6},
        {"site": "B1", "kind": "base", "name": "", "lat": 51.4, "lon": 5.5},
    ]
    orders = [order(n, ("F<1>", "F2")[n % 2], ("F<1>", "F2")[n % 2], "K&1", "2026-03-02") for n in range(9)]
    write_scenario_tables(tmp_path / "s", sites, orders, ["C<b>1</b>", "C{{ 2 }}"], name="a <i>name</i>")
    page = page_of(write_run(tmp_path / "r", tmp_path / "s"))
    assert "b" not in page.tags
    assert "i" not in page.tags
    assert "<script>alert('x')</script>" in page.text
    assert "C{{ 2 }} Transport" in page.text


def test_gaps_in_tables_are_left_out(run: Path) -> None:
    """NaN and missing cells count as nothing and appear nowhere."""

    def holes(rows):
        keep = {"day", "scope", "shipment", "party", "role", "load", "position"}
        return [
            {k: v if i % 3 or k in keep else (math.nan if isinstance(v, float) else None) for k, v in r.items()}
            for i, r in enumerate(rows)
        ]

    (run / "summary.json").write_text('{"total_cost_eur": null, "kgco2e": NaN}', encoding="utf-8")
    for name in ("days", "loads", "stops", "shares", "costs", "shipments", "bookings", "messages"):
        rewrite(run, name, holes)
    page_of(run)


@pytest.mark.parametrize(
    "lost", ["loads", "stops", "shares", "costs", "shipments", "messages", "days", "config.toml", "scenario"]
)
def test_what_is_missing_is_left_out(run: Path, lost: str) -> None:
    """A folder without one of its tables still gives a page."""
    path = run / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        (path if path.exists() else run / f"{lost}.parquet").unlink()
    page_of(run)


def test_no_shipments(tmp_path: Path) -> None:
    """A run in which nothing was to be delivered says just that."""
    write_tables(tmp_path, {"days": [{"day": date(2026, 3, 2), "number": 0}]})
    (tmp_path / "summary.json").write_text(json.dumps(summarise({n: [] for n in TABLE_NAMES})), encoding="utf-8")
    page = page_of(tmp_path)
    assert page.of("h1") == ["There was nothing to deliver"]
    assert "There were no shipments." in page.text


TABLE_NAMES = ("days", "loads", "shares", "costs", "shipments")


def test_nothing_could_be_delivered(tmp_path: Path, scenario: Path) -> None:
    """Where no shipment could be delivered the headline says so, and the reasons are there."""
    run = write_run(tmp_path / "r", scenario, pool=False)
    reason = "F1 is closed while the goods could be loaded"
    rewrite(run, "shipments", lambda rows: [r | {"mode": "unserved", "reason": reason, "on_time": False} for r in rows])
    for name in ("loads", "stops", "costs"):
        rewrite(run, name, lambda rows: [])
    shipments = len(pq.read_table(run / "shipments.parquet")) // 2
    (run / "summary.json").write_text(json.dumps({"shipments": shipments}), encoding="utf-8")
    page = page_of(run)
    assert page.of("h1") == [f"None of the {shipments} shipments could be delivered"]
    assert "Where the goods lie is closed while they could be loaded" in page.of("td")


@pytest.mark.parametrize(
    ("spread", "at"), [(0.0, (51.5, 5.4)), (0.4, (0.0, 0.0)), (1e-7, (0.0, 0.0)), (60.0, (0.0, 0.0))]
)
def test_odd_places(tmp_path: Path, spread: float, at: tuple[float, float]) -> None:
    """All sites at one point, a plane around 0, 0, and half the world: each has a map with all its marks inside."""
    made = small_scenario(tmp_path / "s", spread=spread, at=at)
    page = page_of(write_run(tmp_path / "r", made))
    assert page.classes.count("factory") == 2 * 3 + 1


def test_a_comparison_sets_policies_side_by_side(tmp_path: Path, scenario: Path) -> None:
    """All policies stand in one table; the detail is of the cheapest that is neither reference nor bound."""
    page = page_of(write_comparison(tmp_path / "c", scenario))
    told = json.loads((tmp_path / "c" / "comparison.json").read_text(encoding="utf-8"))
    saving = told["summary"]["contract_net"]["saving_eur"]["mean"]
    assert f"{saving:,.0f} EUR" in page.of("h1")[0]
    cells = page.of("td")
    for policy in told["policies"]:
        cost = told["summary"][policy]["total_cost_eur"]["mean"]
        assert cells[cells.index(policy) + 1] == f"{cost:,.0f}"
    assert "From here on: policy contract_net." in page.text
    own = next(r for r in told["rows"] if r["policy"] == "contract_net")
    lost, carrier = max((eur, who) for who, eur in own["displaced_revenue_eur"].items())
    assert f"Revenue lost by those who carry the goods today: {carrier} Transport {lost:,.0f} EUR" in page.text
    assert "no interval can be given" in page.text
    reached = next(r["efficiency"] for r in told["rows"] if r["policy"] == "contract_net")
    assert f"contract_net reached {100 * reached:.0f} % of the real saving" in page.text


def test_replications_give_intervals(tmp_path: Path, scenario: Path) -> None:
    """With several replications the interval of the saving and the count of wins are told, and whiskers are drawn."""
    page = page_of(write_comparison(tmp_path / "c", scenario, replications=3))
    saving = json.loads((tmp_path / "c" / "comparison.json").read_text())["summary"]["contract_net"]["saving_eur"]
    assert f"lies between {saving['low']:,.0f} EUR and {saving['high']:,.0f} EUR (95 % interval)" in page.text
    assert "in all 3 replications" in page.text
    assert "interval" in page.classes


def test_false_reports_stand_beside_what_is_given_away(tmp_path: Path, scenario: Path) -> None:
    """What false reports gain is drawn by role and policy, with who is tempted; without a probe nothing is said."""
    folder = write_comparison(tmp_path / "c", scenario, replications=2)
    plain = page_of(folder)
    assert "What agreeing takes, gives away and invites (means)" in plain.of("h3")
    assert "Would a false report pay?" not in plain.of("h3")
    told = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    gain, nothing = {"mean": 12.5, "low": -1.25, "high": 26.25}, {"mean": 0.0, "low": 0.0, "high": 0.0}
    others = {"mean": -7.5, "low": -9.0, "high": -6.0}
    roles = [
        {"role": "carrier", "lever": x, "parties": 1, "gain_eur": gain, "others_eur": others} for x in ("", "cost")
    ]
    carrier = {
        "party": "C1",
        "role": "carrier",
        "lever": "cost",
        "factor": 1.25,
        "gain_eur": gain,
        "others_eur": others,
    }
    honest = {"party": "F1", "role": "owner", "lever": "", "factor": 1.0, "gain_eur": nothing, "others_eur": nothing}
    policies = {"contract_net": {"parties": [carrier, honest], "roles": roles}}
    told["misreports"] = {"grid": [0.8, 1.25], "policies": policies}
    told["summary"]["contract_net"] |= {"misreport_gain_eur": gain, "misreport_others_eur": others}
    (folder / "comparison.json").write_text(json.dumps(told), encoding="utf-8")
    page = page_of(folder)
    assert "Would a false report pay?" in page.of("h3")
    assert page.tags.count("circle") - plain.tags.count("circle") == 1
    assert "carriers" in page.of("text")
    assert page.of("td").count("12.50") == 2
    assert "1.25 times its true costs" in page.of("td")


def test_a_comparison_alone_is_enough(tmp_path: Path, scenario: Path) -> None:
    """Without the folders of its runs a comparison still gives its answer."""
    folder = write_comparison(tmp_path / "c", scenario)
    shutil.rmtree(folder / "runs")
    shutil.rmtree(folder / "scenario")
    assert "Pooling saved" in page_of(folder).of("h1")[0]
    (folder / "comparison.json").write_text("{}", encoding="utf-8")
    assert page_of(folder).of("h1") == ["No policy was compared"]


def test_the_day_of_the_map_has_the_median_number_of_shipments(tmp_path: Path) -> None:
    """Of several days the map shows the one with the median number of shipments, and says which."""
    made = small_scenario(tmp_path / "s", days=5)
    page = page_of(write_run(tmp_path / "r", made))
    middle = date(2026, 3, 2) + timedelta(days=2)
    assert f"Wednesday, {middle.day} Mar: the day with the median number of shipments" in page.text


@pytest.mark.parametrize("name", ["costs.parquet", "summary.json", "config.toml"])
def test_a_broken_file_is_named(run: Path, name: str) -> None:
    """A truncated file is an input error that names it."""
    (run / name).write_bytes((run / name).read_bytes()[:40])
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        write_report(run)


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    """A folder that holds no results, or none at all, is an input error that says what was expected."""
    with pytest.raises(InputError, match="groupage run"):
        write_report(tmp_path)
    with pytest.raises(InputError, match="missing"):
        write_report(tmp_path / "nowhere")


def test_an_interval_that_holds_zero_is_called_unsettled(tmp_path: Path, scenario: Path) -> None:
    """Where the interval of the saving reaches below zero the report does not claim that pooling surely saves."""
    folder = write_comparison(tmp_path / "c", scenario, replications=2)
    path = folder / "comparison.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    words = "do not settle whether pooling saves"
    assert words not in page_of(folder).text
    told["summary"]["contract_net"]["saving_eur"]["low"] = -5.0
    path.write_text(json.dumps(told), encoding="utf-8")
    assert words in page_of(folder).text
