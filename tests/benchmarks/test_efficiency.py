"""How the efficiency benchmark reckons."""

import math

import pytest

from benchmarks import efficiency

# Two depots 100 apart with one vehicle each, and between them two customers that one vehicle serves for 104.
INSTANCE = """2 1 2 2
0 100
0 100
1 48 0 0 10 1 2 1 2
2 52 0 0 10 1 2 1 2
3 0 0 0 0 0 0
4 100 0 0 0 0 0
"""


@pytest.fixture
def folder(tmp_path):
    """An instance with its best known distance."""
    (tmp_path / "tiny.txt").write_text(INSTANCE)
    (tmp_path / "bks.csv").write_text("instance,bks_distance\ntiny,104\n")
    return tmp_path


def test_reckons_against_best_known(folder):
    """Who pools all reaches 100 %, who does not pool 0 %; figures that cost something stand beside it."""
    best = efficiency.best_known(folder)["tiny"]
    file = folder / "tiny.txt"
    pooled, alone = (efficiency.negotiated(file, "nearest", 0, p, best) for p in ("trustee", "standalone"))
    assert pooled["efficiency"] == pytest.approx(100)
    assert alone["efficiency"] == 0
    assert pooled.keys() == set(efficiency.FIGURES)
    assert pooled["messages"] > alone["messages"]
    assert pooled["disclosed"] > 0


def test_keys(folder):
    """Each figure is given for random and for nearest owners, and efficiency for each instance too."""
    measures = efficiency.measured(folder, ["tiny"], [3], ["contract_net"])
    for figure in efficiency.FIGURES:
        for owners in ("random", "nearest"):
            assert math.isfinite(measures[f"{figure}.contract_net.{owners}"])
    assert measures["efficiency.contract_net.random.tiny"] == measures["efficiency.contract_net.random"]
    assert measures["efficiency.contract_net.nearest"] == pytest.approx(100)
