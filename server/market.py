"""From the records of a pool and a planning window to a market, and the built-in participants who speak in it.

Nothing here reads a store: who calls it hands in the messages. One company's bad record never stops the others: what
does not fit stays out, with the reason, and only its company is told. An engine id is the resource name.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from agents.day import UNSERVED
from agents.desks import open_desks
from agents.execution import execute_alone
from agents.participants import CapacityDesk, CarrierDesk, HubDesk, Party, PlannerDesk, ShipperDesk
from agents.records import CLASSES, dumps, from_json
from agents.registry import create
from groupage.errors import InputError
from logistics.fleet import type_of
from logistics.network import DEFAULT_CIRCUITY, DEFAULT_SPEED_KMH, great_circle_network
from logistics.region import Region
from server.wire.shipments import company_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from agents.market import Market
    from agents.messages import Topic
    from agents.policy import Policy
    from agents.reservations import Reserved
    from logistics.fleet import CallUp, Carrier, OperatingCosts, VehicleType
    from logistics.hubs import HubCosts
    from logistics.shipments import Shipment, Stakes
    from logistics.tariffs import Incumbent


class SeatRole(StrEnum):
    """As what somebody sits at the table."""

    SHIPPER = "shipper"
    CARRIER = "carrier"
    HUB = "hub"


# What each role is asked about. A planner speaks for an owner, a capacity desk for carriers and hubs alike.
TOPICS: Mapping[SeatRole, frozenset[Topic]] = {
    SeatRole.SHIPPER: ShipperDesk.topics | PlannerDesk.topics,
    SeatRole.CARRIER: CarrierDesk.topics | CapacityDesk.topics,
    SeatRole.HUB: HubDesk.topics | CapacityDesk.topics,
}


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant of a market: a company as owner and carrier, or one of its hubs.

    Attributes
    ----------
    company
        Resource name of the company that answers for it.
    roles
        As what it takes part.
    remote
        In which of them the company's own agent speaks for it.
    sits_out
        Whether nobody speaks for it where its own agent is silent; else its built-in one does.
    """

    company: str
    roles: frozenset[str]
    remote: frozenset[str] = frozenset()
    sits_out: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on the papers of an order, told to its carrier after commitment."""

    external_ref: str
    ssccs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What the operator charges for a settlement, by the rulebook.

    Attributes
    ----------
    payer
        Role that pays it.
    gain_percent, cents_per_shipment
        One of them; the other is ``None``.
    """

    line: str
    payer: str
    gain_percent: float | None = None
    cents_per_shipment: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that is held for a later planning day.

    Attributes
    ----------
    until
        Start of the day on whose table it comes again.
    reason
        For its owner, without anybody else's figures.
    saving_cents
        What its owner was told that waiting is expected to save; 0 where it holds by its own rule.
    """

    owner: str
    until: datetime
    reason: str
    saving_cents: int = 0


@dataclass(frozen=True)
class Freeze:
    """A market as a negotiation began with it, and what the built-in participants know. Private: never on the wire.

    Attributes
    ----------
    circuity, speed_kmh
        How the market's network is made from the places of its sites.
    seats
        By participant: everybody whom a protocol may ask.
    stakes
        By shipment, where its owner told them.
    operating_costs, call_ups, hub_costs
        Where the carrier or hub told them.
    vehicles, carriers
        All of those above, and those outside the market that tariffs and contracts name.
    papers
        By shipment.
    left_out
        By resource, why it is not in the market; for its company only.
    grants
        What the rulebook shows beyond the matrix: fact, viewer's role, phase.
    named_as
        Digest of the market that pseudonyms hang on; empty: of this one. A plan that was changed keeps its names.
    held
        By vehicle type and hub of the market, what committed plans hold in the window; not in the market's counts.
    waiting
        By order, what was on the table and is held for a later day.
    reserving
        What the pool reserves for its next planning day, once this plan is committed.
    reserving_from, reserving_to
        That day's window; absent where nothing is reserved.
    looked
        Private figures that each participant disclosed when the pool looked ahead.
    """

    market: Market
    policy: Policy
    seed: int
    seats: Mapping[str, Seat]
    circuity: float = DEFAULT_CIRCUITY
    speed_kmh: float = DEFAULT_SPEED_KMH
    stakes: Mapping[str, Stakes] = field(default_factory=dict)
    operating_costs: Mapping[str, OperatingCosts] = field(default_factory=dict)
    call_ups: Mapping[str, CallUp] = field(default_factory=dict)
    hub_costs: Mapping[str, HubCosts] = field(default_factory=dict)
    incumbents: tuple[Incumbent, ...] = ()
    vehicles: Mapping[str, VehicleType] = field(default_factory=dict)
    carriers: Mapping[str, Carrier] = field(default_factory=dict)
    papers: Mapping[str, Paper] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    fees: tuple[FeeRule, ...] = ()
    grants: tuple[tuple[str, str, str], ...] = ()
    named_as: str = ""
    held: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    reserving: tuple[Reserved, ...] = ()
    reserving_from: datetime | None = None
    reserving_to: datetime | None = None
    looked: Mapping[str, int] = field(default_factory=dict)

    @property
    def names_digest(self) -> str:
        """Digest that the names of jobs, loads and places hang on."""
        return self.named_as or self.market.digest

    @property
    def expected_saving_cents(self) -> dict[str, int]:
        """What each owner was told to expect of holding and reserving."""
        expected: Counter[str] = Counter()
        for w in self.waiting.values():
            expected[w.owner] += w.saving_cents
        for r in self.reserving:
            expected.update(r.saving_cents)
        return dict(expected)

    @property
    def companies(self) -> tuple[str, ...]:
        """Resource names of the companies that take part, sorted."""
        return tuple(sorted({seat.company for seat in self.seats.values()}))

    def role_of(self, participant: str, topic: Topic) -> SeatRole | None:
        """As what a participant is asked about a topic; ``None`` where it has no such role."""
        roles = self.seats[participant].roles
        return next((role for role in SeatRole if role in roles and topic in TOPICS[role]), None)

    def is_remote(self, participant: str, topic: Topic) -> bool:
        """Tell whether a company's own agent answers this for a participant."""
        seat = self.seats.get(participant)
        return seat is not None and self.role_of(participant, topic) in seat.remote

    @property
    def shipments(self) -> dict[str, Shipment]:
        """Shipments of the market with their stakes."""
        return {s: replace(x, stakes=self.stakes.get(s)) for s, x in self.market.shipments.items()}

    def region(self) -> Region:
        """Everything that the built-in participants know; what nobody told is not in it."""
        m = self.market
        told = {v for v in self.vehicles if v in self.operating_costs}
        costs = {c.vehicle: c.prices for c in self.incumbents} | {t.vehicle: t.prices for t in m.tariffs.dedicated}
        # An owner's own vehicles without rates cost it what it would pay for them elsewhere.
        return Region(
            sites=m.sites,
            network=m.network,
            carriers=self.carriers,
            vehicles={v: x for v, x in self.vehicles.items() if v in told or v in costs},
            operating_costs={**costs, **self.operating_costs},
            hubs={h: x for h, x in m.hubs.items() if h in self.hub_costs},
            hub_costs=self.hub_costs,
            tariffs=m.tariffs,
            incumbents=self.incumbents,
            call_ups=self.call_ups,
        )


