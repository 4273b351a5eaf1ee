"""Who sees what: one matrix of facts by viewer and phase, which every output of the engine obeys.

A viewer's role is its relation to the thing asked about, not its trade: an owner is ``owner`` of its own shipments and
account, and ``co_loader`` of whatever shares a vehicle with them. So a co-loader's price, times and saving reach it as
an owner; of the others on the vehicle it learns nothing: not who they are, nor their clients, volumes, baselines or
shares. A carrier sees the stops and goods that it carries and what it is paid for them, not what owners pay or would
pay; a hub its bookings and their price; a consignee the times of its deliveries. The operator of the laboratory sees
everything. What the matrix does not name for a viewer is invisible.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What a viewer is to the thing that it asks about."""

    OWNER = "owner"
    CO_LOADER = "co_loader"
    CARRIER = "carrier"
    HUB = "hub"
    CONSIGNEE = "consignee"
    OPERATOR = "operator"


class Phase(StrEnum):
    """While a settlement is negotiated, while it is proposed to its parties, and after they are committed to it.

    In between, each party knows of its own part what it needs to accept or decline; whom it deals with, and what stands
    on the papers, it learns when all are bound.
    """

    BEFORE = "before"
    PROPOSED = "proposed"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the matrix; the operator sees every fact in every phase.

    Attributes
    ----------
    always
        Who sees it from the first.
    proposed
        Who sees it only from when a settlement is proposed.
    after
        Who sees it only after commitment.
    """

    meaning: str
    always: frozenset[Role] = frozenset()
    proposed: frozenset[Role] = frozenset()
    after: frozenset[Role] = frozenset()

    def since(self, role: Role) -> Phase | None:
        """Phase from which a role sees it; ``None`` where it never does."""
        if role is Role.OPERATOR or role in self.always:
            return Phase.BEFORE
        if role in self.proposed:
            return Phase.PROPOSED
        return Phase.AFTER if role in self.after else None


_OWNER = frozenset({Role.OWNER})
_CARRIER = frozenset({Role.CARRIER})
_HUB = frozenset({Role.HUB})
_CONSIGNEE = frozenset({Role.CONSIGNEE})
_NOBODY: frozenset[Role] = frozenset()

MATRIX: Mapping[str, Fact] = {
    # A shipment on one day. A carrier quotes for goods and places before it knows whose they are.
    "owner": Fact("whose shipment it is", _OWNER, after=_CARRIER),
    "origins": Fact("where the goods are ready", _OWNER | _CARRIER),
    "destination": Fact("the client's site", _OWNER | _CARRIER | _CONSIGNEE),
    "places": Fact("names and GLNs of the places where it is loaded and unloaded", _OWNER, after=_CARRIER),
    "pallets": Fact("pallets of the shipment", _OWNER | _CARRIER, _HUB),
    "weight_kg": Fact("weight of the shipment", _OWNER | _CARRIER),
    "volume_m3": Fact("volume of the shipment", _OWNER | _CARRIER),
    "handling": Fact("danger labels, temperature regime and certificates that it needs", _OWNER | _CARRIER),
    "papers": Fact("its owner's reference and its logistic units", _OWNER, after=_CARRIER),
    "stakes": Fact("what being late, waiting or a line stop costs its owner", _OWNER),
    "mode": Fact("pool, alone, groupage, held or unserved", _NOBODY, _OWNER),
    "reason": Fact("why it was pooled, held or left outside, without anybody else's figures", _NOBODY, _OWNER),
    # A quote tells a rival's or a carrier's cost, even without a name on it.
    "lowest_quote_eur": Fact("the lowest price at which a carrier would have taken it"),
    "reserve_eur": Fact("what its owner said that it costs alone", _OWNER),
    "pooled_with_others": Fact("whether another owner's goods were on the same vehicle", _NOBODY, _OWNER),
    "co_loaded": Fact("the other shipments on the same vehicle, and whose"),
    "legs": Fact(
        "vehicles that carried it, from where to where, and when; a carrier: its own", _NOBODY, _OWNER | _CARRIER
    ),
    "driven_by": Fact("who drives its legs, or is to keep its promise", _CARRIER, after=_OWNER),
    "delivered_at": Fact("start of unloading at the client", _NOBODY, _OWNER | _CARRIER, _CONSIGNEE),
    "on_time": Fact("whether it came by its due time", after=_OWNER | _CARRIER | _CONSIGNEE),
    "late_hours": Fact("hours after its due time", after=_OWNER | _CARRIER | _CONSIGNEE),
    "kgco2e": Fact("emissions of its transport", _NOBODY, _OWNER),
    "promises": Fact(
        "promises for a later day, made, kept or void: day, latest delivery and price; a carrier: its own",
        _NOBODY,
        _OWNER | _CARRIER,
    ),
    "alone_mode": Fact("how it would have gone without a pool", _OWNER),
    "alone_kgco2e": Fact("emissions of its transport without a pool", _OWNER),
    # An owner's account on one day.
    "standalone_eur": Fact("what all its shipments cost an owner alone", _OWNER),
    "paid_eur": Fact("what an owner paid: its share of the pool and what stayed outside", _NOBODY, _OWNER),
    "saving_eur": Fact("what an owner paid less than alone", _NOBODY, _OWNER),
    "standard_error_eur": Fact("how far an owner's share may be off where groups were sampled", _NOBODY, _OWNER),
    "reservation_eur": Fact("what an owner bore of vehicles and dock slots reserved ahead", _NOBODY, _OWNER),
    "expected_saving_eur": Fact("what an owner was told that they were expected to save it", _OWNER),
    "shipments": Fact("how many of its shipments were pooled, went alone, waited or were not served", _NOBODY, _OWNER),
    # A carrier's or hub's account on one day.
    "received_eur": Fact("what the pool paid a carrier or hub", _NOBODY, _CARRIER | _HUB),
    "cost_eur": Fact("what its work for the pool really cost a carrier or hub", after=_CARRIER | _HUB),
    "gain_eur": Fact("what a carrier or hub received above its cost", after=_CARRIER | _HUB),
    "fees": Fact("what the operator charges a party by the rulebook", _NOBODY, _OWNER | _CARRIER | _HUB),
    "reservations": Fact("what was reserved with a carrier or hub, used or not, and its price", _CARRIER | _HUB),
    # What a carrier lost to the pool is what its customers would have paid it alone.
    "work_lost_eur": Fact("revenue that a carrier would have had without the pool"),
    "loads": Fact("a carrier's tours: stops, goods and what it was paid for them", _NOBODY, _CARRIER),
    "bookings": Fact("a hub's dock slots: times, loads, pallets and price", _NOBODY, _HUB),
    "deliveries": Fact("a client's deliveries and their times", after=_CONSIGNEE),
    # Forecasts. The coordinator adds them up, and tells each owner only its own part of what comes of that.
    "forecast": Fact("what an owner expects to send: its sample paths", _OWNER),
    "pooled_forecast": Fact("what all owners together expect to send"),
    # Of one day and all.
    "disclosed": Fact("private figures that a participant told the coordinator", _OWNER | _CARRIER | _HUB),
    # What a group would gain by leaving, or that a rule fell back, tells about others' costs; so does how many groups
    # there were, of how many owners.
    "stability": Fact("figures of the shares against the costs of groups, and how surely"),
    "sharing_note": Fact("where the sharing rule fell back to something else"),
    "pool_owners": Fact("how many owners had goods in the pool"),
    # It adds up everybody's costs, and rests on what each knows of its own orders to come.
    "forecast_value": Fact("what all owners together saved by one forecaster against another"),
    "notes": Fact("what the coordinator noted, naming participants"),
}

_ORDER = tuple(Phase)


def visible(field: str, role: Role | str, phase: Phase | str) -> bool:
    """Tell whether a viewer may see a fact.

    Raises
    ------
    ValueError
        If the matrix has no such field, or role or phase is not one of those above: nothing is shown by mistake.
    """
    fact = MATRIX.get(field)
    if fact is None:
        raise ValueError(f"field is {field!r}, expected one of {', '.join(MATRIX)}")
    who, when = Role(role), Phase(phase)
    since = fact.since(who)
    return since is not None and reached(since, when)


def reached(since: Phase, phase: Phase) -> bool:
    """Tell whether what is seen from one phase on is seen in another."""
    return _ORDER.index(since) <= _ORDER.index(phase)
