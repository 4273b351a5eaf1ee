"""Exports: whole, in bounded memory, of one moment, and never in halves."""

from __future__ import annotations

import ast
import hashlib
import importlib
import itertools
import json
import pkgutil
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.longrunning import operations_pb2
from sqlalchemy import insert
from sqlmodel import SQLModel, select

import server
from groupage.v1 import members_pb2, orders_pb2, shipments_pb2, tracking_events_pb2
from server import export_files, exports, people
from server import synchronization as steps
from server.export_files import CONTACTS, FILES, HELD, LEFT_OUT
from server.faults import Fault
from server.retention import Retention, erase
from server.services import standard
from server.store import Store
from server.store.tables import (
    BlobRow,
    CommitmentRow,
    ContactRow,
    DemandRow,
    OrderRow,
    Record,
    ShipmentRow,
    TraceRow,
    TrackingRow,
)
from server.viewer import SYSTEM, Viewer
from tests.server import world

NOW = datetime(2026, 5, 4, 6, tzinfo=UTC)
MEMBER = "pools/rhine/members/acme"
NAME = "operations/e"
ROOT = Path(server.__file__).parent
# Where streams of events begin, as it stands in the code, and what `HELD` or `LEFT_OUT` calls them.
STREAMS = {
    ("server.services.standard", "record.name"): "events/record",
    ("server.services.standard", "name"): "events/record",
    ("server.bus", "stream_of(company)"): "events/agent",
    ("server.synchronization", "stream_of(name, company)"): "events/synchronization",
    ("server.order_writes", "f'companies/{company}/orders'"): "events/orders",
    ("server.demand", "f'companies/{company}/demand'"): "events/demand",
    ("server.tracking", "stream_of(company)"): "events/shipments",
}


def modules() -> list[Any]:
    """Every module of the server but its migrations."""
    found = [m.name for m in pkgutil.walk_packages(server.__path__, "server.") if ".migrations" not in m.name]
    return [importlib.import_module(name) for name in found]


