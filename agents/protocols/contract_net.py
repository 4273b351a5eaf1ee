"""Contract net: lots are announced, carriers quote them against what they have won, the best savings are awarded.

Smith 1980, "The contract net protocol"; marginal-cost bidding as in Sandholm 1993. Rounds go on until no lot saves
anything:

    coordinator -> owners     what do you put on the table, at what reserve?
    coordinator -> hubs       at what terms may the pool use you?
    repeat
      coordinator -> carriers   these lots are open (who has won is asked anew about lots near what it won; all other
                                quotes stand)
      carriers -> coordinator   quotes
      (nothing saves any more, and there were awards:)
      coordinator -> owners     what does all that is left cost you alone? (reserves are raised to it)
      coordinator -> carriers   the lots with the largest savings, at most one a carrier
      carriers -> coordinator   taken, or not any more: then all its quotes are void, and it is asked anew
    coordinator -> carriers   your plan and price for all you have won, at most your quotes
    coordinator -> owners     what would you have paid alone for this?
    coordinator -> hubs       do you confirm these slots?
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from agents.jobs import shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocols.asking import ask_hub_terms, ask_offers, restated
from agents.protocols.closing import closed, concluded, handled, kept_to
from agents.protocols.lots import Lot, Open, first_lots
from agents.protocols.reasons import NO_CARRIER, NO_ROOM, OUT_OF_ROUNDS, WORD_BROKEN
from agents.telling import lowest_quote
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from numpy.random import Generator as Rng

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.protocols.closing import Agreed
    from agents.protocols.deal import Deal
    from agents.protocols.talk import Talk
    from agents.tools import Tools
    from logistics.consolidation import HubOffer

REFUSALS = 2  # awards refused in a row, after which a carrier's quotes are no longer taken


class Award(NamedTuple):
    """A lot that a carrier has taken at its quote; the hub fee comes on top."""

    carrier: str
    lot: Lot
    price_cents: int
    fee_cents: int


class Table:
    """What is open, quoted and awarded in one conversation.

    Attributes
    ----------
    lots
        Open lots, each with its hub fee and to whom it is announced.
    stated
        By shipment, cents: reserves as stated at first.
    reserves
        The same, as raised since.
    quotes
        By open lot and carrier, cents; missing where the carrier cannot.
    to_ask
        By carrier that is still asked: open lots for which it has no quote that stands.
    answered
        Carriers that have quoted something.
    awards
        What was won, in order.
    marks
        After how many awards all of them, with what is left, would cost how many cents.
    refusals
        By carrier: awards that it refused since it last took one.
    broken
        Shipments for which a carrier had quoted that then kept refusing awards.
    out_of_rounds
        Whether the rounds ended while there still was something to award.
    """

    def __init__(self, lots: Mapping[Lot, Open], reserves: Mapping[str, int]) -> None:
        self.lots: dict[Lot, Open] = {}
        self.stated = dict(reserves)
        self.reserves = dict(reserves)
        self.quotes: dict[Lot, dict[str, int]] = {}
        self.to_ask: dict[str, set[Lot]] = {c: set() for c in sorted({c for o in lots.values() for c in o.carriers})}
        self.answered: set[str] = set()
        self.awards: list[Award] = []
        self.marks: list[tuple[int, int]] = []
        self.refusals: dict[str, int] = {}
        self.broken: set[str] = set()
        self.out_of_rounds = False
        self._numbers: dict[Lot, int] = {}
        self._with: dict[str, set[Lot]] = {}
        for lot, found in lots.items():
            self._open(lot, found)

    def _open(self, lot: Lot, found: Open) -> None:
        """Put a lot on the table, or announce one that lies there to others too."""
        self.number(lot)  # now: lots are asked about out of a set, whose order is another in every process
        known = self.lots.get(lot)
        self.lots[lot] = found if known is None else found.joined(known)
        for carrier in found.carriers if known is None else found.carriers - known.carriers:
            if carrier in self.to_ask:
                self.to_ask[carrier].add(lot)
        for s in moved(lot):
            self._with.setdefault(s, set()).add(lot)

    @property
    def left(self) -> frozenset[str]:
        """Shipments that are still open."""
        return frozenset(s for s, lots in self._with.items() if lots)

    def number(self, lot: Lot) -> int:
        """Number of a lot in messages."""
        return self._numbers.setdefault(lot, len(self._numbers))

    def ask_again(self, carrier: str, near: Iterable[str] | None = None) -> None:
        """Forget a carrier's quotes, of lots with some of these shipments or of all; others stand."""
        for lot in self.lots if near is None else {lot for s in near for lot in self._with.get(s, ())}:
            if carrier in self.lots[lot].carriers:
                self.quotes.get(lot, {}).pop(carrier, None)
                self.to_ask[carrier].add(lot)

    def quote(self, carrier: str, prices: Mapping[Lot, int]) -> None:
        """Note a carrier's prices."""
        self.answered.add(carrier)
        for lot, cents in prices.items():
            self.quotes.setdefault(lot, {})[carrier] = cents

    def refuse(self, carrier: str) -> None:
        """Void the quotes of a carrier that refused an award; one that refuses again is asked for no others.

        It quoted anew against all that it had won, so that no other award can have made the second one dearer.
        """
        self.refusals[carrier] = self.refusals.get(carrier, 0) + 1
        last = self.refusals[carrier] == REFUSALS
        if last:
            offered = [lot for lot, bids in self.quotes.items() if carrier in bids]
            self.broken |= {s for lot in offered if self.saving(lot, self.quotes[lot][carrier]) > 0 for s in moved(lot)}
        self.ask_again(carrier)
        if last:
            del self.to_ask[carrier]

    def saving(self, lot: Lot, quote_cents: int) -> int:
        """What an open lot saves at a quote, in cents."""
        return sum(self.reserves[s] for s in moved(lot)) - quote_cents - self.lots[lot].fee_cents

    def winners(self) -> dict[str, Lot]:
        """Largest savings first, at most one lot a carrier, no shipment twice.

        A lot goes only to the carrier that quotes it lowest; if that one has won already in this round, the lot waits.
        """
        cheapest: list[tuple[int, int, str, Lot]] = []
        for lot, bids in self.quotes.items():
            if bids:
                price, carrier = min((cents, c) for c, cents in bids.items())
                saving = self.saving(lot, price)
                if saving > 0:
                    cheapest.append((-saving, self.number(lot), carrier, lot))
        won: dict[str, Lot] = {}
        taken: set[str] = set()
        for _, _, carrier, lot in sorted(cheapest):
            shipments = moved(lot)
            if carrier not in won and not shipments & taken:
                won[carrier] = lot
                taken |= shipments
        return dict(sorted(won.items()))

    def award(self, carrier: str, lot: Lot) -> None:
        """Take an awarded lot's shipments off the table; a group that loses members goes on as what is left of it."""
        self.awards.append(Award(carrier, lot, self.quotes[lot][carrier], self.lots[lot].fee_cents))
        self.refusals[carrier] = 0
        gone = moved(lot)
        touched = {old for s in gone for old in self._with[s]}
        for old in sorted(touched, key=self.number):
            found = self.lots.pop(old)
            self.quotes.pop(old, None)
            for s in moved(old):
                self._with[s].discard(old)
            for c in found.carriers & self.to_ask.keys():
                self.to_ask[c].discard(old)
            rest = tuple(j for j in old if shipment_of(j) not in gone)
            if rest:
                self._open(rest, found.part(len(rest) / len(old)))

    def mark(self, left_cents: int) -> None:
        """Note what all awards cost together with what is left."""
        self.marks.append((len(self.awards), left_cents + sum(a.price_cents + a.fee_cents for a in self.awards)))

    def agreed(self) -> dict[str, list[tuple[Lot, int]]]:
        """By carrier what it has won with its quotes.

        Awards after reserves had been raised are for less than the remainder costs alone, if all of it goes. Where too
        much was left after all, the last of them are withdrawn.
        """
        count = len(self.awards)
        if self.marks and self.marks[-1][0] == count:
            count = min(self.marks, key=lambda mark: (mark[1], -mark[0]))[0]
        won: dict[str, list[tuple[Lot, int]]] = {}
        for a in self.awards[:count]:
            won.setdefault(a.carrier, []).append((a.lot, a.price_cents))
        return won


