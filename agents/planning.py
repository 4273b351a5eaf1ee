"""How a simulated day looks ahead: what the coordinator knows by then, and the desks that answer it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.holding import PooledHolding, Wait
from agents.lookahead import Outlook
from agents.lookahead.holds import priced_kg
from agents.participants import Capacity, CapacityDesk, Party, PlannerDesk
from agents.reservations import Good
from logistics.lane_costs import lane_costs
from logistics.money import to_cents
from logistics.shipments import Handling, Stakes, Temperature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from agents.bidding import BiddingStrategy
    from agents.holding import HoldingRule, HoldingView
    from agents.lookahead import PoolDay
    from agents.participants import Desk
    from agents.participants.planner import LaneKey
    from forecasting import Forecast
    from logistics.lane_costs import LaneCosts
    from logistics.region import Region
    from logistics.shipments import Shipment

MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24


@dataclass
class LaneBook:
    """Looks up what the open market asks on a lane on one day; each lane is worked out once.

    Attributes
    ----------
    today, on
        The planning day that it is, and the one that is looked ahead to.
    """

    region: Region
    today: date
    on: date
    _known: dict[tuple[str, str, str, float], LaneCosts | None] = field(default_factory=dict, repr=False)

    def costs(self, origin: str, zone: str, temperature: str, kg_per_pallet: float) -> LaneCosts | None:
        """Price of volumes from a site to a zone; ``None`` where nothing serves the lane or the site is unknown."""
        key = (origin, zone, temperature, kg_per_pallet)
        if key not in self._known:
            known = origin in self.region.sites and temperature in tuple(Temperature)
            self._known[key] = (
                lane_costs(
                    self.region,
                    origin,
                    zone,
                    self.on,
                    kg_per_pallet=kg_per_pallet,
                    handling=Handling(temperature=Temperature(temperature)),
                )
                if known
                else None
            )
        return self._known[key]

    def wait(self, s: Shipment, last_day: int) -> Wait:
        """What keeping a shipment until the day means for its owner.

        Parameters
        ----------
        last_day
            Planning days from today to the last one on which it can still be delivered in time.
        """
        stakes = s.stakes or Stakes()
        temperature = str(s.handling.temperature)
        penalty = to_cents(stakes.line_stop_eur + HOURS_PER_DAY * stakes.lateness_eur_per_hour)
        return Wait(
            next_day=self.on,
            temperature=temperature,
            weight_kg=s.weight_kg,
            costs=self.costs(
                s.origins[0], self.region.sites[s.destination].zone, temperature, priced_kg(s.pallets, s.weight_kg)
            ),
            capacity_pallets=self.capacity_pallets,
            holding_cents=holding_cents(s, (self.on - self.today).days),
            penalty_cents=penalty if last_day == 1 else 0,
        )

    @property
    def capacity_pallets(self) -> float:
        """What all vehicles of the region hold together."""
        return math.fsum(v.count * v.capacity_pallets for v in self.region.vehicles.values())


def holding_cents(s: Shipment, days: int) -> int:
    """What keeping a shipment so many days longer costs its owner."""
    return to_cents(s.pallets * s.stakes.holding_eur_per_pallet_day * days) if s.stakes else 0


def pallets_by_lane(shipments: Iterable[Shipment], region: Region) -> dict[LaneKey, float]:
    """Pallets of some shipments, by origin, zone and temperature regime."""
    pallets: dict[LaneKey, float] = {}
    for s in shipments:
        key = (s.origins[0], region.sites[s.destination].zone, str(s.handling.temperature))
        pallets[key] = pallets.get(key, 0.0) + s.pallets
    return dict(sorted(pallets.items()))


@dataclass
class GoodsSeen:
    """Where an owner's goods come from and what they need, by zone and product; learned from its own orders."""

    _by_lane: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _all: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, shipment: Shipment, zone: str) -> None:
        """Remember a shipment."""
        seen = (shipment.origins[0], str(shipment.handling.temperature))
        self._by_lane[zone, shipment.product] = seen
        self._all[seen] += 1

    def of(self, zone: str, product: str) -> tuple[str, str]:
        """Origin and temperature regime of a lane's goods: as last seen, else as most of the owner's."""
        most = min(self._all, key=lambda seen: (-self._all[seen], seen), default=("", str(Temperature.AMBIENT)))
        return self._by_lane.get((zone, product), most)


