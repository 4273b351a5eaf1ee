"""What is told of a market: enough for an own agent to do as well as a built-in one, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.jobs import JobBook
from agents.participants import CarrierDesk, Party
from agents.policy import Choice
from agents.registry import create
from agents.synchronize import synchronize
from agents.verify import settlement_faults
from groupage.errors import InputError
from groupage.v1 import markets_pb2, policies_pb2
from groupage.wire.markets import ToldMarket, told_market
from logistics import Handling, Temperature
from logistics.fleet import with_reserved
from server.wire import markets
from server.wire.markets import CARRIER, HUB, SHIPPER, market_parts
from server.wire.pseudonyms import Pseudonyms
from tests.agents.markets import QUICK, Small, policy, small_market
from tests.agents.protocols.contract import LIVELY, TWO_HAULIERS, WITH_HUB
from tests.server.wire.behind import SECRET, OwnAgent

TRUTHFUL = create("bidding", Choice(name="truthful"))


def parts(small: Small, reader: str, *roles: int, **given: Any) -> list[markets_pb2.MarketPart]:
    """What a reader is sent, in bytes and back."""
    names = Pseudonyms(SECRET, reader, small.market)
    sent = market_parts(
        small.market,
        names,
        roles,  # type: ignore[arg-type]
        negotiation="n1",
        synchronization="pools/rhine/synchronizations/1",
        protocol=policies_pb2.Strategy(name="contract_net"),
        **given,
    )
    return [markets_pb2.MarketPart.FromString(part.SerializeToString()) for part in sent]


def with_fleet(small: Small, vehicles: Any) -> Small:
    """The same with other vehicles."""
    return replace(small, region=replace(small.region, vehicles=vehicles))


def own_desk(small: Small, told: ToldMarket, carrier: str) -> CarrierDesk:
    """A carrier's built-in desk, from what it was told and what it knows of itself."""
    r = small.region
    vehicles = {v: kind for v, kind in r.vehicles.items() if kind.carrier == carrier}
    fleet = told.fleet(vehicles, {v: r.operating_costs[v] for v in vehicles}, r.sites)
    return told.carrier_desk(carrier, fleet, TRUTHFUL, QUICK, 0)


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_a_carrier_s_agent_knows_what_its_built_in_one_knows(seed: int) -> None:
    """Jobs, ways, windows, shifts and exclusions are those that the built-in desk has, under other names."""
    small = small_market(seed, **LIVELY)
    for carrier in ("v0", "v1"):
        names = Pseudonyms(SECRET, carrier, small.market)
        desk = own_desk(small, told_market(parts(small, carrier, CARRIER)), carrier)
        built_in = next(d for d in small.parties()[carrier].desks if isinstance(d, CarrierDesk))
        book = JobBook(small.market)
        assert len(desk.jobs.direct) == len(book.all_jobs)
        for name, job in book.all_jobs.items():
            told = desk.jobs[names.called("job", name)]
            assert told == replace(
                job,
                id=told.id,
                shipment=names.called("job", job.shipment),
                origins=tuple(names.called("place", o) for o in job.origins),
                destination=names.called("place", job.destination),
            )
        for mine, its in zip(desk.fleet, built_in.fleet, strict=True):
            assert mine.excluded == {names.called("job", j) for j in its.excluded}
            assert (mine.id, mine.costs, mine.count) == (its.id, its.costs, its.count)
            assert (mine.shift_open_min, mine.shift_close_min) == (its.shift_open_min, its.shift_close_min)
            assert mine.type.base == names.called("place", its.type.base)
        here = [s for s in small.market.sites if names.called("place", s) in desk.network.index]
        for one in here:
            for other in here:
                called = names.called("place", one), names.called("place", other)
                assert desk.network.km(*called) == pytest.approx(small.market.network.km(one, other), abs=1e-9)
                assert desk.network.minutes(*called) == pytest.approx(
                    small.market.network.minutes(one, other), abs=1e-9
                )


@pytest.mark.parametrize(
    "protocol", ["contract_net", "iterated_contract_net", "alternating_offers", "request_exchange"]
)
@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
def test_two_carriers_with_own_agents(protocol: str, seed: int) -> None:
    """Two carriers whose agents know only what they were sent drive loads of a sound settlement."""
    small = small_market(seed, **LIVELY)
    parties: dict[str, Any] = dict(small.parties())
    for carrier in ("v0", "v1"):
        assert not {s.owner for s in small.shipments.values()} & {carrier}
        desk = own_desk(small, told_market(parts(small, carrier, CARRIER)), carrier)
        parties[carrier] = OwnAgent(Party(carrier, (desk,)), Pseudonyms(SECRET, carrier, small.market))
    found = synchronize(small.market, parties, policy(protocol), 11)
    assert settlement_faults(small.market, found.settlement) == []
    assert found.settlement.loads, "nothing was pooled, expected the agents to win something"
    assert all(agent.history for agent in parties.values() if isinstance(agent, OwnAgent))


