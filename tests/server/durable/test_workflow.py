"""From a request to a plan that binds, and every way there that ends without one; on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from agents import records
from agents.synchronize import replayed, synchronize
from groupage.v1 import companies_pb2, negotiation_pb2, synchronizations_pb2
from server import bus
from server import synchronization as steps
from server.durable import agreement, gather, record
from server.durable.driver import Driver
from server.faults import Fault
from server.market import built_in
from server.store import events
from server.store.tables import CommitmentRow, LegRow, Participation, QuestionRow
from server.viewer import SYSTEM
from tests.server.durable import world
from tests.server.durable.conftest import until


def told(store, name, company, kind):
    """Events of a kind that a company was told."""
    stream = steps.stream_of(name, company)
    found = store.look(SYSTEM, lambda s: events.after(s.connection(), stream, 0))
    return [synchronizations_pb2.SynchronizationEvent.FromString(e.body) for e in found if e.kind == kind]


class TestAgreed:
    """All accept."""

    def test_commits_what_was_negotiated(self, store, synchronizer):
        """All accept: proposals, orders, capacity and tracking are committed at once, and the window is free again."""
        world.fill(store)
        name = world.ask(store)
        assert until(synchronizer, name)["is"] == "wait"
        assert world.state(store, name) == "PROPOSED"
        assert set(world.orders(store).values()) == {"NEGOTIATING"}
        world.answer(store, name)
        assert until(synchronizer, name) == {"is": "ended", "state": "COMMITTED"}
        assert set(world.orders(store).values()) <= {"COMMITTED", "RELEASED"}
        assert "COMMITTED" in world.orders(store).values()
        assert {p.state for p in world.proposals(store, name).values()} == {steps.Part.COMMITTED}
        query = select(CommitmentRow), select(LegRow), select(Participation).where(Participation.open)
        holds, legs, still_open = store.look(SYSTEM, lambda s: [list(s.exec(q)) for q in query])
        assert holds
        assert {leg.order_name for leg in legs} == {o for o, st in world.orders(store).items() if st == "COMMITTED"}
        assert still_open == []

    def test_is_what_the_engine_itself_negotiates(self, store, synchronizer):
        """The stored settlement is the engine's own of the same frozen market, and the transcript replays to it."""
        world.fill(store)
        name = world.ask(store)
        until(synchronizer, name)
        (row,) = world.negotiations(store, name)
        freeze, transcript = store.look(SYSTEM, lambda s: (record.freeze_of(s, row), record.transcript_of(s, row)))
        stored = world.settlement_text(store, row)
        undisturbed = synchronize(freeze.market, built_in(freeze), freeze.policy, freeze.seed)
        assert records.dumps(undisturbed.settlement) == stored
        assert records.dumps(undisturbed.transcript) == records.dumps(transcript)
        assert records.dumps(replayed(freeze.market, freeze.policy, transcript).settlement) == stored

    def test_never_moves_on_after_commitment(self, store, synchronizer):
        """Once committed, no step, late decline or second decision changes anything."""
        world.fill(store)
        name = world.ask(store)
        until(synchronizer, name)
        (row,) = world.negotiations(store, name)
        world.answer(store, name)
        until(synchronizer, name)
        before = (world.orders(store), world.stands(store, name))
        case = agreement.Case(
            row,
            store.look(SYSTEM, lambda s: record.freeze_of(s, row)),
            store.look(SYSTEM, lambda s: record.settlement_of(s, row)),
        )
        for step in (agreement.decide, agreement.commit, lambda tx, c: agreement.propose(tx, c, {"acme": None})):
            with pytest.raises(steps.StepRefusedError):
                store.transact(lambda tx, step=step: step(tx, case))
        assert until(synchronizer, name)["state"] == "COMMITTED"
        assert (world.orders(store), world.stands(store, name)) == before

    def test_tells_each_company_its_own_only(self, store, synchronizer):
        """Messages of a negotiation are logged to the company that they concern, and say who answered."""
        world.fill(store)
        name = world.ask(store)
        until(synchronizer, name)
        logged = [e.message_logged for e in told(store, name, "swift", "message_logged")]
        assert {m.answered_by for m in logged} == {synchronizations_pb2.ANSWERED_BY_BUILT_IN}
        assert "quotes" in {m.topic for m in logged}
        assert not {"quotes"} & {m.message_logged.topic for m in told(store, name, "acme", "message_logged")}