def lanes_ahead(forecast: Forecast | None, goods: GoodsSeen, day: date) -> dict[LaneKey, NDArray[np.float64]]:
    """Sample paths of what an owner expects on a day, by origin, zone and temperature regime."""
    lanes: dict[LaneKey, NDArray[np.float64]] = {}
    if forecast is None:
        return lanes
    column = (day - forecast.first_day).days
    if not 0 <= column < forecast.paths.shape[1]:
        return lanes
    for row, series in enumerate(forecast.series):
        _, zone, product = series.split("|")
        origin, temperature = goods.of(zone, product)
        key = (origin, zone, temperature)
        lanes[key] = lanes.get(key, 0.0) + forecast.paths[row, column]
    return lanes


def outlook_for(
    region: Region, book: LaneBook, owners: Iterable[str], next_day: date, paths: int, experience: Sequence[PoolDay]
) -> Outlook:
    """What the coordinator knows when it looks ahead."""
    goods: dict[str, list[tuple[Good, str]]] = {}
    for vehicle in sorted(region.vehicles):
        goods.setdefault(region.vehicles[vehicle].carrier, []).append((Good.VEHICLE, vehicle))
    for hub in sorted(region.hubs):
        goods.setdefault(hub, []).append((Good.DOCK_SLOT, hub))
    return Outlook(
        next_day=next_day,
        paths=paths,
        owners=tuple(sorted(owners)),
        goods={who: tuple(offered) for who, offered in sorted(goods.items())},
        capacity_pallets=book.capacity_pallets,
        network=region.network,
        lane_costs=book.costs,
        experience=tuple(experience),
    )


def planner(
    owner: str,
    lanes: Mapping[LaneKey, NDArray[np.float64]],
    views: Sequence[HoldingView],
    rule: HoldingRule,
    book: LaneBook,
) -> PlannerDesk:
    """Open an owner's planning desk."""
    alone = 0.0
    for (origin, zone, temperature), paths in sorted(lanes.items()):
        costs = book.costs(origin, zone, temperature, 0.0)
        # What nobody carries on the open market cannot be too dear in the pool.
        alone += math.inf if costs is None else float(np.mean(costs.cents(paths)))
    could = frozenset(v.shipment for v in views if rule.may_wait(v)) if isinstance(rule, PooledHolding) else frozenset()
    return PlannerDesk(owner, lanes, views, could, alone)


def capacity_desks(
    region: Region, bidding: Mapping[str, BiddingStrategy], start: datetime, horizon_min: float
) -> dict[str, list[Desk]]:
    """Open the desks of carriers and hubs that sell capacity for a planning day.

    Parameters
    ----------
    start
        Of the day that is sold for: a hub sells no slots of a day on which it is closed.
    """
    desks: dict[str, list[Desk]] = {}
    for carrier in sorted(region.carriers):
        own = [v for v in sorted(region.vehicles) if region.vehicles[v].carrier == carrier]
        goods = tuple(
            Capacity(
                v,
                region.vehicles[v].count,
                region.operating_costs[v].fixed_eur,
                region.day_costs(v).fixed_eur,
                region.operating_costs[v].fixed_eur - region.idle_eur(v),
            )
            for v in own
        )
        desks.setdefault(carrier, []).append(CapacityDesk(carrier, goods, bidding[carrier]))
    for hub in sorted(region.hubs):
        facts, costs = region.hubs[hub], region.hub_costs[hub]
        opening = region.sites[facts.site].open_interval(start, horizon_min)
        hours = math.floor((opening[1] - opening[0]) / MINUTES_PER_HOUR) if opening else 0
        slots = Capacity(
            hub, hours * facts.dock_slots_per_hour, costs.slot_eur, costs.day_slot_eur, costs.release_slot_eur
        )
        desks.setdefault(hub, []).append(CapacityDesk(hub, (slots,), bidding[hub]))
    return desks


def parties(planners: Iterable[PlannerDesk], providers: Mapping[str, Sequence[Desk]]) -> dict[str, Party]:
    """Everybody who is asked; a carrier that owns shipments answers at both desks."""
    desks: dict[str, list[Desk]] = {who: list(made) for who, made in providers.items()}
    for desk in planners:
        desks.setdefault(desk.owner, []).append(desk)
    return {who: Party(who, tuple(made)) for who, made in sorted(desks.items())}
