"""Tests for agents.participants.planner."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from agents.holding import HoldingView, Wait
from agents.messages import COORDINATOR, QUESTIONS, Message, Performative, Topic, table
from agents.participants import PlannerDesk

NEXT = date(2026, 3, 3)
RNG = np.random.default_rng(1)


def desk(**changes: object) -> PlannerDesk:
    wait = Wait(NEXT, "chilled", 800.0, None, 100.0, 250, 9_000)
    views = (
        HoldingView("a", (), 2.0, 1, 0, ("F", "G", "Z1"), wait),
        HoldingView("b", (), 3.0, 0, 0, ("F", "Z1"), wait),
        HoldingView("c", (), 1.0, 2, 0, ("F", "Z1")),
    )
    lanes = {("F", "Z2", "ambient"): np.array([1.0, 2.0]), ("F", "Z1", "chilled"): np.array([0.0, 4.0])}
    fields = {"owner": "F", "lanes": lanes, "views": views, "can_wait": frozenset("a"), "alone_cents": 5_000.0}
    return PlannerDesk(**(fields | changes))  # type: ignore[arg-type]


def ask(topic: Topic, **columns: list[object]) -> Message:
    body = table(QUESTIONS[topic], columns)
    return Message("look_ahead/1/F", Performative.REQUEST, COORDINATOR, "F", "look_ahead", topic, body=body)


def test_what_it_expects() -> None:
    """It tells its paths lane by lane in order; without a forecast it says so."""
    question = ask(Topic.OUTLOOK, day=[NEXT], paths=[2])
    assert desk().answer(question, (), RNG).body.to_pylist() == [
        {"origin": "F", "zone": "Z1", "temperature": "chilled", "path_pallets": [0.0, 4.0]},
        {"origin": "F", "zone": "Z2", "temperature": "ambient", "path_pallets": [1.0, 2.0]},
    ]
    assert desk(lanes={}).answer(question, (), RNG).performative == Performative.REFUSE


def test_what_could_wait() -> None:
    """It tells of all that could go today which could wait and what that costs; not of what has no later day."""
    rows = desk().answer(ask(Topic.HOLDABLE, day=[NEXT]), (), RNG).body.to_pylist()
    assert [(r["shipment"], r["can_wait"], r["origin"], r["zone"]) for r in rows] == [
        ("a", True, "F", "Z1"),
        ("b", False, "F", "Z1"),
    ]
    assert (rows[0]["holding_cents"], rows[0]["penalty_cents"], rows[0]["temperature"]) == (250, 9_000, "chilled")


@pytest.mark.parametrize(("saving", "holds"), [(251, True), (250, False)])
def test_holds_what_saves_more_than_it_costs(saving: int, holds: bool) -> None:
    """It holds what is expected to save more than its own cost of holding, and never what it cannot hold."""
    question = ask(Topic.HOLD, shipment=["a", "b", "stranger"], saving_cents=[saving, 10**6, 10**6])
    reply = desk().answer(question, (), RNG)
    assert (reply.performative == Performative.INFORM) is holds
    assert reply.body.to_pylist() == ([{"shipment": "a"}] if holds else [])


@pytest.mark.parametrize(("share", "saving", "bears"), [(5_000, 1, True), (5_001, 1, False), (10, 0, False)])
def test_bears_what_pays(share: int, saving: int, bears: bool) -> None:
    """It bears a part that saves something and is no more than it expects to pay alone."""
    question = ask(Topic.RESERVE, day=[NEXT], share_cents=[share], saving_cents=[saving])
    expected = Performative.ACCEPT_PROPOSAL if bears else Performative.REFUSE
    assert desk().answer(question, (), RNG).performative == expected
