"""What is special about each kind of master data: who may make it, what it must name, what others see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import col, select

from groupage.v1 import (
    audits_pb2,
    certificates_pb2,
    companies_pb2,
    fleets_pb2,
    hubs_pb2,
    sites_pb2,
    tariffs_pb2,
)
from logistics.emissions import emission_factors
from server import names, people
from server.faults import Fault
from server.services.standard import Kind
from server.store.tables import CommitmentRow, OrderRow, Record

if TYPE_CHECKING:
    from server.store import Reading, Transaction
    from server.viewer import Viewer

# Orders in these states still need the sites that they name.
_UNFINISHED = ("OPEN", "HELD", "NEGOTIATING", "COMMITTED", "PROMISED", "IN_TRANSIT")


def _company(session: Reading, name: str) -> Any:
    row = session.get(Record, f"companies/{names.company_of(name)}")
    return companies_pb2.Company.FromString(row.body) if row else companies_pb2.Company()


def _must_have_role(tx: Transaction, name: str, *roles: Any) -> None:
    with tx.reading() as session:
        has = _company(session, name).roles
    if not set(roles) & set(has):
        raise Fault("ROLE_MISSING", metadata={"role": companies_pb2.Role.Name(roles[0])})


def _must_be_own(tx: Transaction, name: str, wanted: str, kind: str, reason: str, key: str) -> None:
    """Refuse to name what is not the same company's, in the same words as what does not exist."""
    with tx.reading() as session:
        row = session.get(Record, wanted)
    if row is None or row.kind != kind or row.company != names.company_of(name):
        raise Fault(reason, metadata={key: wanted})


def _must_be_only(tx: Transaction, kind: str, name: str, gln: str) -> None:
    if not gln:
        return
    parent = name.rsplit("/", 2)[0] if name.count("/") > 1 else ""
    query = select(Record.name).where(Record.kind == kind, Record.parent == parent, Record.key == gln)
    with tx.reading() as session:
        if session.exec(query.where(Record.name != name)).first():
            raise Fault("GLN_TAKEN", metadata={"gln": gln})


