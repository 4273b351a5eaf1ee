"""Demand history in, sample paths of demand to come out."""

from forecasting.forecast import FittedForecaster, Forecast, Forecaster
from forecasting.history import known_at, read_history
from forecasting.lightgbm_model import LightGBM
from forecasting.model_state import ModelState
from forecasting.oracle import Oracle
from forecasting.panel import Panel
from forecasting.registry import FORECASTERS, forecaster
from forecasting.seasonal_naive import SeasonalNaive

__all__ = [
    "FORECASTERS",
    "FittedForecaster",
    "Forecast",
    "Forecaster",
    "LightGBM",
    "ModelState",
    "Oracle",
    "Panel",
    "SeasonalNaive",
    "forecaster",
    "known_at",
    "read_history",
]
