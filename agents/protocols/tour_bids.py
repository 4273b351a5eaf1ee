"""Rounds in which carriers bid for whole tours at guide prices, area by area: how both auctions find cheaper sets.

    coordinator -> owners       what would all that is still with you cost alone? (now and then)
    coordinator -> carriers     which of these tours do you release? (in an exchange)
    repeat
      coordinator -> carriers     guide prices of an area's shipments: which tours would you drive?
      carriers -> coordinator     tours, each at a price of its own
    coordinator -> carriers     these of your bids stand now, those no more

A tour needs no other bid to be driven, so bids of one carrier add up, as many as it has vehicles: it chooses the
bundles itself, by its own costs, as column generation would (Kwasnica et al. 2005 for prices that guide bids). All bids
stay on the table. In turn carriers are asked freely, at the linear program's prices with some noise, and to follow one
another: what another carrier would take is worth nothing to them, what that one would let go is worth having.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocols.asking import ask_standalone
from agents.protocols.talks import round_up
from agents.protocols.tour_book import Area, Book, Offer
from agents.protocols.tour_standing import stand
from agents.seeds import rng_for
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Mapping, Sequence

    from numpy.random import Generator as Rng
    from numpy.typing import NDArray

    from agents.market import Market
    from agents.pools import Pool
    from agents.protocols.talk import Talk
    from agents.tools import Tools

OPENING_ROUNDS = 4
LEAST_WAVES = 24  # areas auctioned in each pool at most, however many pools there are
WAVES_PER_CHECK = 5  # a stand-alone plan takes its owner longer than a bid takes a carrier
FEW = 10  # of so few shipments there are few sets of tours, so that waves are given up sooner
OPENING_FACTOR = 2.0  # times the reserves: at first carriers shall fill their vehicles
SMOOTHING = 0.5  # part of the last guide prices that the next ones keep
KEEP_FACTOR = 5.0  # times its guide price: what a carrier shall keep that another does not take
KEEP_CENTS = 1000.0  # at least so much is such a price taken to be
KM_PER_DEGREE = 111.2
MOST_ROUNDS = 100  # of an auction: all are held
MOST_NOISE = 10.0  # guide prices that differ by more are no guide
CURIOUS = 0.3  # spread of the prices of what a third carrier may let go
LEADERS = (2, 2, 3, 0)  # carriers in an area, in turn; 0 for all

Asks = dict[str, list[tuple[int, str | None, int | None, str | None, int | None]]]


def check_settings(strategy: object) -> None:
    """Refuse settings of an auction of tours with which nothing would be sought.

    Raises
    ------
    ValueError
        For the first outside its bounds.
    """
    check_bounds(strategy, noise=(0, MOST_NOISE), rounds=(1, MOST_ROUNDS))
    check_bounds(strategy, **dict.fromkeys(("waves", "patience", "area", "kept"), (1, math.inf)))


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and how widely bids are sought.

    Attributes
    ----------
    waves
        Areas that are auctioned at most, in all pools of the market together, but at least `LEAST_WAVES` in each.
    patience
        Waves in a row that change nothing before it ends; fewer where there are few shipments.
    area
        Shipments on the tours of an area, about.
    rounds
        Questions for bids in each.
    noise
        Standard deviation of guide prices around the linear program's, as a part of them.
    kept
        Offers that an area's winners are chosen from, beside those that stand.
    """

    waves: int
    patience: int
    area: int
    rounds: int
    noise: float
    kept: int


