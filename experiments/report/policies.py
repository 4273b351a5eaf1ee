"""Policies side by side: what a comparison says, and the answer it comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from experiments.forecast_value import ORACLE
from experiments.report.answer import (
    STANDALONE,
    TRUSTEE,
    Answer,
    briefly,
    caveats,
    climate_words,
    owner_noun,
    owners_counted,
    real_saving_words,
    run_answer,
    saving_headline,
    service_words,
)
from experiments.report.facts import Measures, Pair, RunFacts, known
from experiments.report.forecasts import figures_of, verdict
from experiments.report.words import count, eur, listed, percent

if TYPE_CHECKING:
    from experiments.report.reading import ComparisonFiles, Row


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean over replications and the ends of its 95 % interval, where there is one."""

    mean: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def at_least_nothing(self) -> Spread:
        """The same for a figure that cannot be negative, such as a cost: of an interval what lies above zero."""
        return Spread(self.mean, None if self.low is None else max(0.0, self.low), self.high)


@dataclass(frozen=True)
class PolicyFigures:
    """One policy of a comparison, over its replications.

    Attributes
    ----------
    reached
        Part of the resource saving of the best central plan that was reached, 1 is all.
    cheaper
        In how many replications it cost less than going alone.
    oracle
        Whether it knew future orders.
    """

    name: str
    protocol: str
    measures: Mapping[str, Spread]
    replications: int
    reached: float | None
    cheaper: int
    oracle: bool = False

    @property
    def bound(self) -> bool:
        """Whether nobody could have it: one planner who is told everything, or one who knows the future."""
        return self.oracle or self.protocol == TRUSTEE

    def spread(self, measure: str) -> Spread:
        """Return a measure's mean and interval."""
        return self.measures.get(measure, Spread())

    def pair(self, after: str, before: str) -> Pair:
        """Means with and without the pool."""
        return Pair(self.spread(before).mean, self.spread(after).mean)


@dataclass(frozen=True)
class Comparison:
    """All policies in the order in which they were named.

    Attributes
    ----------
    main
        The policy that the detailed sections show.
    gains
        Mean gain of each participant by policy, EUR.
    misreports
        By policy what false reports gain, as `experiments.misreport.manipulability` sums it up; empty where they were
        not probed.
    forecasts
        What forecasts are worth, as `experiments.forecast_value.forecast_value` sums it up; empty where forecasters
        were not compared.
    """

    files: ComparisonFiles
    policies: Sequence[PolicyFigures]
    main: PolicyFigures | None
    replications: int
    new_orders: bool
    seed: Any
    gains: Mapping[str, Mapping[str, float]]
    misreports: Mapping[str, Any]
    forecasts: Mapping[str, Any]


def read_comparison(files: ComparisonFiles) -> Comparison:
    """Gather what a comparison's rows say."""
    told = files.comparison
    rows = [r for r in told.get("rows") or () if isinstance(r, dict)]
    listed_names = [str(p) for p in told.get("policies") or ()]
    names = listed_names or list(dict.fromkeys(str(r.get("policy")) for r in rows))
    figures = [_figures(files, name, [r for r in rows if r.get("policy") == name]) for name in names]
    gains = {name: _means_by_party([r for r in rows if r.get("policy") == name], "gains_eur") for name in names}
    replications = int(known(told.get("replications")) or max((p.replications for p in figures), default=0))
    return Comparison(
        files=files,
        policies=figures,
        main=_main(figures),
        replications=replications,
        new_orders=bool(told.get("new_orders")),
        seed=told.get("seed"),
        gains=gains,
        misreports=(told.get("misreports") or {}).get("policies") or {},
        forecasts=told.get("forecast_value") or {},
    )


def _figures(files: ComparisonFiles, name: str, rows: Sequence[Row]) -> PolicyFigures:
    told = (files.comparison.get("summary") or {}).get(name) or {}
    keys = list(dict.fromkeys([*told, *(k for r in rows for k in r)]))
    measures = {key: _spread(told.get(key), [r.get(key) for r in rows]) for key in keys}
    reached = [e for r in rows if (e := known(r.get("efficiency"))) is not None]
    cheaper = [(known(r.get("total_cost_eur")), known(r.get("standalone_cost_eur"))) for r in rows]
    return PolicyFigures(
        name=name,
        protocol=files.runs[name].protocol if name in files.runs else name,
        measures={k: s for k, s in measures.items() if s.mean is not None},
        replications=len(rows),
        reached=fmean(reached) if reached else None,
        cheaper=sum(a is not None and b is not None and a < b - 0.005 for a, b in cheaper),
        oracle=name in _with_oracle(files.comparison),
    )


