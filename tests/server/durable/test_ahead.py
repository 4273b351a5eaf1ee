"""Looking ahead before a negotiation: held by the pool's forecasts, recorded, replayed, and back on its day."""

from __future__ import annotations

import struct
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import select

from agents import records
from agents.mediation import replay
from agents.synchronize import replayed
from agents.transcript import LOOK_AHEAD
from groupage.v1 import companies_pb2, negotiation_pb2, orders_pb2, proposals_pb2
from server import bus, forecast_models
from server.durable import record
from server.durable.driver import Driver
from server.durable.processes import Processes
from server.durable.workflow import Synchronizer
from server.foresight import Foresight, look_from, look_text, looked_from
from server.order_writes import decoded
from server.store.tables import BlobRow, EventRow, OrderRow, QuestionRow
from server.viewer import SYSTEM, Viewer
from tests.server.durable import forecasts, world
from tests.server.durable.conftest import until
from tests.server.durable.test_workflow import told
from tests.server.wire import pool

DAY = timedelta(days=1)
TUESDAY = pool.START + DAY


def waiting_orders(each=1, pallets=3.0, until_h=36.0):
    """Orders that may go today or on the next planning day."""
    made = pool.orders(each)
    for order in made:
        order.pallets = pallets
        pool.stamp(order, "window_close", pool.START + timedelta(hours=until_h))
    return made


def holds(rule="forecast_value", **params):
    def change(book):
        book.policy.holding.name = rule
        for key, value in params.items():
            book.policy.holding.params[key].integer = value

    return change


def lanes_of_all(store):
    forecasts.forecast(store, acme=3.0, bolt=3.0, core=3.0)


def exchanges(store, name, number):
    return [records.loads(t) for t in store.look(SYSTEM, lambda s: record.exchanges(s, name, number))]


def asked(store, name, number=0):
    return [str(m.topic) for r in exchanges(store, name, number) for m in r.sent]


def rows(store):
    return {o.name: o for o in store.look(SYSTEM, lambda s: list(s.exec(select(OrderRow))))}


