"""A region as a Mesa model: factories, hubs and carriers are agents, one step is one planning day."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
import pandas as pd
from mesa.datacollection import DataCollector

from agents.bidding.learning import after, tally
from agents.day import Day
from agents.desks import open_desks
from agents.execution import execute, execute_alone
from agents.holding import HoldingRule, HoldingView
from agents.jobs import JobBook
from agents.market import Market
from agents.participants import Party, ShipperDesk
from agents.promise import waiting_for
from agents.registry import create, create_forecaster
from agents.seeds import rng_for, seed_for
from agents.synchronize import Synchronization, replayed, synchronize
from forecasting import FittedForecaster, Forecast, known_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from agents.bidding import BiddingStrategy
    from agents.participants.party import Desk
    from agents.policy import Policy
    from agents.promise import Promise
    from agents.transcript import Transcript
    from logistics.region import Region
    from logistics.shipments import Shipment

FORECAST_PATHS = 100
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
    """

    region: Region
    releases: tuple[tuple[date, datetime, tuple[Shipment, ...]], ...]
    history: pd.DataFrame
    future: pd.DataFrame
    horizon_min: float


class FactoryAgent(mesa.Agent):
    """An owner of shipments: forecasts its own lanes, holds or releases, and speaks through its desk."""

    def __init__(self, model: PoolingModel, owner: str) -> None:
        super().__init__(model)
        self.owner = owner
        self.open: dict[str, Shipment] = {}
        self.days_held: dict[str, int] = {}
        self.held: dict[str, str] = {}
        self.forecast: Forecast | None = None
        self.fitted: FittedForecaster | None = None
        self.paid_eur = 0.0
        self.standalone_eur = 0.0
        own = model.world.history["unique_id"].str.startswith(f"{owner}|")
        self._history = model.world.history[own]
        future = model.world.future
        self._future = future[future["unique_id"].str.startswith(f"{owner}|")]

    def look_ahead(self, day: date) -> None:
        """Forecast its lanes from all it has seen before this day; its data never leave it."""
        self.forecast = None
        if self._history.empty or not self.model.holding.uses_forecast:
            return
        if self.fitted is None:
            forecaster = create_forecaster(self.model.policy.forecaster, self._future)
            self.fitted = forecaster.fit(self._history, seed_for(self.model.root_seed, "fit", self.owner))
        rng = rng_for(self.model.root_seed, "forecast", self.owner, day.isoformat())
        known = known_at(pd.concat([self._history, self._future]), day, FORECAST_DAYS)
        self.forecast = self.fitted.forecast(known, FORECAST_DAYS, FORECAST_PATHS, rng)

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


