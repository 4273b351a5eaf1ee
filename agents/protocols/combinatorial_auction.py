"""Combinatorial auction: carriers bid for bundles that they choose, a whole vehicle's tour each; the cheapest set wins.

Bids of one carrier add up, as many as it has vehicles, and none is taken back. In round after round the
coordinator tells guide prices and which bids stand for now, first for everything, then area by area, so that bids come
that fit together (Kwasnica, Ledyard, Porter and DeMartini 2005; column generation between bidders). In the end owners'
reserves are additive bids of their own that sum to what going alone costs, and the winner determination problem over
the bids is solved as far as it can be, with a proven gap. Hubs take no part.

    coordinator -> owners       what do you put on the table, at what reserve?
    repeat (see `agents.protocols.tour_bids`)
      coordinator -> carriers     which tours would you drive at these guide prices?
      coordinator -> owners       what would all that is still with you cost alone? (now and then)
      coordinator -> carriers     these of your bids stand for now, those no more
                                (determine winners among all bids; payments by the rule chosen)
    coordinator -> carriers     these of your bids have won
    coordinator -> carriers     your plan and price for all you have won
    coordinator -> owners       what would you have paid alone for this?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.auction import Search, core_selecting, determine_winners, vcg
from agents.protocols.asking import ask_offers
from agents.protocols.closing import Payment, closed, concluded, kept_to
from agents.protocols.reasons import NOT_CHEAPER
from agents.protocols.tour_bids import Settings, Trading, check_settings
from agents.protocols.tour_book import Area, Book
from agents.protocols.tour_standing import stand
from groupage.errors import AuctionError, PolicyError
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from numpy.random import Generator as Rng

    from agents.auction import WinnerProblem, Winners
    from agents.market import Market
    from agents.messages import Exchange, Message
    from agents.protocol import Conduct
    from agents.protocols.deal import Deal
    from agents.protocols.talk import Talk
    from agents.tools import Tools

PAYMENTS = ("first_price", "vcg", "core_selecting")
MOST_TRIES = 3  # winner determinations, where what the winners leave out costs more alone than its reserves said


@dataclass(frozen=True, slots=True)
class CombinatorialAuction:
    """Awards tours to the carriers whose bids together, with the reserves of what stays out, cost least.

    Attributes
    ----------
    payments
        ``first_price``, ``vcg`` or ``core_selecting``; the last two only where every winner problem over all bids is
        proven, else winners are paid what they asked and the notes say why. What ``vcg`` pays above what the owners may
        pay, the operator adds; ``core_selecting`` pays no more than they may.
    waves, patience, area, rounds, noise
        Of the search for bids, see `agents.protocols.tour_bids.Settings`.
    kept
        Bids that an area's winners are determined among, beside those that stand.
    nodes, runs, final
        Branch and bound nodes and annealing runs of the last winner determination, and bids in it at most where winners
        are paid what they asked: those that ask least above the guide prices.
    """

    payments: str = "first_price"
    waves: int = 120
    patience: int = 30
    area: int = 60
    rounds: int = 6
    noise: float = 0.1
    kept: int = 150
    nodes: int = 200
    runs: int = 1
    final: int = 1500
    name: str = "combinatorial_auction"

    def __post_init__(self) -> None:
        if self.payments not in PAYMENTS:
            raise PolicyError(f"payments is {self.payments!r}, expected one of {', '.join(PAYMENTS)}")
        check_settings(self)
        check_bounds(self, nodes=(1, math.inf), runs=(1, 100), final=(1, math.inf))

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng  # what is drawn hangs on the conversation, so that a coalition's auction repeats
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
            trading = Trading(market, tools, here, book, willing, settings, exchange=False)
            yield from trading.run()
            paid = None if book.unwilling else (yield from self._awarded(trading))
            if book.unwilling:
                return None, frozenset(book.unwilling)
            left = dict.fromkeys(sorted(book.loose), NOT_CHEAPER)
            deal = yield from closed(market, tools, here, reserves, book.agreed(), left, payment=paid)
            return deal, frozenset()

        return (yield from kept_to(market, talk, reserves, attempt, "auctioned"))

    def _awarded(self, trading: Trading) -> Generator[Exchange, tuple[Message, ...], Payment | None]:
        """Determine the winners among the bids and tell them; returns how they are paid, ``None`` as asked."""
        book = trading.book
        # The vehicles of those that stand and all others together: everything that there is.
        whole = Area(tuple(sorted(book.reserves)), trading.carriers, tuple(sorted(book.standing)), book.count())
        if not whole.shipments:
            return None
        for _ in range(MOST_TRIES):
            reserves = book.reserves = trading.additive_reserves()
            problem, worth, winners = self._winners(book, whole)
            chosen = tuple(worth[k] for k in winners.accepted)
            # Reserves add up and what is left to owners does not: the bids that stand may be cheaper for all.
            last = set(chosen) != book.standing and not (yield from trading.chosen(chosen))
            if not last or trading.additive_reserves() == reserves:
                break
        won = book.standing if last else set(chosen)
        moves = dict.fromkeys(book.standing - won, False) | dict.fromkeys(won, True)
        yield from stand(trading.talk, book, moves, binding=True)
        aside = len(book.every_offer()) - len(set(worth))
        pruned = f", {aside} put aside as dearer" if aside > 0 else ""
        trading.talk.notes.append(f"winner determination over {len(problem.bids)} bids{pruned}: {winners}")
        if last:
            trading.talk.notes.append("winners are those of the last round; with what it leaves out they cost less")
        return None if self.payments == "first_price" else Payment(self.payments, self._rule(problem, winners, last))

    def _winners(self, book: Book, whole: Area) -> tuple[WinnerProblem, list[int], Winners]:
        """Solve the last winner problem; a payment that needs its optimum needs every bid in it."""
        if self.payments == "first_price":
            worth = book.prices(whole, self.final)[1]
        else:
            worth = sorted({*book.every_offer(), *whole.released})
        problem = book.problem(whole, worth)
        start = tuple(worth.index(k) for k in whole.released)
        winners = determine_winners(problem, search=Search(nodes=self.nodes, runs=self.runs), start=start)
        if problem.cost_cents(start) == winners.cost_cents:
            winners = replace(winners, accepted=start)  # of equals what has stood
        return problem, worth, winners

    def _rule(self, problem: WinnerProblem, winners: Winners, last: bool) -> Callable[[int], Mapping[str, int]]:
        """What winners are paid where owners may pay so much."""

        def cents(may_pay_cents: int) -> Mapping[str, int]:
            search = Search(nodes=self.nodes, runs=self.runs)
            if last:
                raise AuctionError("the winners are not those of the winner problem but of the last round")
            if self.payments == "vcg":
                return vcg(problem, winners, search=search).cents
            return core_selecting(problem, winners, search=search, most_cents=may_pay_cents).cents

        return cents
