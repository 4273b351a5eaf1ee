"""Games whose coalitions are too many: costed one at a time, some of them, and what can be said all the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sharing import SHARING
from agents.sharing.allocation import allocate
from agents.sharing.explore import explore
from agents.sharing.game import CoalitionGame
from agents.sharing.oracle import OracleGame
from agents.sharing.partial import PartialGame
from agents.sharing.shapley import Shapley
from agents.sharing.stability import stability
from benchmarks.sharing import tour_game
from groupage.errors import PolicyError
from tests.agents.sharing.games import cost_games


@pytest.fixture(scope="module")
def twelve():
    """A game of 12 players with every cost, to hold the exploration against."""
    return tour_game(12, 0)


def oracle(game) -> OracleGame:
    """The same game, one coalition at a time."""
    return OracleGame(game.players, lambda group: float(game.costs[game.mask_of(group)]), game.weights)


def complete(game) -> PartialGame:
    """All of a game's costs, as a partial game."""
    known = {frozenset(game.members(mask)): float(game.costs[mask]) for mask in range(1, game.costs.size)}
    return PartialGame(game.players, known, game.weights, drawn=True)


@pytest.mark.parametrize("name", SHARING)
@settings(max_examples=25)
@given(game=cost_games(3, 5))
def test_rows_in_any_order(name, game):
    """Once every coalition is known a partial game has the shares and the figures of the table, and is certified."""
    rule = SHARING[name]()
    exact, found = allocate(rule, game), allocate(rule, complete(game))
    assert found.shares == pytest.approx(exact.shares, abs=1e-9 * max(1.0, np.abs(game.costs).max()))
    assert found.certified
    assert found.stability.in_core == exact.stability.in_core
    assert found.stability.largest_violation == pytest.approx(exact.stability.largest_violation, abs=1e-7)
    assert found.note == exact.note


def test_few_players_are_exact():
    """Up to ten players every coalition is costed once, and the result is certified."""
    game = tour_game(5, 1)
    asked = []
    lazy = OracleGame(game.players, lambda group: asked.append(group) or float(game.costs[game.mask_of(group)]))
    found = allocate(Shapley(), lazy.worked_out(Shapley(), np.random.default_rng(0)))
    assert len(asked) == len(set(asked)) == found.coalitions_evaluated == 31
    assert found.certified
    assert found.standard_error is None
    assert found.shares == pytest.approx(Shapley().shares(game))


@pytest.mark.parametrize("name", ["nucleolus", "per_capita_nucleolus", "least_core", "equal_profit", "cost_gap"])
def test_row_generation(twelve, name):
    """A quarter of the coalitions gives the shares of all of them, and is marked uncertified with their number."""
    rule = SHARING[name]()
    found = allocate(rule, oracle(twelve).worked_out(rule, np.random.default_rng(0), budget=1000))
    assert found.shares == pytest.approx(rule.shares(twelve), abs=1e-6 * twelve.grand_cost)
    assert not found.certified
    assert found.coalitions_evaluated == 1000 + 12 + 1
    held = stability(twelve, found.shares)
    assert found.stability.largest_violation == pytest.approx(held.largest_violation, abs=1e-6 * twelve.grand_cost)


@pytest.mark.parametrize("name", SHARING)
@pytest.mark.parametrize("budget", [0, 40])
def test_small_budgets(twelve, name, budget):
    """However little is asked for, the shares cover the cost, and no more is asked for than was allowed."""
    rule = SHARING[name]()
    game = oracle(twelve)
    found = allocate(rule, game.worked_out(rule, np.random.default_rng(0), budget=budget))
    assert found.shares.sum() == pytest.approx(twelve.grand_cost)
    least = 4 * 5 + 24 + 1 if name == "shapley" else 24 + 1  # two pairs of every size, for a standard error
    assert found.coalitions_evaluated <= max(13 + budget, least)


def test_sampled_shapley_knows_its_error():
    """Over many samples the errors are as large as the standard error says, and they are chance, not bias."""
    game = tour_game(11, 3)
    exact = Shapley().shares(game)
    found = []
    for seed in range(200):
        exploration = explore(Shapley(), game.players, start_of(game), None, np.random.default_rng(seed), 1200)
        found.append(allocate(Shapley(), drive(exploration, game)))
    errors = np.array([f.shares - exact for f in found])
    stated = np.sqrt(np.mean([f.standard_error**2 for f in found], axis=0))
    assert all(f.shares.sum() == pytest.approx(game.grand_cost) for f in found)
    assert (np.abs(errors.mean(axis=0)) < stated / 2).all()
    assert np.sqrt((errors**2).mean(axis=0)) / stated == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("budget", [20, 40, 100])