class TestHeld:
    """What waits by the pool's forecasts."""

    def test_holds_what_the_pool_expects_to_gain_by(self, store, synchronizer):
        """The recorded conversation comes first; who agreed has its order held, with until and why."""
        world.fill(store, change=holds(), orders=waiting_orders())
        lanes_of_all(store)
        name = world.ask(store)
        until(synchronizer, name)
        assert {"outlook", "holdable", "hold"} <= set(asked(store, name))
        assert set(world.orders(store).values()) == {"HELD"}
        one = rows(store)["companies/acme/orders/o0"]
        shown = decoded(one, Viewer("acme"))
        assert shown.state == orders_pb2.Order.HELD
        assert shown.held_until.ToDatetime(TUESDAY.tzinfo) == TUESDAY
        assert "expects that waiting" in shown.held_reason
        (event,) = [e.order_changed for e in told(store, name, "acme", "order_changed") if e.order_changed.state == 9]
        assert event.reason == shown.held_reason
        # All of it waits: there is nothing to negotiate, and nothing was released.
        assert world.state(store, name) == "RELEASED"

    def test_negotiates_over_what_goes_today(self, store, synchronizer):
        """What waits is on nobody's table; its owner reads it in its part, with what it was told to expect."""
        fill_some(store)
        name = world.ask(store)
        until(synchronizer, name)
        assert world.state(store, name) == "PROPOSED"
        states = world.orders(store)
        assert {n for n, st in states.items() if st == "HELD"} == {f"companies/{c}/orders/o0" for c in pool.SHIPPERS}
        assert {st for n, st in states.items() if not n.endswith("o0")} == {"NEGOTIATING"}
        last = world.negotiations(store, name)[-1]
        freeze = store.look(SYSTEM, lambda s: record.freeze_of(s, last))
        assert not {n for n in freeze.market.shipments if n.endswith("o0")}
        part = world.proposals(store, name)["acme"].owner_part
        held = {p.order: p for p in part.orders if p.outcome == proposals_pb2.OUTCOME_HELD}
        assert set(held) == {"companies/acme/orders/o0"}
        assert held["companies/acme/orders/o0"].held_until.ToDatetime(TUESDAY.tzinfo) == TUESDAY
        assert part.expected_saving_cents > 0
        # Every figure of every path counts as disclosed.
        assert world.proposals(store, name)["acme"].disclosed >= 100
        world.answer(store, name)
        assert until(synchronizer, name)["state"] == "COMMITTED"
        assert rows(store)["companies/acme/orders/o0"].state == "HELD"

    def test_replays_from_the_record(self, store, synchronizer):
        """The recorded look ahead leads to what was held, and the recorded negotiation to the stored settlement."""
        fill_some(store)
        name = world.ask(store)
        until(synchronizer, name)
        look_row, row = world.negotiations(store, name)
        assert look_row.round == 0
        text = store.look(SYSTEM, lambda s: record.blob(s, look_row.freeze))
        look = look_from(text)
        assert look_text(look) == text
        rounds = exchanges(store, name, 0)
        assert {m.conversation for r in rounds for m in r.sent} == {LOOK_AHEAD}
        foresight = Foresight(look)
        ahead = replay(foresight.conduct(), rounds)
        looked = looked_from(store.look(SYSTEM, lambda s: record.blob(s, look_row.settlement)))
        assert foresight.looked(ahead, looked.disclosed) == looked
        assert looked.waiting
        freeze, transcript = store.look(SYSTEM, lambda s: (record.freeze_of(s, row), record.transcript_of(s, row)))
        again = replayed(freeze.market, freeze.policy, transcript).settlement
        assert records.dumps(again) == world.settlement_text(store, row)

    def test_survives_the_loss_of_every_process(self, store, executor, synchronizer):
        """A look ahead that waits for an own agent goes on in a process that knows the record alone, to the same."""
        fill_some(store)
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        assert until(synchronizer, name)["is"] == "wait"
        (row,) = world.negotiations(store, name)
        assert row.round == 0
        query = select(QuestionRow).where(QuestionRow.company == "acme")
        (question,) = store.look(SYSTEM, lambda s: list(s.exec(query)))
        topic = negotiation_pb2.Question.FromString(question.question).topic
        assert topic == "outlook"
        said = negotiation_pb2.Answer(
            question_id=question.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="nothing known"
        )
        store.transact(lambda tx: bus.record(tx, "acme", said))
        other = Processes(1)
        try:
            until(Synchronizer(executor, Driver(executor, other)), name)
        finally:
            other.close()
        # Who tells nothing has nothing held; the others decide without it.
        waits = {n for n, st in world.orders(store).items() if st == "HELD"}
        assert waits == {"companies/bolt/orders/o0", "companies/core/orders/o0"}

    def test_comes_back_on_its_day_and_no_sooner(self, store, synchronizer):
        """A second plan of today leaves it alone, the next day's takes it; held once, it is not held again."""
        world.fill(store, change=holds(), orders=waiting_orders(until_h=84.0))
        lanes_of_all(store)
        until(synchronizer, world.ask(store))
        assert set(world.orders(store).values()) == {"HELD"}
        until(synchronizer, world.ask(store))
        assert set(world.orders(store).values()) == {"HELD"}
        name = world.ask(store, window=(TUESDAY, TUESDAY + timedelta(hours=16)))
        until(synchronizer, name)
        assert set(world.orders(store).values()) <= {"NEGOTIATING", "RELEASED"}
        assert "hold" not in asked(store, name)
        assert {r.held_days for r in rows(store).values()} == {1}

    def test_tells_nobody_anothers_forecast(self, store, synchronizer):
        """No path, pooled quantity or name is in what any company reads, nor in what own agents are asked."""
        fill_some(store, acme=16.0625)
        world.connect(store, "bolt", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        for _ in range(12):
            if until(synchronizer, name)["is"] != "wait" or world.state(store, name) != "NEGOTIATING":
                break
            refuse_all(store, "bolt")
        marks = (b"16.0625", struct.pack("<d", 16.0625), b"companies/acme")
        query = select(EventRow).where(EventRow.company == "bolt")
        told_bolt = store.look(SYSTEM, lambda s: [e.body for e in s.exec(query)])
        asked_bolt = store.look(
            SYSTEM, lambda s: [q.question for q in s.exec(select(QuestionRow).where(QuestionRow.company == "bolt"))]
        )
        assert asked_bolt
        parts = [p.SerializeToString() for c, p in world.proposals(store, name).items() if c != "acme"]
        assert not [m for m in marks for body in (*told_bolt, *asked_bolt, *parts) if m in body]
        paths = [m for r in exchanges(store, name, 0) for m in r.replies if m.sender == "companies/acme"]
        assert any(16.0625 in (row.get("path_pallets") or ()) for m in paths for row in m.body.to_pylist())

    def test_holds_by_the_owners_own_rule_without_asking_anybody(self, store, synchronizer):
        """A rule that looks at no pool decides owner by owner: nothing is asked, nothing disclosed."""
        world.fill(store, change=holds("time_based", max_days=1), orders=waiting_orders())
        name = world.ask(store)
        until(synchronizer, name)
        assert exchanges(store, name, 0) == []
        assert set(world.orders(store).values()) == {"HELD"}

    def test_an_owner_with_its_own_agent_is_held_by_no_rule(self, store, synchronizer):
        """Who speaks for itself says itself what it keeps back."""
        world.fill(store, change=holds("time_based", max_days=1), orders=waiting_orders())
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        until(synchronizer, world.ask(store))
        assert set(world.orders(store, "acme").values()) == {"NEGOTIATING"}
        assert set(world.orders(store, "bolt").values()) == {"HELD"}

    def test_one_bad_model_stops_nobody(self, store, synchronizer):
        """A model that cannot be read leaves its company without a forecast, and the others as they were."""
        fill_some(store)

        def spoil(tx):
            blob = forecast_models.blob_of("companies/acme/forecastModels/m1")
            tx.connection.execute(update(BlobRow).where(BlobRow.digest == blob).values(body=b"no model"))

        store.transact(spoil)
        until(synchronizer, world.ask(store))
        assert world.orders(store)["companies/acme/orders/o0"] != "HELD"
        assert world.orders(store)["companies/bolt/orders/o0"] == "HELD"

    def test_a_policy_that_ships_now_looks_at_nothing(self, store, synchronizer):
        """Without a rule that looks ahead the negotiation is the first and only conversation."""
        world.fill(store, orders=waiting_orders())
        lanes_of_all(store)
        name = world.ask(store)
        until(synchronizer, name)
        assert [row.round for row in world.negotiations(store, name)] == [1]


def fill_some(store, **pallets):
    """One order of each shipper can wait, another cannot."""
    orders = pool.orders(2)
    for order in orders:
        order.pallets = 4.0
        if order.name.endswith("o0"):
            order.pallets = 3.0
            pool.stamp(order, "window_close", pool.START + timedelta(hours=36))
    world.fill(store, change=holds(), orders=orders)
    forecasts.forecast(store, **({"acme": 16.0, "bolt": 16.0, "core": 16.0} | pallets))


def refuse_all(store, company):
    """Let an own agent refuse whatever it is asked."""
    query = select(QuestionRow).where(QuestionRow.company == company, QuestionRow.answer.is_(None))
    for q in store.look(SYSTEM, lambda s: list(s.exec(query))):
        if not q.withdrawn:
            said = negotiation_pb2.Answer(question_id=q.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE)
            store.transact(lambda tx, said=said: bus.record(tx, company, said))
