"""Tests for agents.participants.capacity."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from agents.bidding import Markup
from agents.messages import COORDINATOR, QUESTIONS, Message, Performative, Topic, table
from agents.participants import Capacity, CapacityDesk

NEXT = date(2026, 3, 3)
RNG = np.random.default_rng(1)
DESK = CapacityDesk(
    "C",
    (
        Capacity("truck", 2, 100.0, 150.0, 20.004),
        Capacity("same on the day", 2, 100.0, 100.0, 0.0),
        Capacity("none", 0, 100.0, 150.0, 0.0),
        Capacity("for nothing", 2, 0.0, 0.0, 0.0),
    ),
    Markup(5.0),
)


def ask(topic: Topic, **columns: list[object]) -> Message:
    body = table(QUESTIONS[topic], columns)
    return Message("look_ahead/1/C", Performative.CFP, COORDINATOR, "C", "look_ahead", topic, body=body)


def test_terms() -> None:
    """It offers what is dearer on the day, at its bidding's prices; what unused ones are worth it gives back whole."""
    goods = [g.good for g in DESK.goods]
    reply = DESK.answer(ask(Topic.CAPACITY, day=[NEXT] * 4, good=goods), (), RNG)
    assert reply.performative == Performative.PROPOSE
    assert reply.body.to_pylist() == [
        {"good": "truck", "units": 2, "price_cents": 10_500, "spot_cents": 15_750, "release_cents": 2_000}
    ]


def test_nothing_to_sell() -> None:
    """Asked for nothing that is worth reserving it refuses."""
    reply = DESK.answer(ask(Topic.CAPACITY, day=[NEXT], good=["same on the day"]), (), RNG)
    assert reply.performative == Performative.REFUSE


@pytest.mark.parametrize(
    ("good", "quantity", "price", "release", "stands"),
    [
        ("truck", [2], 10_500, 2_000, True),
        ("truck", [1, 1], 10_500, 2_000, True),
        ("truck", [2, 1], 10_500, 2_000, False),
        ("truck", [1], 10_499, 2_000, False),
        ("truck", [1], 10_500, 2_001, False),
        ("none", [1], 10_500, 0, False),
    ],
)
def test_stands_by_its_terms(good: str, quantity: list[int], price: int, release: int, stands: bool) -> None:
    """It confirms what is within its offer at its terms, and nothing else."""
    n = len(quantity)
    question = ask(
        Topic.RESERVED,
        reservation=[f"r{i}" for i in range(n)],
        good=[good] * n,
        quantity=quantity,
        price_cents=[price] * n,
        release_cents=[release] * n,
    )
    expected = Performative.ACCEPT_PROPOSAL if stands else Performative.REFUSE
    assert DESK.answer(question, (), RNG).performative == expected
