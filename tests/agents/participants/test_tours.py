"""How a carrier bids for whole tours."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from agents.bidding import Markup
from agents.messages import COORDINATOR, QUESTIONS, Message, Performative, Topic, table
from agents.participants import CarrierDesk
from agents.participants.tours import TourDesk
from logistics.routing import Plan, RoutingProblem, violations
from tests.agents.markets import Small, small_market

RICH = 10_000_00  # a guide price at which every tour is worth driving


@cache
def market() -> Small:
    """Two factories, nine shipments, one carrier."""
    return small_market(20, factories=2, shipments=9, carriers=1)


def fresh(markup: float = 0.0) -> TourDesk:
    """The carrier's desk for tours, as it is opened."""
    parties = market().parties(Markup(percent=markup))
    return next(d for d in parties["v0"].desks if isinstance(d, CarrierDesk))._bidder


class Spoken:
    """A conversation with a desk."""

    def __init__(self, desk: TourDesk) -> None:
        self.desk = desk
        self.history: tuple[Message, ...] = ()

    def ask(self, topic: Topic, columns: dict[str, list[object]]) -> Message:
        """Ask, and let both remember it."""
        number = len(self.history) // 2
        body = table(QUESTIONS[topic], columns)
        question = Message(f"t/{number}/v0", Performative.CFP, COORDINATOR, "v0", "t", topic, body=body)
        reply = self.desk.answer(question, self.history)
        self.history += (question, reply)
        return reply

    def bids(self, prices: dict[str, int], most: int | None = None) -> tuple[str, list[tuple[str, set[str], int]]]:
        """Ask for tours; returns the question's id and the tours with vehicle, jobs and price."""
        vehicles = [v.id for v in self.desk.carrier.fleet]
        n, m = len(prices), len(vehicles)
        reply = self.ask(
            Topic.TOURS,
            {
                "pool": [0] * (n + m),
                "job": [*prices, *[None] * m],
                "price_cents": [*prices.values(), *[None] * m],
                "vehicle": [*[None] * n, *vehicles],
                "most": [*[None] * n, *[most if most is not None else v.count for v in self.desk.carrier.fleet]],
            },
        )
        tours: dict[int, tuple[str, set[str], int]] = {}
        if reply.performative == Performative.PROPOSE:
            for row in reply.body.to_pylist():
                tours.setdefault(row["tour"], (row["vehicle"], set(), row["price_cents"]))[1].add(row["job"])
        return reply.in_reply_to, list(tours.values())

    def stand(self, *rows: tuple[str, int, bool]) -> Performative:
        """Tell which bids stand."""
        question, tour, stands = ([row[k] for row in rows] for k in range(3))
        return self.ask(Topic.STAND, {"question": question, "tour": tour, "stands": stands}).performative


def everything(desk: TourDesk, cents: int = RICH) -> dict[str, int]:
    """One guide price for all jobs."""
    return dict.fromkeys(sorted(desk.carrier.jobs.direct), cents)


def test_bids_can_be_driven_together() -> None:
    """All tours of an answer can be driven on one day, and cost what is asked for them."""
    talk = Spoken(fresh())
    question, tours = talk.bids(everything(talk.desk))
    assert len(tours) > 1
    assert talk.stand(*((question, k, True) for k in range(len(tours)))) == Performative.INFORM
    plan = talk.desk.plan(talk.history)
    wanted = tuple(talk.desk.carrier.jobs[j] for _, jobs, _ in tours for j in sorted(jobs))
    assert violations(RoutingProblem(talk.desk.carrier.network, wanted, talk.desk.carrier.fleet), plan) == []
    assert plan.cost_cents == sum(cents for *_, cents in tours)


def test_markup_is_asked() -> None:
    """A bidding strategy prices whole tours."""
    plain, dear = Spoken(fresh()), Spoken(fresh(markup=10.0))
    prices = everything(plain.desk)
    assert [c for *_, c in dear.bids(prices)[1]] == [int(np.ceil(c * 1.1 - 1e-6)) for *_, c in plain.bids(prices)[1]]


def test_prices_choose_the_bundle() -> None:
    """What is worth nothing is on no tour, and where nothing pays the carrier refuses."""
    talk = Spoken(fresh())
    prices = everything(talk.desk)
    first = min(prices)
    _, tours = talk.bids({**prices, first: 0})
    assert tours
    assert all(first not in jobs for _, jobs, _ in tours)
    assert talk.bids(everything(talk.desk, 1))[1] == []
    assert talk.bids(prices, most=0)[1] == []


def test_what_stands_is_searched_from() -> None:
    """Bids that stand are let go again by whoever releases them, and by nobody else's word."""
    talk = Spoken(fresh())
    question, tours = talk.bids(everything(talk.desk))
    assert talk.stand((question, 0, True)) == Performative.INFORM
    held = sorted(tours[0][1])
    released = talk.ask(Topic.RELEASE, {"job": held[:1], "most": [len(held)]})
    assert released.body["job"].to_pylist() == held
    assert talk.ask(Topic.RELEASE, {"job": held[:1], "most": [len(held) - 1]}).performative == Performative.REFUSE
    assert talk.stand((question, 0, False)) == Performative.INFORM
    assert talk.desk.plan(talk.history) == Plan()


@pytest.mark.parametrize(
    "row", [("nobody asked this", 0, True), ("t/0/v0", 99, True), ("t/0/v0", -1, True), ("t/0/v0", 1, False)]
)
def test_no_bid_of_its_own(row: tuple[str, int, bool]) -> None:
    """What it never bid cannot stand, and what does not stand cannot be let go."""
    talk = Spoken(fresh())
    talk.bids(everything(talk.desk))
    assert talk.stand(row) == Performative.REFUSE
    assert talk.desk.plan(talk.history) == Plan()


def test_no_job_twice() -> None:
    """Two bids with a job in common do not stand together."""
    talk = Spoken(fresh())
    one, tours = talk.bids(everything(talk.desk))
    job = min(tours[0][1])
    other, alone = talk.bids({job: RICH})
    assert [jobs for _, jobs, _ in alone] == [{job}]
    assert talk.stand((one, 0, True), (other, 0, True)) == Performative.REFUSE
    assert talk.stand((other, 0, True)) == Performative.INFORM
    assert talk.stand((other, 0, False), (one, 0, True)) == Performative.INFORM


def test_no_hidden_state() -> None:
    """A desk opened anew that reads the same conversation gives the same answer, to the last cent."""
    talk = Spoken(fresh())
    prices = everything(talk.desk)
    question, _ = talk.bids(prices)
    talk.stand((question, 0, True))
    again = Spoken(fresh())
    again.history = talk.history
    some = {job: cents // 2 for job, cents in prices.items()}
    assert talk.bids(some) == again.bids(some)
    # A conversation of the same name that went another way, and is longer, is read anew.
    other = Spoken(talk.desk)
    for cents in (RICH, RICH // 2, RICH // 4):
        other.bids({min(prices): cents})
    assert len(other.history) >= len(talk.history)
    assert talk.desk.plan(other.history) == Plan()
    assert talk.desk.plan(talk.history) == fresh().plan(talk.history) != Plan()
