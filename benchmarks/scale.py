"""One planning day up to 5,000 shipments: ``python -m benchmarks.scale [--quick] [--plot FILE]``.

A generated region with a factory for 50 shipments, a hub for 250, a carrier for 100 and a client for each, on an area
that grows with them: 100 factories, 20 hubs and 50 carriers at 5,000. All shipments are on the table at once and
`proportional` shares the cost. Each size is simulated in a process of its own, once the compiled parts are warm:
stand-alone plans, the negotiation, and the day as it was driven, with and without the pool. A process uses one core;
on two, two sizes or days run beside each other.

Keys are ``scale.<protocol>.<shipments>.<figure>``, and ``scale.<protocol>.growth_exponent``: the slope of the logarithm
of processor seconds over that of shipments, by least squares.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from agents.model import World, pooling_model
from agents.policy import Choice, Policy
from benchmarks.common import report
from experiments.generator import GeneratorParams, generate_to
from experiments.runs import world_of
from experiments.scenario import load_scenario

PROTOCOLS = ("contract_net", "request_exchange")
SIZES, QUICK_SIZES = (500, 1000, 2000, 5000), (60, 120)
MB = 1024  # kilobytes, in which Linux counts a process's memory
LIMIT_EXPONENT = 1.3  # drawn as a line beside the measured times


def params_of(shipments: int) -> GeneratorParams:
    """A region for so many shipments a day."""
    side = (shipments / 500) ** 0.5
    return GeneratorParams(
        factories=max(2, shipments // 50),
        hubs=max(1, shipments // 250),
        carriers=max(2, shipments // 100),
        clients=shipments,
        towns=max(2, min(50, shipments // 125)),
        zones=min(99, max(4, shipments // 62)),
        width_km=min(1000.0, 150 * side),
        height_km=min(1000.0, 120 * side),
        orders_per_day=float(shipments),
        days=1,
        history_days=0,
        ahead_days=0,
    )


def world(shipments: int) -> World:
    """A region's first day with so many of its shipments."""
    with tempfile.TemporaryDirectory() as name:
        generate_to(Path(name) / "scenario", params_of(shipments))
        whole = world_of(load_scenario(Path(name) / "scenario"))
    day, start, released = whole.releases[0]
    some = np.linspace(0, len(released) - 1, min(shipments, len(released))).round().astype(int)
    return replace(whole, releases=((day, start, tuple(released[k] for k in some)),))


def day_of(protocol: str, shipments: int) -> dict[str, float]:
    """Simulate one day; figures of time, memory and outcome."""
    policy = Policy(name=protocol, protocol=Choice(name=protocol))
    with pooling_model(world(min(QUICK_SIZES)), policy, seed=1) as warm:
        warm.run_day()
    subject = world(shipments)
    cpu, wall = time.process_time(), time.perf_counter()
    with pooling_model(subject, policy, seed=1) as model:
        day = model.run_day()
    return {
        "negotiated": len(day.market.shipments),
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB,
        "rounds": day.settlement.evidence.rounds,
        "messages": day.settlement.evidence.messages,
        "pooled": len(day.settlement.pooled),
        "saving_percent": 100 * (1 - day.executed.paid_cents / day.alone.paid_cents),
    }


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of the logarithms: 1 where time grows with the market, 2 where it grows with its square."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def measured(protocols: Sequence[str], sizes: Sequence[int]) -> dict[str, float]:
    """Simulate every size under every protocol, each in a new process, so that memory is its own."""
    measures: dict[str, float] = {}
    spawn = multiprocessing.get_context("spawn")
    for protocol in protocols:
        rows = []
        for size in sizes:
            with spawn.Pool(1) as process:
                rows.append(process.apply(day_of, (protocol, size)))
            measures |= {f"scale.{protocol}.{size}.{figure}": value for figure, value in rows[-1].items()}
        slope = exponent([row["negotiated"] for row in rows], [row["cpu_s"] for row in rows])
        measures[f"scale.{protocol}.growth_exponent"] = slope
    return measures


def plot(measures: Mapping[str, float], protocols: Sequence[str], sizes: Sequence[int], file: Path) -> None:
    """Draw seconds and memory over shipments, with a line for time that grows as n^1.3."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for protocol in protocols:
        table = {name: [measures[f"scale.{protocol}.{n}.{name}"] for n in sizes] for name in ("cpu_s", "peak_mb")}
        slope = measures[f"scale.{protocol}.growth_exponent"]
        left.loglog(sizes, table["cpu_s"], "o-", label=f"{protocol}: n^{slope:.2f}")
        right.plot(sizes, np.array(table["peak_mb"]) / MB, "o-", label=protocol)
        limit = table["cpu_s"][0] * (np.array(sizes) / sizes[0]) ** LIMIT_EXPONENT
        left.loglog(sizes, limit, ":", color="grey")
    left.plot([], [], ":", color="grey", label=f"n^{LIMIT_EXPONENT:g}")
    left.set(xlabel="shipments", ylabel="processor seconds")
    left.minorticks_off()
    left.set_xticks(sizes, [f"{n:,}" for n in sizes])
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1000) if t < left.get_ylim()[1]]
    left.set_yticks(ticks, [f"{t:,}" for t in ticks])
    right.set(xlabel="shipments", ylabel="peak memory, GB", ylim=(0, None))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    plt.rcParams["svg.hashsalt"] = "groupage"
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else {})
    plt.close(figure)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description="How a planning day grows with its shipments.")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--protocols", default=",".join(PROTOCOLS), help="by name, with commas between them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a flat mapping of measure to number")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curve, as SVG or PNG")
    given = parser.parse_args()
    sizes = QUICK_SIZES if given.quick else SIZES
    protocols = given.protocols.split(",")
    measures = measured(protocols, sizes)
    if given.plot:
        plot(measures, protocols, sizes, given.plot)
    report("A planning day as it grows", measures, ("groupage", "numba", "pyvrp", "scipy"), given.json)


if __name__ == "__main__":
    main()