def called(module: Any, name: str) -> list[ast.Call]:
    """Calls of a function or method of a name in a module."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    return [c for c in calls if getattr(c.func, "attr", getattr(c.func, "id", "")) == name]


def kinds() -> set[str]:
    """Every kind of record that there is in the code."""
    found = set()
    for module in modules():
        found |= {v.kind for v in vars(module).values() if isinstance(v, standard.Kind)}
        for call in called(module, "Record"):
            for keyword in call.keywords:
                if keyword.arg == "kind" and ast.unparse(keyword.value) != "kind.kind":
                    found.add(eval(ast.unparse(keyword.value), vars(module)))
    return found


def streams() -> set[tuple[str, str]]:
    """Every place in the code that logs an event, and how it names the stream."""
    return {
        (module.__name__, ast.unparse(call.args[0]))
        for module in modules()
        for call in called(module, "append")
        if "company" in {k.arg for k in call.keywords}
    }


def test_whatever_is_stored_is_exported_or_left_out_for_a_reason() -> None:
    """Every table, kind of record and stream of events stands in one of the two tables, and nothing else does."""
    assert streams() == set(STREAMS)
    stored = {f"records/{kind}" for kind in kinds()} | set(STREAMS.values())
    tables = set(SQLModel.metadata.tables)
    assert tables >= {"records", "events", "orders", "promises", "traces"}
    stored |= tables - {"records", "events"}
    assert stored == {*HELD, *LEFT_OUT}
    assert not set(HELD) & set(LEFT_OUT)
    # A file of carried shipments is of the same table as that of one's own.
    assert set(HELD.values()) | {"carried_shipments"} == {*FILES, CONTACTS}
    assert all(LEFT_OUT.values())


def test_the_page_names_every_file_and_all_that_is_in_none() -> None:
    """Who reads the documentation finds each file, and each thing that is left out with its reason."""
    page = (ROOT.parent / "docs" / "reference" / "exports.md").read_text(encoding="utf-8")
    files, left = page.split("## What is in no file")
    first = [row.split("|")[1] for row in files.splitlines() if row.startswith("| `")]
    assert sorted(name for cell in first for name in cell.replace("`", "").replace(" ", "").split(",")) == sorted(
        [*FILES, CONTACTS]
    )
    assert [row for row in left.splitlines() if row.startswith("| `")] == [
        f"| `{what}` | {why} |" for what, why in LEFT_OUT.items()
    ]


def fill(store: Store, count: int, *, company: str = "acme") -> None:
    """Give a company so many orders, days of demand, shipments and events."""
    me = f"companies/{company}"
    order = orders_pb2.Order(destination=f"{me}/sites/client", origins=[f"{me}/sites/plant"], pallets=3, weight_kg=900)
    event = tracking_events_pb2.TrackingEvent(event_id="e", biz_step="loading", order=f"{me}/orders/o")
    at = {"created_at": NOW, "updated_at": NOW}
    times = {"window_open": NOW, "window_close": NOW, "due_at": NOW}
    plain: dict[str, Any] = {"state": "OPEN", "withheld": False, "destination": "d", "origins": " ", "product": ""}
    rows: dict[Any, list[dict[str, Any]]] = {t: [] for t in (OrderRow, DemandRow, ShipmentRow, TrackingRow, TraceRow)}
    for i in range(count):
        name = f"{me}/orders/o{i:07d}"
        told = {**plain, **times, **at, "synchronization": "", "version": 1, "body": order.SerializeToString()}
        rows[OrderRow].append({"name": name, "company": company, "external_ref": f"r{count - i:07d}", **told})
        day = (NOW.date() - timedelta(days=i % 900)).isoformat()
        series = {"company": company, "zone": f"{i // 900}", "product": "p", "day": day}
        rows[DemandRow].append({**series, "pallets": 1.5, "promotion": False, "updated_at": NOW})
        shipment = {"name": f"{name}/shipment", "company": company, "carriers": " swift ", "state": "PLANNED"}
        body = shipments_pb2.Shipment(external_ref=f"r{i}").SerializeToString()
        rows[ShipmentRow].append({**shipment, "due_at": NOW, "version": 1, "updated_at": NOW, "body": body})
        seen = {"company": company, "at": NOW, "body": event.SerializeToString()}
        rows[TrackingRow].append({**seen, "event_id": f"{i:07d}", "digest": b"", "recorded_at": NOW})
        rows[TraceRow].append({**seen, "id": f"{company}{i:07d}", "shipment": f"{name}/shipment"})

    def put(tx: Any) -> None:
        for table, some in rows.items():
            for first in range(0, len(some), 5_000):
                tx.connection.execute(insert(table), some[first : first + 5_000])

    store.transact(put)


def ask(store: Store, name: str = NAME, member: str = MEMBER) -> str:
    """Store an export that nobody has begun."""
    operation = operations_pb2.Operation(name=name)
    operation.metadata.Pack(members_pb2.ExportMemberMetadata(member=member))
    owner = {"parent": member, "company": member.rsplit("/", 1)[1]}
    store.transact(lambda tx: standard.insert_record(tx, steps.OPERATION, operation, **owner))
    return name


def operation_of(store: Store, name: str = NAME) -> Any:
    row = store.look(SYSTEM, lambda s: s.get(Record, name))
    assert row is not None
    return operations_pb2.Operation.FromString(row.body)


def metadata_of(store: Store) -> Any:
    metadata = members_pb2.ExportMemberMetadata()
    operation_of(store).metadata.Unpack(metadata)
    return metadata


def files_of(store: Store, name: str = NAME) -> dict[str, Any]:
    answer = members_pb2.ExportMemberResponse()
    operation = operation_of(store, name)
    assert operation.done
    assert operation.response.Unpack(answer)
    return {f.kind: f for f in answer.files}


def blobs(store: Store) -> dict[str, bytes]:
    return {b.digest: b.body for b in store.look(SYSTEM, lambda s: list(s.exec(select(BlobRow))))}


def content(store: Store, file_id: str, member: str = MEMBER) -> bytes:
    def whole(session: Any) -> bytes:
        index = exports.index_of(session, member, file_id)
        return b"".join(exports.part_of(session, member, file_id, part) for part in range(index.parts))

    return store.look(SYSTEM, whole)


def whole(store: Store, name: str = NAME) -> dict[str, bytes]:
    """Every file of an export, held against what the operation says of it."""
    found = {}
    for kind, file in files_of(store, name).items():
        found[kind] = content(store, file.file_id)
        assert (len(found[kind]), found[kind].count(b"\n")) == (file.size_bytes, file.rows), kind
        assert hashlib.sha256(found[kind]).hexdigest() == file.sha256, kind
    return found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts, pages and messages of which a few rows fill several."""
    monkeypatch.setattr(exports, "PART_BYTES", 1_000)
    monkeypatch.setattr(export_files, "_PAGE", 7)


