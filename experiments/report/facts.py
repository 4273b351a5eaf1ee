"""What a run's tables say, added up for the report. Nothing here formats or draws."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from agents.telling import quoted
from experiments.report.words import reason_group
from logistics.costs import LINE_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from experiments.report.reading import Row, RunFiles

BEFORE, AFTER = "before", "after"
POOL, ALONE, GROUPAGE, HELD, UNSERVED = "pool", "alone", "groupage", "held", "unserved"


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure without and with the pool; None where it is not known or has no meaning."""

    before: float | None = None
    after: float | None = None

    @property
    def change(self) -> float | None:
        """With less without."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def change_percent(self) -> float | None:
        """Change in percent of the figure without the pool; None from nothing."""
        change = self.change
        return 100 * change / abs(self.before) if change is not None and self.before else None


@dataclass(frozen=True)
class Measures:
    """The figures that a run or one of its days is judged by.

    Attributes
    ----------
    load_factor
        Mean over vehicles of the fullest moment of each tour, 0 to 1.
    on_time_percent
        Of the shipments that were delivered.
    """

    cost_eur: Pair = Pair()
    resource_eur: Pair = Pair()
    kgco2e: Pair = Pair()
    vehicles: Pair = Pair()
    distance_km: Pair = Pair()
    load_factor: Pair = Pair()
    on_time_percent: Pair = Pair()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of cost, as paid and as resource cost."""

    name: str
    paid: Pair
    resource: Pair


@dataclass(frozen=True, slots=True)
class Party:
    """What a participant had of the run, in EUR.

    Attributes
    ----------
    alone, paid
        For an owner: its cost without the pool; its share and what it paid for shipments outside.
    """

    id: str
    role: str
    alone: float = 0.0
    paid: float = 0.0
    received: float = 0.0
    cost: float = 0.0
    gain: float = 0.0
    displaced: float = 0.0
    disclosed: int = 0

    @property
    def gain_percent(self) -> float | None:
        """Gain in percent of the cost alone."""
        return 100 * self.gain / self.alone if self.alone > 0 else None


@dataclass(frozen=True, slots=True)
class Reason:
    """Shipments that stayed outside the pool for one reason, with some of them as examples.

    Attributes
    ----------
    excess_percent
        Where quotes were too dear: the median of how much the lowest one lay above going alone.
    """

    words: str
    shipments: int
    modes: Mapping[str, int]
    examples: Sequence[Row] = ()
    excess_percent: float | None = None


@dataclass(frozen=True, slots=True)
class HubUse:
    """What went through a hub."""

    id: str
    bookings: int
    pallets: float
    price: float


@dataclass(frozen=True)
class RunFacts:
    """Everything a run's report tells.

    Attributes
    ----------
    modes
        Shipments by how they ended, by scope.
    held_days
        Times that a shipment was kept back for a later day.
    """

    files: RunFiles
    total: Measures
    days: Mapping[date, Measures]
    lines: Sequence[Line]
    parties: Sequence[Party]
    modes: Mapping[str, Mapping[str, int]]
    reasons: Sequence[Reason]
    held: Sequence[Reason]
    hubs: Sequence[HubUse]
    stability: Mapping[date, Mapping[str, Any]] = field(default_factory=dict)
    shipments: int = 0
    rounds: int = 0
    messages: int = 0
    operator_eur: float | None = None
    efficiency: float | None = None

    @property
    def owners(self) -> list[Party]:
        """Who owns shipments."""
        return [p for p in self.parties if p.role == "owner"]

    @property
    def providers(self) -> list[Party]:
        """Carriers and hubs."""
        return [p for p in self.parties if p.role != "owner"]

    @property
    def pooled(self) -> int:
        """Shipments that travelled in the pool."""
        return self.modes[AFTER].get(POOL, 0)

    @property
    def unserved(self) -> int:
        """Shipments that nobody could deliver."""
        return self.modes[AFTER].get(UNSERVED, 0)


def figure(value: Any) -> float:
    """Return a number, nothing counting as 0."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def known(value: Any) -> float | None:
    """Return a number, or None where it is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def run_facts(files: RunFiles) -> RunFacts:
    """Add up a run."""
    measured = {day: _measures(of) for day, of in _by_day(files).items()}
    summary = files.summary
    modes = {scope: _modes(files.rows("shipments", scope)) for scope in (BEFORE, AFTER)}
    delivered = sum(n for mode, n in modes[AFTER].items() if mode != HELD)
    outside = [r for r in files.rows("shipments", AFTER) if r["mode"] not in (POOL, HELD)]
    days = files.rows("days")
    return RunFacts(
        files=files,
        total=_total(_measures(files), summary),
        days=measured,
        lines=_lines(files),
        parties=_parties(files),
        modes=modes,
        reasons=_reasons(outside),
        held=_reasons([r for r in files.rows("shipments", AFTER) if r["mode"] == HELD]),
        hubs=_hubs(files),
        stability=_stability(days),
        shipments=int(figure(summary.get("shipments", delivered))),
        rounds=int(figure(summary.get("rounds", _sum(days, "rounds")))),
        messages=int(figure(summary.get("messages", _sum(days, "messages")))),
        operator_eur=known(summary.get("operator_eur")),
        efficiency=known(summary.get("efficiency")),
    )


def _sum(rows: Iterable[Row], column: str) -> float:
    return math.fsum(figure(r[column]) for r in rows)


def _by_day(files: RunFiles) -> dict[date, RunFiles]:
    parts: dict[date, dict[str, list[Row]]] = {day: {} for day in files.days}
    for name, rows in files.tables.items():
        for row in rows:
            if row["day"] in parts:
                parts[row["day"]].setdefault(name, []).append(row)
    return {day: replace(files, tables=tables) for day, tables in parts.items()}


