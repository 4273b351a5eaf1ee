"""What a pool's records come to: a market that everybody can negotiate, and who stays out of it and why."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from google.type import date_pb2

from agents.messages import Topic
from agents.promise import Promise
from agents.records import dumps, loads
from agents.synchronize import replayed, synchronize
from groupage.errors import InputError, PolicyError
from groupage.v1 import audits_pb2, companies_pb2, fleets_pb2, negotiation_pb2, rulebooks_pb2, tariffs_pb2
from logistics import Temperature
from server.market import SeatRole, built_in, freeze_from, freeze_text, without
from server.names import split
from tests.agents.markets import START
from tests.agents.reserved import reserved_market
from tests.server.wire import pool
from tests.server.wire.freezes import freeze_of, negotiated

SWIFT_RIGID = pool.name("swift", "vehicleTypes", "rigid")


def test_ids_are_resource_names():
    """What the engine calls a thing is its resource name, so that two companies' things are never one."""
    freeze = pool.frozen()
    m = freeze.market
    names = [*m.shipments, *m.sites, *m.vehicles, *m.hubs, *(s.owner for s in m.shipments.values())]
    assert all(split(name) for name in names)
    assert len(m.shipments) == 9
    assert freeze.left_out == {}


def test_a_market_is_not_private():
    """Stakes and rates stay beside the market: nothing of them is in it."""
    freeze = pool.frozen()
    text = dumps(freeze.market)
    assert "12.345678" not in text
    assert freeze.stakes[pool.name("acme", "orders", "o0")].lateness_eur_per_hour == 12.345678
    assert freeze.operating_costs[SWIFT_RIGID].per_km_eur == 0.6
    assert freeze.hub_costs[pool.name("north", "hubs", "main")].handling_eur_per_pallet == 1.5


def test_reloading():
    """A freeze read back is the same to the last bit, and its participants say the same."""
    freeze = pool.frozen(rulebook=pool.rulebook("combinatorial_auction"))
    back = freeze_from(freeze_text(freeze))
    assert back.market.digest == freeze.market.digest
    assert back.policy.digest == freeze.policy.digest
    assert freeze_text(back) == freeze_text(freeze)
    outcomes = [synchronize(f.market, built_in(f), f.policy, f.seed) for f in (freeze, back)]
    assert dumps(outcomes[0]) == dumps(outcomes[1])
    record = loads(dumps(outcomes[0].transcript))
    assert replayed(back.market, back.policy, record).settlement == outcomes[0].settlement


@pytest.mark.parametrize("seed", range(5))
def test_reloading_what_was_reserved(seed):
    """The same with hubs, call-up prices and capacity that was reserved ahead."""
    freeze = freeze_of(*reserved_market(seed, factories=2, shipments=5, hubs=1, carriers=2))
    back = freeze_from(freeze_text(freeze))
    assert back.market.digest == freeze.market.digest
    assert negotiated(back) == negotiated(freeze)


def test_a_freeze_that_was_touched():
    """One that was changed since, or comes from a machine that reckons otherwise, is refused."""
    text = freeze_text(pool.frozen())
    with pytest.raises(InputError, match="another market"):
        freeze_from(text.replace('"pallets":4.0', '"pallets":4.5', 1))
    with pytest.raises(InputError, match="same CPU type"):
        freeze_from(text.replace('"circuity":1.3', '"circuity":1.4', 1))
    for broken in ("{}", "[]", text[:-9], json.dumps({"freeze": 1})):
        with pytest.raises(InputError):
            freeze_from(broken)


def test_who_speaks_for_whom():
    """An own agent answers the topics of the roles that it speaks in; the built-in one stands behind it."""
    freeze = pool.frozen(
        remote={"companies/swift": [companies_pb2.ROLE_CARRIER]}, sits_out=["companies/swift"], hubs=[pool.hub()]
    )
    assert freeze.is_remote("companies/swift", Topic.QUOTES)
    assert not freeze.is_remote("companies/swift", Topic.OFFER)
    assert not freeze.is_remote("companies/tempo", Topic.QUOTES)
    assert freeze.seats["companies/swift"].sits_out
    assert freeze.seats[pool.name("north", "hubs", "main")].roles == {SeatRole.HUB}
    assert set(built_in(freeze)) == set(freeze.seats)


