"""Generated regions: the same from the same seed, and believable."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from experiments.generator import GeneratorParams, generate, generate_to, generator_params, replicate
from experiments.scenario import Scenario, load_scenario, scenario_from_tables
from groupage.errors import InputError
from logistics.shipments import Temperature
from logistics.sites import SiteKind, is_valid_gln
from tests.experiments.small import write_small

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SMALL = GeneratorParams(factories=3, hubs=1, carriers=2, clients=12, days=4, history_days=60)


@pytest.fixture(scope="module")
def region() -> Scenario:
    return scenario_from_tables(*generate(GeneratorParams()))


@pytest.fixture(scope="module")
def history(region: Scenario) -> pd.DataFrame:
    owner = region.history["unique_id"].str.split("|").str[0]
    return region.history.assign(owner=owner, weekday=region.history["ds"].dt.weekday)


def test_same_parameters_give_the_same_bytes(tmp_path: Path) -> None:
    """Two runs of the generator write the same files, byte for byte; another seed writes others."""
    for name, params in (("a", SMALL), ("b", SMALL), ("c", SMALL.model_copy(update={"seed": 2}))):
        generate_to(tmp_path / name, params)
    a, b, c = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("a", "b", "c"))
    assert a == b
    assert all(a[name] != c[name] for name in ("sites.csv", "orders.csv", "demand.csv", "tariffs.csv"))


def test_replications_draw_new_orders_for_the_same_region() -> None:
    """Orders and history depend on the replication; everything else stays."""
    (_, first), (_, second) = generate(SMALL), generate(SMALL, replication=1)
    assert [name for name in first if not first[name].equals(second[name])] == ["orders", "demand"]


def test_replicate_works_on_untouched_scenarios_only(tmp_path: Path) -> None:
    """New orders can be drawn only where the tables are those that were generated."""
    generate_to(tmp_path / "made", SMALL)
    made = load_scenario(tmp_path / "made")
    assert replicate(made, 0) is made
    other = replicate(made, 3)
    assert other.settings.generator is not None
    assert other.settings.generator.replication == 3
    assert other.region.network.digest() == made.region.network.digest()
    assert other.shipments != made.shipments
    assert replicate(other, 0).shipments == made.shipments
    hubs = tmp_path / "made" / "hubs.csv"
    hubs.write_text(hubs.read_text().replace("11:00", "10:00"))
    with pytest.raises(InputError, match="tables were edited"):
        replicate(load_scenario(tmp_path / "made"), 1)
    with pytest.raises(InputError, match="only a generated scenario"):
        replicate(load_scenario(write_small(tmp_path / "small")), 1)


def test_orders_sum_to_the_demand_of_their_lane(region: Scenario) -> None:
    """On planning days the demand of owner, zone and product is what its orders add up to."""
    zones = {name: site.zone for name, site in region.region.sites.items()}
    orders = pd.DataFrame(
        {
            "unique_id": [f"{s.owner}|{zones[s.destination]}|{s.product}" for s in region.shipments],
            "ds": [pd.Timestamp(s.released_at.astimezone(AMSTERDAM).date()) for s in region.shipments],
            "pallets": [s.pallets for s in region.shipments],
        }
    )
    planned = region.demand_future[region.demand_future["ds"] <= pd.Timestamp(region.days[-1].date)]
    demand = planned[planned["y"] > 0].set_index(["unique_id", "ds"])["y"].sort_index()
    pd.testing.assert_series_equal(orders.groupby(["unique_id", "ds"])["pallets"].sum(), demand, check_names=False)


def test_the_future_reaches_beyond_the_last_planning_day(region: Scenario) -> None:
    """Promotions are known, and the oracle sees, two weeks beyond the last planning day."""
    assert region.demand_future["ds"].max() == pd.Timestamp(region.days[-1].date) + pd.Timedelta(days=14)
    assert len(region.history["ds"].unique()) == 730


def test_about_one_order_per_client_and_day(region: Scenario) -> None:
    """The default is 40 to 60 orders a day, and the parameter scales orders and fleet."""
    assert 40 <= len(region.shipments) / len(region.days) <= 60
    large = scenario_from_tables(*generate(GeneratorParams(orders_per_day=200, days=20)))
    assert len(large.shipments) / len(region.shipments) == pytest.approx(200 / 51, rel=0.1)
    fleets = [sum(v.count * v.capacity_pallets for v in s.region.vehicles.values()) for s in (region, large)]
    assert fleets[1] / fleets[0] == pytest.approx(200 / 51, rel=0.25)


def test_order_sizes_are_believable(region: Scenario) -> None:
    """Half to twelve pallets and a few full loads, 150 to 700 kg a pallet; nothing exceeds every vehicle."""
    pallets = np.array([s.pallets for s in region.shipments])
    assert pallets.min() >= 0.5
    assert 1.5 <= np.median(pallets) <= 3.5
    assert 0.005 < (pallets > 12).mean() < 0.05
    assert pallets.max() <= 33
    per_pallet = np.array([s.weight_kg / s.pallets for s in region.shipments])
    assert per_pallet.min() >= 149
    assert per_pallet.max() <= 701
    assert max(s.weight_kg for s in region.shipments) <= 24_000
    assert max(s.volume_m3 for s in region.shipments) <= 85


def test_times_leave_room_to_hold(region: Scenario) -> None:
    """Orders are released and ready before they are due, on the same day or up to two working days later."""
    waits = []
    for s in region.shipments:
        assert s.released_at <= s.ready_at <= s.due_at <= s.window_close
        assert s.window_open <= s.due_at
        released, due = (t.astimezone(AMSTERDAM).date() for t in (s.released_at, s.due_at))
        waits.append(int(np.busday_count(released, due)))
    assert set(waits) == {0, 1, 2}
    assert 0.5 < np.mean(np.array(waits) > 0) < 0.8


def test_the_week_and_the_year_show_in_demand(history: pd.DataFrame) -> None:
    """Nothing at weekends, most on Mondays, more in autumn than in spring."""
    by_weekday = history.groupby("weekday")["y"].sum()
    assert by_weekday[5] == by_weekday[6] == 0
    assert by_weekday.idxmax() == 0
    assert by_weekday[4] < by_weekday[[0, 1, 2, 3]].min()
    month = history["ds"].dt.month
    assert history.loc[month.isin([9, 10, 11]), "y"].sum() > 1.1 * history.loc[month.isin([3, 4, 5]), "y"].sum()


def test_promotions_lift_demand(history: pd.DataFrame) -> None:
    """A working day in a promotion brings clearly more than one without."""
    working = history[history["weekday"] < 5]
    means = working.groupby("promotion")["y"].mean()
    assert 1.2 < means[1.0] / means[0.0] < 1.9
    assert 0.05 < working["promotion"].mean() < 0.3


def test_lanes_are_intermittent(history: pd.DataFrame) -> None:
    """Some lanes order on few days, others on most."""
    working = history[history["weekday"] < 5]
    busy = working.groupby("unique_id")["y"].apply(lambda y: (y > 0).mean())
    assert (busy < 0.1).sum() >= 3
    assert (busy > 0.5).sum() >= 5


@pytest.mark.parametrize(("common", "own", "low", "high"), [(0.5, 0.0, 0.4, 1.0), (0.0, 0.5, -0.2, 0.2)])
def test_shocks_move_factories_together(common: float, own: float, low: float, high: float) -> None:
    """What is shared of the shocks correlates the factories' weeks; what is their own does not."""
    plain = {"yearly_amplitude": 0.0, "promotions_per_year": 0.0, "pallets_sigma": 0.2, "clients": 100, "days": 1}
    params = GeneratorParams(common_shock=common, factory_shock=own, **plain)
    demand = generate(params)[1]["demand"].assign(day=lambda d: pd.to_datetime(d["day"]))
    # Without the weeks in August and at the turn of the year, which are quiet for all.
    demand = demand[~demand["day"].dt.month.isin([1, 8, 12])]
    weeks = demand.groupby(["owner", pd.Grouper(key="day", freq="W")])["pallets"].sum().unstack("owner")
    correlation = weeks[weeks.sum(axis=1) > 0].corr().to_numpy()
    assert low < correlation[np.triu_indices(len(correlation), 1)].mean() < high


