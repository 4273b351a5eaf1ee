"""Holding: which shipments wait for a better load."""

from collections.abc import Callable, Mapping

from agents.holding.base import HoldingDecision, HoldingRule, HoldingView
from agents.holding.quantity import Quantity
from agents.holding.quantity_based import QuantityBased
from agents.holding.ship_now import ShipNow
from agents.holding.time_and_quantity import TimeAndQuantity
from agents.holding.time_based import TimeBased

HOLDING: Mapping[str, Callable[..., HoldingRule]] = {
    "quantity": Quantity,
    "quantity_based": QuantityBased,
    "ship_now": ShipNow,
    "time_and_quantity": TimeAndQuantity,
    "time_based": TimeBased,
}

__all__ = [
    "HOLDING",
    "HoldingDecision",
    "HoldingRule",
    "HoldingView",
    "Quantity",
    "QuantityBased",
    "ShipNow",
    "TimeAndQuantity",
    "TimeBased",
]
