"""A protocol: lots are called one after the other, and the carrier with the lowest quote takes each.

::

    coordinator -> owners    request  offer    what is on the table?
    owners -> coordinator    inform   reserve of each shipment
        then, lot by lot: each owner's whole day, the dearest first; after these every shipment that is left
    coordinator -> carriers  cfp      quotes   what would this lot add to what you have won?
    carriers -> coordinator  propose  price
    coordinator -> lowest    accept   award    if that is below going alone
    lowest -> coordinator    inform
        at last, as every protocol ends (`agents.protocols.closing`)
    coordinator -> winners   request  plan     final tours with their prices
    coordinator -> owners    request  standalone

Sequential single-item auctions: Koenig et al., The power of sequential single-item auctions for agent coordination,
AAAI 2006. Hubs take no part.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from numpy.random import Generator as Rng

from agents.market import Market
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocol import Conduct
from agents.protocols.asking import ask_offers
from agents.protocols.closing import closed, concluded
from agents.protocols.deal import Deal
from agents.protocols.talk import Talk
from agents.tools import Tools

Lot = tuple[str, ...]
Replies = tuple[Message, ...]
NOT_TAKEN = "no carrier asked less for it than going alone"


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Calls lots one after the other, each to the carrier that asks least.

    Attributes
    ----------
    singles
        Whether shipments of owners whose whole day nobody took are called one by one.
    """

    singles: bool = True
    name: str = "one_by_one"

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng  # nothing is drawn
        return concluded(market, tools, self.name, lambda part, talk: self._deal(part, tools, talk))

    def _deal(self, market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, Replies, Deal]:
        """Negotiate a market, or a coalition's part of it where the sharing rule asks what that would pay."""
        reserves = yield from ask_offers(market, tools, talk)
        won: dict[str, list[tuple[Lot, int]]] = {}
        number = 0
        left = set(reserves)
        for lots in (self._days, self._each) if self.singles else (self._days,):
            for lot in lots(market, {s: reserves[s] for s in left}):
                number += 1
                found = yield from _called(market, talk, number, lot, sum(reserves[s] for s in lot))
                if found is not None:
                    carrier, cents = found
                    won.setdefault(carrier, []).append((lot, cents))
                    left -= set(lot)
        reasons = dict.fromkeys(sorted(left), NOT_TAKEN)
        return (yield from closed(market, tools, talk, reserves, won, reasons))

    @staticmethod
    def _days(market: Market, reserves: Mapping[str, int]) -> list[Lot]:
        lots = [tuple(s for s in market.owned_by(owner) if s in reserves) for owner in market.owners]
        return sorted((lot for lot in lots if lot), key=lambda lot: (-sum(reserves[s] for s in lot), lot))

    @staticmethod
    def _each(market: Market, reserves: Mapping[str, int]) -> list[Lot]:
        return [(s,) for s in sorted(reserves, key=lambda s: (-reserves[s], s))]


def _called(
    market: Market, talk: Talk, number: int, lot: Lot, reserve_cents: int
) -> Generator[Exchange, Replies, tuple[str, int] | None]:
    """Call one lot: who takes it and for how much, if anybody does for less than going alone."""
    carriers = sorted({v.carrier for v in market.vehicles.values()})
    called = table(QUESTIONS[Topic.QUOTES], {"lot": [number] * len(lot), "job": list(lot)})
    quotes: list[tuple[int, str]] = []
    if carriers:
        replies = yield talk.ask(Topic.QUOTES, dict.fromkeys(carriers, called), Performative.CFP)
        for carrier, body in talk.answers(replies).items():
            prices = [cents for cents in body["price_cents"].to_pylist() if cents is not None]
            quotes += [(cents, carrier) for cents in prices[:1]]
    for cents, carrier in sorted(quotes):
        if cents >= reserve_cents:
            break
        columns = {"lot": [number] * len(lot), "job": list(lot), "price_cents": [cents] * len(lot)}
        award = {carrier: table(QUESTIONS[Topic.AWARD], columns)}
        if talk.answers((yield talk.ask(Topic.AWARD, award, Performative.ACCEPT_PROPOSAL))):
            return carrier, cents
    return None
