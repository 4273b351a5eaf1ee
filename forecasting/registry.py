"""Forecasters by name: the built-in ones, and those that other packages offer as ``groupage.forecasters``."""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from forecasting.auto_ets import AutoETS
from forecasting.croston import Croston
from forecasting.lightgbm_model import LightGBM
from forecasting.moving_average import MovingAverage
from forecasting.oracle import Oracle
from forecasting.seasonal_naive import SeasonalNaive
from groupage.errors import PolicyError, Problem
from groupage.parameters import check_types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from forecasting.forecast import Forecaster

GROUP = "groupage.forecasters"
FORECASTERS: Mapping[str, Callable[..., Forecaster]] = {
    "auto_ets": AutoETS,
    "croston": Croston,
    "lightgbm": LightGBM,
    "moving_average": MovingAverage,
    "oracle": Oracle,
    "seasonal_naive": SeasonalNaive,
}


def forecaster(name: str, params: Mapping[str, Any], *, future: pd.DataFrame | None = None) -> Forecaster:
    """Build a forecaster.

    Parameters
    ----------
    name
        Built in, or the name of an entry point; built-in names go first.
    params
        Its keyword arguments.
    future
        What really comes; handed only to a forecaster with a parameter of that name (``oracle``).

    Raises
    ------
    PolicyError
        For a name that nobody registered, a parameter that the forecaster does not take, a value out of range, or
        an oracle without a future.
    """
    factory = FORECASTERS.get(name)
    if factory is None:
        offered = {point.name: point for point in entry_points(group=GROUP)}
        if name not in offered:
            known = ", ".join(sorted({*FORECASTERS, *offered}))
            raise PolicyError([Problem("policy forecaster", "name", repr(name), f"one of {known}")])
        try:
            factory = offered[name].load()
        except (ImportError, AttributeError) as error:
            given_value = f"{offered[name].value!r} ({error})"
            raise PolicyError(
                [Problem(f"entry point {GROUP}: {name}", "", given_value, "a forecaster there")]
            ) from error
    taken = inspect.signature(factory).parameters
    where = f"policy forecaster {name}"
    given = dict(params)
    if "future" in taken and "future" not in given:
        if future is None:
            raise PolicyError([Problem(where, "future", "missing", "the demand that really comes, as in a simulation")])
        given["future"] = future
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
    allowed = ", ".join(p for p in taken if p != "future") or "no parameters"
    unknown = [] if open_ended else [key for key in given if key not in taken]
    if unknown:
        raise PolicyError([Problem(where, key, f"{given[key]!r}, unknown", allowed) for key in unknown])
    try:
        check_types(factory, params)
        return factory(**given)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, PolicyError) else PolicyError(f"{where}: {error}") from error


def with_horizon(name: str, params: Mapping[str, Any], horizon: int | None) -> dict[str, Any]:
    """Tell a forecaster how far ahead it will be asked, where it wants to know and was not told."""
    taken = inspect.signature(FORECASTERS[name]).parameters if name in FORECASTERS else {}
    return {"horizon": horizon, **params} if horizon is not None and "horizon" in taken else dict(params)
