import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from google.longrunning import operations_pb2
from google.protobuf import json_format
from google.protobuf.field_mask_pb2 import FieldMask
from google.type import date_pb2

from agents.policy import Choice, Policy
from groupage.v1 import (
    companies_pb2,
    demand_pb2,
    forecasts_pb2,
    members_pb2,
    pools_pb2,
    proposals_pb2,
    rulebooks_pb2,
    synchronizations_pb2,
    tariffs_pb2,
)
from server import exports, pools
from server import synchronization as steps
from server.faults import Fault
from server.forecast_models import FORECAST_MODEL
from server.services import standard
from server.services.network import Network
from server.services.orders import Orders
from server.services.pools import Pools
from server.services.synchronizations import _members
from server.store import Store
from server.store.tables import Record
from server.viewer import Viewer, calls
from server.wire.policies import policy_message
from tests.server import calling
from tests.server.calling import OPERATOR, call, company, reason, site

Member, Pool, Rulebook = members_pb2.Member, pools_pb2.Pool, rulebooks_pb2.Rulebook
POOL = "pools/rhine"


@pytest.fixture
def world(store):
    """Three companies, of which the first two are invited to a pool."""

    class World:
        network, pools, orders = Network(store), Pools(store), Orders(store)
        base = store

    for key in ("acme", "acme2", "swift"):
        company(World.network, key)
        site(World.network, key, "plant")
    call(World.pools, OPERATOR, "CreatePool", pool_id="rhine", pool=Pool(display_name="Rhine"))
    for key in ("acme", "acme2"):
        invite(World, key)
    return World


def invite(world, key):
    member = Member(company=f"companies/{key}", roles=[companies_pb2.ROLE_SHIPPER])
    return call(world.pools, OPERATOR, "InviteMember", parent=POOL, member=member)


def propose(world, seconds=3600, **fields):
    agreed = policy_message(Policy(name="rhine", protocol=Choice(name="contract_net")))
    book = Rulebook(policy=agreed, **{"exit_notice_days": 2, **fields})
    book.liability.terms_uri, book.liability.terms_sha256 = "https://example.org/terms", "0" * 64
    book.effective_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    return call(world.pools, OPERATOR, "CreateRulebook", parent=POOL, rulebook=book)


def accept(world, key, book, **fields):
    return call(world.pools, key, "AcceptRulebook", name=book.name, digest=book.digest, **fields)


def later(world, monkeypatch, **time):
    """Let time pass, for the store."""
    at = datetime.now(UTC) + timedelta(**time)
    monkeypatch.setattr(Store, "now", staticmethod(lambda: at))
    world.base.transact(pools.advance_all)


def member(world, key):
    return call(world.pools, key, "GetMember", name=f"{POOL}/members/{key}")


def in_force(world, monkeypatch, companies=("acme", "acme2"), **fields):
    book = propose(world, **fields)
    for key in companies:
        accept(world, key, book)
    later(world, monkeypatch, hours=2)
    return book


def test_a_rulebook_comes_into_force_when_its_time_has_come_and_enough_agreed(world, monkeypatch):
    """Until then the pool has none; then who consented takes part, and the pool is active."""
    book = propose(world)
    assert (book.version, book.state) == (1, Rulebook.PROPOSED)
    for key in ("acme", "acme2"):
        consent = accept(world, key, book)
        assert (consent.consented, consent.digest, consent.signed_by) == (True, book.digest, f"test:{key}")
    assert call(world.pools, "acme", "GetPool", name=POOL).state == Pool.FORMING
    later(world, monkeypatch, hours=2)
    pool = call(world.pools, "acme", "GetPool", name=POOL)
    assert (pool.state, pool.rulebook, pool.proposed_rulebook) == (Pool.ACTIVE, book.name, "")
    assert [member(world, key).state for key in ("acme", "acme2")] == [Member.ACTIVE, Member.ACTIVE]


def test_a_version_that_too_few_agreed_to_lapses(world, monkeypatch):
    """One consent makes no pool; the next version may be proposed."""
    book = propose(world)
    accept(world, "acme", book)
    later(world, monkeypatch, hours=2)
    assert call(world.pools, "acme", "GetRulebook", name=book.name).state == Rulebook.LAPSED
    assert propose(world, seconds=10**6).version == 2


