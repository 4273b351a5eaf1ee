"""Contract net: lots are announced, carriers quote them against what they have won, the best savings are awarded.

Smith 1980, "The contract net protocol"; marginal-cost bidding as in Sandholm 1993. Rounds go on until no lot saves
anything:

    coordinator -> owners     what do you put on the table, at what reserve?
    coordinator -> hubs       at what terms may the pool use you?
    repeat
      coordinator -> carriers   these lots are open (who has won is asked anew about lots near what it won; all other
                                quotes stand)
      carriers -> coordinator   quotes
      coordinator -> carriers   the lots with the largest savings, at most one a carrier
      carriers -> coordinator   taken, or not any more: then all its quotes are void, and it is asked anew
    coordinator -> carriers   your plan and price for all you have won, at most your quotes
    coordinator -> owners     what would you have paid alone for this?
    coordinator -> hubs       do you confirm these slots?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.jobs import shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocols.closing import closed, concluded
from agents.protocols.deal import (
    Deal,
    appraise,
    ask_hub_terms,
    ask_offers,
    confirm_bookings,
)
from agents.protocols.reasons import (
    NO_CARRIER,
    NO_ROOM,
    OUT_OF_ROUNDS,
    WORD_BROKEN,
    lowest_quote,
)
from agents.protocols.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Mapping, Sequence

    from numpy.random import Generator as Rng

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.tools import Tools
    from logistics.consolidation import HubOffer

Lot = tuple[str, ...]  # job ids, sorted

# A group may be somewhat more than a vehicle's load: an owner's whole day, or what makes a hub's last mile pay.
LOT_VEHICLES = 1.5
LARGEST_LOT = 10
REFUSALS = 2  # awards refused in a row, after which a carrier's quotes are no longer taken
SMALLEST_HUB_LOT = 3  # two handlings and slots for fewer are never worth it


@dataclass
class Table:
    """What is open, quoted and awarded in one conversation.

    Attributes
    ----------
    lots
        Open lots, each with the hub fee that comes on top of a carrier's price.
    quotes
        By carrier and lot, cents; missing where the carrier cannot.
    asked
        By carrier: lots quoted since it last won.
    awarded
        By carrier: lots won with the quoted price, in order.
    refusals
        By carrier: awards that it refused since it last took one.
    broken
        Shipments for which a carrier had quoted that then kept refusing awards.
    out_of_rounds
        Whether the rounds ended while there still was something to award.
    """

    lots: dict[Lot, int]
    numbers: dict[Lot, int] = field(default_factory=dict)
    quotes: dict[str, dict[Lot, int]] = field(default_factory=dict)
    asked: dict[str, set[Lot]] = field(default_factory=dict)
    awarded: dict[str, list[tuple[Lot, int]]] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    out_of_rounds: bool = False

    def ask_again(self, carrier: str, near: Container[str] | None = None) -> None:
        """Forget a carrier's quotes, of lots with some of these shipments or of all; others stand."""
        old = [lot for lot in self.asked[carrier] if near is None or any(shipment_of(j) in near for j in lot)]
        for lot in old:
            self.quotes.get(carrier, {}).pop(lot, None)
            self.asked[carrier].discard(lot)

    def refuse(self, carrier: str, reserves: Mapping[str, int]) -> None:
        """Void the quotes of a carrier that refused an award; one that refuses again is asked for no others.

        It quoted anew against all that it had won, so that no other award can have made the second one dearer.
        """
        self.refusals[carrier] = self.refusals.get(carrier, 0) + 1
        if self.refusals[carrier] == REFUSALS:
            offered = [lot for lot, cents in self.quotes[carrier].items() if self.saving(lot, cents, reserves) > 0]
            self.broken |= {shipment_of(j) for lot in offered for j in lot}
        self.ask_again(carrier)

    def saving(self, lot: Lot, quote_cents: int, reserves: Mapping[str, int]) -> int:
        """What a lot saves at a quote, in cents; a lot that is off the table saves nothing."""
        if lot not in self.lots:
            return 0
        return sum(reserves[s] for s in {shipment_of(j) for j in lot}) - quote_cents - self.lots[lot]

    def asks(self, carrier: str) -> bool:
        """Whether a carrier is still asked for quotes."""
        return self.refusals.get(carrier, 0) < REFUSALS

    def number(self, lot: Lot) -> int:
        """Number of a lot in messages."""
        return self.numbers.setdefault(lot, len(self.numbers))


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

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng
        return concluded(market, tools, self.name, lambda part, talk: self._deal(part, tools, talk))

    def _deal(self, market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Deal]:
        reserves = yield from ask_offers(market, tools, talk)
        offers: list[HubOffer] = (yield from ask_hub_terms(market, talk)) if reserves else []
        attempt = 0
        while reserves:
            # A hub that does not confirm its slots is left out, and the lots are negotiated anew without it; carriers
            # read what they have won from the conversation, so a new attempt is a new conversation.
            here = talk if attempt == 0 else Talk(f"{talk.conversation}#{attempt}", talk.rounds, talk.notes)
            board = yield from self._award(market, tools, here, reserves, offers)
            keep = {shipment_of(j) for lots in board.awarded.values() for lot, _ in lots for j in lot}
            reasons = _reasons(board, {s: cents for s, cents in reserves.items() if s not in keep})
            deal = yield from closed(market, tools, here, reserves, board.awarded, reasons, offers)
            refusing = yield from confirm_bookings(deal.bookings, here)
            refusing |= tools.jobs.overbooked(deal.loads, offers)
            talk.rounds = here.rounds
            if not refusing:
                return deal
            talk.notes.append(f"negotiated again without {', '.join(sorted(refusing))}")
            offers = [o for o in offers if o.hub not in refusing]
            attempt += 1
        return (yield from appraise(market, Deal(reserves=reserves), talk))

    def _award(
        self, market: Market, tools: Tools, talk: Talk, reserves: Mapping[str, int], offers: Sequence[HubOffer]
    ) -> Generator[Exchange, tuple[Message, ...], Table]:
        board = Table(_first_lots(market, tools, reserves, offers))
        carriers = sorted({v.carrier for v in market.vehicles.values()})
        for _ in range(self.max_rounds):
            bodies = {}
            for carrier in filter(board.asks, carriers):
                asked = board.asked.setdefault(carrier, set())
                fresh = sorted((lot for lot in board.lots if lot not in asked), key=board.number)
                if fresh:
                    rows = [(board.number(lot), job) for lot in fresh for job in lot]
                    bodies[carrier] = table(
                        QUESTIONS[Topic.QUOTES], {"lot": [n for n, _ in rows], "job": [j for _, j in rows]}
                    )
                    board.asked[carrier].update(fresh)
            if bodies:
                by_number = {n: lot for lot, n in board.numbers.items()}
                replies = yield talk.ask(Topic.QUOTES, bodies, Performative.CFP)
                for carrier, body in talk.answers(replies).items():
                    mine = board.quotes.setdefault(carrier, {})
                    for n, cents in zip(body["lot"].to_pylist(), body["price_cents"].to_pylist(), strict=True):
                        if by_number.get(n) in board.asked[carrier] and cents is not None and cents >= 0:
                            mine[by_number[n]] = cents
            winners = _winners(board, reserves)
            if not winners:
                break
            awards = {
                carrier: table(
                    QUESTIONS[Topic.AWARD],
                    {
                        "lot": [board.number(lot)] * len(lot),
                        "job": list(lot),
                        "price_cents": [board.quotes[carrier][lot]] * len(lot),
                    },
                )
                for carrier, lot in winners.items()
            }
            confirmed = talk.answers((yield talk.ask(Topic.AWARD, awards, Performative.ACCEPT_PROPOSAL)))
            for carrier, lot in winners.items():
                if carrier in confirmed:
                    board.awarded.setdefault(carrier, []).append((lot, board.quotes[carrier][lot]))
                    gone = {shipment_of(j) for j in lot}
                    _withdraw(board, gone)
                    board.ask_again(carrier, tools.near(gone))
                    board.refusals[carrier] = 0
                else:  # whoever went back on its word quotes everything anew
                    board.refuse(carrier, reserves)
                    if board.refusals[carrier] == REFUSALS:
                        talk.notes.append(f"{carrier}: went back on its word again and was asked for no more quotes")
        else:
            board.out_of_rounds = True
        return board


