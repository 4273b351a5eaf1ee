"""How a carrier bargains with owners: what a lot adds to its tours by day and window, and which deals it closes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from agents.bargaining import Issues, Threads
from agents.jobs import JobBook
from agents.messages import ANSWERS, Message, Performative, Topic, table
from agents.participants.talks import answered, latest_start_min, price_table
from agents.plans import table_from_routes
from agents.seeds import seed_for
from logistics.hub_legs import is_hub_leg
from logistics.routing import RoutingProblem, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agents.concession import ConcessionStrategy
    from agents.participants.carrier import CarrierDesk
    from logistics.routing.problem import Job, Stop

SELLING_TOPICS = frozenset({Topic.SELLING, Topic.WISHES, Topic.DEAL})
Lot = tuple[str, ...]  # transports by name, each in its window


def in_window(job: str, window: int, windows: int) -> str:
    """Name of a transport that is promised for a window; in the first one, the whole, it keeps its name."""
    return job if window <= 0 or is_hub_leg(job) else f"{job}~{window}of{windows}"


_WINDOW = re.compile(r"~(\d+)of\d+$")
Sold = Mapping[int, tuple[Lot, ...]]  # by day, oldest first; day 0 is today


class WindowBook(JobBook):
    """Looks transports up that are promised for one of so many windows."""

    def __init__(self, book: JobBook, windows: int) -> None:
        self.book, self.windows = book, windows
        self._made: dict[str, Job] = {}

    def __contains__(self, job: str) -> bool:
        return _WINDOW.sub("", job) in self.book

    def __getitem__(self, job: str) -> Job:
        window = _WINDOW.search(job)
        if window is None:
            return self.book[job]
        if job not in self._made:
            whole = self.book[job[: window.start()]]
            latest = latest_start_min(whole, int(window[1]), self.windows)
            self._made[job] = replace(whole, id=job, delivery_close_min=latest)
        return self._made[job]


@dataclass(frozen=True)
class SellerDesk:
    """The part of a carrier's desk that talks with owners.

    What it has sold is read from the conversation's history, and what it has promised for later days before stands on
    its desks of these days.

    Attributes
    ----------
    carrier
        Whose tours are sold; its bidding says what it wants for them at least.
    """

    carrier: CarrierDesk
    concession: ConcessionStrategy
    _desks: dict[tuple[int, int], CarrierDesk] = field(default_factory=dict, repr=False)
    _costs: dict[tuple[int, tuple[Lot, ...], Lot], float] = field(default_factory=dict, repr=False)
    _kept: dict[tuple[int, int], tuple[Lot, ...]] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message]) -> Message:
        """Answer offers, which deals it wants first, or whether it closes one."""
        sold, _ = sold_lots(history)
        if message.topic == Topic.SELLING:
            make = lambda issues, rounds: self.threads(message, sold, issues, rounds)  # noqa: E731
            return answered(message, history, make, np.floor)
        deals, windows = _deals(message)
        if message.topic == Topic.DEAL:
            for day, lot, cents in deals.values():
                if not (0 <= day <= len(self.carrier.later)):
                    return message.reply(Performative.REFUSE, reason="it promises nothing for that day")
                if not self._desk(windows, day).pays(self._sold(sold, windows, day), lot, cents):
                    return message.reply(Performative.REFUSE, reason="with what was agreed since, it costs too much")
            return message.reply(Performative.INFORM, table(ANSWERS[Topic.DEAL], {"deal": sorted(deals)}))
        gains: dict[int, float] = {}
        for day in sorted({day for day, _, _ in deals.values()}):
            own = {n: (lot, cents) for n, (at, lot, cents) in deals.items() if at == day}
            least = self._least(sold, [lot for lot, _ in own.values()], windows, day)
            gains |= {
                n: cents - cost for (n, (_, cents)), cost in zip(own.items(), least, strict=True) if cents >= cost
            }
        ranked = sorted(gains, key=lambda n: (-gains[n], n))
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.WISHES], {"deal": ranked}))

    def plan(self, message: Message, history: Sequence[Message]) -> Message:
        """Plan what was sold, everything in the window it was promised for."""
        every, windows = sold_lots(history)
        sold = every.get(0, ())
        named = {_WINDOW.sub("", job): job for lot in sold for job in lot}
        wanted = sorted(named.get(job, job) for job in set(message.body["job"].to_pylist()))
        if not wanted:
            return message.reply(Performative.REFUSE, reason="nothing to plan")
        desk = self._desk(windows)
        problem = RoutingProblem(desk.network, tuple(desk.jobs[job] for job in wanted), desk.fleet)
        seed = seed_for(desk.seed, desk.carrier, "plan", *wanted)
        iterations = desk.iterations_per_job * len(wanted)
        found = solve(problem, iterations=iterations, seed=seed, warm=desk.tours(sold).plan)
        names = {job: name for name, job in named.items()}
        routes = [replace(route, stops=tuple(_named(stop, names) for stop in route.stops)) for route in found.routes]
        prices = [math.ceil(desk.bidding.price(route.cost_cents) - 1e-6) for route in routes]
        body = table_from_routes(ANSWERS[Topic.PLAN], desk.carrier, routes, prices)
        return message.reply(Performative.INFORM, body)

    def _desk(self, windows: int, day: int = 0) -> CarrierDesk:
        """The carrier's desk of a day with its transports by window as well."""
        if (windows, day) not in self._desks:
            whole = self.carrier.later[day - 1] if day else self.carrier
            fleet = tuple(
                replace(
                    v, excluded=frozenset(in_window(j, w, windows) for j in v.excluded for w in range(max(1, windows)))
                )
                for v in whole.fleet
            )
            book = WindowBook(whole.jobs, windows)
            self._desks[windows, day] = replace(whole, jobs=book, fleet=fleet, _tours={}, _own={}, _greedy={})
        return self._desks[windows, day]

    def _sold(self, sold: Sold, windows: int, day: int) -> tuple[Lot, ...]:
        """What it is to carry on a day: what it had promised before, as far as that fits, and what it sold since."""
        if not day:
            return sold.get(0, ())
        if (windows, day) not in self._kept:
            desk = self._desk(windows, day)
            kept: tuple[Lot, ...] = ()
            for promise in desk.promised:
                lot = tuple(sorted(in_window(job, promise.window, promise.windows) for job in promise.lot))
                if promise.windows == windows and math.isfinite(desk.added_cents(kept, [lot])[0]):
                    kept = (*kept, lot)
            self._kept[windows, day] = kept
        return (*self._kept[windows, day], *sold.get(day, ()))

    def threads(self, message: Message, sold: Sold, issues: Issues, rounds: int) -> Threads:
        """Its side of the talks in a message: the price, less what day and window cost more than the cheapest ones."""
        prices, days, windows = issues.sizes
        tops = message.body["top_cents"].to_numpy()
        lots = [tuple(sorted(lot)) for lot in message.body["lot_jobs"].to_pylist()]
        least = self._least_by_day(sold, lots, message.body["days"].to_pylist(), days, windows)
        least = least * message.body["share"].to_numpy()[:, None, None]
        reserve = least.min(axis=(1, 2))
        able = np.isfinite(reserve)
        reserve = np.where(able, reserve, 0.0)
        # What does not fit is worth less than no deal at any price.
        never = (2.0 * tops + 1.0)[:, None, None]
        extra = np.where(np.isfinite(least), least - reserve[:, None, None], never)
        worth = price_table(prices, tops)[:, :, None, None] - extra[:, None]
        discount = getattr(self.concession, "discount", 1.0)
        return Threads(issues, worth.reshape(len(tops), -1), reserve, self.concession, rounds, True, discount)

    def _least_by_day(
        self, sold: Sold, lots: Sequence[Lot], open_days: Sequence[int], days: int, windows: int
    ) -> NDArray[np.float64]:
        """Least price of each lot by day and window, ``inf`` where it does not fit; shape ``(lots, days, windows)``."""
        least = np.full((len(lots), days, windows), np.inf)
        for day in range(min(days, 1 + len(self.carrier.later))):
            for w in range(windows):
                asked = [
                    k for k, lot in enumerate(lots) if day < open_days[k] and (w == 0 or not any(map(is_hub_leg, lot)))
                ]
                named = [tuple(in_window(job, w, windows) for job in lots[k]) for k in asked]
                least[asked, day, w] = self._least(sold, named, windows, day)
        return least

    def _least(self, sold: Sold, lots: Sequence[Lot], windows: int, day: int) -> list[float]:
        """What it wants at least for each lot on top of what was sold for a day, in cents."""
        desk, before = self._desk(windows, day), self._sold(sold, windows, day)
        known = [all(job in desk.jobs for job in lot) for lot in lots]
        asked = [lot for lot, ok in zip(lots, known, strict=True) if ok]
        new = [lot for lot in dict.fromkeys(asked) if (day, before, lot) not in self._costs]
        if new:
            for lot, cents in zip(new, desk.added_cents(before, new).tolist(), strict=True):
                least = math.ceil(desk.bidding.price(cents) - 1e-6) if math.isfinite(cents) else cents
                self._costs[day, before, lot] = least
        return [self._costs[day, before, lot] if ok else math.inf for lot, ok in zip(lots, known, strict=True)]


