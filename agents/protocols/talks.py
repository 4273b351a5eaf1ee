"""Talks between owners and carriers, all at once: the coordinator carries offers to and fro in tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from agents.jobs import shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    import pyarrow as pa

    from agents.market import Market
    from agents.protocols.lots import Lot, Open
    from agents.protocols.talk import Talk

ASKS_ANEW = 1.02  # a lot that has become worth so much more is talked about again


@dataclass
class Thread:
    """A talk between one owner and one carrier about the owner's part of a lot.

    Attributes
    ----------
    share
        Of the lot's cost, that this part is to bear.
    price_cents, window
        Last offer; ``None`` before the first.
    """

    number: int
    owner: str
    carrier: str
    lot: Lot
    jobs: Lot
    fee_cents: int
    top_cents: int
    share: float
    price_cents: int | None = None
    window: int = -1
    agreed: bool = False

    @property
    def terms(self) -> dict[str, Any]:
        """The last offer as columns."""
        return {"price_cents": self.price_cents, "day": -1 if self.price_cents is None else 0, "window": self.window}


@dataclass(frozen=True, slots=True)
class Pact:
    """A lot that a carrier and all its owners have agreed on, part by part; closed or not."""

    number: int
    carrier: str
    lot: Lot
    parts: tuple[Thread, ...]

    @property
    def price_cents(self) -> int:
        """What the carrier is to be paid."""
        return sum(part.price_cents or 0 for part in self.parts)

    def rows(self, windows: int, parts: Iterable[Thread]) -> list[dict[str, Any]]:
        """Some of its parts as rows of a table."""
        return [{"deal": self.number, "jobs": p.jobs, "windows": windows} | p.terms for p in parts]


@dataclass(frozen=True, slots=True)
class Rules:
    """Of a talk: prices and windows to choose from, and rounds until the deadline."""

    prices: int
    windows: int
    rounds: int


@dataclass
class Board:
    """What is open, talked about, agreed and closed in one conversation.

    Attributes
    ----------
    lots
        Open lots, each with the hub's fee and the carriers that it is talked about with.
    reserves
        By shipment, what its owner said it is worth.
    asked
        By carrier and lot: what the lot was worth when they last talked about it.
    pacts
        By carrier and lot: agreed and not closed.
    closed
        In order.
    refusals
        By carrier: deals that it refused to close since it last closed one.
    broken
        Shipments that a carrier had agreed to take that then kept refusing.
    """

    lots: dict[Lot, Open]
    reserves: dict[str, int]
    asked: dict[str, dict[Lot, int]] = field(default_factory=dict)
    pacts: dict[tuple[str, Lot], Pact] = field(default_factory=dict)
    closed: list[Pact] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    talks: int = 0
    deals: int = 0

    def worth(self, jobs: Iterable[str]) -> int:
        """What transports are worth to their owners, in cents."""
        return sum(self.reserves[s] for s in {shipment_of(j) for j in jobs})

    def fresh(self) -> list[tuple[str, Lot]]:
        """Who has something to talk about that was not talked about, or is worth more by now."""
        pairs = []
        for lot, found in self.lots.items():
            worth = self.worth(lot)
            for carrier in sorted(found.carriers):
                before = self.asked.get(carrier, {}).get(lot)
                if (carrier, lot) not in self.pacts and (before is None or worth > ASKS_ANEW * before):
                    pairs.append((carrier, lot))
        return pairs

    def forget(self, carrier: str, near: frozenset[str] | None = None) -> None:
        """Void what a carrier agreed on with some of these shipments, or with any: its costs have changed."""
        for lot in [x for x in self.asked.get(carrier, ()) if near is None or any(shipment_of(j) in near for j in x)]:
            del self.asked[carrier][lot]
            self.pacts.pop((carrier, lot), None)


def round_up(cents: int) -> int:
    """Round up to 1, 2 or 5 by a power of ten, at least 1 EUR: what a highest price may be seen by."""
    power: int = 10 ** max(2, math.ceil(math.log10(max(1, cents))) - 1)
    return next(power * k for k in (1, 2, 5, 10) if power * k >= cents)


def threads_for(market: Market, board: Board, pairs: Sequence[tuple[str, Lot]]) -> list[Thread]:
    """A talk for each owner's part of each lot and carrier; none where the hub's fee eats what the lot is worth."""
    threads = []
    for carrier, lot in pairs:
        worth = board.worth(lot)
        board.asked.setdefault(carrier, {})[lot] = worth
        net = worth - board.lots[lot].fee_cents
        if net <= 0:
            continue
        parts: dict[str, list[str]] = {}
        for job in lot:
            parts.setdefault(market.shipments[shipment_of(job)].owner, []).append(job)
        for owner, jobs in sorted(parts.items()):
            share = board.worth(jobs) / worth
            fee = math.ceil(share * board.lots[lot].fee_cents)
            top = round_up(math.ceil(share * net))
            threads.append(Thread(board.talks, owner, carrier, lot, tuple(jobs), fee, top, share))
            board.talks += 1
    return threads


def talk_over(
    board: Board, talk: Talk, threads: Sequence[Thread], rules: Rules
) -> Generator[Exchange, tuple[Message, ...], None]:
    """Carry offers to and fro until every talk has ended; note what was agreed in all of its parts."""
    going = list(threads)
    for round_ in range(rules.rounds):
        for topic, party in ((Topic.BUYING, _owner), (Topic.SELLING, _carrier)):
            if not going:
                return
            bodies = {
                who: _talk_table(topic, list(own), rules, round_)
                for who, own in groupby(sorted(going, key=lambda t: (party(t), t.number)), key=party)
            }
            last = topic == Topic.SELLING and round_ == rules.rounds - 1
            said = talk.answers((yield talk.ask(topic, bodies, Performative.PROPOSE)))
            ended = _heard(going, party, said, rules, last)
            # A lot goes whole: where one of its parts came to nothing there is no use in talking about the others.
            failed = {(t.carrier, t.lot) for t in ended if not t.agreed}
            going = [t for t in going if t not in ended and (t.carrier, t.lot) not in failed]
            for t in ended:
                parts = tuple(p for p in threads if p.lot == t.lot and p.carrier == t.carrier)
                if all(p.agreed for p in parts) and (t.carrier, t.lot) not in board.pacts:
                    board.pacts[t.carrier, t.lot] = Pact(board.deals, t.carrier, t.lot, parts)
                    board.deals += 1


def _owner(thread: Thread) -> str:
    return thread.owner


def _carrier(thread: Thread) -> str:
    return thread.carrier


def _talk_table(topic: Topic, threads: Sequence[Thread], rules: Rules, round_: int) -> pa.Table:
    count = len(threads)
    columns: dict[str, list[Any]] = {
        "talk": [t.number for t in threads],
        "jobs": [t.jobs for t in threads],
        "top_cents": [t.top_cents for t in threads],
        "prices": [rules.prices] * count,
        "windows": [rules.windows] * count,
        "round": [round_] * count,
        "rounds": [rules.rounds] * count,
        "price_cents": [t.price_cents for t in threads],
        "day": [-1 if t.price_cents is None else 0 for t in threads],
        "window": [t.window for t in threads],
    }
    if topic == Topic.BUYING:
        columns |= {"carrier": [t.carrier for t in threads], "fee_cents": [t.fee_cents for t in threads]}
    else:
        columns |= {"lot_jobs": [t.lot for t in threads], "share": [t.share for t in threads]}
    return table(QUESTIONS[topic], columns)


def _heard(
    going: Sequence[Thread], party: Callable[[Thread], str], said: Mapping[str, pa.Table], rules: Rules, last: bool
) -> list[Thread]:
    """Take what was said into the talks; returns those that have ended. Silence and nonsense end a talk."""
    acts: dict[tuple[str, int], tuple[str, int | None, int, int]] = {}
    for who, body in said.items():
        columns = [body[name].to_pylist() for name in ("talk", "act", "price_cents", "day", "window")]
        for talk, act, cents, day, window in zip(*columns, strict=True):
            acts[who, talk] = act, cents, day, window
    ended = []
    for thread in going:
        act, cents, day, window = acts.get((party(thread), thread.number), ("", None, -1, -1))
        if act == Performative.ACCEPT_PROPOSAL and thread.price_cents is not None:
            thread.agreed = True
            ended.append(thread)
        elif (
            act == Performative.PROPOSE
            and not last
            and cents is not None
            and 0 <= cents <= thread.top_cents
            and day == 0
            and 0 <= window < rules.windows
        ):
            thread.price_cents, thread.window = cents, window
        else:
            ended.append(thread)
    return ended


def without(lots: Mapping[Lot, Open], shipments: Iterable[str]) -> dict[Lot, Open]:
    """Take shipments off the table; a group that loses members goes on as what is left of it."""
    gone = frozenset(shipments)
    left: dict[Lot, Open] = {}
    for lot, found in lots.items():
        rest = tuple(j for j in lot if shipment_of(j) not in gone)
        if rest:
            part = found.part(len(rest) / len(lot))
            left[rest] = left[rest].joined(part) if rest in left else part
    return left
