import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from google.longrunning import operations_pb2
from sqlalchemy import insert, update
from sqlmodel import col, select

from groupage.v1 import consents_pb2, proposals_pb2, synchronizations_pb2
from server import app, changes, people, pools, retention
from server import synchronization as steps
from server.durable import record
from server.exports import EXPORTED
from server.faults import Fault
from server.retention import Retention, erase
from server.services import standard
from server.services.watching import must_be_known
from server.settings import Settings
from server.store.events import last_versions
from server.store.tables import (
    AuditRow,
    BlobRow,
    CapacityOfferRow,
    CommitmentRow,
    DemandRow,
    EventRow,
    ExchangeRow,
    LegRow,
    NegotiationRow,
    OrderRow,
    Participation,
    QuestionRow,
    Record,
    RequestRow,
    ShipmentRow,
    TraceRow,
    TrackingRow,
)
from server.tracking import shipment_of
from server.viewer import SYSTEM, Viewer
from tests.server import world

NOW = datetime.now(UTC)
OLD, NEW = NOW - timedelta(days=20), NOW
NEVER = dict.fromkeys(Retention.model_fields, 100_000)
PLAN = "pools/rhine/synchronizations/"


def put(store, table, **values):
    store.transact(lambda tx: tx.connection.execute(insert(table), [values]))


def rows(store, table):
    return store.look(SYSTEM, lambda s: list(s.exec(select(table))))


def ten_days(kind):
    """Periods by which one kind is kept for ten days, and all else for ever."""
    return Retention(**{**NEVER, f"{kind}_days": 10})


def operation(name, *, done):
    message = operations_pb2.Operation(name=name, done=done)
    return lambda tx: standard.insert_record(tx, steps.OPERATION, message, parent="", company="acme")


SIMPLE = {
    "requests": (RequestRow, lambda at: {"company": "acme", "request_id": f"{at}", "method": "", "at": at}),
    "questions": (
        CapacityOfferRow,
        lambda at: {"company": "acme", "pool": "rhine", "since": at - timedelta(days=1), "until": at, "at": at},
    ),
    "demand": (
        DemandRow,
        lambda at: {"company": "acme", "zone": "1", "product": "", "day": at.date().isoformat(), "updated_at": NEW},
    ),
    "audit": (AuditRow, lambda at: {"id": f"{at}", "at": at, "company": "acme", "method": "x"}),
    "exports": (BlobRow, lambda at: {"digest": f"export:{at}", "kind": EXPORTED, "at": at}),
}
FILLED = {
    RequestRow: {"digest": b"", "answer": b""},
    CapacityOfferRow: {"body": b""},
    DemandRow: {"pallets": 1, "promotion": False},
    AuditRow: {"identity": "", "name": "", "outcome": "OK", "request_id": ""},
    BlobRow: {"body": b"x"},
}


@pytest.mark.parametrize("kind", SIMPLE)
def test_rows_go_when_their_time_is_over_and_not_before(store, kind):
    """What is older than the period goes, what is younger and every other kind stays; the audit log says how many."""
    table, values = SIMPLE[kind]
    for at in (OLD, NEW):
        put(store, table, **{**FILLED[table], **values(at)})
    assert set(erase(store, Retention(**NEVER)).values()) == {0}
    assert erase(store, ten_days(kind))[kind] == 1
    left = [r for r in rows(store, table) if getattr(r, "method", "") != retention.METHOD]
    assert len(left) == 1
    key = next(iter(set(values(NEW)) & {"day", "at"}))
    assert getattr(left[0], key) == values(NEW)[key]
    (told,) = [r for r in rows(store, AuditRow) if r.method == retention.METHOD]
    assert (told.company, told.outcome) == ("~operator", "OK")
    assert told.name.startswith(f"{kind}: 1 before 20")
    assert erase(store, ten_days(kind))[kind] == 0


