"""Tests for agents.reserving.nothing."""

from agents.reserving import Nothing, ReservingRule
from tests.agents.reserving.contract import ReservingContract


class TestNothing(ReservingContract):
    """It keeps what every reserving rule promises, and never reserves."""

    def build(self) -> ReservingRule:
        return Nothing()