def _with_oracle(told: Row) -> set[str]:
    """Names of the runs whose forecaster knew the future."""
    policies = (told.get("forecast_value") or {}).get("policies") or {}
    return {str(f.get("run")) for p in policies.values() for f in figures_of(p) if f.get("forecaster") == ORACLE}


def as_spread(told: Mapping[str, Any]) -> Spread:
    """Read a mean with its interval."""
    return Spread(known(told.get("mean")), known(told.get("low")), known(told.get("high")))


def _spread(told: Any, values: Sequence[Any]) -> Spread:
    if isinstance(told, Mapping):
        return as_spread(told)
    figures = [v for v in map(known, values) if v is not None and not math.isnan(v)]
    return Spread(fmean(figures)) if figures else Spread()


def _means_by_party(rows: Sequence[Row], key: str) -> dict[str, float]:
    parties = sorted({p for r in rows for p in r.get(key) or {}})
    return {p: math.fsum(known((r.get(key) or {}).get(p)) or 0.0 for r in rows) / len(rows) for p in parties}


def _main(policies: Sequence[PolicyFigures]) -> PolicyFigures | None:
    """Choose the cheapest that could be agreed on: not going alone, nor the bound unless there is nothing else."""

    def cost(p: PolicyFigures) -> tuple[bool, bool, float, str]:
        mean = p.spread("total_cost_eur").mean
        return p.protocol == STANDALONE, p.bound, math.inf if mean is None else mean, p.name

    return min(policies, key=cost, default=None)


def comparison_measures(main: PolicyFigures) -> Measures:
    """Return a policy's means as a run's measures."""
    return Measures(
        cost_eur=main.pair("total_cost_eur", "standalone_cost_eur"),
        resource_eur=main.pair("resource_cost_eur", "standalone_resource_cost_eur"),
        kgco2e=main.pair("kgco2e", "standalone_kgco2e"),
        vehicles=main.pair("vehicles", "standalone_vehicles"),
        distance_km=main.pair("distance_km", "standalone_distance_km"),
        load_factor=main.pair("load_factor", "standalone_load_factor"),
        on_time_percent=main.pair("on_time_percent", "standalone_on_time_percent"),
    )


def comparison_answer(comparison: Comparison, facts: RunFacts | None) -> Answer:
    """Answer for a comparison; ``facts`` are of its main policy's first replication."""
    main = comparison.main
    if main is None:
        return Answer("No policy was compared", "The comparison is empty.", (), ())
    if facts is not None and (not facts.shipments or not facts.pooled):
        answer = run_answer(facts)
        points = [p for p in answer.points if p[0] != "How sure"] + [("How sure", how_sure(comparison))]
        return replace(answer, points=points)
    measures = comparison_measures(main)
    cost = measures.cost_eur
    headline = saving_headline(cost.change, cost.change_percent)
    over = f" on average over {count(comparison.replications, 'replication')}" if comparison.replications > 1 else ""
    who = f"{owners_counted(facts)} in {count(len(facts.days), 'planning day')}: " if facts else ""
    lead = (
        f"{who}going alone costs {eur(cost.before)}, pooling under the policy {main.name} {eur(cost.after)}{over}. "
        f"{_against_others(comparison)}"
    )
    points = [("For whom", _owners(comparison, facts))]
    points += [("Real, or on paper", real_saving_words(measures)), ("Climate and road", climate_words(measures))]
    if facts:
        points.append(("Service", service_words(replace(facts, total=measures))))
    points.append(("Forecasts", _forecasts(comparison)))
    points.append(("How sure", how_sure(comparison)))
    return Answer(headline, lead, [(h, t) for h, t in points if t], caveats(facts) if facts else ())