@pytest.mark.usefixtures("small")
def test_an_export_is_kept_in_parts_and_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of equal size, however long the lines are; each row once, in a total order, and nothing of others."""
    monkeypatch.setattr(exports, "PART_BYTES", 130)  # less than a line of an order has
    world.build(store)
    fill(store, 50)
    fill(store, 9, company="swift")
    ask(store)
    assert exports.run(store, NAME)
    files = whole(store)
    assert [*files] == [*FILES, CONTACTS]
    refs = [json.loads(row)["name"] for row in files["orders"].splitlines()]
    assert refs == [f"companies/acme/orders/o{i:07d}" for i in reversed(range(50))]
    for kind in ("demand", "shipments", "tracking_events", "traces"):
        assert files[kind].count(b"\n") == 50, kind
    assert b"swift" not in b"".join(files.values())
    parts = [n for n in blobs(store) if n.count(":") == 3]
    orders = files_of(store)["orders"].file_id
    sizes = [len(body) for name, body in sorted(blobs(store).items()) if f"{orders}:" in name]
    assert len(sizes) > 5
    assert set(sizes[:-1]) == {130}
    assert len(parts) == sum(-(-f.size_bytes // 130) for f in files_of(store).values())


@pytest.mark.usefixtures("small")
def test_the_same_store_gives_the_same_bytes(store: Store) -> None:
    """Two exports of what has not changed meanwhile are alike, whatever the order in which rows were written."""
    world.build(store)
    fill(store, 30)
    rows = store.look(SYSTEM, lambda s: [r.model_dump() for r in s.exec(select(DemandRow))])
    first, second = ask(store), ask(store, "operations/f")
    exports.run(store, first)

    def again(tx: Any) -> None:
        tx.connection.execute(DemandRow.__table__.delete())  # type: ignore[attr-defined]
        tx.connection.execute(insert(DemandRow), rows[::-1])

    store.transact(again)
    exports.run(store, second)
    assert whole(store, first) == whole(store, second)
    one, other = files_of(store, first), files_of(store, second)
    assert not {f.file_id for f in one.values()} & {f.file_id for f in other.values()}


def test_what_is_written_meanwhile_is_not_in_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files are of the moment at which the export began, on both databases."""
    world.build(store)
    fill(store, 3)
    ask(store)

    def disturbed(session: Any, company: str) -> Any:
        yield from FILES["companies"](session, company)
        world.put_orders(store, "acme", 2, NOW)

    monkeypatch.setattr(export_files, "FILES", {**FILES, "companies": disturbed})
    exports.run(store, NAME)
    assert files_of(store)["orders"].rows == 3
    assert len(store.look(SYSTEM, lambda s: list(s.exec(select(OrderRow))))) == 5


class Crash(Exception):
    """The process ended."""


def crashing(after: int) -> Any:
    def lines(session: Any, company: str) -> Any:
        yield from itertools.islice(FILES["demand"](session, company), after)
        raise Crash

    return lines


