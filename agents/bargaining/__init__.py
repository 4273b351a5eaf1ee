"""Bargaining between two parties over several issues by alternating offers."""

from agents.bargaining.bargain import bargain, bargainers
from agents.bargaining.problem import Bargain, Ending, Issues, Side
from agents.bargaining.talk import Bargainer, Utterance, converse

__all__ = ["Bargain", "Bargainer", "Ending", "Issues", "Side", "Utterance", "bargain", "bargainers", "converse"]