def _first_lots(
    market: Market, tools: Tools, reserves: Mapping[str, int], offers: Sequence[HubOffer]
) -> dict[Lot, int]:
    """Every shipment by itself, groups that fit a vehicle, and both again through each hub that lies on the way."""
    largest = max((v.capacity_pallets for v in market.vehicles.values()), default=0.0)
    pallets = {s: market.shipments[s].pallets for s in reserves}
    lots: dict[Lot, int] = {(s,): 0 for s in sorted(reserves)}
    for group in tools.clusters(reserves):
        if _fits_a_lot(group, pallets, largest):
            lots[tuple(sorted(group))] = 0
    for offer in offers:
        via = [s for s in sorted(reserves) if tools.jobs.suits_hub(s, offer.hub)]
        groups = [(s,) for s in via] + [
            g for g in tools.clusters(via) if len(g) >= SMALLEST_HUB_LOT and _fits_a_lot(g, pallets, largest)
        ]
        for group in groups:
            lot = tuple(sorted(j.id for s in group for j in tools.jobs.legs(s, offer.hub) or ()))
            lots[lot] = hub_fee_cents(sum(pallets[s] for s in group), offer, largest)
    return lots


def _fits_a_lot(group: Sequence[str], pallets: Mapping[str, float], vehicle_pallets: float) -> bool:
    return len(group) <= LARGEST_LOT and sum(pallets[s] for s in group) <= LOT_VEHICLES * vehicle_pallets


