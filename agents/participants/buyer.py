"""How an owner bargains with carriers: what each of its lots is worth to it, and which deals it closes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.bargaining import Issues, Threads
from agents.jobs import shipment_of
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.participants.talks import answered, delay_cents, latest_start_min, price_table
from logistics.standalone import reserves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agents.concession import ConcessionStrategy
    from agents.participants.shipper import ShipperDesk
    from logistics.routing.problem import Job

BUYING_TOPICS = frozenset({Topic.REMAINDER, Topic.BUYING, Topic.FEES, Topic.CHOICE, Topic.PROMISED})


@dataclass(frozen=True)
class BuyerDesk:
    """The part of a shipper's desk that talks with carriers.

    A lot is worth to it what it costs alone. Reserves add up, but a remainder of few shipments is dear to send alone:
    as others go, what is left is worth more. What is left is read from the conversation's history. On a later day a lot
    is worth as much less as waiting for it costs.
    """

    shipper: ShipperDesk
    concession: ConcessionStrategy
    _split: dict[frozenset[str], Mapping[str, int]] = field(default_factory=dict, repr=False)
    _late: dict[tuple[str, int, int], tuple[float, ...]] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message]) -> Message:
        """Answer what the rest is worth, offers, which deals it wants, or what promises leave it to pay."""
        if message.topic == Topic.REMAINDER:
            return self._remainder(message, history)
        if message.topic == Topic.PROMISED:
            return self._promised(message)
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
        """Its side of the talks in a message: what it keeps of the highest price, less what day and window may cost."""
        prices, days, windows = issues.sizes
        tops = message.body["top_cents"].to_numpy()
        lots = self._lots(message)
        if message.topic == Topic.FEES:
            return self._fees(lots, tops, worth_cents, issues, rounds)
        gain = np.array([float(sum(worth_cents.get(s, 0) for s in own) - fee) for own, fee in lots])
        late = np.full((len(lots), days, windows), np.inf)
        for k, ((own, _), open_days) in enumerate(zip(lots, message.body["days"].to_pylist(), strict=True)):
            for day in range(open_days):
                late[k, day] = self._late_cents(own, day, windows)
        # What cannot be is worth less than no deal at any price.
        late = np.where(np.isfinite(late), late, (2.0 * tops + np.maximum(gain, 0.0) + 1.0)[:, None, None])
        kept = (tops[:, None] - price_table(prices, tops))[:, :, None, None] - late[:, None]
        discount = getattr(self.concession, "discount", 1.0)
        return Threads(issues, kept.reshape(len(tops), -1), tops - gain, self.concession, rounds, False, discount)

    def _fees(
        self,
        lots: Sequence[tuple[tuple[str, ...], int]],
        tops: NDArray[np.int64],
        worth_cents: Mapping[str, int],
        issues: Issues,
        rounds: int,
    ) -> Threads:
        """Its side of talks with hubs: what it keeps of the named terms, which hold where nothing is agreed on.

        A fee above what its goods are worth to it is no use to it.
        """
        worth = np.array([float(sum(worth_cents.get(s, 0) for s in own)) for own, _ in lots])
        named = np.array([float(fee) for _, fee in lots])
        kept = np.repeat(tops[:, None] - price_table(issues.sizes[0], tops), math.prod(issues.sizes[1:]), axis=1)
        reserve = np.maximum(0.0, tops * (1.0 - worth / named))
        discount = getattr(self.concession, "discount", 1.0)
        return Threads(issues, kept.astype(np.float64), reserve, self.concession, rounds, False, discount)

    def _lots(self, message: Message) -> list[tuple[tuple[str, ...], int]]:
        """Its shipments in the lot of each row, and the hub's fee."""
        known = self.shipper.jobs.keys()
        rows = zip(message.body["jobs"].to_pylist(), message.body["fee_cents"].to_pylist(), strict=True)
        return [(tuple(sorted({shipment_of(j) for j in names} & known)), fee) for names, fee in rows]

    def _late_cents(self, shipments: Sequence[str], day: int, windows: int) -> NDArray[np.float64]:
        """What shipments may cost on a day beside the price, by window: waiting, and being late."""
        late = np.zeros(windows)
        for s in shipments:
            late += self._late_by_window(s, day, windows)
        return late

    def _late_by_window(self, shipment: str, day: int, windows: int) -> tuple[float, ...]:
        """The same for one; infinite where it cannot go on that day."""
        key = shipment, day, windows
        if key not in self._late:
            desk, rate = self.shipper, self._cents_per_hour.get(shipment, 0.0)
            if day == 0:
                job = desk.jobs[shipment]
                self._late[key] = tuple(delay_cents(job, rate, w, windows) for w in range(windows))
            elif day <= len(desk.later) and (then := desk.later[day - 1].jobs.get(shipment)) is not None:
                self._late[key] = tuple(self._waiting_cents(then, day, w, windows) for w in range(windows))
            else:
                self._late[key] = (math.inf,) * windows
        return self._late[key]

    def _waiting_cents(self, job: Job, day: int, window: int, windows: int) -> float:
        """What keeping the goods costs, lateness that is certain on that day, and lateness that may come on top."""
        ahead, shipment = self.shipper.later[day - 1], self.shipper.shipments[job.shipment]
        rate = self._cents_per_hour.get(job.shipment, 0.0)
        latest_min = latest_start_min(job, window, windows)
        due_min = (shipment.due_at - ahead.start).total_seconds() / 60
        cents = delay_cents(job, rate, window, windows)
        if due_min < job.delivery_open_min:
            cents += rate * (latest_min - due_min) / 60
        stakes = shipment.stakes
        if stakes is not None:
            cents += 100 * stakes.holding_eur_per_pallet_day * shipment.pallets * ahead.days
            stops_at = stakes.line_stop_at
            if stops_at is not None and (stops_at - ahead.start).total_seconds() / 60 < latest_min:
                cents += 100 * stakes.line_stop_eur
        return cents

    def _choice(self, message: Message, worth_cents: Mapping[str, int]) -> Message:
        """Rank the deals that leave it no worse off, the best one first."""
        gains: dict[int, float] = {}
        for row, (own, fee) in zip(message.body.to_pylist(), self._lots(message), strict=True):
            late = self._late_cents(own, row["day"], row["windows"])[row["window"]]
            gain = sum(worth_cents.get(s, 0) for s in own) - fee - row["price_cents"] - late
            if gain >= 0:
                gains[row["deal"]] = gain
        ranked = sorted(gains, key=lambda deal: (-gains[deal], deal))
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.CHOICE], {"deal": ranked}))

    def _promised(self, message: Message) -> Message:
        """The most it would pay today, so that promises for later days leave it no worse off.

        That is what everything costs alone today, with what it owes for promises that are due, less what is promised
        for later days, waiting and lateness included.
        """
        alone, due = frozenset(self.shipper.jobs), 0
        later = 0.0
        for row in message.body.to_pylist():
            own = [s for s in row["jobs"] if s in self.shipper.jobs]
            if row["day"]:
                later += row["price_cents"] + self._late_cents(own, row["day"], row["windows"])[row["window"]]
            else:
                alone = alone.difference(own)
                due += row["price_cents"]
        most = self.shipper.alone(alone).price_cents + due - later
        if not 0 <= most < math.inf:
            return message.reply(Performative.REFUSE, reason="it would pay more than for sending everything today")
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.PROMISED], {"most_cents": [math.floor(most)]}))
