"""What goes on while processes are killed, for `benchmarks.endurance`: writes, watchers, negotiations, an own agent."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from google.protobuf.duration_pb2 import Duration

from agents.policy import Effort
from benchmarks.endurance_site import BUSY, CARRIERS, OWN, POOL, SHIPPERS, UNDAUNTED, Site, fleet_rows, order
from groupage.client.agent import Agent
from groupage.client.carrier import Fleet, pays
from groupage.errors import ServiceError
from groupage.v1 import orders_pb2, proposals_pb2, synchronizations_pb2

FAR = timedelta(days=40)  # orders that no synchronization here is about
QUICK = Effort(quote_iterations=3, carrier_iterations_per_job=5, standalone_iterations_per_job=5)


@dataclass
class Told:
    """What the writers sent, and what they were answered.

    Attributes
    ----------
    answers
        Of single submits: name by external reference; only acknowledged ones.
    receipts
        Of chunks: names by request id.
    twice
        Answers to a request sent again that differ from the first.
    """

    answers: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    twice: int = 0


class Writers:
    """Threads that submit orders, one at a time and in chunks, until they are told to stop; each ends acknowledged."""

    def __init__(self, site: Site, told: Told, *, singles: int = 3, lines: int = 100, pause_s: float = 0.02) -> None:
        self._site, self.told, self._lines, self._pause_s = site, told, lines, pause_s
        self._over = threading.Event()
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._day = day + FAR
        work = [self._single] * singles + [self._chunks]
        self._threads = [threading.Thread(target=self._guarded, args=(w, i), daemon=True) for i, w in enumerate(work)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(120)
            if thread.is_alive():
                self.told.errors.append("a writer is not answered")

    def _guarded(self, work: Any, number: int) -> None:
        try:
            with self._site.client(BUSY) as client:
                work(client, number)
        except Exception as error:
            self.told.errors.append(f"writer {number}: {error!r}")

    def _single(self, client: Any, number: int) -> None:
        for i in range(10**9):
            if self._over.is_set():
                return
            ref, key = f"single/{number}/{i}", str(uuid.uuid4())
            asked = orders_pb2.CreateOrderRequest(
                parent=f"companies/{BUSY}", order=order(BUSY, ref, self._day, i), request_id=key
            )
            self.told.requests[key] = ref
            self.told.answers[ref] = client.orders.create_order(asked).name
            if i % 5 == 0 and client.orders.create_order(asked).name != self.told.answers[ref]:
                self.told.twice += 1
            time.sleep(self._pause_s)

    def _chunks(self, client: Any, number: int) -> None:
        for i in range(10**9):
            if self._over.is_set():
                return
            lines = [order(BUSY, f"chunk/{i}/{k}", self._day, k) for k in range(self._lines)]
            receipt = client.upload_orders(f"companies/{BUSY}", lines)
            if len(receipt.failures):
                self.told.errors.append(f"chunk {i}: {receipt.failures['message'].iloc[0]}")
            self.told.receipts[str(i)] = tuple(receipt.stored["name"])
            time.sleep(10 * self._pause_s)


@contextlib.contextmanager
def own_agent(site: Site) -> Iterator[Agent]:
    """The carrier's own agent converses, in a thread."""
    name = f"companies/{OWN}"
    seat = Fleet.of(pd.DataFrame(fleet_rows()), name).seat(effort=QUICK)
    agent = Agent(site.connection(OWN), name, ["ROLE_CARRIER"], seat, decide=pays, retries=UNDAUNTED)
    thread = threading.Thread(target=agent.run, daemon=True)
    thread.start()
    try:
        yield agent
    finally:
        agent.stop()
        thread.join(30)


@dataclass
class Round:
    """One synchronization, as its participants see it.

    Attributes
    ----------
    states
        By company: the states that were told, in order.
    gaps
        Events whose number was not the next one.
    hold
        Proposals are answered once this is set.
    """

    name: str
    states: dict[str, list[int]] = field(default_factory=dict)
    gaps: int = 0
    errors: list[str] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def over(self, within_s: float) -> bool:
        """Wait until every participant was told how it ended."""
        until = time.monotonic() + within_s
        for thread in self.threads:
            thread.join(max(until - time.monotonic(), 0.01))
        return not any(thread.is_alive() for thread in self.threads)


def ask(site: Site, rulebook: str, number: int, *, each: int = 3) -> Round:
    """Submit orders of a day, ask for its synchronization, and have all but the own agent watch and accept."""
    now = datetime.now(UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2 + number)
    for company in SHIPPERS:
        with site.client(company) as client:
            lines = [order(company, f"{company}/{number}/{i}", day, i) for i in range(each)]
            client.upload_orders(f"companies/{company}", lines)
    asked = synchronizations_pb2.RequestSynchronizationRequest(
        parent=POOL, rulebook=rulebook, reply_within=Duration(seconds=60)
    )
    asked.window_start.FromDatetime(day)
    asked.window_end.FromDatetime(day + timedelta(days=1))
    asked.decide_by.FromDatetime(now + timedelta(minutes=4))
    with site.client(SHIPPERS[0]) as client:
        operation = client.synchronizations.request_synchronization(asked)
    meta = synchronizations_pb2.RequestSynchronizationMetadata()
    operation.metadata.Unpack(meta)
    one = Round(meta.synchronization)
    one.hold.set()
    for company in (*SHIPPERS, *CARRIERS):
        thread = threading.Thread(target=_watch, args=(site, one, company), daemon=True)
        one.threads.append(thread)
        thread.start()
    return one


def _watch(site: Site, one: Round, company: str) -> None:
    last, states = 0, one.states.setdefault(company, [])
    try:
        with site.client(company) as client:
            for event in client.watch(one.name):
                one.gaps += event.sequence != last + 1
                last = event.sequence
                if event.HasField("state_changed"):
                    states.append(event.state_changed.state)
                changed = event.proposal_changed
                if event.HasField("proposal_changed") and changed.state == proposals_pb2.Proposal.OPEN:
                    one.hold.wait()
                    if company != OWN:
                        _accept(client, changed.proposal)
    except Exception as error:
        one.errors.append(f"{company}: {error!r}")


def _accept(client: Any, name: str) -> None:
    proposal = client.synchronizations.get_proposal(name=name)
    try:
        client.synchronizations.accept_proposal(name=name, etag=proposal.etag)
    except ServiceError as error:
        # Its time is over, or another round has begun: a later event says so.
        if error.status not in ("ABORTED", "FAILED_PRECONDITION"):
            raise
