"""Talks between owners and carriers or hubs, all at once: the coordinator carries offers to and fro in tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from agents.jobs import shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from logistics.hub_legs import hub_of, is_hub_leg

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    import pyarrow as pa

    from agents.market import Market
    from agents.protocols.lots import Lot, Open
    from agents.protocols.talk import Talk
    from agents.tools import Tools

NAMED_CENTS = 10_000  # at a hub's named terms, of which talks with it settle the price
ASKS_ANEW = 1.02  # a lot that has become worth so much more is talked about again


@dataclass
class Thread:
    """A talk between one owner and one carrier or hub about the owner's part of a lot.

    Attributes
    ----------
    share
        Of the lot's cost, that this part is to bear.
    days
        On which the lot could go; 0 is today.
    price_cents, day, window
        Last offer; ``None`` and without meaning before the first.
    """

    number: int
    owner: str
    provider: str
    lot: Lot
    jobs: Lot
    fee_cents: int
    top_cents: int
    share: float
    days: tuple[int, ...] = (0,)
    price_cents: int | None = None
    day: int = 0
    window: int = -1
    agreed: bool = False

    @property
    def terms(self) -> dict[str, Any]:
        """The last offer as columns."""
        day = -1 if self.price_cents is None else self.day
        return {"price_cents": self.price_cents, "day": day, "window": self.window}


@dataclass(frozen=True, slots=True)
class Pact:
    """A lot that a carrier and all its owners have agreed on, part by part; closed or not.

    Attributes
    ----------
    terms
        Share of the hub's named terms that its owners are to pay on top.
    """

    number: int
    carrier: str
    lot: Lot
    parts: tuple[Thread, ...]
    terms: float = 1.0

    @property
    def price_cents(self) -> int:
        """What the carrier is to be paid."""
        return sum(part.price_cents or 0 for part in self.parts)

    @property
    def day(self) -> int:
        """On which it goes: 0 for today, above for a promise; only lots of one owner have more than today."""
        return self.parts[0].day

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


def open_days(market: Market, tools: Tools, lot: Lot) -> tuple[int, ...]:
    """On which days a lot could go.

    Today alone where it goes through a hub, which promises no slot ahead, or belongs to several owners, whose talks
    would have to come to the same day.
    """
    owners = {market.shipments[shipment_of(job)].owner for job in lot}
    if len(owners) > 1 or any(map(is_hub_leg, lot)):
        return (0,)
    later = (day for day in range(1, 1 + len(market.later)) if tools.jobs_on(day).direct.keys() >= set(lot))
    return (0, *later)


def threads_for(market: Market, tools: Tools, board: Board, pairs: Sequence[tuple[str, Lot]]) -> list[Thread]:
    """A talk for each owner's part of each lot and carrier; none where the hub's fee eats what the lot is worth."""
    threads = []
    for carrier, lot in pairs:
        worth = board.worth(lot)
        board.asked.setdefault(carrier, {})[lot] = worth
        net = worth - board.lots[lot].fee_cents
        if net <= 0:
            continue
        days = open_days(market, tools, lot)
        for owner, jobs in parts_of(market, lot):
            share = board.worth(jobs) / worth
            fee = math.ceil(share * board.lots[lot].fee_cents)
            top = round_up(math.ceil(share * net))
            threads.append(Thread(board.talks, owner, carrier, lot, jobs, fee, top, share, days))
            board.talks += 1
    return threads


def hub_threads(market: Market, board: Board) -> list[Thread]:
    """A talk for each owner's part of each lot through a hub, about what 100 EUR at the hub's named terms are to cost.

    So a hub hears what part of its terms is offered, and not of what: it knows goods only once they are booked.
    """
    threads = []
    for lot, found in board.lots.items():
        worth = board.worth(lot)
        if not is_hub_leg(lot[0]) or found.fee_cents <= 0 or worth <= 0:
            continue
        for owner, jobs in parts_of(market, lot):
            share = board.worth(jobs) / worth
            fee = math.ceil(share * found.fee_cents)
            threads.append(Thread(board.talks, owner, hub_of(lot[0]), lot, jobs, fee, NAMED_CENTS, share))
            board.talks += 1
    return threads


def agreed_terms(parts: Sequence[Thread]) -> float:
    """Share of the hub's named terms that a lot's owners agreed on together."""
    return math.fsum(part.share * (part.price_cents or 0) for part in parts) / NAMED_CENTS


def parts_of(market: Market, lot: Lot) -> list[tuple[str, Lot]]:
    """What each owner has in a lot, by owner."""
    parts: dict[str, list[str]] = {}
    for job in lot:
        parts.setdefault(market.shipments[shipment_of(job)].owner, []).append(job)
    return [(owner, tuple(jobs)) for owner, jobs in sorted(parts.items())]


def talk_over(
    talk: Talk,
    threads: Sequence[Thread],
    rules: Rules,
    buying: Topic = Topic.BUYING,
    selling: Topic = Topic.SELLING,
) -> Generator[Exchange, tuple[Message, ...], list[tuple[Thread, ...]]]:
    """Carry offers to and fro until every talk has ended; returns what was agreed in all of its parts, in that order.

    Parameters
    ----------
    buying, selling
        On which topics owners and the other side answer.
    """
    agreed: dict[tuple[str, Lot], tuple[Thread, ...]] = {}
    going = list(threads)
    for round_ in range(rules.rounds):
        for topic, party in ((buying, _owner), (selling, _provider)):
            if not going:
                return list(agreed.values())
            bodies = {
                who: _talk_table(topic, list(own), rules, round_)
                for who, own in groupby(sorted(going, key=lambda t: (party(t), t.number)), key=party)
            }
            last = topic == selling and round_ == rules.rounds - 1
            said = talk.answers((yield talk.ask(topic, bodies, Performative.PROPOSE)))
            ended = _heard(going, party, said, rules, last)
            # A lot goes whole: where one of its parts came to nothing there is no use in talking about the others.
            failed = {(t.provider, t.lot) for t in ended if not t.agreed}
            going = [t for t in going if t not in ended and (t.provider, t.lot) not in failed]
            for t in ended:
                parts = tuple(p for p in threads if p.lot == t.lot and p.provider == t.provider)
                if all(p.agreed for p in parts):
                    agreed.setdefault((t.provider, t.lot), parts)
    return list(agreed.values())


def _owner(thread: Thread) -> str:
    return thread.owner


def _provider(thread: Thread) -> str:
    return thread.provider


def _talk_table(topic: Topic, threads: Sequence[Thread], rules: Rules, round_: int) -> pa.Table:
    count = len(threads)
    columns: dict[str, list[Any]] = {
        "talk": [t.number for t in threads],
        # A hub need not know which shipments they are of.
        "jobs": [() if topic == Topic.HOSTING else t.jobs for t in threads],
        "top_cents": [t.top_cents for t in threads],
        "prices": [rules.prices] * count,
        "days": [1 + t.days[-1] for t in threads],
        "windows": [rules.windows] * count,
        "round": [round_] * count,
        "rounds": [rules.rounds] * count,
        "price_cents": [t.price_cents for t in threads],
        "day": [t.terms["day"] for t in threads],
        "window": [t.window for t in threads],
    }
    if topic in (Topic.BUYING, Topic.FEES):
        columns |= {"provider": [t.provider for t in threads], "fee_cents": [t.fee_cents for t in threads]}
    elif topic == Topic.SELLING:
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
            and day in thread.days
            and 0 <= window < rules.windows
        ):
            thread.price_cents, thread.day, thread.window = cents, day, window
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
