"""One side's part in many talks at once: offers as arrays with a row per talk, an answer per row in one step.

A talk answered row by row is the talk that `agents.bargaining.bargain` conducts; a test holds that it ends alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.bargaining.problem import Issues, Side
from agents.concession import Boulware, Conceder, Linear, Moment, TitForTat
from logistics.routing.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.concession import ConcessionStrategy

PROPOSES, ACCEPTS, LEAVES = 0, 1, 2
_TIMED: tuple[type, ...] = (Boulware, Conceder, Linear)


@dataclass(frozen=True, eq=False)
class Threads:
    """What one side wants in each of its talks; all are about the same issues and end in the same round.

    Attributes
    ----------
    worth
        Of every outcome in every talk, shape ``(talks, outcomes)``.
    reserve
        Worth of no deal, shape ``(talks,)``.
    discount
        Factor on the worth of an outcome for each round that passes.
    rounds
        Deadline.
    has_last_word
        Whether the side speaks second.
    """

    issues: Issues
    worth: NDArray[np.float64]
    reserve: NDArray[np.float64]
    strategy: ConcessionStrategy
    rounds: int
    has_last_word: bool
    discount: float = 1.0

    def side(self, talk: int) -> Side:
        """The side of one talk by itself."""
        return Side(self.worth[talk], self.strategy, float(self.reserve[talk]), self.discount)

    def answers(self, heard: NDArray[np.int64], round_: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Answer all talks in one round.

        Parameters
        ----------
        heard
            The other side's offers so far as outcomes, shape ``(talks, offers)``, oldest first: as many as rounds have
            gone by, and one more for the side that speaks second.

        Returns
        -------
        tuple
            By talk what the side does (it proposes, accepts or leaves), and the outcome that it proposes; shapes
            ``(talks,)``.
        """
        count = len(self.worth)
        best = self.worth.max(axis=1)
        floor = self.reserve / self.discount**round_
        span = best - self.reserve
        rows = np.arange(count)
        last = heard[:, -1] if heard.shape[1] else np.full(count, -1, dtype=np.int64)
        leaves = best <= floor
        received = (self.worth[rows[:, None], heard] - self.reserve[:, None]) / np.where(leaves, 1.0, span)[:, None]
        level = np.clip(self._levels(received, round_), 0.0, 1.0)
        target = np.minimum(best, np.maximum(floor, self.reserve + span * level))
        ends = self.has_last_word and round_ == self.rounds - 1
        acts = np.full(count, LEAVES if ends else PROPOSES, dtype=np.int64)
        if heard.shape[1]:
            acts[self.worth[rows, last] >= (floor if ends else target)] = ACCEPTS
        acts[leaves] = LEAVES
        chosen = np.full(count, -1, dtype=np.int64)
        _nearest(self.issues.points, self.worth, target, last, acts == PROPOSES, chosen)
        return acts, chosen

    def _levels(self, received: NDArray[np.float64], round_: int) -> NDArray[np.float64]:
        """Levels that the strategy demands now, shape ``(talks,)``; what it demanded before is worked out again."""
        count, strategy = len(received), self.strategy
        if type(strategy) in _TIMED:
            return np.full(count, strategy.demand(Moment(round_, self.rounds, (), ())))
        extra = 1 if self.has_last_word else 0
        reciprocity = strategy.reciprocity if isinstance(strategy, TitForTat) else None
        demanded = np.empty((count, round_ + 1))
        for r in range(round_ + 1):
            so_far = received[:, : r + extra]
            if reciprocity is not None and so_far.shape[1] >= 2:
                given = np.maximum(0.0, so_far[:, -1] - so_far[:, -2])
                asked = demanded[:, r - 1] - reciprocity * given
            else:
                asked = np.array(
                    [
                        strategy.demand(Moment(r, self.rounds, demanded[t, :r].tolist(), so_far[t].tolist()))
                        for t in range(count)
                    ]
                )
            demanded[:, r] = np.clip(asked, 0.0, 1.0)
        return demanded[:, round_]


@compiled
def _nearest(points: Any, worth: Any, target: Any, last: Any, wanted: Any, chosen: Any) -> None:
    """Fill in, by talk, the outcome of enough worth that is most like the last offer; ties: worth, then the first."""
    for t in range(worth.shape[0]):
        if not wanted[t]:
            continue
        least = np.int64(np.iinfo(np.int64).max)
        for k in range(worth.shape[1]):
            if worth[t, k] < target[t]:
                continue
            apart = np.int64(0)
            if last[t] >= 0:
                for i in range(points.shape[1]):
                    apart += abs(points[k, i] - points[last[t], i])
            if apart < least or (apart == least and worth[t, k] > worth[t, chosen[t]]):
                chosen[t], least = k, apart