class PoolingModel(mesa.Model):
    """Simulates planning days: release, forecast, reserve, hold or ship, negotiate, execute, learn.

    Use it through `pooling_model`, which lets go of its agents: Mesa 3.3 keeps every model alive otherwise.

    Parameters
    ----------
    seed
        Root of every random draw.
    stability
        Work out all coalitions' costs in each day's negotiation.
    transcripts
        Recorded negotiations by day: they are replayed instead of negotiated anew.
    """

    def __init__(
        self,
        world: World,
        policy: Policy,
        seed: int,
        *,
        stability: bool = False,
        transcripts: Mapping[date, Transcript] | None = None,
    ) -> None:
        super().__init__(rng=np.random.default_rng(seed))
        self.world = world
        self.policy = policy
        self.root_seed = seed
        self.stability = stability
        self.transcripts = transcripts
        self.holding: HoldingRule = create("holding", policy.holding)
        bidding: BiddingStrategy = create("bidding", policy.bidding)
        self.concession = create("concession", policy.concession)
        # How many planning days, today included, the protocol bargains about; most know today alone.
        self.days_ahead: int = getattr(create("protocols", policy.protocol), "days", 1) - 1
        self.promises: tuple[Promise, ...] = ()
        self.number = 0
        self.last: Day | None = None
        self.desks: Mapping[str, tuple[Desk, ...]] = {}
        owners = sorted({s.owner for _, _, shipments in world.releases for s in shipments})
        self.factories = {o: FactoryAgent(self, o) for o in owners}
        self.carriers = {c: CarrierAgent(self, c, bidding) for c in sorted(world.region.carriers)}
        self.hubs = {h: HubAgent(self, h, bidding) for h in sorted(world.region.hubs)}
        self.datacollector = DataCollector(
            model_reporters={
                "day": lambda m: m.last.day if m.last else None,
                "negotiated": lambda m: len(m.last.market.shipments) if m.last else 0,
                "pooled": lambda m: len(m.last.settlement.pooled) if m.last else 0,
                "held": lambda m: len(m.last.held) if m.last else 0,
                "paid_eur": lambda m: m.last.executed.paid_cents / 100 if m.last else 0.0,
                "alone_eur": lambda m: m.last.alone.paid_cents / 100 if m.last else 0.0,
            },
            agent_reporters={
                "paid_eur": lambda a: getattr(a, "paid_eur", None),
                "received_eur": lambda a: getattr(a, "received_eur", None),
            },
        )

    def step(self) -> None:
        """Run one planning day."""
        day, start, released = self.world.releases[self.number]
        self._release(released)
        self._forecast(day)
        self._reserve()
        held, market = self._hold(day, start)
        desks = self.desks = self._desks(market)
        outcome = self._negotiate(day, market, desks)
        self._execute(day, market, desks, outcome, tuple(s.id for s in released), held)
        self._learn(market, outcome)
        self.number += 1
        self.datacollector.collect(self)

    def run_day(self) -> Day:
        """Step once, and return the day."""
        self.step()
        if self.last is None:
            raise RuntimeError("a step leaves a day behind")
        return self.last

    @property
    def finished(self) -> bool:
        """Whether all planning days are over."""
        return self.number >= len(self.world.releases)

    def _release(self, released: Sequence[Shipment]) -> None:
        for shipment in released:
            self.factories[shipment.owner].open[shipment.id] = shipment

    def _forecast(self, day: date) -> None:
        for factory in self.factories.values():
            factory.look_ahead(day)

    def _reserve(self) -> None:
        """Nothing is reserved ahead yet; settlements carry the fields, and this is the step's place in the day."""

    def _market(self, start: datetime, shipments: Sequence[Shipment], *, whole: bool = False) -> Market:
        """The market of a day; the whole one, with promises and the days to make them for, is negotiated."""
        coming = self.world.releases[self.number + 1 : self.number + 1 + self.days_ahead]
        region = self.world.region
        return Market(
            start=start,
            horizon_min=self.world.horizon_min,
            sites=region.sites,
            network=region.network,
            shipments={s.id: s.for_market() for s in sorted(shipments, key=lambda s: s.id)},
            carriers=region.carriers,
            vehicles=region.vehicles,
            hubs=region.hubs,
            tariffs=region.tariffs,
            later=tuple(at for _, at, _ in coming) if whole else (),
            promises=self.promises if whole else (),
        )

    def _hold(self, day: date, start: datetime) -> tuple[dict[str, tuple[str, str]], Market]:
        """Let each factory hold what can wait; what has no window today, or is promised, waits for its day."""
        promised = {s: p for p in self.promises for s in p.lot}
        open_now = [s for f in self.factories.values() for s in f.open.values()]
        book = JobBook(self._market(start, open_now))
        last = self.number == len(self.world.releases) - 1
        held: dict[str, tuple[str, str]] = {}
        for factory in self.factories.values():
            factory.held = {}
            views = []
            for s in factory.open.values():
                if s.id in promised:
                    if promised[s.id].day > start:
                        factory.held[s.id] = waiting_for(promised[s.id], self.world.region.sites)
                    continue
                ahead = self._last_chance(s)
                if s.id in book.infeasible:
                    if ahead > 0:
                        factory.held[s.id] = "its delivery window is on a later day"
                    continue
                views.append(
                    HoldingView(
                        s.id,
                        self._lane_series(factory, s),
                        s.pallets,
                        0 if last else ahead,
                        factory.days_held.get(s.id, 0),
                    )
                )
            waiting = factory.held
            if views:
                factory.decide(views, day)
            factory.held = waiting | factory.held
            held |= {s: (factory.owner, reason) for s, reason in factory.held.items()}
        return held, self._market(start, [s for s in open_now if s.id not in held], whole=True)

    def _last_chance(self, s: Shipment) -> int:
        """How many planning days ahead the shipment could still be delivered by its due date."""
        ahead = 0
        for n in range(self.number + 1, len(self.world.releases)):
            _, start, _ = self.world.releases[n]
            if start >= s.last_moment:
                break
            if not JobBook(self._market(start, [s])).infeasible:
                ahead = n - self.number
        return ahead

    def _lane_series(self, factory: FactoryAgent, s: Shipment) -> tuple[str, ...]:
        zone = self.world.region.sites[s.destination].zone
        prefix = f"{factory.owner}|{zone}|"
        return tuple(u for u in (factory.forecast.series if factory.forecast else ()) if u.startswith(prefix))

    def _desks(self, market: Market) -> dict[str, tuple[Desk, ...]]:
        shipments = {s: shipment for f in self.factories.values() for s, shipment in f.open.items()}
        bidding = {who: agent.bidding for who, agent in self._bidders.items()}
        effort, seed = self.policy.effort, self.root_seed
        return open_desks(self.world.region, market, shipments, bidding, effort, seed, self.concession)

    @property
    def _bidders(self) -> dict[str, CarrierAgent | HubAgent]:
        return {**self.carriers, **self.hubs}

    def _negotiate(self, day: date, market: Market, desks: Mapping[str, tuple[Desk, ...]]) -> Synchronization:
        if self.transcripts is not None and day in self.transcripts:
            return replayed(market, self.policy, self.transcripts[day], stability=self.stability)
        participants = {who: Party(who, made) for who, made in desks.items()}
        return synchronize(market, participants, self.policy, self.day_seed(day), stability=self.stability)

    def day_seed(self, day: date) -> int:
        """Seed of a day's negotiation."""
        return seed_for(self.root_seed, "day", day.isoformat())

    def _execute(
        self,
        day: date,
        market: Market,
        desks: Mapping[str, tuple[Desk, ...]],
        outcome: Synchronization,
        released: tuple[str, ...],
        held: Mapping[str, tuple[str, str]],
    ) -> None:
        """Drive the plan as agreed; disturbances come with later work."""
        shippers = {d.owner: d for made in desks.values() for d in made if isinstance(d, ShipperDesk)}
        region = self.world.region
        # What is promised for a later day goes then, with or without a pool.
        promised = {s: waiting_for(p, region.sites) for p in outcome.settlement.promises for s in p.lot}
        for s, reason in promised.items():
            owner = market.shipments[s].owner
            self.factories[owner].held[s] = reason
            held = {**held, s: (owner, reason)}
        going = market.restricted_to(market.shipments.keys() - promised.keys())
        executed = execute(region, going, outcome.settlement, shippers)
        alone = execute_alone(region, going, shippers)
        displaced = {
            c: lost
            for c in sorted(alone.revenue)
            if (lost := alone.revenue[c] - executed.revenue.get(c, 0)) > 0 and alone.revenue[c] > 0
        }
        self.last = Day(
            self.number,
            day,
            market,
            outcome.settlement,
            outcome.transcript,
            released,
            dict(sorted(held.items())),
            executed,
            alone,
            displaced,
        )

    def _learn(self, market: Market, outcome: Synchronization) -> None:
        """Close what was delivered or lost, count days held, book each agent's money, and let bidding learn."""
        s = outcome.settlement
        self.promises = (*(p for p in self.promises if p.day > market.start), *s.promises)
        paid, received = s.paid_cents, s.received_cents
        for factory in self.factories.values():
            factory.open = {i: x for i, x in factory.open.items() if i in factory.held}
            factory.days_held = {i: factory.days_held.get(i, 0) + 1 for i in factory.open}
            factory.paid_eur = (paid.get(factory.owner, 0) + s.left_cents.get(factory.owner, 0)) / 100
            factory.standalone_eur = s.standalone_cents.get(factory.owner, 0) / 100
        for carrier in self.carriers.values():
            carrier.received_eur = received.get(carrier.carrier, 0) / 100
        for hub in self.hubs.values():
            hub.received_eur = received.get(hub.hub, 0) / 100
        for who, agent in self._bidders.items():
            agent.bidding = after(agent.bidding, tally(who, market, s, outcome.transcript))


@contextmanager
def pooling_model(world: World, policy: Policy, seed: int, **options: Any) -> Iterator[PoolingModel]:
    """Make a model, and let go of it afterwards.

    Mesa 3.3's ``Agent._ids`` maps every model to a counter and never forgets one; the entry is removed here.
    """
    model = PoolingModel(world, policy, seed, **options)
    try:
        yield model
    finally:
        model.remove_all_agents()
        mesa.Agent._ids.pop(model, None)


__all__ = ["CarrierAgent", "FactoryAgent", "HubAgent", "PoolingModel", "World", "pooling_model"]
