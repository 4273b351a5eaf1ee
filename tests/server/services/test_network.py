from pathlib import Path

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type import date_pb2, latlng_pb2
from sqlmodel import select

from groupage.v1 import certificates_pb2, companies_pb2, fleets_pb2, hubs_pb2, sites_pb2, tariffs_pb2
from server.services.network import Network
from server.services.orders import Orders
from server.store import paging
from server.store.identities import is_suspended
from server.store.tables import ContactRow, Scoped
from server.viewer import SYSTEM
from tests.server import calling
from tests.server.calling import OPERATOR, call, company, reason, site


@pytest.fixture
def network(store):
    """The service with two companies whose names begin alike."""
    one = Network(store)
    for key in ("acme", "acme2"):
        company(one, key)
        site(one, key, "plant", zone="40")
    return one


def position():
    return latlng_pb2.LatLng(latitude=50, longitude=7)


def test_only_the_operator_enters_companies(network):
    """A company cannot make companies, nor change what it is and may do."""
    made = companies_pb2.Company(display_name="x", roles=[1], when_silent=1)
    assert reason(network, "acme", "CreateCompany", company_id="x", company=made) == "NOT_ALLOWED"
    own = call(network, "acme", "GetCompany", name="companies/acme")
    own.roles[:] = [companies_pb2.ROLE_SHIPPER]
    assert reason(network, "acme", "UpdateCompany", company=own) == "NOT_ALLOWED"
    assert call(network, OPERATOR, "UpdateCompany", company=own).roles == [companies_pb2.ROLE_SHIPPER]
    assert reason(network, OPERATOR, "CreateCompany", company_id="acme", company=made) == "NAME_TAKEN"


def test_the_operator_suspends_a_company_and_lets_it_go_on(network, store):
    """Only the operator says where a company stands; an update that does not say it leaves it as it is."""
    own = call(network, "acme", "GetCompany", name="companies/acme")
    assert own.state == companies_pb2.Company.ACTIVE
    own.state, own.etag = companies_pb2.Company.SUSPENDED, ""
    assert reason(network, "acme", "UpdateCompany", company=own) == "NOT_ALLOWED"
    changed = call(network, OPERATOR, "UpdateCompany", company=own, update_mask=FieldMask(paths=["state"]))
    assert changed.state == companies_pb2.Company.SUSPENDED
    assert store.look(SYSTEM, lambda s: is_suspended(s, "acme"))
    assert not store.look(SYSTEM, lambda s: is_suspended(s, "acme2"))
    changed.ClearField("state")
    assert call(network, OPERATOR, "UpdateCompany", company=changed).state == companies_pb2.Company.SUSPENDED
    own.state = companies_pb2.Company.ACTIVE
    assert call(network, OPERATOR, "UpdateCompany", company=own).state == companies_pb2.Company.ACTIVE
    assert not store.look(SYSTEM, lambda s: is_suspended(s, "acme"))


def test_what_is_anothers_does_not_exist(network):
    """Get, update, delete and list of another's resources tell nothing: not even that they are there."""
    theirs = call(network, "acme2", "GetSite", name="companies/acme2/sites/plant")
    assert reason(network, "acme", "GetSite", name=theirs.name) == "RESOURCE_NOT_FOUND"
    assert reason(network, "acme", "UpdateSite", site=theirs) == "RESOURCE_NOT_FOUND"
    assert reason(network, "acme", "DeleteSite", name=theirs.name) == "RESOURCE_NOT_FOUND"
    assert reason(network, "acme", "GetCompany", name="companies/acme2") == "RESOURCE_NOT_FOUND"
    new = sites_pb2.Site(kind=1, position=position())
    assert reason(network, "acme", "CreateSite", parent="companies/acme2", site=new) == "RESOURCE_NOT_FOUND"
    assert reason(network, "acme", "CreateSite", parent="companies/none", site=new) == "RESOURCE_NOT_FOUND"
    assert list(call(network, "acme", "ListSites", parent="companies/acme2").sites) == []
    assert [c.name for c in call(network, "acme", "ListCompanies").companies] == ["companies/acme"]


def test_an_etag_guards_against_who_was_faster(network):
    """With the etag that was read it works once; with an older one it is refused and nothing changes."""
    one = call(network, "acme", "GetSite", name="companies/acme/sites/plant")
    one.display_name = "first"
    call(network, "acme", "UpdateSite", site=one)
    one.display_name = "second"
    assert reason(network, "acme", "UpdateSite", site=one) == "ETAG_MISMATCH"
    assert call(network, "acme", "GetSite", name=one.name).display_name == "first"
    assert reason(network, "acme", "DeleteSite", name=one.name, etag="v1") == "ETAG_MISMATCH"