def test_questions_go_before_the_plans_that_they_were_asked_for(store):
    """What own agents were asked and answered goes after its own time; the transcript, which a dispute needs, stays."""
    name = plan(store, "stays", steps.State.COMMITTED)
    asked = {"company": "acme", "synchronization": name, "workflow": "", "role": 1, "question": b"", "withdrawn": False}
    put(store, QuestionRow, **asked, question_id="new", reply_by=NEW, answer=b"said")
    assert erase(store, ten_days("questions"))["questions"] == 1
    assert [r.question_id for r in rows(store, QuestionRow)] == ["new"]
    assert [r.synchronization for r in rows(store, ExchangeRow)] == [name]


def test_what_a_pool_agreed_on_is_never_forgotten(store):
    """Companies, pools, members, rulebooks, consents and master data stay, however old they are."""
    world.build(store)
    store.transact(lambda tx: tx.connection.execute(update(Record).values(updated_at=OLD, created_at=OLD)))
    before = {r.name for r in rows(store, Record)}
    assert {r.kind for r in rows(store, Record)} >= {"company", "pool", "member", "rulebook"}
    book = "pools/rhine/rulebooks/one"
    consent = consents_pb2.Consent(name=f"{book}/consents/acme")
    store.transact(lambda tx: standard.insert_record(tx, pools.CONSENT, consent, parent=book, company="acme"))
    store.transact(lambda tx: tx.connection.execute(update(Record).values(updated_at=OLD, created_at=OLD)))
    erase(store, Retention(**dict.fromkeys(Retention.model_fields, 1e-6)))
    assert {r.name for r in rows(store, Record)} == before | {consent.name}


def test_many_rows_go_some_at_a_time(store, monkeypatch):
    """However few are looked at together, all that are due go, and no other."""
    monkeypatch.setattr(retention, "_TOGETHER", 7)
    base = {"company": "acme", "zone": "1", "updated_at": NEW, **FILLED[DemandRow]}
    days = [(NOW - timedelta(days=n)).date().isoformat() for n in range(60)]
    made = [{**base, "product": p, "day": d} for p in ("", "a", "b") for d in days]
    store.transact(lambda tx: tx.connection.execute(insert(DemandRow), made))
    rule = retention._rows(DemandRow, lambda t: col(DemandRow.day) < t.date().isoformat())
    assert rule(store, NOW - timedelta(days=10)) == 3 * 49
    assert {r.day for r in rows(store, DemandRow)} == set(days[:11])


def test_people_in_exports_go_with_them(store):
    """Files of people have the same time as the others; what is no export stays."""
    for kind in (EXPORTED, people.EXPORTED, record.FREEZE):
        put(store, BlobRow, digest=kind, kind=kind, at=OLD, body=b"x")
    assert erase(store, ten_days("exports"))["exports"] == 2
    assert [r.kind for r in rows(store, BlobRow)] == [record.FREEZE]


def test_a_stream_goes_on_counting_when_its_past_is_gone(store, monkeypatch):
    """The newest event stays, however old, so that no number is given twice; who asks for what is gone is told so."""
    with monkeypatch.context() as then:
        then.setattr(type(store), "now", staticmethod(lambda: OLD))
        for _ in range(5):
            store.transact(lambda tx: tx.append("s", "said", b"", company="acme"))
        store.transact(lambda tx: tx.append("t", "said", b"", company="acme"))
    assert erase(store, ten_days("events"))["events"] == 4
    store.transact(lambda tx: tx.append("s", "said", b"", company="acme"))
    with store.engines.reading.connect() as connection:
        from server.store.reading import declare

        declare(connection, SYSTEM)
        assert last_versions(connection, ["s", "t"]) == {"s": 6, "t": 1}

    def asked(after):
        return store.look(Viewer("acme"), lambda session: must_be_known(session, "s", after))

    assert [asked(after) for after in (0, 4, 5, 6)] == [6, 6, 6, 6]
    for after in (1, 3, 7):
        with pytest.raises(Fault) as caught:
            asked(after)
        assert caught.value.metadata == {"first": "5", "last": "6"}


