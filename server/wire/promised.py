"""Promises of a settlement as their owner and their carrier see them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from agents.jobs import JobBook
from agents.participants.talks import latest_start_min
from agents.promise import due_on
from groupage.v1 import proposals_pb2
from server.wire.fields import date_message
from server.wire.told import Clock, plain

if TYPE_CHECKING:
    from agents.promise import Promise
    from server.wire.proposals import Whole


def put_promises(whole: Whole, field: Any, *, owner: str = "", carrier: str = "") -> None:
    """Write the promises that one side has made, kept or is free of."""
    settlement = whole.settlement
    for promise in (*settlement.promises, *whole.market.due):
        if promise.owner != owner and promise.carrier != carrier:
            continue
        told = field.add(
            promise_id=promise_id(promise),
            owner=promise.owner,
            carrier=promise.carrier,
            orders=promise.lot if owner else (),
            due_day=date_message(due_on(promise, whole.market.sites)),
            price_cents=promise.price_cents,
        )
        void = settlement.void.get(promise.id)
        if promise in settlement.promises:
            told.state = proposals_pb2.Promise.MADE
        elif void is None:
            told.state = proposals_pb2.Promise.KEPT
        else:
            told.state, told.reason = proposals_pb2.Promise.VOID, plain(void, owner or carrier)
        latest = _latest_min(whole, promise)
        if latest is not None:
            told.latest_delivery_at.FromDatetime(Clock(promise.day).at(latest))


def promise_id(promise: Promise) -> str:
    """Id of a promise within its pool: the same until it is due, and it tells nothing."""
    text = "|".join((promise.owner, promise.carrier, promise.made.isoformat(), *promise.lot))
    return "p-" + hashlib.sha256(text.encode()).hexdigest()[:16]


def _latest_min(whole: Whole, promise: Promise) -> float | None:
    """Until when its last delivery starts, minutes of its day; ``None`` where it cannot be done on that day."""
    market = whole.market
    if promise.day == market.start:
        book = whole.book
    elif promise.day in market.later:
        book = JobBook(market.ahead(1 + market.later.index(promise.day)).restricted_to(promise.lot))
    else:
        return None
    jobs = [book.direct[s] for s in promise.lot if s in book.direct]
    return max((latest_start_min(job, promise.window, promise.windows) for job in jobs), default=None)