def test_masks_change_what_they_name(network):
    """Named fields are taken, others stay; what is not set is cleared only by name; own fields and none are refused."""
    one = call(network, "acme", "GetSite", name="companies/acme/sites/plant")
    one.display_name, one.zone = "new", "changed"
    call(network, "acme", "UpdateSite", site=one, update_mask=FieldMask(paths=["display_name"]))
    after = call(network, "acme", "GetSite", name=one.name)
    assert (after.display_name, after.zone) == ("new", "40")
    after.zone = ""
    assert call(network, "acme", "UpdateSite", site=after).zone == "40"
    assert (
        call(
            network,
            "acme",
            "UpdateSite",
            site=call(network, "acme", "GetSite", name=one.name)
            and sites_pb2.Site(name=one.name, kind=after.kind, position=position()),
            update_mask=FieldMask(paths=["*"]),
        ).zone
        == ""
    )
    for path in ("create_time", "etag", "nothing"):
        wrong = {"site": sites_pb2.Site(name=one.name), "update_mask": FieldMask(paths=[path])}
        assert reason(network, "acme", "UpdateSite", **wrong) == "MASK_INVALID"


def test_validate_only_checks_and_stores_nothing(network, store):
    """It answers what would be answered, with the same refusals."""
    new = sites_pb2.Site(kind=1, position=position(), gln="4000001000005")
    asked = {"parent": "companies/acme", "site_id": "new", "site": new, "validate_only": True}
    assert call(network, "acme", "CreateSite", **asked).name == "companies/acme/sites/new"
    assert reason(network, "acme", "GetSite", name="companies/acme/sites/new") == "RESOURCE_NOT_FOUND"
    assert reason(network, "acme", "CreateSite", **{**asked, "site_id": "plant"}) == "NAME_TAKEN"


@pytest.mark.parametrize(
    ("name", "fields", "told"),
    [
        ("CreateSite", {"site": sites_pb2.Site(kind=1, gln="4000001000005")}, "GLN_TAKEN"),
        ("CreateSite", {"site": sites_pb2.Site(kind=1, time_zone="Mars/Base")}, "TIME_ZONE_UNKNOWN"),
        ("CreateHub", {"hub": hubs_pb2.Hub(site="companies/acme2/sites/plant")}, "SITE_UNKNOWN"),
        ("CreateHub", {"hub": hubs_pb2.Hub(site="companies/acme/sites/none")}, "SITE_UNKNOWN"),
        (
            "CreateVehicleType",
            {"vehicle_type": fleets_pb2.VehicleType(base="companies/acme2/sites/plant")},
            "SITE_UNKNOWN",
        ),
        (
            "CreateVehicleType",
            {"vehicle_type": fleets_pb2.VehicleType(base="companies/acme/sites/plant", emission_class="coal")},
            "EMISSION_CLASS_UNKNOWN",
        ),
        (
            "CreateTariff",
            {
                "tariff": tariffs_pb2.Tariff(
                    dedicated=tariffs_pb2.DedicatedTerms(vehicle_type="companies/acme2/vehicleTypes/x")
                )
            },
            "VEHICLE_TYPE_UNKNOWN",
        ),
    ],
)
def test_what_names_nothing_of_ones_own_is_refused_by_its_reason(network, name, fields, told):
    """What is another's is refused in the same words as what does not exist."""
    site(network, "acme", "other", gln="4000001000005")
    assert reason(network, "acme", name, parent="companies/acme", **fields) == told


def test_roles_decide_what_a_company_may_have(network):
    """A hub needs the role of a hub, a public price list that of a carrier, a contract that of a shipper."""
    company(network, "only", companies_pb2.ROLE_SHIPPER)
    site(network, "only", "plant")
    hub = hubs_pb2.Hub(site="companies/only/sites/plant", dock_slots_per_hour=1)
    assert reason(network, "only", "CreateHub", parent="companies/only", hub=hub) == "ROLE_MISSING"
    public = tariffs_pb2.Tariff(groupage=tariffs_pb2.GroupageTerms())
    assert reason(network, "only", "CreateTariff", parent="companies/only", tariff=public) == "ROLE_MISSING"


def test_a_site_that_something_names_is_not_deleted(network, store):
    """An open order, a hub and a vehicle type hold their site; without them it goes."""
    orders = Orders(store)
    for name in ("client", "dock", "base"):
        site(network, "acme", name)
    hub = hubs_pb2.Hub(site="companies/acme/sites/dock", dock_slots_per_hour=1)
    made = call(network, "acme", "CreateHub", parent="companies/acme", hub_id="h", hub=hub)
    rigid = fleets_pb2.VehicleType(body=2, base="companies/acme/sites/base", count=1)
    call(network, "acme", "CreateVehicleType", parent="companies/acme", vehicle_type_id="v", vehicle_type=rigid)
    placed = call(orders, "acme", "CreateOrder", parent="companies/acme", order=calling.order("acme", "1"))
    for name in ("plant", "client", "dock", "base"):
        assert reason(network, "acme", "DeleteSite", name=f"companies/acme/sites/{name}") == "RESOURCE_IN_USE"
    call(orders, "acme", "CancelOrder", name=placed.name)
    call(network, "acme", "DeleteHub", name=made.name)
    for name in ("plant", "dock"):
        call(network, "acme", "DeleteSite", name=f"companies/acme/sites/{name}")
        assert reason(network, "acme", "GetSite", name=f"companies/acme/sites/{name}") == "RESOURCE_NOT_FOUND"


