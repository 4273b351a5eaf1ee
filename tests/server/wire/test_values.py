"""The contract's resources as the engine's values: every field, exactly, and a fault names the field."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from google.type import dayofweek_pb2
from hypothesis import given
from hypothesis import strategies as st

from agents.policy import Choice, Effort, Policy
from agents.registry import built_in
from groupage.errors import InputError, PolicyError
from groupage.v1 import (
    audits_pb2,
    companies_pb2,
    fleets_pb2,
    hubs_pb2,
    orders_pb2,
    policies_pb2,
    rulebooks_pb2,
    sites_pb2,
    tariffs_pb2,
    types_pb2,
)
from logistics import Body, Temperature, to_cents
from logistics.audits import AuditResult
from logistics.compliance import ADR_LABELS
from logistics.sites import OpeningHours, SiteKind
from server.wire import fields
from server.wire.fleets import carrier, vehicle_rates, vehicle_type
from server.wire.hubs import hub, hub_rates
from server.wire.policies import fee_problems, policy, policy_message
from server.wire.shipments import company_name, shipment
from server.wire.sites import audit, site
from server.wire.tariffs import incumbent, public_tariff, valid_on
from tests.server.wire import pool

MICROS = st.integers(0, 10**12)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001
SITE = {"name": "companies/acme/sites/s", "kind": sites_pb2.SITE_KIND_CLIENT}


@given(MICROS)
def test_millionths(micros):
    """Millionths of a euro become the number whose decimal text is the very amount."""
    assert Decimal(repr(fields.eur(micros))) == Decimal(micros) / 10**6


@given(st.integers(0, 10**12))
def test_cents(cents):
    """Cents come back from EUR unchanged."""
    assert to_cents(fields.eur_of_cents(cents)) == cents
    assert Fraction(Decimal(repr(fields.eur_of_cents(cents)))) == Fraction(cents, 100)


@given(MOMENTS)
def test_moments(at):
    """A timestamp is read to the microsecond, in UTC."""
    order = orders_pb2.Order(name="companies/acme/orders/o")
    order.ready_at.FromDatetime(at)
    found = fields.moment(order, "ready_at")
    assert found == at
    assert found.utcoffset() == timedelta(0)


@given(
    st.lists(st.sampled_from(ADR_LABELS), unique=True),
    st.sampled_from(sorted(types_pb2.Temperature.values())),
    st.lists(st.sampled_from(["GDP", "IFS", "ISO"]), unique=True),
)
def test_handling(labels, temperature, certificates):
    """A handling class is one value however it is listed, and goes back to the wire as it came."""
    message = types_pb2.Handling(adr_labels=labels, temperature=temperature, certificates=certificates)
    value = fields.handling(message, "x")
    assert value == fields.handling(
        types_pb2.Handling(adr_labels=labels[::-1], temperature=temperature, certificates=certificates[::-1]), "x"
    )
    back = fields.handling_message(value)
    assert sorted(back.adr_labels) == sorted(labels)
    assert back.temperature == (temperature or types_pb2.TEMPERATURE_AMBIENT)
    assert fields.handling(back, "x") == value


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.sampled_from(["", "Europe/Berlin", "America/St_Johns", "UTC"]),
    st.none() | st.tuples(st.integers(0, 700), st.integers(701, 1440)),
    st.sets(st.integers(1, 7)),
)
def test_sites(lat, lon, zone, hours, days):
    """A site keeps its position to the last bit, its zone, and its opening hours by the day."""
    message = sites_pb2.Site(**SITE, time_zone=zone, zone="47", display_name="Client")
    message.position.latitude, message.position.longitude = lat, lon
    if hours:
        message.opening.open_min, message.opening.close_min = hours
        message.opening.weekdays.extend(days)
    value = site(message)
    assert (value.lat, value.lon, value.zone, value.name) == (lat, lon, "47", "Client")
    assert value.time_zone == (zone or "UTC")
    assert value.kind is SiteKind.CLIENT
    expected = frozenset(d - dayofweek_pb2.MONDAY for d in days) or frozenset(range(7))
    assert value.opening == (OpeningHours(*hours, expected) if hours else None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"gln": "4012345000008"}, "gln"),
        ({"kind": 0}, "kind"),
        ({"kind": 99}, "kind"),
        ({"opening": sites_pb2.OpeningHours(open_min=600, close_min=600)}, "opening"),
        ({"position": {"latitude": 91.0}}, "position"),
        ({"position": {"latitude": math.nan}}, "position"),
    ],
)
def test_faulty_sites(change, field):
    """What is wrong with a site is said by resource and field."""
    with pytest.raises(InputError) as caught:
        site(sites_pb2.Site(**(SITE | change)))
    (problem,) = caught.value.problems
    assert (problem.where, problem.column) == (SITE["name"], field)


@given(MOMENTS, st.integers(0, 10**6), st.booleans(), st.floats(0.1, 30), MICROS)
def test_orders(at, gap, told, pallets, micros):
    """An order becomes its shipment; what it leaves open is as the contract says."""
    order = orders_pb2.Order(
        name="companies/acme/orders/o",
        origins=["companies/acme/sites/a", "companies/acme/sites/b"],
        destination="companies/acme/sites/c",
        pallets=pallets,
        weight_kg=7.5,
        loading_min=3,
        freight_payer="companies/bolt",
        product="p",
    )
    later = at + timedelta(seconds=gap)
    for field, when in (("ready_at", at), ("window_open", at), ("window_close", later), ("create_time", at)):
        pool.stamp(order, field, when)
    if told:
        pool.stamp(order, "due_at", at)
        pool.stamp(order, "released_at", later)
        order.stakes.holding_eur_micros_per_pallet_day = micros
        order.stakes.paid_cents = 0
    value = shipment(order)
    assert (value.id, value.owner, value.freight_payer) == (order.name, "companies/acme", "companies/bolt")
    assert (value.origins, value.destination) == (tuple(order.origins), order.destination)
    assert (value.pallets, value.weight_kg, value.volume_m3, value.loading_min) == (pallets, 7.5, 0, 3)
    assert value.due_at == (at if told else later)
    assert value.released_at == (later if told else at)
    assert value.ready_at == max(at, value.released_at)
    if told:
        assert value.stakes.holding_eur_per_pallet_day == fields.eur(micros)
        assert value.stakes.paid_eur == 0
    else:
        assert value.stakes is None
    assert value.for_market().stakes is None


@pytest.mark.parametrize("field", ["ready_at", "window_open", "window_close"])
def test_orders_without_a_time(field):
    """An order that lacks a time that it needs is refused by field."""
    order = pool.orders()[0]
    order.ClearField(field)
    with pytest.raises(InputError, match=field):
        shipment(order)


@given(MICROS, MICROS, MICROS, MICROS, st.none() | MICROS)
def test_rates(fixed, per_km, per_hour, toll, spot):
    """A vehicle's rates are exact, and private ones that are not told are nothing, not zero."""
    message = pool.vehicle("swift", "rigid", rates=False)
    assert vehicle_rates(message) is None
    message.rates.fixed_eur_micros, message.rates.per_km_eur_micros = fixed, per_km
    message.rates.per_hour_eur_micros, message.rates.toll_eur_micros_per_km = per_hour, toll
    message.rates.SetInParent()
    if spot is not None:
        message.call_up.spot_fixed_eur_micros = spot
    costs, call_up = vehicle_rates(message)
    assert [costs.fixed_eur, costs.per_km_eur, costs.per_hour_eur, costs.toll_eur_per_km] == [
        x / 10**6 for x in (fixed, per_km, per_hour, toll)
    ]
    assert (call_up is None) == (spot is None)


