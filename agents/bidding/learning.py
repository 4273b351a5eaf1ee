"""What carriers and hubs learn from a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.bidding.base import BiddingStrategy, LearningStrategy, Tally
from agents.settlement import LeftStatus

if TYPE_CHECKING:
    from agents.market import Market
    from agents.settlement import Settlement
    from agents.transcript import Transcript


def tally(who: str, market: Market, settlement: Settlement, transcript: Transcript) -> Tally:
    """Count what a carrier or hub could have won and did; nothing where it told no price that day.

    What it promised for a later day is won today, and not again when it is due.
    """
    if not transcript.disclosed.get(who):
        return Tally(0, 0)
    never = {row.shipment for row in settlement.left if row.status == LeftStatus.UNSERVED}
    before = {s for p in market.due for s in p.lot}
    offered = {s for s, shipment in market.shipments.items() if shipment.owner != who} - never - before
    loads = {load.id for load in settlement.loads if load.carrier == who}
    won = {leg.shipment for leg in settlement.legs if leg.load in loads}
    won |= {s for p in settlement.promises if p.carrier == who for s in p.lot}
    won |= {s for b in settlement.bookings if b.hub == who for s in b.shipments}
    return Tally(len(offered), len(won & offered))


def after(strategy: BiddingStrategy, seen: Tally) -> BiddingStrategy:
    """Return what a strategy is after a day: another one if it learns, else itself."""
    return strategy.learned(seen) if isinstance(strategy, LearningStrategy) else strategy
