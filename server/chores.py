"""What has to be done from time to time, by whichever server comes first: nothing depends on which, or on how many."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlmodel import col, select

from server import exports, pools, tracking, training
from server import synchronization as steps
from server.durable import agreement
from server.faults import Fault
from server.retention import erase
from server.store.tables import Record
from server.viewer import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.registry import Bridge
    from server.retention import Retention
    from server.store import Store, Transaction

log = structlog.get_logger(__name__)

NOT_AGREED = "nothing was agreed by the deadline"


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


def release_overdue(store: Store) -> int:
    """Release what no worker has brought to an end in time, so that owners can still book; answers how many.

    Workers release by themselves at the deadline; this is for when none is there, and leaves them their time. Each goes
    alone: one that cannot be released holds up no other.
    """
    open_ones = [steps.State.Name(s) for s in steps.State.values() if s and s not in steps.FINAL]
    query = select(Record).where(Record.kind == steps.SYNCHRONIZATION.kind, col(Record.state).in_(open_ones))
    before, released = store.now() - agreement.GRACE, 0
    for row in store.look(SYSTEM, lambda session: list(session.exec(query))):
        try:
            if agreement.decide_by(steps.SYNCHRONIZATION.message.FromString(row.body)) < before:
                store.transact(lambda tx, name=row.name: agreement.release(tx, name, NOT_AGREED))  # type: ignore[misc]
                released += 1
        except (steps.StepRefusedError, Fault) as error:
            log.info("another was faster", synchronization=row.name, error=str(error))
        except Exception:
            log.exception("what is overdue could not be released", synchronization=row.name)
    return released


CHORES: tuple[Chore, ...] = (
    Chore("pools", 1.0, _alone("pools", pools.advance_all)),
    Chore("silence", 60.0, _alone("silence", tracking.sweep)),
    Chore("overdue", 15.0, release_overdue),
    Chore("exports", 60.0, exports.resume),
    Chore("trainings", 15.0, training.resume),
)


def forgetting(retention: Retention, bridge: Bridge | None = None) -> Chore:
    """The chore that lets go of what has been kept for long enough."""
    workflows = bridge.forget if bridge else None
    return Chore("retention", 6 * 3600.0, lambda store: erase(store, retention, workflows))


async def run(store: Store, chore: Chore) -> None:
    """Do a chore for ever; one that fails is told and tried again at its next time."""
    while True:
        await asyncio.sleep(chore.every_s)
        try:
            await asyncio.to_thread(chore.do, store)
        except Exception:
            log.exception("a chore failed", chore=chore.name)
