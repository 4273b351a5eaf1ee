"""Contracts in which carriers re-distribute what they hold: their four types, who is asked about what, and in turn.

Sandholm 1998: as long as tasks move one at a time, or only in bundles, or only as swaps, re-contracting gets caught
where no such contract gains; each type gets out of some places in which the others are caught.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.pools import KM_PER_GAP_MIN
from agents.protocols.talks import round_up
from logistics.network import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from agents.jobs import JobBook
    from agents.market import Market
    from agents.participants.contracting import Part


class Kind(StrEnum):
    """Sandholm's types of contract, and one in which nothing moves, but a carrier has found better tours."""

    ORIGINAL = "original"  # one request from one to another
    CLUSTER = "cluster"  # several requests from one to another
    SWAP = "swap"  # requests both ways between two
    MULTI_AGENT = "multi-agent"  # requests among three or more
    NONE = "better tours"


# How often a type is tried, in parts: the larger ones find the smaller by themselves where these gain more.
TRIED = {Kind.ORIGINAL: 1, Kind.CLUSTER: 1, Kind.SWAP: 4, Kind.MULTI_AGENT: 4}
SPREAD = 0.2  # of what two requests alike are worth, as a logarithm
# Requests that are still with their owners may be dear to send alone: a part of contracts at least are about one of
# them while there are any, and they may be worth so many times more at most.
LOOSE_SHARE, LOOSE_WORTH = 0.25, 8.0


@dataclass(frozen=True)
class Holdings:
    """Who holds what: carriers at what they ask in all, owners at their reserves.

    Attributes
    ----------
    held
        By carrier: shipments that may move. Legs through hubs do not, and are in none.
    asked_cents
        By carrier: what it asks for all it has.
    loose
        Shipments that are still with their owners.
    reserves
        By shipment, cents.
    unwilling
        Carriers that keep what they have and contract no more.
    """

    held: Mapping[str, frozenset[str]]
    asked_cents: Mapping[str, int]
    loose: frozenset[str]
    reserves: Mapping[str, int]
    unwilling: frozenset[str] = frozenset()

    @cached_property
    def _holders(self) -> Mapping[str, str]:
        return {s: carrier for carrier in self.carriers for s in self.held[carrier]}

    @cached_property
    def carriers(self) -> tuple[str, ...]:
        """Who may contract, sorted."""
        return tuple(sorted(self.held.keys() - self.unwilling))

    @property
    def all_asked_cents(self) -> int:
        """What all carriers ask."""
        return sum(self.asked_cents.values())

    def holder(self, shipment: str) -> str | None:
        """Which carrier holds a shipment; ``None`` where its owner still does, or it may not move."""
        return self._holders.get(shipment)

    def without(self, carriers: Collection[str]) -> Holdings:
        """The same where some more carriers keep what they have and contract no more."""
        return replace(self, unwilling=self.unwilling.union(carriers))


class Offer(NamedTuple):
    """What a party would carry of a contract, and what it asks for all it then has."""

    carries: frozenset[str]
    asked_cents: int


