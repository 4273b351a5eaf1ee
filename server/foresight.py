"""Looking ahead before a negotiation, by the laboratory's own code: what is held for a later day, what is reserved.

What goes in is frozen with the market, so that the conversation can be had again after a crash and comes out the same.
Sample paths are in it: it is read by workers alone, as the rates of a freeze are, and of what comes of it each company
learns its own part.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.holding import HoldingView, PooledHolding
from agents.jobs import JobBook
from agents.lookahead import Ahead, PoolDay, look_ahead
from agents.planning import (
    GoodsSeen,
    LaneBook,
    capacity_desks,
    lanes_ahead,
    outlook_for,
    pallets_by_lane,
    parties,
    planner,
)
from agents.records import CLASSES, dumps, from_json
from agents.registry import create
from agents.seeds import rng_for
from forecasting import Forecast
from groupage.errors import InputError
from logistics.fleet import without_reserved
from logistics.jobs import planning_day
from server.market import SeatRole, Waiting, freeze_from, freeze_text

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import date, datetime

    from agents.holding import HoldingRule
    from agents.market import Market
    from agents.participants import Party
    from agents.policy import Policy
    from agents.protocol import Conversation
    from agents.reserving import ReservingRule
    from logistics.region import Region
    from logistics.shipments import Shipment
    from server.market import Freeze

PATHS = 100  # as in the laboratory (`agents.members`)
LATER_DAY = "its delivery window is on a later day"
# Planning days that are looked through for a shipment's last chance.
DAYS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class Expected:
    """What an owner expects on one of its lanes, and how it sent such goods last.

    Attributes
    ----------
    pallets
        By day from tomorrow on, ``PATHS`` sample paths.
    """

    zone: str
    product: str
    origin: str
    temperature: str
    pallets: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Look:
    """What is known when a pool looks ahead. Private: never on the wire.

    Attributes
    ----------
    freeze
        Of today's window, with all that is on the table.
    starts
        Of the planning days to come; the first is looked ahead to.
    clock
        Time zone of the pool's days.
    expected
        By owner.
    held_days
        By order, where it was held before.
    free
        By vehicle type and hub: vehicles, or dock slots an hour, that no plan holds on the next planning day.
    experience
        What the pool's past days needed, oldest first.
    """

    freeze: Freeze
    starts: tuple[datetime, ...]
    clock: str = "UTC"
    expected: Mapping[str, tuple[Expected, ...]] = field(default_factory=dict)
    held_days: Mapping[str, int] = field(default_factory=dict)
    free: Mapping[str, int] = field(default_factory=dict)
    experience: tuple[PoolDay, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking ahead came to.

    Attributes
    ----------
    waiting
        By order: what is held, by its owner's rule or by what was agreed.
    disclosed
        Private figures that left each participant for it.
    """

    ahead: Ahead
    waiting: Mapping[str, Waiting]
    disclosed: Mapping[str, int] = field(default_factory=dict)


def looks_ahead(policy: Policy) -> bool:
    """Tell whether a policy has anything decided before the negotiation."""
    return policy.protocol.name != "standalone" and (
        policy.holding.name != "ship_now" or create("reserving", policy.reservation).reserves
    )


def uses_forecast(policy: Policy) -> bool:
    """Tell whether what is decided needs to know what owners expect."""
    holding: HoldingRule = create("holding", policy.holding)
    return holding.uses_forecast or bool(create("reserving", policy.reservation).reserves)


def days_ahead(policy: Policy) -> int:
    """How many later planning days the protocol bargains about."""
    return int(getattr(create("protocols", policy.protocol), "days", 1)) - 1


