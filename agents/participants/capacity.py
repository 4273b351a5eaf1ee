"""The desk at which a carrier or hub sells capacity ahead: what it would keep free, and at what price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.messages import ANSWERS, Message, Performative, Topic, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from agents.bidding import BiddingStrategy


@dataclass(frozen=True, slots=True)
class Capacity:
    """Units of a good that could be kept free.

    Attributes
    ----------
    good
        Vehicle type, or the hub for dock slots.
    reserved_eur, spot_eur, release_eur
        True cost of a unit that is planned for, and of one called up on the day; worth of one kept free for nothing.
    """

    good: str
    units: int
    reserved_eur: float
    spot_eur: float
    release_eur: float


@dataclass(frozen=True)
class CapacityDesk:
    """Sells units ahead, priced by its bidding strategy from what they cost; for unused ones it gives back their worth.

    Units that cost no less ahead than on the day are not offered: nobody could gain.
    """

    provider: str
    goods: tuple[Capacity, ...]
    bidding: BiddingStrategy
    topics: frozenset[Topic] = frozenset({Topic.CAPACITY, Topic.RESERVED})

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Name terms, or confirm what is reserved at them."""
        del history, rng  # terms do not change within a day
        return self._terms(message) if message.topic == Topic.CAPACITY else self._confirm(message)

    def _prices(self, good: Capacity) -> tuple[int, int, int]:
        """Cents reserved, on the day, and given back."""
        ahead, spot = (math.ceil(round(self.bidding.price(e * 100), 6)) for e in (good.reserved_eur, good.spot_eur))
        return ahead, spot, math.floor(round(good.release_eur * 100, 6))

    def _offered(self) -> dict[str, tuple[int, int, int, int]]:
        """Units and prices of what is worth offering, by good."""
        terms = {g.good: (g.units, *self._prices(g)) for g in self.goods if g.units > 0}
        return {good: t for good, t in terms.items() if t[3] < t[1] < t[2]}

    def _terms(self, message: Message) -> Message:
        asked = set(message.body["good"].to_pylist())
        offered = {good: terms for good, terms in sorted(self._offered().items()) if good in asked}
        if not offered:
            return message.reply(Performative.REFUSE, reason="reserving ahead would save nobody anything")
        units, price, spot, release = zip(*offered.values(), strict=True)
        columns = {
            "good": list(offered),
            "units": list(units),
            "price_cents": list(price),
            "spot_cents": list(spot),
            "release_cents": list(release),
        }
        return message.reply(Performative.PROPOSE, table(ANSWERS[Topic.CAPACITY], columns))

    def _confirm(self, message: Message) -> Message:
        offered = self._offered()
        wanted: dict[str, int] = {}
        for row in message.body.to_pylist():
            units, price, _, release = offered.get(row["good"], (0, 0, 0, 0))
            wanted[row["good"]] = wanted.get(row["good"], 0) + row["quantity"]
            if wanted[row["good"]] > units:
                return message.reply(Performative.REFUSE, reason=f"more {row['good']} than it offered")
            if row["price_cents"] < price or row["release_cents"] > release:
                return message.reply(Performative.REFUSE, reason="these are not its terms")
        return message.reply(Performative.ACCEPT_PROPOSAL)