def _measures(files: RunFiles) -> Measures:
    """Figures of all the days that some tables hold."""

    def pair(table: str, of: Callable[[list[Row]], float | None]) -> Pair:
        both = [files.rows(table, scope) for scope in (BEFORE, AFTER)]
        return Pair(*map(of, both)) if any(both) else Pair()

    def fill(rows: list[Row]) -> float | None:
        return fmean(figure(r["fill"]) for r in rows) if rows else None

    def on_time(rows: list[Row]) -> float | None:
        judged = [bool(r["on_time"]) for r in rows if r["mode"] not in (HELD, UNSERVED)]
        return 100 * sum(judged) / len(judged) if judged else None

    return Measures(
        cost_eur=pair("costs", lambda rows: _sum(rows, "price_eur")),
        resource_eur=pair("costs", lambda rows: _sum(rows, "resource_eur")),
        kgco2e=pair("shipments", lambda rows: _sum(rows, "kgco2e")),
        vehicles=pair("loads", lambda rows: float(len(rows))),
        distance_km=pair("loads", lambda rows: _sum(rows, "distance_km")),
        load_factor=pair("loads", fill),
        on_time_percent=pair("shipments", on_time),
    )


def _total(computed: Measures, summary: Row) -> Measures:
    """Let the run's own summary go before what its tables add up to."""

    def pair(after: str, before: str, fallback: Pair) -> Pair:
        return Pair(
            known(summary[before]) if before in summary else fallback.before,
            known(summary[after]) if after in summary else fallback.after,
        )

    return Measures(
        cost_eur=pair("total_cost_eur", "standalone_cost_eur", computed.cost_eur),
        resource_eur=pair("resource_cost_eur", "standalone_resource_cost_eur", computed.resource_eur),
        kgco2e=pair("kgco2e", "standalone_kgco2e", computed.kgco2e),
        vehicles=pair("vehicles", "standalone_vehicles", computed.vehicles),
        distance_km=pair("distance_km", "standalone_distance_km", computed.distance_km),
        load_factor=pair("load_factor", "standalone_load_factor", computed.load_factor),
        on_time_percent=pair("on_time_percent", "standalone_on_time_percent", computed.on_time_percent),
    )


def _lines(files: RunFiles) -> list[Line]:
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in files.rows("costs"):
        entry = sums[row["line"] or "", row["scope"] or ""]
        entry[0] += figure(row["price_eur"])
        entry[1] += figure(row["resource_eur"])
    names = {line for line, _ in sums}
    ordered = [str(n) for n in LINE_ORDER if n in names] + sorted(names - set(LINE_ORDER))
    zero = [0.0, 0.0]
    return [
        Line(n, *(Pair(sums.get((n, BEFORE), zero)[i], sums.get((n, AFTER), zero)[i]) for i in (0, 1))) for n in ordered
    ]


def _parties(files: RunFiles) -> list[Party]:
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in files.rows("shares"):
        rows[row["role"] or "", row["party"] or ""].append(row)
    return [
        Party(
            id=party,
            role=role,
            alone=_sum(of, "standalone_eur"),
            paid=_sum(of, "share_eur") + _sum(of, "left_alone_eur") + _sum(of, "reservation_eur"),
            received=_sum(of, "received_eur"),
            cost=_sum(of, "cost_eur"),
            gain=_sum(of, "gain_eur"),
            displaced=_sum(of, "displaced_revenue_eur"),
            disclosed=int(_sum(of, "disclosed")),
        )
        for (role, party), of in sorted(rows.items())
    ]


def _modes(rows: Iterable[Row]) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["mode"] or ""] += 1
    return dict(sorted(counts.items()))


def _reasons(rows: Iterable[Row], examples: int = 3) -> list[Reason]:
    """Group by what the reasons come to; the most frequent first, with the first shipments of each as examples."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: (str(r["day"]), r["shipment"] or "")):
        groups[reason_group(row["reason"] or "")].append(row)
    found = [Reason(words, len(of), _modes(of), of[:examples], _excess(of)) for words, of in groups.items()]
    return sorted(found, key=lambda reason: (-reason.shipments, reason.words))


def _excess(rows: Iterable[Row]) -> float | None:
    quotes = [q for r in rows if (q := quoted(r["reason"] or "")) is not None and q[1] > 0]
    return 100 * (median(quote / alone for quote, alone in quotes) - 1) if quotes else None


def _hubs(files: RunFiles) -> list[HubUse]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in files.rows("bookings"):
        rows[row["hub"] or ""].append(row)
    return [HubUse(h, len(of), _sum(of, "pallets"), _sum(of, "price_eur")) for h, of in sorted(rows.items())]


def _stability(days: Iterable[Row]) -> dict[date, Mapping[str, Any]]:
    found: dict[date, Mapping[str, Any]] = {}
    for row in days:
        try:
            figures = json.loads(row["stability"] or "{}")
        except ValueError:
            continue
        if figures and isinstance(figures, dict):
            found[row["day"]] = figures
    return dict(sorted(found.items()))


def representative_day(facts: RunFacts) -> date | None:
    """Return the day with the median number of shipments on vehicles or in groupage, the lower and earlier of two."""
    counts = dict.fromkeys(facts.files.days, 0)
    for row in facts.files.rows("shipments", AFTER):
        if row["mode"] != HELD and row["day"] in counts:
            counts[row["day"]] += 1
    ordered = sorted(counts, key=lambda d: (counts[d], d))
    return ordered[(len(ordered) - 1) // 2] if ordered else None