class Foresight:
    """The conversation of a look ahead, and those who answer in it."""

    def __init__(self, look: Look) -> None:
        self.look, self.freeze = look, look.freeze
        self.market: Market = look.freeze.market
        policy = look.freeze.policy
        self.holding: HoldingRule = create("holding", policy.holding)
        self.reserving: ReservingRule = create("reserving", policy.reservation)
        self.today, self.next_day = self._day(self.market.start), self._day(look.starts[0])
        self._region = look.freeze.region()
        self._book = LaneBook(self._region, self.today, self.next_day)
        self._goods = {o: GoodsSeen(_seen(rows)) for o, rows in look.expected.items()}
        self._forecasts = {o: self._forecast(o, rows) for o, rows in look.expected.items()}
        self._stakes = look.freeze.shipments
        self.waiting: dict[str, Waiting] = {}
        self._views = self._viewed()
        self._chosen = self._own()

    def _day(self, at: datetime) -> date:
        return planning_day(at, self.look.clock)

    @property
    def together(self) -> bool:
        """Whether the coordinator decides on holds: among several owners, by a rule that looks at the pool."""
        return isinstance(self.holding, PooledHolding) and len(self.market.owners) > 1

    def conduct(self) -> Conversation[Ahead]:
        """Begin the conversation; there is none where only owners decide, each by itself."""
        if not self.together and not self.reserving.reserves:
            return _nothing()
        m = self.market
        goods = replace(self._region, vehicles=without_reserved(m.vehicles), hubs=m.hubs)
        capacity = sum(v.count * v.capacity_pallets for v in m.vehicles.values())
        outlook = outlook_for(goods, self._book, m.owners, self.next_day, PATHS, self.look.experience)
        outlook = replace(outlook, capacity_pallets=capacity)
        return look_ahead(outlook, self.holding if self.together else None, self.reserving)

    def parties(self) -> dict[str, Party]:
        """Seat the built-in participants: owners' planning, and those who sell capacity and have told what it costs."""
        desks = []
        for owner in self.market.owners:
            expected = lanes_ahead(self._forecasts.get(owner), self._goods.get(owner, GoodsSeen()), self.next_day)
            if expected:
                due = [s for p in self.market.promises if p.day == self.look.starts[0] for s in p.shipments]
                kept = [self.market.shipments[s] for s in sorted(self._chosen)]
                going = [s for s in (*kept, *due) if s.owner == owner]
                for key, pallets in pallets_by_lane(going, self._region).items():
                    expected[key] = expected.get(key, 0.0) + np.full(PATHS, pallets)
            desks.append(planner(owner, expected, self._views[owner], self.holding, self._book))
        bidding = create("bidding", self.freeze.policy.bidding)
        region = self._free_region()
        rules = dict.fromkeys((*region.carriers, *region.hubs), bidding)
        made = parties(desks, capacity_desks(region, rules, self.look.starts[0], self.market.horizon_min))
        return {who: party for who, party in made.items() if who in self.freeze.seats}

    def looked(self, ahead: Ahead, disclosed: Mapping[str, int]) -> Looked:
        """Put together what owners decided by themselves and what was agreed."""
        until = self.look.starts[0]
        agreed = {
            s: Waiting(hold.owner, until, hold.reason, hold.saving_cents)
            for s, hold in ahead.held.items()
            if s in self.market.shipments and s not in self.waiting
        }
        return Looked(ahead, dict(sorted((self.waiting | agreed).items())), disclosed)

    def _free_region(self) -> Region:
        """What is to be had on the next planning day of those who have told what it costs."""
        r, free = self._region, self.look.free
        vehicles = {
            v: replace(x, count=free.get(v, x.count))
            for v, x in without_reserved(self.market.vehicles).items()
            if v in self.freeze.operating_costs and free.get(v, x.count) > 0
        }
        hubs = {
            h: replace(x, dock_slots_per_hour=free.get(h, x.dock_slots_per_hour))
            for h, x in r.hubs.items()
            if free.get(h, x.dock_slots_per_hour) > 0
        }
        carriers = {c: self.market.carriers[c] for c in {v.carrier for v in vehicles.values()}}
        return replace(r, vehicles=vehicles, hubs=hubs, carriers=carriers)

    def _viewed(self) -> dict[str, list[HoldingView]]:
        """What each owner could put on the table today; what has no window today, and has one later, waits for it."""
        m = self.market
        due = {s for p in m.due for s in p.lot}
        today, chances = JobBook(m).infeasible, self._chances()
        weighs = isinstance(self.holding, PooledHolding)
        views: dict[str, list[HoldingView]] = {owner: [] for owner in m.owners}
        for s in (m.shipments[name] for name in sorted(m.shipments.keys() - due)):
            last = max(chances.get(s.id, ()), default=0)
            if s.id in today:
                if last:
                    first = self.look.starts[min(chances[s.id]) - 1]
                    self.waiting[s.id] = Waiting(s.owner, first, LATER_DAY)
                continue
            zone = m.sites[s.destination].zone
            views[s.owner].append(
                HoldingView(
                    s.id,
                    self._series(s, zone),
                    s.pallets,
                    last,
                    self.look.held_days.get(s.id, 0),
                    (*s.origins, zone),
                    self._book.wait(self._stakes[s.id], last) if weighs else None,
                )
            )
        return views

    def _series(self, s: Shipment, zone: str) -> tuple[str, ...]:
        forecast = self._forecasts.get(s.owner)
        lane = f"{s.owner}|{_plain(zone)}|"
        return tuple(u for u in (forecast.series if forecast else ()) if u.startswith(lane))

    def _chances(self) -> dict[str, list[int]]:
        """On which of the planning days to come each shipment can still be delivered in time."""
        m = self.market
        fleet = without_reserved(m.vehicles)
        found: dict[str, list[int]] = {}
        for number, start in enumerate(self.look.starts, start=1):
            still = {k: s for k, s in m.shipments.items() if start < s.last_moment}
            if not still:
                break
            then = replace(m, start=start, shipments=still, vehicles=fleet, later=(), promises=(), reserved=())
            for s in still.keys() - JobBook(then).infeasible.keys():
                found.setdefault(s, []).append(number)
        return found

    def _own(self) -> frozenset[str]:
        """What owners hold by the pool's rule and their own figures alone; one with an agent of its own says itself."""
        if isinstance(self.holding, PooledHolding):
            return frozenset()
        chosen: dict[str, Waiting] = {}
        for owner, views in self._views.items():
            if not views or SeatRole.SHIPPER in self.freeze.seats[owner].remote:
                continue
            rng = rng_for(self.freeze.seed, "hold", owner)
            for d in self.holding.decide(views, self._forecasts.get(owner), self.today, rng):
                if d.hold:
                    chosen[d.shipment] = Waiting(owner, self.look.starts[0], d.reason)
        self.waiting |= chosen
        return frozenset(chosen)

    def _forecast(self, owner: str, rows: Sequence[Expected]) -> Forecast | None:
        if not rows:
            return None
        series = tuple(f"{owner}|{_plain(x.zone)}|{_plain(x.product)}" for x in rows)
        return Forecast(series, self.today + timedelta(days=1), np.array([x.pallets for x in rows], dtype=np.float64))