def built_in(freeze: Freeze) -> dict[str, Party]:
    """Seat the built-in participants: everybody for whom the records say enough, also where an own agent speaks first.

    Who has told no costs for a role is not spoken for in it: as a hub it is missing, as a carrier it has no vehicle.
    """
    region, m = freeze.region(), freeze.market
    # A vehicle whose carrier told no costs is not for the built-in carrier to sell.
    told = {v: x for v, x in m.vehicles.items() if type_of(v) in freeze.operating_costs}
    bidding = create("bidding", freeze.policy.bidding)
    strategies = dict.fromkeys((*region.carriers, *region.hubs), bidding)
    concession = create("concession", freeze.policy.concession)
    desks = open_desks(
        region,
        replace(m, vehicles=told),
        freeze.shipments,
        strategies,
        freeze.policy.effort,
        freeze.seed,
        concession,
    )
    return {who: Party(who, made) for who, made in desks.items() if who in freeze.seats}


def without(freeze: Freeze, companies: Collection[str]) -> Freeze:
    """Return the freeze without some companies, as renegotiated when they declined or were silent.

    Their shipments, vehicles and hubs leave, and promises that they have a part in; what was reserved with them leaves,
    what was reserved for them is owed. What would be reserved for the next day falls away where one of them would have
    borne or kept it. Baseline tariffs stay: they are what the rulebook reckons with.

    Parameters
    ----------
    companies
        Resource names.
    """
    gone = frozenset(companies)
    m = freeze.market

    def stays(name: str) -> bool:
        return company_name(name) not in gone

    shipments = {k: s for k, s in m.shipments.items() if stays(s.owner)}
    vehicles = {k: v for k, v in m.vehicles.items() if stays(v.carrier)}
    market = replace(
        m,
        shipments=shipments,
        vehicles=vehicles,
        carriers={k: c for k, c in m.carriers.items() if stays(k)},
        hubs={k: h for k, h in m.hubs.items() if stays(k)},
        promises=tuple(p for p in m.promises if stays(p.owner) and stays(p.carrier)),
        reserved=tuple(r for r in m.reserved if stays(r.provider)),
    )
    reserving = tuple(r for r in freeze.reserving if stays(r.provider) and all(map(stays, r.parts)))
    return replace(
        freeze,
        market=market,
        seats={who: seat for who, seat in freeze.seats.items() if seat.company not in gone},
        stakes={s: x for s, x in freeze.stakes.items() if s in shipments},
        operating_costs={v: x for v, x in freeze.operating_costs.items() if stays(v)},
        call_ups={v: x for v, x in freeze.call_ups.items() if stays(v)},
        hub_costs={h: x for h, x in freeze.hub_costs.items() if stays(h)},
        incumbents=tuple(c for c in freeze.incumbents if stays(c.owner)),
        papers={s: x for s, x in freeze.papers.items() if s in shipments},
        waiting={s: w for s, w in freeze.waiting.items() if stays(w.owner)},
        reserving=reserving,
    )