def test_operations_that_run_are_not_forgotten(store):
    """Only one that is done goes."""
    store.transact(operation("operations/a", done=True))
    store.transact(operation("operations/b", done=False))
    store.transact(lambda tx: tx.connection.execute(update(Record).values(updated_at=OLD)))
    assert erase(store, ten_days("operations"))["operations"] == 1
    assert [r.name for r in rows(store, Record)] == ["operations/b"]


def test_orders_go_when_they_are_finished_and_with_their_shipments(store):
    """What is open, negotiated, committed or moving stays; so does another company's of the same id."""
    states = ("OPEN", "NEGOTIATING", "COMMITTED", "IN_TRANSIT", "PROMISED", "RELEASED", "DELIVERED", "CANCELLED")
    for company in ("acme", "acme2"):
        for name in world.put_orders(store, company, len(states), NOW):
            shipment = shipment_of(name)
            put(store, ShipmentRow, name=shipment, company=company, carriers=" ", due_at=NOW, updated_at=OLD, body=b"")

    def age(tx):
        for i, state in enumerate(states):
            at = OLD if state != "CANCELLED" else NEW
            of = col(OrderRow.name) == f"companies/acme/orders/o{i}"
            tx.connection.execute(update(OrderRow).where(of).values(state=state, updated_at=at))

    store.transact(age)
    assert erase(store, ten_days("orders"))["orders"] == 2
    assert {r.state for r in rows(store, OrderRow) if r.company == "acme"} == set(states) - {"RELEASED", "DELIVERED"}
    for company, count in (("acme", len(states) - 2), ("acme2", len(states))):
        assert sum(r.company == company for r in rows(store, ShipmentRow)) == count


def test_what_was_reported_goes_with_the_traces(store):
    """Events as their reporter sent them, and what the owner sees of them."""
    for i, at in enumerate((OLD, NEW)):
        row = {"company": "acme", "event_id": f"{i}", "digest": b"", "at": at, "recorded_at": at, "body": b""}
        put(store, TrackingRow, **row)
        put(store, TraceRow, id=f"{i}", company="acme", shipment="s", at=at, body=b"")
    assert erase(store, ten_days("tracking"))["tracking"] == 2
    assert [r.event_id for r in rows(store, TrackingRow)] == ["1"]
    assert [r.id for r in rows(store, TraceRow)] == ["1"]


def plan(store, key, state, *, until=OLD, freeze="f"):
    """A synchronization with one of everything, as old as may be."""
    name = PLAN + key
    start = world.asking(start=OLD)
    message = synchronizations_pb2.Synchronization(name=name, window_start=start.window_start)
    message.window_end.FromDatetime(until)
    at = {"at": OLD}

    def make(tx):
        steps.opened(tx, message, ["acme", "swift"], requester="acme")
        proposal = proposals_pb2.Proposal()
        steps.propose(tx, name, 1, {"acme": proposal}, NOW)
        digest = record.put_blob(tx, record.FREEZE, freeze)
        connection = tx.connection
        row = {"synchronization": name, "round": 1, "freeze": digest, "count": 1, "exchange": "", "asked": ""}
        connection.execute(insert(NegotiationRow), [{**row, "settlement": "", "alone_kgco2e": "", **at}])
        connection.execute(insert(ExchangeRow), [{"synchronization": name, "round": 1, "number": 1, "body": b""}])
        asked = {"company": "acme", "question_id": key, "synchronization": name, "workflow": "", "role": 1}
        rest = {"question": b"", "withdrawn": False, "reply_by": OLD}
        connection.execute(insert(QuestionRow), [{**asked, **rest}])
        held = {"synchronization": name, "id": "l", "company": "swift", "good": "g", "quantity": 1}
        connection.execute(insert(CommitmentRow), [{**held, "since": OLD, "until": OLD}])
        leg = {"synchronization": name, "load_id": "l", "job": "j", "carrier": "swift", "hub": "", "owner": "acme"}
        times = {"pickup_at": OLD, "delivery_at": OLD, "state": "DONE", "position": 0, "final": True}
        order = {"order_name": f"companies/acme/orders/{key}"}
        connection.execute(insert(LegRow), [{**leg, **times, **order}])
        connection.execute(
            update(Record)
            .where(col(Record.name) == name)
            .values(state=steps.State.Name(state), updated_at=OLD, created_at=OLD)
        )

    store.transact(make)
    return name


