"""How fast workers find out what happened, and how much they do at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How fast a worker finds out, and how much it does at a time.

    Attributes
    ----------
    beat_s, dead_after_s
        Between signs of life; without one for so long a worker is dead.
    concurrency
        Synchronizations under way at a time; those that wait for answers count.
    processes
        That negotiate; as many as cores by default.
    reply_within_s
        What own agents have for an answer, where the protocol does not say.
    """

    beat_s: float = 3.0
    dead_after_s: float = 15.0
    concurrency: int = 200
    processes: int | None = None
    reply_within_s: float = 30.0
