"""Bargaining between two parties over several issues by alternating offers."""

from agents.bargaining.bargain import bargain, bargainers
from agents.bargaining.problem import Bargain, Ending, Issues, Side
from agents.bargaining.talk import Bargainer, Utterance, converse
from agents.bargaining.threads import ACCEPTS, LEAVES, PROPOSES, Threads

__all__ = [
    "ACCEPTS",
    "LEAVES",
    "PROPOSES",
    "Bargain",
    "Bargainer",
    "Ending",
    "Issues",
    "Side",
    "Threads",
    "Utterance",
    "bargain",
    "bargainers",
    "converse",
]