def test_costs_that_stay_at_home():
    """Who tells no rates drives only by its own agent; the built-in one sells none of its vehicles."""
    fleet = [pool.vehicle("swift", "rigid", rates=False), pool.vehicle("tempo", "rigid")]
    silent = pool.frozen(vehicle_types=fleet)
    assert "no rates" in silent.left_out[SWIFT_RIGID]
    assert set(silent.market.carriers) == {"companies/tempo"}
    remote = pool.frozen(vehicle_types=fleet, remote={"companies/swift": [companies_pb2.ROLE_CARRIER]})
    assert set(remote.market.carriers) == {"companies/swift", "companies/tempo"}
    assert SWIFT_RIGID not in remote.operating_costs
    assert {load.carrier for load in negotiated(remote).loads} == {"companies/tempo"}


def test_roles_decide():
    """A member takes part as what it joined: a carrier's orders and a shipper's vehicles are in no market."""
    orders = pool.orders()
    base = pool.site("acme", "base", 4, 51.4, 6.7)
    freeze = pool.frozen(orders=orders, vehicle_types=[pool.vehicle("acme", "rigid")], sites=[*pool.sites(), base])
    assert freeze.market.vehicles == {}
    assert set(freeze.companies) == {f"companies/{c}" for c in (*pool.SHIPPERS, "north")}
    assert pool.frozen(members=pool.members("acme")).market.owners == ("companies/bolt", "companies/core")


def test_capacity():
    """A capacity offer goes before the master data, and what is committed already is not there any more."""
    offer = negotiation_pb2.CapacityOffer()
    offer.vehicles.add(vehicle_type=SWIFT_RIGID, count=2)
    offered = pool.frozen(capacity_offers={"companies/swift": offer})
    assert offered.market.vehicles[SWIFT_RIGID].count == 2
    assert pool.frozen(held={SWIFT_RIGID: 3}).market.vehicles[SWIFT_RIGID].count == 1
    gone = pool.frozen(
        held={SWIFT_RIGID: 2, pool.name("north", "hubs", "main"): 4}, capacity_offers={"companies/swift": offer}
    )
    assert SWIFT_RIGID not in gone.market.vehicles
    assert gone.market.hubs == {}
    assert {SWIFT_RIGID, pool.name("north", "hubs", "main")} == set(gone.left_out)


def test_one_bad_record_stops_nobody():
    """What does not fit stays out with its reason, for its company; everybody else negotiates."""
    orders = pool.orders()
    orders[0].destination = pool.name("acme", "sites", "nowhere")
    orders[1].ready_at.seconds = 10**15
    sites = pool.sites()
    next(s for s in sites if s.name.endswith("bolt/sites/client-0")).time_zone = "Mars/Olympus"
    fleet = [pool.vehicle(c, "rigid") for c in pool.CARRIERS]
    fleet += [
        pool.vehicle("swift", "odd", emission_class="steam"),
        fleets_pb2.VehicleType(name=pool.name("swift", "vehicleTypes", "lost"), base="companies/swift/sites/x", body=1),
    ]
    freeze = pool.frozen(orders=orders, sites=sites, vehicle_types=fleet)
    assert len(freeze.market.shipments) == 6
    said = freeze.left_out
    assert "nowhere" in said[orders[0].name]
    assert "ready_at" in said[orders[1].name]
    assert "time_zone" in said[pool.name("bolt", "sites", "client-0")]
    assert "client-0" in said[pool.name("bolt", "orders", "o0")]
    assert "emission_class" in said[pool.name("swift", "vehicleTypes", "odd")]
    assert "base" in said[pool.name("swift", "vehicleTypes", "lost")] or "sites" in said[fleet[-1].name]
    assert len(negotiated(freeze).pooled) == 6


