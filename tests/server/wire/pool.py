"""A little pool as an ERP network would enter it: three shippers, two carriers, a hub, around Duisburg."""

from datetime import UTC, datetime, timedelta

from google.type import date_pb2

from groupage.v1 import (
    audits_pb2,
    certificates_pb2,
    companies_pb2,
    fleets_pb2,
    hubs_pb2,
    members_pb2,
    orders_pb2,
    policies_pb2,
    rulebooks_pb2,
    sites_pb2,
    tariffs_pb2,
    types_pb2,
)
from server.freezing import Records, freeze

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
END = START + timedelta(hours=16)
SHIPPERS = ("acme", "bolt", "core")
CARRIERS = ("swift", "tempo")


def name(company, kind, last):
    return f"companies/{company}/{kind}/{last}"


def stamp(message, field, at):
    getattr(message, field).FromDatetime(at)


def site(company, last, kind, lat, lon, zone="47", **given):
    made = sites_pb2.Site(
        name=name(company, "sites", last), kind=kind, zone=zone, display_name=f"{company} {last} canary", **given
    )
    made.position.latitude, made.position.longitude = lat, lon
    return made


def sites():
    made = [site(c, "plant", sites_pb2.SITE_KIND_FACTORY, 51.40 + 0.02 * i, 6.70) for i, c in enumerate(SHIPPERS)]
    for i, c in enumerate(SHIPPERS):
        made += [
            site(c, f"client-{k}", sites_pb2.SITE_KIND_CLIENT, 51.75 + 0.03 * k + 0.005 * i, 7.2 + 0.02 * i, zone="48")
            for k in range(3)
        ]
    made += [site(c, "base", sites_pb2.SITE_KIND_BASE, 51.45, 6.75 + 0.05 * i) for i, c in enumerate(CARRIERS)]
    made.append(site("north", "dock", sites_pb2.SITE_KIND_HUB, 51.55, 6.95, gln="4012345000009"))
    return made


def orders(each=3):
    made = []
    for i, company in enumerate(SHIPPERS):
        for k in range(each):
            order = orders_pb2.Order(
                name=name(company, "orders", f"o{k}"),
                external_ref=f"{company}-ref-{k}",
                origins=[name(company, "sites", "plant")],
                destination=name(company, "sites", f"client-{k % 3}"),
                pallets=4.0 + i + k,
                weight_kg=1200.0 + 100 * k,
                volume_m3=8.0,
                loading_min=10.0,
                unloading_min=10.0,
                ssccs=[f"0034012345000{i}{k:03d}0"],
            )
            order.stakes.lateness_eur_micros_per_hour = 12_345_678
            stamp(order, "ready_at", START + timedelta(hours=1))
            stamp(order, "window_open", START + timedelta(hours=3))
            stamp(order, "window_close", START + timedelta(hours=12))
            stamp(order, "create_time", START - timedelta(days=1))
            made.append(order)
    return made


def vehicle(company, last, count=4, rates=True, **given):
    made = fleets_pb2.VehicleType(
        name=name(company, "vehicleTypes", last),
        body=fleets_pb2.BODY_RIGID,
        base=name(company, "sites", "base"),
        count=count,
        capacity_pallets=18,
        capacity_kg=9000,
        capacity_m3=50,
        **given,
    )
    if rates:
        made.rates.CopyFrom(operating_rates(150, 0.6, 30))
    return made


def operating_rates(fixed, per_km, per_hour):
    return types_pb2.OperatingRates(
        fixed_eur_micros=round(fixed * 1e6),
        per_km_eur_micros=round(per_km * 1e6),
        per_hour_eur_micros=round(per_hour * 1e6),
    )


def hub():
    made = hubs_pb2.Hub(name=name("north", "hubs", "main"), site=name("north", "sites", "dock"), dock_slots_per_hour=4)
    made.rates.handling_eur_micros_per_pallet = 1_500_000
    made.rates.slot_eur_micros = 5_000_000
    return made


def baseline(company="swift"):
    tariff = tariffs_pb2.Tariff(name=name(company, "tariffs", "groupage"), margin_percent=10)
    for pallets, cents in ((2, 9_000), (6, 21_000), (12, 36_000), (40, 90_000)):
        tariff.groupage.brackets.add(from_zone="*", to_zone="*", up_to_pallets=pallets, price_cents=cents)
    hire = tariffs_pb2.Tariff(name=name("tempo", "tariffs", "hire"))
    hire.dedicated.vehicle_type = name("tempo", "vehicleTypes", "rigid")
    hire.dedicated.prices.CopyFrom(operating_rates(260, 1.1, 45))
    return [tariff, hire]


def rulebook(protocol="contract_net", **params):
    book = rulebooks_pb2.Rulebook(name="pools/rhine/rulebooks/v1", version=1)
    book.policy.name = protocol
    book.policy.protocol.name = protocol
    for key, value in params.items():
        book.policy.protocol.params[key].integer = value
    for tariff in baseline():
        book.baseline_tariffs.add(tariff=tariff.name, etag="1", content=tariff)
    book.visibility.SetInParent()
    return book


def members(*leaving):
    roles = (
        {c: [companies_pb2.ROLE_SHIPPER] for c in SHIPPERS}
        | {c: [companies_pb2.ROLE_CARRIER] for c in CARRIERS}
        | {"north": [companies_pb2.ROLE_HUB]}
    )
    return [
        members_pb2.Member(name=f"pools/rhine/members/{c}", company=f"companies/{c}", roles=r)
        for c, r in roles.items()
        if c not in leaving
    ]


def certificate(company, kind, year, verified=True):
    made = certificates_pb2.Certificate(
        name=name(company, "certificates", kind.lower()), kind=kind, expires_on=date_pb2.Date(year=year, month=6, day=1)
    )
    if verified:
        stamp(made, "verify_time", START)
    return made


def audit(company, last, result=audits_pb2.AUDIT_RESULT_PASSED, scheme="SQAS", verified=True, **given):
    made = audits_pb2.Audit(
        name=name(company, "audits", last), site=name(company, "sites", last), scheme=scheme, result=result, **given
    )
    made.audited_on.CopyFrom(date_pb2.Date(year=2025, month=6, day=1))
    made.logistics.title, made.logistics.result = "logistics", audits_pb2.AUDIT_RESULT_PASSED
    if verified:
        stamp(made, "verify_time", START)
    return made


def records(**given):
    return Records(
        **(
            {
                "rulebook": rulebook(),
                "members": members(),
                "orders": orders(),
                "sites": sites(),
                "hubs": [hub()],
                "vehicle_types": [vehicle(c, "rigid") for c in CARRIERS],
            }
            | given
        )
    )


def frozen(seed=7, **given):
    return freeze(records(**given), START, END, seed)


__all__ = ["END", "START", "frozen", "policies_pb2", "records"]