def _seen(rows: Sequence[Expected]) -> dict[tuple[str, str], tuple[str, str]]:
    return {(_plain(x.zone), _plain(x.product)): (x.origin, x.temperature) for x in rows}


def _plain(text: str) -> str:
    """A bar parts zone and product in the name of a series."""
    return text.replace("|", "/")


def _nothing() -> Generator[Any, Any, Ahead]:
    """A conversation in which nobody is asked."""
    yield from ()
    return Ahead({}, ())


def without_waiting(look: Look, looked: Looked) -> Freeze:
    """What is negotiated after a look ahead: what waits is not on the table, what shall be reserved is kept with it."""
    freeze, ahead = look.freeze, looked.ahead
    m = freeze.market
    stays = {s: x for s, x in m.shipments.items() if s not in looked.waiting}
    until = look.starts[0] + timedelta(minutes=m.horizon_min)
    return replace(
        freeze,
        market=replace(m, shipments=stays),
        stakes={s: x for s, x in freeze.stakes.items() if s in stays},
        papers={s: x for s, x in freeze.papers.items() if s in stays},
        waiting=looked.waiting,
        reserving=ahead.reserved,
        reserving_from=look.starts[0] if ahead.reserved else None,
        reserving_to=until if ahead.reserved else None,
        looked=looked.disclosed,
    )


_CLASSES = CLASSES | {c.__name__: c for c in (Expected, Looked, Waiting)}
_FIELDS = ("starts", "clock", "expected", "held_days", "free", "experience")


def look_text(look: Look) -> str:
    """Write as JSON what is known: a freeze, with what more there is."""
    record = json.loads(freeze_text(look.freeze))
    more = dumps({name: getattr(look, name) for name in _FIELDS}, _CLASSES)
    return json.dumps(record | {"look": json.loads(more)}, separators=(",", ":"), ensure_ascii=False)


def look_from(text: str | bytes) -> Look | None:
    """Read it back; ``None`` of a freeze from which nobody looks ahead.

    Raises
    ------
    InputError
        If it is no such record.
    """
    try:
        more = json.loads(text).get("look")
    except (ValueError, AttributeError) as error:
        raise InputError(f"a look ahead cannot be read ({error}), expected what was written") from error
    return None if more is None else Look(freeze_from(text), **from_json(more, _CLASSES))


def looked_text(looked: Looked) -> str:
    """Write as JSON what it came to."""
    return dumps(looked, _CLASSES)


def looked_from(text: str | bytes) -> Looked:
    """Read it back."""
    found: Looked = from_json(json.loads(text), _CLASSES)
    return found
