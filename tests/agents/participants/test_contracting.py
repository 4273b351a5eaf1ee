"""How a carrier answers contracts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from agents.messages import COORDINATOR, QUESTIONS, Message, Performative, Topic, table
from agents.participants import CarrierDesk
from agents.participants.contracting import ContractDesk, Part, Standing, signed
from agents.policy import Choice
from agents.registry import create
from logistics.routing import Plan
from tests.agents.markets import small_market

START = Standing(Plan(), 0, "start")


def desk(seed: int, markup: float = 0.0) -> tuple[ContractDesk, list[str]]:
    """A carrier's desk, and requests that it can carry."""
    small = small_market(seed, factories=2, shipments=8, carriers=1, hubs=0)
    carrier = next(d for d in small.parties()["v0"].desks if isinstance(d, CarrierDesk))
    choice = Choice(name="markup", params={"percent": markup}) if markup else Choice(name="truthful")
    bidding = create("bidding", choice)
    made = ContractDesk(replace(carrier, bidding=bidding, quote_iterations=5))
    fits = [j for j in sorted(carrier.jobs.direct) if made._with(START, ((j, None),)) is not None]
    return made, fits


def asked(topic: Topic, part: Part, number: int = 1, price: int = 0, *, void: bool = False) -> Message:
    """A question about one contract."""
    rows = part or (("", None),)
    columns: dict[str, list[int | str | None]] = {
        "contract": [number] * len(rows),
        "job": [j for j, _ in rows],
        "worth_cents": [c for _, c in rows],
    }
    columns["price_cents"] = [price, *[None] * (len(rows) - 1)]
    said = Performative.CFP if topic == Topic.CONTRACTS else Performative.ACCEPT_PROPOSAL
    said = Performative.REJECT_PROPOSAL if void else said
    name = f"{topic}/{number}/{void}"
    return Message(name, said, COORDINATOR, "v0", "test", topic, body=table(QUESTIONS[topic], columns))


def offered(made: ContractDesk, part: Part, history: Sequence[Message] = ()) -> tuple[int, set[str]] | None:
    """What it asks for all it then has, and what of the contract it would carry."""
    reply = made.answer(asked(Topic.CONTRACTS, part), history, START)
    if reply.performative == Performative.REFUSE:
        return None
    return reply.body["price_cents"][0].as_py(), set(reply.body["job"].to_pylist()) - {""}


@pytest.mark.parametrize("seed", range(4))
def test_chooses_by_worth(seed: int) -> None:
    """It carries what is worth a great deal and what nobody else will, and not what another has or what costs more."""
    made, fits = desk(seed)
    assert offered(made, tuple((j, 1) for j in fits)) == (0, set())
    assert offered(made, tuple((j, 0) for j in fits)) == (0, set())
    for j in fits:
        cents, carries = offered(made, ((j, 10**7),)) or (0, set())
        assert carries == {j}
        assert offered(made, ((j, None),)) == (cents, {j})


@pytest.mark.parametrize("markup", [0.0, 10.0])
@pytest.mark.parametrize("seed", range(4))
def test_signing_leaves_it_no_worse_off(seed: int, markup: float) -> None:
    """Whatever it signs, what it asks rises by at least what its tours cost more, and falls by at most the contrary.

    Where nothing moves it may ask its price for all its tours instead, and no less.
    """
    made, fits = desk(seed, markup)
    history: list[Message] = []
    now = START
    parts: list[Part] = [tuple((j, None) for j in fits[:2]), tuple((j, 10**7) for j in fits[2:]), ((fits[0], 0),), ()]
    for number, part in enumerate(parts, 1):
        then = made._with(now, part)
        if then is None:
            continue
        question = asked(Topic.SIGNING, part, number, then.asked_cents)
        less = asked(Topic.SIGNING, part, number, then.asked_cents - 1)
        assert made.answer(less, history, START).performative == Performative.REFUSE
        reply = made.answer(question, history, START)
        assert reply.performative == Performative.INFORM
        as_they_are = now.asked_cents + then.plan.cost_cents - now.plan.cost_cents
        price = math.ceil((1 + markup / 100) * then.plan.cost_cents - 1e-6)
        assert then.asked_cents >= (as_they_are if part else min(as_they_are, price))
        history += [question, reply]
        now = then
        assert made.standing(START, history) == now
    assert len(history) >= 4


def test_void_contract() -> None:
    """After it was told that a contract is void, it stands where it would without it."""
    made, fits = desk(1)
    part: Part = ((fits[0], None),)
    then = made._with(START, part)
    assert then is not None
    question = asked(Topic.SIGNING, part, 4, then.asked_cents)
    history = [question, made.answer(question, (), START)]
    assert signed(history) == (part,)
    void = asked(Topic.SIGNING, (), 4, void=True)
    history += [void, made.answer(void, history, START)]
    assert signed(history) == ()
    assert made.standing(START, history) == START


def test_asks_nothing_for_what_it_cannot_carry() -> None:
    """Where the rest fits into none of its tours, it makes no offer."""
    made, fits = desk(1)
    idle = tuple(replace(v, count=0) for v in made.carrier.fleet)
    none = replace(made, carrier=replace(made.carrier, fleet=idle), _after={})
    assert offered(none, ((fits[0], None),)) is None


def test_asks_its_price_for_tours_planned_anew() -> None:
    """Where awards were quoted for more than tours for all of them are worth, planning anew asks no more than that."""
    made, fits = desk(1)
    then = made._with(START, tuple((j, None) for j in fits[:2]))
    assert then is not None
    dear = then._replace(asked_cents=then.asked_cents + 10_000)
    anew = made._with(dear, ())
    assert anew is not None
    assert anew.asked_cents == math.ceil(anew.plan.cost_cents - 1e-6) < dear.asked_cents