@dataclass
class Contract:
    """A contract that goes round: each party in turn says what it would carry of what is left; the last carries all.

    Attributes
    ----------
    parties
        Carriers, in the order in which they are asked.
    worth
        Shipments that may move, with what each is worth to whoever carries it: a guide, so that the first leave to
        others what these carry for less.
    loose
        Those of them that nobody has to carry: they are still with their owners.
    offers
        By party that was asked.
    """

    number: int
    parties: tuple[str, ...]
    worth: Mapping[str, int]
    loose: frozenset[str]
    offers: dict[str, Offer] = field(default_factory=dict)

    @property
    def left(self) -> frozenset[str]:
        """What none of those who were asked would carry."""
        return frozenset(self.worth).difference(*(offer.carries for offer in self.offers.values()))

    def part(self, turn: int) -> Part:
        """What the party at this turn is asked, when those before it have been."""
        before = [self.offers[p].carries for p in self.parties[:turn]]
        left = frozenset(self.worth).difference(*before)
        due = left - self.loose if turn == len(self.parties) - 1 else frozenset()
        worth = {s: None if s in due else cents if s in left else 0 for s, cents in self.worth.items()}
        return tuple(sorted(worth.items()))

    def answer(self, turn: int, offer: Offer) -> None:
        """Note a party's offer, unless it is for what was not open to it or leaves out what it had to carry."""
        part = self.part(turn)
        due = {s for s, cents in part if cents is None}
        if due <= offer.carries <= {s for s, cents in part if cents != 0}:
            self.offers[self.parties[turn]] = offer

    def gain_cents(self, holdings: Holdings) -> int:
        """What all parties together, and the owners of loose shipments, would save."""
        asked = sum(holdings.asked_cents[p] - offer.asked_cents for p, offer in self.offers.items())
        return asked + sum(holdings.reserves[s] for s in self.loose - self.left)

    def moves(self, holdings: Holdings) -> list[tuple[str, str | None, str]]:
        """What would move: shipment, from which carrier (``None``: its owner), to which."""
        carried = [(s, p) for p, offer in self.offers.items() for s in sorted(offer.carries)]
        return [(s, was, p) for s, p in carried if (was := holdings.holder(s)) != p]

    def applied(self, holdings: Holdings) -> Holdings:
        """Who holds what once it is signed."""
        held, asked = dict(holdings.held), dict(holdings.asked_cents)
        for party, offer in self.offers.items():
            held[party] = (held[party] - self.worth.keys()) | offer.carries
            asked[party] = offer.asked_cents
        return replace(holdings, held=held, asked_cents=asked, loose=holdings.loose - (self.worth.keys() - self.left))

    def kind(self, holdings: Holdings) -> Kind:
        """Its type by what would move."""
        moves = self.moves(holdings)
        ways = {(was, p) for _, was, p in moves}
        if len(moves) <= 1:
            return Kind.ORIGINAL if moves else Kind.NONE
        if len(ways) == 1:
            return Kind.CLUSTER
        return Kind.SWAP if len({end for way in ways for end in way}) == 2 else Kind.MULTI_AGENT


class Places:
    """Where and when shipments go: what a coordinator knows of which could well travel together."""

    def __init__(self, market: Market, jobs: JobBook, shipments: Iterable[str]) -> None:
        self.ids = sorted(shipments)
        self._row = {s: k for k, s in enumerate(self.ids)}
        own = [jobs.direct[s] for s in self.ids]
        self._to = _plane(market, [job.destination for job in own])
        self._from = _plane(market, [job.origins[0] for job in own])
        self._windows = np.array([(job.delivery_open_min, job.delivery_close_min) for job in own]).reshape(-1, 2)
        km = market.network.km
        self.km = np.array([max(1.0, min(km(o, job.destination) for o in job.origins)) for job in own])
        self.pallets = np.array([max(job.pallets, 1e-3) for job in own])

    def near(self, shipment: str, others: Sequence[str], *, origins: bool) -> list[str]:
        """Sort shipments, the nearest first: by place and window, and where wanted by origin."""
        k, rows = self._row[shipment], np.array([self._row[s] for s in others])
        apart = np.linalg.norm(self._to[rows] - self._to[k], axis=1)
        opens, closes = self._windows[rows].T
        gap_min = np.maximum(opens - self._windows[k, 1], self._windows[k, 0] - closes)
        apart += KM_PER_GAP_MIN * np.maximum(0.0, gap_min)
        if origins:
            apart += np.linalg.norm(self._from[rows] - self._from[k], axis=1)
        return [others[i] for i in np.argsort(apart, kind="stable")]

    def worth(self, shipments: Sequence[str], holdings: Holdings, rng: Generator) -> dict[str, int]:
        """Draw what each of some shipments is worth to whoever carries it, in cents.

        Up to what carriers ask on average, by the way to go and somewhat by pallets: what the first parties take of a
        contract differs each time it goes round. The average is rounded up to 1, 2 or 5 by a power of ten: between two
        carriers it would else tell one what the other asks, as the highest of many draws shows.
        """
        weight = self.km * self.pallets ** rng.random()
        held = [self._row[s] for own in holdings.held.values() for s in sorted(own)]
        total = sum(holdings.asked_cents[c] for c, own in sorted(holdings.held.items()) if own)
        if not held:
            held = list(range(len(self.ids)))
            total = sum(holdings.reserves[s] for s in self.ids)
        level = rng.random() * round_up(total) / weight[held].sum()
        drawn = level * weight[[self._row[s] for s in shipments]] * np.exp(SPREAD * rng.normal(size=len(shipments)))
        drawn[[s in holdings.loose for s in shipments]] *= LOOSE_WORTH ** rng.random()
        return {s: max(1, round(cents)) for s, cents in zip(shipments, drawn.tolist(), strict=True)}


