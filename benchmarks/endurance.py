"""The service while it is killed: ``python -m benchmarks.endurance [--rounds N] [--only NAME] [--json FILE]``.

``groupage serve`` and ``groupage worker`` run as processes of their own, on SQLite and on PostgreSQL (a cluster of its
own that ``initdb`` makes; left out where there is none). Orders are submitted one at a time and in bulk, sent again
after breaks with the same request ids; two shippers and two carriers, one of them with an agent of its own, negotiate
and watch a synchronization each round. At a random moment of it server, worker or both are killed -9, and started
again.

With two replicas, servers and workers, on one PostgreSQL, the pair whose worker has the synchronization is killed; it
comes back only when the other has taken over. In every second round the dead process stays in the process table, so
that it is noticed by its heartbeat alone, as one of another machine is.

For each of ``sqlite``, ``postgresql`` and ``replicas``:

``NAME_rounds``, ``NAME_kills``
    Synchronizations, and processes killed.
``NAME_acknowledged``, ``NAME_lost``, ``NAME_duplicates``
    Orders whose submission was answered; of these, not there as answered; there twice, by external reference or request
    id.
``NAME_committed``
    Synchronizations that came to a plan that all accepted.
``NAME_wrong``
    Synchronizations that are not final, whose settlement is not what their transcript replays to, of which something
    was done twice, or whose watchers missed something.
``NAME_failures``
    Writers that were refused, or not answered in the end.
``replicas_takeover_s``
    Longest time from the kill until another worker had the synchronization.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks import endurance_check as check
from benchmarks.common import report
from benchmarks.endurance_load import Round, Told, Writers, ask, own_agent
from benchmarks.endurance_postgres import cluster
from benchmarks.endurance_site import Site, found
from server.durable import engine

OVER_S = 300.0
TAKEOVER_S = 30.0
_TAKEOVER_AT_MOST_S = 120.0


def killed_and_restarted(site: Site, rng: np.random.Generator) -> int:
    """Kill server, worker or both at a random moment, and start them again; answers how many."""
    time.sleep(float(rng.uniform(0.0, 5.0)))
    victims = ([site.servers[0]], [site.workers[0]], [site.servers[0], site.workers[0]])[int(rng.integers(3))]
    for program in victims:
        program.kill()
    for program in victims:
        program.bury()
        program.start()
    for program in victims:
        program.ready()
    return len(victims)


def pair_killed(site: Site, one: Round, rng: np.random.Generator, *, unseen: bool) -> float:
    """Kill the worker that has a synchronization, with its server; answers after how long another one had it.

    Parameters
    ----------
    unseen
        Leave the dead in the process table until then.
    """
    client = engine.client(site.store_url)
    try:
        until = time.monotonic() + OVER_S
        while not (had := getattr(engine.latest(client, one.name), "executor_id", None)) or "." not in had:
            if time.monotonic() > until:
                raise TimeoutError(f"nobody took {one.name}")
            time.sleep(0.02)
        time.sleep(float(rng.uniform(0.0, 2.0)))
        pids = [w.process.pid for w in site.workers if w.process]
        pair = pids.index(int(had.rsplit(".", 1)[1]))
        victims = (site.workers[pair], site.servers[pair])
        killed_at = time.monotonic()
        for program in victims:
            program.kill()
            if not unseen:
                program.bury()
        while engine.latest(client, one.name).executor_id == had:
            if time.monotonic() > killed_at + _TAKEOVER_AT_MOST_S:
                raise TimeoutError(f"nobody took {one.name} over")
            time.sleep(0.05)
        took_s = time.monotonic() - killed_at
        one.hold.set()
        for program in victims:
            program.bury()
            program.start()
        for program in victims:
            program.ready()
        return took_s
    finally:
        client.destroy()


def endured(name: str, store_url: str, folder: Path, rounds: int, seed: int, *, replicas: int = 1) -> dict[str, float]:
    """Go through some rounds on a store; answers the measures of this module under a name."""
    rng, told, total = np.random.default_rng([seed, replicas]), Told(), Counter[str]()
    takeovers: list[float] = []
    with Site(folder, store_url, replicas) as site, ExitStack() as stack:
        rulebook = found(site)
        played = []
        stack.enter_context(own_agent(site))
        with Writers(site, told):
            for number in range(rounds):
                one = ask(site, rulebook, number)
                played.append(one)
                if replicas > 1:
                    one.hold.clear()  # it must still be open when its worker dies
                    takeovers.append(pair_killed(site, one, rng, unseen=number % 2 == 1))
                    total["kills"] += 2
                else:
                    total["kills"] += killed_and_restarted(site, rng)
                if not one.over(OVER_S):
                    one.errors.append("its participants were not told that it is over")
        total += check.writes(site.store, told)
        for error in told.errors:
            print(f"{name}: {error}", file=sys.stderr)
        for one in played:
            wrong = [*one.errors, *check.synchronization(site.store, one.name)]
            wrong += [f"{one.gaps} gaps in what was watched"] if one.gaps else []
            for what in wrong:
                print(f"{name}: {one.name}: {what}", file=sys.stderr)
            total["wrong"] += bool(wrong)
            total["committed"] += check.committed(site.store, one.name)
    keys = ("kills", "acknowledged", "lost", "duplicates", "committed", "wrong")
    measures: dict[str, float] = {"rounds": rounds, **{key: total[key] for key in keys}, "failures": len(told.errors)}
    if takeovers:
        measures["takeover_s"] = max(takeovers)
    return {f"{name}_{key}": float(value) for key, value in measures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="synchronizations on each")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and victims")
    parser.add_argument("--only", choices=("sqlite", "postgresql", "replicas"), action="append")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a flat mapping of measure to number")
    given = parser.parse_args()
    chosen = given.only or ["sqlite", "postgresql", "replicas"]
    measures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root, ExitStack() as stack:
        database = stack.enter_context(cluster()) if set(chosen) - {"sqlite"} else None
        for name in chosen:
            folder = Path(root) / name
            folder.mkdir()
            url = f"sqlite:///{folder / 'store.sqlite'}" if name == "sqlite" else None
            if url is None:
                if database is None:
                    print(f"{name}: PostgreSQL is not installed here", file=sys.stderr)
                    continue
                url = database(name)
            replicas = 2 if name == "replicas" else 1
            measures |= endured(name, url, folder, given.rounds, given.seed, replicas=replicas)
    report("the service, killed", measures, ("grpcio", "dbos", "sqlalchemy"), given.json)


if __name__ == "__main__":
    main()
