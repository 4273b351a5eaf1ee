"""A region as a Mesa model: factories, hubs and carriers are agents, one step is one planning day."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from agents.bidding.learning import after, tally
from agents.day import Day
from agents.desks import open_desks
from agents.execution import displaced, execute, execute_alone
from agents.holding import HoldingRule, HoldingView, PooledHolding
from agents.jobs import JobBook
from agents.lookahead import Ahead, PoolDay, look_ahead
from agents.market import Market, digest
from agents.mediation import mediate, replay
from agents.members import FORECAST_PATHS, CarrierAgent, FactoryAgent, HubAgent
from agents.participants import Party, ShipperDesk
from agents.planning import (
    LaneBook,
    capacity_desks,
    holding_cents,
    lanes_ahead,
    outlook_for,
    pallets_by_lane,
    parties,
    planner,
)
from agents.promise import waiting_for
from agents.registry import create
from agents.reservations import vehicles_reserved
from agents.seeds import seed_for
from agents.sharing.settle import check_rule
from agents.synchronize import Synchronization, replayed, synchronize
from agents.transcript import Transcript
from agents.world import FORECAST_DAYS, World
from groupage.errors import ReplayError
from logistics.fleet import with_reserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from agents.bidding import BiddingStrategy
    from agents.participants.party import Desk
    from agents.policy import Policy
    from agents.promise import Promise
    from agents.reservations import Reserved
    from agents.reserving import ReservingRule
    from logistics.shipments import Shipment


class PoolingModel(mesa.Model):
    """Simulates planning days: release, forecast, reserve, hold or ship, negotiate, execute, learn.

    Use it through `pooling_model`, which lets go of its agents: Mesa 3.3 keeps every model alive otherwise.

    Parameters
    ----------
    seed
        Root of every random draw.
    stability
        Work out all coalitions' costs in each day's negotiation.
    transcripts, look_aheads
        Recorded negotiations, and the conversations before them, by day: they are replayed instead of held anew.
    """

    def __init__(
        self,
        world: World,
        policy: Policy,
        seed: int,
        *,
        stability: bool = False,
        transcripts: Mapping[date, Transcript] | None = None,
        look_aheads: Mapping[date, Transcript] | None = None,
    ) -> None:
        super().__init__(rng=np.random.default_rng(seed))
        self.world = world
        self.policy = policy
        self.root_seed = seed
        self.stability = stability
        self.transcripts = transcripts
        self.look_aheads = look_aheads or {}
        self.holding: HoldingRule = create("holding", policy.holding)
        self.reserving: ReservingRule = create("reserving", policy.reservation)
        bidding: BiddingStrategy = create("bidding", policy.bidding)
        self.concession = create("concession", policy.concession)
        # How many planning days, today included, the protocol bargains about; most know today alone.
        self.days_ahead: int = getattr(create("protocols", policy.protocol), "days", 1) - 1
        self.promises: tuple[Promise, ...] = ()
        self.number = 0
        self.pools = policy.protocol.name != "standalone"
        self.reserved: tuple[Reserved, ...] = ()
        self.ahead: Ahead | None = None
        self.record: Transcript | None = None
        self.experience: list[PoolDay] = []
        self.last: Day | None = None
        self.desks: Mapping[str, tuple[Desk, ...]] = {}
        owners = sorted({s.owner for _, _, shipments in world.releases for s in shipments})
        check_rule(create("sharing", policy.sharing), len(owners))
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
            factory = self.factories[shipment.owner]
            factory.open[shipment.id] = shipment
            factory.goods.note(shipment, self.world.region.sites[shipment.destination].zone)

    @property
    def _next_day(self) -> date | None:
        """The next planning day, if there is one."""
        return None if self.number + 1 >= len(self.world.releases) else self.world.releases[self.number + 1][0]

    @property
    def _holds_together(self) -> bool:
        """Whether the coordinator decides on holds: in a pool of several owners, by a rule that looks at the pool."""
        return self.pools and isinstance(self.holding, PooledHolding) and len(self.factories) > 1

    @property
    def _looks_ahead(self) -> bool:
        """Whether there is anything for the coordinator to decide before the negotiation."""
        return self._next_day is not None and (self._holds_together or (self.pools and self.reserving.reserves))

    def _forecast(self, day: date) -> None:
        shared = self.pools and (self._holds_together or self.reserving.reserves)
        if not shared and not self.holding.uses_forecast:
            return
        days = self.world.look_days(self.number) if shared or isinstance(self.holding, PooledHolding) else FORECAST_DAYS
        for factory in self.factories.values():
            factory.look_ahead(day, days, shared=shared)

    def _market(self, start: datetime, shipments: Sequence[Shipment], *, whole: bool = False) -> Market:
        """The market of a day; the whole one, with promises, what was reserved, and the days to come, is negotiated."""
        coming = self.world.releases[self.number + 1 : self.number + 1 + self.days_ahead]
        reserved = self.reserved if whole else ()
        region = self.world.region
        return Market(
            start=start,
            horizon_min=self.world.horizon_min,
            sites=region.sites,
            network=region.network,
            shipments={s.id: s.for_market() for s in sorted(shipments, key=lambda s: s.id)},
            carriers=region.carriers,
            vehicles=with_reserved(region.vehicles, vehicles_reserved(reserved)) if reserved else region.vehicles,
            hubs=region.hubs,
            tariffs=region.tariffs,
            reserved=reserved,
            later=tuple(at for _, at, _ in coming) if whole else (),
            promises=self.promises if whole else (),
        )

    def _hold(self, day: date, start: datetime) -> tuple[dict[str, tuple[str, str]], Market]:
        """Let each factory hold what can wait; what has no window today, or is promised, waits for its day."""
        promised = {s: p for p in self.promises for s in p.lot}
        open_now = [s for f in self.factories.values() for s in f.open.values()]
        book = JobBook(self._market(start, open_now))
        last = self._next_day is None
        lanes = LaneBook(self.world.region, day, self._next_day or day)
        weighs = isinstance(self.holding, PooledHolding) and not last
        views: dict[str, list[HoldingView]] = {}
        for factory in self.factories.values():
            factory.held = {}
            own = views[factory.owner] = []
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
                own.append(
                    HoldingView(
                        s.id,
                        self._lane_series(factory, s),
                        s.pallets,
                        0 if last else ahead,
                        factory.days_held.get(s.id, 0),
                        (*s.origins, self.world.region.sites[s.destination].zone),
                        lanes.wait(s, ahead) if weighs else None,
                    )
                )
        self._decide(views, day, lanes)
        held = {s: (f.owner, reason) for f in self.factories.values() for s, reason in f.held.items()}
        return held, self._market(start, [s for s in open_now if s.id not in held], whole=True)

    def _decide(self, views: Mapping[str, Sequence[HoldingView]], day: date, lanes: LaneBook) -> None:
        """Hold by each owner's own decision, or by the coordinator's on what all expect; reserve for the next day."""
        self.ahead = self.record = None
        for owner, own in views.items():
            factory = self.factories[owner]
            waiting, factory.chosen = factory.held, {}
            if own and not self._holds_together:
                factory.decide(own, day)
                factory.chosen = factory.held
            factory.held = waiting | factory.chosen
        if not self._looks_ahead or self._next_day is None:
            return
        outlook = outlook_for(self.world.region, lanes, self.factories, self._next_day, FORECAST_PATHS, self.experience)
        rule = self.holding if self._holds_together else None
        talk = look_ahead(outlook, rule, self.reserving)
        market_digest = digest(outlook.facts)
        if self.transcripts is None:
            seed = seed_for(self.root_seed, "look ahead", day.isoformat())
            ahead, rounds = mediate(talk, self._planners(views, lanes), seed)
            self.record = Transcript(seed, market_digest, self.policy.digest, rounds)
        else:
            record = self.look_aheads.get(day)
            if record is None:
                raise ReplayError(f"{day}: the record has no look ahead, which this policy makes")
            ahead, self.record = replay(talk, record.rounds), record
        self.ahead = ahead
        for s, hold in ahead.held.items():
            factory = self.factories[hold.owner]
            if s in factory.open and s not in factory.held:
                factory.chosen[s] = factory.held[s] = hold.reason

    def _planners(self, views: Mapping[str, Sequence[HoldingView]], lanes: LaneBook) -> dict[str, Party]:
        """Everybody who answers a look ahead."""
        next_day, start, _ = self.world.releases[self.number + 1]
        desks = []
        for owner, own in views.items():
            factory = self.factories[owner]
            expected = lanes_ahead(factory.forecast, factory.goods, next_day)
            if expected:
                # What it holds by its own decision, or has promised for then, it sends then too.
                due = {s for p in self.promises if p.day == start for s in p.lot}
                kept = [factory.open[s] for s in sorted(factory.chosen.keys() | due) if s in factory.open]
                for key, pallets in pallets_by_lane(kept, self.world.region).items():
                    expected[key] = expected.get(key, 0.0) + np.full(FORECAST_PATHS, pallets)
            desks.append(planner(owner, expected, own, self.holding, lanes))
        bidding = {who: agent.bidding for who, agent in self._bidders.items()}
        return parties(desks, capacity_desks(self.world.region, bidding, start, self.world.horizon_min))

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
        nights = (self._next_day - day).days if self._next_day else 0
        held_cents = {
            f.owner: cents
            for f in self.factories.values()
            if (cents := sum(holding_cents(f.open[s], nights) for s in f.chosen))
        }
        executed = replace(executed, holding_cents=held_cents)
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
            displaced(executed, alone),
            self.record,
            self.ahead,
        )

    def _learn(self, market: Market, outcome: Synchronization) -> None:
        """Close what was delivered or lost, count days held, book each agent's money, and let bidding learn."""
        s = outcome.settlement
        self.promises = (*(p for p in self.promises if p.day > market.start), *s.promises)
        self.reserved = self.ahead.reserved if self.ahead else ()
        if self.pools:
            self.experience.append(PoolDay.of(market, s))
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
