"""Li and Lim's instances: read exactly, and refused with the line of what does not fit."""

from datetime import timedelta
from pathlib import Path

import pytest

from experiments.importers import import_lilim
from experiments.importers.lilim import read_lilim
from experiments.scenario import load_scenario
from groupage.errors import InputError

SMALL = """3\t50\t1
0\t0\t0\t0\t0\t500\t0\t0\t0
1\t3\t4\t10\t20\t200\t5\t0\t2
2\t6\t8\t-10\t50\t300\t7\t1\t0
3\t-3\t4\t20\t0\t400\t5\t0\t4
4\t-6\t8\t-20\t60\t450\t9\t3\t0
"""


def small(tmp_path: Path, text: str = SMALL) -> Path:
    path = tmp_path / "small.txt"
    path.write_text(text)
    return path


def told(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_lilim(path)
    return str(caught.value).split("\n")


def test_a_pair_becomes_a_shipment_with_both_windows(tmp_path: Path) -> None:
    """Windows, service times, demand, distances and the fleet arrive as in the file."""
    import_lilim(small(tmp_path), tmp_path / "out", owners=2)
    scenario = load_scenario(tmp_path / "out")
    start = scenario.days[0].start
    first, second = sorted(scenario.shipments, key=lambda s: s.id)
    minutes = [(t - start) / timedelta(minutes=1) for t in (first.ready_at, first.window_open, first.window_close)]
    assert minutes == [20, 50, 300]
    assert first.pickup_until == start + timedelta(minutes=200)
    assert (first.pallets, first.loading_min, first.unloading_min) == (10, 5, 7)
    assert (first.owner, second.owner) == ("owner-2", "owner-1")
    network = scenario.region.network
    assert network.km("depot", first.origins[0]) == network.minutes("depot", first.origins[0]) == 5
    (truck,) = scenario.region.vehicles.values()
    assert (truck.count, truck.capacity_pallets, truck.shift_close_min) == (3, 50, 500)
    costs = scenario.region.operating_costs[truck.id]
    assert (costs.fixed_eur, costs.per_km_eur, costs.per_hour_eur) == (10_000, 1, 0)
    assert scenario.region.tariffs.dedicated[0].prices == costs
    assert scenario.settings.horizon_min == 500
    assert len(scenario.releases_on(scenario.days[0])) == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "4\t-6\t8\t-20\t60\t450\t9\t3\t0\n",
            "",
            "line 5: delivery_sibling is 4, expected a task of the file (it",
        ),
        ("60\t450\t9\t3\t0", "60\t45", "line 6: a line of 6 figures, expected 9 figures (a truncated line?)"),
        ("-10", "ten", "line 4: ten, expected a finite number"),
        ("-10", "-11", "line 4: demand is -11, expected -10, as picked up"),
        ("\t20\t200\t", "\t220\t200\t", "line 3: latest is 200, expected >= earliest (220)"),
        ("3\t50\t1\n", "3\t50\n", "line 1: a line of 2 figures, expected vehicles, capacity, speed"),
        ("3\t50\t1\n", "0\t50\t1\n", "line 1: vehicles is 0, expected a whole number >= 1"),
        ("7\t1\t0", "7\t3\t0", "line 4: pickup_sibling is 3, expected a task whose sibling is 2"),
        ("7\t1\t0", "7\t0\t0", "line 4: siblings 0 and 0, expected exactly one not 0"),
        ("2\t6\t8", "7\t6\t8", "line 4: id is 7, expected 2, as tasks count on from the depot 0"),
        ("10\t20\t200", "60\t20\t200", "line 3: demand is 60, expected > 0 and <= 50 at a pickup"),
    ],
)
def test_bad_files_are_told_by_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Letters, wrong counts, truncation and broken pairs are each told with the line."""
    assert old in SMALL
    said = told(small(tmp_path, SMALL.replace(old, new, 1)))
    assert any(line.startswith(f"small.txt {expected}") for line in said), said


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    """A missing file, a folder, an empty file and bytes are input errors."""
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00\x80")
    for path in (tmp_path / "missing.txt", tmp_path, small(tmp_path, ""), tmp_path / "bytes.txt"):
        assert len(told(path)) == 1


def test_owners_must_fit(tmp_path: Path) -> None:
    """There cannot be more owners than pairs."""
    with pytest.raises(InputError, match="owners is 3, expected 1 to 2"):
        import_lilim(small(tmp_path), tmp_path / "out", owners=3)


def test_the_public_instances_are_read(shared_dir: Path) -> None:
    """All 56 instances are whole, and the jobs counted in their table are the tasks of the files."""
    folder = shared_dir / "instances" / "lilim"
    published = dict(line.split(",")[:2] for line in (folder / "bks_100.csv").read_text().splitlines()[1:])
    assert len(published) == 56
    for name, jobs in published.items():
        assert 2 * len(read_lilim(folder / f"{name}.txt").pairs) == int(jobs), name


def test_a_public_instance_becomes_a_scenario(shared_dir: Path, tmp_path: Path) -> None:
    """The same seed gives the same owners, each owner has shipments, and distances are exact."""
    path = shared_dir / "instances" / "lilim" / "lc201.txt"
    for out in ("a", "b"):
        import_lilim(path, tmp_path / out, owners=4, seed=3)
    assert (tmp_path / "a" / "orders.csv").read_bytes() == (tmp_path / "b" / "orders.csv").read_bytes()
    scenario = load_scenario(tmp_path / "a")
    assert scenario.owners == ("owner-1", "owner-2", "owner-3", "owner-4")
    tasks = read_lilim(path).tasks
    exact = ((tasks[1].x - tasks[2].x) ** 2 + (tasks[1].y - tasks[2].y) ** 2) ** 0.5
    assert scenario.region.network.km("n001", "n002") == pytest.approx(exact, rel=1e-15)