def test_places_are_believable(region: Scenario) -> None:
    """Valid GLNs, inside the region; hubs lie near the clients of a town."""
    sites = list(region.region.sites.values())
    assert all(s.gln is not None and is_valid_gln(s.gln) for s in sites)
    assert len({s.gln for s in sites}) == len(sites)
    assert max(s.lat for s in sites) - min(s.lat for s in sites) < 120 / 110
    assert 6 <= len({s.zone for s in sites}) <= 10
    network = region.region.network
    of = {kind: [network.index[s.id] for s in sites if s.kind is kind] for kind in SiteKind}
    clients = network.distance_km[:, of[SiteKind.CLIENT]]
    near = [float(np.quantile(clients[row], 0.1)) for row in of[SiteKind.HUB]]
    assert max(near) < 30
    assert 40 < np.median(clients[of[SiteKind.FACTORY]]) < 110


def test_goods_and_certificates(region: Scenario) -> None:
    """A few dangerous and chilled goods, which some but not all carriers may drive."""
    labelled = [s for s in region.shipments if s.handling.adr_labels]
    chilled = [s for s in region.shipments if s.handling.temperature is Temperature.CHILLED]
    assert 0 < len(labelled) < 0.3 * len(region.shipments)
    assert 0 < len(chilled) < 0.3 * len(region.shipments)
    certified = [c for c in region.region.carriers.values() if c.holds("ATP", date(2026, 3, 2))]
    assert certified
    assert region.region.incumbents
    assert {i.owner for i in region.region.incumbents} <= set(region.owners)


@pytest.mark.parametrize(
    "extreme",
    [
        {"factories": 1},
        {"hubs": 0},
        {"carriers": 0},
        {"clients": 1, "days": 1},
        {"factories": 20, "clients": 3},
        {"towns": 1, "zones": 1},
        {"zones": 2},
        {"history_days": 0, "ahead_days": 0},
        {"full_load_share": 1.0},
        {"start": date(2024, 2, 29), "weekday_weights": (1, 1, 1, 1, 1, 1, 1)},
    ],
)
def test_the_smallest_regions_are_scenarios(extreme: dict) -> None:
    """One factory, one client, one day, no hubs, no carriers: each gives a sound scenario."""
    scenario = scenario_from_tables(*generate(SMALL.model_copy(update=extreme)))
    assert len(scenario.days) == scenario.settings.days
    assert len(scenario.region.carriers) == extreme.get("carriers", 2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"factories": 0}, "generate: factories is 0, expected greater than or equal to 1"),
        ({"urgent_share": 0.9, "patient_share": 0.2}, "expected at most 1 together"),
        ({"weekday_weights": (0,) * 7}, "expected figures >= 0, not all 0"),
        ({"clints": 3}, r"\(did you mean clients\?\)"),
    ],
)
def test_impossible_parameters_are_input_errors(wrong: dict, said: str) -> None:
    """Parameters that make no region are told by name."""
    with pytest.raises(InputError, match=said):
        generator_params(**wrong)
