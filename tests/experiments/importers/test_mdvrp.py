"""Multi-depot instances: read exactly, and refused with the line of what does not fit."""

from pathlib import Path

import pytest

from experiments.importers import import_mdvrp
from experiments.importers.mdvrp import read_mdvrp
from experiments.scenario import load_scenario
from groupage.errors import InputError

SMALL = """2 3 4 2
0 80
200 60
1 3 4 0 10 1 2 1 2
2 6 8 2 20 1 2 1 2
3 96 8 0 30 1 2 1 2
4 94 8 0 40 1 2 1 2
5 0 0 0 0 0 0
6 100 0 0 0 0 0
"""


def small(tmp_path: Path, text: str = SMALL) -> Path:
    path = tmp_path / "small.txt"
    path.write_text(text)
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_mdvrp(path)
    return str(caught.value).split("\n")


def test_depots_are_carriers_that_own_customers(tmp_path: Path) -> None:
    """Depot d is carrier d; goods lie at every depot; 1 EUR per km and nothing else; duration counts service."""
    import_mdvrp(small(tmp_path), tmp_path / "out", owners="nearest")
    scenario = load_scenario(tmp_path / "out")
    region = scenario.region
    assert [s.owner for s in scenario.shipments] == ["carrier-1", "carrier-1", "carrier-2", "carrier-2"]
    assert all(s.origins == ("depot-1", "depot-2") for s in scenario.shipments)
    assert [s.pallets for s in scenario.shipments] == [10, 20, 30, 40]
    assert [s.unloading_min for s in scenario.shipments] == [0, 2, 0, 0]
    one, two = region.vehicles["carrier-1-truck"], region.vehicles["carrier-2-truck"]
    assert (one.count, one.capacity_pallets, one.max_shift_min, one.base) == (3, 80, None, "depot-1")
    assert (two.capacity_pallets, two.max_shift_min) == (60, 200)
    assert [(c.fixed_eur, c.per_km_eur, c.per_hour_eur) for c in region.operating_costs.values()] == [(0, 1, 0)] * 2
    assert region.network.km("depot-1", "c001") == region.network.minutes("depot-1", "c001") == 5
    assert not region.tariffs.groupage
    assert not region.tariffs.dedicated
    assert not region.incumbents


def test_owners_are_drawn_with_the_seed(shared_dir: Path, tmp_path: Path) -> None:
    """The same seed draws the same owners, another seed others, and nearest is a third way."""
    path = shared_dir / "instances" / "mdvrp" / "p01.txt"
    owners = []
    for n, (how, seed) in enumerate((("random", 1), ("random", 1), ("random", 2), ("nearest", 1))):
        import_mdvrp(path, tmp_path / str(n), owners=how, seed=seed)
        owners.append([s.owner for s in load_scenario(tmp_path / str(n)).shipments])
    assert owners[0] == owners[1]
    assert len({tuple(o) for o in owners}) == 3
    with pytest.raises(InputError, match="owners is far, expected random or nearest"):
        import_mdvrp(path, tmp_path / "far", owners="far")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("6 100 0 0 0 0 0\n", "", "line 8: 8 lines of figures, expected 9: line 1 announces 4 customers and 2 depots"),
        ("6 100 0 0 0 0 0", "6 100", "line 9: a line of 2 figures, expected at least 3 figures"),
        ("2 3 4 2", "1 3 4 2", "line 1: type is 1, expected 2 (multi-depot routing)"),
        ("2 3 4 2", "2 3 4.5 2", "line 1: customers is 4.5, expected a whole number >= 1"),
        ("2 3 4 2", "2 3 4", "line 1: a line of 3 figures, expected type, vehicles, customers, depots"),
        ("3 96 8", "3 x6 8", "line 6: x6, expected a finite number"),
        ("3 96 8", "9 96 8", "line 6: i is 9, expected 3"),
        ("0 40 1", "0 90 1", "line 7: q is 90, expected > 0 and <= 80 (the capacity)"),
        ("0 80", "-1 80", "line 2: D is -1, expected >= 0"),
        ("0 80", "0 80 1", "line 2: a line of 3 figures, expected 2 figures"),
    ],
)
def test_bad_files_are_told_by_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Letters, wrong counts and truncation are each told with the line."""
    assert old in SMALL
    said = told(small(tmp_path, SMALL.replace(old, new, 1)))
    assert any(line.startswith(f"small.txt {expected}") for line in said), said


def test_the_public_instances_are_read(shared_dir: Path) -> None:
    """Every instance holds what its table of best known values says of it."""
    folder = shared_dir / "instances" / "mdvrp"
    for line in (folder / "bks.csv").read_text().splitlines()[1:]:
        name, customers, depots, vehicles, capacity, duration = line.split(",")[:6]
        found = read_mdvrp(folder / f"{name}.txt")
        figures = (len(found.demand), len(found.capacity), found.vehicles)
        assert figures == (int(customers), int(depots), int(vehicles)), name
        assert set(found.capacity) == {float(capacity)}
        assert set(found.max_duration) == {float(duration)}
