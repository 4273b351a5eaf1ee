"""Each participant gets its own part of a settlement: whole, right to the cent, and nothing of anybody else's."""

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import pytest

from agents.registry import built_in as registered
from agents.reservations import Good, Reserved
from agents.visibility import Phase
from groupage.v1 import companies_pb2, proposals_pb2, rulebooks_pb2
from server.market import FeeRule, SeatRole, alone_kgco2e, built_in
from server.wire.proposals import proposals
from server.wire.pseudonyms import Pseudonyms
from tests.agents.markets import small_market
from tests.agents.protocols.contract import LIVELY, TWO_HAULIERS
from tests.agents.reserved import reserved_market
from tests.server.wire import pool
from tests.server.wire.freezes import freeze_of, negotiated

PROTOCOLS = sorted(registered("protocols"))
COMPANIES = (*pool.SHIPPERS, *pool.CARRIERS, "north")
PHASES = (Phase.PROPOSED, Phase.AFTER)


@lru_cache
def little(protocol):
    """A little pool, and what it settled on."""
    freeze = pool.frozen(rulebook=pool.rulebook(protocol))
    return freeze, negotiated(freeze)


@lru_cache
def around(seed, protocol="contract_net"):
    """A random market with a hub and with what was reserved ahead, and what it settled on."""
    small, market = reserved_market(seed, factories=3, shipments=8, hubs=1, carriers=2)
    freeze = freeze_of(small, market, protocol)
    return freeze, negotiated(freeze)


def balances(made, settlement):
    """Whether all that is paid, less what stays outside, less all that is received stays with the operator."""
    paid = sum(p.owner_part.paid_cents - p.owner_part.left_cents for p in made.values())
    paid += sum(p.owner_part.reservation_cents for p in made.values())
    received = sum(p.carrier_part.received_cents + p.hub_part.received_cents for p in made.values())
    return paid - received == settlement.operator_cents


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_orders_are_kept(protocol, phase):
    """Every order is in its owner's part once, pooled or left with a reason; a pooled one is on its carriers' loads."""
    freeze, settlement = little(protocol)
    made = proposals(freeze, settlement, phase)
    told = [o for p in made.values() for o in p.owner_part.orders]
    assert sorted(o.order for o in told) == sorted(freeze.market.shipments)
    pooled = [o.order for o in told if o.outcome == proposals_pb2.OUTCOME_POOLED]
    assert sorted(pooled) == sorted(settlement.pooled)
    assert all(o.reason for o in told)
    on_loads = [j for p in made.values() for load in p.carrier_part.loads for j in load.jobs]
    assert len(on_loads) == len(settlement.legs)
    assert sum(j.weight_kg for j in on_loads) == sum(
        freeze.market.shipments[leg.shipment].weight_kg for leg in settlement.legs
    )
    loads = {load.load_id for p in made.values() for load in p.carrier_part.loads}
    assert {leg.load_id for o in told for leg in o.legs} == loads


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_money(protocol):
    """Each part is what the transfers say, its lines add up, and all together balances with the operator's."""
    freeze, settlement = little(protocol)
    made = proposals(freeze, settlement, Phase.PROPOSED)
    assert balances(made, settlement)
    for company, part in made.items():
        name, own = f"companies/{company}", part.owner_part
        assert own.paid_cents - own.left_cents == settlement.paid_cents.get(name, 0)
        assert part.carrier_part.received_cents == settlement.received_cents.get(name, 0)
        assert own.paid_cents + own.saving_cents == own.standalone_cents
        assert own.saving_cents >= 0
        assert sum(line.cents for line in own.lines) == own.paid_cents + own.reservation_cents + own.fees_cents
        for load in part.carrier_part.loads:
            assert load.price_cents == sum(line.cents for line in load.price_lines)


@pytest.mark.parametrize("seed", range(12))
def test_money_with_reservations_and_hubs(seed):
    """The same where capacity was reserved ahead, also by who sends nothing today, and where hubs handle."""
    freeze, settlement = around(seed)
    made = proposals(freeze, settlement, Phase.AFTER)
    assert balances(made, settlement)
    net = settlement.reservation_cents
    for who, part in made.items():
        assert part.owner_part.reservation_cents == sum(r.owners.get(who, 0) for r in settlement.reservations)
        assert bool(part.carrier_part.reservations or part.hub_part.reservations) == any(
            r.provider == who for r in settlement.reservations
        )
        assert sum(line.cents for line in part.owner_part.lines) == (
            part.owner_part.paid_cents + part.owner_part.reservation_cents
        )
    assert sum(net.values()) == 0


