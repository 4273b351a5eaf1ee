"""A bidding strategy that learns: dearer after a day with work, half as dear after a day without."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents.bidding import Tally


@dataclass(frozen=True, slots=True)
class WinRaise:
    """Cost with a margin, which goes up by ``raise_percent`` points at a time, to ``most_percent`` at the most."""

    percent: float = 0.0
    raise_percent: float = 2.0
    most_percent: float = 20.0
    name: str = "win_raise"

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= self.most_percent:
            raise ValueError(f"win_raise percent is {self.percent}, expected 0 to {self.most_percent}")

    def price(self, cost: float) -> float:
        """Return the price asked, in the unit of the cost."""
        return max(0.0, cost) * (1 + self.percent / 100)

    def learned(self, tally: Tally) -> WinRaise:
        """Return the strategy for the next day; within a day it stays the same."""
        if not tally.offered:
            return self
        won = tally.won > 0
        percent = min(self.most_percent, self.percent + self.raise_percent) if won else self.percent / 2
        return replace(self, percent=percent)
