"""Runs of scenarios that reserve ahead and hold by the pool's forecast, from the folder to the replay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from agents.messages import COORDINATOR
from agents.model import pooling_model
from agents.policy import Choice, Effort, Policy
from agents.verify import settlement_faults
from experiments.explain import explain
from experiments.generator import generate, generate_to, generator_params
from experiments.policies import read_policy
from experiments.results import read_table, read_transcripts
from experiments.runs import RunSpec, replay_run, run, simulate, world_of
from experiments.scenario import load_scenario, scenario_from_tables
from groupage.errors import InputError, PolicyError, ReplayError
from tests.experiments.small import TABLES, write_small

TINY = Effort(
    plan_iterations_per_job=2,
    collect_iterations_per_job=2,
    quote_iterations=2,
    carrier_iterations_per_job=2,
    standalone_iterations_per_job=5,
)
SIZE = {"factories": 3, "hubs": 1, "carriers": 2, "clients": 14, "days": 6, "orders_per_day": 16, "history_days": 60}
PREMIUM = {"spot_premium_percent": 200.0, "release_percent": 20.0, "holding_eur_per_pallet_day": 0.5, "seed": 7}


def ahead(protocol: str = "contract_net", **choices: str) -> Policy:
    names = {"holding": "forecast_value", "reservation": "newsvendor", "forecaster": "seasonal_naive"} | choices
    made = {kind: Choice(name=name) for kind, name in names.items()}
    return Policy(name="ahead", protocol=Choice(name=protocol), effort=TINY, **made)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a region in which reserving ahead and holding may pay."""
    folder = tmp_path_factory.mktemp("ahead") / "region"
    generate_to(folder, generator_params(**SIZE, **PREMIUM))
    return folder


@pytest.fixture(scope="module")
def results(region: Path) -> Path:
    """What a policy file that names both rules led to."""
    text = 'protocol = "contract_net"\nholding = "forecast_value"\nreservation = "newsvendor"\n'
    text += 'forecaster = "seasonal_naive"\n[effort]\n' + "".join(f"{k} = {v}\n" for k, v in TINY if k != "coalitions")
    (region.parent / "ahead.toml").write_text(text, encoding="utf-8")
    out = region.parent / "results"
    run(region, RunSpec(read_policy(region.parent / "ahead.toml"), 1), out)
    return out


def test_a_run_replays(results: Path) -> None:
    """Something was reserved, used, left unused and held; every message and settlement replays; the promises hold."""
    summary = json.loads((results / "summary.json").read_text())
    assert summary["feasible"]
    assert summary["reserved"] > summary["reserved_used"] > 0
    assert summary["held_days"] > 0
    assert summary["cost_lines_eur"]["reservation"] > 0
    assert summary["cost_lines_eur"]["holding"] > 0
    found = replay_run(results)
    assert found["settlements_equal"]
    assert found["messages"] == sum(read_table(results, "days")["messages"].to_pylist()) == summary["messages"]


def test_a_changed_record_does_not_replay(results: Path, tmp_path: Path) -> None:
    """A look ahead of which a decision was changed, or that is missing, is no record of this run."""
    scenario = load_scenario(results / "scenario")
    records, looks = read_transcripts(results), read_transcripts(results, look_ahead=True)
    spec = RunSpec(read_policy(results.parent / "ahead.toml"), 1)
    assert set(looks) == set(list(records)[:-1]), "the last day has nothing to look ahead to"
    with pytest.raises(ReplayError, match="no look ahead"):
        simulate(scenario, spec, transcripts=records, look_aheads={})
    day = min(looks)
    first = looks[day].rounds[0]
    short = replace(looks[day], rounds=(replace(first, replies=first.replies[:1]), *looks[day].rounds[1:]))
    with pytest.raises(ReplayError, match="round 1"):
        simulate(scenario, spec, transcripts=records, look_aheads=looks | {day: short})


def test_tables_agree(results: Path) -> None:
    """Transfers, shares and reservations say the same, to the cent, and the days' totals add up."""
    transfers = read_table(results, "transfers").to_pylist()
    rows = read_table(results, "reservations").to_pylist()
    shares = read_table(results, "shares").to_pylist()
    borne: dict[tuple[object, str], float] = {}
    for t in transfers:
        if t["line"] in ("reservation", "release") and COORDINATOR in (t["payer"], t["payee"]):
            who, sign = (t["payer"], 1) if t["payee"] == COORDINATOR else (t["payee"], -1)
            borne[t["day"], who] = borne.get((t["day"], who), 0) + sign * t["cents"]
    by_share = {(s["day"], s["party"]): round(100 * s["reservation_eur"]) for s in shares if s["reservation_eur"]}
    assert by_share == {key: cents for key, cents in borne.items() if cents}
    for owner in {r["owner"] for r in rows}:
        found = explain(results, owner, owner)
        assert found["total"]["reservation_eur"] == pytest.approx(
            sum(r["borne_eur"] for r in rows if r["owner"] == owner)
        )
        assert found["total"]["expected_saving_eur"] > 0
    provider = rows[0]["provider"]
    seen = explain(results, provider, provider)
    assert seen["total"]["reservations"] == len({r["reservation"] for r in rows if r["provider"] == provider})
    assert not {"owner", "borne_eur"} & {key for day in seen["days"] for r in day.get("reservations", ()) for key in r}