def test_an_owner_is_told_its_own_jobs_only() -> None:
    """An owner learns of no transport and no place that is not in its orders; a hub of its own site."""
    small = small_market(WITH_HUB, **LIVELY)
    direct = JobBook(small.market).direct
    for owner in small.market.owners:
        told = told_market(parts(small, owner, SHIPPER))
        own = {s for s in direct if small.shipments[s].owner == owner}
        assert sorted(told.own_orders.values()) == sorted(own)
        assert len(told.jobs) == len(own)
        assert len(told.places) == len({p for s in own for p in (*direct[s].origins, direct[s].destination)})
    told = told_market(parts(small, "h0", HUB))
    assert (dict(told.jobs), list(told.own_places)) == ({}, ["site-h0"])


def test_no_name_of_another_company_is_in_any_byte() -> None:
    """Neither owners nor carriers, their orders, sites or vehicles stand in what another is sent."""
    small = _in_resource_names()
    everything = {
        name
        for part in (small.market.shipments, small.market.sites, small.market.carriers, small.market.vehicles)
        for name in part
    }
    for reader, roles in (("companies/swift", (CARRIER,)), ("companies/acme", (SHIPPER, CARRIER))):
        sent = b"".join(part.SerializeToString() for part in parts(small, reader, *roles))
        foreign = {name for name in everything if name != reader and not name.startswith(f"{reader}/")}
        assert len(foreign) > 5
        assert [name for name in foreign if name.encode() in sent] == []
        assert b"canary" not in sent.replace(f"{reader}/".encode(), b"")
        assert b"|reserved" not in sent
    mine = told_market(parts(small, "companies/acme", SHIPPER, CARRIER))
    assert set(mine.own_orders.values()) == {s.id for s in small.shipments.values() if s.owner == "companies/acme"}


def _in_resource_names() -> Small:
    """A market of two factories and a carrier, its ids resource names as in the service."""
    small = small_market(TWO_HAULIERS, **LIVELY)
    r = small.region
    company = {"f0": "companies/acme", "v0": "companies/swift"}

    def of(who: str) -> str:
        return company.get(who, f"companies/canary-{who}")

    def site(name: str) -> str:
        return f"{of(name.removeprefix('base-').removeprefix('site-'))}/sites/{name}"

    sites = {site(s): replace(v, id=site(s), name="canary") for s, v in r.sites.items()}
    vehicles = {
        f"{of(v.carrier)}/vehicleTypes/{k}": replace(
            v, id=f"{of(v.carrier)}/vehicleTypes/{k}", carrier=of(v.carrier), base=site(v.base), count=2
        )
        for k, v in r.vehicles.items()
        if site(v.base).startswith(of(v.carrier))
    }
    most = next(k for k, v in vehicles.items() if v.carrier == "companies/swift")
    region = replace(
        r,
        sites=sites,
        network=replace(r.network, site_ids=tuple(map(site, r.network.site_ids))),
        carriers={of(c): replace(v, id=of(c), name="canary") for c, v in r.carriers.items()},
        vehicles=with_reserved(vehicles, {most: 1}),
        operating_costs={},
        hubs={},
        hub_costs={},
        incumbents=(),
    )
    shipments = {}
    for s in small.shipments.values():
        name = f"{of(s.owner)}/orders/{s.id}"
        shipments[name] = replace(
            s,
            id=name,
            owner=of(s.owner),
            origins=tuple(map(site, s.origins)),
            destination=site(s.destination),
            product="canary",
            freight_payer="",
        )
    return replace(small, region=region, shipments=shipments)