def hub_fee_cents(pallets: float, offer: HubOffer, vehicle_pallets: float) -> int:
    """Estimate a lot's hub fee: handling, and two slots for each vehicle's worth of pallets."""
    slot = min((w[3] for w in offer.windows), default=0)
    return math.ceil(offer.handling_cents_per_pallet * pallets + 2 * slot * pallets / max(vehicle_pallets, 1.0))


def _winners(board: Table, reserves: Mapping[str, int]) -> dict[str, Lot]:
    """Largest savings first, at most one lot a carrier, no shipment twice.

    A lot goes only to the carrier that quotes it lowest; if that one has won already in this round, the lot waits.
    """
    cheapest: list[tuple[int, int, str, Lot]] = []
    for lot in board.lots:
        bids = [(quotes[lot], carrier) for carrier, quotes in board.quotes.items() if lot in quotes]
        if bids:
            price, carrier = min(bids)
            saving = board.saving(lot, price, reserves)
            if saving > 0:
                cheapest.append((-saving, board.number(lot), carrier, lot))
    won: dict[str, Lot] = {}
    taken: set[str] = set()
    for _, _, carrier, lot in sorted(cheapest):
        shipments = {shipment_of(j) for j in lot}
        if carrier not in won and not shipments & taken:
            won[carrier] = lot
            taken |= shipments
    return dict(sorted(won.items()))


def _withdraw(board: Table, shipments: set[str]) -> None:
    """Take awarded shipments off the table; a group that loses members goes on as what is left of it."""
    remaining: dict[Lot, int] = {}
    for lot, fee in board.lots.items():
        rest = tuple(j for j in lot if shipment_of(j) not in shipments)
        if rest:
            remaining[rest] = (
                min(fee, remaining.get(rest, fee)) if len(rest) == len(lot) else round(fee * len(rest) / len(lot))
            )
    board.lots = remaining


def _reasons(board: Table, open_reserves: Mapping[str, int]) -> dict[str, str]:
    """Say of shipments that nobody was awarded how close the pool came."""
    reasons: dict[str, str] = {}
    quoted = {shipment_of(j) for quotes in board.quotes.values() for lot in quotes if lot in board.lots for j in lot}
    for s, reserve in open_reserves.items():
        bids = [q[(s,)] for q in board.quotes.values() if (s,) in q]
        if board.out_of_rounds:
            reasons[s] = OUT_OF_ROUNDS
        elif s in board.broken:
            reasons[s] = WORD_BROKEN
        elif s not in quoted:
            # Whoever quoted other lots and not this one has no room for it; of whoever quoted none it is not known.
            reasons[s] = NO_ROOM if board.asked and board.asked.keys() == board.quotes.keys() else NO_CARRIER
        elif bids and reserve:
            reasons[s] = lowest_quote(min(bids), reserve)
    return reasons
