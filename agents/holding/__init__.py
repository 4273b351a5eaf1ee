"""Holding: which shipments wait for a better load."""

from collections.abc import Callable, Mapping

from agents.holding.base import HoldingDecision, HoldingRule, HoldingView
from agents.holding.quantity_based import QuantityBased
from agents.holding.ship_now import ShipNow

HOLDING: Mapping[str, Callable[..., HoldingRule]] = {"quantity_based": QuantityBased, "ship_now": ShipNow}

__all__ = ["HOLDING", "HoldingDecision", "HoldingRule", "HoldingView", "QuantityBased", "ShipNow"]