def test_audits():
    """Where the rulebook asks for an audit, sites at which members work without one stay out; clients' do not count."""
    book = pool.rulebook()
    book.required_audits.append("SQAS")
    works = [("acme", "plant"), ("core", "plant"), ("tempo", "base"), ("north", "dock")]
    audits = [pool.audit(c, last) for c, last in works]
    audits.append(pool.audit("bolt", "plant", result=audits_pb2.AUDIT_RESULT_FAILED))
    audits.append(pool.audit("swift", "base", verified=False))
    audits[0].expires_on.CopyFrom(date_pb2.Date(year=2026, month=3, day=2))
    audits[1].expires_on.CopyFrom(date_pb2.Date(year=2026, month=3, day=1))
    freeze = pool.frozen(rulebook=book, audits=audits)
    assert freeze.market.owners == ("companies/acme",)
    assert set(freeze.market.vehicles) == {pool.name("tempo", "vehicleTypes", "rigid")}
    assert set(freeze.market.hubs) == {pool.name("north", "hubs", "main")}
    assert "has failed" in freeze.left_out[pool.name("bolt", "orders", "o0")]
    assert "expired on 2026-03-01" in freeze.left_out[pool.name("core", "orders", "o0")]
    assert "passed no SQAS" in freeze.left_out[SWIFT_RIGID]


def test_certificates():
    """A carrier without a verified certificate of that day does not carry goods that need one."""
    orders = pool.orders()
    for order in orders:
        order.handling.adr_labels.append("3")
    held = [pool.certificate("swift", "ADR", 2025), pool.certificate("tempo", "ADR", 2026)]
    freeze = pool.frozen(orders=orders, certificates=held)
    assert {load.carrier for load in negotiated(freeze).loads} == {"companies/tempo"}
    nobody = pool.frozen(orders=orders, certificates=[pool.certificate("tempo", "ADR", 2026, verified=False)])
    assert negotiated(nobody).pooled == frozenset()


def test_contracts_and_baselines():
    """Public prices are those that the rulebook froze; a contract is its owner's, on the days on which it runs."""
    contract = tariffs_pb2.Tariff(name=pool.name("acme", "tariffs", "own"))
    contract.contract.vehicle_type = pool.name("tempo", "vehicleTypes", "rigid")
    contract.contract.prices.CopyFrom(pool.operating_rates(1, 0.1, 1))
    contract.contract.committed_vehicles = 1
    old = tariffs_pb2.Tariff()
    old.CopyFrom(contract)
    old.name = pool.name("acme", "tariffs", "old")
    old.valid_until.CopyFrom(date_pb2.Date(year=2026, month=3, day=1))
    freeze = pool.frozen(tariffs=[contract, old, *pool.baseline("acme")])
    assert [c.id for c in freeze.incumbents] == [contract.name]
    assert {t.id for t in freeze.market.tariffs.groupage} == {pool.name("swift", "tariffs", "groupage")}
    cheap = negotiated(freeze).standalone_cents["companies/acme"]
    assert cheap < negotiated(pool.frozen()).standalone_cents["companies/acme"]


def test_carriers_outside_the_pool():
    """A public tariff of a carrier that is no member prices going alone; nobody asks that carrier to drive."""
    freeze = pool.frozen(members=pool.members("tempo"))
    assert set(freeze.market.carriers) == {"companies/swift"}
    assert "companies/tempo" in freeze.carriers
    assert [t.vehicle for t in freeze.market.tariffs.dedicated] == [pool.name("tempo", "vehicleTypes", "rigid")]
    settlement = negotiated(freeze)
    assert {load.carrier for load in settlement.loads} == {"companies/swift"}
    assert all(settlement.standalone_cents.values())


def test_a_rulebook_under_which_nobody_can_negotiate():
    """A policy, fee or grant that does not fit is an error that names the field."""
    for book, said in (
        (pool.rulebook("contract_net", rounds_of_golf=1), "protocol"),
        (pool.rulebook("tombola"), "protocol"),
    ):
        with pytest.raises(PolicyError, match=said):
            pool.frozen(rulebook=book)
    book = pool.rulebook()
    book.fees.add(line="x", payer=companies_pb2.ROLE_CARRIER, gain_percent=5)
    with pytest.raises(PolicyError, match=r"fees\[0\].gain_percent"):
        pool.frozen(rulebook=book)
    book = pool.rulebook()
    book.visibility.grants.add(
        fact="reserve_eur", viewer=rulebooks_pb2.VIEWER_ROLE_CARRIER, phase=rulebooks_pb2.PHASE_AFTER
    )
    with pytest.raises(PolicyError, match=r"grants\[0\].fact"):
        pool.frozen(rulebook=book)


