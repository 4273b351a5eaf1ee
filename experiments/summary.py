"""The figures of a run: sums over its days."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from agents.day import GROUPAGE, POOL, UNSERVED, Day, Execution
from agents.verdicts import NOT_DISTINGUISHABLE
from agents.verify import settlement_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.settlement import Evidence


class Totals:
    """Adds up days; a day can be forgotten once it is added."""

    def __init__(self) -> None:
        self._sum: defaultdict[str, float] = defaultdict(float)
        self._shares: Counter[str] = Counter()
        self._gains: Counter[str] = Counter()
        self._displaced: Counter[str] = Counter()
        self._lines: dict[str, Counter[str]] = {"after": Counter(), "before": Counter()}
        self._held_last: dict[str, Any] = {}
        self.days = 0
        self.faults = 0
        self.stability: list[Mapping[str, Any]] = []
        self.evidence: list[Evidence] = []  # of days on which something was pooled

    def add(self, day: Day, share_rows: list[dict[str, Any]]) -> None:
        """Add one day."""
        self.days += 1
        self.faults += len(settlement_faults(day.market, day.settlement))
        evidence = day.settlement.evidence
        self._sum["rounds"] += day.rounds
        self._sum["messages"] += day.messages
        self._sum["disclosed"] += sum(day.disclosed.values())
        for r in day.settlement.reservations:
            self._sum["reserved"] += r.quantity
            self._sum["reserved_used"] += r.used
        self._sum["operator"] += day.settlement.operator_cents
        self._sum["released"] += len(day.released)
        self._sum["held_days"] += len(day.held)
        for scope, ex in (("after", day.executed), ("before", day.alone)):
            self._add_execution(scope, ex)
        for row in share_rows:
            if row["role"] == "owner":
                paid = row["share_eur"] + row["left_alone_eur"] + row["reservation_eur"]
                self._shares[row["party"]] += round(100 * paid)
            self._gains[row["party"]] += round(100 * row["gain_eur"])
        self._displaced.update(day.displaced_cents)
        self._held_last = dict(day.held)
        if evidence.fairness:
            self.evidence.append(replace(evidence, notes=(), reserves={}, disclosed={}))
        if evidence.stability:
            self.stability.append(evidence.stability)

    def _add_execution(self, scope: str, ex: Execution) -> None:
        add = self._sum
        for line, (paid, resource) in ex.cost_lines().items():
            self._lines[scope][line] += paid
            add[f"{scope}.paid"] += paid
            add[f"{scope}.resource"] += resource
        add[f"{scope}.vehicles"] += len(ex.loads)
        add[f"{scope}.pool_vehicles"] += sum(load.mode == POOL for load in ex.loads)
        for load in ex.loads:
            add[f"{scope}.km"] += load.distance_km
            add[f"{scope}.fill"] += load.fill
        add[f"{scope}.kgco2e"] += ex.kgco2e
        for delivery in ex.deliveries:
            add[f"{scope}.{delivery.mode}"] += 1
            add[f"{scope}.shipments"] += 1
            if delivery.mode != UNSERVED:
                add[f"{scope}.delivered"] += 1
                add[f"{scope}.on_time"] += delivery.on_time

    def summary(self) -> dict[str, Any]:
        """The figures as one flat object, money in EUR."""
        s = self._sum

        def eur(cents: float) -> float:
            return round(cents) / 100

        def ratio(part: float, whole: float, factor: float = 1.0) -> float | None:
            return round(factor * part / whole, 6) if whole else None

        paid, alone = s["after.paid"], s["before.paid"]

        def count(key: str) -> int:
            return round(s[key])

        return {
            "days": self.days,
            "shipments": count("after.shipments") + len(self._held_last),
            "pooled": count(f"after.{POOL}"),
            "groupage": count(f"after.{GROUPAGE}"),
            "held_days": count("held_days"),
            "held": len(self._held_last),
            "reserved": count("reserved"),
            "reserved_used": count("reserved_used"),
            "unserved": count(f"after.{UNSERVED}"),
            "feasible": self.faults == 0,
            "total_cost_eur": eur(paid),
            "standalone_cost_eur": eur(alone),
            "saving_eur": eur(alone - paid),
            "saving_percent": ratio(alone - paid, alone, 100),
            "resource_cost_eur": eur(s["after.resource"]),
            "standalone_resource_cost_eur": eur(s["before.resource"]),
            "distance_km": round(s["after.km"], 6),
            "standalone_distance_km": round(s["before.km"], 6),
            "vehicles": count("after.vehicles"),
            "standalone_vehicles": count("before.vehicles"),
            "kgco2e": round(s["after.kgco2e"], 6),
            "standalone_kgco2e": round(s["before.kgco2e"], 6),
            "load_factor": ratio(s["after.fill"], s["after.vehicles"]),
            "standalone_load_factor": ratio(s["before.fill"], s["before.vehicles"]),
            "on_time_percent": ratio(s["after.on_time"], s["after.delivered"], 100),
            "standalone_on_time_percent": ratio(s["before.on_time"], s["before.delivered"], 100),
            "rounds": count("rounds"),
            "messages": count("messages"),
            "disclosed": count("disclosed"),
            "operator_eur": eur(s["operator"]),
            "efficiency": None,
            "cost_lines_eur": {k: eur(v) for k, v in sorted(self._lines["after"].items())},
            "standalone_cost_lines_eur": {k: eur(v) for k, v in sorted(self._lines["before"].items())},
            "shares_eur": {k: eur(v) for k, v in sorted(self._shares.items())},
            "gains_eur": {k: eur(v) for k, v in sorted(self._gains.items())},
            "displaced_revenue_eur": {k: eur(v) for k, v in sorted(self._displaced.items())},
            "sharing": self._sharing(),
            "stability": self._stability(),
        }

    def _sharing(self) -> dict[str, Any] | None:
        """What every day says of its shares; ``None`` where nothing was ever pooled."""
        if not self.evidence:
            return None
        errors = [cents for e in self.evidence for cents in e.standard_errors.values()]
        return {
            "days": len(self.evidence),
            "days_rational": sum(bool(e.fairness["individually_rational"]) for e in self.evidence),
            "days_rational_by_rule": sum(bool(e.fairness["raw_individually_rational"]) for e in self.evidence),
            "jain_index": round(fmean(float(e.fairness["jain_index"]) for e in self.evidence), 6),
            "largest_standard_error_eur": max(errors) / 100 if errors else None,
            "notes": sorted({e.sharing_note for e in self.evidence} - {""}),
        }

    def _stability(self) -> dict[str, Any] | None:
        if not self.stability:
            return None
        return {
            "days": len(self.stability),
            "days_in_core": sum(bool(x["in_core"]) for x in self.stability),
            "days_not_distinguishable": sum(x.get("verdict") == NOT_DISTINGUISHABLE for x in self.stability),
            "days_not_certified": sum(not x["certified"] for x in self.stability),
            "coalitions_evaluated": sum(int(x["coalitions_evaluated"]) for x in self.stability),
            "largest_violation_eur": max(float(x["largest_violation_eur"]) for x in self.stability),
            "largest_routing_noise_eur": max(
                (float(x["routing_noise_eur"]) for x in self.stability if "routing_noise_eur" in x), default=None
            ),
        }


def efficiency(standalone_resource: float, resource: float, best_resource: float) -> float | None:
    """Share of the achievable saving that was reached, in resource cost (DESIGN 3); a ratio, 1 is all of it.

    ``None`` where there is nearly nothing to gain, not more than 0.1 % of stand-alone; so too where nothing is to do.
    """
    achievable = standalone_resource - best_resource
    if achievable <= 0.001 * standalone_resource:
        return None
    return round((standalone_resource - resource) / achievable, 6)
