"""What the importers of public routing instances share: reading lines of numbers, and exact plane distances."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.columns import clock_text
from experiments.generator.geography import degrees
from experiments.generator.prices import table
from experiments.problems import ProblemList, problem_error
from experiments.tables import DISTANCES, SITES, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

START = date(2026, 1, 1)
# Benchmarks count demand in one unit: it stands in the pallets, and kilograms and cubic metres never bind.
LOOSE = 1_000_000.0
LONGEST_HORIZON_MIN = 999 * 60.0
_FIGURE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Line:
    """A line of figures.

    Attributes
    ----------
    number
        In the file, from 1.
    """

    number: int
    values: tuple[float, ...]


def read_figures(path: Path, problems: ProblemList) -> list[Line]:
    """Read the lines of a text file of figures; blank lines are left out, wrong words noted.

    Raises
    ------
    InputError
        If there is no readable text.
    """
    if path.is_dir():
        raise problem_error(str(path), "", "a folder", "the text file of an instance")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise problem_error(str(path), "", f"cannot be read ({error.strerror})", "the file of an instance") from None
    except UnicodeDecodeError:
        raise problem_error(path.name, "", "not text", "the text file of an instance") from None
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        wrong = [word for word in words if not _FIGURE.fullmatch(word) or not math.isfinite(float(word))]
        for word in wrong:
            problems.add(path.name, "", word, "a finite number", line=number)
        if words and not wrong:
            lines.append(Line(number, tuple(map(float, words))))
    if not lines and not problems.count():
        raise problem_error(path.name, "", "an empty file", "the lines of an instance")
    return lines


def whole(file: str, line: Line, at: int, name: str, least: int, problems: ProblemList) -> int:
    """Read a whole number of at least some size from a line."""
    value = line.values[at]
    if value != int(value) or value < least:
        problems.add(file, name, f"{value:g}", f"a whole number >= {least}", line=line.number)
        return least
    return int(value)


def site_rows(ids: Sequence[str], kinds: Sequence[str], xy: NDArray[np.float64]) -> pd.DataFrame:
    """Write sites placed on the map near 0, 0, one unit being about a kilometre."""
    places = degrees(xy, 0.0, 0.0)
    rows = [
        {"site": site, "kind": kind, "lat": lat, "lon": lon, "zone": "all", "time_zone": "UTC"}
        for site, kind, (lat, lon) in zip(ids, kinds, places.tolist(), strict=True)
    ]
    return table(rows, SITES.names)


def distance_rows(ids: Sequence[str], xy: NDArray[np.float64]) -> pd.DataFrame:
    """Write exact Euclidean distances between all sites: a unit is a kilometre and a minute."""
    km = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    a, b = np.nonzero(~np.eye(len(ids), dtype=bool))
    names = np.array(ids, dtype=object)
    columns = (names[a], names[b], km[a, b], km[a, b])
    return pd.DataFrame(dict(zip(DISTANCES.names, columns, strict=True)))


def moment(minutes: float) -> str:
    """Write minutes after the start as a timestamp."""
    start = datetime(START.year, START.month, START.day)  # noqa: DTZ001 (written with its offset below)
    return f"{(start + timedelta(minutes=minutes)).isoformat(timespec='auto')}+00:00"


def vehicle_row(vehicle: str, carrier: str, base: str, count: int, capacity: float, until_min: float) -> dict[str, Any]:
    """Write a vehicle that runs at 1 EUR per km from minute 0 on."""
    return {
        "vehicle": vehicle,
        "carrier": carrier,
        "body": "rigid",
        "base": base,
        "count": count,
        "capacity_pallets": capacity,
        "capacity_kg": LOOSE,
        "capacity_m3": LOOSE,
        "per_km_eur": 1.0,
        "shift_opens": "00:00",
        "shift_closes": clock_text(until_min),
    }


def instance_tables(**rows: list[dict[str, Any]] | pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lay rows into the tables of a scenario, in the order in which these are declared."""
    return {
        name: given if isinstance(given, pd.DataFrame) else table(given, spec.names)
        for name, spec in TABLES.items()
        if (given := rows.get(name)) is not None
    }
