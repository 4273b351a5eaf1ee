"""Demand history in, sample paths of demand to come out."""

from forecasting.auto_ets import AutoETS
from forecasting.croston import Croston
from forecasting.forecast import FittedForecaster, Forecast, Forecaster
from forecasting.history import known_at, read_history
from forecasting.lightgbm_model import LightGBM
from forecasting.model_state import ModelState
from forecasting.moving_average import MovingAverage
from forecasting.oracle import Oracle
from forecasting.panel import Panel
from forecasting.registry import FORECASTERS, forecaster
from forecasting.reservation import CapacityOffer, Reserve, critical_ratio, reserve_units, reserved_quantity
from forecasting.seasonal_naive import SeasonalNaive

__all__ = [
    "FORECASTERS",
    "AutoETS",
    "CapacityOffer",
    "Croston",
    "FittedForecaster",
    "Forecast",
    "Forecaster",
    "LightGBM",
    "ModelState",
    "MovingAverage",
    "Oracle",
    "Panel",
    "Reserve",
    "SeasonalNaive",
    "critical_ratio",
    "forecaster",
    "known_at",
    "read_history",
    "reserve_units",
    "reserved_quantity",
]