def test_a_new_version_binds_only_who_consents_and_the_others_leave(world, monkeypatch):
    """Who has not consented in time leaves after the exit notice; the old version is superseded."""
    first = in_force(world, monkeypatch)
    invite(world, "swift")
    accept(world, "swift", first)
    second = propose(world, seconds=4 * 3600)
    for key in ("acme", "swift"):
        accept(world, key, second)
    later(world, monkeypatch, hours=5)
    assert [member(world, k).state for k in ("acme", "acme2", "swift")] == [
        Member.ACTIVE,
        Member.LEAVING,
        Member.ACTIVE,
    ]
    assert call(world.pools, "acme", "GetRulebook", name=first.name).state == Rulebook.SUPERSEDED
    later(world, monkeypatch, days=3)
    assert member(world, "acme2").state == Member.LEFT
    assert reason(world.pools, "acme2", "GetPool", name=POOL) == "RESOURCE_NOT_FOUND"
    assert call(world.pools, "acme", "GetPool", name=POOL).rulebook == second.name


def test_who_consents_early_is_not_left_out_of_what_binds_it_now(world, monkeypatch):
    """Consent to a version that is open takes nothing from the one in force: neither synchronizations nor notice."""
    first = in_force(world, monkeypatch)
    second = propose(world, seconds=10 * 24 * 3600)
    accept(world, "acme", second)
    assert member(world, "acme").consented_version == 2
    later(world, monkeypatch, hours=3)
    assert world.base.transact(lambda tx: _members(tx, POOL)) == [("acme", 1), ("acme2", 1)]
    left = call(world.pools, "acme", "LeavePool", name=f"{POOL}/members/acme", validate_only=True)
    days = left.leave_time.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < days < timedelta(days=2, hours=4), first.exit_notice_days


def test_notice_is_the_one_that_was_agreed_to(world, monkeypatch):
    """A version that somebody did not consent to cannot put it out sooner, nor plan it under its own terms."""
    in_force(world, monkeypatch)
    second = propose(world, seconds=4 * 3600, exit_notice_days=0)
    invite(world, "swift")
    for key in ("acme", "swift"):
        accept(world, key, second)
    later(world, monkeypatch, hours=5)
    leaving = member(world, "acme2")
    assert leaving.state == Member.LEAVING
    assert leaving.leave_time.ToDatetime(UTC) > datetime.now(UTC) + timedelta(days=2)
    later(world, monkeypatch, hours=6)
    bound = world.base.transact(lambda tx: _members(tx, POOL))
    assert bound == [("acme", 2), ("acme2", 1), ("swift", 2)]


def test_a_newcomer_to_a_version_that_is_replaced_or_lapses_is_invited_as_before(world, monkeypatch):
    """It consented to that one, not to the other: no membership comes of it until it consents to what is in force."""
    first = in_force(world, monkeypatch)
    invite(world, "swift")
    lapsing = propose(world, seconds=4 * 3600)
    accept(world, "swift", lapsing)
    assert member(world, "swift").state == Member.JOINING
    later(world, monkeypatch, hours=5)
    assert call(world.pools, "acme", "GetRulebook", name=lapsing.name).state == Rulebook.LAPSED
    assert (member(world, "swift").state, member(world, "swift").consented_version) == (Member.INVITED, 0)
    accept(world, "swift", first)
    later(world, monkeypatch, hours=6)
    assert member(world, "swift").state == Member.ACTIVE


def test_who_left_comes_back_by_consenting_anew(world, monkeypatch):
    """What it consented to before it left binds it no more; its new consent has its own date."""
    book = in_force(world, monkeypatch)
    before = call(world.pools, "acme", "GetConsent", name=f"{book.name}/consents/acme")
    call(world.pools, "acme", "LeavePool", name=f"{POOL}/members/acme")
    later(world, monkeypatch, days=5)
    assert member(world, "acme").state == Member.LEFT
    again = invite(world, "acme")
    assert (again.state, again.consented_version) == (Member.INVITED, 0)
    consent = accept(world, "acme", book)
    assert consent.consent_time.ToDatetime() > before.consent_time.ToDatetime()
    assert member(world, "acme").state == Member.ACTIVE


