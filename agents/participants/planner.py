"""An owner's planning desk: what it expects to send, what could wait, and whether it agrees to hold and to reserve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.messages import ANSWERS, Message, Performative, Topic, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.holding import HoldingView

LaneKey = tuple[str, str, str]  # origin, zone, temperature regime


@dataclass(frozen=True)
class PlannerDesk:
    """Speaks for an owner's planning; it judges what is proposed by its own figures.

    Attributes
    ----------
    lanes
        Sample paths of what it expects to send on the next planning day, by lane, shape ``(paths,)`` each; empty where
        it has nothing to forecast from.
    views
        Its shipments that could go today, with what waiting means.
    can_wait
        Ids of those that the policy's rule would let wait.
    alone_cents
        What sending all that it expects costs it on the open market, in the mean.
    """

    owner: str
    lanes: Mapping[LaneKey, NDArray[np.float64]]
    views: Sequence[HoldingView]
    can_wait: frozenset[str]
    alone_cents: float
    topics: frozenset[Topic] = frozenset({Topic.OUTLOOK, Topic.HOLDABLE, Topic.HOLD, Topic.RESERVE})

    def answer(self, message: Message, history: Sequence[Message], rng: Generator) -> Message:
        """Answer what it expects, what could wait, or whether it agrees."""
        del history, rng  # its figures are those of the morning
        if message.topic == Topic.OUTLOOK:
            return self._expects(message)
        if message.topic == Topic.HOLDABLE:
            return self._could_wait(message)
        if message.topic == Topic.HOLD:
            return self._hold(message)
        return self._bear(message)

    def _expects(self, message: Message) -> Message:
        lanes = dict(sorted(self.lanes.items()))
        if not lanes:
            return message.reply(Performative.REFUSE, reason="it has nothing to forecast from")
        columns = {
            "origin": [origin for origin, _, _ in lanes],
            "zone": [zone for _, zone, _ in lanes],
            "temperature": [temperature for _, _, temperature in lanes],
            "path_pallets": [paths.tolist() for paths in lanes.values()],
        }
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.OUTLOOK], columns))

    def _could_wait(self, message: Message) -> Message:
        rows = [(v, v.wait) for v in self.views if v.wait is not None]
        columns: dict[str, list[Any]] = {
            "shipment": [v.shipment for v, _ in rows],
            "origin": [v.lane[0] for v, _ in rows],
            "zone": [v.lane[-1] for v, _ in rows],
            "temperature": [w.temperature for _, w in rows],
            "pallets": [v.pallets for v, _ in rows],
            "weight_kg": [w.weight_kg for _, w in rows],
            "can_wait": [v.shipment in self.can_wait for v, _ in rows],
            "holding_cents": [w.holding_cents for _, w in rows],
            "penalty_cents": [w.penalty_cents for _, w in rows],
        }
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.HOLDABLE], columns))

    def _hold(self, message: Message) -> Message:
        """Hold what is expected to save more than keeping it costs."""
        cost = {v.shipment: v.wait.holding_cents for v in self.views if v.wait and v.shipment in self.can_wait}
        willing = [
            row["shipment"]
            for row in message.body.to_pylist()
            if row["shipment"] in cost and row["saving_cents"] > cost[row["shipment"]]
        ]
        if not willing:
            return message.reply(Performative.REFUSE, reason="waiting would cost it more than it saves")
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.HOLD], {"shipment": willing}))

    def _bear(self, message: Message) -> Message:
        """Bear a part that is expected to save something, and is less than sending all that it expects alone costs."""
        for row in message.body.to_pylist():
            if row["saving_cents"] <= 0:
                return message.reply(Performative.REFUSE, reason="it would save nothing")
            if row["share_cents"] > self.alone_cents:
                return message.reply(Performative.REFUSE, reason="its part is more than it expects to pay alone")
        return message.reply(Performative.ACCEPT_PROPOSAL)
