"""No pooling: everybody goes alone. The disagreement point that all others are measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.protocols.deal import Deal, appraise, settle
from agents.protocols.talk import Talk

if TYPE_CHECKING:
    from numpy.random import Generator

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.tools import Tools


@dataclass(frozen=True, slots=True)
class Standalone:
    """Asks each owner what its shipments cost it alone, and leaves them there."""

    name: str = "standalone"

    def conduct(self, market: Market, tools: Tools, rng: Generator) -> Conduct:
        """Coordinator asks owners for their stand-alone cost; nothing is pooled."""
        del rng
        talk = Talk(self.name)
        reasons = dict.fromkeys(market.shipments, "this policy does not pool")
        deal = yield from appraise(market, Deal(reasons=reasons), talk)
        return settle(market, tools, deal, talk)
