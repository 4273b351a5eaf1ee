"""What both sides of talks about prices have in common: reading offers out of tables, and writing them into tables."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from agents.bargaining import ACCEPTS, PROPOSES, Issues
from agents.messages import ANSWERS, Message, Performative, table
from logistics.hub_legs import is_hub_leg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from agents.bargaining import Threads
    from logistics.routing.problem import Job

_ACTS = {PROPOSES: Performative.PROPOSE.value, ACCEPTS: Performative.ACCEPT_PROPOSAL.value}


@lru_cache(maxsize=16)
def issues_of(prices: int, days: int, windows: int) -> Issues:
    """What is bargained about: day 0 is the market's own, each further one a later planning day."""
    return Issues(("price", "day", "window"), (prices, days, windows))


def latest_start_min(job: Job, window: int, windows: int) -> float:
    """Until when delivery may start in one of so many windows, which open together.

    The first is the whole time allowed, each further one closes earlier.
    """
    if window <= 0 or is_hub_leg(job.id):
        return job.delivery_close_min
    return job.delivery_open_min + (job.delivery_close_min - job.delivery_open_min) * (windows - window) / windows


def answered(
    message: Message,
    history: Sequence[Message],
    make: Callable[[Issues, int], Threads],
    rounding: Callable[..., object],
) -> Message:
    """Answer all talks of a message.

    Parameters
    ----------
    make
        Makes the side of its talks, given the issues and the number of rounds; rows as in the message.
    rounding
        Where another side's price lies between two prices of the talk: to the one that is worse for this side.
    """
    body = message.body
    if not len(body):
        return message.reply(Performative.REFUSE, reason="there is nothing to talk about")
    round_, rounds, prices, windows = (int(body[name][0].as_py()) for name in ("round", "rounds", "prices", "windows"))
    days = int(_column(body, "days").max())
    issues = issues_of(prices, days, windows)
    talks, tops = _column(body, "talk"), _column(body, "top_cents")
    asked = [m for m in history if m.topic == message.topic and m.sender == message.sender]
    heard = []
    for past in [*asked[len(asked) - round_ :], message]:
        if past.body["price_cents"].null_count:
            continue
        # Talks come in ascending order, and none that goes on was missing before.
        rows = np.searchsorted(_column(past.body, "talk"), talks)
        cents, day, window = (_column(past.body, name)[rows] for name in ("price_cents", "day", "window"))
        level = np.asarray(rounding(cents * (prices - 1) / tops)).astype(np.int64).clip(0, prices - 1)
        heard.append((level * days + day) * windows + window)
    offers = np.stack(heard, axis=1) if heard else np.empty((len(talks), 0), dtype=np.int64)
    acts, chosen = make(issues, rounds).answers(offers, round_)
    offered = acts == PROPOSES
    cents = price_cents(np.where(offered, chosen // (days * windows), 0), prices, tops)
    return message.reply(
        Performative.INFORM,
        table(
            ANSWERS[message.topic],
            {
                "talk": talks.tolist(),
                "act": [_ACTS.get(act, Performative.REFUSE.value) for act in acts.tolist()],
                "price_cents": [c if ok else None for c, ok in zip(cents.tolist(), offered.tolist(), strict=True)],
                "day": np.where(offered, chosen // windows % days, -1).tolist(),
                "window": np.where(offered, chosen % windows, -1).tolist(),
            },
        ),
    )


def price_cents(level: NDArray[np.int64], prices: int, top_cents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Price of a level in a talk, in whole cents."""
    return np.asarray(level * top_cents // (prices - 1), dtype=np.int64)


def price_table(prices: int, top_cents: NDArray[np.int64]) -> NDArray[np.int64]:
    """All prices of some talks, shape ``(talks, prices)``."""
    return price_cents(np.arange(prices)[None, :], prices, top_cents[:, None])


def delay_cents(job: Job, cents_per_hour: float, window: int, windows: int) -> float:
    """What a delivery that is promised for a window may cost its owner for coming too late, in cents.

    A vehicle that is due at the end of the window comes later by an exponentially distributed time of mean
    ``DELAY_MIN``; each hour after the last moment allowed costs the owner its rate.
    """
    slack = job.delivery_close_min - latest_start_min(job, window, windows)
    return cents_per_hour * DELAY_MIN / 60 * math.exp(-slack / DELAY_MIN)


def _column(body: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(body[name].to_numpy(), dtype=np.int64)


DELAY_MIN = 30.0