def test_few_coalitions_know_their_error(budget):
    """Of 95 % intervals about 95 in 100 hold the value, also where barely more coalitions are drawn than are fitted."""
    n = 12
    held = []
    for number in range(3):
        rng = np.random.default_rng((7, number))
        places, loads = rng.random((n, 2)) - 0.5, rng.integers(1, 8, n)
        inside = (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(bool)
        farthest = (np.hypot(*places.T) * inside).max(axis=1)
        game = CoalitionGame(
            tuple(f"p{i}" for i in range(n)),
            50 * np.ceil(inside @ loads / 10) + 200 * farthest + 20 * inside.sum(axis=1),
        )
        exact = Shapley().shares(game)
        for seed in range(40):
            exploration = explore(Shapley(), game.players, start_of(game), None, np.random.default_rng(seed), budget)
            found = allocate(Shapley(), drive(exploration, game))
            held.append(np.abs(found.shares - exact) <= 1.96 * found.standard_error)
    assert 0.9 < np.mean(held) < 0.99


def test_sampled_shapley_repeats(twelve):
    """The same generator draws the same sample."""
    rule = Shapley()
    first, again = (
        allocate(rule, oracle(twelve).worked_out(rule, np.random.default_rng(7), 300)).shares for _ in range(2)
    )
    assert first.tobytes() == again.tobytes()


def test_more_samples_less_error(twelve):
    """More coalitions make the standard error smaller, and all of them make it nothing."""
    rule = Shapley()
    errors = [
        allocate(rule, oracle(twelve).worked_out(rule, np.random.default_rng(1), budget)).standard_error.max()
        for budget in (200, 1000, 5000)
    ]
    assert errors[0] > errors[1] > errors[2] == 0.0


@given(alone=st.lists(st.integers(1, 50), min_size=11, max_size=14))
def test_sampled_shapley_of_an_additive_game(alone):
    """Where nobody saves anything a sample is enough: everybody pays its own cost, without any error."""
    players = tuple(f"p{i:02}" for i in range(len(alone)))
    cost = dict(zip(players, map(float, alone), strict=True))
    game = OracleGame(players, lambda group: sum(cost[p] for p in group))
    found = allocate(Shapley(), game.worked_out(Shapley(), np.random.default_rng(0), 150))
    assert found.shares == pytest.approx(list(cost.values()))
    assert found.standard_error == pytest.approx(0.0, abs=1e-9)


def test_thirty_players():
    """Far beyond any table, the sampled Shapley value of the airport game is near its formula."""
    far = np.arange(1.0, 31.0)
    players = tuple(f"p{i:02}" for i in range(30))
    at = dict(zip(players, far, strict=True))
    game = OracleGame(players, lambda group: max(at[p] for p in group))
    exact = np.cumsum(1 / np.arange(30, 0, -1))
    found = allocate(Shapley(), game.worked_out(Shapley(), np.random.default_rng(0), 1000))
    assert (np.abs(found.shares - exact) < 5 * found.standard_error + 1e-9).all()
    assert found.standard_error.max() < 0.25


def test_a_rule_that_must_see_everything():
    """A rule that needs all coalitions and does not say how to go without is refused by name."""

    class Greedy:
        name = "greedy"
        needs_coalitions = True

        def shares(self, game):
            return game.standalone

        def note(self, game):
            return ""

    players = tuple("abcdefghijk")
    game = OracleGame(players, lambda group: float(len(group)))
    with pytest.raises(PolicyError, match="greedy needs the cost of every coalition, and 11 owners"):
        game.worked_out(Greedy(), np.random.default_rng(0))


def test_shapley_wants_a_random_sample(twelve):
    """Coalitions that were chosen for another purpose do not stand for the rest."""
    nucleolus = SHARING["nucleolus"]()
    known = oracle(twelve).worked_out(nucleolus, np.random.default_rng(0), 100)
    with pytest.raises(ValueError, match="not drawn at random"):
        Shapley().shares(known)


@pytest.mark.parametrize(
    ("players", "known", "words"),
    [
        (("a", "b"), {}, "expected 3 or more distinct names"),
        (("a", "b", "b"), {}, "distinct"),
        (("a", "b", "c"), {frozenset("a"): 1.0}, "no cost for"),
    ],
)
def test_refuses(players, known, words):
    """A partial game without players alone, all, or all but one is an error that says so."""
    with pytest.raises(ValueError, match=words):
        PartialGame(players, known)


def start_of(game):
    """What everybody knows before anything is asked: each alone, and all together."""
    groups = [frozenset([p]) for p in game.players] + [frozenset(game.players)]
    return {g: float(game.costs[game.mask_of(g)]) for g in groups}


def drive(exploration, game):
    """Answer every question from the table."""
    try:
        wanted = next(exploration)
        while True:
            wanted = exploration.send(float(game.costs[game.mask_of(wanted)]))
    except StopIteration as done:
        return done.value
