"""Promises in a negotiation: what is due today is closed first, what is closed for a later day is written down.

    coordinator -> carriers   this is due today as you promised (one promise of each at a time)
    carriers -> coordinator   taken, or not: then it is void, and its shipments are on the table like any other

What is due is owed like any running contract: it counts among what its owner would pay without the pool, at the price
that was promised. A promise that its carrier cannot keep, or whose shipments have changed, is void with a reason; none
is broken in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.jobs import JobBook, shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, rows_table
from agents.participants.talks import latest_start_min
from agents.promise import Promise
from agents.protocols.talks import Pact, Thread
from logistics.jobs import planning_day

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Sequence

    from agents.market import Market
    from agents.protocols.talk import Talk
    from agents.protocols.talks import Board
    from agents.settlement import Load
    from agents.tools import Tools

CHANGED = "what was promised has changed since, or is no longer there"
NOT_OFFERED_NOW = "its owner did not offer it to the pool on the day that it was promised for"
RULES_CHANGED = "the windows that are bargained about are not those that it was promised in"
NOT_FEASIBLE = "it cannot be delivered on the day that it was promised for"
REFUSED = "its carrier could not keep it beside what it has to drive today"
TOLERANCE_MIN = 1e-6
NOT_KEPT = "it was not carried as promised"


def unsound(market: Market, tools: Tools, promise: Promise, reserves: Collection[str], windows: int) -> str:
    """Say why a promise that is due cannot even be asked for; empty where it can."""
    if any(market.shipments.get(s.id) != s for s in promise.shipments):
        return CHANGED
    if not tools.jobs.direct.keys() >= set(promise.lot):
        return NOT_FEASIBLE
    if not set(promise.lot) <= set(reserves):
        return NOT_OFFERED_NOW
    return "" if promise.windows == windows else RULES_CHANGED


def honoured(
    market: Market,
    tools: Tools,
    talk: Talk,
    board: Board,
    reserves: Collection[str],
    windows: int,
    without: Collection[str],
) -> Generator[Exchange, tuple[Message, ...], dict[str, str]]:
    """Close what is due today, each promise with the carrier that gave it, in the order in which they were made.

    Parameters
    ----------
    without
        Ids of promises that turned out not to be kept.

    Returns
    -------
    dict
        Why promises are void, by id.
    """
    void: dict[str, str] = {}
    waiting: dict[str, list[Pact]] = {}
    names: dict[int, str] = {}
    for promise in market.due:
        reason = NOT_KEPT if promise.id in without else unsound(market, tools, promise, reserves, windows)
        if reason:
            void[promise.id] = reason
            continue
        pact = pact_of(promise, board.deals)
        names[pact.number] = promise.id
        waiting.setdefault(promise.carrier, []).append(pact)
        board.deals += 1
    while waiting:
        first = {carrier: own.pop(0) for carrier, own in waiting.items()}
        waiting = {carrier: own for carrier, own in waiting.items() if own}
        bodies = {
            carrier: rows_table(QUESTIONS[Topic.DEAL], pact.rows(windows, pact.parts))
            for carrier, pact in first.items()
        }
        taken = talk.answers((yield talk.ask(Topic.DEAL, bodies, Performative.ACCEPT_PROPOSAL)))
        for carrier, pact in first.items():
            if carrier in taken:
                board.closed.append(pact)
            else:
                void[names[pact.number]] = REFUSED
    return void


def pact_of(promise: Promise, number: int) -> Pact:
    """A promise that is due, as a deal of today."""
    part = Thread(
        number=-1,
        owner=promise.owner,
        provider=promise.carrier,
        lot=promise.lot,
        jobs=promise.lot,
        fee_cents=0,
        top_cents=promise.price_cents,
        share=1.0,
        price_cents=promise.price_cents,
        window=promise.window,
        agreed=True,
    )
    return Pact(number, promise.carrier, promise.lot, (part,))


def made(market: Market, closed: Iterable[Pact], windows: int) -> tuple[Promise, ...]:
    """Write down what was closed for later days."""
    promises = []
    for pact in closed:
        if pact.day:
            shipments = tuple(market.shipments[s] for s in sorted(shipment_of(j) for j in pact.lot))
            today = planning_day(market.start, market.sites[shipments[0].destination].time_zone)
            promises.append(
                Promise(
                    id=f"{today}/{pact.number}",
                    owner=pact.parts[0].owner,
                    carrier=pact.carrier,
                    shipments=shipments,
                    made=market.start,
                    day=market.later[pact.day - 1],
                    price_cents=pact.price_cents,
                    window=pact.parts[0].window,
                    windows=windows,
                )
            )
    return tuple(promises)


def kept(market: Market, due: Sequence[Promise], loads: Sequence[Load]) -> tuple[Promise, ...]:
    """Promises due today of which everything is delivered in its window, by the carrier that gave them."""
    if not due:
        return ()
    start = {(load.carrier, j): stop.start_min for load in loads for stop in load.stops for j in stop.deliveries}
    jobs = JobBook(market.restricted_to(s for p in due for s in p.lot)).direct

    def in_time(promise: Promise, job: str) -> bool:
        if job not in jobs or (promise.carrier, job) not in start:
            return False
        latest = latest_start_min(jobs[job], promise.window, promise.windows)
        return start[promise.carrier, job] <= latest + TOLERANCE_MIN

    return tuple(p for p in due if all(in_time(p, job) for job in p.lot))


def ask_most(
    market: Market, talk: Talk, promises: Sequence[Promise], due: Sequence[Promise]
) -> Generator[Exchange, tuple[Message, ...], dict[str, int]]:
    """Ask owners what they pay today at most, so that promises for later days leave them no worse off.

    Parameters
    ----------
    promises, due
        Made today; kept today.

    Returns
    -------
    dict
        Cents by owner; -1 for one that would rather send everything alone, or does not answer.
    """
    rows: dict[str, list[dict[str, object]]] = {}
    promising = {p.owner for p in promises}
    for number, p in enumerate(p for p in (*promises, *due) if p.owner in promising):
        row = {"deal": number, "jobs": list(p.lot), "price_cents": p.price_cents, "window": p.window}
        day = 0 if p.day == market.start else 1 + market.later.index(p.day)
        rows.setdefault(p.owner, []).append(row | {"day": day, "windows": p.windows})
    if not rows:
        return {}
    bodies = {owner: rows_table(QUESTIONS[Topic.PROMISED], own) for owner, own in rows.items()}
    most = dict.fromkeys(rows, -1)
    for owner, body in talk.answers((yield talk.ask(Topic.PROMISED, bodies))).items():
        most[owner] = min(body["most_cents"].to_pylist(), default=-1)
    return most