def test_a_closed_pool_takes_nobody_in_and_lets_go(world, monkeypatch):
    """What was open for consent lapses; nobody joins; who gave notice has left when it is over."""
    book = in_force(world, monkeypatch)
    invite(world, "swift")
    call(world.pools, "acme", "LeavePool", name=f"{POOL}/members/acme")
    second = propose(world, seconds=10 * 24 * 3600)
    closed = call(world.pools, OPERATOR, "ClosePool", name=POOL)
    assert (closed.state, closed.proposed_rulebook) == (Pool.CLOSED, "")
    assert call(world.pools, "acme", "GetRulebook", name=second.name).state == Rulebook.LAPSED
    for one in (book, second):
        assert reason(world.pools, "swift", "AcceptRulebook", name=one.name, digest=one.digest) == "RULEBOOK_NOT_OPEN"
    later(world, monkeypatch, days=5)
    assert member(world, "acme").state == Member.LEFT
    assert reason(world.pools, "acme", "GetPool", name=POOL) == "RESOURCE_NOT_FOUND"


def test_consent_is_to_what_was_read_and_stands(world):
    """Another digest is refused; consent cannot be taken back; declining may be followed by consent."""
    book = propose(world)
    assert reason(world.pools, "acme", "AcceptRulebook", name=book.name, digest="0" * 64) == "DIGEST_MISMATCH"
    declined = call(world.pools, "acme", "DeclineRulebook", name=book.name, digest=book.digest)
    assert not declined.consented
    consented = accept(world, "acme", book)
    assert consented.consented
    assert accept(world, "acme", book) == consented
    assert reason(world.pools, "acme", "DeclineRulebook", name=book.name, digest=book.digest) == "RULEBOOK_NOT_OPEN"
    assert reason(world.pools, "swift", "AcceptRulebook", name=book.name, digest=book.digest) == "RESOURCE_NOT_FOUND"


def test_a_newcomer_waits_for_the_entry_notice(world, monkeypatch):
    """It joins by consenting to what is in force, and takes part when the notice has run."""
    book = in_force(world, monkeypatch, entry_notice_days=3)
    assert member(world, "acme").state == Member.JOINING
    invite(world, "swift")
    assert accept(world, "swift", book).consented
    assert member(world, "swift").state == Member.JOINING
    later(world, monkeypatch, days=4)
    assert member(world, "swift").state == Member.ACTIVE


def test_leaving_takes_the_notice_and_ends_what_is_shown(world, monkeypatch):
    """Notice runs from now; it is given once; afterwards the pool is not to be seen, the own membership is."""
    in_force(world, monkeypatch)
    given = call(world.pools, "acme", "LeavePool", name=f"{POOL}/members/acme")
    assert given.state == Member.LEAVING
    assert reason(world.pools, "acme", "LeavePool", name=given.name) == "NOTICE_RUNNING"
    assert reason(world.pools, "acme2", "LeavePool", name=given.name) == "RESOURCE_NOT_FOUND"
    later(world, monkeypatch, days=5)
    assert member(world, "acme").state == Member.LEFT
    assert reason(world.pools, "acme", "GetPool", name=POOL) == "RESOURCE_NOT_FOUND"
    assert invite(world, "acme").state == Member.INVITED


@pytest.mark.parametrize("shown", [False, True])
def test_members_see_each_other_only_where_the_rulebook_says_so(world, monkeypatch, shown):
    """Else each sees itself alone: in members, consents and companies."""
    in_force(world, monkeypatch, visibility=rulebooks_pb2.Visibility(members_see_members=shown))
    members = [m.name for m in call(world.pools, "acme", "ListMembers", parent=POOL).members]
    assert members == [f"{POOL}/members/{k}" for k in (("acme", "acme2") if shown else ("acme",))]
    consents = call(world.pools, "acme", "ListConsents", parent=f"{POOL}/rulebooks/v1").consents
    assert len(consents) == (2 if shown else 1)
    told = reason(world.network, "acme", "GetCompany", name="companies/acme2")
    assert told == ("" if shown else "RESOURCE_NOT_FOUND")
    if shown:
        other = call(world.network, "acme", "GetCompany", name="companies/acme2")
        assert [f.name for f, _ in other.ListFields()] == ["name", "display_name", "roles"]
    assert reason(world.network, "acme", "GetCompany", name="companies/swift") == "RESOURCE_NOT_FOUND"


def test_public_prices_are_for_fellows_and_contracts_for_nobody(world, monkeypatch):
    """A carrier's public list is seen in its pools, its margin and a shipper's contracts are not."""
    in_force(world, monkeypatch)
    public = tariffs_pb2.Tariff(groupage=tariffs_pb2.GroupageTerms(), margin_percent=12)
    private = tariffs_pb2.Tariff(contract=tariffs_pb2.ContractTerms())
    for key, one in (("public", public), ("private", private)):
        call(world.network, "acme2", "CreateTariff", parent="companies/acme2", tariff_id=key, tariff=one)
    (seen,) = call(world.network, "acme", "ListTariffs", parent="companies/acme2").tariffs
    assert (seen.name, seen.margin_percent) == ("companies/acme2/tariffs/public", 0)
    assert list(call(world.network, "swift", "ListTariffs", parent="companies/acme2").tariffs) == []
    assert not call(world.network, OPERATOR, "GetTariff", name="companies/acme2/tariffs/private").HasField("contract")