def test_vehicles():
    """A vehicle type is read with its limits; absent ones are no limits."""
    message = pool.vehicle(
        "swift",
        "rigid",
        shift_open_min=300,
        shift_close_min=1800,
        max_shift_min=600,
        speed_kmh=40,
        emission_class="rigid_7.5_17t",
        temperatures=[types_pb2.TEMPERATURE_FROZEN, types_pb2.TEMPERATURE_CHILLED],
    )
    value = vehicle_type(message)
    assert (value.carrier, value.body, value.base) == ("companies/swift", Body.RIGID, message.base)
    assert (value.shift_open_min, value.shift_close_min, value.max_shift_min, value.speed_kmh) == (300, 1800, 600, 40)
    assert value.temperatures == {Temperature.FROZEN, Temperature.CHILLED}
    for change, field in (
        ({"emission_class": "steam"}, "emission_class"),
        ({"body": 0}, "body"),
        ({"shift_open_min": 1440}, "shift_close_min"),
    ):
        with pytest.raises(InputError, match=field):
            vehicle_type(pool.vehicle("swift", "rigid") if not change else _changed(message, change))


def _changed(message, change):
    copy = fleets_pb2.VehicleType()
    copy.CopyFrom(message)
    copy.ClearField("shift_close_min")
    for name, value in change.items():
        setattr(copy, name, value)
    return copy


