"""Request exchange: carriers put tours into a pool, bid for the requests in it, and the owners share what that gains.

The five phases of auction-based exchange (Berger and Bierwirth 2010; Gansterer and Hartl 2016, who found that requests
released by place gain more than by profit), area by area. At first every request is with its owner, at the owner's
reserve. A carrier that owns requests and a factory without vehicles are alike: what they own goes to whichever carrier
drives it for least, or stays out at its reserve. Hubs take no part.

    coordinator -> owners       what do you put on the table, at what reserve?
    repeat (see `agents.protocols.tour_bids`)
      coordinator -> carriers     select: which tours near this place do you release?
      coordinator -> carriers     bundle and bid, in several rounds: which tours would you drive at these guide prices?
      coordinator -> owners       what would all that is still with you cost alone? (now and then)
      coordinator -> carriers     determine winners: you let these tours go and take those on
    coordinator -> carriers     your plan and price for all you hold
    coordinator -> owners       what would you have paid alone for this?
                                (share the gain by the policy's rule)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.protocols.asking import ask_offers
from agents.protocols.closing import closed, concluded, kept_to
from agents.protocols.reasons import NOT_CHEAPER
from agents.protocols.tour_bids import Settings, Trading, check_settings
from agents.protocols.tour_book import Book

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.random import Generator as Rng

    from agents.market import Market
    from agents.messages import Exchange, Message
    from agents.protocol import Conduct
    from agents.protocols.deal import Deal
    from agents.protocols.talk import Talk
    from agents.tools import Tools


@dataclass(frozen=True, slots=True)
class RequestExchange:
    """Carriers release tours, bid for others at guide prices, and the cheapest set of bids is exchanged at once.

    Attributes
    ----------
    waves
        Areas exchanged at most, in all pools of a large market together; some in each.
    patience
        Exchanges in a row that move nothing before it ends.
    area
        Requests on the tours that are released together, about.
    rounds
        Questions for bids in each exchange.
    noise
        Standard deviation of guide prices around those of the linear program, as a part of them.
    kept
        Bids that winners are determined among, beside those that stand.
    """

    waves: int = 120
    patience: int = 30
    area: int = 60
    rounds: int = 6
    noise: float = 0.1
    kept: int = 150
    name: str = "request_exchange"

    def __post_init__(self) -> None:
        check_settings(self)

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng  # what is drawn hangs on the conversation, so that a coalition's exchange repeats
        return concluded(market, tools, self.name, lambda part, talk: self._deal(part, tools, talk))

    def _deal(self, market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Deal]:
        reserves = yield from ask_offers(market, tools, talk)
        carriers = sorted({v.carrier for v in market.vehicles.values()})
        settings = Settings(self.waves, self.patience, self.area, self.rounds, self.noise, self.kept)

        def attempt(
            here: Talk, without: frozenset[str]
        ) -> Generator[Exchange, tuple[Message, ...], tuple[Deal | None, frozenset[str]]]:
            willing = tuple(c for c in carriers if c not in without)
            if not willing:
                return None, frozenset()
            book = Book(market, dict(reserves))
            yield from Trading(market, tools, here, book, willing, settings, exchange=True).run()
            if book.unwilling:
                return None, frozenset(book.unwilling)
            left = dict.fromkeys(sorted(book.loose), NOT_CHEAPER)
            return (yield from closed(market, tools, here, reserves, book.agreed(), left)), frozenset()

        return (yield from kept_to(market, talk, reserves, attempt, "exchanged"))
