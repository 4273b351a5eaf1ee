"""The members of a simulated pool as Mesa agents: owners of shipments, carriers and hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import pandas as pd

from agents.planning import GoodsSeen
from agents.registry import create_forecaster
from agents.seeds import rng_for, seed_for
from forecasting import FittedForecaster, Forecast, known_at, read_history
from forecasting.registry import with_horizon

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from agents.bidding import BiddingStrategy
    from agents.holding import HoldingView
    from agents.model import PoolingModel
    from logistics.shipments import Shipment

FORECAST_PATHS = 100


class FactoryAgent(mesa.Agent):
    """An owner of shipments: forecasts its own lanes, holds or releases, and speaks through its desk."""

    def __init__(self, model: PoolingModel, owner: str) -> None:
        super().__init__(model)
        self.owner = owner
        self.open: dict[str, Shipment] = {}
        self.days_held: dict[str, int] = {}
        self.held: dict[str, str] = {}
        self.chosen: dict[str, str] = {}  # of these, what could have gone
        self.goods = GoodsSeen()
        self.forecast: Forecast | None = None
        self.fitted: FittedForecaster | None = None
        self.paid_eur = 0.0
        self.standalone_eur = 0.0
        own = model.world.history["unique_id"].str.startswith(f"{owner}|")
        self._history = model.world.history[own]
        future = model.world.future
        self._future = future[future["unique_id"].str.startswith(f"{owner}|")]

    def look_ahead(self, day: date, horizon_days: int, *, shared: bool) -> None:
        """Forecast its lanes from all it has seen before this day.

        Parameters
        ----------
        shared
            Whether the paths may be added to other owners' (`agents.lookahead`): all draw from the same stream then, so
            that path ``k`` of each comes from the same past. Otherwise the forecast never leaves it.
        """
        self.forecast = None
        if self._history.empty:
            return
        if self.fitted is None:
            self.fitted = self._fit()
        rng = rng_for(self.model.root_seed, "forecast", *([] if shared else [self.owner]), day.isoformat())
        known = known_at(pd.concat([self._history, self._future]), day, horizon_days)
        self.forecast = self.fitted.forecast(known, horizon_days, FORECAST_PATHS, rng)

    def _fit(self) -> FittedForecaster:
        """Fit a forecaster to its own history, or take the one that an earlier run on the same world fitted.

        It learns no further ahead than anybody looks in this world, unless the policy says how far.
        """
        choice, seed = self.model.policy.forecaster, seed_for(self.model.root_seed, "fit", self.owner)
        params = with_horizon(choice.name, choice.params, self.model.world.farthest_days)
        choice = choice.model_copy(update={"params": params})
        key = (self.owner, choice.model_dump_json(), seed)
        fitted: dict[tuple[str, str, int], FittedForecaster] = self.model.world.fitted
        if key not in fitted:
            history = read_history(self._history, freq="D", gaps="zero")
            fitted[key] = create_forecaster(choice, self._future).fit(history, seed)
        return fitted[key]

    def decide(self, views: Sequence[HoldingView], day: date) -> None:
        """Hold or ship each shipment that could go today."""
        rng = rng_for(self.model.root_seed, "hold", self.owner, day.isoformat())
        decisions = self.model.holding.decide(views, self.forecast, day, rng)
        self.held = {d.shipment: d.reason for d in decisions if d.hold}


class CarrierAgent(mesa.Agent):
    """A carrier; its desk is made anew each day, with what its bidding has learned."""

    def __init__(self, model: PoolingModel, carrier: str, bidding: BiddingStrategy) -> None:
        super().__init__(model)
        self.carrier = carrier
        self.bidding = bidding
        self.received_eur = 0.0


class HubAgent(mesa.Agent):
    """A hub; its desk is made anew each day, with what its bidding has learned."""

    def __init__(self, model: PoolingModel, hub: str, bidding: BiddingStrategy) -> None:
        super().__init__(model)
        self.hub = hub
        self.bidding = bidding
        self.received_eur = 0.0