def test_a_hub_s_part():
    """A hub reads its own bookings: when, how many pallets, for which load and at what price."""
    booked = [(f, s) for f, s in map(around, range(12)) if s.bookings]
    assert booked
    for freeze, settlement in booked:
        made = proposals(freeze, settlement, Phase.PROPOSED)
        for b in settlement.bookings:
            told = [x for x in made[b.hub].hub_part.bookings if x.price_cents == b.price_cents and x.hub == b.hub]
            assert any(x.pallets == b.pallets and x.end_at.seconds >= x.start_at.seconds for x in told)
        hubs = {x.load_id for p in made.values() for x in p.hub_part.bookings}
        assert hubs <= {load.load_id for p in made.values() for load in p.carrier_part.loads}


@lru_cache
def canaries(company):
    """Texts that only a company, and whom it deals with, may read."""
    mine = [m for m in (*pool.sites(), *pool.orders()) if m.name.startswith(f"companies/{company}/")]
    words = {f"companies/{company}", f"{company} plant canary", f"{company} base canary", f"{company} dock canary"}
    for m in mine:
        words |= {m.name, getattr(m, "display_name", ""), getattr(m, "external_ref", ""), *getattr(m, "ssccs", ())}
    return frozenset(w.encode() for w in words if w)


def foreign(part, company):
    """Other companies of which something stands in the bytes of a proposal."""
    data = part.SerializeToString()
    return {c for c in COMPANIES if c != company and any(word in data for word in canaries(c))}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_else_before_commitment(protocol):
    """While a plan is proposed, no part names another company, its places, references or units."""
    freeze, settlement = little(protocol)
    for company, part in proposals(freeze, settlement, Phase.PROPOSED).items():
        assert foreign(part, company) == set()
        assert all(not leg.carrier for o in part.owner_part.orders for leg in o.legs)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_partners_after_commitment(protocol):
    """Bound to a plan, an owner learns who drives, and a carrier whose goods; co-loaders stay strangers."""
    freeze, settlement = little(protocol)
    for company, part in proposals(freeze, settlement, Phase.AFTER).items():
        name = f"companies/{company}"
        drivers = {x.carrier for x in settlement.loads for g in settlement.legs if g.load == x.id and own(g, name)}
        driven = {x.id for x in settlement.loads if x.carrier == name}
        owners = {freeze.market.shipments[g.shipment].owner for g in settlement.legs if g.load in driven}
        assert {f"companies/{c}" for c in foreign(part, company)} == (drivers | owners) - {name}
        for load in part.carrier_part.loads:
            assert all(j.external_ref and j.ssccs and j.owner for j in load.jobs)


def own(leg, company):
    return leg.shipment.startswith(f"{company}/")


def test_private_figures_stay():
    """No stakes, rates or quotes of anybody are anywhere in anybody's part."""
    for protocol in PROTOCOLS:
        freeze, settlement = little(protocol)
        for phase in PHASES:
            for part in proposals(freeze, settlement, phase).values():
                said = str(part)
                assert "12345678" not in said
                assert "lowest quote" not in said


def test_a_quote_s_figures_and_names_are_taken_out():
    """A reason that carries a rival's quote, or names, reaches its owner without them."""
    freeze, settlement = little("standalone")
    texts = (
        "the lowest quote was 10.00 EUR, going alone was put at 9.00 EUR",
        "companies/swift/vehicleTypes/rigid of companies/swift does not keep goods chilled",
    )
    left = [replace(row, reason=texts[i % 2]) for i, row in enumerate(settlement.left)]
    made = proposals(freeze, replace(settlement, left=tuple(left)), Phase.PROPOSED)
    reasons = {o.reason for p in made.values() for o in p.owner_part.orders}
    assert reasons == {
        "no carrier's offer was worth taking: going alone was put at no more",
        "a vehicle of a company does not keep goods chilled",
    }


def test_who_has_no_part_is_not_asked():
    """Who neither sends, drives nor handles anything has nothing to decide."""
    freeze, settlement = little("trustee")
    made = proposals(freeze, settlement, Phase.PROPOSED)
    drives = {load.carrier.removeprefix("companies/") for load in settlement.loads}
    assert set(made) == {*pool.SHIPPERS, *drives}


