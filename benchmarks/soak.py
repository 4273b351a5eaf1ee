"""The service under mixed load for long: ``python -m benchmarks.soak [--minutes N] [--postgresql] [--json FILE]``.

``groupage serve`` and ``groupage worker``: orders are submitted one at a time and in bulk, read and listed,
synchronizations are negotiated (one carrier by an agent of its own), watched and accepted. The resident memory of the
server, and of the worker with its processes, is sampled each second, from when the store has been filled with `FILL`
orders: SQLite's caches and the rooms of the allocator have had what they take at once by then.

Memory is **flat** if the growth for each order is below `MOST_MIB`, with its confidence interval, in what follows the
first third. By work and not by time, since what is kept is kept of something that was done. It ends with status 1 and
says what is not, if anything is not flat or failed.

``soak_server_mib_per_10000_orders``, ``soak_worker_mib_per_10000_orders``, each also ``_low`` and ``_high``
    Slope of memory over orders (Theil and Sen: the median of the slopes between all pairs, which single peaks do not
    move) and its 95 % confidence interval, of the medians of `BLOCKS` equal parts: single samples hang together, and
    would make the interval too narrow.
``soak_server_mib_per_hour``, ``soak_worker_mib_per_hour``
    The slope at the rate of orders of this run.
``soak_server_mib``, ``soak_worker_mib``
    Memory at the end, median of the last tenth.
``soak_orders``, ``soak_reads``, ``soak_synchronizations``, ``soak_failures``
    What was done meanwhile, and what failed of it.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import theilslopes

from benchmarks import endurance_check as check
from benchmarks.common import report
from benchmarks.endurance_load import FAR, Told, Writers, ask, own_agent
from benchmarks.endurance_postgres import cluster
from benchmarks.endurance_site import BUSY, Site, found, order

EVERY_S = 1.0
WARM = 1 / 3
BLOCKS = 30
# 26 bytes an order: less than the smallest text or number and its place in a list.
MOST_MIB = 0.25
FILL = 60_000
LINES = 100  # of the chunks that are uploaded meanwhile
MIB = 2**20
_OVER_S = 300.0


def resident(pid: int) -> int:
    """Memory of a process and all its children, bytes; without what they share with files or each other."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("RssAnon:"):
                total += 1024 * int(line.split()[1])
        children = [c for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return total
    return total + sum(resident(int(child)) for child in children)


def slope(orders: np.ndarray, mib: np.ndarray) -> tuple[float, float, float]:
    """Growth for each order by Theil and Sen, and its 95 % confidence interval.

    Parameters
    ----------
    orders, mib : (n,) arrays, n at least 2
        Samples in the order in which they were taken, at equal distances.
    """
    count = min(BLOCKS, len(orders))
    medians = [[float(np.median(part)) for part in np.array_split(values, count)] for values in (orders, mib)]
    found = theilslopes(medians[1], medians[0], alpha=0.95)
    return float(found.slope), float(found.low_slope), float(found.high_slope)


def not_flat(measures: dict[str, float], most_mib: float = MOST_MIB) -> list[str]:
    """Say of what it is not shown that it grows by less than so much in 10,000 orders."""
    wrong = []
    for name in ("server", "worker"):
        key = f"soak_{name}_mib_per_10000_orders"
        each, high = measures[key], measures[f"{key}_high"]
        if not high < most_mib:  # nor where it is no number
            wrong.append(
                f"{name}: {each:+.3f} MiB in 10,000 orders, perhaps {high:+.3f}; expected surely less than {most_mib:g}"
            )
    return wrong


class Sampled:
    """Samples memory in a thread of its own.

    Parameters
    ----------
    processes
        Process ids by name.
    orders
        Tells how many orders were acknowledged.
    """

    def __init__(self, processes: dict[str, int], orders: Callable[[], int]) -> None:
        self._processes, self._orders, self._over = processes, orders, threading.Event()
        self.times: list[float] = []
        self.orders: list[int] = []
        self.bytes: dict[str, list[int]] = {name: [] for name in processes}
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Sampled:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _sample(self) -> None:
        while not self._over.wait(EVERY_S):
            self.times.append(time.monotonic())
            self.orders.append(self._orders())
            for name, pid in self._processes.items():
                self.bytes[name].append(resident(pid))

    def measures(self) -> dict[str, float]:
        """Slope and size of each after the warm-up."""
        out: dict[str, float] = {}
        times, orders = np.array(self.times), np.array(self.orders)
        warm = times >= times[0] + WARM * (times[-1] - times[0])
        per_s = float(np.ptp(orders[warm]) / np.ptp(times[warm]))
        for name, found_bytes in self.bytes.items():
            mib = np.array(found_bytes) / MIB
            each, low, high = slope(orders[warm], mib[warm])
            key = f"soak_{name}_mib_per_10000_orders"
            out |= {key: 1e4 * each, f"{key}_low": 1e4 * low, f"{key}_high": 1e4 * high}
            out[f"soak_{name}_mib_per_hour"] = 3600 * per_s * each
            out[f"soak_{name}_mib"] = float(np.median(mib[-max(len(mib) // 10, 1) :]))
        return out


class Readers:
    """A thread that lists and gets orders, until it is told to stop."""

    def __init__(self, site: Site) -> None:
        self._site, self._over, self.reads = site, threading.Event(), 0
        self.errors: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Readers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    def _read(self) -> None:
        try:
            with self._site.client(BUSY) as client:
                while not self._over.wait(0.1):
                    page = client.orders.list_orders(parent=f"companies/{BUSY}", page_size=50)
                    for one in page.orders[:5]:
                        client.orders.get_order(name=one.name)
                    self.reads += 1 + len(page.orders[:5])
        except Exception as error:
            self.errors.append(f"reader: {error!r}")


def fill(site: Site, count: int) -> None:
    """Store orders that nothing here is about."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + FAR
    with site.client(BUSY) as client:
        for at in range(0, count, 1_000):
            lines = [order(BUSY, f"fill/{at + k}", day, k) for k in range(min(1_000, count - at))]
            client.upload_orders(f"companies/{BUSY}", lines)


def soaked(folder: Path, url: str, seconds: float, *, pause_s: float = 0.02, filled: int = FILL) -> dict[str, float]:
    """Load a service for some time; answers the measures of this module.

    Parameters
    ----------
    folder, url
        Of the service's files, and of its store.
    pause_s
        Between two orders of each of those who submit.
    filled
        Orders that are there before.
    """
    told, errors, count = Told(), list[str](), 0
    with Site(folder, url) as site:
        rulebook = found(site)
        fill(site, filled)
        pids: dict[str, Any] = {"server": site.servers[0].process, "worker": site.workers[0].process}
        readers = Readers(site)
        sampled = Sampled(
            {name: process.pid for name, process in pids.items()},
            lambda: len(told.answers) + LINES * len(told.receipts),
        )
        with own_agent(site), Writers(site, told, lines=LINES, pause_s=pause_s), readers, sampled:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                one = ask(site, rulebook, count)
                if not one.over(_OVER_S):
                    errors.append(f"{one.name} does not end")
                errors += [*one.errors, *check.synchronization(site.store, one.name)]
                count += 1
        writes = check.writes(site.store, told, LINES)
        if writes["lost"] or writes["duplicates"]:
            errors.append(f"{writes['lost']} writes are lost, {writes['duplicates']} are there twice")
    errors += [*told.errors, *readers.errors]
    for error in errors:
        print(error, file=sys.stderr)
    done = {"orders": writes["acknowledged"], "reads": readers.reads, "synchronizations": count}
    return sampled.measures() | {f"soak_{k}": float(v) for k, v in {**done, "failures": len(errors)}.items()}


@contextlib.contextmanager
def store_url(folder: Path, postgresql: bool) -> Iterator[str]:
    """Where the store is: a file, or a database in a cluster of its own."""
    if not postgresql:
        yield f"sqlite:///{folder / 'store.sqlite'}"
        return
    with cluster() as make:
        if make is None:
            raise SystemExit("PostgreSQL is not installed here")
        yield make("soak")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="of load")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own, not on SQLite")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a flat mapping of measure to number")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        folder = Path(root) / "data"
        with store_url(folder, given.postgresql) as url:
            measures = soaked(folder, url, 60.0 * given.minutes)
    report("the service under load", measures, ("grpcio", "dbos", "sqlalchemy"), given.json)
    wrong = not_flat(measures)
    print("\n".join(wrong) or "memory is flat")
    return int(bool(wrong or measures["soak_failures"]))


if __name__ == "__main__":
    sys.exit(main())