def _plane(market: Market, sites: Sequence[str]) -> NDArray[np.float64]:
    """Put sites on a plane, in km, near enough for neighbourhoods; shape ``(sites, 2)``."""
    at = np.radians(np.array([(market.sites[s].lon, market.sites[s].lat) for s in sites]).reshape(-1, 2))
    return np.asarray(EARTH_RADIUS_KM * at * (np.cos(at[:, 1].mean() if len(at) else 0.0), 1.0))


def drawn_contracts(
    numbers: Iterable[int], holdings: Holdings, places: Places, largest: int, parties: int, rng: Generator
) -> list[Contract]:
    """Draw contracts, each about a shipment and its neighbours; fewer where nothing could move.

    Parameters
    ----------
    largest
        Shipments in a contract at most.
    parties
        Carriers in a multi-agent contract at most.
    """
    movable = [s for s in places.ids if s in holdings.loose or holdings.holder(s) is not None]
    if not movable:
        return []
    loose = sorted(holdings.loose)
    shares = np.array(list(TRIED.values()), dtype=np.float64)
    kinds = list(TRIED)
    contracts = []
    for number in numbers:
        kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        some = loose if loose and rng.random() < LOOSE_SHARE else movable
        about = some[int(rng.integers(len(some)))]
        near = places.near(about, movable, origins=rng.random() < 0.5)
        size = 1 if kind == Kind.ORIGINAL else int(rng.integers(1, largest + 1))
        wanted = parties if kind == Kind.MULTI_AGENT else 2
        holder = holdings.holder(about)
        if kind in (Kind.ORIGINAL, Kind.CLUSTER):
            # From one to another: who might take it is asked first, and what it leaves stays where it is.
            order = _others(holder, near, holdings, 1, rng) + ([] if holder is None else [holder])
            concerned = [s for s in near if holdings.holder(s) == holder][:size]
        else:
            first = [] if holder is None else [holder]
            order = [*first, *_others(holder, near, holdings, wanted - len(first), rng)]
            rng.shuffle(order)
            concerned = [s for s in near if (at := holdings.holder(s)) is None or at in order][:size]
        free = frozenset(concerned) & holdings.loose
        if len(order) > 1 or (order and free):
            contracts.append(Contract(number, tuple(order), places.worth(concerned, holdings, rng), free))
    return contracts


def _others(
    holder: str | None,
    near: Sequence[str],
    holdings: Holdings,
    wanted: int,
    rng: Generator,
) -> list[str]:
    """Draw other carriers, those who hold something nearer more often."""
    ranked = list(dict.fromkeys([*(c for s in near if (c := holdings.holder(s)) is not None), *holdings.carriers]))
    ranked = [c for c in ranked if c != holder]
    if len(ranked) <= wanted:
        return ranked
    chance = 1 / np.arange(1, len(ranked) + 1)
    picked = rng.choice(len(ranked), wanted, replace=False, p=chance / chance.sum())
    return [ranked[k] for k in sorted(picked.tolist())]


def signable(contracts: Iterable[Contract], holdings: Holdings) -> list[Contract]:
    """Contracts that gain, the largest gain first; no carrier and no shipment is in two, so that all offers hold."""
    gains = {c.number: c.gain_cents(holdings) for c in contracts if len(c.offers) == len(c.parties)}
    chosen: list[Contract] = []
    busy: set[str] = set()
    moved: set[str] = set()
    for contract in sorted(
        (c for c in contracts if gains.get(c.number, 0) > 0), key=lambda c: (-gains[c.number], c.number)
    ):
        if busy.isdisjoint(contract.parties) and moved.isdisjoint(contract.worth):
            chosen.append(contract)
            busy.update(contract.parties)
            moved.update(contract.worth)
    return chosen