def moved(lot: Iterable[str]) -> set[str]:
    """Shipments of a lot."""
    return {shipment_of(j) for j in lot}


@dataclass(frozen=True, slots=True)
class ContractNet:
    """Awards lots of shipments to the carriers with the lowest quotes, largest saving first.

    Attributes
    ----------
    max_rounds
        Rounds of announcement and award at most; awards stop earlier when nothing saves.
    """

    max_rounds: int = 500
    name: str = "contract_net"

    def __post_init__(self) -> None:
        check_bounds(self, max_rounds=(1, math.inf))

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng
        return concluded(market, tools, self.name, lambda part, talk: self._deal(part, tools, talk))

    def _deal(self, market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Deal]:
        reserves = yield from ask_offers(market, tools, talk)
        offers: list[HubOffer] = (yield from ask_hub_terms(market, talk)) if reserves else []

        def attempt(
            here: Talk, without: frozenset[str]
        ) -> Generator[Exchange, tuple[Message, ...], tuple[Deal, frozenset[str]]]:
            willing = [o for o in offers if o.hub not in without]
            board = yield from self._awarded(market, tools, here, reserves, willing)
            agreed = yield from self._agreed(board, market, tools, here)
            keep = {s for lots in agreed.values() for lot, _ in lots for s in moved(lot)}
            reasons = _reasons(board, [s for s in reserves if s not in keep])
            deal = yield from closed(market, tools, here, reserves, agreed, reasons, willing)
            return deal, (yield from handled(deal, tools, here, willing))

        return (yield from kept_to(market, talk, reserves, attempt))

    def _agreed(
        self, board: Table, market: Market, tools: Tools, talk: Talk
    ) -> Generator[Exchange, tuple[Message, ...], Agreed]:
        """What carriers have agreed to carry: their awards; a protocol that goes on from these has more to ask."""
        del market, tools, talk
        yield from ()
        return board.agreed()

    def _awarded(
        self, market: Market, tools: Tools, talk: Talk, reserves: Mapping[str, int], offers: Sequence[HubOffer]
    ) -> Generator[Exchange, tuple[Message, ...], Table]:
        board = Table(first_lots(market, tools, reserves, offers), reserves)
        stated = 0  # awards when owners last said what is left is worth; at first nothing was won
        for _ in range(self.max_rounds):
            yield from _ask_quotes(board, talk)
            winners = board.winners()
            if not winners and len(board.awards) > stated:
                stated = len(board.awards)
                board.reserves, left_cents = yield from restated(market, talk, board.reserves, board.left)
                board.mark(left_cents)
                winners = board.winners()
            if not winners:
                return board
            yield from _award(board, winners, tools, talk)
        board.out_of_rounds = True
        return board