def test_large_markets_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is larger than its bounds, nothing is lost between them, and only the last says that it is."""
    small = small_market(WITH_HUB, **LIVELY)
    whole = told_market(parts(small, "v0", CARRIER))
    monkeypatch.setattr(markets, "MAX_PART_BYTES", 600)
    by_bytes = parts(small, "v0", CARRIER)
    assert max(part.ByteSize() for part in by_bytes) < 1100
    monkeypatch.undo()
    monkeypatch.setattr(markets, "MAX_JOBS", 3)
    by_jobs = parts(small, "v0", CARRIER)
    assert max(len(part.jobs) for part in by_jobs) == 3
    for split in (by_bytes, by_jobs):
        assert len(split) > 3
        assert [part.last for part in split] == [False] * (len(split) - 1) + [True]
        told = told_market(reversed(split))
        assert (told.jobs, told.excluded, set(told.places)) == (whole.jobs, whole.excluded, set(whole.places))
        with pytest.raises(InputError, match="expected all up to the last"):
            told_market(split[:-1])


def test_ways_that_cannot_be_reckoned_are_told() -> None:
    """With a circuity of 0 every way comes as a distance; where one is missing, the market cannot be used."""
    small = small_market(WITH_HUB, **LIVELY)
    sent = parts(small, "v0", CARRIER, circuity_ratio=0.0, speed_kmh=0.0)
    names, told = Pseudonyms(SECRET, "v0", small.market), told_market(sent)
    job = next(iter(JobBook(small.market).direct.values()))
    way = job.origins[0], job.destination
    assert told.network.km(*(names.called("place", p) for p in way)) == small.market.network.km(*way)
    del sent[0].network.distances[0]
    with pytest.raises(InputError, match="1 ways between places were not told"):
        told_market(sent)


def test_what_a_carrier_may_not_carry_is_told_with_the_rule() -> None:
    """A job's exclusions name the reader's vehicles, and the rule in plain words."""
    small = small_market(WITH_HUB, **LIVELY).changed(handling=Handling(("3",), Temperature.FROZEN, ("GDP",)))
    sent = parts(small, "v1", CARRIER)
    first = sent[0].jobs[0]
    assert {e.vehicle for e in first.excluded} <= {v for v, k in small.region.vehicles.items() if k.carrier == "v1"}
    assert first.excluded
    assert all("v1" in e.reason for e in first.excluded)
    job = next(iter(told_market(sent).jobs.values()))
    assert job.handling == Handling(("3",), Temperature.FROZEN, ("GDP",))


def test_a_base_that_was_not_told_is_an_error() -> None:
    """A vehicle whose base is no place of the negotiation is named, not left out."""
    small = small_market(WITH_HUB, **LIVELY)
    told = told_market(parts(small, "v0", CARRIER))
    vehicle = next(v for v in small.region.vehicles.values() if v.carrier == "v0")
    far = replace(vehicle, base="companies/v0/sites/far")
    with pytest.raises(InputError, match=r"base is companies/v0/sites/far"):
        told.fleet({far.id: far}, {far.id: small.region.operating_costs[vehicle.id]}, small.region.sites)
    assert told.start == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_carrier_is_told_how_many_of_its_own_vehicles_are_to_be_had() -> None:
    """Vehicles and dock slots of the reader's own, with what was reserved and what plans hold: nobody else's."""
    small = small_market(WITH_HUB, **LIVELY)
    first, *_ = sorted(v for v, kind in small.market.vehicles.items() if kind.carrier == "v0")
    count = small.market.vehicles[first].count
    apart = with_fleet(small, with_reserved(small.market.vehicles, {first: 1}))
    hub = min(small.market.hubs)
    held = dict.fromkeys((*small.market.vehicles, *small.market.hubs), 2)
    (*_, last) = told = parts(apart, "v0", CARRIER, held=held)
    assert not [p for p in told[:-1] if p.own_vehicles]
    own = {v.vehicle: (v.count, v.reserved, v.held) for v in last.own_vehicles}
    assert own[first.rsplit("/", 1)[-1]] == (count, 1, 2)
    assert set(own) == {v.rsplit("/", 1)[-1] for v, kind in small.market.vehicles.items() if kind.carrier == "v0"}
    assert not last.own_hubs
    handled = parts(apart, hub, HUB, held=held)[-1]
    assert [(h.hub, h.dock_slots_per_hour, h.held) for h in handled.own_hubs] == [
        (hub.rsplit("/", 1)[-1], small.market.hubs[hub].dock_slots_per_hour, 2)
    ]
    assert not handled.own_vehicles
    for owner in small.market.owners:
        shown = parts(apart, owner, SHIPPER, held=held)[-1]
        assert not shown.own_vehicles
        assert not shown.own_hubs


def test_an_agent_offers_no_vehicle_that_an_earlier_plan_holds() -> None:
    """What it puts on offer is what the market says is to be had, and not all that it owns."""
    small = small_market(WITH_HUB, **LIVELY)
    first, *_ = sorted(v for v, kind in small.market.vehicles.items() if kind.carrier == "v0")
    fewer = {v: replace(kind, count=1) if v == first else kind for v, kind in small.market.vehicles.items()}
    owned = {v: replace(kind, count=5) for v, kind in small.region.vehicles.items()}
    told = told_market(parts(with_fleet(small, fewer), "v0", CARRIER))
    r = small.region
    mine = {v: kind for v, kind in owned.items() if kind.carrier == "v0"}
    fleet = told.fleet(mine, {v: r.operating_costs[v] for v in mine}, r.sites)
    assert {v.id: v.count for v in fleet}[first.rsplit("/", 1)[-1]] == 1
