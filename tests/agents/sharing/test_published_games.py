"""Every published value of the rules that are built in, to the printed digits; by the rules and by the command line."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from agents.sharing.alternative_cost_avoided import AlternativeCostAvoided
from agents.sharing.cost_gap import CostGap
from agents.sharing.equal_profit import EqualProfit
from agents.sharing.game import CoalitionGame, coalition_sums
from agents.sharing.nash_bargaining import nash_point
from agents.sharing.nucleolus import Nucleolus, prenucleolus
from agents.sharing.per_capita_nucleolus import PerCapitaNucleolus
from agents.sharing.proportional import Proportional
from agents.sharing.shapley import Shapley
from agents.sharing.stability import stability
from groupage.cli.share import share
from tests.agents.sharing.games import NAMES, cost_game_of_values, game_from, values_where, vector_by_mask

RULES = {
    "shapley": Shapley(),
    "nucleolus": Nucleolus(),
    "per_capita_nucleolus": PerCapitaNucleolus(),
    "ACAM": AlternativeCostAvoided(),
    "CGM": CostGap(),
    "tau_value": CostGap(),
    "EPM_core_constrained": EqualProfit(),
    "proportional_standalone": Proportional(),
    "volume_weighted": Proportional(to="weights"),
}
COMMANDS = {
    "shapley": ["--rule", "shapley"],
    "nucleolus": ["--rule", "nucleolus"],
    "per_capita_nucleolus": ["--rule", "per_capita_nucleolus"],
    "ACAM": ["--rule", "alternative_cost_avoided"],
    "CGM": ["--rule", "cost_gap"],
    "tau_value": ["--rule", "cost_gap"],
    "EPM_core_constrained": ["--rule", "equal_profit"],
    "proportional_standalone": ["--rule", "proportional"],
    "volume_weighted": ["--rule", "proportional", "--param", "to=weights"],
}


@pytest.fixture(scope="module")
def published(shared_dir):
    """The reference games by name."""
    games = json.loads((shared_dir / "reference" / "games.json").read_text(encoding="utf-8"))
    return {game["name"]: game for game in games}


@pytest.fixture
def cases(published):
    """(what, rule, cost game, what everybody pays in it) for every published value of a rule that is built in."""
    found = []

    def of_values(what, values, expected):
        game, paid_in = cost_game_of_values(values)
        found.extend((f"{what} {rule}", rule, game, paid_in - np.array(gets)) for rule, gets in expected.items())

    talmud = published["talmud_bankruptcy"]
    claims = talmud["claims"]
    for estate in (100, 200, 300):
        values = values_where(
            3, lambda s, e=estate: max(0, e - sum(c for i, c in enumerate(claims) if i not in s)) if s else 0
        )
        of_values(
            f"talmud {estate}",
            values,
            {
                "nucleolus": talmud["estates"][str(estate)]["nucleolus"],
                "shapley": talmud["shapley"][str(estate)],
            },
        )
    airport = published["airport_8_11_13_18"]
    costs = values_where(4, lambda s: max((airport["values"][i] for i in s), default=0))
    found += [(f"airport {rule}", rule, game_from(costs), np.array(airport[rule])) for rule in ("shapley", "nucleolus")]
    glove = published["glove_L2_R1"]
    of_values(
        "glove",
        values_where(3, lambda s: min(len(s & {0, 1}), len(s & {2}))),
        {rule: glove[rule] for rule in ("shapley", "nucleolus")},
    )
    young = published["young1985_p68"]
    game = game_from(vector_by_mask(young["costs"]))
    found += [
        (f"young {rule}", rule, game, game.standalone - np.array(young[f"{rule}_savings"]))
        for rule in ("shapley", "nucleolus", "per_capita_nucleolus")
    ]
    for name in ("coopgame_4p", "ibn_ezra", "refine_least_core"):
        entry = published[name]
        expected = {rule: entry[rule] for rule in ("shapley", "nucleolus") if rule in entry}
        of_values(name, vector_by_mask(entry["v"]), expected)
    entry = published["damours_ronnqvist_2013_four_companies"]
    damours = forest_companies(entry)
    found += [(f"forest {rule}", rule, damours, np.array(entry["allocations"][rule]["cost"])) for rule in RULES]
    assert len(found) == 26
    return found


def forest_companies(entry) -> CoalitionGame:
    """The cost game of four forest companies, whose coalitions are written as company numbers."""
    table = {frozenset(key): float(cost) for key, cost in entry["coalition_cost"].items()}
    return CoalitionGame.from_table(("1", "2", "3", "4"), table, entry["volume_m3"])


def printed(expected) -> float:
    """Half a unit of the last digit that the source prints."""
    digits = max(len(repr(round(float(x), 7)).partition(".")[2].rstrip("0")) for x in expected)
    return 0.5 * 10.0**-digits * 1.001 if digits > 3 else 1e-9


def test_rules(cases):
    """Each built-in rule gives the published shares, to the printed digits."""
    for what, rule, game, expected in cases:
        assert RULES[rule].shares(game) == pytest.approx(expected, abs=printed(expected)), what


def test_command(cases, tmp_path):
    """So does the command line, from a file to its JSON."""
    app = typer.Typer()
    app.command()(share)
    for what, rule, game, expected in cases:
        table = {",".join(game.members(mask)): game.costs[mask] for mask in range(1, game.costs.size)}
        content = {"players": list(game.players), "costs": table}
        if game.weights is not None:
            content["weights"] = dict(zip(game.players, game.weights.tolist(), strict=True))
        path = tmp_path / "game.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        run = CliRunner().invoke(app, [str(path), *COMMANDS[rule], "--json"])
        assert run.exit_code == 0, run.output
        shares = json.loads(run.stdout)["shares_eur"]
        assert list(shares) == list(game.players)
        assert list(shares.values()) == pytest.approx(expected, abs=printed(expected)), what


def test_core(published):
    """Whether the four forest companies' shares are in the core is as published."""
    entry = published["damours_ronnqvist_2013_four_companies"]
    game = forest_companies(entry)
    for rule, figures in entry["allocations"].items():
        # Shares as printed are rounded, so a tight coalition may be over by that much.
        found = stability(game, np.array(figures["cost"]), tolerance=1e-3)
        assert found.in_core == figures["in_core"], rule