def test_baseline_tariffs_are_frozen_as_they_were_read(world):
    """The rulebook keeps their content; a changed, unknown or private one is refused."""
    made = tariffs_pb2.Tariff(groupage=tariffs_pb2.GroupageTerms(), display_name="2026", margin_percent=9)
    tariff = call(world.network, "swift", "CreateTariff", parent="companies/swift", tariff_id="t", tariff=made)
    frozen = rulebooks_pb2.BaselineTariff(tariff=tariff.name, etag=tariff.etag)
    book = propose(world, baseline_tariffs=[frozen])
    assert (book.baseline_tariffs[0].content.display_name, book.baseline_tariffs[0].content.margin_percent) == (
        "2026",
        0,
    )
    tariff.display_name = "2027"
    call(world.network, "swift", "UpdateTariff", tariff=tariff)
    stored = call(world.pools, "acme", "GetRulebook", name=book.name)
    assert stored.baseline_tariffs[0].content.display_name == "2026"
    assert stored.digest == pools.digest_of(stored) == book.digest


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"baseline_tariffs": [rulebooks_pb2.BaselineTariff(tariff="companies/x/tariffs/y", etag="v1")]},
            "TARIFF_UNKNOWN",
        ),
        ({"seconds": -5}, "INVALID_FIELD"),
    ],
)
def test_a_rulebook_that_cannot_hold_is_refused(world, fields, told):
    """By its reason, and nothing is proposed."""
    with pytest.raises(Fault) as caught:
        propose(world, **fields)
    assert caught.value.reason == told
    assert call(world.pools, "acme", "GetPool", name=POOL).proposed_rulebook == ""


def test_one_version_at_a_time_and_only_the_operator(world):
    """A second proposal names the first; members propose, invite and close nothing."""
    first = propose(world)
    with pytest.raises(Fault) as caught:
        propose(world)
    assert caught.value.reason == "RULEBOOK_OPEN"
    assert caught.value.metadata == {"rulebook": first.name}
    stranger = Member(company="companies/swift", roles=[companies_pb2.ROLE_SHIPPER])
    assert reason(world.pools, "acme", "InviteMember", parent=POOL, member=stranger) == "NOT_ALLOWED"
    assert reason(world.pools, "acme", "ClosePool", name=POOL) == "NOT_ALLOWED"
    assert reason(world.pools, "swift", "ClosePool", name=POOL) == "RESOURCE_NOT_FOUND"
    assert (
        reason(world.pools, OPERATOR, "InviteMember", parent=POOL, member=Member(company="companies/acme"))
        == "ALREADY_MEMBER"
    )
    unknown = Member(company="companies/none")
    assert reason(world.pools, OPERATOR, "InviteMember", parent=POOL, member=unknown) == "COMPANY_UNKNOWN"
    assert call(world.pools, OPERATOR, "ClosePool", name=POOL).state == Pool.CLOSED
    assert reason(world.pools, OPERATOR, "InviteMember", parent=POOL, member=stranger) == "POOL_CLOSED"


def test_an_export_holds_all_of_ones_own_and_nothing_of_others(world, monkeypatch):
    """Every kind in a file of JSON lines with its digest; resumable; another's id opens nothing."""
    in_force(world, monkeypatch)
    for key in ("acme", "acme2"):
        site(world.network, key, "client", display_name=f"canary of {key}!")
        call(world.orders, key, "CreateOrder", parent=f"companies/{key}", order=calling.order(key, f"ref-{key}!"))
        model = forecasts_pb2.ForecastModel(name=f"companies/{key}/forecastModels/m", state=2)
        owned = {"parent": f"companies/{key}", "company": key}
        world.base.transact(lambda tx, m=model, o=owned: standard.insert_record(tx, FORECAST_MODEL, m, **o))
        call(world.orders, key, "SubmitDemand", parent=f"companies/{key}", records=[history()])
    operation = export(world, "acme")
    answer = members_pb2.ExportMemberResponse()
    assert operation.response.Unpack(answer)
    files = {f.kind: f for f in answer.files}
    assert (files["orders"].rows, files["sites"].rows, files["consents"].rows) == (1, 2, 1)
    assert files["forecast_models"].rows == 1
    line = read(world, "acme", files["demand"].file_id)
    assert json_format.Parse(line, demand_pb2.DemandRecord()) == history()
    whole = b"".join(read(world, "acme", f.file_id) for f in answer.files)
    assert b"ref-acme!" in whole
    assert b"canary of acme!" in whole
    assert b"acme2" not in whole
    body = read(world, "acme", files["sites"].file_id)
    assert [json.loads(line)["name"] for line in body.splitlines()] == [
        "companies/acme/sites/client",
        "companies/acme/sites/plant",
    ]
    assert read(world, "acme", files["sites"].file_id, offset=10) == body[10:]
    for other in (Viewer("acme2"), OPERATOR):
        with pytest.raises(Fault) as caught:
            read(world, other, files["sites"].file_id, member="acme")
        assert caught.value.reason == "EXPORT_UNKNOWN"