OF_PLANS = (NegotiationRow, ExchangeRow, QuestionRow, CommitmentRow, LegRow, Participation)


def test_a_plan_goes_whole_and_leaves_others_as_they_are(store):
    """All that was made for it goes, events included; equal content that another one needs stays."""
    gone = plan(store, "gone", steps.State.COMMITTED)
    stays = plan(store, "stays", steps.State.NEGOTIATING)
    alone = plan(store, "alone", steps.State.RELEASED, freeze="its own")
    assert erase(store, ten_days("plans"))["plans"] == 2
    for table in OF_PLANS:
        assert {r.synchronization for r in rows(store, table)} == {stays}
    names = {r.name for r in rows(store, Record)}
    assert names == {stays, f"{stays}/proposals/acme-1", "operations/stays"}
    assert {r.stream.split("@")[0] for r in rows(store, EventRow)} == {stays}
    assert [r.body for r in rows(store, BlobRow)] == [b"f"]
    assert {gone, alone}.isdisjoint(names)


def test_a_plans_changes_go_with_it(store):
    """What a committed plan was changed to, with the market and settlement of each change, is part of it."""
    name = plan(store, "gone", steps.State.COMMITTED)
    other = plan(store, "stays", steps.State.COMMITTED, until=NEW)

    def change(tx):
        for of in (name, other):
            parts = {kind: record.put_blob(tx, kind, f"{kind} of {of}") for kind in (record.FREEZE, record.SETTLEMENT)}
            body = json.dumps({"freeze": parts[record.FREEZE], "settlement": parts[record.SETTLEMENT]}).encode()
            row = {"name": f"{of}/changes/1", "kind": changes.MASTER, "parent": of, "body": body, "state": "DONE"}
            tx.connection.execute(insert(Record), [{**row, "version": 1, "created_at": OLD, "updated_at": OLD}])

    store.transact(change)
    assert erase(store, ten_days("plans"))["plans"] == 1
    assert {r.body.decode() for r in rows(store, BlobRow)} == {"f", f"freeze of {other}", f"settlement of {other}"}
    assert [r.name for r in rows(store, Record) if r.kind == changes.MASTER] == [f"{other}/changes/1"]


def test_a_plan_that_is_still_carried_out_stays(store):
    """One whose window is not over long enough, or one of whose orders is on its way."""
    plan(store, "young", steps.State.COMMITTED, until=NEW)
    moving = plan(store, "moving", steps.State.COMMITTED)
    (order,) = world.put_orders(store, "acme", 1, NOW)
    of = col(OrderRow.name) == order
    store.transact(
        lambda tx: tx.connection.execute(
            update(OrderRow).where(of).values(state="IN_TRANSIT", synchronization=moving, updated_at=OLD)
        )
    )
    assert erase(store, ten_days("plans"))["plans"] == 0
    done = {"state": "DELIVERED"}
    store.transact(lambda tx: tx.connection.execute(update(OrderRow).where(of).values(**done)))
    assert erase(store, ten_days("plans"))["plans"] == 1


async def _built(store):
    return app.build(Settings(retention={"audit_days": 7}), store, key=bytes(32))


def test_a_server_forgets_by_itself_as_it_is_set(store):
    """It is among what a server does from time to time, with the periods of its settings."""
    built = asyncio.run(_built(store))
    (chore,) = [c for c in (b.args[1] for b in built.background if isinstance(b, partial)) if c.name == "retention"]
    put(store, AuditRow, **FILLED[AuditRow], **SIMPLE["audit"][1](OLD))
    chore.do(store)
    assert [r.method for r in rows(store, AuditRow)] == [retention.METHOD]


def test_every_kind_has_its_period():
    """No kind without a setting, no setting without a kind."""
    assert {f"{kind}_days" for kind in (*retention._RULES, retention.WORKFLOWS)} == set(Retention.model_fields)