@pytest.mark.usefixtures("small")
def test_what_a_crash_left_is_replaced(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again, it has the parts of its last attempt alone, and until then nothing of it can be read."""
    world.build(store)
    fill(store, 60)
    ask(store)
    monkeypatch.setattr(export_files, "FILES", {**FILES, "demand": crashing(40)})
    with pytest.raises(Crash):
        exports.run(store, NAME)
    left = blobs(store)
    assert len(left) > 5
    assert all(name.count(":") == 3 for name in left)
    assert 0 < metadata_of(store).progress_percent < 100
    monkeypatch.setattr(export_files, "FILES", FILES)
    assert not exports.run(store, NAME), "as long as it may be alive, nobody else begins"
    store.transact(lambda tx: tx.connection.execute(OrderRow.__table__.delete()))  # type: ignore[attr-defined]
    later = datetime.now(UTC) + timedelta(minutes=3)
    monkeypatch.setattr(Store, "now", staticmethod(lambda: later))
    assert exports.run(store, NAME)
    files = whole(store)
    assert files["orders"] == b""
    assert files["demand"].count(b"\n") == 60
    known = {f"export:{MEMBER}:{f.file_id}" for f in files_of(store).values()}
    assert {name if name.count(":") == 2 else name.rsplit(":", 1)[0] for name in blobs(store)} == known
    assert sum(map(len, (b for n, b in blobs(store).items() if n.count(":") == 3))) == sum(map(len, files.values()))
    assert metadata_of(store).progress_percent == 100
    assert not exports.run(store, NAME)


@pytest.mark.usefixtures("small")
def test_who_was_given_up_writes_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that froze, and goes on when another has done its work, leaves that as it is."""
    world.build(store)
    fill(store, 60)
    ask(store)
    kept: dict[str, bytes] = {}

    def frozen(session: Any, company: str) -> Any:
        for number, row in enumerate(FILES["demand"](session, company)):
            if number == 30 and not kept:
                kept["begun"] = b""
                monkeypatch.setattr(Store, "now", staticmethod(lambda: datetime.now(UTC) + timedelta(minutes=3)))
                assert exports.run(store, NAME)
                kept.update(blobs(store))
            yield row

    monkeypatch.setattr(export_files, "FILES", {**FILES, "demand": frozen})
    assert not exports.run(store, NAME)
    del kept["begun"]
    assert blobs(store) == kept
    assert whole(store)["demand"].count(b"\n") == 60


@pytest.mark.usefixtures("small")
def test_how_far_it_is_can_be_seen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each part the operation says more rows, and never less of the way."""
    world.build(store)
    fill(store, 40)
    ask(store)
    seen: list[tuple[float, int]] = []
    goes_on = exports._goes_on

    def told(tx: Any, attempt: Any, rows: int, percent: float) -> None:
        goes_on(tx, attempt, rows, percent)
        seen.append((percent, rows))

    monkeypatch.setattr(exports, "_goes_on", told)
    exports.run(store, NAME)
    assert seen == sorted(seen)
    assert len({rows for _, rows in seen}) > 10
    last = metadata_of(store)
    assert (last.progress_percent, last.rows) == (100, sum(f.rows for f in files_of(store).values()))


@pytest.mark.usefixtures("small")
def test_all_parts_are_forgotten_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """When their time is over nothing is left of a file; one that goes while it is read is not cut short in silence."""
    world.build(store)
    fill(store, 40)
    ask(store)
    begun = datetime.now(UTC)
    times = itertools.count()
    monkeypatch.setattr(Store, "now", staticmethod(lambda: begun + timedelta(seconds=next(times))))
    exports.run(store, NAME)
    file_id = files_of(store)["orders"].file_id
    assert len({b.at for b in store.look(SYSTEM, lambda s: list(s.exec(select(BlobRow))))}) == 1
    retention = Retention(**{f: 10_000.0 for f in Retention.model_fields} | {"exports_days": 1})
    monkeypatch.setattr(Store, "now", staticmethod(lambda: begun + timedelta(days=2)))

    def read(session: Any) -> bytes:
        index = exports.index_of(session, MEMBER, file_id)
        erase(store, retention)
        return exports.part_of(session, MEMBER, file_id, index.parts - 1)

    assert len(blobs(store)) > 20
    with pytest.raises(Fault) as caught:
        store.look(SYSTEM, read) if store.url.startswith("postgresql") else read_apart(store, read)
    assert caught.value.reason == "EXPORT_UNKNOWN"
    assert blobs(store) == {}


def read_apart(store: Store, read: Any) -> bytes:
    """On SQLite one transaction sees no erasure: as the service does, look twice."""

    class Twice:
        def get(self, *key: Any) -> Any:
            return store.look(SYSTEM, lambda s: s.get(*key))

    return bytes(read(Twice()))


def test_the_newest_two_of_a_membership_are_kept(store: Store) -> None:
    """A third export's files take the place of the first's; another membership's are its own."""
    world.build(store)
    ask(store, "operations/other", "pools/rhine/members/swift")
    assert exports.run(store, "operations/other")
    for name in ("operations/a", "operations/b", "operations/c"):
        assert exports.run(store, ask(store, name))
    for name in ("operations/b", "operations/c", "operations/other"):
        member = "pools/rhine/members/swift" if name.endswith("other") else MEMBER
        assert {k: content(store, f.file_id, member) for k, f in files_of(store, name).items()}
    for file in files_of(store, "operations/a").values():
        with pytest.raises(Fault) as caught:
            content(store, file.file_id)
        assert caught.value.reason == "EXPORT_UNKNOWN"


def test_people_who_are_erased_are_erased_from_exports(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their file goes whole, whenever they are erased: after the export, or while it is made."""
    world.build(store)
    person = people.companies_pb2.Contact(display_name="Person of acme")
    row = {"company": "acme", "position": 0, "body": person.SerializeToString()}
    store.transact(lambda tx: tx.connection.execute(insert(ContactRow), [row]))
    ask(store)
    ask(store, "operations/f")
    exports.run(store, NAME)
    assert b"Person of acme" in whole(store)[CONTACTS]

    def disturbed(session: Any, company: str) -> Any:
        yield from FILES["companies"](session, company)
        store.transact(lambda tx: people.put(tx, "acme", []))

    monkeypatch.setattr(export_files, "FILES", {**FILES, "companies": disturbed})
    exports.run(store, "operations/f")
    assert not [name for name, body in blobs(store).items() if b"Person" in body]
    assert whole(store, "operations/f")[CONTACTS] == b""
    gone = files_of(store)
    with pytest.raises(Fault):
        content(store, gone[CONTACTS].file_id)
    assert content(store, gone["companies"].file_id)


def test_only_the_member_itself_may_read_its_export(store: Store) -> None:
    """Not even the operator: it holds what an owner expects to send, which no service shows to another."""
    world.build(store)
    store.look(Viewer("acme"), lambda s: exports.must_be_own(s, MEMBER))
    for other in (Viewer("acme2"), Viewer("swift"), Viewer("", operator=True), SYSTEM):
        with pytest.raises(Fault) as caught:
            store.look(other, lambda s: exports.must_be_own(s, MEMBER))
        assert caught.value.reason == "EXPORT_UNKNOWN"


@pytest.mark.parametrize("body", [b"", b'{"name": "companies/acme/orders/o"}\n', b'{"name": "o"}\n{"name": "p"}\n'])
def test_what_an_older_release_kept_whole_is_to_be_exported_anew(store: Store, body: bytes) -> None:
    """A file without an index is not there; nothing breaks over it, and nothing of it is told."""
    file_id = "0" * 32
    row = {"digest": f"export:{MEMBER}:{file_id}", "kind": exports.EXPORTED, "at": NOW, "body": body}
    store.transact(lambda tx: tx.connection.execute(insert(BlobRow), [row]))
    with pytest.raises(Fault) as caught:
        content(store, file_id)
    assert caught.value.reason == "EXPORT_UNKNOWN"


def test_capacity_and_events_are_those_of_the_member(store: Store) -> None:
    """Of a plan that two take part in each gets its own commitments and what it was told, with the plan's name."""
    world.build(store)
    name = "pools/rhine/synchronizations/s"
    asked = world.asking(start=NOW)
    plan = steps.synchronizations_pb2.Synchronization(name=name, window_start=asked.window_start)
    plan.window_end.FromDatetime(NOW + timedelta(days=1))

    def make(tx: Any) -> None:
        steps.opened(tx, plan, ["acme", "swift"], requester="acme")
        steps.tell(tx, name, "swift", order_changed=steps.synchronizations_pb2.OrderChanged(order="swift's"))
        hold = {"synchronization": name, "good": "g", "quantity": 2.0, "since": NOW, "until": NOW}
        rows = [{**hold, "id": f"l-{c}", "company": c} for c in ("acme", "swift")]
        tx.connection.execute(insert(CommitmentRow), rows)

    store.transact(make)
    ask(store)
    exports.run(store, NAME)
    files = whole(store)
    (held,) = map(json.loads, files["commitments"].splitlines())
    assert held == {
        **{"company": "acme", "good": "g", "id": "l-acme", "quantity": 2.0, "synchronization": name},
        **{"since": "2026-05-04T06:00:00Z", "until": "2026-05-04T06:00:00Z"},
    }
    (told,) = map(json.loads, files["synchronization_events"].splitlines())
    assert (told["synchronization"], told["sequence"], told["state_changed"]) == (name, "1", {"state": "QUEUED"})
    (shown,) = map(json.loads, files["synchronizations"].splitlines())
    assert (shown["name"], shown["last_sequence"]) == (name, "1")
    assert b"swift" not in b"".join(files.values())


def peak(url: str, count: int) -> int:
    """Most bytes that Python held at once, above what it held before, while so many rows of each kind were exported."""
    store = Store(url)
    try:
        world.build(store)
        fill(store, count)
        ask(store)
        ask(store, "operations/before", "pools/rhine/members/swift")
        exports.run(store, "operations/before")  # what is imported and cached by the way is there for all
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        exports.run(store, NAME)
        found = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
        assert files_of(store)["orders"].rows == count
        return found
    finally:
        store.close()


@pytest.mark.slow
def test_memory_does_not_grow_with_what_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times as many rows take no more memory than a page and a part more."""
    monkeypatch.setattr(exports, "PART_BYTES", 64 * 1024)
    few, many = (peak(f"sqlite:///{tmp_path / str(count)}.sqlite", count) for count in (800, 6_400))
    assert many < 1.25 * few + exports.PART_BYTES
