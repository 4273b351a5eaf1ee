"""A settlement as each participant may see it: its own part, and nothing of the others'.

Everything that a part could show is put into it, and what the visibility matrix and the rulebook do not show in the
phase is cleared (`server.visibility`). Money comes from the settlement's transfers, to the cent: over all proposals,
what owners pay (less what stays outside) less what carriers and hubs receive is what stays with the operator. Fees
stand apart.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from agents.jobs import JobBook, shipment_of
from agents.settlement import LeftStatus
from agents.telling import POOLED_REASON
from agents.visibility import Phase, Role
from groupage.v1 import proposals_pb2
from logistics.emissions import allocate_route, route_emissions
from server.market import SeatRole
from server.visibility import blank, shown
from server.wire import account
from server.wire.fields import date_message
from server.wire.promised import put_promises
from server.wire.provided import day_at, put_provided
from server.wire.shipments import company_name
from server.wire.told import Clock, Hashed, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.settlement import Left, Leg, Load, Settlement
    from logistics.routing.problem import Stop
    from server.market import Freeze
    from server.wire.told import Names

_OUTCOMES = {
    LeftStatus.STANDALONE: proposals_pb2.OUTCOME_STANDALONE,
    LeftStatus.HELD: proposals_pb2.OUTCOME_HELD,
    LeftStatus.UNSERVED: proposals_pb2.OUTCOME_UNSERVED,
}


def proposals(
    freeze: Freeze,
    settlement: Settlement,
    phase: Phase,
    *,
    names: Callable[[str], Names] | None = None,
    alone_kgco2e: Mapping[str, float] | None = None,
) -> dict[str, proposals_pb2.Proposal]:
    """Return the part of everybody whom a settlement concerns, by the company's id.

    Name, round, state and times are the caller's to set; the rest is complete. Who neither sends, drives nor handles
    anything in it has no part, and nothing to decide.

    Parameters
    ----------
    phase
        ``proposed`` for what is laid before the parties, ``after`` for what they are bound to.
    names
        Pseudonyms of jobs and places for a reader, by the company's resource name; as its own agent was asked by. By
        default those that hang on the freeze's seed.
    alone_kgco2e
        Emissions without the pool by shipment, where they are known (`emissions_alone`).
    """
    whole = Whole(freeze, settlement, phase, names)
    made: dict[str, proposals_pb2.Proposal] = {}
    for company in freeze.companies:
        part = proposals_pb2.Proposal(company=company)
        seats = {who: seat for who, seat in freeze.seats.items() if seat.company == company}
        for who, seat in seats.items():
            if SeatRole.SHIPPER in seat.roles:
                expected = freeze.expected_saving_cents.get(who, 0)
                _put_owner_part(whole, part.owner_part, who, alone_kgco2e or {}, expected)
        put_provided(whole, part, [who for who, seat in seats.items() if seat.roles - {SeatRole.SHIPPER}])
        part.disclosed = sum(settlement.evidence.disclosed.get(who, 0) + freeze.looked.get(who, 0) for who in seats)
        blank(part, phase, freeze.grants)
        if any(part.HasField(name) for name in ("owner_part", "carrier_part", "hub_part")):
            made[company.removeprefix("companies/")] = part
    return made


class Whole:
    """A settlement seen from above, looked up by shipment and load; nothing of it is shown as such."""

    def __init__(
        self, freeze: Freeze, settlement: Settlement, phase: Phase, names: Callable[[str], Names] | None = None
    ) -> None:
        self.freeze, self.settlement = freeze, settlement
        # Loads and bookings are called the same to all: who drives, handles and owns speak of the same vehicle.
        self.shared = Hashed.of(freeze)
        self._made_for = names or (lambda company: Hashed.of(freeze, company))
        self._names: dict[str, Names] = {}
        self.market = freeze.market
        self.clock = Clock(freeze.market.start)
        self.carriers_see_places = shown("places", Role.CARRIER, phase, freeze.grants)
        self.loads: dict[str, Load] = {load.id: load for load in settlement.loads}
        self.left: dict[str, Left] = {row.shipment: row for row in settlement.left}
        self.legs: dict[str, list[Leg]] = defaultdict(list)
        self.stops: dict[str, tuple[Stop, Stop]] = {}
        for leg in settlement.legs:
            self.legs[leg.shipment].append(leg)
        for load in settlement.loads:
            at = {job: stop for stop in load.stops for job in stop.pickups}
            self.stops |= {job: (at[job], stop) for stop in load.stops for job in stop.deliveries}

    @cached_property
    def book(self) -> JobBook:
        """Jobs of today."""
        return JobBook(self.market)

    @cached_property
    def owners_on(self) -> dict[str, frozenset[str]]:
        """Whose goods are on each load."""
        found: dict[str, set[str]] = defaultdict(set)
        for leg in self.settlement.legs:
            found[leg.load].add(self.market.shipments[leg.shipment].owner)
        return {load: frozenset(owners) for load, owners in found.items()}

    @cached_property
    def shares(self) -> dict[str, int]:
        """What each owner pays into the pool."""
        return account.share_cents(self.settlement)

    @cached_property
    def kgco2e(self) -> dict[str, float]:
        """Emissions of each pooled shipment's transport, well-to-wheel."""
        found: dict[str, float] = defaultdict(float)
        for load in self.settlement.loads:
            jobs = [job for stop in load.stops for job in stop.deliveries]
            weights = {job: self.market.shipments[shipment_of(job)].weight_kg for job in jobs}
            network = self.market.network
            total = route_emissions(load.stops, self.market.vehicles[load.vehicle], weights, network)
            for job, part in allocate_route(total, load.stops, weights, network).items():
                found[shipment_of(job)] += part.wtw_kgco2e
        return dict(found)

    def place_for(self, company: str, site: str) -> str:
        """How a place on a tour is called to a carrier: its own by name, others by GLN where it may see that."""
        if site.startswith(f"{company}/"):
            return site
        gln = self.market.sites[site].gln if self.carriers_see_places else None
        return gln or self.names(company).called("place", site)

    def change_place(self, owner: str, site: str) -> str:
        """How a hub's place is called to an owner: which hub it is may be known, but not every site has a GLN."""
        return self.market.sites[site].gln or self.names(owner).called("place", site)

    def names(self, reader: str) -> Names:
        """What jobs and places are called to a company."""
        company = company_name(reader)
        if company not in self._names:
            self._names[company] = self._made_for(company)
        return self._names[company]


