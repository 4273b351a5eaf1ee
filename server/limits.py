"""How much one participant may ask for: token buckets, in memory whose size does not depend on who comes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Rate:
    """A steady rate with room for a burst.

    Attributes
    ----------
    per_s
        Units that come back each second; above 0.
    burst
        Units that may be taken at once after a pause.
    """

    per_s: float
    burst: float

    def __post_init__(self) -> None:
        if not (self.per_s > 0 and self.burst > 0):
            raise ValueError(f"rate is {self.per_s} per second with a burst of {self.burst}, expected both above 0")


class Buckets:
    """One bucket for each key.

    A bucket that has had the time to fill up is as good as none, so that at most `most` are kept: beyond, those that
    were not used for the longest time go. Who is let go starts with a full bucket again.

    Parameters
    ----------
    rate
        The same for all keys.
    most
        Buckets that are kept.
    clock
        Seconds, rising.
    """

    def __init__(self, rate: Rate, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._most = most
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, key: str, amount: float = 1.0) -> float:
        """Take from a bucket, if it holds enough.

        Returns
        -------
        float
            0 if it was taken; else in how many seconds it could be, and nothing was taken. More than the burst is let
            through by a full bucket, and paid back by a longer wait afterwards.
        """
        now = self._clock()
        level = self._level(key, now)
        wanted = min(amount, self.rate.burst)
        if level < wanted:
            return (wanted - level) / self.rate.per_s
        self._levels[key] = (level - amount, now)
        if len(self._levels) > self._most:
            del self._levels[next(iter(self._levels))]
        return 0.0

    def empty(self, key: str) -> float:
        """Seconds until one unit could be taken; nothing is taken."""
        level = self._level(key, self._clock(), keep=True)
        return max(0.0, 1.0 - level) / self.rate.per_s

    def _level(self, key: str, now: float, *, keep: bool = False) -> float:
        # Taken out and put in again: the order of the dictionary is that of use.
        held = self._levels.get(key) if keep else self._levels.pop(key, None)
        if held is None:
            return self.rate.burst
        level, at = held
        filled = min(self.rate.burst, level + (now - at) * self.rate.per_s)
        if not keep:
            self._levels[key] = (filled, now)
        return filled