def test_held_shipments_say_why(results: Path) -> None:
    """The owner of a held shipment reads what waiting is expected to save; nobody else reads of it."""
    held = [r for r in read_table(results, "shipments").to_pylist() if r["mode"] == "held"]
    waited = next(r for r in held if "waiting for the next day's orders" in r["reason"])
    found = explain(results, waited["shipment"], waited["owner"])
    assert "EUR of its transport" in found["days"][0]["reason"]
    other = next(s for s in {r["owner"] for r in held} | {"F1", "F2", "F3"} if s != waited["owner"])
    with pytest.raises(InputError, match="is not for"):
        explain(results, waited["shipment"], other)


def test_same_bytes_twice(region: Path, results: Path, tmp_path: Path) -> None:
    """The same run writes the same tables, the look ahead's messages with them."""
    again = tmp_path / "again"
    run(region, RunSpec(read_policy(region.parent / "ahead.toml"), 1), again)
    for path in sorted(results.glob("*.parquet")):
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_nothing_moves_where_nothing_is_reserved(region: Path) -> None:
    """A region that says nothing of prices on the day leads to the same costs with reserving and without."""
    plain = scenario_from_tables(*generate(generator_params(**SIZE, seed=7)))
    with_rule, _ = simulate(plain, RunSpec(ahead(holding="ship_now"), 1))
    without, _ = simulate(plain, RunSpec(ahead(holding="ship_now", reservation="none"), 1))
    assert with_rule["reserved"] == 0
    assert {k: with_rule[k] for k in ("total_cost_eur", "resource_cost_eur", "shares_eur")} == {
        k: without[k] for k in ("total_cost_eur", "resource_cost_eur", "shares_eur")
    }


@pytest.mark.parametrize("protocol", ["trustee", "coalition_formation", "combinatorial_auction"])
def test_other_protocols(region: Path, protocol: str) -> None:
    """Reserving and holding come before the negotiation, whatever it is."""
    summary, _ = simulate(load_scenario(region), RunSpec(ahead(protocol), 1))
    assert summary["feasible"]
    assert summary["reserved_used"] > 0


def test_without_a_pool_nobody_is_asked(region: Path) -> None:
    """Under standalone an owner holds by its own forecast, nothing is reserved, and no figure leaves it."""
    summary, _ = simulate(load_scenario(region), RunSpec(ahead("standalone"), 1))
    assert summary["held_days"] > 0
    assert summary["reserved"] == 0
    with pooling_model(world_of(load_scenario(region)), ahead("standalone"), 1) as model:
        assert model.run_day().look_ahead is None


@pytest.mark.parametrize("changes", [{"history_days": 0}, {"factories": 1}, {"hubs": 0}, {"carriers": 0}])
def test_regions_with_little(changes: dict[str, int]) -> None:
    """Without a history, another factory, a hub or a carrier a run goes on with what there is."""
    scenario = scenario_from_tables(*generate(generator_params(**(SIZE | {"days": 4} | changes), **PREMIUM)))
    if not changes.get("history_days", 1):
        nothing = scenario.demand_future.iloc[:0]
        scenario = replace(scenario, history=nothing, demand_future=nothing)
    summary, _ = simulate(scenario, RunSpec(ahead(), 1))
    assert summary["feasible"]
    assert summary["days"] == 4


def test_a_pool_of_one_discloses_no_forecast() -> None:
    """A single owner holds by its own forecast: nobody is asked for paths of what could wait."""
    scenario = scenario_from_tables(*generate(generator_params(**(SIZE | {"factories": 1}), **PREMIUM)))
    with pooling_model(world_of(scenario), ahead(reservation="none"), 1) as model:
        days = [model.run_day() for _ in scenario.days]
    assert all(day.look_ahead is None for day in days)
    assert any("waiting for the next day's orders" in reason for day in days for _, reason in day.held.values())


def test_the_weekend_is_looked_across() -> None:
    """On a Friday owners look ahead to Monday, the next planning day."""
    scenario = scenario_from_tables(*generate(generator_params(**SIZE, **PREMIUM)))
    with pooling_model(world_of(scenario), ahead(), 1) as model:
        days = [model.run_day() for _ in scenario.days]
    friday = next(day for day in days if day.day.weekday() == 4)
    assert friday.look_ahead is not None
    [question, *_] = friday.look_ahead.rounds[0].sent
    assert question.body["day"][0].as_py().weekday() == 0
    assert all(settlement_faults(day.market, day.settlement) == [] for day in days)
    assert any(day.market.reserved for day in days if day.day.weekday() == 0)


