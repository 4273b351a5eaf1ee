"""Holding: which shipments wait for a better load."""

from collections.abc import Callable, Mapping

from agents.holding.base import (
    HoldingDecision,
    HoldingRule,
    HoldingView,
    LaneLoad,
    LaneVerdict,
    PooledHolding,
    Wait,
    miss_probability,
    uses_pool,
)
from agents.holding.forecast_value import ForecastValue
from agents.holding.quantity import Quantity
from agents.holding.quantity_based import QuantityBased
from agents.holding.ship_now import ShipNow
from agents.holding.time_and_quantity import TimeAndQuantity
from agents.holding.time_based import TimeBased

HOLDING: Mapping[str, Callable[..., HoldingRule]] = {
    "forecast_value": ForecastValue,
    "quantity": Quantity,
    "quantity_based": QuantityBased,
    "ship_now": ShipNow,
    "time_and_quantity": TimeAndQuantity,
    "time_based": TimeBased,
}

__all__ = [
    "HOLDING",
    "ForecastValue",
    "HoldingDecision",
    "HoldingRule",
    "HoldingView",
    "LaneLoad",
    "LaneVerdict",
    "PooledHolding",
    "Quantity",
    "QuantityBased",
    "ShipNow",
    "TimeAndQuantity",
    "TimeBased",
    "Wait",
    "miss_probability",
    "uses_pool",
]