class TestNotAgreed:
    """Somebody declines, is silent, cancels, or time runs out."""

    def test_goes_on_without_who_declines(self, store, synchronizer):
        """One declines: its orders are released, the rest negotiate anew without it and commit."""
        world.fill(store)
        name = world.ask(store)
        until(synchronizer, name)
        world.answer(store, name, acme="DECLINED")
        until(synchronizer, name)
        assert world.state(store, name) == "PROPOSED"
        assert "acme" not in world.proposals(store, name)
        assert set(world.orders(store, "acme").values()) == {"RELEASED"}
        first, second = world.negotiations(store, name)
        freeze = store.look(SYSTEM, lambda s: record.freeze_of(s, second))
        assert "companies/acme" not in freeze.companies
        assert (first.round, second.round, world.stands(store, name).round) == (1, 2, 2)
        world.answer(store, name)
        assert until(synchronizer, name)["state"] == "COMMITTED"
        assert set(world.orders(store, "bolt").values()) <= {"COMMITTED", "RELEASED"}

    def test_counts_silence_as_declining(self, store, synchronizer, monkeypatch):
        """Who is silent until the deadline has lapsed; who accepted meanwhile is asked again."""
        world.fill(store)
        name = world.ask(store, reply_within=timedelta(minutes=1))
        until(synchronizer, name)
        before = world.proposals(store, name)
        world.answer(store, name, bolt="SILENT")
        assert until(synchronizer, name)["is"] == "wait"
        later = datetime.now(UTC) + timedelta(minutes=2)
        monkeypatch.setattr(type(store), "now", staticmethod(lambda: later))
        until(synchronizer, name)
        found = store.look(SYSTEM, lambda s: {p.company: p.state for p in steps.open_proposals(s, name, 1)})
        assert found["companies/bolt"] == steps.Part.LAPSED
        assert found["companies/acme"] == steps.Part.SUPERSEDED
        assert set(found) == {p.company for p in before.values()}
        assert "bolt" not in world.proposals(store, name)

    def test_releases_everything_by_the_deadline(self, store, synchronizer, monkeypatch):
        """When the time for a decision is over, whatever state it is in, no order is left in it."""
        world.fill(store)
        name = world.ask(store, decide_in=timedelta(minutes=5))
        until(synchronizer, name)
        later = datetime.now(UTC) + timedelta(minutes=6)
        monkeypatch.setattr(type(store), "now", staticmethod(lambda: later))
        assert until(synchronizer, name) == {"is": "ended", "state": "RELEASED"}
        assert set(world.orders(store).values()) == {"RELEASED"}
        assert {p.state for p in world.proposals(store, name).values()} <= {steps.Part.LAPSED, steps.Part.RELEASED}

    def test_decides_early_where_waiting_would_leave_no_time(self, store, synchronizer):
        """A decline is acted upon at once where waiting for the others would leave no time for another round."""
        world.fill(store)
        name = world.ask(store, decide_in=timedelta(minutes=2), reply_within=timedelta(minutes=2))
        until(synchronizer, name)
        world.answer(store, name, acme="DECLINED", bolt="SILENT")
        until(synchronizer, name)
        assert world.stands(store, name).round == 2
        assert "bolt" in world.proposals(store, name)

    def test_binds_nobody_long_after_the_deadline(self, store, synchronizer, monkeypatch):
        """All accepted and no worker was there: after the deadline all is released, as owners may have booked."""
        world.fill(store)
        name = world.ask(store)
        until(synchronizer, name)
        world.answer(store, name)
        later = datetime.now(UTC) + timedelta(minutes=6)
        monkeypatch.setattr(type(store), "now", staticmethod(lambda: later))
        assert until(synchronizer, name) == {"is": "ended", "state": "RELEASED"}
        assert set(world.orders(store).values()) == {"RELEASED"}
        assert {p.state for p in world.proposals(store, name).values()} == {steps.Part.RELEASED}

    def test_binds_what_was_accepted_in_the_last_moment(self, store, synchronizer, monkeypatch):
        """All accepted just before the deadline: the moment that it takes to commit undoes no agreement."""
        world.fill(store)
        name = world.ask(store)
        until(synchronizer, name)
        world.answer(store, name)
        later = world.stands(store, name).decide_by.ToDatetime(UTC) + timedelta(seconds=2)
        monkeypatch.setattr(type(store), "now", staticmethod(lambda: later))
        assert until(synchronizer, name) == {"is": "ended", "state": "COMMITTED"}

    def test_says_of_each_order_why_nothing_is_gained_by_it(self, store, synchronizer):
        """Nothing is pooled: each owner reads of its own orders why, in the negotiation's words, and of no other's."""
        world.fill(store, change=lambda book: book.ClearField("baseline_tariffs"))
        name = world.ask(store)
        assert until(synchronizer, name)["state"] == "RELEASED"
        for company in ("acme", "bolt"):
            changed = [e.order_changed for e in told(store, name, company, "order_changed")]
            reasons = {c.order: c.reason for c in changed if c.state == steps.OrderState.RELEASED}
            assert set(reasons) == set(world.orders(store, company))
            assert {"no cost of going alone" in reason for reason in reasons.values()} == {True}

    def test_says_where_nothing_is_on_the_table(self, store, synchronizer):
        """Without any order it is over at once, and the reason is that, not that too few were left."""
        world.fill(store, each=0)
        name = world.ask(store)
        assert until(synchronizer, name)["state"] == "RELEASED"
        assert [e.state_changed.reason for e in told(store, name, "acme", "state_changed")][-1].startswith(
            "no order is"
        )

    def test_takes_no_order_while_it_is_cancelled(self, store, synchronizer, monkeypatch):
        """A worker that begins anew after a crash, while the requester cancels: no order is left in what is over."""
        world.fill(store)
        name = world.ask(store)
        store.transact(lambda tx: steps.move(tx, name, steps.State.NEGOTIATING))
        take, cancelling = gather.take, []

        def slow(tx, name):
            one = threading.Thread(target=store.transact, args=(lambda tx: steps.cancel(tx, name, "cancelled"),))
            one.start()
            one.join(0.5)
            cancelling.append(one)
            take(tx, name)

        monkeypatch.setattr(gather, "take", slow)
        assert until(synchronizer, name)["state"] == "CANCELLED"
        for one in cancelling:
            one.join()
        assert set(world.orders(store).values()) == {"OPEN"}

    def test_stops_where_it_is_cancelled(self, store, synchronizer):
        """Cancelled in the middle, nothing is negotiated, proposed or asked any more."""
        world.fill(store)
        name = world.ask(store)
        synchronizer.step(name)

        def cancel(tx):
            steps.move(tx, name, steps.State.CANCELLED)
            steps.release_all(tx, name, steps.OrderState.OPEN, "cancelled")

        store.transact(cancel)
        assert until(synchronizer, name)["state"] == "CANCELLED"
        assert set(world.orders(store).values()) == {"OPEN"}
        assert world.proposals(store, name) == {}

    def test_fails_without_a_word_of_why(self, store, synchronizer, monkeypatch):
        """What breaks down releases the orders, and tells nobody's figures."""
        world.fill(store)
        name = world.ask(store)

        def broken(*_: object) -> None:
            raise ValueError("canary 4711")

        monkeypatch.setattr(Driver, "forward", broken)
        assert until(synchronizer, name)["state"] == "FAILED"
        assert set(world.orders(store).values()) == {"RELEASED"}
        reasons = [e.state_changed.reason for e in told(store, name, "acme", "state_changed")]
        assert "canary" not in " ".join(reasons)
        assert reasons[-1]


