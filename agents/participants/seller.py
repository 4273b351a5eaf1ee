"""How a carrier bargains with owners: what a lot adds to its tours in each window, and which deals it closes."""

from __future__ import annotations

import math
import re
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


class WindowBook(JobBook):
    """Looks transports up that are promised for one of so many windows."""

    def __init__(self, book: JobBook, windows: int) -> None:
        self.book, self.windows = book, windows
        self._made: dict[str, Job] = {}

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

    What it has sold is read from the conversation's history.

    Attributes
    ----------
    carrier
        Whose tours are sold; its bidding says what it wants for them at least.
    """

    carrier: CarrierDesk
    concession: ConcessionStrategy
    _desks: dict[int, CarrierDesk] = field(default_factory=dict, repr=False)
    _costs: dict[tuple[tuple[Lot, ...], Lot], float] = field(default_factory=dict, repr=False)

    def answer(self, message: Message, history: Sequence[Message]) -> Message:
        """Answer offers, which deals it wants first, or whether it closes one."""
        sold, _ = sold_lots(history)
        if message.topic == Topic.SELLING:
            make = lambda issues, rounds: self.threads(message, sold, issues, rounds)  # noqa: E731
            return answered(message, history, make, np.floor)
        deals, windows = _deals(message)
        desk = self._desk(windows)
        if message.topic == Topic.DEAL:
            for lot, cents in deals.values():
                if not desk.pays(sold, lot, cents):
                    return message.reply(Performative.REFUSE, reason="with what was agreed since, it costs too much")
            return message.reply(Performative.INFORM, table(ANSWERS[Topic.DEAL], {"deal": sorted(deals)}))
        least = self._least(desk, sold, [lot for lot, _ in deals.values()])
        gains = {n: cents - cost for (n, (_, cents)), cost in zip(deals.items(), least, strict=True) if cents >= cost}
        ranked = sorted(gains, key=lambda n: (-gains[n], n))
        return message.reply(Performative.INFORM, table(ANSWERS[Topic.WISHES], {"deal": ranked}))

    def plan(self, message: Message, history: Sequence[Message]) -> Message:
        """Plan what was sold, everything in the window it was promised for."""
        sold, windows = sold_lots(history)
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

    def _desk(self, windows: int) -> CarrierDesk:
        """The carrier's desk with its transports by window as well."""
        if windows not in self._desks:
            whole = self.carrier
            fleet = tuple(
                replace(
                    v, excluded=frozenset(in_window(j, w, windows) for j in v.excluded for w in range(max(1, windows)))
                )
                for v in whole.fleet
            )
            book = WindowBook(whole.jobs, windows)
            self._desks[windows] = replace(whole, jobs=book, fleet=fleet, _tours={}, _own={})
        return self._desks[windows]

    def threads(self, message: Message, sold: tuple[Lot, ...], issues: Issues, rounds: int) -> Threads:
        """Its side of the talks in a message: the price, less what the window costs more than its cheapest one."""
        prices, _, windows = issues.sizes
        tops = message.body["top_cents"].to_numpy()
        least = self._least_by_window(
            sold, [tuple(sorted(lot)) for lot in message.body["lot_jobs"].to_pylist()], windows
        )
        least = least * message.body["share"].to_numpy()[:, None]
        reserve = least.min(axis=1)
        able = np.isfinite(reserve)
        reserve = np.where(able, reserve, 0.0)
        # What does not fit is worth less than no deal at any price.
        extra = np.where(np.isfinite(least), least - reserve[:, None], 2.0 * tops[:, None] + 1.0)
        worth = price_table(prices, tops)[:, :, None] - extra[:, None, :]
        discount = getattr(self.concession, "discount", 1.0)
        return Threads(issues, worth.reshape(len(tops), -1), reserve, self.concession, rounds, True, discount)

    def _least_by_window(self, sold: tuple[Lot, ...], lots: Sequence[Lot], windows: int) -> NDArray[np.float64]:
        """Least price of each lot in each window, ``inf`` where it does not fit; shape ``(lots, windows)``."""
        desk = self._desk(windows)
        least = np.full((len(lots), windows), np.inf)
        for w in range(windows):
            asked = [k for k, lot in enumerate(lots) if w == 0 or not any(map(is_hub_leg, lot))]
            named = [tuple(in_window(job, w, windows) for job in lots[k]) for k in asked]
            least[asked, w] = self._least(desk, sold, named)
        return least

    def _least(self, desk: CarrierDesk, sold: tuple[Lot, ...], lots: Sequence[Lot]) -> list[float]:
        """What it wants at least for each lot on top of what was sold, in cents."""
        new = [lot for lot in dict.fromkeys(lots) if (sold, lot) not in self._costs]
        if new:
            for lot, cents in zip(new, desk.added_cents(sold, new).tolist(), strict=True):
                self._costs[sold, lot] = math.ceil(desk.bidding.price(cents) - 1e-6) if math.isfinite(cents) else cents
        return [self._costs[sold, lot] for lot in lots]


def sold_lots(history: Sequence[Message]) -> tuple[tuple[Lot, ...], int]:
    """Read the deals that a carrier confirmed from its conversation, oldest first, and how many windows there are."""
    confirmed = {m.in_reply_to for m in history if m.topic == Topic.DEAL and m.performative == Performative.INFORM}
    closed = [_deals(m) for m in history if m.topic == Topic.DEAL and m.id in confirmed]
    return tuple(lot for deals, _ in closed for lot, _ in deals.values()), max((w for _, w in closed), default=1)


def _deals(message: Message) -> tuple[dict[int, tuple[Lot, int]], int]:
    """Read deals: by number the transports in their windows and the price of all parts; and the number of windows."""
    jobs: dict[int, list[str]] = {}
    cents: dict[int, int] = {}
    windows = 1
    for row in message.body.to_pylist():
        windows = row["windows"]
        own = [in_window(job, row["window"], windows) for job in row["jobs"]]
        jobs.setdefault(row["deal"], []).extend(own)
        cents[row["deal"]] = cents.get(row["deal"], 0) + row["price_cents"]
    return {n: (tuple(sorted(lot)), cents[n]) for n, lot in jobs.items()}, windows


def _named(stop: Stop, names: dict[str, str]) -> Stop:
    return replace(
        stop,
        pickups=tuple(names.get(j, j) for j in stop.pickups),
        deliveries=tuple(names.get(j, j) for j in stop.deliveries),
    )