def test_without_an_owner():
    """After an owner declined, its shipments and all that is private to it have left; the others negotiate anew."""
    freeze = pool.frozen()
    rest = without(freeze, ["companies/acme"])
    assert rest.market.owners == ("companies/bolt", "companies/core")
    assert rest.market.digest != freeze.market.digest
    assert "companies/acme" not in rest.seats
    assert not any("companies/acme/" in key for part in (rest.stakes, rest.papers) for key in part)
    assert rest.market.vehicles == freeze.market.vehicles
    assert freeze_from(freeze_text(rest)).market.digest == rest.market.digest
    assert {leg.shipment.split("/")[1] for leg in negotiated(rest).legs} <= {"bolt", "core"}


def test_without_a_carrier():
    """After a carrier declined, its vehicles have left, and no message is for it; its frozen tariff still counts."""
    freeze = pool.frozen()
    rest = without(freeze, ["companies/swift", "companies/north"])
    assert set(rest.market.vehicles) == {pool.name("tempo", "vehicleTypes", "rigid")}
    assert rest.market.hubs == {}
    outcome = synchronize(rest.market, built_in(rest), rest.policy, rest.seed)
    assert "companies/swift" not in {m.receiver for m in outcome.transcript.messages()}
    before, after = negotiated(freeze), outcome.settlement
    assert after.standalone_cents == before.standalone_cents
    nobody = without(rest, ["companies/tempo"])
    assert negotiated(nobody).pooled == frozenset()


def test_without_whom_something_was_reserved_with():
    """What was reserved with who leaves has left too; what was reserved with others stays, whoever bears it."""
    seen = set()
    for seed in range(6):
        freeze = freeze_of(*reserved_market(seed, factories=3, shipments=6, hubs=1, carriers=2))
        for provider in {r.provider for r in freeze.market.reserved}:
            rest = without(freeze, [provider])
            assert provider not in {r.provider for r in rest.market.reserved}
            seen |= {r.provider for r in rest.market.reserved}
            negotiated(rest)
    assert seen


def test_temperatures_and_defaults():
    """What a record leaves open is as the contract says: ambient, midnight to midnight, two minutes a pallet."""
    freeze = pool.frozen()
    kind, hub = freeze.market.vehicles[SWIFT_RIGID], freeze.market.hubs[pool.name("north", "hubs", "main")]
    assert (kind.shift_open_min, kind.shift_close_min, kind.max_shift_min) == (0, 1440, None)
    assert kind.temperatures == {Temperature.AMBIENT}
    assert (hub.handling_min_per_pallet, hub.min_handling_min, hub.cutoff_min) == (2.0, 30.0, None)
    shipment = freeze.market.shipments[pool.name("acme", "orders", "o0")]
    assert shipment.due_at == shipment.window_close
    assert shipment.released_at == pool.START - timedelta(days=1)
    assert replace(shipment, stakes=None) == shipment


def test_without_a_side_of_a_promise():
    """A promise leaves with either of its sides, and its shipment stays only where its owner does."""
    freeze = pool.frozen()
    goods = freeze.market.shipments[pool.name("acme", "orders", "o0")]
    promise = Promise("1", goods.owner, "companies/swift", (goods,), START, freeze.market.start, 100, 0, 1)
    bound = replace(freeze, market=replace(freeze.market, promises=(promise,)))
    assert without(bound, ["companies/bolt"]).market.promises == (promise,)
    for side in (promise.owner, promise.carrier):
        rest = without(bound, [side]).market
        assert rest.promises == ()
        assert (goods.id in rest.shipments) == (side != goods.owner)
