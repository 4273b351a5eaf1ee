"""What a model is run on: a region, its orders by planning day, and its demand before and from the first one on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    import pandas as pd

    from forecasting import FittedForecaster
    from logistics.region import Region
    from logistics.shipments import Shipment

FORECAST_DAYS = 3


@dataclass(frozen=True)
class World:
    """What a model is run on: a region, its orders by planning day, and its demand.

    Attributes
    ----------
    releases
        For each planning day its start (UTC), local date and the shipments that come on the table.
    history, future
        Long frames ``unique_id, ds, y, promotion``: before the first planning day, and from it on. The future's ``y``
        reaches a model only day by day, and the oracle.
    fitted
        Forecasters fitted in earlier runs on this world, by owner, choice and seed: policies that share a forecaster
        need not fit it twice. A fitted forecaster is the same after it was used.
    """

    region: Region
    releases: tuple[tuple[date, datetime, tuple[Shipment, ...]], ...]
    history: pd.DataFrame
    future: pd.DataFrame
    horizon_min: float
    fitted: dict[tuple[str, str, int], FittedForecaster] = field(default_factory=dict, repr=False, compare=False)

    def look_days(self, number: int) -> int:
        """Days that a forecast on a planning day has to reach: until the next one, and at least `FORECAST_DAYS`."""
        if number + 1 >= len(self.releases):
            return FORECAST_DAYS
        return max(FORECAST_DAYS, (self.releases[number + 1][0] - self.releases[number][0]).days + 1)

    @property
    def farthest_days(self) -> int:
        """How far ahead anybody forecasts on any of the planning days; a forecaster need not learn for later ones."""
        return max((self.look_days(number) for number in range(len(self.releases))), default=FORECAST_DAYS)
