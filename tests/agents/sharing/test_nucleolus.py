"""The nucleolus against its definition, written another way, and against what is known of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog

from agents.sharing.game import CoalitionGame, coalition_sums
from agents.sharing.nucleolus import Nucleolus, has_imputations, prenucleolus
from agents.sharing.stability import stability
from tests.agents.sharing.contract import SharingContract, close
from tests.agents.sharing.games import cost_games, game_from, pooling_games
from tests.agents.sharing.reference import slow_nucleolus, sorted_excesses


def lexicographically_less(left, right, slack):
    """Whether the first figure that differs by more than the slack is smaller on the left."""
    differs = np.flatnonzero(np.abs(left - right) > slack)
    return bool(differs.size) and left[differs[0]] < right[differs[0]]


def core_is_empty(game):
    """Whether even the best split leaves some coalition paying more than on its own: one linear program."""
    n = game.n
    proper = np.arange(1, (1 << n) - 1)
    members = ((proper[:, None] >> np.arange(n)) & 1).astype(float)
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.column_stack((members, -np.ones(proper.size))),
        b_ub=game.costs[proper],
        A_eq=np.append(np.ones(n), 0.0)[None, :],
        b_eq=[game.grand_cost],
        bounds=(None, None),
    )
    return found.x[-1] > 1e-7 * max(1.0, np.abs(game.costs).max())


class TestNucleolus(SharingContract):
    rule = Nucleolus()

    @settings(max_examples=40)
    @given(game=pooling_games(2, 4))
    def test_definition(self, game):
        """It is what linear programs over all coalitions find, freezing only what is tight in every optimum."""
        assert self.rule.shares(game) == pytest.approx(
            slow_nucleolus(game), abs=1e-6 * max(1.0, np.abs(game.costs).max())
        )

    @settings(max_examples=40)
    @given(game=cost_games(2, 4))
    def test_prenucleolus_definition(self, game):
        """The same over all splits."""
        assert prenucleolus(game) == pytest.approx(
            slow_nucleolus(game, over_all_splits=True), abs=1e-6 * max(1.0, np.abs(game.costs).max())
        )

    @settings(max_examples=40)
    @given(game=pooling_games(3, 4))
    def test_nothing_better_on_a_grid(self, game):
        """No split on a grid over all that leave nobody worse off has lexicographically smaller excesses."""
        saved = float(game.savings[-1])
        steps = 12 if game.n == 3 else 8
        own = sorted_excesses(game, self.rule.shares(game))
        for parts in np.ndindex(*[steps + 1] * (game.n - 1)):
            if sum(parts) <= steps:
                saving = saved / steps * np.array([*parts, steps - sum(parts)])
                assert not lexicographically_less(sorted_excesses(game, game.standalone - saving), own, close(game))

    @settings(max_examples=40)
    @given(game=pooling_games())
    def test_nothing_better_nearby(self, game):
        """Moving a little money from one player to another never makes the excesses lexicographically smaller."""
        shares = self.rule.shares(game)
        own = sorted_excesses(game, shares)
        step = 1e-3 * max(float(np.abs(game.costs).max()), 1e-9)
        for payer in range(game.n):
            for payee in range(game.n):
                moved = shares.copy()
                moved[payer] += step
                moved[payee] -= step
                if (moved <= game.standalone).all():
                    assert not lexicographically_less(sorted_excesses(game, moved), own, close(game))

    @given(game=pooling_games())
    def test_in_the_core(self, game):
        """Nobody is worse off than alone, and wherever any split is stable, this one is."""
        found = stability(game, self.rule.shares(game))
        assert found.individually_rational
        assert found.in_core or core_is_empty(game)

    def test_two_players(self):
        """Two players share what they save in halves."""
        assert self.rule.shares(game_from([0, 10, 12, 17])) == pytest.approx([7.5, 9.5])

    def test_tight_in_one_optimum_only(self):
        """A coalition that is tight in one optimum but not in all stays open.

        Freezing whatever is tight in the optimum found gives (2, 4, 2, 2) here: the common mistake.
        """
        values = np.array([0, 0, 0, 0, 0, 2, 2, 5, 0, 2, 1, 3, 2, 4, 6, 10])
        game = game_from(coalition_sums(np.full(4, 10.0)) - values)
        assert 10 - self.rule.shares(game) == pytest.approx([2, 2.75, 2.75, 2.5])

    def test_additive(self):
        """Where coalitions save nothing but rounding, everybody pays its stand-alone cost and nothing is said."""
        alone = np.random.default_rng(1).uniform(0, 1000, 9)
        game = game_from(coalition_sums(alone))
        assert self.rule.shares(game) == pytest.approx(alone, rel=1e-12)
        assert self.rule.note(game) == ""
        rounded = game_from([0, 0.1, 0.7, 0.8])
        assert rounded.grand_cost > rounded.standalone.sum()
        assert self.rule.shares(rounded) == pytest.approx([0.1, 0.7])
        assert self.rule.note(rounded) == ""

    def test_small_savings_on_large_costs(self):
        """A saving of a cent on millions is still shared as the nucleolus of the savings."""
        savings = np.array([0, 0, 0, 6, 0, 4, 2, 10]) / 1000
        game = game_from(coalition_sums(np.full(3, 1e6)) - savings)
        assert (1e6 - self.rule.shares(game)) * 1000 == pytest.approx([5, 3, 2], abs=1e-4)

    def test_no_split_without_losers(self):
        """Where all together pay more than alone, it is the prenucleolus, and the note says so."""
        game = game_from([0, 10, 10, 18, 10, 18, 18, 33])
        assert not has_imputations(game)
        assert self.rule.shares(game) == pytest.approx([11, 11, 11])
        assert "prenucleolus" in self.rule.note(game)

    def test_prenucleolus_may_leave_somebody_worse_off(self):
        """Over all splits one player may lose what over rational splits it may not."""
        values = np.array([0, 0, 0, 10, 0, 0, 0, 2.0])
        game = game_from(coalition_sums(np.full(3, 10.0)) - values)
        assert 10 - prenucleolus(game) == pytest.approx([3, 3, -4])
        assert (self.rule.shares(game) <= 10 + 1e-12).all()

    @pytest.mark.parametrize("players", [10, 14])
    def test_many_players(self, players):
        """With many players: stable, and no small move between two players is better."""
        rng = np.random.default_rng(players)
        pallets = rng.integers(1, 14, players).astype(float)
        km = rng.uniform(5, 80, players)
        costs = 250 * np.ceil(coalition_sums(pallets) / 33) + 0.7 * coalition_sums(km)
        costs[0] = 0
        game = game_from(costs)
        shares = self.rule.shares(game)
        own = sorted_excesses(game, shares)
        for payer, payee in rng.integers(0, players, (30, 2)):
            moved = shares.copy()
            moved[payer] += 0.5
            moved[payee] -= 0.5
            if (moved <= game.standalone).all():
                assert not lexicographically_less(sorted_excesses(game, moved), own, close(game))

    def test_dummies_join_without_effect(self):
        """A player that saves nobody anything pays its own cost, and the others pay what they paid without it."""
        game = game_from([0, 10, 10, 14, 10, 15, 17, 20])
        wider = CoalitionGame((*game.players, "d"), np.concatenate((game.costs, game.costs + 5)))
        assert self.rule.shares(wider) == pytest.approx([*self.rule.shares(game), 5.0])