def _against_others(comparison: Comparison) -> str:
    main = comparison.main
    sentences = []
    for other in comparison.policies:
        mean = other.spread("saving_eur").mean
        if other is main or mean is None or other.protocol == STANDALONE:
            continue
        saves = f"saves {eur(mean)}" if mean >= 0 else f"costs {eur(-mean)} more than going alone"
        bound = " (one planner who is told everything)" if other.protocol == TRUSTEE else ""
        bound = " (which knows future orders)" if other.oracle else bound
        sentences.append(f"The policy {other.name}{bound} {saves}.")
    if main is not None and main.reached is not None and not main.bound:
        sentences.append(
            f"So {main.name} reached {percent(100 * main.reached, 0)} of the real saving of the best known plan."
        )
    return " ".join(sentences)


def _forecasts(comparison: Comparison) -> str:
    """What a forecast is worth to the policy that the page shows in detail."""
    told, main = comparison.forecasts, comparison.main
    for policy in (told.get("policies") or {}).values():
        if main is not None and any(f.get("run") == main.name for f in figures_of(policy)):
            return " ".join(verdict(policy, told.get("baseline"), comparison.replications))
    return ""


def _owners(comparison: Comparison, facts: RunFacts | None) -> str:
    main = comparison.main
    if main is None or facts is None:
        return ""
    names = facts.files.setting.names
    gains = comparison.gains.get(main.name, {})
    owners = [(gains[p.id], p.id) for p in facts.owners if p.id in gains]
    if not owners:
        return ""
    plural = "factories" if owner_noun(facts) == "factory" else "owners"
    won = sorted(((g, o) for g, o in owners if g > 0.005), key=lambda e: (-e[0], e[1]))
    lost = [(g, o) for g, o in owners if g < -0.005]
    sentences = []
    if won:
        who = (
            f"All {len(won)} {plural} gain"
            if len(won) == len(owners) > 1
            else f"{len(won)} of {owners_counted(facts)} gain"
        )
        (most, best), (least, last) = won[0], won[-1]
        span = (
            f", from {eur(least)} ({briefly(names, last)}) to {eur(most)} ({briefly(names, best)})"
            if len(won) > 1
            else ""
        )
        sentences.append(f"{who}{span}.")
    if lost:
        sentences.append(
            f"{listed(f'{briefly(names, o)} ({eur(-g)})' for g, o in lost)} would have been better off alone."
        )
    told = comparison.files.comparison.get("rows") or ()
    lost_work = _means_by_party([r for r in told if r.get("policy") == main.name], "displaced_revenue_eur")
    displaced = sorted((-eur_lost, who) for who, eur_lost in lost_work.items() if eur_lost > 0.005)
    providers = [p for p in facts.providers if p.received > 0]
    if providers:
        kept = math.fsum(gains.get(p.id, 0.0) for p in facts.providers)
        sentences.append(
            f"Carriers and hubs are paid {eur(abs(kept))} {'more' if kept > 0 else 'less'} than the work costs them."
            if abs(kept) >= 1
            else "Carriers and hubs are paid just what the work costs them."
        )
    if displaced:
        lose = listed(f"{briefly(names, who)} {eur(-less)}" for less, who in displaced)
        sentences.append(f"Revenue lost by those who carry the goods today: {lose}.")
    return " ".join(sentences)


def how_sure(comparison: Comparison) -> str:
    """Say what the figures rest on."""
    main, n = comparison.main, comparison.replications
    if main is None or n <= 1:
        return "One replication with one seed: no interval can be given. Ask for several with --replications."
    saving = main.spread("saving_eur")
    wide = saving.low is not None and saving.high is not None and saving.low <= 0 <= saving.high
    unsettled = "It holds zero: so few replications do not settle whether pooling saves. " if wide else ""
    what = (
        "Each replication draws new orders for the same region; all policies meet the same orders."
        if comparison.new_orders
        else "The orders are the same in every replication; only the seeds of planning and "
        "negotiating differ, so the spread "
        "is that of the method and not of demand."
    )
    between = (
        f"The mean saving of {main.name} lies between {eur(saving.low)} and {eur(saving.high)} (95 % interval). "
        if saving.low is not None and saving.high is not None
        else ""
    )
    always = (
        f"{main.name} cost less than going alone in all {n} replications. "
        if main.cheaper == n
        else f"{main.name} cost less than going alone in {main.cheaper} of {n} replications. "
    )
    return f"{count(n, 'replication')}. {between}{unsettled}{always}{what}"