def test_who_asks_while_an_export_is_made_waits_for_that_one(world, monkeypatch):
    """A member has one export at a time; when that is done, another request is another export."""
    monkeypatch.setattr(exports, "begin", lambda *_: None)
    member = f"{POOL}/members/acme"
    first, second = (call(world.pools, "acme", "ExportMember", name=member) for _ in range(2))
    assert first.name == second.name
    assert exports.run(world.base, first.name)
    assert call(world.pools, "acme", "ExportMember", name=member).name != first.name


def test_people_in_an_export_go_when_they_are_erased(world, monkeypatch):
    """They have a file of their own, for their company alone; changed or erased, the file is gone, the others stay."""
    in_force(world, monkeypatch)
    for key in ("acme", "acme2"):
        own = call(world.network, key, "GetCompany", name=f"companies/{key}")
        own.contacts.add(display_name=f"Person of {key}")
        call(world.network, key, "UpdateCompany", company=own)
    files = {}
    for key in ("acme", "acme2"):
        answer = members_pb2.ExportMemberResponse()
        export(world, key).response.Unpack(answer)
        files[key] = {f.kind: f.file_id for f in answer.files}
    whole = {kind: read(world, "acme", file_id) for kind, file_id in files["acme"].items()}
    assert [kind for kind, body in whole.items() if b"Person" in body] == ["contacts"]
    assert json.loads(whole["contacts"]) == {"display_name": "Person of acme"}
    own = call(world.network, "acme", "GetCompany", name="companies/acme")
    del own.contacts[:]
    call(world.network, "acme", "UpdateCompany", company=own, update_mask=FieldMask(paths=["contacts"]))
    with pytest.raises(Fault) as caught:
        read(world, "acme", files["acme"]["contacts"])
    assert caught.value.reason == "EXPORT_UNKNOWN"
    assert read(world, "acme", files["acme"]["companies"]) == whole["companies"]
    assert b"Person of acme2" in read(world, "acme2", files["acme2"]["contacts"])


def history():
    day = date_pb2.Date(year=2026, month=5, day=4)
    return demand_pb2.DemandRecord(zone="40", product="steel", day=day, pallets=2.5, promotion=True)


async def asked(world, key):
    calls(Viewer(key, identity="test"))
    request = members_pb2.ExportMemberRequest(name=f"{POOL}/members/{key}", request_id=calling.fresh_id())
    return (await world.pools.ExportMember(request, None)).name


def export(world, key):
    return ended(world, asyncio.run(asked(world, key)))


def ended(world, name, tries=600):
    """An export's operation, once it is done."""
    for _ in range(tries):
        body = world.base.look(OPERATOR, lambda s: s.get(Record, name)).body
        operation = operations_pb2.Operation.FromString(body)
        if operation.done:
            break
        time.sleep(0.05)
    return operation


def read(world, key, file_id, member=None, offset=0):
    async def go():
        calls(Viewer(key) if isinstance(key, str) else key)
        request = members_pb2.ReadExportRequest(
            name=f"{POOL}/members/{member or key}", file_id=file_id, offset_bytes=offset
        )
        return b"".join([part.data async for part in world.pools.ReadExport(request, None)])

    return asyncio.run(go())


def test_an_export_that_a_crash_left_is_made_again(world, monkeypatch):
    """Stored but not done: after a while it is done, once."""
    in_force(world, monkeypatch)
    monkeypatch.setattr(exports, "begin", lambda store, name: None)
    made = asyncio.run(asked(world, "acme"))
    monkeypatch.undo()
    later(world, monkeypatch, hours=3)
    assert exports.resume(world.base) == 1
    assert ended(world, made).done
    assert exports.resume(world.base) == 0


