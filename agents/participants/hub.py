"""A hub's desk: prices dock slots and handling, bargains about them, confirms bookings or refuses."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.bargaining import Issues, Threads
from agents.concession import Boulware, ConcessionStrategy
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.participants.talks import answered, price_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from agents.bidding import BiddingStrategy
    from logistics.hubs import Hub, HubCosts

MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class HubDesk:
    """Sells a hub's capacity.

    Attributes
    ----------
    open_min, close_min
        Opening on the planning day, minutes after its start; ``None`` when closed all day.
    concession
        How it gives way where it bargains.
    """

    hub: Hub
    costs: HubCosts
    bidding: BiddingStrategy
    opening: tuple[float, float] | None
    concession: ConcessionStrategy = field(default_factory=Boulware)
    topics: frozenset[Topic] = frozenset({Topic.HUB_TERMS, Topic.HOSTING, Topic.BOOKINGS})

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Quote terms for each open clock hour, bargain about them, or confirm bookings that fit them."""
        del rng
        if self.opening is None:
            return message.reply(Performative.REFUSE, reason="closed on this day")
        if self.hub.dock_slots_per_hour < 1:
            return message.reply(Performative.REFUSE, reason="no dock slot to sell")
        if message.topic == Topic.HUB_TERMS:
            return self._terms(message, *self.opening)
        if message.topic == Topic.HOSTING:
            make = lambda issues, rounds: self.threads(message, issues, rounds)  # noqa: E731
            return answered(message, history, make, np.floor)
        return self._confirm(message, *self.opening)

    def _price(self, cost_eur: float) -> int:
        return math.ceil(round(self.bidding.price(cost_eur * 100), 6))

    @property
    def floor(self) -> float:
        """Part of its named terms that its true costs are, at most; below it no work pays."""
        rates = (self.costs.day_slot_eur, self.costs.handling_eur_per_pallet, self.costs.storage_eur_per_pallet_hour)
        return max((100 * eur / self._price(eur) for eur in rates if self._price(eur) > 0), default=0.0)

    def threads(self, message: Message, issues: Issues, rounds: int) -> Threads:
        """Its side of the talks in a message: the price, of which its costs are a part; the highest is as it named."""
        tops = message.body["top_cents"].to_numpy()
        prices, days, windows = issues.sizes
        worth = np.repeat(price_table(prices, tops).astype(np.float64), days * windows, axis=1)
        discount = getattr(self.concession, "discount", 1.0)
        return Threads(issues, worth, np.ceil(self.floor * tops - 1e-6), self.concession, rounds, True, discount)

    def _terms(self, message: Message, first: float, last: float) -> Message:
        hours = range(math.floor(first / MINUTES_PER_HOUR), math.ceil(last / MINUTES_PER_HOUR))
        n = len(hours)
        return message.reply(
            Performative.PROPOSE,
            table(
                ANSWERS[Topic.HUB_TERMS],
                {
                    "from_min": [max(first, h * 60.0) for h in hours],
                    "to_min": [min(last, (h + 1) * 60.0) for h in hours],
                    "slots": [self.hub.dock_slots_per_hour] * n,
                    "slot_cents": [self._price(self.costs.day_slot_eur)] * n,
                    "handling_cents_per_pallet": [self._price(self.costs.handling_eur_per_pallet)] * n,
                    "storage_cents_per_pallet_hour": [self._price(self.costs.storage_eur_per_pallet_hour)] * n,
                },
            ),
        )

    def _confirm(self, message: Message, first: float, last: float) -> Message:
        visits: Counter[int] = Counter()
        rows = message.body.to_pylist()
        for row in rows:
            if not (first - 1e-6 <= row["start_min"] and row["start_min"] <= last + 1e-6):
                return message.reply(Performative.REFUSE, reason="a booking lies outside opening hours")
            visits[math.floor(row["start_min"] / MINUTES_PER_HOUR)] += 1
        if any(count > self.hub.dock_slots_per_hour for count in visits.values()):
            return message.reply(Performative.REFUSE, reason="more vehicles in an hour than docks")
        cost_cents = 100 * sum(
            self.costs.day_slot_eur
            + self.costs.handling_eur_per_pallet * row["pallets"]
            + self.costs.storage_eur_per_pallet_hour * row["storage_pallet_hours"]
            for row in rows
        )
        if sum(row["price_cents"] for row in rows) < cost_cents - 1e-6:
            return message.reply(Performative.REFUSE, reason="the price does not cover handling")
        return message.reply(Performative.ACCEPT_PROPOSAL)
