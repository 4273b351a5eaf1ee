"""What every benchmark shares: its options, the clock, and a table that names versions and machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text


def options(description: str) -> argparse.Namespace:
    """Read ``--quick`` and ``--json FILE``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small sizes and few repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a flat mapping of measure to number")
    return parser.parse_args()


def seconds(work: Callable[[], object], repetitions: int) -> float:
    """Median time of some work."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def machine() -> str:
    """Processor, cores and Python of this machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def report(title: str, measures: Mapping[str, float], packages: tuple[str, ...], json_file: Path | None) -> None:
    """Print the measures as a table that names versions and machine, and write them where asked for."""
    table = Table(title=title, title_justify="left")
    table.add_column("measure")
    table.add_column("value", justify="right")
    for measure, value in measures.items():
        table.add_row(Text(measure), f"{value:,.4g}")
    console = Console()
    console.print(table)
    console.print(Text(f"{', '.join(f'{p} {version(p)}' for p in packages)}; {machine()}"))
    if json_file is not None:
        json_file.write_text(json.dumps(dict(measures), indent=2) + "\n", encoding="utf-8")