@dataclass
class Trading:
    """One conversation's search for a cheaper set of tours; `run` leaves it in the book."""

    market: Market
    tools: Tools
    talk: Talk
    book: Book
    carriers: tuple[str, ...]
    settings: Settings
    exchange: bool
    _left: dict[str, frozenset[str]] = field(default_factory=dict)
    _alone: dict[str, int] = field(default_factory=dict)
    _kept: dict[str, list[str]] = field(default_factory=dict)
    _owed: dict[str, int] = field(default_factory=dict)
    _whole: dict[str, int] = field(default_factory=dict)
    _least: int = 0
    _best: frozenset[int] = frozenset()
    _best_left: dict[str, int] = field(default_factory=dict)

    def run(self) -> Generator[Exchange, tuple[Message, ...], None]:
        """Open with the whole of each pool, then auction areas until nothing changes any more."""
        yield from self._check(first=True)
        rng = rng_for(self.tools.seed, "tours", self.talk.conversation)
        places = _places(self.market, self.book.reserves)
        pools = [p for p in self.tools.pools(self.book.reserves) if p.carriers]
        yield from self._auction(self._opening(pools), OPENING_ROUNDS, OPENING_FACTOR, rng)
        patience = min(self.settings.patience, 2 + (len(self.book.reserves) // FEW) ** 2)
        idle = 0
        most = max(LEAST_WAVES, self.settings.waves // max(1, len(pools)))
        for wave in range(most):
            if wave % WAVES_PER_CHECK == 0:
                yield from self._check()
            areas = self._areas(pools, places, wave, rng)
            if self.exchange:
                areas = yield from self._released(areas)
            before = set(self.book.standing)
            yield from self._auction(areas, self.settings.rounds, None, rng)
            idle = 0 if self.book.standing != before else idle + 1
            if self.book.unwilling or idle >= patience:
                break
        if not self.book.unwilling:
            yield from self._check()
            moves = dict.fromkeys(self.book.standing - self._best, False)
            yield from self._stand(moves | dict.fromkeys(self._best - self.book.standing, True))

    def _check(self, *, first: bool = False) -> Generator[Exchange, tuple[Message, ...], None]:
        """Ask owners what is left to them costs alone, and remember the tours with which all cost least.

        Winners are determined by reserves, which add up; what is left over costs more, the fewer it is. So reserves are
        raised to that. Owners that do not answer at first do not take part. What is never offered, and what is owed for
        committed vehicles, costs the same whatever is pooled: it counts nowhere.
        """
        book = self.book
        left = book.left_of(self.market.owners)
        if first:
            self._kept = {o: [s for s in self.market.owned_by(o) if s not in book.reserves] for o in left}
        changed = {o: rest for o, rest in left.items() if rest and rest != self._left.get(o)}
        sets = {
            o: [sorted([*rest, *self._kept[o]]), *([self._kept[o]] if first else [])] for o, rest in changed.items()
        }
        for owner, figures in (yield from ask_standalone(self.market, self.talk, sets)).items():
            if first:
                self._owed[owner] = figures[1] or 0
            if figures[0] is not None:
                self._alone[owner] = max(0, figures[0] - self._owed[owner])
                book.raise_reserves(left[owner], self._alone[owner])
            elif first:
                book.reserves = {s: r for s, r in book.reserves.items() if s not in left[owner]}
        self._left = left
        alone = {o: self._alone.get(o, 0) for o, rest in left.items() if rest}
        total = sum(book.offers[k].price_cents for k in book.standing) + sum(alone.values())
        if first:
            self._whole = alone
        if first or total < self._least:
            self._least, self._best, self._best_left = total, frozenset(book.standing), alone

    def additive_reserves(self) -> dict[str, int]:
        """Reserves that add up to what going alone costs, by the tours with which all cost least so far."""
        return self.book.additive_reserves(self._best, self._whole, self._best_left)

    def _opening(self, pools: Sequence[Pool]) -> list[Area]:
        """Each pool's own shipments; a carrier's vehicles are shared out among its pools."""
        mine = {c: [k for k, pool in enumerate(pools) if c in pool.carriers] for c in self.carriers}
        vehicles: list[dict[str, int | None]] = [{} for _ in pools]
        for vehicle, most in self.book.free().items():
            at = mine.get(self.market.vehicles[vehicle].carrier, [])
            for turn, k in enumerate(at):
                vehicles[k][vehicle] = None if most is None else most // len(at) + (turn < most % len(at))
        return [
            Area(pool.home, tuple(c for c in pool.carriers if c in self.carriers), (), own)
            for pool, own in zip(pools, vehicles, strict=True)
        ]

    def _areas(
        self, pools: Sequence[Pool], places: Mapping[str, NDArray[np.float64]], wave: int, rng: Rng
    ) -> list[Area]:
        """One area in each pool: tours of some carriers near a place, and loose shipments there."""
        book, areas = self.book, []
        taken: set[int] = set()
        spoken: set[str] = set()
        free, loose = book.free(), book.loose
        driving: dict[str, int] = {job: k for k in book.standing for job in book.offers[k].jobs}
        for pool in pools:
            left = [s for s in pool.home if s in loose]
            around = left if left and wave % 2 else list(pool.home)
            middle = places[around[int(rng.integers(len(around)))]]
            km = {s: float(np.hypot(*(places[s] - middle))) for s in pool.shipments}
            near = sorted(km, key=lambda s: (km[s], s))
            tours = [k for k in dict.fromkeys(driving[s] for s in near if s in driving) if k not in taken]
            order = list(dict.fromkeys([*(book.offers[k].carrier for k in tours), *pool.carriers]))
            order = [c for c in order if c in self.carriers]
            some = LEADERS[wave % len(LEADERS)] or len(order)
            if wave % 3 == 0 and some < len(order):
                others = rng.choice(len(order) - 1, some - 1, replace=False) + 1
                chosen = {order[0], *(order[int(k)] for k in others)}
            else:
                chosen = set(order[:some])
            picked: list[int] = []
            inside: set[str] = set()
            for k in tours:
                size = len(inside) + len(book.offers[k].jobs)
                if book.offers[k].carrier in chosen and (size <= self.settings.area or len(picked) < 2):
                    picked.append(k)
                    inside |= book.offers[k].jobs
            inside |= set([s for s in near if s in loose and s not in spoken][: self.settings.area // 2])
            if not inside:
                continue
            spoken |= inside
            taken.update(picked)
            vehicles: dict[str, int | None] = {}
            for vehicle in free:
                if self.market.vehicles[vehicle].carrier in chosen:
                    spare = free[vehicle]
                    own = sum(book.offers[k].vehicle == vehicle for k in picked)
                    vehicles[vehicle] = None if spare is None else spare + own
                    free[vehicle] = None if spare is None else 0
            areas.append(Area(tuple(sorted(inside)), tuple(sorted(chosen)), tuple(sorted(picked)), vehicles))
        return areas

    def _released(self, areas: Sequence[Area]) -> Generator[Exchange, tuple[Message, ...], list[Area]]:
        """Ask carriers which of their tours in the areas they release; the others stay as they are."""
        asked: dict[str, set[str]] = {}
        for k in (k for area in areas for k in area.released):
            asked.setdefault(self.book.offers[k].carrier, set()).update(self.book.offers[k].jobs)
        if not asked:
            return list(areas)
        schema = QUESTIONS[Topic.RELEASE]
        bodies = {c: table(schema, {"job": sorted(own), "most": [len(own)] * len(own)}) for c, own in asked.items()}
        answers = self.talk.answers((yield self.talk.ask(Topic.RELEASE, bodies, Performative.CFP)))
        given = {carrier: frozenset(body["job"].to_pylist()) for carrier, body in answers.items()}
        out = []
        for area in areas:
            offers = {k: self.book.offers[k] for k in area.released}
            kept = {k: o for k, o in offers.items() if not o.jobs <= given.get(o.carrier, frozenset())}
            held = frozenset().union(*(o.jobs for o in kept.values()))
            vehicles = dict(area.vehicles)
            for o in kept.values():
                most = vehicles[o.vehicle]
                vehicles[o.vehicle] = None if most is None else most - 1
            shipments = tuple(s for s in area.shipments if s not in held)
            if shipments:
                released = tuple(k for k in area.released if k not in kept)
                out.append(Area(shipments, area.carriers, released, vehicles))
        return out

    def _auction(
        self, areas: Sequence[Area], rounds: int, factor: float | None, rng: Rng
    ) -> Generator[Exchange, tuple[Message, ...], None]:
        """Ask for bids in all areas at once, then let the cheapest sets stand that were found."""
        kept = self.settings.kept
        if factor is None:
            prices = [self._guide(area) for area in areas]
        else:
            prices = [{s: factor * round_up(self.book.reserves[s]) for s in area.shipments} for area in areas]
        last: list[dict[str, frozenset[str]]] = [{} for _ in areas]
        for number in range(rounds):
            asks: Asks = {}
            for k, area in enumerate(areas):
                leads = number % 2 == 0 or len(area.carriers) < 2
                self._ask(asks, k, area, prices[k], None if leads else last[k], rng)
            last = yield from self._bids(asks, len(areas))
            for k, area in enumerate(areas):
                fresh = self._guide(area)
                prices[k] = {s: SMOOTHING * prices[k][s] + (1 - SMOOTHING) * fresh[s] for s in area.shipments}
        won = {k: chosen for k, area in enumerate(areas) if (chosen := self.book.winners(area, kept)) != area.released}
        moves = {j: True for k, chosen in won.items() for j in chosen if j not in areas[k].released}
        moves |= {j: False for k, chosen in won.items() for j in areas[k].released if j not in chosen}
        yield from self._stand(moves)
        for area in areas:
            self.book.put_aside(area, 2 * kept)

    def _guide(self, area: Area) -> dict[str, float]:
        """Guide prices that tell no owner's reserve: where no bid is below it, its order of magnitude alone."""
        reserves, found = self.book.reserves, self.book.prices(area, self.settings.kept)[0]
        return {s: cents if cents < reserves[s] - 1 else round_up(reserves[s]) for s, cents in found.items()}

    def _ask(
        self,
        asks: Asks,
        number: int,
        area: Area,
        prices: Mapping[str, float],
        last: Mapping[str, frozenset[str]] | None,
        rng: Rng,
    ) -> None:
        """Add what each carrier is asked about one area to its rows."""
        held: dict[str, frozenset[str]] = dict.fromkeys(area.carriers, frozenset())
        for k in area.released:
            held[self.book.offers[k].carrier] |= self.book.offers[k].jobs
        nobody = frozenset(area.shipments).difference(*held.values())
        for carrier in area.carriers:
            own = [v for v, n in area.vehicles.items() if n != 0 and self.market.vehicles[v].carrier == carrier]
            if not own:
                continue
            noise = 1 + self.settings.noise * rng.standard_normal(len(area.shipments))
            if last is None:
                told = {s: prices[s] * x for s, x in zip(area.shipments, noise.tolist(), strict=True)}
            else:
                others = [c for c in area.carriers if c != carrier]
                leader = others[int(rng.integers(len(others)))]
                taken, dropped = last.get(leader, frozenset()), held[leader] | nobody
                worth = (
                    np.full(len(area.shipments), KEEP_FACTOR)
                    if len(others) == 1
                    else 1 + CURIOUS * rng.standard_normal(len(area.shipments))
                )
                told = {}
                for s, x in zip(area.shipments, worth.tolist(), strict=True):
                    if s in taken:
                        told[s] = 0.0
                    elif s in held[carrier]:
                        told[s] = KEEP_FACTOR * max(prices[s], KEEP_CENTS)
                    else:
                        told[s] = x * prices[s] if s in dropped else 0.0
            rows = asks.setdefault(carrier, [])
            rows += [(number, s, max(0, round(cents)), None, None) for s, cents in told.items() if cents >= 0.5]
            rows += [(number, None, None, v, area.vehicles[v]) for v in own]

    def _bids(
        self, asks: Asks, areas: int
    ) -> Generator[Exchange, tuple[Message, ...], list[dict[str, frozenset[str]]]]:
        """Put the questions, write the offers down; returns what each carrier would take in each area."""
        taken: list[dict[str, frozenset[str]]] = [{} for _ in range(areas)]
        names = QUESTIONS[Topic.TOURS].names
        bodies = {
            c: table(QUESTIONS[Topic.TOURS], dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
            for c, rows in asks.items()
            if any(job is not None for _, job, *_ in rows)
        }
        if not bodies:
            return taken
        exchange = self.talk.ask(Topic.TOURS, bodies, Performative.CFP)
        question = {m.receiver: m.id for m in exchange.messages}
        for carrier, body in self.talk.answers((yield exchange)).items():
            pool_of = {job: number for number, job, *_ in asks[carrier] if job is not None}
            tours: dict[int, tuple[str, set[str], int | None]] = {}
            for row in body.to_pylist():
                _, jobs, _ = tours.setdefault(row["tour"], (row["vehicle"], set(), row["price_cents"]))
                jobs.add(row["job"])
            for tour, (vehicle, jobs, cents) in tours.items():
                asked = {(number, v) for number, _, _, v, _ in asks[carrier] if v == vehicle}
                pools = {pool_of.get(job) for job in jobs}
                if cents is None or len(pools) != 1 or not {(pool, vehicle) for pool in pools} & asked:
                    continue
                self.book.add(Offer(carrier, vehicle, frozenset(jobs), cents, question[carrier], tour))
                area = taken[next(iter(pools)) or 0]
                area[carrier] = area.get(carrier, frozenset()) | jobs
        return taken

    def _stand(self, moves: Mapping[int, bool]) -> Generator[Exchange, tuple[Message, ...], None]:
        yield from stand(self.talk, self.book, moves, binding=self.exchange)

    def chosen(self, numbers: Collection[int]) -> Generator[Exchange, tuple[Message, ...], bool]:
        """Tell whether all cost less with other offers, with what would be left to the owners alone."""
        before, standing = self._least, self.book.standing
        self.book.standing = set(numbers)
        yield from self._check()
        self.book.standing = standing
        return self._least < before


def _places(market: Market, shipments: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Place of each shipment's client in km on a plane, near enough for neighbourhoods."""
    sites = market.sites
    at = {s: sites[market.shipments[s].destination] for s in sorted(shipments)}
    middle = math.radians(math.fsum(site.lat for site in at.values()) / max(1, len(at)))
    return {
        s: KM_PER_DEGREE * np.array([site.lat, site.lon * math.cos(middle)], dtype=np.float64) for s, site in at.items()
    }
