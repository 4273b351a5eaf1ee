"""What every benchmark prints and writes."""

import json

import pytest

from benchmarks import sharing
from benchmarks.common import report, seconds


def test_report(tmp_path, capsys):
    """The table names versions and machine; the file is a flat mapping of measure to number."""
    file = tmp_path / "measures.json"
    report("Some title", {"a_s": 0.5, "b_ratio": 2}, ("numpy", "scipy"), file)
    printed = capsys.readouterr().out
    for word in ("Some title", "a_s", "0.5", "numpy ", "scipy ", "cores", "Python"):
        assert word in printed
    assert json.loads(file.read_text()) == {"a_s": 0.5, "b_ratio": 2}


def test_seconds():
    """Work is repeated as often as asked, and takes no negative time."""
    calls = []
    assert seconds(lambda: calls.append(1), 3) >= 0
    assert len(calls) == 3


def test_pooling_pays():
    """The games that gain sharing is timed on have something to share, and come from their seed."""
    game = sharing.pooling_game(6, seed=1)
    assert game.grand_cost < game.standalone.sum()
    assert game.costs[0] == 0
    assert game.costs.tolist() == sharing.pooling_game(6, seed=1).costs.tolist()
    assert game.costs.tolist() != sharing.pooling_game(6, seed=2).costs.tolist()


def test_quick(monkeypatch, tmp_path):
    """A quick run writes its measures, all of them numbers above zero."""
    file = tmp_path / "measures.json"
    monkeypatch.setattr("sys.argv", ["sharing.py", "--quick", "--json", str(file)])
    sharing.main()
    measures = json.loads(file.read_text())
    assert {"shapley_16_players_s", "nucleolus_10_players_s", "times_faster_shapley_6_players"} <= measures.keys()
    assert all(value > 0 for value in measures.values())


@pytest.mark.parametrize("option", [["--json"], ["--fast"]])
def test_unknown_options(monkeypatch, option):
    """An option that there is not, or without its file, ends with exit code 2."""
    monkeypatch.setattr("sys.argv", ["sharing.py", *option])
    with pytest.raises(SystemExit) as ended:
        sharing.main()
    assert ended.value.code == 2