def test_fees():
    """Fees of the rulebook stand as lines of their own, to those who pay them, and change no share."""
    book = pool.rulebook()
    book.fees.add(line="service", payer=companies_pb2.ROLE_SHIPPER, gain_percent=10)
    book.fees.add(line="order", payer=companies_pb2.ROLE_SHIPPER, cents_per_shipment=50)
    book.fees.add(line="drive", payer=companies_pb2.ROLE_CARRIER, cents_per_shipment=7)
    book.fees.add(line="member", payer=companies_pb2.ROLE_SHIPPER, cents_per_month=100_000)
    freeze = pool.frozen(rulebook=book)
    assert [f.line for f in freeze.fees] == ["service", "order", "drive"]
    settlement = negotiated(freeze)
    made = proposals(freeze, settlement, Phase.PROPOSED)
    assert balances(made, settlement)
    for company in pool.SHIPPERS:
        part = made[company].owner_part
        pooled = sum(o.outcome == proposals_pb2.OUTCOME_POOLED for o in part.orders)
        lines = {line.line: line.cents for line in part.lines}
        assert lines["service"] == part.saving_cents * 10 // 100
        assert lines["order"] == 50 * pooled
        assert part.fees_cents == lines["service"] + lines["order"]
    carried = {c: made[c].carrier_part for c in pool.CARRIERS if c in made}
    assert sum(p.fees_cents for p in carried.values()) == 7 * len(settlement.pooled)
    assert all([line.line for line in p.fee_lines] == ["drive"] for p in carried.values())


def test_a_grant_shows_what_it_names():
    """A rulebook that lets co-loaders know of each other shows them, from the phase it says, and nothing else."""
    plain, settlement = little("trustee")
    book = pool.rulebook("trustee")
    book.visibility.grants.add(
        fact="co_loaded", viewer=rulebooks_pb2.VIEWER_ROLE_CO_LOADER, phase=rulebooks_pb2.PHASE_AFTER
    )
    granted = pool.frozen(rulebook=book)
    assert granted.grants == (("co_loaded", "co_loader", "after"),)
    for phase, shows in ((Phase.PROPOSED, False), (Phase.AFTER, True)):
        with_it, without = (proposals(f, settlement, phase) for f in (granted, plain))
        for company, part in with_it.items():
            shared = {c for o in part.owner_part.orders for c in o.co_loaded_companies}
            alone = all(not o.pooled_with_others for o in part.owner_part.orders)
            assert bool(shared) == (shows and not alone and part.HasField("owner_part"))
            for o in part.owner_part.orders:
                o.ClearField("co_loaded_companies")
            assert part == without[company]


def test_pseudonyms():
    """A thing has one pseudonym in all parts of one negotiation, and another one in the next."""
    freeze, settlement = little("trustee")
    first = proposals(freeze, settlement, Phase.PROPOSED)
    second = proposals(replace(freeze, seed=8), settlement, Phase.PROPOSED)
    jobs = [
        {j.job for p in made.values() for load in p.carrier_part.loads for j in load.jobs} for made in (first, second)
    ]
    assert len(jobs[0]) == len(settlement.legs)
    assert not jobs[0] & jobs[1]
    for part in first.values():
        for load in part.carrier_part.loads:
            named = {j.job for j in load.jobs}
            assert {j for stop in load.stops for j in (*stop.pickups, *stop.deliveries)} == named


def test_called_as_in_the_negotiation():
    """With the pseudonyms of the negotiation, each carrier reads jobs and places as its agent was asked about them."""
    freeze, settlement = little("contract_net")

    def names(company):
        return Pseudonyms(b"secret of the negotiation", company, freeze.market)

    made = proposals(freeze, settlement, Phase.PROPOSED, names=names)
    for load in settlement.loads:
        carrier = load.carrier.removeprefix("companies/")
        (told,) = [x for x in made[carrier].carrier_part.loads if len(x.stops) == len(load.stops)]
        for stop, said in zip(load.stops, told.stops, strict=True):
            assert [names(load.carrier).meant("job", j) for j in said.pickups] == list(stop.pickups)
            assert names(load.carrier).meant("place", said.place) == stop.site


