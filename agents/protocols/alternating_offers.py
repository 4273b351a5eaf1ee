"""Alternating offers: in pairs owners bargain with carriers about price, day and window of lots, with hubs about fees.

Rubinstein 1982, "Perfect equilibrium in a bargaining model"; the protocol is the stacked alternating offers of Aydogan,
Festen, Hindriks and Jonker 2017 for two. All pairs talk at the same time, and the coordinator carries their offers to
and fro, a table for each party in each round. It knows what owners said that lots cost them alone, and neither what a
day or a window is worth to them nor what anything costs a carrier or hub; neither side sees more of the other than its
offers:

    coordinator -> owners     what do you put on the table, at what reserve?
    coordinator -> hubs       at what terms may the pool use you?
    coordinator -> carriers   this is due today as you promised (see `agents.protocols.promises`)
    owners <-> hubs           talks as below about what lots through a hub are to pay it, at most its named terms
    repeat
      repeat until every talk has ended, or the deadline
        coordinator -> owners     these carriers offer this for your lots (nothing yet in the first round)
        owners -> coordinator     agreed, or other offers, or I leave
        coordinator -> carriers   these lots are offered to you like this
        carriers -> coordinator   agreed, or other offers, or I leave
      coordinator -> carriers   which of the deals that you have agreed on would you close first?
      coordinator -> owners     which of those that carriers want would you close first?
      coordinator -> carriers   one deal each is closed: for today, or as a promise for a later day
      carriers -> coordinator   taken, or not any more: then all that it agreed on is void
                                (who closed a deal talks anew about lots near it; all else that was agreed stands)
      coordinator -> owners     what is the rest worth to you, now that the others have gone?
                                (where nothing that was agreed is left to close)
    coordinator -> carriers   your plan and price for all of today that you have agreed to, at most what was agreed
    coordinator -> owners     what would you have paid alone for this? what do your promises leave you to pay?
    coordinator -> hubs       do you confirm these slots?

A lot with shipments of several owners is as many talks, in each of which a part of the lot's cost is to be covered; it
is agreed when all of them are. Where no fee is agreed on with a hub, its named terms hold; its fee comes on top of the
carrier's price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from agents.jobs import shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, rows_table, table
from agents.participants.talks import latest_start_min
from agents.protocols.asking import ask_hub_terms, ask_offers
from agents.protocols.closing import closed, concluded, handled, kept_to
from agents.protocols.lots import first_lots
from agents.protocols.promises import honoured, kept, made
from agents.protocols.reasons import NO_CARRIER, NO_TERMS, NOTHING_TO_SAVE, WORD_BROKEN
from agents.protocols.talks import Board, Pact, Rules, agreed_terms, hub_threads, talk_over, threads_for, without
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from typing import Any

    import pyarrow as pa
    from numpy.random import Generator as Rng

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.protocols.deal import Deal
    from agents.protocols.talk import Talk
    from agents.settlement import Load
    from agents.tools import Tools
    from logistics.consolidation import HubOffer

REFUSALS = 2  # deals refused in a row, after which nobody talks to a carrier any more


@dataclass(frozen=True, slots=True)
class AlternatingOffers:
    """Owners and carriers bargain in pairs; the deals that carriers want most are closed, and the rest is talked over.

    Attributes
    ----------
    rounds
        Deadline of a talk: rounds in each of which both sides speak once.
    prices
        Prices to choose from, in even steps from nothing to the highest.
    windows
        Windows to choose from: the whole time in which a delivery may start, and earlier parts of it.
    days
        Planning days to choose from: today, and as many later ones as there are.
    """

    rounds: int = 8
    prices: int = 201
    windows: int = 3
    days: int = 3
    name: str = "alternating_offers"

    def __post_init__(self) -> None:
        # A talk weighs every outcome in every round.
        check_bounds(self, rounds=(1, 1000), prices=(2, 10_000), windows=(1, 24), days=(1, 31))

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
            board = Board({}, {})
            void = yield from honoured(market, tools, here, board, reserves, self.windows, without)
            yield from self._bargained(market, tools, here, reserves, willing, board)
            agreed: dict[str, list[tuple[Sequence[str], int]]] = {}
            for pact in board.closed:
                if not pact.day:
                    agreed.setdefault(pact.carrier, []).append((pact.lot, pact.price_cents))
            deal = yield from closed(
                market,
                tools,
                here,
                reserves,
                agreed,
                _reasons(board, reserves),
                willing,
                partial(_kept, self._latest(tools, board)),
                terms={shipment_of(j): pact.terms for pact in board.closed for j in pact.lot},
                promises=made(market, board.closed, self.windows),
                void=void,
            )
            # What was due and fell through goes back on the table.
            fallen = {p.id for p in deal.due} - {p.id for p in kept(market, deal.due, deal.loads)}
            if fallen:
                return deal, frozenset(fallen)
            return deal, (yield from handled(deal, tools, here, willing))

        return (yield from kept_to(market, talk, reserves, attempt))

    def _bargained(
        self,
        market: Market,
        tools: Tools,
        talk: Talk,
        reserves: Mapping[str, int],
        offers: Sequence[HubOffer],
        board: Board,
    ) -> Generator[Exchange, tuple[Message, ...], None]:
        """Talk and close until nobody has anything to talk about and nothing that was agreed is left to close.

        Parameters
        ----------
        board
            On which what was due today is closed.
        """
        gone = {shipment_of(j) for pact in board.closed for j in pact.lot}
        board.reserves = {s: cents for s, cents in reserves.items() if cents > 0}
        board.lots = first_lots(market, tools, [s for s in board.reserves if s not in gone], offers)
        yield from self._fees(market, talk, board)
        rules = Rules(self.prices, self.windows, self.rounds)
        while True:
            pairs = [(c, lot) for c, lot in board.fresh() if board.refusals.get(c, 0) < REFUSALS]
            threads = threads_for(market, tools, board, pairs)
            for parts in (yield from talk_over(talk, threads, rules)):
                carrier, lot = parts[0].provider, parts[0].lot
                board.pacts[carrier, lot] = Pact(board.deals, carrier, lot, parts, board.lots[lot].terms)
                board.deals += 1
            if not board.pacts:
                if not gone:
                    return
                yield from _remainder(market, talk, board, gone)
                gone = set()
                continue
            wishes = yield from self._wishes(talk, board)
            chosen = yield from self._chosen(talk, board, wishes)
            gone |= yield from self._close(tools, talk, board, chosen)

    def _fees(self, market: Market, talk: Talk, board: Board) -> Generator[Exchange, tuple[Message, ...], None]:
        """Bargain with hubs about what each lot is to pay them; where that comes to nothing their named terms hold."""
        rules = Rules(self.prices, 1, self.rounds)
        for parts in (yield from talk_over(talk, hub_threads(market, board), rules, Topic.FEES, Topic.HOSTING)):
            found, terms = board.lots[parts[0].lot], agreed_terms(parts)
            board.lots[parts[0].lot] = replace(found, fee_cents=math.ceil(terms * found.fee_cents), terms=terms)

    def _wishes(self, talk: Talk, board: Board) -> Generator[Exchange, tuple[Message, ...], list[Pact]]:
        """Ask each carrier what it would close first; what it would rather not is void."""
        by_carrier: dict[str, list[Pact]] = {}
        for pact in board.pacts.values():
            by_carrier.setdefault(pact.carrier, []).append(pact)
        bodies = {
            c: rows_table(QUESTIONS[Topic.WISHES], [row for pact in own for row in pact.rows(self.windows, pact.parts)])
            for c, own in by_carrier.items()
        }
        answers = talk.answers((yield talk.ask(Topic.WISHES, bodies)))
        first = []
        for carrier, own in by_carrier.items():
            known = {pact.number: pact for pact in own}
            ranked = [known[n] for n in _ranking(answers.get(carrier), known)]
            for pact in own:
                if pact not in ranked:
                    del board.pacts[carrier, pact.lot]
            first += ranked[:1]
        return first

    def _chosen(
        self, talk: Talk, board: Board, wishes: Sequence[Pact]
    ) -> Generator[Exchange, tuple[Message, ...], list[Pact]]:
        """Ask owners about what carriers want, and take the deals that they rank first; no shipment goes twice."""
        if not wishes:
            return []
        rows: dict[str, list[dict[str, Any]]] = {}
        for pact in wishes:
            for part in pact.parts:
                extra = {"carrier": pact.carrier, "fee_cents": part.fee_cents}
                rows.setdefault(part.owner, []).append(pact.rows(self.windows, [part])[0] | extra)
        bodies = {owner: rows_table(QUESTIONS[Topic.CHOICE], own) for owner, own in rows.items()}
        answers = talk.answers((yield talk.ask(Topic.CHOICE, bodies)))
        place = {
            owner: {n: k for k, n in enumerate(_ranking(answers.get(owner), {row["deal"] for row in own}))}
            for owner, own in rows.items()
        }
        order: list[tuple[int, int, Pact]] = []
        for pact in wishes:
            ranks = [place[part.owner].get(pact.number) for part in pact.parts]
            known = [r for r in ranks if r is not None]
            if len(known) < len(ranks):
                del board.pacts[pact.carrier, pact.lot]
            else:
                order.append((max(known), pact.number, pact))
        chosen: list[Pact] = []
        taken: set[str] = set()
        for _, _, pact in sorted(order, key=lambda entry: entry[:2]):
            shipments = {shipment_of(j) for j in pact.lot}
            if not shipments & taken:
                chosen.append(pact)
                taken |= shipments
        return chosen

    def _close(
        self, tools: Tools, talk: Talk, board: Board, chosen: Sequence[Pact]
    ) -> Generator[Exchange, tuple[Message, ...], set[str]]:
        """Close deals, at most one with each carrier; returns the shipments that have gone."""
        if not chosen:
            return set()
        bodies = {p.carrier: rows_table(QUESTIONS[Topic.DEAL], p.rows(self.windows, p.parts)) for p in chosen}
        taken = talk.answers((yield talk.ask(Topic.DEAL, bodies, Performative.ACCEPT_PROPOSAL)))
        gone: set[str] = set()
        for pact in chosen:
            if pact.carrier in taken:
                board.closed.append(pact)
                own = {shipment_of(j) for j in pact.lot}
                gone |= own
                board.refusals[pact.carrier] = 0
                board.forget(pact.carrier, tools.near(own))
                continue
            board.refusals[pact.carrier] = board.refusals.get(pact.carrier, 0) + 1
            if board.refusals[pact.carrier] == REFUSALS:
                board.broken |= {shipment_of(j) for c, lot in board.pacts if c == pact.carrier for j in lot}
                talk.notes.append(f"{pact.carrier}: went back on its word again, and nobody bargained with it any more")
            board.forget(pact.carrier)
        if gone:
            board.lots = without(board.lots, gone)
            board.pacts = {key: pact for key, pact in board.pacts.items() if pact.lot in board.lots}
        return gone

    def _latest(self, tools: Tools, board: Board) -> dict[str, float]:
        """Latest start of each delivery of today, by job."""
        return {
            job: latest_start_min(tools.jobs[job], part.window, self.windows)
            for pact in board.closed
            if not pact.day
            for part in pact.parts
            for job in part.jobs
        }


def _remainder(
    market: Market, talk: Talk, board: Board, gone: set[str]
) -> Generator[Exchange, tuple[Message, ...], None]:
    """Ask owners whose shipments have gone what the rest is worth to them; it is never worth less than before."""
    closed_ones = {shipment_of(j) for pact in board.closed for j in pact.lot}
    bodies = {}
    for owner in sorted({market.shipments[s].owner for s in gone}):
        rest = [s for s in market.owned_by(owner) if s in board.reserves and s not in closed_ones]
        if rest:
            bodies[owner] = table(QUESTIONS[Topic.REMAINDER], {"shipment": rest})
    if not bodies:
        return
    for owner, body in talk.answers((yield talk.ask(Topic.REMAINDER, bodies))).items():
        asked = set(bodies[owner]["shipment"].to_pylist())
        for shipment, cents in zip(body["shipment"].to_pylist(), body["reserve_cents"].to_pylist(), strict=True):
            if shipment in asked and cents is not None:
                board.reserves[shipment] = max(board.reserves[shipment], cents)


def _ranking(answer: pa.Table | None, known: Any) -> list[int]:
    """Numbers of deals as somebody ranks them, each once; those that nobody asked about are left out."""
    if answer is None:
        return []
    return [n for n in dict.fromkeys(answer["deal"].to_pylist()) if n in known]


def _kept(promised: Mapping[str, float], loads: Sequence[Load]) -> list[str]:
    """Which deliveries start after the window that they were promised for."""
    return [
        f"{job} is delivered at {stop.start_min:.1f} min, promised by {promised[job]:.1f}"
        for load in loads
        for stop in load.stops
        for job in stop.deliveries
        if stop.start_min > promised[job] + 1e-6
    ]


def _reasons(board: Board, reserves: Mapping[str, int]) -> dict[str, str]:
    """Say of shipments that no deal was closed about why they stay outside."""
    gone = {shipment_of(j) for pact in board.closed for j in pact.lot}
    talked = {shipment_of(j) for lots in board.asked.values() for lot in lots for j in lot}
    reasons = {}
    for s in reserves:
        if s in gone:
            continue
        if s in board.broken:
            reasons[s] = WORD_BROKEN
        elif not reserves[s]:
            reasons[s] = NOTHING_TO_SAVE
        else:
            reasons[s] = NO_TERMS if s in talked else NO_CARRIER
    return reasons