def _put_owner_part(
    whole: Whole, part: proposals_pb2.OwnerPart, owner: str, alone_kgco2e: Mapping[str, float], expected: int
) -> None:
    settlement = whole.settlement
    own = whole.market.owned_by(owner)
    for shipment in own:
        _put_order(whole, part.orders.add(), shipment, alone_kgco2e)
    for shipment, waiting in sorted(whole.freeze.waiting.items()):
        if waiting.owner == owner:
            held = part.orders.add(order=shipment, outcome=proposals_pb2.OUTCOME_HELD, reason=waiting.reason)
            held.held_until.FromDatetime(waiting.until)
    share, left = whole.shares.get(owner, 0), settlement.left_cents.get(owner, 0)
    compensation = account.compensation_cents(settlement, owner)
    part.standalone_cents = settlement.standalone_cents.get(owner, 0)
    part.paid_cents, part.left_cents = share + left - compensation, left
    part.saving_cents = part.standalone_cents - part.paid_cents
    error = settlement.evidence.standard_errors.get(owner)
    if error is not None:
        part.standard_error_cents = error
    reserved = account.reservation_lines(settlement, owner)
    part.reservation_cents = sum(reserved.values())
    borne = [r for r in whole.freeze.reserving if owner in r.parts]
    if borne and whole.freeze.reserving_from is not None:
        part.reserving_cents = sum(r.shares()[owner] for r in borne)
        part.reserving_day.CopyFrom(date_message(day_at(whole, borne[0].good, whole.freeze.reserving_from)))
    part.expected_saving_cents = expected
    fees = account.charged(
        whole.freeze.fees, SeatRole.SHIPPER, len(settlement.pooled.intersection(own)), part.saving_cents
    )
    part.fees_cents = sum(cents for _, cents in fees)
    lines = [(account.SHARE, share), (account.OUTSIDE, left), (account.COMPENSATION, -compensation), *reserved.items()]
    account.put_lines(part.lines, [*((line, cents) for line, cents in lines if cents), *fees])
    put_promises(whole, part.promises, owner=owner)


def _put_order(whole: Whole, part: proposals_pb2.OrderPart, shipment: str, alone_kgco2e: Mapping[str, float]) -> None:
    settlement, clock = whole.settlement, whole.clock
    owner = whole.market.shipments[shipment].owner
    part.order = shipment
    if shipment in alone_kgco2e:
        part.alone_kgco2e = alone_kgco2e[shipment]
    if shipment in settlement.evidence.reserves:
        part.reserve_cents = settlement.evidence.reserves[shipment]
    row = whole.left.get(shipment)
    if row is not None:
        part.outcome, part.reason = _OUTCOMES[row.status], plain(row.reason, owner)
        if row.until_min is not None:
            part.held_until.FromDatetime(clock.at(row.until_min))
        if shipment in alone_kgco2e and row.status == LeftStatus.STANDALONE:
            part.transport_kgco2e = alone_kgco2e[shipment]
        return
    part.outcome, part.reason = proposals_pb2.OUTCOME_POOLED, POOLED_REASON
    legs = whole.legs[shipment]
    part.pickup_at.FromDatetime(clock.at(whole.stops[legs[0].job][0].start_min))
    part.delivery_at.FromDatetime(clock.at(whole.stops[legs[-1].job][1].start_min))
    others = frozenset[str]().union(*(whole.owners_on[leg.load] for leg in legs)) - {owner}
    part.pooled_with_others = bool(others)
    part.co_loaded_companies.extend(sorted(others))
    part.transport_kgco2e = whole.kgco2e[shipment]
    for leg in legs:
        _put_leg(whole, part.legs.add(), leg, owner)


def _put_leg(whole: Whole, part: proposals_pb2.Leg, leg: Leg, owner: str) -> None:
    def place(site: str) -> str:
        return site if site.startswith(f"{owner}/") else whole.change_place(owner, site)

    loaded, unloaded = whole.stops[leg.job]
    part.load_id = whole.shared.called("load", leg.load)
    part.carrier = whole.loads[leg.load].carrier
    part.from_place, part.to_place = place(leg.from_site), place(leg.to_site)
    part.pickup_at.FromDatetime(whole.clock.at(loaded.start_min))
    part.delivery_at.FromDatetime(whole.clock.at(unloaded.start_min))
    part.pallets = leg.pallets