class TestOwnAgents:
    """Participants' own agents answer, or are silent."""

    def asked(self, store, company):
        query = select(QuestionRow).where(QuestionRow.company == company)
        return store.look(SYSTEM, lambda s: list(s.exec(query)))

    def test_asks_and_waits(self, store, synchronizer):
        """An own agent is told the market first, then asked; until it answers or is due, nothing goes on."""
        world.fill(store)
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        stand = until(synchronizer, name)
        assert stand["is"] == "wait"
        assert 0 < stand["left_s"] <= 30
        assert world.state(store, name) == "NEGOTIATING"
        agent = bus.stream_of("acme")
        sent = [e.kind for e in store.look(SYSTEM, lambda s: events.after(s.connection(), agent, 0))]
        assert sent[0] == "market_part"
        assert sent[-1] == "question"
        assert until(synchronizer, name)["is"] == "wait"
        assert len(self.asked(store, "acme")) == 1

    def test_takes_the_answer(self, store, synchronizer):
        """What an own agent answers is in the transcript, and the transcript replays to the settlement."""
        world.fill(store)
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        while until(synchronizer, name)["is"] == "wait" and world.state(store, name) == "NEGOTIATING":
            (pending,) = [q for q in self.asked(store, "acme") if q.answer is None]
            said = negotiation_pb2.Answer(
                question_id=pending.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="not today"
            )
            store.transact(lambda tx, said=said: bus.record(tx, "acme", said))
        row = world.negotiations(store, name)[0]
        freeze, transcript = store.look(SYSTEM, lambda s: (record.freeze_of(s, row), record.transcript_of(s, row)))
        heard = [m for m in transcript.messages() if m.sender == "companies/acme"]
        assert {str(m.performative) for m in heard} == {"refuse"}
        assert {m.reason for m in heard} == {"not today"}
        again = replayed(freeze.market, freeze.policy, transcript)
        assert records.dumps(again.settlement) == world.settlement_text(store, row)

    @pytest.mark.parametrize("sits_out", [False, True])
    def test_represents_the_silent_as_they_chose(self, store, executor, processes, sits_out):
        """Who is silent is spoken for by its built-in agent, or has failed to answer: as it chose."""
        from server.durable.workflow import Synchronizer

        quick = Synchronizer(executor, Driver(executor, processes, reply_within=timedelta(milliseconds=1)))
        world.fill(store, sits_out=("acme",) if sits_out else ())
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        for _ in range(100):
            quick.step(name)
            if world.state(store, name) != "NEGOTIATING":
                break
        row = world.negotiations(store, name)[0]
        transcript = store.look(SYSTEM, lambda s: record.transcript_of(s, row))
        acts = {str(m.performative) for m in transcript.messages() if m.sender == "companies/acme"}
        assert acts == {"failure"} if sits_out else "failure" not in acts
        by = {m.message_logged.answered_by for m in told(store, name, "acme", "message_logged")}
        expected = synchronizations_pb2.ANSWERED_BY_NOBODY if sits_out else synchronizations_pb2.ANSWERED_BY_BUILT_IN
        assert by == {synchronizations_pb2.ANSWERED_BY_UNSPECIFIED, expected}
        assert all(q.withdrawn for q in self.asked(store, "acme"))

    def test_acknowledges_no_answer_that_does_not_count(self, store, synchronizer, processes, monkeypatch):
        """Once it is too late by the worker's clock no server takes an answer any more, whatever its own clock says."""
        world.fill(store)
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        assert until(synchronizer, name)["is"] == "wait"
        (question,) = self.asked(store, "acme")
        said = negotiation_pb2.Answer(
            question_id=question.question_id, performative=negotiation_pb2.PERFORMATIVE_REFUSE, reason="not today"
        )
        clock, outcome, go_on = [question.reply_by + timedelta(seconds=1)], [], processes.go_on
        monkeypatch.setattr(type(store), "now", staticmethod(lambda: clock[0]))

        def meanwhile(*given):
            clock[0] = question.reply_by - timedelta(seconds=1)
            try:
                store.transact(lambda tx: bus.record(tx, "acme", said))
                outcome.append("OK")
            except Fault as fault:
                outcome.append(fault.reason)
            return go_on(*given)

        monkeypatch.setattr(processes, "go_on", meanwhile)
        synchronizer.step(name)
        assert outcome == ["REPLY_LATE"]

    @pytest.mark.parametrize("there", [False, True])
    def test_waits_less_and_less_for_who_is_silent(self, store, synchronizer, monkeypatch, there):
        """Who never answers costs others twice the time of one answer; while connected, five seconds for each."""
        world.fill(store, protocol="alternating_offers")
        world.connect(store, "acme", companies_pb2.ROLE_SHIPPER)
        name = world.ask(store)
        began = now = datetime.now(UTC)
        monkeypatch.setattr(type(store), "now", staticmethod(lambda: now))
        waits = []
        while (stand := until(synchronizer, name)) and world.state(store, name) == "NEGOTIATING":
            waits.append(stand["left_s"])
            now += timedelta(seconds=stand["left_s"])
            if not there:
                world.disconnect(store, "acme")
        least = 5.0 if there else 0.0
        assert waits == pytest.approx([max(least, 30 / 2**n) for n in range(len(waits))], abs=1e-3)
        assert len(waits) > 3
        assert there or now - began < timedelta(seconds=60)
        assert world.state(store, name) == "PROPOSED"
