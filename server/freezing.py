"""Freezes the records of a pool for one planning window: what is in the market, and what stays out and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from agents.market import Market
from agents.reservations import vehicles_reserved
from groupage.errors import InputError, PolicyError
from groupage.v1 import companies_pb2, rulebooks_pb2
from logistics.audits import audit_refusal
from logistics.fleet import with_reserved
from logistics.jobs import planning_day
from logistics.network import DEFAULT_CIRCUITY, DEFAULT_SPEED_KMH, great_circle_network
from logistics.sites import SiteKind
from logistics.tariffs import DedicatedTariff, GroupageTariff, PublicTariffs
from server.market import FeeRule, Freeze, Paper, SeatRole
from server.seating import seats
from server.visibility import grants_of
from server.wire.fields import day
from server.wire.fleets import carrier, vehicle_rates, vehicle_type
from server.wire.hubs import hub, hub_rates
from server.wire.policies import fee_problems, policy
from server.wire.shipments import company_name, shipment
from server.wire.sites import audit, site
from server.wire.tariffs import incumbent, public_tariff, valid_on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from agents.promise import Promise
    from agents.reservations import Reserved
    from groupage.v1 import (
        audits_pb2,
        certificates_pb2,
        fleets_pb2,
        hubs_pb2,
        members_pb2,
        negotiation_pb2,
        orders_pb2,
        sites_pb2,
        tariffs_pb2,
    )
    from logistics.audits import Audit
    from logistics.fleet import CallUp, Carrier, OperatingCosts, VehicleType
    from logistics.hubs import Hub, HubCosts
    from logistics.shipments import Shipment
    from logistics.tariffs import Incumbent

Value = TypeVar("Value")

ROLES: Mapping[int, SeatRole] = {
    companies_pb2.ROLE_SHIPPER: SeatRole.SHIPPER,
    companies_pb2.ROLE_CARRIER: SeatRole.CARRIER,
    companies_pb2.ROLE_HUB: SeatRole.HUB,
}


@dataclass(frozen=True)
class Records:
    """What the store holds for a pool and window, as messages.

    Attributes
    ----------
    members
        Those that take part.
    orders
        Of the members, in the planning window: open ones, and what is promised for this day.
    sites, vehicle_types, certificates
        Of the members, and of the carriers whose tariffs the rulebook froze.
    tariffs
        The members' contracts; public tariffs are those of the rulebook.
    capacity_offers
        By company name, the last one that was made for the window.
    remote
        By company name, the roles (``groupage.v1.Role``) in which an own agent speaks for it.
    sits_out
        Names of companies for which nobody speaks when their own agent is silent.
    held
        By vehicle type and hub, what committed plans of the same time hold: vehicles, or dock slots in their fullest
        hour.
    """

    rulebook: rulebooks_pb2.Rulebook
    members: Sequence[members_pb2.Member]
    orders: Sequence[orders_pb2.Order]
    sites: Sequence[sites_pb2.Site]
    hubs: Sequence[hubs_pb2.Hub] = ()
    vehicle_types: Sequence[fleets_pb2.VehicleType] = ()
    tariffs: Sequence[tariffs_pb2.Tariff] = ()
    certificates: Sequence[certificates_pb2.Certificate] = ()
    audits: Sequence[audits_pb2.Audit] = ()
    capacity_offers: Mapping[str, negotiation_pb2.CapacityOffer] = field(default_factory=dict)
    remote: Mapping[str, Collection[int]] = field(default_factory=dict)
    sits_out: Collection[str] = ()
    held: Mapping[str, int] = field(default_factory=dict)


def freeze(
    records: Records,
    start: datetime,
    end: datetime,
    seed: int,
    *,
    later: tuple[datetime, ...] = (),
    promises: tuple[Promise, ...] = (),
    reserved: tuple[Reserved, ...] = (),
    circuity: float = DEFAULT_CIRCUITY,
    speed_kmh: float = DEFAULT_SPEED_KMH,
) -> Freeze:
    """Freeze a pool's records.

    Parameters
    ----------
    start, end
        Of the planning window, UTC.
    seed
        Of everything that is drawn in the negotiation.
    later, promises, reserved
        As in `agents.market.Market`, in resource names.

    Raises
    ------
    PolicyError
        If the rulebook's policy, fees or grants do not fit: nothing can be negotiated under it.
    """
    return _Freezing(records, start, end).done(seed, later, promises, reserved, circuity, speed_kmh)


class _Freezing:
    """Collects what is in and what stays out."""

    def __init__(self, records: Records, start: datetime, end: datetime) -> None:
        self.records, self.start = records, start
        self.horizon_min = (end - start).total_seconds() / 60
        self.left_out: dict[str, str] = {}
        self.roles = {m.company: frozenset(ROLES[r] for r in m.roles if r in ROLES) for m in records.members}
        self.sites = self._taken(records.sites, site)
        self.audits: dict[str, list[Audit]] = defaultdict(list)
        for one in self._taken(records.audits, audit).values():
            self.audits[one.site].append(one)

    def done(
        self,
        seed: int,
        later: tuple[datetime, ...],
        promises: tuple[Promise, ...],
        reserved: tuple[Reserved, ...],
        circuity: float,
        speed_kmh: float,
    ) -> Freeze:
        """Put it all together."""
        book = self.records.rulebook
        problems = fee_problems(book)
        if problems:
            raise PolicyError(problems)
        fleet = self._fleet()
        tariffs, incumbents = self._public(fleet), self._contracts(fleet)
        vehicles = self._on_offer(fleet)
        hubs = self._hubs()
        shipments = self._shipments()
        promises = tuple(p for p in promises if all(place in self.sites for place in _places(p.shipments)))
        reserved = _to_be_had(reserved, vehicles, hubs)
        # Whom tariffs and contracts name drives outside the market.
        named = {t.vehicle for t in tariffs.dedicated} | {c.vehicle for c in incumbents}
        known = {v: x for v, x in fleet.items() if v in vehicles or v in named}
        carriers = self._carriers({v.carrier for v in known.values()} | {t.carrier for t in tariffs.groupage})
        used = _places(shipments.values())
        used |= {v.base for v in known.values()} | {h.site for h in hubs.values()}
        used |= _places(s for p in promises for s in p.shipments)
        sites = {name: self.sites[name] for name in sorted(used)}
        market = Market(
            start=self.start,
            horizon_min=self.horizon_min,
            sites=sites,
            network=great_circle_network(list(sites.values()), circuity, speed_kmh),
            shipments={name: s.for_market() for name, s in sorted(shipments.items())},
            carriers={c: carriers[c] for c in sorted({v.carrier for v in vehicles.values()})},
            vehicles=with_reserved(vehicles, vehicles_reserved(reserved)),
            hubs=hubs,
            tariffs=tariffs,
            later=later,
            promises=promises,
            reserved=reserved,
        )
        costs, call_ups = self._vehicle_rates(known)
        return Freeze(
            market=market,
            policy=policy(book.policy, book.name),
            seed=seed,
            seats=seats(market, self.roles, self._is_remote, self.records.sits_out),
            circuity=circuity,
            speed_kmh=speed_kmh,
            stakes={name: s.stakes for name, s in sorted(shipments.items()) if s.stakes is not None},
            operating_costs=costs,
            call_ups=call_ups,
            hub_costs=self._hub_rates(hubs),
            incumbents=incumbents,
            vehicles=dict(sorted(known.items())),
            carriers=carriers,
            papers={m.name: Paper(m.external_ref, tuple(m.ssccs)) for m in self.records.orders if m.name in shipments},
            left_out=dict(sorted(self.left_out.items())),
            fees=_fees(book),
            grants=grants_of(book.visibility),
            held={good: n for good, n in sorted(self.records.held.items()) if n and (good in fleet or good in hubs)},
        )

    def _taken(self, messages: Iterable[Any], convert: Callable[[Any], Value]) -> dict[str, Value]:
        """Values of messages by name; what does not fit stays out."""
        found: dict[str, Value] = {}
        for message in messages:
            try:
                found[message.name] = convert(message)
            except InputError as error:
                self.left_out[message.name] = str(error)
        return found

    def _plays(self, name: str, role: SeatRole) -> bool:
        return role in self.roles.get(company_name(name), frozenset())

    def _refusal(self, place: str) -> str | None:
        """Why a site where a member works may not be used; a client's place is not asked for audits."""
        if place not in self.sites:
            return f"{place} is not among the sites of its company"
        found = self.sites[place]
        if found.kind is SiteKind.CLIENT:
            return None
        on = planning_day(self.start, found.time_zone)
        return audit_refusal(self.audits[place], self.records.rulebook.required_audits, place, on)

    def _fleet(self) -> dict[str, VehicleType]:
        """Every vehicle type whose base is known, members' or not."""
        fleet = self._taken(self.records.vehicle_types, vehicle_type)
        for name, kind in list(fleet.items()):
            if kind.base not in self.sites:
                self.left_out[name] = f"{kind.base} is not among the sites of its company"
                del fleet[name]
        return fleet

    def _on_offer(self, fleet: Mapping[str, VehicleType]) -> dict[str, VehicleType]:
        """What carriers of the pool can drive with in the window: as offered, less what is committed already."""
        costs, _ = self._vehicle_rates(fleet)
        offered: dict[str, VehicleType] = {}
        for name, kind in sorted(fleet.items()):
            if not self._plays(name, SeatRole.CARRIER):
                continue
            count = self._offered(kind) - self.records.held.get(name, 0)
            refusal = self._refusal(kind.base)
            if refusal is None and name not in costs and not self._is_remote(name, SeatRole.CARRIER):
                refusal = "it has no rates, and no agent of its company's own speaks for it"
            if refusal is None and count < 1:
                refusal = "none of it is to be had in the window"
            if refusal is None:
                offered[name] = replace(kind, count=count)
            else:
                self.left_out[name] = refusal
        return offered

    def _offered(self, kind: VehicleType) -> int:
        offer = self.records.capacity_offers.get(kind.carrier)
        if offer is None or not offer.vehicles:
            return kind.count
        return next((v.count for v in reversed(offer.vehicles) if v.vehicle_type == kind.id), 0)

    def _is_remote(self, name: str, role: SeatRole) -> bool:
        return role in {ROLES.get(r) for r in self.records.remote.get(company_name(name), ())}

    def _hubs(self) -> dict[str, Hub]:
        found: dict[str, Hub] = {}
        costs = self._hub_rates(dict.fromkeys(m.name for m in self.records.hubs))
        for name, one in sorted(self._taken(self.records.hubs, hub).items()):
            if not self._plays(name, SeatRole.HUB):
                continue
            offer = self.records.capacity_offers.get(company_name(name))
            slots = one.dock_slots_per_hour - self.records.held.get(name, 0)
            refusal = self._refusal(one.site)
            if refusal is None and name not in costs and not self._is_remote(name, SeatRole.HUB):
                refusal = "it has no rates, and no agent of its company's own speaks for it"
            if refusal is None and (slots < 1 or (offer is not None and offer.hubs and name not in offer.hubs)):
                refusal = "it is not to be had in the window"
            if refusal is None:
                found[name] = replace(one, dock_slots_per_hour=slots)
            else:
                self.left_out[name] = refusal
        return found

    def _shipments(self) -> dict[str, Shipment]:
        """Orders of members, each from those of its origins that may be used."""
        found: dict[str, Shipment] = {}
        refusals: dict[str, str | None] = {}
        for name, one in self._taken(self.records.orders, shipment).items():
            if not self._plays(name, SeatRole.SHIPPER):
                continue
            for place in (*one.origins, one.destination):
                if place not in refusals:
                    refusals[place] = self._refusal(place)
            origins = tuple(o for o in one.origins if refusals[o] is None)
            refusal = refusals[one.destination] if origins else refusals[one.origins[0]] if one.origins else "no origin"
            if refusal is None:
                found[name] = replace(one, origins=origins)
            else:
                self.left_out[name] = refusal
        return found

    def _public(self, fleet: Mapping[str, VehicleType]) -> PublicTariffs:
        """Tariffs as the rulebook froze them, whatever became of them since."""
        contents = {t.tariff: t.content for t in self.records.rulebook.baseline_tariffs}
        made = self._taken((contents[name] for name in sorted(contents)), public_tariff)
        lists = tuple(t for t in made.values() if isinstance(t, GroupageTariff))
        hires = tuple(t for t in made.values() if isinstance(t, DedicatedTariff))
        for t in hires:
            if t.vehicle not in fleet:
                self.left_out[t.id] = f"{t.vehicle} is no vehicle type"
        return PublicTariffs(lists, tuple(t for t in hires if t.vehicle in fleet))

    def _contracts(self, fleet: Mapping[str, VehicleType]) -> tuple[Incumbent, ...]:
        """Members' running contracts of the day."""
        own = [m for m in self.records.tariffs if m.WhichOneof("terms") == "contract"]
        messages = {m.name: m for m in own if self._plays(m.name, SeatRole.SHIPPER)}
        running = []
        for name, one in sorted(self._taken(messages.values(), incumbent).items()):
            if one.vehicle not in fleet:
                self.left_out[name] = f"{one.vehicle} is no vehicle type"
                continue
            on = planning_day(self.start, self.sites[fleet[one.vehicle].base].time_zone)
            if valid_on(messages[name], on):
                running.append(one)
        return tuple(running)

    def _carriers(self, names: Collection[str]) -> dict[str, Carrier]:
        """Carriers with the certificates that fit; one that does not is as good as none."""
        sound = self._taken(self.records.certificates, lambda m: (day(m, "expires_on"), m)[1])
        return {name: carrier(name, sound.values()) for name in sorted(names)}

    def _vehicle_rates(self, fleet: Collection[str]) -> tuple[dict[str, OperatingCosts], dict[str, CallUp]]:
        costs: dict[str, OperatingCosts] = {}
        call_ups: dict[str, CallUp] = {}
        for message in sorted(self.records.vehicle_types, key=lambda m: str(m.name)):
            told = vehicle_rates(message)
            if told is not None and message.name in fleet:
                costs[message.name] = told[0]
                if told[1] is not None:
                    call_ups[message.name] = told[1]
        return costs, call_ups

    def _hub_rates(self, hubs: Collection[str]) -> dict[str, HubCosts]:
        told = {m.name: hub_rates(m) for m in sorted(self.records.hubs, key=lambda m: str(m.name)) if m.name in hubs}
        return {name: costs for name, costs in told.items() if costs is not None}


def _places(shipments: Iterable[Shipment]) -> set[str]:
    return {place for s in shipments for place in (*s.origins, s.destination)}


def _to_be_had(
    reserved: Iterable[Reserved], vehicles: Mapping[str, VehicleType], hubs: Mapping[str, Hub]
) -> tuple[Reserved, ...]:
    """What was reserved and its provider has on offer, the earlier first; of what it has not, it sells nothing."""
    left = {v: x.count for v, x in vehicles.items()}
    kept = []
    for r in reserved:
        if r.good in hubs or left.get(r.good, 0) >= r.quantity:
            left[r.good] = left.get(r.good, 0) - r.quantity
            kept.append(r)
    return tuple(kept)


def _fees(book: rulebooks_pb2.Rulebook) -> tuple[FeeRule, ...]:
    """What is charged by the settlement; fees by the month are none of its."""
    return tuple(
        FeeRule(
            fee.line,
            str(ROLES[fee.payer]),
            fee.gain_percent if fee.WhichOneof("basis") == "gain_percent" else None,
            fee.cents_per_shipment if fee.WhichOneof("basis") == "cents_per_shipment" else None,
        )
        for fee in book.fees
        if fee.WhichOneof("basis") in ("gain_percent", "cents_per_shipment")
    )
