"""A shipper's desk: what its owner puts on the table, and what going alone would cost it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from agents.concession import Boulware, ConcessionStrategy
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.participants.buyer import BUYING_TOPICS, BuyerDesk
from agents.seeds import seed_for
from logistics.standalone import (
    GroupageQuote,
    Hire,
    StandalonePlan,
    groupage_for,
    hires_for,
    reserves,
    standalone_plan,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.random import Generator

    from agents.jobs import JobBook
    from logistics.network import Network
    from logistics.region import Region
    from logistics.routing.problem import Job
    from logistics.shipments import Shipment

SECONDS_PER_DAY = 86_400


class Ahead(NamedTuple):
    """A later planning day as an owner sees it.

    Attributes
    ----------
    start
        Minute 0 of its jobs, UTC.
    days
        From today.
    jobs
        Its shipments of today that could go then, by id.
    """

    start: datetime
    days: float
    jobs: Mapping[str, Job]


@dataclass(frozen=True)
class ShipperDesk:
    """Speaks for the owner of shipments.

    Attributes
    ----------
    shipments
        Its own, by id.
    jobs
        Those with a feasible delivery today.
    hires
        Vehicles open to it without a pool, at the prices it would pay.
    groupage
        Public price for each shipment, where a tariff covers it.
    concession
        How it gives way where it bargains.
    later
        The later days that it may bargain about.
    """

    owner: str
    shipments: Mapping[str, Shipment]
    jobs: Mapping[str, Job]
    network: Network
    hires: tuple[Hire, ...]
    groupage: Mapping[str, GroupageQuote]
    iterations_per_job: int
    seed: int
    concession: ConcessionStrategy = field(default_factory=Boulware)
    later: tuple[Ahead, ...] = ()
    topics: frozenset[Topic] = BUYING_TOPICS | {Topic.OFFER, Topic.STANDALONE, Topic.COALITION}
    _plans: dict[frozenset[str], StandalonePlan] = field(default_factory=dict, repr=False)

    @classmethod
    def in_region(
        cls,
        region: Region,
        owner: str,
        shipments: Mapping[str, Shipment],
        jobs: JobBook,
        iterations_per_job: int,
        seed: int,
        concession: ConcessionStrategy | None = None,
        later: Sequence[JobBook] = (),
    ) -> ShipperDesk:
        """Open a desk for an owner in a region: its contracts, its own vehicles, and the public tariffs."""
        own = {s: jobs.direct[s] for s in sorted(shipments) if s in jobs.direct}
        today = jobs.market.start
        ahead = tuple(
            Ahead(
                book.market.start,
                (book.market.start - today).total_seconds() / SECONDS_PER_DAY,
                {s: book.direct[s] for s in sorted(shipments) if s in book.direct},
            )
            for book in later
        )
        return cls(
            owner,
            shipments,
            own,
            region.network,
            hires_for(owner, region, own, jobs.market.start, jobs.market.horizon_min),
            groupage_for(region, own, jobs.market.start),
            iterations_per_job,
            seed,
            concession or Boulware(),
            ahead,
        )

    @cached_property
    def _buyer(self) -> BuyerDesk:
        return BuyerDesk(self, self.concession)

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer what is on offer, or what sets of shipments would cost alone."""
        del rng  # stand-alone costs are a pure function of the set of shipments
        if message.topic in BUYING_TOPICS:
            return self._buyer.answer(message, history)
        if message.topic == Topic.OFFER:
            return self._offer(message)
        if message.topic == Topic.COALITION:
            return self._join(message)
        sets: dict[int, set[str]] = {}
        for number, shipment in zip(message.body["set"].to_pylist(), message.body["shipment"].to_pylist(), strict=True):
            sets.setdefault(number, set()).update({shipment} - {""})
        costs = [self.alone(frozenset(s)).price_cents for s in sets.values()]
        return message.reply(
            Performative.INFORM, table(ANSWERS[Topic.STANDALONE], {"set": list(sets), "standalone_cents": costs})
        )

    def _offer(self, message: Message) -> Message:
        asked = [s for s in message.body["shipment"].to_pylist() if s in self.jobs]
        # Only who pays the freight may pool it (Incoterm).
        offered = [s for s in asked if self.shipments[s].freight_payer in ("", self.owner)]
        if not offered:
            return message.reply(Performative.REFUSE, reason="nothing that it may pool")
        stated = reserves(self.alone(frozenset(self.jobs)), self.network, self.jobs, self.groupage)
        return message.reply(
            Performative.INFORM,
            table(ANSWERS[Topic.OFFER], {"shipment": offered, "reserve_cents": [stated.get(s, 0) for s in offered]}),
        )

    def _join(self, message: Message) -> Message:
        """Join a coalition in which it pays no more than now, and no more than alone."""
        alone = self.alone(frozenset(self.jobs)).price_cents
        for row in message.body.to_pylist():
            if row["then_cents"] > min(row["now_cents"], alone):
                return message.reply(Performative.REFUSE, reason="it would pay more than without")
        return message.reply(Performative.ACCEPT_PROPOSAL)

    def alone(self, shipments: frozenset[str]) -> StandalonePlan:
        """The cheapest way for a set of its shipments without a pool; a pure function of the set."""
        wanted = frozenset(s for s in shipments if s in self.jobs)
        if wanted not in self._plans:
            self._plans[wanted] = standalone_plan(
                self.network,
                [self.jobs[s] for s in sorted(wanted)],
                self.hires,
                {s: q for s, q in self.groupage.items() if s in wanted},
                iterations=self.iterations_per_job * max(1, len(wanted)),
                seed=seed_for(self.seed, self.owner, *sorted(wanted)),
            )
        return self._plans[wanted]
