"""A hub's desk: prices dock slots and handling, confirms bookings or refuses."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.messages import ANSWERS, Message, Performative, Topic, table

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
    """

    hub: Hub
    costs: HubCosts
    bidding: BiddingStrategy
    opening: tuple[float, float] | None
    topics: frozenset[Topic] = frozenset({Topic.HUB_TERMS, Topic.BOOKINGS})

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Quote terms for each open clock hour, or confirm bookings that fit them."""
        del history, rng  # a hub's terms do not change within a day
        if self.opening is None:
            return message.reply(Performative.REFUSE, reason="closed on this day")
        if self.hub.dock_slots_per_hour < 1:
            return message.reply(Performative.REFUSE, reason="no dock slot to sell")
        if message.topic == Topic.HUB_TERMS:
            return self._terms(message, *self.opening)
        return self._confirm(message, *self.opening)

    def _price(self, cost_eur: float) -> int:
        return math.ceil(round(self.bidding.price(cost_eur * 100), 6))

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