def alone_kgco2e(freeze: Freeze, parties: Mapping[str, Party]) -> dict[str, float]:
    """Emissions of each shipment's transport without the pool, kg CO2e well-to-wheel.

    Known of owners for whom the built-in participant speaks: others keep to themselves how their goods would go.

    Parameters
    ----------
    parties
        The built-in participants; those that have negotiated know their plans already.
    """
    asked = [
        desk
        for who, party in sorted(parties.items())
        for desk in party.desks
        if isinstance(desk, ShipperDesk) and SeatRole.SHIPPER not in freeze.seats[who].remote
    ]
    shippers = {desk.owner: desk for desk in asked}
    own = freeze.market.restricted_to(s for s, x in freeze.market.shipments.items() if x.owner in shippers)
    done = execute_alone(freeze.region(), own, shippers)
    return {d.shipment: d.kgco2e for d in done.deliveries if d.mode != UNSERVED}


_CLASSES = CLASSES | {c.__name__: c for c in (Freeze, Seat, Paper, FeeRule, Waiting)}
_NO_NETWORK = great_circle_network([])


def freeze_text(freeze: Freeze) -> str:
    """Write a freeze as JSON; its network as what it is made of, with its digest."""
    network = freeze.market.network
    slim = replace(freeze, market=replace(freeze.market, network=_NO_NETWORK))
    return dumps(
        {
            "freeze": slim,
            "network": {"sites": network.site_ids, "digest": network.digest()},
            "market_digest": freeze.market.digest,
        },
        _CLASSES,
    )


def freeze_from(text: str | bytes) -> Freeze:
    """Read a freeze back: the same market, to the last bit.

    Raises
    ------
    InputError
        If it is no such record, or this machine reckons another network from the same places.
    """
    try:
        record = json.loads(text)
        slim = from_json(record["freeze"], _CLASSES)
        sites, digest = record["network"]["sites"], record["network"]["digest"]
        market_digest = record["market_digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"a freeze cannot be read ({error}), expected what was written") from error
    network = great_circle_network([slim.market.sites[s] for s in sites], slim.circuity, slim.speed_kmh)
    if network.digest() != digest:
        raise InputError("the network of a freeze comes out otherwise on this machine, expected the same CPU type")
    freeze: Freeze = replace(slim, market=replace(slim.market, network=network))
    if freeze.market.digest != market_digest:
        raise InputError("a freeze reads back as another market, expected the digest that it was written with")
    return freeze
