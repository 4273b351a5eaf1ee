"""What two parties bargain about, what each outcome is worth to either, and how it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agents.concession import ConcessionStrategy

# From one end of an issue to the other, in whole steps, so that distances are exact: divisible by 1 to 16.
SCALE = 720_720


class Ending(StrEnum):
    """How a talk ended."""

    AGREED = "agreed"
    DEADLINE = "deadline"
    LEFT = "left"


@dataclass(frozen=True)
class Issues:
    """What is to be settled, each issue by one of several levels in their natural order (cents, minutes, days).

    Attributes
    ----------
    names
        Of the issues.
    sizes
        Levels of each, at least 1.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.names or len(self.names) != len(self.sizes) or min(self.sizes) < 1:
            raise ValueError(f"issues {self.names} have {self.sizes} levels, expected at least one level for each")

    @cached_property
    def levels(self) -> NDArray[np.int64]:
        """Level of every issue in every outcome, the last issue changing fastest; shape ``(outcomes, issues)``."""
        return np.stack(np.unravel_index(np.arange(math.prod(self.sizes)), self.sizes), axis=1).astype(np.int64)

    @cached_property
    def points(self) -> NDArray[np.int64]:
        """Outcomes as points: every issue from 0 to about `SCALE`, in whole numbers; shape ``(outcomes, issues)``."""
        steps = SCALE // np.maximum(1, np.array(self.sizes, dtype=np.int64) - 1)
        return np.ascontiguousarray(self.levels * steps)

    def worth(self, tables: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        """Add up what each issue's level is worth; ``tables`` has one figure per level of each issue.

        Returns
        -------
        NDArray
            Worth of every outcome, shape ``(outcomes,)``.
        """
        if [len(t) for t in tables] != list(self.sizes):
            raise ValueError(f"worth has {[len(t) for t in tables]} figures, expected {list(self.sizes)}")
        total = np.zeros(len(self.levels))
        for issue, figures in enumerate(tables):
            total += np.asarray(figures, dtype=np.float64)[self.levels[:, issue]]
        return total


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two parties; private to it but for its offers.

    Attributes
    ----------
    worth
        What each outcome is worth to it in the first round, in any unit of its own; shape ``(outcomes,)``.
    strategy
        How it gives way.
    reserve
        What no deal is worth to it, whenever the talk ends.
    discount
        Factor on the worth of an outcome for each round that passes, above 0 and at most 1 (Rubinstein 1982).
    """

    worth: NDArray[np.float64]
    strategy: ConcessionStrategy
    reserve: float = 0.0
    discount: float = 1.0

    def __post_init__(self) -> None:
        if not (len(self.worth) and np.isfinite(self.worth).all() and math.isfinite(self.reserve)):
            raise ValueError("worth and reserve have figures that are no numbers, expected finite ones")
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount is {self.discount}, expected above 0 and at most 1")

    @cached_property
    def best(self) -> float:
        """Worth of its best outcome."""
        return float(self.worth.max())

    def floors(self, rounds: int) -> NDArray[np.float64]:
        """Undiscounted worth in each round below which no deal is better; shape ``(rounds,)``."""
        return np.array([self.reserve / self.discount**r for r in range(rounds)])

    def gain(self, bargain: Bargain) -> float:
        """What a bargain is worth to it above no deal."""
        if bargain.outcome is None:
            return 0.0
        return float(self.worth[bargain.outcome]) * self.discount**bargain.round - self.reserve


@dataclass(frozen=True, eq=False)
class Bargain:
    """How a talk went.

    Attributes
    ----------
    outcome
        Agreed on; ``None`` without a deal.
    ending
        Agreement, the deadline, or one side leaving because waiting has eaten its gain.
    round
        In which it ended, counted from 0.
    offers
        Outcomes offered, in order; the sides alternate, and the last one is the agreement.
    """

    outcome: int | None
    ending: Ending
    round: int
    offers: NDArray[np.int64]

    def table(self, issues: Issues, names: tuple[str, str]) -> pa.Table:
        """All offers as one table: round, sender, and the level of each issue."""
        count = len(self.offers)
        levels = issues.levels[self.offers]
        return pa.table(
            {
                "round": pa.array(np.arange(count) // 2, pa.int32()),
                "sender": pa.array([names[i % 2] for i in range(count)], pa.string()),
            }
            | {name: pa.array(levels[:, i], pa.int32()) for i, name in enumerate(issues.names)}
        )
