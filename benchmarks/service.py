"""The service under load, on SQLite: ``python -m benchmarks.service [--quick] [--json FILE]``.

Servers and clients are processes of their own, all on this machine, without TLS. Single submits are durable and go
through everything that a call goes through: identity, limits, the schema's rules, idempotency, the audit log. They are
held against a bare echo of the same messages (``grpc.aio`` and uvloop, no interceptor), and against one SQLModel
session a call behind the same guard, over the same tables. The three take turns; ratios are medians over the turns.

``submit_over_echo``, ``submit_over_session_per_call``
    Submits a second at 64 concurrent calls, as a share of the echo's and as a multiple of the sessions'.
``bulk_lines_per_s``
    Lines of an upload in chunks of 1,000, checked and on disk.
``watch_p99_ms``
    Age of an event when a watcher has it, 99th percentile over 200 watchers at 100 events a second that another process
    stores.
"""

from __future__ import annotations

import multiprocessing as mp
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import service_peers as peers
from benchmarks.common import options, report

CLIENTS, CONCURRENT = 2, 64
SPAWN = mp.get_context("spawn")
_STALLED_S = 300


@contextmanager
def running(target: Any, *args: Any) -> Iterator[Any]:
    """A process, by the pipe to it; it is told to end at the end."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(there, *args), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.send(None)
        process.join(10)
        if process.is_alive():
            process.kill()


def heard(pipe: Any) -> Any:
    if not pipe.poll(_STALLED_S):
        raise TimeoutError(f"nothing came for {_STALLED_S} s")
    return pipe.recv()


def all_at_once(clients: list[Any], what: str, *args: Any) -> list[Any]:
    """Have all clients do the same, from the same moment; what each answers."""
    for pipe in clients:
        pipe.send((what, args))
    for pipe in clients:
        heard(pipe)
    for pipe in clients:
        pipe.send("go")
    return [heard(pipe) for pipe in clients]


def rate(amount: float, times: list[tuple[float, float]]) -> float:
    return amount / (max(end for _, end in times) - min(begin for begin, _ in times))


def submits(measures: dict[str, float], ports: dict[str, int], clients: list[Any], tokens: Any, quick: bool) -> None:
    count = {"echo": 10_000, "ours": 10_000, "sessions": 2_000}
    found: dict[str, list[float]] = {kind: [] for kind in count}
    for turn in range(2 if quick else 8):
        for kind, most in count.items():
            calls = most // CLIENTS // (5 if quick or not turn else 1)
            times = all_at_once(
                clients, "submit", ports[kind], tokens.get(kind, tokens["ours"]), calls, CONCURRENT // CLIENTS
            )
            if turn:  # the first only warms up
                found[kind].append(rate(calls * CLIENTS, times))
    for kind, name in (("echo", "echo_per_s"), ("ours", "submits_per_s"), ("sessions", "session_per_call_per_s")):
        measures[name] = statistics.median(found[kind])
    for kind, name in (("echo", "submit_over_echo"), ("sessions", "submit_over_session_per_call")):
        measures[name] = statistics.median(o / other for o, other in zip(found["ours"], found[kind], strict=True))


def bulk(measures: dict[str, float], port: int, clients: list[Any], tokens: Any, quick: bool) -> None:
    chunks, lines = (10, 1_000) if quick else (60, 1_000)
    found = []
    for turn in range(2 if quick else 6):
        times = all_at_once(clients[:1], "upload", port, tokens, chunks, lines)
        if turn:
            found.append(rate(chunks * lines, times))
    measures["bulk_lines_per_s"] = statistics.median(found)


def watch(measures: dict[str, float], port: int, clients: list[Any], tokens: Any, folder: Path, quick: bool) -> None:
    watchers, events, per_s = 200, 300 if quick else 1_500, 100.0
    for pipe in clients:
        pipe.send(("watch", (port, tokens, watchers // CLIENTS, events)))
    for pipe in clients:
        heard(pipe)
    for pipe in clients:
        pipe.send("go")
    worker = SPAWN.Process(target=peers.happen, args=(folder, events, per_s), daemon=True)
    worker.start()
    ages = np.concatenate([heard(pipe) for pipe in clients])
    worker.join(10)
    measures["watch_p50_ms"], measures["watch_p99_ms"] = (float(v) for v in np.percentile(ages, [50, 99]))
    measures["watch_events_delivered"] = float(ages.size)


def measured(quick: bool) -> dict[str, float]:
    measures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as root, ExitStack() as stack:
        folders = {kind: Path(root) / kind for kind in ("ours", "sessions")}
        tokens = {}
        for kind, folder in folders.items():
            folder.mkdir()
            tokens[kind] = peers.seed(f"sqlite:///{folder / 'store.sqlite'}")
        servers = {
            k: stack.enter_context(running(peers.serve, k, folders.get(k))) for k in ("echo", "sessions", "ours")
        }
        ports = {kind: heard(pipe) for kind, pipe in servers.items()}
        clients = [stack.enter_context(running(peers.client)) for _ in range(CLIENTS)]
        submits(measures, ports, clients, tokens, quick)
        bulk(measures, ports["ours"], clients, tokens["ours"], quick)
        watch(measures, ports["ours"], clients, tokens["ours"], folders["ours"], quick)
    return measures


def main() -> None:
    given = options(__doc__)
    report("the service on SQLite", measured(given.quick), ("grpcio", "protobuf", "sqlalchemy", "sqlmodel"), given.json)


if __name__ == "__main__":
    main()