def sold_lots(history: Sequence[Message]) -> tuple[Sold, int]:
    """Read the deals that a carrier confirmed from its conversation, by day, and how many windows there are."""
    confirmed = {m.in_reply_to for m in history if m.topic == Topic.DEAL and m.performative == Performative.INFORM}
    closed = [_deals(m) for m in history if m.topic == Topic.DEAL and m.id in confirmed]
    sold: dict[int, tuple[Lot, ...]] = {}
    for deals, _ in closed:
        for day, lot, _cents in deals.values():
            sold[day] = (*sold.get(day, ()), lot)
    return sold, max((w for _, w in closed), default=1)


def _deals(message: Message) -> tuple[dict[int, tuple[int, Lot, int]], int]:
    """Read deals: by number the day, the transports in their windows and the price of all parts; and the windows."""
    jobs: dict[int, list[str]] = {}
    cents: dict[int, int] = {}
    day: dict[int, int] = {}
    windows = 1
    for row in message.body.to_pylist():
        windows = row["windows"]
        own = [in_window(job, row["window"], windows) for job in row["jobs"]]
        jobs.setdefault(row["deal"], []).extend(own)
        cents[row["deal"]] = cents.get(row["deal"], 0) + row["price_cents"]
        day[row["deal"]] = row["day"]
    return {n: (day[n], tuple(sorted(lot)), cents[n]) for n, lot in jobs.items()}, windows


def _named(stop: Stop, names: dict[str, str]) -> Stop:
    return replace(
        stop,
        pickups=tuple(names.get(j, j) for j in stop.pickups),
        deliveries=tuple(names.get(j, j) for j in stop.deliveries),
    )