def _check_company(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    if not after.state:
        after.state = companies_pb2.Company.ACTIVE if before is None else before.state
    # A number is unique among all companies: who may try numbers would learn who else is here.
    own = ("roles", "gln", "state")
    if not viewer.operator and before is not None and any(getattr(after, f) != getattr(before, f) for f in own):
        raise Fault("NOT_ALLOWED")
    _must_be_only(tx, "company", after.name, after.gln)
    people.put(tx, names.company_of(after.name), after.contacts)
    after.ClearField("contacts")


def _with_contacts(session: Reading, message: Any) -> None:
    del message.contacts[:]
    message.contacts.extend(people.of(session, names.company_of(message.name)))


def _company_shown(viewer: Viewer, message: Any) -> None:
    if not viewer.operator and names.company_of(message.name) != viewer.company:
        seen = companies_pb2.Company(name=message.name, display_name=message.display_name, roles=message.roles)
        message.CopyFrom(seen)


def _check_site(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    if after.time_zone:
        if after.time_zone not in available_timezones():
            raise Fault("TIME_ZONE_UNKNOWN", metadata={"time_zone": after.time_zone})
        ZoneInfo(after.time_zone)
    _must_be_only(tx, "site", after.name, after.gln)


def _site_unused(tx: Transaction, viewer: Viewer, record: Record) -> None:
    company = record.company
    orders = select(OrderRow.name).where(OrderRow.company == company, col(OrderRow.state).in_(_UNFINISHED))
    names_it = (col(OrderRow.destination) == record.name) | col(OrderRow.origins).contains(
        f" {record.name} ", autoescape=True
    )
    others = select(Record).where(Record.company == company, col(Record.kind).in_(("hub", "vehicle_type")))
    with tx.reading() as session:
        used_by = session.exec(orders.where(names_it)).first()
        for row in session.exec(others):
            named = (
                hubs_pb2.Hub.FromString(row.body).site
                if row.kind == "hub"
                else fleets_pb2.VehicleType.FromString(row.body).base
            )
            used_by = used_by or (row.name if named == record.name else None)
    if used_by:
        raise Fault("RESOURCE_IN_USE", metadata={"used_by": used_by})


def _committed(tx: Transaction, good: str) -> None:
    query = select(CommitmentRow).where(CommitmentRow.good == good, col(CommitmentRow.until) > tx.now)
    with tx.reading() as session:
        row = session.exec(query).first()
    if row is not None:
        raise Fault("RESOURCE_IN_USE", metadata={"used_by": row.synchronization})


def _check_hub(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    _must_have_role(tx, after.name, companies_pb2.ROLE_HUB)
    _must_be_own(tx, after.name, after.site, "site", "SITE_UNKNOWN", "site")


def _hub_unused(tx: Transaction, viewer: Viewer, record: Record) -> None:
    _committed(tx, record.name)


def _hub_shown(viewer: Viewer, message: Any) -> None:
    if names.company_of(message.name) != viewer.company:
        message.ClearField("rates")


def _check_vehicle_type(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    _must_have_role(tx, after.name, companies_pb2.ROLE_CARRIER, companies_pb2.ROLE_SHIPPER)
    _must_be_own(tx, after.name, after.base, "site", "SITE_UNKNOWN", "site")
    if after.emission_class and after.emission_class not in emission_factors():
        raise Fault("EMISSION_CLASS_UNKNOWN", metadata={"emission_class": after.emission_class})


def _vehicle_type_unused(tx: Transaction, viewer: Viewer, record: Record) -> None:
    _committed(tx, record.name)
    with tx.reading() as session:
        for row in session.exec(select(Record).where(Record.company == record.company, Record.kind == "tariff")):
            if _hired(tariffs_pb2.Tariff.FromString(row.body)) == record.name:
                raise Fault("RESOURCE_IN_USE", metadata={"used_by": row.name})


def _vehicle_type_shown(viewer: Viewer, message: Any) -> None:
    if names.company_of(message.name) != viewer.company:
        message.ClearField("rates")
        message.ClearField("call_up")


def _hired(tariff: Any) -> str:
    kind = tariff.WhichOneof(tariff.DESCRIPTOR.oneofs[0].name)
    return str(getattr(getattr(tariff, kind), "vehicle_type", "")) if kind else ""


def _check_tariff(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    is_contract = after.HasField("contract")
    _must_have_role(tx, after.name, companies_pb2.ROLE_SHIPPER if is_contract else companies_pb2.ROLE_CARRIER)
    wanted = _hired(after)
    if not wanted:
        return
    # A contract may be for a carrier's vehicles. Whether there are any is not told: a fleet is its company's business.
    # What names none is left out of the plan (`server.freezing`).
    if not is_contract or names.company_of(wanted) == names.company_of(after.name):
        _must_be_own(tx, after.name, wanted, "vehicle_type", "VEHICLE_TYPE_UNKNOWN", "vehicle_type")


def _tariff_shown(viewer: Viewer, message: Any) -> None:
    if names.company_of(message.name) != viewer.company:
        message.ClearField("margin_percent")
        message.ClearField("contract")


def _take_verification(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    after.ClearField("verify_time")


def _check_audit(tx: Transaction, viewer: Viewer, after: Any, before: Any) -> None:
    _must_be_own(tx, after.name, after.site, "site", "SITE_UNKNOWN", "site")
    _take_verification(tx, viewer, after, before)


COMPANY = Kind(
    "company",
    companies_pb2.Company,
    "companies",
    "company",
    filters=("roles", "state", "display_name"),
    check=_check_company,
    columns=lambda m: {"state": companies_pb2.Company.State.Name(m.state), "key": m.gln},
    complete=_with_contacts,
    shown=_company_shown,
)
SITE = Kind(
    "site",
    sites_pb2.Site,
    "sites",
    "site",
    filters=("kind", "zone", "gln", "display_name"),
    check=_check_site,
    deletable=_site_unused,
    columns=lambda m: {"key": m.gln},
)
HUB = Kind(
    "hub",
    hubs_pb2.Hub,
    "hubs",
    "hub",
    filters=("site",),
    check=_check_hub,
    deletable=_hub_unused,
    shown=_hub_shown,
)
VEHICLE_TYPE = Kind(
    "vehicle_type",
    fleets_pb2.VehicleType,
    "vehicleTypes",
    "vehicle_type",
    filters=("body", "base", "temperatures"),
    check=_check_vehicle_type,
    deletable=_vehicle_type_unused,
    shown=_vehicle_type_shown,
)
TARIFF = Kind(
    "tariff",
    tariffs_pb2.Tariff,
    "tariffs",
    "tariff",
    filters=("kind", "valid_from", "valid_until"),
    check=_check_tariff,
    columns=lambda m: {"state": m.WhichOneof(m.DESCRIPTOR.oneofs[0].name) or ""},
    shown=_tariff_shown,
)
CERTIFICATE = Kind(
    "certificate",
    certificates_pb2.Certificate,
    "certificates",
    "certificate",
    filters=("kind", "expires_on"),
    check=_take_verification,
)
AUDIT = Kind(
    "audit",
    audits_pb2.Audit,
    "audits",
    "audit",
    filters=("site", "scheme", "audited_on", "result"),
    check=_check_audit,
)
