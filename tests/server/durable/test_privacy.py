"""A whole life over the wire: what is negotiated, proposed, committed, changed, tracked, foretold and exported.

Every private figure and text of every company is a value that occurs nowhere else. Each company then reads all that the
service has for it, about everybody's names, and every byte is searched, phase by phase, for what the matrix does not
show it; and for what it does show, so that nothing is searched in vain.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import uvloop
from google.type import date_pb2
from sqlmodel import select

from agents.visibility import MATRIX, Phase, Role, visible
from groupage.client.methods import Method
from groupage.v1 import change_requests_pb2, companies_pb2, demand_pb2, members_pb2, negotiation_pb2, policies_pb2
from server import bus, training
from server.durable.changes import Changer
from server.freezing import Records
from server.store import Store
from server.store.tables import LegRow, OrderRow, QuestionRow, Record
from server.viewer import SYSTEM
from tests.server.canaries import World
from tests.server.durable import world
from tests.server.durable.conftest import until
from tests.server.hostile import INSIDE, Site, methods, served
from tests.server.wire import pool

pytestmark = pytest.mark.timeout(280)
STRANGER = "lurk"
OWNS, PRIVATE = "owner", "nobody else's"
EVERYBODY = (*world.COMPANIES, STRANGER)
ROLES = dict.fromkeys(pool.SHIPPERS, Role.OWNER) | dict.fromkeys(pool.CARRIERS, Role.CARRIER) | {"north": Role.HUB}


class Mark(NamedTuple):
    """A value that stands for one fact of one company's, and of one of its orders where it is an order's."""

    fact: str
    company: str
    order: str
    value: str | int | float


def forms(value: str | float) -> list[bytes]:
    """Every form in which a value may come back: text, a double, a float, a number of the wire."""
    if isinstance(value, str):
        return [value.encode()]
    if isinstance(value, float):
        return [struct.pack("<d", value), struct.pack("<f", value), repr(value).encode()]
    return [varint(value), str(value).encode(), struct.pack("<d", float(value))]


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@dataclass
class Marks:
    """All of them."""

    made: list[Mark] = field(default_factory=list)

    def put(self, fact: str, company: str, value: Any, order: str = "") -> Any:
        """Make one; its value."""
        self.made.append(Mark(fact, company, order, value))
        return value

    def figure(self, fact: str, company: str, order: str = "", *, base: int = 4_000_000_000) -> Any:
        """Make one of a whole number of its own."""
        return self.put(fact, company, base + 1_000_003 * len(self.made), order)

    def records(self, found: Records) -> None:
        """Mark the pool's records."""
        for c in pool.SHIPPERS:
            self.put(OWNS, c, f"companies/{c}/orders/")
            for kind in ("laneForecasts", "forecastModels"):
                self.put(PRIVATE, c, f"companies/{c}/{kind}/")
        self.put(PRIVATE, "swift", "companies/swift/vehicleTypes/")  # the other's hire stands in the rulebook
        for site in found.sites:
            c = site.name.split("/")[1]
            if c != "north":  # whose hub everybody's legs lead through
                self.put("places" if c in pool.SHIPPERS else PRIVATE, c, site.display_name)
                self.put("places" if c in pool.SHIPPERS else PRIVATE, c, site.name)
        for order in found.orders:
            c, name = order.name.split("/")[1], order.name
            self.put("papers", c, order.external_ref, name)
            self.put("papers", c, order.ssccs[0], name)
            for fact in ("pallets", "weight_kg", "volume_m3"):
                # Of so many digits that no sum of others and no four bytes by chance are like it.
                value = getattr(order, fact) + math.sqrt(len(self.made) + 0.5) % 1 / 8
                setattr(order, fact, self.put(fact, c, value, name))
            order.stakes.lateness_eur_micros_per_hour = self.figure("stakes", c, name, base=5_000_000_000)
        for vehicle in found.vehicle_types:
            c = vehicle.name.split("/")[1]
            vehicle.rates.fixed_eur_micros = self.put(PRIVATE, c, 150_000_017 + len(self.made))
        found.hubs[0].rates.slot_eur_micros = self.put(PRIVATE, "north", 5_000_000 + len(self.made))