def test_all_owners_draw_from_one_stream(region: Path) -> None:
    """Where paths are added, equal histories give equal paths: path k of each owner comes from the same past."""
    scenario = load_scenario(region)
    one = scenario.history[scenario.history["unique_id"].str.startswith("F1|")]
    future = scenario.demand_future[scenario.demand_future["unique_id"].str.startswith("F1|")]

    def twin(frame: pd.DataFrame) -> pd.DataFrame:
        other = frame.assign(unique_id=frame["unique_id"].str.replace("F1|", "F2|", regex=False))
        return pd.concat([frame, other], ignore_index=True)

    world = replace(world_of(scenario), history=twin(one), future=twin(future))
    with pooling_model(world, ahead(), 1) as model:
        model.run_day()
        mine, other = model.factories["F1"].forecast, model.factories["F2"].forecast
    assert mine is not None
    assert other is not None
    assert (mine.paths == other.paths).all()
    with pooling_model(world, ahead(holding="quantity_based", reservation="none"), 1) as model:
        model.run_day()
        mine, other = model.factories["F1"].forecast, model.factories["F2"].forecast
    assert mine is not None
    assert other is not None
    assert not (mine.paths == other.paths).all()


def test_wrong_names_in_a_policy(tmp_path: Path) -> None:
    """A policy file that names no known reserving rule, or a parameter out of range, is refused."""
    path = tmp_path / "p.toml"
    path.write_text('protocol = "contract_net"\nreservation = "newsvender"\n', encoding="utf-8")
    with pytest.raises(PolicyError, match="did you mean newsvendor"):
        read_policy(path)
    path.write_text(
        'protocol = "contract_net"\n[reservation]\nname = "newsvendor"\nparams = {least_days = 0}\n', encoding="utf-8"
    )
    with pytest.raises(PolicyError, match="least_days"):
        read_policy(path)


@pytest.mark.parametrize(
    ("table", "columns", "cells", "said"),
    [
        ("vehicles", "spot_fixed_eur", "117", "at least fixed_eur (118)"),
        ("vehicles", "release_eur", "118", "less than fixed_eur (118)"),
        ("hubs", "spot_slot_eur", "9", "at least slot_eur (10)"),
        ("hubs", "release_slot_eur", "10.5", "less than slot_eur (10)"),
        ("orders", "holding_eur_per_pallet_day", "-1", ">= 0"),
    ],
)
def test_prices_that_make_no_sense(tmp_path: Path, table: str, columns: str, cells: str, said: str) -> None:
    """A price on the day below the one ahead, or unused capacity worth all that it cost, is refused by line."""
    header, *rows = TABLES[table].rstrip("\n").split("\n")
    text = "\n".join([f"{header},{columns}", *(f"{row},{cells}" for row in rows)]) + "\n"
    with pytest.raises(InputError) as caught:
        load_scenario(write_small(tmp_path, **{table: text}))
    assert f"{table}.csv line 2: {columns}" in str(caught.value)
    assert said in str(caught.value)


def test_prices_on_the_day(tmp_path: Path) -> None:
    """A vehicle called up costs its price on the day, a reserved one no more; without such prices all is the same."""
    plain = load_scenario(write_small(tmp_path / "plain")).region
    assert plain.day_costs("C1-rigid") == plain.operating_costs["C1-rigid"]
    assert plain.idle_eur("C1-rigid") == 118
    assert plain.hub_costs["H1"].day_slot_eur == plain.hub_costs["H1"].slot_eur == 10
    header, row = TABLES["vehicles"].rstrip("\n").split("\n")
    text = f"{header},spot_fixed_eur,release_eur\n{row},177,20\n"
    region = load_scenario(write_small(tmp_path / "dear", vehicles=text)).region
    assert region.day_costs("C1-rigid").fixed_eur == 177
    assert region.day_costs("C1-rigid|reserved").fixed_eur == 0
    assert region.day_costs("C1-rigid|reserved").per_km_eur == 0.38
    assert region.idle_eur("C1-rigid") == 98


def test_generated_premiums() -> None:
    """A generated region's prices on the day are so much higher, those for hire too; by default it says nothing."""
    settings, tables = generate(generator_params(**SIZE, **PREMIUM))
    _, plain = generate(generator_params(**SIZE, seed=7))
    for table, fixed, spot, release in (
        ("vehicles", "fixed_eur", "spot_fixed_eur", "release_eur"),
        ("hubs", "slot_eur", "spot_slot_eur", "release_slot_eur"),
    ):
        figures = tables[table][[fixed, spot, release]].astype(float)
        assert figures[spot].to_numpy() == pytest.approx(3 * figures[fixed].to_numpy(), abs=0.01)
        assert figures[release].to_numpy() == pytest.approx(0.2 * figures[fixed].to_numpy(), abs=0.01)
    assert set(tables["orders"]["holding_eur_per_pallet_day"]) == {0.5}
    named = {"spot_fixed_eur", "release_eur", "spot_slot_eur", "release_slot_eur", "holding_eur_per_pallet_day"}
    assert not named & {column for frame in plain.values() for column in frame}
    hired = [t["tariffs"].query("kind == 'dedicated'")["fixed_eur"].astype(float).to_numpy() for t in (tables, plain)]
    assert hired[0] == pytest.approx(3 * hired[1], abs=0.02)
    assert settings.generator is not None