def test_equal_profit_difference(published):
    """The largest difference of relative savings that the equal profit method leaves is the published one."""
    entry = published["damours_ronnqvist_2013_four_companies"]
    game = forest_companies(entry)
    relative = EqualProfit().shares(game) / game.standalone
    assert relative.max() - relative.min() == pytest.approx(entry["allocations"]["EPM_core_constrained"]["f"], abs=1e-8)


def test_nash_point(published):
    """Two parties under the curve y = 1 - x^2 agree on the published points."""
    entry = published["bargaining"]
    for name, disagreement in (("nash_y=1-x^2", (0.0, 0.0)), ("nash_d=(0,.25)", (0.0, 0.25))):
        assert nash_point(lambda x: 1 - x * x, disagreement, 1.0) == pytest.approx(entry[name], abs=5e-9), name


def test_prenucleolus(published):
    """Over all splits Peleg and Sudhölter's game gives its published prenucleolus."""
    entry = published["peleg_sudhoelter_5.5.12"]
    game, paid_in = cost_game_of_values(vector_by_mask(entry["v"]))
    assert paid_in - prenucleolus(game) == pytest.approx(entry["prenucleolus"])


def test_value_games_turn_into_cost_games():
    """The helper's cost game saves what the values say, up to what was paid in."""
    values = vector_by_mask([1, 2, 4])
    game, paid_in = cost_game_of_values(values)
    assert game.players == tuple(NAMES[:2])
    assert (coalition_sums(paid_in) - game.costs).tolist() == values.tolist()
