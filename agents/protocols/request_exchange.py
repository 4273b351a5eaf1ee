"""Request exchange: carriers put requests into a pool, bid for bundles of them, and share what the exchange gains.

The five phases of auction-based exchange (Berger and Bierwirth 2010; Gansterer and Hartl 2016, who found that requests
released by place gain more than by profit), round by round. At first every request is with its owner, at the owner's
reserve, and all are in the pool; later the pool is what the carriers release of what they hold, with all that no
carrier took yet. A carrier that owns requests and a factory without vehicles are alike: what they own goes to
whichever carrier adds least for it, or stays out at its reserve. Hubs take no part.

    coordinator -> owners       what do you put on the table, at what reserve?
    repeat
      coordinator -> owners       what would all that is still with you cost alone? (where that has changed)
      coordinator -> carriers     select: of these that you hold, which do you release?
      carriers -> coordinator     their dearest
                                  (bundle: clusters of the pool, and what each released with one request changed)
      coordinator -> carriers     bid: what would each bundle add to what you keep, at first sight?
      carriers -> coordinator     prices; what a carrier released is a bundle too
                                  (determine winners: any number of bundles a carrier)
      coordinator -> carriers     what would all that you would win add, and what you released?
      carriers -> coordinator     prices of planned tours
                                  (determine winners again: all stays as it is unless the new set costs less)
      coordinator -> carriers     you let these go and take those on
    coordinator -> carriers     your plan and price for all you hold
    coordinator -> owners       what would you have paid alone for this?
                                (share the gain by the policy's rule)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.auction import Bid, Search, WinnerProblem, determine_winners
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.participants.exchange import RELEASED
from agents.protocols.bundles import Bundle, changes, clusters, drawn, places_of
from agents.protocols.closing import closed, concluded
from agents.protocols.deal import Deal, appraise, ask_offers, ask_standalone
from agents.protocols.reasons import NOT_CHEAPER
from agents.protocols.talk import Talk
from agents.seeds import rng_for
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    import pyarrow as pa
    from numpy.random import Generator as Rng
    from numpy.typing import NDArray

    from agents.market import Market
    from agents.protocol import Conduct
    from agents.tools import Tools

QUICK_SEARCH = Search(nodes=100, runs=1, windows=20)


@dataclass
class Holdings:
    """Who holds what in one conversation.

    Attributes
    ----------
    held
        By carrier: shipments it holds. What nobody holds is with its owner, at its reserve.
    asked_cents
        By carrier: what it has asked in all for what it holds.
    unwilling
        Who went back on a bid.
    """

    held: dict[str, frozenset[str]]
    asked_cents: dict[str, int] = field(default_factory=dict)
    unwilling: set[str] = field(default_factory=set)

    def loose(self, offered: Mapping[str, int]) -> frozenset[str]:
        """Shipments that are with their owners."""
        return frozenset(offered) - frozenset().union(*self.held.values())


@dataclass(frozen=True, slots=True)
class RequestExchange:
    """Carriers release requests, bid for bundles at what these add to their tours, and the best set of bids wins.

    Attributes
    ----------
    rounds
        Exchanges at most.
    patience
        Exchanges in a row that move nothing before it ends; fewer where there are few requests.
    area
        Requests in the pool of a round that is about one place at least; at most three times as many.
    bundles
        Clusters that a carrier is asked about in a round at most, and as many single changes.
    """

    rounds: int = 60
    patience: int = 15
    area: int = 12
    bundles: int = 120
    name: str = "request_exchange"

    def conduct(self, market: Market, tools: Tools, rng: Rng) -> Conduct:
        """See the module's sequence of messages."""
        del rng  # what is drawn hangs on the conversation, so that a coalition's exchange repeats
        return concluded(market, tools, self.name, lambda part, talk: self._deal(part, tools, talk))

    def _deal(self, market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Deal]:
        reserves = yield from ask_offers(market, tools, talk)
        carriers = sorted({v.carrier for v in market.vehicles.values()})
        attempt = 0
        while reserves and carriers:
            # Carriers read what they hold from the conversation, so a new attempt is a new conversation.
            here = talk if attempt == 0 else Talk(f"{talk.conversation}#{attempt}", talk.rounds, talk.notes)
            holdings = yield from self._exchanged(market, tools, here, reserves, carriers)
            if not holdings.unwilling:
                agreed = {c: [(held, holdings.asked_cents[c])] for c, held in holdings.held.items() if held}
                left = dict.fromkeys(sorted(holdings.loose(reserves)), NOT_CHEAPER)
                deal = yield from closed(market, tools, here, reserves, agreed, left)
                talk.rounds = here.rounds
                return deal
            talk.rounds = here.rounds
            talk.notes.append(f"exchanged again without {', '.join(sorted(holdings.unwilling))}")
            carriers = [c for c in carriers if c not in holdings.unwilling]
            attempt += 1
        return (yield from appraise(market, Deal(reserves=reserves), talk))

    def _exchanged(
        self, market: Market, tools: Tools, talk: Talk, reserves: Mapping[str, int], carriers: Sequence[str]
    ) -> Generator[Exchange, tuple[Message, ...], Holdings]:
        holdings = Holdings({c: frozenset() for c in carriers}, dict.fromkeys(carriers, 0))
        places = places_of(market, reserves)
        rng = rng_for(tools.seed, "exchange", talk.conversation)
        idle, stated = 0, dict(reserves)
        remaining = holdings.loose(reserves)
        for number in range(self.rounds):
            if holdings.loose(reserves) != remaining:
                remaining = holdings.loose(reserves)
                stated = yield from _restated(market, talk, stated, remaining)
            released = yield from self._select(talk, holdings, places, number, rng)
            pool = sorted(holdings.loose(reserves).union(*released.values()))
            offers = self._bundle(holdings, released, pool, places, rng)
            bids = yield from self._bid(talk, released, offers, Performative.CFP)
            wanted = _winners(stated, pool, released, bids, None)
            together = {c: list(dict.fromkeys([released[c], b])) for c, b in wanted.items()}
            bids = yield from self._bid(talk, released, together, Performative.REQUEST)
            won = _winners(stated, pool, released, bids, 1)
            moved = {c: bundle for c, bundle in won.items() if bundle != released[c]}
            yield from _hand_over(talk, holdings, released, won, bids)
            if holdings.unwilling:
                break
            idle = 0 if moved else idle + 1
            if idle >= min(self.patience, 2 + len(reserves) // 5):
                break
        return holdings

    def _select(
        self,
        talk: Talk,
        holdings: Holdings,
        places: Mapping[str, NDArray[np.float64]],
        number: int,
        rng: Rng,
    ) -> Generator[Exchange, tuple[Message, ...], dict[str, Bundle]]:
        """Ask carriers to release: half or a third of what they hold, in turn with what is near a place."""
        holding = {c: held for c, held in holdings.held.items() if held}
        asked: dict[str, tuple[list[str], int]] = {}
        if number % 2:
            part = 2 if number % 4 == 1 else 3
            for c, held in holding.items():
                own = sorted(held)
                if number > 4:
                    own = drawn(own, -(-2 * len(own) // 3), rng)
                asked[c] = own, -(-len(held) // part)
        elif holding:
            everything = sorted(frozenset().union(*holding.values()))
            middle = places[everything[int(rng.integers(len(everything)))]]
            size = int(rng.integers(self.area, 3 * self.area))
            near = sorted(everything, key=lambda s: (float(np.hypot(*(places[s] - middle))), s))[:size]
            asked = {c: (own, len(own)) for c, held in holding.items() if (own := sorted(held & set(near)))}
        released: dict[str, Bundle] = dict.fromkeys(holdings.held, frozenset())
        if asked:
            schema = QUESTIONS[Topic.RELEASE]
            bodies = {c: table(schema, {"job": own, "most": [most] * len(own)}) for c, (own, most) in asked.items()}
            for carrier, body in talk.answers((yield talk.ask(Topic.RELEASE, bodies, Performative.CFP))).items():
                released[carrier] = frozenset(body["job"].to_pylist()) & frozenset(asked[carrier][0])
        return released

    def _bundle(
        self,
        holdings: Holdings,
        released: Mapping[str, Bundle],
        pool: Sequence[str],
        places: Mapping[str, NDArray[np.float64]],
        rng: Rng,
    ) -> dict[str, list[Bundle]]:
        """Choose what each carrier is asked about: what it released, clusters of the pool, and single changes."""
        if not pool:
            return {}
        common = clusters(pool, places, rng) if len(pool) > 1 else [frozenset(pool)]
        offers = {}
        for carrier in sorted(holdings.held):
            own = released[carrier]
            some = drawn(changes(own, pool), self.bundles // 2 if len(pool) > self.area else self.bundles, rng)
            first = [own] if own else []
            offers[carrier] = list(dict.fromkeys([*first, *drawn(common, self.bundles, rng), *some]))
        return offers

    def _bid(
        self, talk: Talk, released: Mapping[str, Bundle], offers: Mapping[str, Sequence[Bundle]], asking: Performative
    ) -> Generator[Exchange, tuple[Message, ...], dict[str, dict[Bundle, int]]]:
        """Ask each carrier what its bundles add to what it keeps."""
        bodies = {}
        for carrier, bundles in offers.items():
            rows = _rows(RELEASED, released[carrier])
            for n, bundle in enumerate(bundles, 1):
                rows += _rows(n, bundle)
            bodies[carrier] = _bundle_table(Topic.BUNDLES, rows)
        bids: dict[str, dict[Bundle, int]] = {}
        if bodies:
            for carrier, body in talk.answers((yield talk.ask(Topic.BUNDLES, bodies, asking))).items():
                mine = bids.setdefault(carrier, {})
                for n, cents in zip(body["bundle"].to_pylist(), body["price_cents"].to_pylist(), strict=True):
                    if 1 <= n <= len(offers[carrier]) and cents is not None and cents >= 0:
                        mine[offers[carrier][n - 1]] = cents
        return bids


def _restated(
    market: Market, talk: Talk, stated: Mapping[str, int], loose: Bundle
) -> Generator[Exchange, tuple[Message, ...], dict[str, int]]:
    """Raise the reserves of what is still with owners to what this remainder costs alone: few requests are dear ones.

    Reserves are never lowered again, or requests would go to and fro without end.
    """
    mine: dict[str, list[str]] = {}
    for shipment in sorted(loose):
        mine.setdefault(market.shipments[shipment].owner, []).append(shipment)
    raised = dict(stated)
    for owner, (cents,) in (yield from ask_standalone(market, talk, {o: [own] for o, own in mine.items()})).items():
        if cents is not None:
            parts = split_cents(cents, {s: 1.0 + stated[s] for s in mine[owner]})
            raised |= {s: max(stated[s], part) for s, part in parts.items()}
    return raised


def _winners(
    reserves: Mapping[str, int],
    pool: Sequence[str],
    released: Mapping[str, Bundle],
    bids: Mapping[str, Mapping[Bundle, int]],
    most: int | None,
) -> dict[str, Bundle]:
    """The cheapest set of bids, at most one a carrier; a carrier that wins nothing gets the empty bundle.

    Carriers that gave no price for what they released keep it, outside the auction.
    """
    bidders = [c for c in sorted(bids) if not released[c] or released[c] in bids[c]]
    fixed = frozenset().union(*(own for c, own in released.items() if c not in bidders))
    items = [s for s in pool if s not in fixed]
    number = {s: k for k, s in enumerate(items)}
    offers = [(c, b, cents) for c in bidders for b, cents in bids[c].items() if b and not b & fixed]
    problem = WinnerProblem(
        tuple(reserves[s] for s in items),
        tuple(Bid(c, frozenset(number[s] for s in b), cents) for c, b, cents in offers),
        most,
    )
    stay = [k for k, (c, b, _) in enumerate(offers) if b == released[c]]
    found = determine_winners(problem, search=QUICK_SEARCH, start=stay)
    won: dict[str, Bundle] = dict.fromkeys(bidders, frozenset())
    if found.cost_cents < problem.cost_cents(stay):
        for k in found.accepted:
            won[offers[k][0]] |= offers[k][1]
    else:
        won |= {c: released[c] for c in bidders}
    return won


def _hand_over(
    talk: Talk,
    holdings: Holdings,
    released: Mapping[str, Bundle],
    won: Mapping[str, Bundle],
    bids: Mapping[str, Mapping[Bundle, int]],
) -> Generator[Exchange, tuple[Message, ...], None]:
    """Tell carriers what they let go and take on; who does not agree has spoilt the exchange for all."""
    moved = {c: bundle for c, bundle in won.items() if bundle != released[c]}
    if not moved:
        return
    bodies = {
        c: _bundle_table(Topic.EXCHANGE, [*_rows(RELEASED, released[c]), *_rows(1, bundle)])
        for c, bundle in moved.items()
    }
    agreed = talk.answers((yield talk.ask(Topic.EXCHANGE, bodies, Performative.ACCEPT_PROPOSAL)))
    holdings.unwilling |= moved.keys() - agreed.keys()
    for carrier, bundle in moved.items():
        holdings.held[carrier] = (holdings.held[carrier] - released[carrier]) | bundle
        holdings.asked_cents[carrier] += bids[carrier].get(bundle, 0) - bids[carrier].get(released[carrier], 0)


def _rows(number: int, bundle: Bundle) -> list[tuple[int, str]]:
    return [(number, job) for job in sorted(bundle)] or [(number, "")]


def _bundle_table(topic: Topic, rows: Sequence[tuple[int, str]]) -> pa.Table:
    return table(QUESTIONS[topic], {"bundle": [n for n, _ in rows], "job": [job for _, job in rows]})