def test_closing_a_pool_lets_everybody_go(world, monkeypatch):
    """Its open synchronization is cancelled, and proposals that lay before companies lie there no longer."""
    in_force(world, monkeypatch)
    name = f"{POOL}/synchronizations/s"

    def proposed(tx):
        one = synchronizations_pb2.Synchronization(name=name)
        one.window_start.FromDatetime(tx.now)
        one.window_end.FromDatetime(tx.now + timedelta(days=1))
        steps.opened(tx, one, ["acme", "acme2"], requester="acme")
        steps.move(tx, name, steps.State.NEGOTIATING)
        made = steps.propose(
            tx, name, 1, dict.fromkeys(["acme"], proposals_pb2.Proposal()), tx.now + timedelta(hours=1)
        )
        steps.move(tx, name, steps.State.PROPOSED, round_number=1)
        return made["acme"]

    proposal = world.base.transact(proposed)
    call(world.pools, OPERATOR, "ClosePool", name=POOL)
    rows = [world.base.look(OPERATOR, lambda s, n=n: s.get(Record, n)) for n in (name, proposal)]
    assert [r.state for r in rows] == ["CANCELLED", "RELEASED"]


@pytest.mark.parametrize("shown", [False, True])
def test_reasons_are_read_by_who_gave_them_and_the_operator(world, monkeypatch, shown):
    """Why one leaves, or does not consent, stands on record; other members do not see it, whatever else they see."""
    first = in_force(world, monkeypatch, visibility=rulebooks_pb2.Visibility(members_see_members=shown))
    book = propose(world, seconds=86_400)
    call(world.pools, "acme2", "DeclineRulebook", name=book.name, digest=book.digest, reason="canary fees")
    call(world.pools, "acme2", "LeavePool", name=f"{POOL}/members/acme2", reason="canary moved away")
    consents = f"{POOL}/rulebooks/{book.name.rsplit('/', 1)[1]}"
    for viewer, seen in (("acme2", True), (OPERATOR, True), ("acme", False)):
        listed = call(world.pools, viewer, "ListConsents", parent=consents).consents
        members = call(world.pools, viewer, "ListMembers", parent=POOL).members
        told = [c.reason for c in listed if c.company == "companies/acme2"]
        told += [m.leave_reason for m in members if m.company == "companies/acme2"]
        if seen:
            assert told == ["canary fees", "canary moved away"]
        else:
            assert told == (["", ""] if shown else [])
    assert first.name != book.name


def test_fees_by_the_month_are_charged_once_a_month(world, monkeypatch):
    """Each month of taking part has one line of each fee of one's roles; others do not see it, and return keeps it."""
    fees = [
        rulebooks_pb2.Fee(line="membership", payer=companies_pb2.ROLE_SHIPPER, cents_per_month=5_000),
        rulebooks_pb2.Fee(line="docks", payer=companies_pb2.ROLE_HUB, cents_per_month=9_000),
        rulebooks_pb2.Fee(line="handling", payer=companies_pb2.ROLE_SHIPPER, cents_per_shipment=100),
    ]
    in_force(world, monkeypatch, fees=fees, visibility=rulebooks_pb2.Visibility(members_see_members=True))
    (first,) = member(world, "acme").monthly_fees
    assert (first.line, first.payer, first.cents) == ("membership", companies_pb2.ROLE_SHIPPER, 5_000)
    assert first.rulebook_version == 1
    assert first.month == f"{Store.now():%Y-%m}"
    for _ in range(2):
        world.base.transact(pools.advance_all)
    assert len(member(world, "acme").monthly_fees) == 1
    later(world, monkeypatch, days=62)
    months = [fee.month for fee in member(world, "acme").monthly_fees]
    assert months == sorted(set(months))
    assert len(months) in (3, 4)  # by where in its month today is
    other = call(world.pools, "acme", "GetMember", name=f"{POOL}/members/acme2")
    assert list(other.monthly_fees) == []
    call(world.pools, "acme2", "LeavePool", name=f"{POOL}/members/acme2")
    later(world, monkeypatch, days=64)
    had = len(member(world, "acme2").monthly_fees)
    later(world, monkeypatch, days=150)
    assert len(member(world, "acme2").monthly_fees) == had
    invite(world, "acme2")
    assert len(member(world, "acme2").monthly_fees) == had
