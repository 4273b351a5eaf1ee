"""How an owner bargains with carriers: what each of its lots is worth to it, and which deals it closes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.bargaining import Issues, Threads
from agents.jobs import shipment_of
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.participants.talks import answered, delay_cents, price_table
from logistics.standalone import reserves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.concession import ConcessionStrategy
    from agents.participants.shipper import ShipperDesk

BUYING_TOPICS = frozenset({Topic.REMAINDER, Topic.BUYING, Topic.CHOICE})


@dataclass(frozen=True)
class BuyerDesk:
    """The part of a shipper's desk that talks with carriers.

    A lot is worth to it what it costs alone. Reserves add up, but a remainder of few shipments is dear to send alone:
    as others go, what is left is worth more. What is left is read from the conversation's history.
    """

    shipper: ShipperDesk
    concession: ConcessionStrategy
    _split: dict[frozenset[str], Mapping[str, int]] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message]) -> Message:
        """Answer what the rest is worth, offers, or which deals it wants."""
        if message.topic == Topic.REMAINDER:
            return self._remainder(message, history)
        worth = self.worth_cents(history)
        if message.topic == Topic.CHOICE:
            return self._choice(message, worth)
        return answered(message, history, lambda issues, rounds: self.threads(message, worth, issues, rounds), np.ceil)

    @cached_property
    def _cents_per_hour(self) -> dict[str, float]:
        known = self.shipper.shipments
        return {s: 100 * stakes.lateness_eur_per_hour for s in known if (stakes := known[s].stakes) is not None}

    def worth_cents(self, history: Sequence[Message]) -> dict[str, int]:
        """What carrying each shipment is worth, after all that was said to be left in a conversation."""
        worth = dict(self._parts(frozenset(self.shipper.jobs)))
        for message in history:
            if message.topic == Topic.REMAINDER and message.sender != self.shipper.owner:
                for s, cents in self._parts(frozenset(message.body["shipment"].to_pylist())).items():
                    worth[s] = max(worth.get(s, 0), cents)
        return worth

    def _parts(self, shipments: frozenset[str]) -> Mapping[str, int]:
        """What a set of shipments costs alone, split over them."""
        if shipments not in self._split:
            desk = self.shipper
            self._split[shipments] = reserves(desk.alone(shipments), desk.network, desk.jobs, desk.groupage)
        return self._split[shipments]

    def _remainder(self, message: Message, history: Sequence[Message]) -> Message:
        worth = self.worth_cents([*history, message])
        asked = [s for s in message.body["shipment"].to_pylist() if s in self.shipper.jobs]
        columns = {"shipment": asked, "reserve_cents": [worth.get(s, 0) for s in asked]}
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.REMAINDER], columns))

    def threads(self, message: Message, worth_cents: Mapping[str, int], issues: Issues, rounds: int) -> Threads:
        """Its side of the talks in a message: what it keeps of the highest price, less what a late window may cost."""
        prices, _, windows = issues.sizes
        tops = message.body["top_cents"].to_numpy()
        lots = self._lots(message, worth_cents, windows)
        late = np.array([delays for _, delays in lots])
        kept = (tops[:, None] - price_table(prices, tops))[:, :, None] - late[:, None, :]
        reserve = tops - np.array([float(cents) for cents, _ in lots])
        discount = getattr(self.concession, "discount", 1.0)
        return Threads(issues, kept.reshape(len(tops), -1), reserve, self.concession, rounds, False, discount)

    def _lots(
        self, message: Message, worth_cents: Mapping[str, int], windows: int
    ) -> list[tuple[int, tuple[float, ...]]]:
        """What the lot of each row is worth beside the hub's fee, and what being late may cost it by window."""
        found = []
        jobs, rate = self.shipper.jobs, self._cents_per_hour
        for names, fee in zip(message.body["jobs"].to_pylist(), message.body["fee_cents"].to_pylist(), strict=True):
            own = sorted({shipment_of(j) for j in names} & jobs.keys())
            delays = tuple(sum(delay_cents(jobs[s], rate.get(s, 0.0), w, windows) for s in own) for w in range(windows))
            found.append((sum(worth_cents.get(s, 0) for s in own) - fee, delays))
        return found

    def _choice(self, message: Message, worth_cents: Mapping[str, int]) -> Message:
        """Rank the deals that leave it no worse off, the best one first."""
        rows = message.body.to_pylist()
        windows = max((row["windows"] for row in rows), default=1)
        gains: dict[int, float] = {}
        for row, (worth, delays) in zip(rows, self._lots(message, worth_cents, windows), strict=True):
            gain = worth - row["price_cents"] - delays[row["window"]]
            if gain >= 0:
                gains[row["deal"]] = gain
        ranked = sorted(gains, key=lambda deal: (-gains[deal], deal))
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.CHOICE], {"deal": ranked}))