def may_see(viewer: str, mark: Mark, phase: Phase, legs: dict[str, set[tuple[str, str]]]) -> bool:
    """Tell by the matrix whether somebody may see what a mark stands for."""
    if viewer == mark.company:
        return True
    role = ROLES.get(viewer)
    if mark.fact == PRIVATE or role is None or role is Role.OWNER:
        return False
    if visible(mark.fact, role, Phase.BEFORE):
        return True  # whoever is asked to carry it
    mine = [o for o, legs_of in legs.items() if viewer in {x for leg in legs_of for x in leg}]
    concerned = any(o == mark.order or (not mark.order and o.startswith(f"companies/{mark.company}/")) for o in mine)
    return concerned and visible(mark.fact, role, phase)


async def read_all(site: Site, who: str, names: dict[str, list[str]], files: list[tuple[str, str, str]]) -> bytes:
    """Everything that somebody gets of all methods that read, about all names, its own and others'."""
    by_name = {path.rpartition(".")[2]: m for path, m in methods(site.app.names).items()}
    out = b""

    async def ask(method: Method, wait_s: float = 0.1, log: bool = False, **fields: Any) -> None:
        nonlocal out
        raw = method.request(**fields).SerializeToString()
        answer = await site.call(who, method, [raw], wait_s=wait_s)
        assert answer.code not in ("UNKNOWN", "INTERNAL"), (method.path, fields, answer)
        assert not [word for word in INSIDE if word in answer.raw]
        # What a caller said itself comes back in errors.
        said = [v for v in fields.values() if isinstance(v, str) and v and answer.code != "OK"]
        raw = answer.raw
        if log:  # it has what the caller itself asked about, by name
            said = sorted({name for some in names.values() for name in some}, key=len, reverse=True)
        for word in said:
            raw = raw.replace(word.encode(), b"")
        out += raw

    for key, method in by_name.items():
        verb = key.rpartition("/")[2]
        if not verb.startswith(("Get", "List", "Watch")):
            continue
        fields = method.request.DESCRIPTOR.fields_by_name
        about = next((f for f in ("name", "parent") if f in fields), "")
        if verb == "ListOperations":
            await ask(method, name="operations")
        elif not about:
            await ask(method)
        else:
            for name in names[collection_of(verb, about)]:
                await ask(method, 0.15 if verb.startswith("Watch") else 0.1, **{about: name})
    for member, file_id, kind in files:
        await ask(by_name["Pools/ReadExport"], log=kind == "audit_log", name=member, file_id=file_id)
    first = negotiation_pb2.ConverseRequest(request_id=str(uuid4()))
    first.open.company, first.open.agent = f"companies/{who}", f"agent-of-{who}"
    first.open.roles.extend([companies_pb2.ROLE_SHIPPER, companies_pb2.ROLE_CARRIER, companies_pb2.ROLE_HUB])
    talked = await site.call(who, by_name["Negotiation/Converse"], [first.SerializeToString()], wait_s=0.3)
    return out + talked.raw


def collection_of(verb: str, about: str) -> str:
    """Which names a method is asked about."""
    if about == "parent":
        if "Consents" in verb:
            return "rulebooks"
        if verb in ("ListProposals", "ListChangeRequests"):
            return "synchronizations"
        pools_own = ("ListMembers", "ListRulebooks", "ListSynchronizations")
        return "pools" if verb in pools_own else "companies"
    if verb in ("GetTrace", "GetShipment"):
        return "shipments"
    if verb == "WatchSynchronization":
        return "synchronizations"
    plain = verb.removeprefix("Get")
    return {"Company": "companies", "LaneForecast": "laneForecasts"}.get(plain, f"{plain[0].lower()}{plain[1:]}s")


