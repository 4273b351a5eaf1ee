"""Hostile requests to every method of the service over the wire: what came back, and that nothing came that must not.

Three in seven keep the schema's rules, or all but one; the others are odd messages and mutated bytes. They come from
four companies, the operator, nobody, and holders of a revoked and a forged token. Every record of every company carries
marks, which are looked for in every byte that comes back (`tests/server/canaries.py`).

    python -m benchmarks.fuzz --calls 100000 --seed 1
    python -m benchmarks.fuzz --calls 20000 --postgresql

It ends with status 1 if any answer was a fault of the service, carried the text of an exception or another's data.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from benchmarks.common import report
from server.store import Store
from tests.server import postgres
from tests.server.fuzzing import Found, fuzz, healthy, listening
from tests.server.hostile import planted


def resident_mib() -> float:
    """Memory that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


@contextlib.contextmanager
def address(postgresql: bool) -> Iterator[str]:
    """Address of an empty store."""
    if postgresql:
        with postgres.cluster() as socket:
            yield postgres.create(socket, "fuzz")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield f"sqlite:///{folder}/store.sqlite"


async def attack(store: Store, calls: int, seed: int) -> tuple[Found, list[float], float]:
    """Make the calls; answers what came of them, memory after each tenth, and the seconds that they took."""
    rng, memory = np.random.default_rng(seed), [resident_mib()]
    whole = Found()
    began = time.perf_counter()
    async with planted(store) as site:
        for _ in range(10):
            found = await fuzz(site, calls // 10, rng)
            whole.counts.update(found.counts)
            whole.hows.update(found.hows)
            whole.wrong += found.wrong
            for why, sent, answer in found.wrong[:20]:
                say(f"WRONG {why}: {sent.who} {sent.method.path} {sent.how} {sent.requests!r} {answer}")
            memory.append(resident_mib())
            say(f"{sum(whole.counts.values()):>8,} calls, {len(whole.wrong)} wrong, {memory[-1]:,.0f} MiB")
        seconds = time.perf_counter() - began
        await asyncio.sleep(1)
        await healthy(site)
    return whole, memory, seconds


def say(text: str) -> None:
    """Tell people."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(counts: Counter[tuple[str, str]]) -> str:
    """Counts by what is first, and by status."""
    codes = sorted({code for _, code in counts})
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    for (what, code), count in counts.items():
        rows[what][code] = count
    width = max(len(what) for what in rows)
    lines = [" " * width + "".join(f" {code[:11]:>11}" for code in codes)]
    for what in sorted(rows):
        counted = "".join(f" {rows[what].get(code, 0):>11,}" for code in codes)
        lines.append(f"{what:<{width}}{counted}")
    return "\n".join(lines)


def main() -> int:
    """Attack a server of this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own, not on SQLite")
    parser.add_argument("--quick", action="store_true", help="5,000 calls")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a flat mapping of measure to number")
    given: Any = parser.parse_args()
    calls = 5_000 if given.quick else given.calls
    with address(given.postgresql) as url, listening() as exceptions:
        store = Store(url)
        try:
            found, memory, seconds = uvloop.run(attack(store, calls, given.seed))
        finally:
            store.close()
        logged = exceptions()
    say(table(Counter({(path.removeprefix("/"), code): n for (path, code), n in found.counts.items()})))
    say(table(found.hows))
    total = sum(found.counts.values())
    measures = {
        "calls": total,
        "calls_per_s": total / seconds,
        "wrong": len(found.wrong),
        "exceptions_logged": len(logged),
        "memory_after_a_tenth_mib": memory[1],
        "memory_mib": memory[-1],
    }
    report("hostile requests", measures, ("grpcio", "protobuf", "protovalidate", "sqlalchemy"), given.json)
    for line in logged[:20]:
        say(f"LOGGED {line}")
    return int(bool(found.wrong or logged))


if __name__ == "__main__":
    sys.exit(main())
