"""Time of exact gain sharing by number of players: ``python -m benchmarks.sharing [--quick] [--json FILE]``.

The games pool vehicles: every coalition pays for as many as its pallets fill, and for its kilometres with a discount
that grows with the coalition, so that pooling pays, many coalitions cost nearly the same, and few are alike.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from agents.sharing import CoalitionGame, Nucleolus, Shapley
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


def main() -> None:
    """Measure and report."""
    given = options("Time of exact gain sharing by number of players.")
    repetitions = 3 if given.quick else 9
    measures: dict[str, float] = {}
    for players in (10, 16) if given.quick else (10, 16, 20, 24):
        game = pooling_game(players, seed=1)
        measures[f"shapley_{players}_players_s"] = seconds(partial(Shapley().shares, game), repetitions)
    for players in (6, 10) if given.quick else (6, 10, 14, 18):
        games = [pooling_game(players, seed) for seed in range(3)]
        times = [seconds(partial(Nucleolus().shares, game), repetitions) for game in games]
        measures[f"nucleolus_{players}_players_s"] = float(np.mean(times))
    players = 10 if given.quick else 20
    game = pooling_game(players, seed=1)
    shares = Shapley().shares(game)
    measures[f"stability_{players}_players_s"] = seconds(lambda: stability(game, shares), repetitions)
    report("Gain sharing, exact", measures, ("groupage", "numpy", "scipy"), given.json)


if __name__ == "__main__":
    main()