def test_emissions():
    """Transport and what it would have been alone are told to the owner, where the built-in participant knows it."""
    freeze = pool.frozen()
    parties = built_in(freeze)
    alone = alone_kgco2e(freeze, parties)
    assert set(alone) == set(freeze.market.shipments)
    made = proposals(freeze, negotiated(freeze), Phase.PROPOSED, alone_kgco2e=alone)
    told = [o for p in made.values() for o in p.owner_part.orders]
    assert all(o.alone_kgco2e == alone[o.order] > 0 for o in told)
    assert all(o.transport_kgco2e > 0 for o in told)
    remote = pool.frozen(remote={"companies/acme": [companies_pb2.ROLE_SHIPPER]})
    assert not any(s.startswith("companies/acme/") for s in alone_kgco2e(remote, built_in(remote)))


def test_promises():
    """Of a promise its owner reads which orders, its carrier at what price; whom it binds to, both after commitment."""
    small = small_market(46, factories=2, shipments=4, hubs=1, carriers=2)
    freeze = freeze_of(small, small.market)
    shipment = next(iter(small.market.shipments.values()))
    carrier = next(iter(small.market.carriers))
    from agents.promise import Promise
    from agents.settlement import Left, LeftStatus

    day = small.market.start.replace(day=small.market.start.day + 1)
    market = replace(small.market, later=(day,))
    freeze = replace(freeze, market=market)
    settlement = negotiated(freeze_of(small, small.market, "standalone"))
    promise = Promise("x/1", shipment.owner, carrier, (shipment,), market.start, day, 12_345, 0, 1)
    left = [r for r in settlement.left if r.shipment != shipment.id]
    settlement = replace(
        settlement,
        promises=(promise,),
        left=(*left, Left(shipment.id, LeftStatus.HELD, "it is promised", 1440.0)),
    )
    proposed, after = (proposals(freeze, settlement, phase) for phase in PHASES)
    owner_s, carrier_s = proposed[shipment.owner].owner_part.promises, proposed[carrier].carrier_part.promises
    assert [list(p.orders) for p in (*owner_s, *carrier_s)] == [[shipment.id], []]
    assert {p.promise_id for p in (*owner_s, *carrier_s)} == {owner_s[0].promise_id}
    assert {p.price_cents for p in (*owner_s, *carrier_s)} == {12_345}
    assert (owner_s[0].carrier, carrier_s[0].owner) == ("", "")
    assert after[shipment.owner].owner_part.promises[0].carrier == carrier
    assert after[carrier].carrier_part.promises[0].owner == shipment.owner
    held = next(o for o in proposed[shipment.owner].owner_part.orders if o.order == shipment.id)
    assert held.outcome == proposals_pb2.OUTCOME_HELD
    assert held.held_until.ToDatetime(day.tzinfo) == day


def test_a_fee_rule_without_a_payer_here():
    """A fee of another role is nobody's in a part that has not this role."""
    freeze, settlement = little("trustee")
    charged = replace(freeze, fees=(FeeRule("hub", SeatRole.HUB, cents_per_shipment=9),))
    assert proposals(charged, settlement, Phase.AFTER) == proposals(freeze, settlement, Phase.AFTER)


def test_what_is_reserved_for_a_later_day_is_told_to_whom_it_concerns():
    """A provider reads what is reserved with it, an owner its part of the price; neither anything of another's."""
    small = small_market(TWO_HAULIERS, **LIVELY)
    owners, carriers = sorted(small.market.owners), sorted({v.carrier for v in small.market.vehicles.values()})
    assert len(carriers) == 2
    of = {c: min(v for v, kind in small.market.vehicles.items() if kind.carrier == c) for c in carriers}
    reserving = tuple(
        Reserved(f"p-{n}", c, Good.VEHICLE, of[c], 1, 10_001 + n, 0, 20_000, {owners[n]: 1.0}, {owners[n]: 50 + n})
        for n, c in enumerate(carriers)
    )
    start = small.market.start
    freeze = replace(
        freeze_of(small, small.market),
        reserving=reserving,
        reserving_from=start + timedelta(days=1),
        reserving_to=start + timedelta(days=1, hours=16),
    )
    made = proposals(freeze, negotiated(freeze_of(small, small.market)), Phase.PROPOSED)
    for n, carrier in enumerate(carriers):
        (told,) = made[carrier].carrier_part.reserving
        assert (told.good, told.quantity, told.price_cents, told.settled) == (of[carrier], 1, 10_001 + n, False)
        assert told.day.day == (start + timedelta(days=1)).day
        part = made[owners[n]].owner_part
        assert (part.reserving_cents, part.expected_saving_cents) == (10_001 + n, 50 + n)
        assert part.reservation_cents == 0
        assert not {line.line for line in part.lines} & {"reservation", "release"}