def test_certificates():
    """Only what is verified counts, and only of the carrier itself, through its last day."""
    held = [
        pool.certificate("swift", "ADR", 2026),
        pool.certificate("swift", "ATP", 2026, verified=False),
        pool.certificate("tempo", "GDP", 2026),
    ]
    value = carrier("companies/swift", held)
    assert value.holds("ADR", date(2026, 6, 1))
    assert not value.holds("ADR", date(2026, 6, 2))
    assert not value.holds("ATP", date(2026, 1, 1))
    assert not value.holds("GDP", date(2026, 1, 1))
    held[0].expires_on.month, held[0].expires_on.day = 2, 30
    with pytest.raises(InputError, match=r"expires_on is 2026-2-30"):
        carrier("companies/swift", held)


def test_audits():
    """An audit is read with the result of its section on logistics and whether it was verified."""
    message = pool.audit("acme", "plant", result=audits_pb2.AUDIT_RESULT_CONDITIONAL)
    value = audit(message)
    assert (value.site, value.scheme, value.verified) == ("companies/acme/sites/plant", "SQAS", True)
    assert (value.result, value.logistics, value.expires_on) == (AuditResult.CONDITIONAL, AuditResult.PASSED, None)
    message.ClearField("audited_on")
    with pytest.raises(InputError, match="audited_on"):
        audit(message)


def test_hubs():
    """A hub's own terms go before the usual ones, also where they are zero; rates that are not told are nothing."""
    message = pool.hub()
    message.handling_min_per_pallet, message.cutoff_min = 0, 600
    value = hub(message)
    assert (value.handling_min_per_pallet, value.min_handling_min, value.cutoff_min) == (0, 30, 600)
    assert hub_rates(message).spot_slot_eur is None
    message.rates.spot_slot_eur_micros = 0
    assert hub_rates(message).spot_slot_eur == 0
    assert hub_rates(hubs_pb2.Hub(name=message.name)) is None


def test_tariffs():
    """Price lists, prices for hire and contracts are read with their brackets, limits and days."""
    groupage, hire = pool.baseline()
    groupage.groupage.brackets[0].up_to_kg = 500
    value = public_tariff(groupage)
    assert (value.carrier, value.margin_percent) == ("companies/swift", 10)
    assert [b.up_to_kg for b in value.brackets[:2]] == [500, math.inf]
    assert value.price_cents("1", "2", 1.5, 400) == 9000
    assert public_tariff(hire).prices.fixed_eur == 260
    contract = tariffs_pb2.Tariff(name="companies/acme/tariffs/c")
    contract.contract.vehicle_type = hire.dedicated.vehicle_type
    contract.contract.committed_vehicles = 3
    assert (incumbent(contract).max_vehicles, incumbent(contract).carrier) == (3, "companies/tempo")
    contract.contract.max_vehicles = 2
    for broken, read, field in (
        (contract, incumbent, "max_vehicles"),
        (contract, public_tariff, "terms"),
        (groupage, incumbent, "terms"),
        (tariffs_pb2.Tariff(name="companies/acme/tariffs/c"), public_tariff, "terms"),
    ):
        with pytest.raises(InputError, match=field):
            read(broken)
    hire.dedicated.vehicle_type = "companies/swift/vehicleTypes/rigid"
    with pytest.raises(InputError, match="same company"):
        public_tariff(hire)
    groupage.valid_from.CopyFrom(fields.date_message(date(2026, 3, 1)))
    assert not valid_on(groupage, date(2026, 2, 28))
    assert valid_on(groupage, date(2026, 3, 1))


