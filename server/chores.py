"""What has to be done from time to time, by whichever server comes first: nothing depends on which, or on how many."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from server import exports, pools, tracking, training
from server.retention import erase

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.retention import Retention
    from server.store import Store, Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done every so often."""

    name: str
    every_s: float
    do: Callable[[Store], Any]


def _alone(name: str, do: Callable[[Transaction], Any]) -> Callable[[Store], Any]:
    """Do it in a transaction that no other server is in at the same time."""

    def locked(tx: Transaction) -> Any:
        tx.lock(f"chore:{name}")
        return do(tx)

    return lambda store: store.transact(locked)


CHORES: tuple[Chore, ...] = (
    Chore("pools", 1.0, _alone("pools", pools.advance_all)),
    Chore("silence", 60.0, _alone("silence", tracking.sweep)),
    Chore("exports", 60.0, exports.resume),
    Chore("trainings", 15.0, training.resume),
)


def forgetting(retention: Retention) -> Chore:
    """The chore that lets go of what has been kept for long enough."""
    return Chore("retention", 6 * 3600.0, lambda store: erase(store, retention))


async def run(store: Store, chore: Chore) -> None:
    """Do a chore for ever; one that fails is told and tried again at its next time."""
    while True:
        await asyncio.sleep(chore.every_s)
        try:
            await asyncio.to_thread(chore.do, store)
        except Exception:
            log.exception("a chore failed", chore=chore.name)
