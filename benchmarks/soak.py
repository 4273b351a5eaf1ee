"""The service under mixed load for long: ``python -m benchmarks.soak [--minutes N] [--json FILE]``.

``groupage serve`` and ``groupage worker`` on SQLite: orders are submitted one at a time and in bulk, read and listed,
synchronizations are negotiated (one carrier by an agent of its own), watched and accepted. The resident memory of the
server, and of the worker with its processes, is sampled each second.

``soak_server_mib_per_hour``, ``soak_worker_mib_per_hour``
    Slope of memory after the warm-up, the first third (Theil and Sen: the median of the slopes between all pairs, which
    single peaks do not move).
``soak_server_mib``, ``soak_worker_mib``
    Memory at the end, median of the last tenth.
``soak_server_growth_mib``, ``soak_worker_growth_mib``
    What the slope comes to over the time after the warm-up.
``soak_orders``, ``soak_reads``, ``soak_synchronizations``, ``soak_failures``
    What was done meanwhile, and what failed of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import endurance_check as check
from benchmarks.common import report
from benchmarks.endurance_load import Told, Writers, ask, own_agent
from benchmarks.endurance_site import BUSY, Site, found

EVERY_S = 1.0
WARM = 1 / 3
MIB = 2**20
_OVER_S = 300.0
_MOST_SAMPLES = 400  # of pairs there are half the square


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


def slope(times: np.ndarray, values: np.ndarray) -> float:
    """Slope by Theil and Sen: median over all pairs.

    Parameters
    ----------
    times, values : (n,) arrays, n at least 2
    """
    step = -(-len(times) // _MOST_SAMPLES)
    times, values = times[::step], values[::step]
    first, second = np.triu_indices(len(times), 1)
    return float(np.median((values[second] - values[first]) / (times[second] - times[first])))


class Sampled:
    """Samples memory in a thread of its own.

    Parameters
    ----------
    processes
        Process ids by name.
    """

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes, self._over = processes, threading.Event()
        self.times: list[float] = []
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
            for name, pid in self._processes.items():
                self.bytes[name].append(resident(pid))

    def measures(self) -> dict[str, float]:
        """Slope and size of each after the warm-up."""
        out = {}
        times = np.array(self.times)
        warm = times >= times[0] + WARM * (times[-1] - times[0])
        for name, found_bytes in self.bytes.items():
            mib = np.array(found_bytes) / MIB
            per_s = slope(times[warm], mib[warm])
            out[f"soak_{name}_mib_per_hour"] = 3600 * per_s
            out[f"soak_{name}_growth_mib"] = per_s * float(np.ptp(times[warm]))
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


def soaked(folder: Path, seconds: float, *, pause_s: float = 0.02) -> dict[str, float]:
    """Load a service for some time; answers the measures of this module."""
    told, errors, count = Told(), list[str](), 0
    with Site(folder, f"sqlite:///{folder / 'store.sqlite'}") as site:
        rulebook = found(site)
        pids: dict[str, Any] = {"server": site.servers[0].process, "worker": site.workers[0].process}
        readers, sampled = Readers(site), Sampled({name: process.pid for name, process in pids.items()})
        with own_agent(site), Writers(site, told, pause_s=pause_s), readers, sampled:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                one = ask(site, rulebook, count)
                if not one.over(_OVER_S):
                    errors.append(f"{one.name} does not end")
                errors += [*one.errors, *check.synchronization(site.store, one.name)]
                count += 1
        writes = check.writes(site.store, told)
        if writes["lost"] or writes["duplicates"]:
            errors.append(f"{writes['lost']} writes are lost, {writes['duplicates']} are there twice")
    errors += [*told.errors, *readers.errors]
    for error in errors:
        print(error, file=sys.stderr)
    done = {"orders": writes["acknowledged"], "reads": readers.reads, "synchronizations": count}
    return sampled.measures() | {f"soak_{k}": float(v) for k, v in {**done, "failures": len(errors)}.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="of load")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a flat mapping of measure to number")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        measures = soaked(Path(root) / "data", 60.0 * given.minutes)
    report("the service under load", measures, ("grpcio", "dbos", "sqlalchemy"), given.json)


if __name__ == "__main__":
    main()
