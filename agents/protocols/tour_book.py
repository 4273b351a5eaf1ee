"""The coordinator's book of bids for whole tours: what was bid, which bids stand, what is still with its owner."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.auction import Bid, Search, WinnerProblem, determine_winners, guide_prices
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agents.market import Market

QUICK_SEARCH = Search(nodes=10, runs=1, windows=5)


@dataclass(frozen=True, slots=True)
class Offer:
    """A carrier's bid to drive one tour.

    Attributes
    ----------
    question, tour
        The question that it answered, and its number in the answer.
    """

    carrier: str
    vehicle: str
    jobs: frozenset[str]
    price_cents: int
    question: str
    tour: int


@dataclass(frozen=True, slots=True)
class Area:
    """What is auctioned together.

    Attributes
    ----------
    shipments
        Sorted.
    carriers
        Who may bid, sorted.
    released
        Standing offers for some of the shipments, which may be given up.
    vehicles
        By type: how many may drive, ``None`` for any number.
    """

    shipments: tuple[str, ...]
    carriers: tuple[str, ...]
    released: tuple[int, ...]
    vehicles: Mapping[str, int | None]


@dataclass
class Book:
    """All offers of one conversation, by number.

    Attributes
    ----------
    reserves
        What leaving each shipment to its owner counts for, cents; raised where few are left (see `raise_reserves`).
    offers
        As they were made; those that the same carrier undercut are out of `area_offers`.
    standing
        Numbers of the offers that stand.
    unwilling
        Carriers that went back on a bid.
    """

    market: Market
    reserves: dict[str, int]
    offers: list[Offer] = field(default_factory=list)
    standing: set[int] = field(default_factory=set)
    unwilling: set[str] = field(default_factory=set)
    _number: dict[tuple[str, frozenset[str]], int] = field(default_factory=dict, repr=False)
    _serving: dict[str, set[int]] = field(default_factory=dict, repr=False)

    def add(self, offer: Offer) -> None:
        """Write an offer down, unless its carrier has made the same for no more."""
        key = offer.vehicle, offer.jobs
        known = self._number.get(key)
        if known is not None and self.offers[known].price_cents <= offer.price_cents:
            return
        number = self._number[key] = len(self.offers)
        self.offers.append(offer)
        for job in offer.jobs:
            serving = self._serving.setdefault(job, set())
            serving.discard(-1 if known is None else known)
            serving.add(number)

    @property
    def loose(self) -> frozenset[str]:
        """Shipments that no standing offer carries."""
        return frozenset(self.reserves).difference(*(self.offers[k].jobs for k in self.standing))

    def left_of(self, owners: Iterable[str]) -> dict[str, frozenset[str]]:
        """What no standing offer carries of some owners' shipments."""
        loose = self.loose
        return {o: frozenset(s for s in loose if self.market.shipments[s].owner == o) for o in sorted(owners)}

    def raise_reserves(self, left: Iterable[str], cents: int) -> None:
        """Raise the reserves of shipments to what these cost alone together: few are dear.

        Reserves are never lowered again, or shipments would go to and fro without end.
        """
        parts = split_cents(cents, {s: 1.0 + self.reserves[s] for s in sorted(left)})
        for shipment, part in parts.items():
            self.reserves[shipment] = max(self.reserves[shipment], part)

    def additive_reserves(
        self, tours: Iterable[int], whole: Mapping[str, int], left: Mapping[str, int]
    ) -> dict[str, int]:
        """Reserves whose sum is what going alone costs each owner, and which are right for some tours.

        What these leave out gets what it costs alone together, what they carry the rest of the whole: so much their
        owners may pay for it. Within both, in the proportions of the reserves as they stand.

        Parameters
        ----------
        tours
            Numbers of offers.
        whole, left
            By owner: what all that it offers costs alone, and what the tours leave out, cents.
        """
        carried = frozenset[str]().union(*(self.offers[k].jobs for k in tours))
        found: dict[str, int] = {}
        for owner, cents in whole.items():
            own = {s: 1.0 + r for s, r in self.reserves.items() if self.market.shipments[s].owner == owner}
            out = {s: weight for s, weight in own.items() if s not in carried}
            taken = {s: weight for s, weight in own.items() if s in carried}
            rest = min(cents, left.get(owner, 0)) if taken else cents
            found |= split_cents(rest, out) if out else {}
            found |= split_cents(cents - (rest if out else 0), taken) if taken else {}
        return dict(sorted(found.items()))

    def agreed(self) -> dict[str, list[tuple[frozenset[str], int]]]:
        """By carrier: the tours that stand, each with its price."""
        agreed: dict[str, list[tuple[frozenset[str], int]]] = {}
        for k in sorted(self.standing):
            agreed.setdefault(self.offers[k].carrier, []).append((self.offers[k].jobs, self.offers[k].price_cents))
        return agreed

    def count(self) -> dict[str, int | None]:
        """How many vehicles of each type there are; ``None`` for types that are not counted."""
        return {v: vehicle.count for v, vehicle in sorted(self.market.vehicles.items())}

    def free(self) -> dict[str, int | None]:
        """How many vehicles of each type no standing offer uses; ``None`` for types that are not counted."""
        used = Counter(self.offers[k].vehicle for k in self.standing)
        return {v: None if most is None else most - used[v] for v, most in self.count().items()}

    def area_offers(self, area: Area) -> list[int]:
        """Offers that may be chosen in an area."""
        inside = frozenset(area.shipments)
        found: set[int] = set().union(*(self._serving.get(s, set()) for s in area.shipments))
        fitting = {
            k
            for k in found
            if self.offers[k].carrier in area.carriers
            and area.vehicles.get(self.offers[k].vehicle, 0) != 0
            and self.offers[k].jobs <= inside
        }
        return sorted(fitting.union(area.released))

    def every_offer(self) -> list[int]:
        """Each carrier's cheapest offer for every tour that it ever offered, also those that were put aside."""
        best: dict[tuple[str, frozenset[str]], int] = {}
        for k, offer in enumerate(self.offers):
            key = offer.vehicle, offer.jobs
            if key not in best or offer.price_cents < self.offers[best[key]].price_cents:
                best[key] = k
        return sorted(best.values())

    def problem(self, area: Area, numbers: Sequence[int]) -> WinnerProblem:
        """The winner determination problem of an area: items are its shipments, each vehicle type is a limit."""
        position = {s: k for k, s in enumerate(area.shipments)}
        most = {v: n for v, n in area.vehicles.items() if n is not None}
        bids = [
            Bid(
                o.carrier,
                frozenset(position[s] for s in o.jobs),
                o.price_cents,
                frozenset(v for v in [o.vehicle] if v in most),
            )
            for o in (self.offers[k] for k in numbers)
        ]
        return WinnerProblem(tuple(self.reserves[s] for s in area.shipments), tuple(bids), None, most)

    def prices(self, area: Area, kept: int) -> tuple[dict[str, float], list[int]]:
        """Guide prices of an area's shipments, and so many offers that ask least above them, with those that stand."""
        numbers = self.area_offers(area)
        prices, above = guide_prices(self.problem(area, numbers))
        order = sorted(range(len(numbers)), key=lambda k: (above[k], k))[:kept]
        worth = sorted({numbers[k] for k in order}.union(area.released))
        return dict(zip(area.shipments, map(float, prices), strict=True)), worth

    def put_aside(self, area: Area, kept: int) -> None:
        """Look no more at those of an area's many offers that ask most above the guide prices; what stands stays."""
        numbers = self.area_offers(area)
        if len(numbers) > 2 * kept:
            _, worth = self.prices(area, kept)
            for number in set(numbers).difference(worth, self.standing):
                offer = self.offers[number]
                self._number.pop((offer.vehicle, offer.jobs), None)  # it may be made again
                for job in offer.jobs:
                    self._serving[job].discard(number)

    def winners(self, area: Area, kept: int) -> tuple[int, ...]:
        """The cheapest offers for an area that were found; those that stand where nothing is cheaper."""
        _, worth = self.prices(area, kept)
        problem = self.problem(area, worth)
        start = [worth.index(k) for k in area.released]
        found = determine_winners(problem, search=QUICK_SEARCH, start=start)
        if found.cost_cents >= problem.cost_cents(start):
            return area.released
        return tuple(worth[k] for k in found.accepted)