PARAMS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
    st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.text(max_size=9),
    max_size=4,
)


@given(PARAMS)
def test_parameters(params):
    """Each parameter keeps value and type over the wire: whole numbers, others, words, yes and no."""
    value = Policy(name="p", protocol=Choice(name="standalone", params=params))
    message = policies_pb2.Policy.FromString(policy_message(value).SerializeToString())
    read = {k: getattr(p, p.WhichOneof("value")) for k, p in message.protocol.params.items()}
    assert read == params
    assert {k: type(v) for k, v in read.items()} == {k: type(v) for k, v in params.items()}


@pytest.mark.parametrize("protocol", sorted(built_in("protocols")))
@pytest.mark.parametrize("sharing", sorted(built_in("sharing")))
def test_policies(protocol, sharing):
    """A policy comes back from the wire with the engine's digest."""
    value = Policy(
        name="x",
        protocol=Choice(name=protocol),
        sharing=Choice(name=sharing),
        bidding=Choice(name="markup", params={"percent": 6.0}),
        effort=Effort(coalitions=77),
    )
    assert policy(policy_message(value)).digest == value.digest


def test_defaults_of_a_policy():
    """What a policy leaves open has the engine's defaults."""
    message = policies_pb2.Policy(name="x")
    message.protocol.name = "contract_net"
    assert policy(message) == Policy(name="x", protocol=Choice(name="contract_net"))


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("protocol", "tombola", "protocol"),
        ("sharing", "all_mine", "sharing"),
        ("forecaster", "tea_leaves", "forecaster"),
    ],
)
def test_faulty_policies(kind, name, said):
    """An unknown strategy, parameter or budget is named by its field."""
    message = policies_pb2.Policy(name="x")
    message.protocol.name = "contract_net"
    getattr(message, kind).name = name
    with pytest.raises(PolicyError) as caught:
        policy(message)
    assert caught.value.problems[0].column == said


def test_more_faulty_policies():
    """So are a missing protocol, a parameter without a value, and a budget out of range."""
    with pytest.raises(PolicyError, match="protocol"):
        policy(policies_pb2.Policy(name="x"))
    message = policies_pb2.Policy(name="x")
    message.protocol.name = "contract_net"
    message.bidding.name = "markup"
    message.bidding.params["percent"].SetInParent()
    with pytest.raises(PolicyError, match=r"bidding\.params\.percent"):
        policy(message)
    message.bidding.params["percent"].number = 5
    message.effort.coalitions = 0
    with pytest.raises(PolicyError, match="coalitions"):
        policy(message)


def test_fees_that_nobody_can_reckon():
    """A fee on what a carrier or hub gains is refused: only it knows what its work costs it."""
    book = rulebooks_pb2.Rulebook()
    book.fees.add(line="a", payer=companies_pb2.ROLE_SHIPPER, gain_percent=5)
    book.fees.add(line="b", payer=companies_pb2.ROLE_HUB, cents_per_shipment=5)
    assert fee_problems(book) == []
    book.fees.add(line="c", payer=companies_pb2.ROLE_HUB, gain_percent=5)
    assert [p.column for p in fee_problems(book)] == ["fees[2].gain_percent"]


def test_companies():
    """A resource's company is read by segment: one name never begins another."""
    assert company_name("companies/acme2/orders/1") == "companies/acme2"
    assert company_name("companies/acme") == "companies/acme"
