"""A cost game given by a function of the coalition instead of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.sharing.explore import DEFAULT_BUDGET, explore

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.sharing.game import CoalitionGame, SharingRule
    from agents.sharing.partial import PartialGame


@dataclass(frozen=True, eq=False)
class OracleGame:
    """Coalition costs that are worked out when they are asked for, each once.

    Attributes
    ----------
    cost
        Cost of a coalition of one or more players; must depend on nothing else.
    weights
        Per player, as in a `CoalitionGame`.
    """

    players: tuple[str, ...]
    cost: Callable[[frozenset[str]], float] = field(repr=False)
    weights: NDArray[np.float64] | None = None
    known: dict[frozenset[str], float] = field(default_factory=dict, repr=False)

    def __call__(self, coalition: frozenset[str]) -> float:
        """Return a coalition's cost."""
        if coalition not in self.known:
            self.known[coalition] = float(self.cost(coalition))
        return self.known[coalition]

    def worked_out(
        self, rule: SharingRule, rng: Generator, budget: int = DEFAULT_BUDGET
    ) -> CoalitionGame | PartialGame:
        """Work out what a rule needs: every coalition of up to 10 players, and otherwise some.

        Parameters
        ----------
        rng
            Draws the sample where the rule works from one.
        budget
            Coalitions to work out where there are too many.

        Raises
        ------
        PolicyError
            If the rule needs every coalition and there are too many.
        """
        start = [frozenset([p]) for p in self.players] + [frozenset(self.players)]
        exploration = explore(rule, self.players, {g: self(g) for g in start}, self.weights, rng, budget)
        try:
            wanted = next(exploration)
            while True:
                wanted = exploration.send(self(wanted))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
