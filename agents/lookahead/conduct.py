"""The look ahead as a conversation: mediated, recorded and replayed as a protocol is.

    coordinator -> owners      what do you expect to send on the next planning day, lane by lane, on so many paths?
    (where the policy's holding rule looks at the pool:)
    coordinator -> owners      what could go today, and what would it cost you to keep it?
    coordinator -> owners      will you hold these? each is expected to save so much    (again without who does not)
    (where the policy reserves:)
    coordinator -> providers   what would you keep free, at what price?
    coordinator -> owners      will you bear so much of it? it is expected to save you so much   (again without ...)
    coordinator -> providers   so many are reserved with you

Path ``k`` of every owner is drawn from the same past, so the pool's demand is the sum of its members' paths, and a
quantile of the pool is the quantile of that sum. No message to a
participant carries a path, a pooled quantity or a name; the owners' own answers carry theirs to the coordinator alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.holding import PooledHolding
from agents.lookahead.holds import LanePaths, agree_holds
from agents.lookahead.outlook import Ahead, Held
from agents.lookahead.reserves import agree_reservations
from agents.messages import QUESTIONS, Topic, table
from agents.protocols.talk import Talk
from agents.transcript import LOOK_AHEAD

if TYPE_CHECKING:
    from agents.holding import HoldingRule
    from agents.lookahead.outlook import Outlook
    from agents.protocol import Conversation
    from agents.reservations import Reserved
    from agents.reserving import ReservingRule


def look_ahead(outlook: Outlook, holding: HoldingRule | None, reserving: ReservingRule | None) -> Conversation[Ahead]:
    """Decide on pooled forecasts; see the module's sequence of messages.

    Parameters
    ----------
    holding
        The pool's rule; ``None``, or one that does not look at the pool: owners hold by themselves.
    reserving
        ``None``: nothing is reserved.
    """
    talk = Talk(LOOK_AHEAD)
    body = table(QUESTIONS[Topic.OUTLOOK], {"day": [outlook.next_day], "paths": [outlook.paths]})
    answers = talk.answers((yield talk.ask(Topic.OUTLOOK, dict.fromkeys(outlook.owners, body))))
    lanes = []
    for owner in sorted(answers):
        for row in answers[owner].to_pylist():
            paths = np.array(row.pop("path_pallets"), dtype=np.float64)
            if len(paths) != outlook.paths:
                talk.notes.append(f"{owner}: {len(paths)} paths of a lane, expected {outlook.paths}; left out")
                continue
            lanes.append(LanePaths(owner, row["origin"], row["zone"], row["temperature"], paths))
    held: dict[str, Held] = {}
    expected = {
        owner: np.sum([lane.pallets for lane in lanes if lane.owner == owner], axis=0)
        for owner in sorted({lane.owner for lane in lanes})
    }
    if isinstance(holding, PooledHolding) and lanes:
        held, pallets = yield from agree_holds(outlook, holding, lanes, talk)
        for owner, volume in pallets.items():
            expected[owner] = expected[owner] + volume
    reserved: tuple[Reserved, ...] = ()
    if reserving is not None and reserving.reserves:
        reserved = yield from agree_reservations(outlook, reserving, expected, talk)
    return Ahead(held, reserved, tuple(talk.notes))