def _ask_quotes(board: Table, talk: Talk) -> Generator[Exchange, tuple[Message, ...], None]:
    """Announce to each carrier the lots for which no quote of its stands."""
    bodies, asked = {}, {}
    for carrier, lots in board.to_ask.items():
        if lots:
            asked[carrier] = {board.number(lot): lot for lot in sorted(lots, key=board.number)}
            rows = [(n, job) for n, lot in asked[carrier].items() for job in lot]
            bodies[carrier] = table(QUESTIONS[Topic.QUOTES], {"lot": [n for n, _ in rows], "job": [j for _, j in rows]})
            lots.clear()
    if not bodies:
        return
    for carrier, body in talk.answers((yield talk.ask(Topic.QUOTES, bodies, Performative.CFP))).items():
        prices = zip(body["lot"].to_pylist(), body["price_cents"].to_pylist(), strict=True)
        mine = asked[carrier]
        board.quote(carrier, {mine[n]: cents for n, cents in prices if n in mine and cents is not None and cents >= 0})


def _award(
    board: Table, winners: Mapping[str, Lot], tools: Tools, talk: Talk
) -> Generator[Exchange, tuple[Message, ...], None]:
    """Award each winner its lot; whoever has won is asked anew about what is near, whoever refuses about everything."""
    bodies = {}
    for carrier, lot in winners.items():
        columns: dict[str, Sequence[int | str]] = {
            "lot": [board.number(lot)] * len(lot),
            "job": list(lot),
            "price_cents": [board.quotes[lot][carrier]] * len(lot),
        }
        bodies[carrier] = table(QUESTIONS[Topic.AWARD], columns)
    confirmed = talk.answers((yield talk.ask(Topic.AWARD, bodies, Performative.ACCEPT_PROPOSAL)))
    for carrier, lot in winners.items():
        if carrier in confirmed:
            board.award(carrier, lot)
            board.ask_again(carrier, tools.near(moved(lot)))
            continue
        board.refuse(carrier)
        if board.refusals[carrier] == REFUSALS:
            talk.notes.append(f"{carrier}: went back on its word again and was asked for no more quotes")


def _reasons(board: Table, outside: Iterable[str]) -> dict[str, str]:
    """Say of shipments that nobody was awarded how close the pool came."""
    reasons: dict[str, str] = {}
    quoted = {s for lot, bids in board.quotes.items() if bids for s in moved(lot)}
    left = board.left
    for s in outside:
        bids = board.quotes.get((s,), {})
        if board.out_of_rounds:
            reasons[s] = OUT_OF_ROUNDS
        elif s in board.broken:
            reasons[s] = WORD_BROKEN
        elif s not in quoted and s in left:
            # Whoever quoted other lots and not this one has no room for it; of whoever quoted none it is not known.
            asked = board.lots[(s,)].carriers
            reasons[s] = NO_ROOM if asked and asked <= board.answered else NO_CARRIER
        elif bids and board.reserves[s]:
            reasons[s] = lowest_quote(min(bids.values()), board.reserves[s])
    return reasons