def names_in(store: Store) -> dict[str, list[str]]:
    """Names of all that is stored, by collection, and of what is computed."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in store.look(SYSTEM, lambda s: [*s.exec(select(Record.name)), *s.exec(select(OrderRow.name))]):
        if "/changeRequests/" not in name or not name.endswith("~"):
            found[name.split("/")[-2]].append(name)
    found["shipments"] = [f"{order}/shipment" for order in found["orders"]]
    found["laneForecasts"] = [f"companies/{c}/laneForecasts/z-{c}-secret-{c}" for c in pool.SHIPPERS]
    return found


def legs_in(store: Store) -> dict[str, set[tuple[str, str]]]:
    """Who carries and handles each order."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for leg in store.look(SYSTEM, lambda s: list(s.exec(select(LegRow)))):
        found[leg.order_name].add((leg.carrier, leg.hub.split("/")[1] if "/" in leg.hub else leg.hub))
    return found


def pending(store: Store) -> list[QuestionRow]:
    """Questions to own agents that are open."""
    query = select(QuestionRow).where(QuestionRow.answer.is_(None), QuestionRow.withdrawn.is_(False))  # type: ignore[union-attr, attr-defined]
    return store.look(SYSTEM, lambda s: list(s.exec(query)))


def refuse_all(store: Store, marks: Marks) -> None:
    """Have own agents refuse what they are asked, with a reason that is theirs alone."""
    for q in pending(store):
        said = negotiation_pb2.Answer(
            question_id=q.question_id,
            performative=negotiation_pb2.PERFORMATIVE_REFUSE,
            reason=marks.put(PRIVATE, q.company, f"refusal {uuid4().hex} of {q.company}"),
        )
        store.transact(lambda tx, c=q.company, said=said: bus.record(tx, c, said))  # type: ignore[misc]


async def check(site: Site, store: Store, marks: Marks, phase: Phase, files: Any = ()) -> dict[str, bytes]:
    """Have everybody read everything, and search it."""
    names, legs, told = names_in(store), legs_in(store), {}
    for who in EVERYBODY:
        told[who] = await read_all(site, who, names, list(files))
        found = [m for m in marks.made if any(f in told[who] for f in forms(m.value))]
        wrong = [m for m in found if not may_see(who, m, phase, legs)]
        assert wrong == [], (who, phase, [around(told[who], m) for m in wrong])
    return told


def around(told: bytes, mark: Mark) -> list[bytes]:
    """Where a mark was found, with what stands around it."""
    return [told[max(0, at - 80) : at + 80] for form in forms(mark.value) if (at := told.find(form)) >= 0]


def seen(told: dict[str, bytes], who: str, mark: Mark) -> bool:
    """Whether somebody got a mark."""
    return any(form in told[who] for form in forms(mark.value))


def foretell(site_call: Callable[..., Any], store: Store, marks: Marks) -> Iterator[Any]:
    """Demand of every shipper, and a model of it each."""
    today = datetime.now(UTC).date()
    for i, c in enumerate(pool.SHIPPERS):
        zone, product = marks.put("forecast", c, f"z-{c}"), marks.put("forecast", c, f"secret-{c}")
        figure = marks.put("forecast", c, 98_765.4375 + i)
        days = [today - timedelta(days=back + 1) for back in range(70)]
        records = [
            demand_pb2.DemandRecord(
                zone=zone, product=product, pallets=figure, day=date_pb2.Date(year=d.year, month=d.month, day=d.day)
            )
            for d in days
        ]
        yield site_call(c, "Orders/SubmitDemand", parent=f"companies/{c}", records=records)
        learner = policies_pb2.Strategy(name="seasonal_naive")
        yield site_call(c, "Forecasts/TrainForecastModel", parent=f"companies/{c}", forecaster=learner)