def test_costs_are_shown_to_nobody_else_not_even_the_operator(network):
    """Rates of hubs and vehicles are their company's alone."""
    hub = hubs_pb2.Hub(site="companies/acme/sites/plant", dock_slots_per_hour=1)
    hub.rates.slot_eur_micros = 4711
    made = call(network, "acme", "CreateHub", parent="companies/acme", hub_id="h", hub=hub)
    assert made.rates.slot_eur_micros == 4711
    assert not call(network, OPERATOR, "GetHub", name=made.name).HasField("rates")
    rigid = fleets_pb2.VehicleType(body=2, base="companies/acme/sites/plant", count=1)
    rigid.rates.fixed_eur_micros = 4711
    truck = call(network, "acme", "CreateVehicleType", parent="companies/acme", vehicle_type_id="v", vehicle_type=rigid)
    (seen,) = call(network, OPERATOR, "ListVehicleTypes", parent="companies/acme").vehicle_types
    assert truck.HasField("rates")
    assert not seen.HasField("rates")


def test_people_stand_in_one_place_and_go_from_there(network, store):
    """Contacts are the company's and the operator's to see; erased, nothing of them is left in any table."""
    own = call(network, "acme", "GetCompany", name="companies/acme")
    own.contacts.add(display_name="Nobody Known", email="nobody.known@example.org", purpose="dispatch")
    changed = call(network, "acme", "UpdateCompany", company=own)
    assert changed.contacts[0].email == "nobody.known@example.org"
    again = call(network, "acme", "UpdateCompany", company=changed, update_mask=FieldMask(paths=["display_name"]))
    assert len(again.contacts) == 1

    def tables_with(what):
        tables = Scoped.__subclasses__()
        rows = {t: store.look(SYSTEM, lambda s, t=t: s.exec(select(t)).all()) for t in tables}
        return [t for t in tables if any(what in repr(r.model_dump()).lower() for r in rows[t])]

    assert tables_with("nobody.known") == [ContactRow]
    if store.url.startswith("sqlite"):
        assert b"nobody.known" in files_of(store)
    rehearsed = call(network, "acme", "UpdateCompany", company=again, validate_only=True)
    assert rehearsed.contacts == again.contacts
    del again.contacts[:]
    call(network, "acme", "UpdateCompany", company=again, update_mask=FieldMask(paths=["contacts"]))
    assert tables_with("nobody.known") == []
    assert store.look(SYSTEM, lambda s: s.exec(select(ContactRow)).all()) == []
    if store.url.startswith("sqlite"):
        assert b"nobody.known" not in files_of(store)


def files_of(store):
    """All bytes of an SQLite store on disk, once what is in the log is in the file."""
    with store.engines.writing.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path = store.url.removeprefix("sqlite:///")
    return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())


def test_an_answer_that_is_asked_for_again_has_the_people_of_now(network):
    """What is kept of a write's answer has no people; asked for again, it comes with those that are there."""
    own = call(network, "acme", "GetCompany", name="companies/acme")
    own.contacts.add(display_name="First", purpose="dispatch")
    own.etag = ""
    asked = {"company": own, "request_id": calling.fresh_id()}
    assert [c.display_name for c in call(network, "acme", "UpdateCompany", **asked).contacts] == ["First"]
    later = call(network, "acme", "GetCompany", name="companies/acme")
    later.contacts[0].display_name = "Second"
    call(network, "acme", "UpdateCompany", company=later)
    assert [c.display_name for c in call(network, "acme", "UpdateCompany", **asked).contacts] == ["Second"]


def test_verification_is_the_operators_and_goes_with_a_change(network):
    """Only the operator verifies, and only what it read; the next change takes it away."""
    given = certificates_pb2.Certificate(kind="ADR", expires_on=date_pb2.Date(year=2027, month=1, day=1), issuer="x")
    made = call(network, "acme", "CreateCertificate", parent="companies/acme", certificate_id="adr", certificate=given)
    assert not made.HasField("verify_time")
    assert reason(network, "acme", "VerifyCertificate", name=made.name, etag=made.etag) == "NOT_ALLOWED"
    assert reason(network, "acme2", "VerifyCertificate", name=made.name, etag=made.etag) == "RESOURCE_NOT_FOUND"
    assert reason(network, OPERATOR, "VerifyCertificate", name=made.name, etag="v9") == "ETAG_MISMATCH"
    verified = call(network, OPERATOR, "VerifyCertificate", name=made.name, etag=made.etag)
    assert verified.HasField("verify_time")
    verified.issuer = "y"
    assert not call(network, "acme", "UpdateCertificate", certificate=verified).HasField("verify_time")


