"""Time of gain sharing by number of players: ``python -m benchmarks.sharing [--quick] [--json FILE]``.

Two kinds of games. In the *pooling* games every coalition pays for as many vehicles as its pallets fill, and for its
kilometres with a discount that grows with the coalition and is different for each, so that pooling pays, many
coalitions cost nearly the same, and few are alike. In the *tour* games the kilometres are those of a tree of roads, so
that coalitions that differ by one member cost nearly the same, as real ones do.

Keys ``coopgt_...`` are the same task done by coopgt, and ``times_faster_...`` how often ours fits into that. Its check
of the core is left out: it wants shares that sum to the last bit.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from coopgt.core import find_core_point
from coopgt.shapley_value import calculate

from agents.sharing import SHARING, CoalitionGame, LeastCore, Nucleolus, OracleGame, Shapley, allocate
from agents.sharing.game import coalition_sums
from agents.sharing.stability import stability
from benchmarks.common import options, report, seconds


def pooling_game(players: int, seed: int) -> CoalitionGame:
    """A cost game of pooled vehicles, in EUR."""
    rng = np.random.default_rng(seed)
    vehicles = np.ceil(coalition_sums(rng.uniform(1, 14, players)) / 33)
    size = np.bitwise_count(np.arange(1 << players))
    km = coalition_sums(rng.uniform(10, 120, players)) * rng.uniform(0.9, 1.0, 1 << players) / (1 + 0.05 * size)
    costs = 220 * vehicles + 0.9 * km
    costs[0] = 0
    return CoalitionGame(tuple(f"p{i}" for i in range(players)), costs)


def tour_game(players: int, seed: int) -> CoalitionGame:
    """Vehicles for the pallets of a coalition, and the shortest tree of roads from a depot to its clients, in EUR."""
    rng = np.random.default_rng(seed)
    pallets = rng.uniform(1, 14, players)
    where = np.vstack((np.zeros(2), rng.uniform(0, 100, (players, 2))))
    km = np.linalg.norm(where[:, None] - where[None], axis=2)
    costs = np.zeros(1 << players)
    for mask in range(1, 1 << players):
        members = {i for i in range(players) if mask >> i & 1}
        vehicles = np.ceil(sum(pallets[i] for i in members) / 33)
        reach, length = km[0].tolist(), 0.0
        while members:
            nearest = min(members, key=lambda i: reach[i + 1])
            length += reach[nearest + 1]
            members.remove(nearest)
            reach = [min(pair) for pair in zip(reach, km[nearest + 1].tolist(), strict=True)]
        costs[mask] = 60 * vehicles + 2.4 * length
    return CoalitionGame(tuple(f"p{i}" for i in range(players)), costs)


def exact_rules(measures: dict[str, float], *, quick: bool) -> None:
    """Every rule from a table of all coalitions."""
    repetitions = 3 if quick else 9
    for players in (10, 16) if quick else (10, 16, 20, 24):
        game = pooling_game(players, seed=1)
        measures[f"shapley_{players}_players_s"] = seconds(partial(Shapley().shares, game), repetitions)
    for players in (6, 10) if quick else (6, 10, 14, 18):
        games = [pooling_game(players, seed) for seed in range(3)]
        for name, rule in SHARING.items():
            if name != "shapley":
                times = [seconds(partial(rule().shares, game), repetitions) for game in games]
                measures[f"{name}_{players}_players_s"] = float(np.mean(times))
    players = 10 if quick else 20
    game = pooling_game(players, seed=1)
    shares = Shapley().shares(game)
    measures[f"stability_{players}_players_s"] = seconds(lambda: stability(game, shares), repetitions)


def against_coopgt(measures: dict[str, float], *, quick: bool) -> None:
    """The same tasks by coopgt: it goes through all orders of the players, and through Python for every coalition."""

    def compare(task: str, ours: float, theirs: float) -> None:
        measures[f"coopgt_{task}_s"] = theirs
        measures[f"times_faster_{task}"] = theirs / ours

    players = 6 if quick else 9
    game = pooling_game(players, seed=1)
    values = value_table(game)
    if not np.allclose(calculate(values), game.standalone - Shapley().shares(game)):
        raise ArithmeticError("coopgt finds another Shapley value")
    ours = seconds(lambda: Shapley().shares(game), 9)
    compare(f"shapley_{players}_players", ours, seconds(lambda: calculate(values), 1))
    players = 8 if quick else 12
    game = tour_game(players, seed=1)
    values = value_table(game)
    ours = seconds(lambda: LeastCore().shares(game), 9)
    compare(f"core_point_{players}_players", ours, seconds(lambda: find_core_point(values), 3))


def value_table(game: CoalitionGame) -> dict[tuple[int, ...], float]:
    """What every coalition saves, as coopgt takes it: by tuple of players, counted from 1."""
    return {
        tuple(i + 1 for i in range(game.n) if mask >> i & 1): float(saving) for mask, saving in enumerate(game.savings)
    }


def cost_of(game: CoalitionGame, group: frozenset[str]) -> float:
    """Look a coalition up."""
    return float(game.costs[game.mask_of(group)])


def from_some_coalitions(measures: dict[str, float], *, quick: bool) -> None:
    """What a thousand coalitions of many say: time, and the largest error of a share in percent of the mean share."""
    players, budget = (11, 200) if quick else (14, 1000)
    games = [tour_game(players, seed) for seed in range(1 if quick else 5)]
    for rule in (Shapley(), Nucleolus()):
        times, errors = [], []
        for game in games:
            lazy = OracleGame(game.players, partial(cost_of, game))
            work = partial(lazy.worked_out, rule, np.random.default_rng(0), budget)
            times.append(seconds(work, 1))
            error = np.abs(allocate(rule, work()).shares - rule.shares(game)).max()
            errors.append(100 * error / (game.grand_cost / players))
        measures[f"{rule.name}_{budget}_coalitions_of_{players}_players_s"] = float(np.mean(times))
        measures[f"{rule.name}_{budget}_coalitions_of_{players}_players_error_percent"] = float(np.mean(errors))


def main() -> None:
    """Measure and report."""
    given = options("Time of gain sharing by number of players.")
    measures: dict[str, float] = {}
    exact_rules(measures, quick=given.quick)
    against_coopgt(measures, quick=given.quick)
    from_some_coalitions(measures, quick=given.quick)
    report("Gain sharing", measures, ("groupage", "numpy", "scipy", "coopgt"), given.json)


if __name__ == "__main__":
    main()