def test_nobody_reads_more_than_the_matrix_shows_in_a_whole_life(store, synchronizer, executor, monkeypatch):
    """From the first question to the export after a change, no byte tells anybody what the matrix keeps from it."""
    begun: list[str] = []
    monkeypatch.setattr(training, "begin", lambda _, operation: begun.append(operation))
    marks = Marks()
    world.fill(store, marked=marks.records)
    world.connect(store, "bolt", companies_pb2.ROLE_SHIPPER)
    world.connect(store, "swift", companies_pb2.ROLE_CARRIER)

    async def life() -> None:
        async with served(store, EVERYBODY, World()) as site:
            by_name = {path.rpartition(".")[2]: m for path, m in methods(site.app.names).items()}

            async def call(who: str, method: str, **fields: Any) -> Any:
                kind = by_name[method]
                if "request_id" in kind.request.DESCRIPTOR.fields_by_name:
                    fields["request_id"] = str(uuid4())
                answer = await site.call(who, kind, [kind.request(**fields).SerializeToString()])
                assert answer.code == "OK", (method, answer)
                return answer.messages[0]

            name = world.ask(store)
            while (await asyncio.to_thread(until, synchronizer, name))["is"] == "wait" and pending(store):
                told = await check(site, store, marks, Phase.BEFORE)
                for question in pending(store):
                    assert question.question_id.encode() in told[question.company]
                refuse_all(store, marks)
            assert world.state(store, name) == "PROPOSED"
            await check(site, store, marks, Phase.PROPOSED)
            world.answer(store, name)
            await asyncio.to_thread(until, synchronizer, name)
            assert world.state(store, name) == "COMMITTED"

            for asked in foretell(call, store, marks):
                await asked
            for operation in begun:
                await asyncio.to_thread(training.run, store, operation)
            order = next(o for o, state in world.orders(store).items() if state == "COMMITTED")
            owner = order.split("/")[1]
            change = change_requests_pb2.ChangeRequest(
                order=order, max_price_cents=marks.figure(PRIVATE, owner), cancellation={"reason": "closed"}
            )
            await call(owner, "Synchronizations/CreateChangeRequest", parent=name, change_request=change)
            await asyncio.to_thread(Changer(executor).look)
            told = await check(site, store, marks, Phase.AFTER)
            papers = [m for m in marks.made if m.fact == "papers" and legs_in(store).get(m.order)]
            for mark in papers:
                for carrier, _ in legs_in(store)[mark.order]:
                    assert seen(told, carrier, mark), (carrier, mark)
            for company in (c for c in world.COMPANIES if c != owner):
                listed = await call(company, "Synchronizations/ListChangeRequests", parent=name)
                for view in listed.change_requests:
                    comment = marks.put(PRIVATE, company, f"comment {uuid4().hex}")
                    await call(
                        company,
                        "Synchronizations/DeclineChangeRequest",
                        name=view.name,
                        etag=view.etag,
                        comment=comment,
                    )
            await asyncio.to_thread(Changer(executor).look)
            files = []
            rows: dict[str, dict[str, int]] = {}
            for company in world.COMPANIES:
                member = f"{world.POOL}/members/{company}"
                made = await call(company, "Pools/ExportMember", name=member)
                while not (done := await call(company, "Operations/WaitOperation", name=made.name)).done:
                    pass
                answer = members_pb2.ExportMemberResponse()
                assert done.response.Unpack(answer)
                rows[company] = {file.kind: file.rows for file in answer.files}
                files += [(member, file.file_id, file.kind) for file in answer.files]
            everybody = ("synchronizations", "synchronization_events", "pools", "rulebooks", "audit_log")
            assert [(c, kind) for c in world.COMPANIES for kind in everybody if not rows[c][kind]] == []
            own_agents = ("questions", "agent_messages")
            assert [(c, kind) for c in ("bolt", "swift") for kind in own_agents if not rows[c][kind]] == []
            assert min(rows[owner][kind] for kind in ("proposals", "change_requests", "shipments"))
            assert sum(rows[c]["commitments"] for c in pool.CARRIERS)
            assert sum(rows[c]["carried_shipments"] for c in pool.CARRIERS)
            told = await check(site, store, marks, Phase.AFTER, files)
            unseen = {m for m in marks.made if not seen(told, m.company, m)}
            # Why an agent refused and what a decliner remarked go to the coordinator and the operator, not back.
            words = ("refusal ", "comment ")
            assert not [m for m in unseen if not str(m.value).startswith(words)]

    uvloop.run(asyncio.wait_for(life(), 260))


def test_the_marks_are_facts_of_the_matrix():
    """What is marked is called as in the matrix, so that a mistyped one is not private by accident."""
    marks = Marks()
    marks.records(pool.records())
    assert {m.fact for m in marks.made} - {PRIVATE} <= set(MATRIX)
    assert len({m.value for m in marks.made}) == len(marks.made)