def test_pages_follow_each_other_without_gaps(network):
    """All sites come once, in order of their names, whatever the page's size; a filter holds over pages."""
    for i in range(25):
        site(network, "acme", f"s{i:02}", zone=str(i % 2))
    for text, count in (("", 26), ('zone="1"', 12)):
        seen, page_token = [], ""
        while True:
            page = call(
                network, "acme", "ListSites", parent="companies/acme", page_size=5, filter=text, page_token=page_token
            )
            seen += [s.name for s in page.sites]
            page_token = page.next_page_token
            if not page_token:
                break
            assert len(page.sites) == 5
        assert seen == sorted(set(seen))
        assert len(seen) == count
    first = call(network, "acme", "ListSites", parent="companies/acme", page_size=5)
    other = {"parent": "companies/acme", "filter": 'zone="0"', "page_token": first.next_page_token}
    assert reason(network, "acme", "ListSites", **other) == "PAGE_TOKEN_INVALID"
    assert reason(network, "acme", "ListSites", parent="companies/acme", page_token="%%") == "PAGE_TOKEN_INVALID"
    assert reason(network, "acme", "ListSites", parent="companies/acme", filter="owner=1") == "FILTER_INVALID"


def test_a_tariff_is_found_by_which_kind_of_price_it_is(network):
    """The filter names which of the terms is set."""
    for key, terms in (
        ("g", {"groupage": tariffs_pb2.GroupageTerms()}),
        ("c", {"contract": tariffs_pb2.ContractTerms()}),
    ):
        made = tariffs_pb2.Tariff(**terms)
        call(network, "acme", "CreateTariff", parent="companies/acme", tariff_id=key, tariff=made)
    found = call(network, "acme", "ListTariffs", parent="companies/acme", filter="kind:groupage").tariffs
    assert [t.name for t in found] == ["companies/acme/tariffs/g"]


def test_whether_another_has_vehicles_is_not_told(network):
    """A contract may name any carrier's vehicle type: that there is none is not said, or fleets could be tried out."""
    company(network, "rival", companies_pb2.ROLE_CARRIER)
    told = set()
    for wanted in ("companies/rival/vehicleTypes/none", "companies/nobody/vehicleTypes/none"):
        contract = tariffs_pb2.Tariff(contract=tariffs_pb2.ContractTerms(vehicle_type=wanted))
        told.add(reason(network, "acme", "CreateTariff", parent="companies/acme", tariff=contract))
    assert told == {""}
    own = tariffs_pb2.Tariff(contract=tariffs_pb2.ContractTerms(vehicle_type="companies/acme/vehicleTypes/none"))
    assert reason(network, "acme", "CreateTariff", parent="companies/acme", tariff=own) == "VEHICLE_TYPE_UNKNOWN"


def test_numbers_of_companies_are_the_operator_s(network):
    """A company cannot find out by its own number which numbers other companies have."""
    company(network, "rival")
    taken = companies_pb2.Company(name="companies/rival", gln="4000001000005")
    call(network, OPERATOR, "UpdateCompany", company=taken, update_mask={"paths": ["gln"]})
    for gln in ("4000001000005", "4012345000009"):
        wanted = companies_pb2.Company(name="companies/acme", gln=gln)
        assert reason(network, "acme", "UpdateCompany", company=wanted, update_mask={"paths": ["gln"]}) == "NOT_ALLOWED"


@pytest.mark.parametrize("filter_", ["", "kind:SITE_KIND_CLIENT"])
def test_a_page_has_room_in_an_answer(network, monkeypatch, filter_):
    """What is large comes in pages of fewer rows than were asked for, one at least, and all of it comes."""
    for number in range(5):
        site(network, "acme", f"c{number}", display_name="x" * 200)
    monkeypatch.setattr(paging, "MOST_BYTES", 600)
    token, pages = "", []
    while token or not pages:
        answer = call(
            network, "acme", "ListSites", parent="companies/acme", page_size=1000, page_token=token, filter=filter_
        )
        pages.append([s.name.rpartition("/")[2] for s in answer.sites])
        token = answer.next_page_token
    assert all(1 <= len(page) <= 2 for page in pages)
    assert [name for page in pages for name in page] == [*(f"c{n}" for n in range(5)), "plant"]
    monkeypatch.setattr(paging, "MOST_BYTES", 1)
    assert len(call(network, "acme", "ListSites", parent="companies/acme").sites) == 1
