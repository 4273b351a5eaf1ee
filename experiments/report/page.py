"""One self-contained page out of a results folder's facts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agents.verdicts import NOT_DISTINGUISHABLE
from experiments.report import tables
from experiments.report.answer import STANDALONE, Answer, named, run_answer
from experiments.report.charts import Bar, cost_bars, day_columns, dots, ranked_bars
from experiments.report.facts import Measures, Pair, RunFacts, representative_day, run_facts
from experiments.report.forecasts import figures_of, forecasters_chart, verdict
from experiments.report.maps import route_map
from experiments.report.policies import (
    Comparison,
    PolicyFigures,
    as_spread,
    comparison_answer,
    comparison_measures,
    read_comparison,
)
from experiments.report.reading import ComparisonFiles, RunFiles, Setting
from experiments.report.terms import TERMS, policy_terms
from experiments.report.words import (
    CO2E,
    NOTHING,
    co2e,
    count,
    counted,
    day_label,
    eur,
    event,
    listed,
    number,
    percent,
    signed,
    weekday,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure, without and with the pool."""

    label: str
    after: str
    before: str
    change: str
    better: bool | None


@dataclass(frozen=True, slots=True)
class DayChart:
    """A figure by day, with the words that sum it up."""

    title: str
    words: str
    svg: Markup


def render(files: RunFiles | ComparisonFiles) -> str:
    """Write the page: the same facts, the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"day": day_label, "weekday": weekday}
    template = environment.get_template("page.html.j2")
    css = Markup((_HERE / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return template.render(css=css, **(_run_page(files) if isinstance(files, RunFiles) else _comparison_page(files)))


def _run_page(files: RunFiles) -> dict[str, Any]:
    facts = run_facts(files)
    kicker = f"Results of one run \u00b7 policy {files.policy_name}" if files.policy_name else "Results of one run"
    return {
        **_frame(files.setting, kicker, run_answer(facts), facts, facts.total),
        "comparison": None,
        "detail": _detail(facts),
        "detail_note": "",
        "made_with": policy_terms(files),
    }


def _comparison_page(files: ComparisonFiles) -> dict[str, Any]:
    comparison = read_comparison(files)
    main = comparison.main
    run = files.runs.get(main.name) if main else None
    facts = run_facts(run) if run else None
    measures = comparison_measures(main) if main else Measures()
    kicker = f"Comparison of {count(len(comparison.policies), 'policy', 'policies')}"
    note = ""
    if main and facts:
        first = f", first of {comparison.replications} replications" if comparison.replications > 1 else ""
        note = f"From here on: policy {main.name}{first}."
    made_with = policy_terms(run) if run else []
    others = [("Also compared", ", ".join(p.name for p in comparison.policies if p is not main) or NOTHING)]
    return {
        **_frame(files.setting, kicker, comparison_answer(comparison, facts), facts, measures),
        "comparison": _comparison_section(comparison, facts),
        "detail": _detail(facts) if facts else None,
        "detail_note": note,
        "made_with": [*made_with, ("Replications", str(comparison.replications)), *others],
    }


def _frame(setting: Setting, kicker: str, answer: Answer, facts: RunFacts | None, measures: Measures) -> dict[str, Any]:
    days = list(facts.days) if facts else []
    span = ""
    if days:
        first, last = day_label(days[0], year=True), day_label(days[-1], year=True)
        span = first if len(days) == 1 else f"{first} to {last}"
    return {
        "scenario": setting.name,
        "description": setting.description,
        "kicker": kicker,
        "span": span,
        "answer": answer,
        "tiles": _tiles(measures),
        "scenario_facts": [(one if n == 1 else many, f"{n:,}") for (one, many), n in setting.facts.items()],
        "terms": TERMS,
    }


def _tiles(m: Measures) -> list[Tile]:
    def tile(label: str, pair: Pair, write: Callable[[float | None], str], less_is_better: bool | None) -> Tile:
        change = pair.change
        better = None if less_is_better is None or not change or abs(change) < 1e-9 else (change < 0) is less_is_better
        return Tile(label, write(pair.after), write(pair.before), _moved(pair), better)

    def points(label: str, pair: Pair) -> Tile:
        shown = signed(pair.change, 1, "points") if pair.change is not None else ""
        better = None if not pair.change else pair.change > 0
        return Tile(label, percent(pair.after), percent(pair.before), shown, better)

    load = Pair(*(None if v is None else 100 * v for v in (m.load_factor.before, m.load_factor.after)))
    tiles = [
        tile("Cost, all owners", m.cost_eur, eur, True),
        tile("Emissions", m.kgco2e, co2e, True),
        tile("Vehicle tours", m.vehicles, counted, None),
        tile("Distance driven", m.distance_km, lambda v: f"{number(v)}\u00a0km", None),
        points("Load factor", load),
        points("On time", m.on_time_percent),
    ]
    return [t for t in tiles if t.after != NOTHING or t.before != NOTHING]


def _moved(pair: Pair) -> str:
    if pair.change is None:
        return ""
    return signed(pair.change_percent, 1, "%") if pair.change_percent is not None else ""


def _comparison_section(comparison: Comparison, facts: RunFacts | None) -> dict[str, Any]:
    policies = comparison.policies
    costs = [
        Bar(p.name, s.mean, s.at_least_nothing.low, s.high, _class_of(p))
        for p in policies
        if (s := p.spread("total_cost_eur")).mean is not None
    ]
    alone = [m for p in policies if (m := p.spread("standalone_cost_eur").mean) is not None]
    reference = (alone[0], "going alone") if alone else None
    reached = [
        Bar(p.name, 100 * p.reached, class_="bound" if p.bound else "after")
        for p in policies
        if p.reached is not None and p.protocol != STANDALONE
    ]
    names = facts.files.setting.names if facts else {}
    owners = [p.id for p in facts.owners] if facts else []
    return {
        "cost": ranked_bars(costs, "Cost of each policy", eur, reference),
        "intervals": any(b.low is not None for b in costs),
        "reached": ranked_bars(reached, "Part of the possible saving reached", lambda v: percent(v, 0)),
        "table": tables.policies_table(comparison),
        "gains": tables.gains_table(comparison, names, owners),
        "mechanism": tables.mechanism_table(comparison),
        "lies": _lies(comparison),
        "tempted": tables.temptations_table(comparison, names) if comparison.misreports else None,
        "replications": comparison.replications,
        "forecasts": _forecasts(comparison),
    }


def _class_of(policy: PolicyFigures) -> str:
    """Colour of a policy's cost."""
    return "before" if policy.protocol == STANDALONE else "bound" if policy.oracle else "after"


def _forecasts(comparison: Comparison) -> list[dict[str, Any]]:
    """What each policy makes of each forecaster: words, picture and table."""
    told = comparison.forecasts
    baseline = told.get("baseline")
    return [
        {
            "policy": name,
            "oracle": bool(told.get("oracle")),
            "words": verdict(of, baseline, comparison.replications),
            "chart": forecasters_chart(of, baseline),
            "table": tables.forecasters_table(of),
        }
        for name, of in (told.get("policies") or {}).items()
        if figures_of(of)
    ]


def _lies(comparison: Comparison) -> Markup:
    """Draw what the best false report gains, by role and policy."""
    groups = []
    for role, word in (("owner", "owners of shipments"), ("carrier", "carriers"), ("hub", "hubs")):
        bars = [
            Bar(policy.name, s.mean, s.low, s.high)
            for policy in comparison.policies
            for row in comparison.misreports.get(policy.name, {}).get("roles", ())
            if row["role"] == role and not row["lever"] and (s := as_spread(row["gain_eur"])).mean is not None
        ]
        if bars:
            groups.append((word, bars))
    return dots(groups, "Gain of the best false report", lambda v: f"{number(v, 2)} EUR")


def _detail(facts: RunFacts) -> dict[str, Any]:
    files = facts.files
    day = representative_day(facts)
    names = files.setting.names
    return {
        "facts": facts,
        "map": route_map(files, day) if day else None,
        "planar": files.setting.planar,
        "cost_chart": cost_bars(facts.lines),
        "cost_table": tables.cost_table(facts.lines) if facts.lines else None,
        "days": _day_charts(facts.days),
        "owners": tables.owners_table(facts) if facts.owners else None,
        "providers": tables.providers_table(facts),
        "displaced": [(named(names, p.id), eur(p.displaced)) for p in facts.parties if p.displaced > 0],
        "disclosure": tables.disclosure_table(facts),
        "talk": _talk(facts),
        "reasons": tables.reasons_table(facts.reasons, names),
        "held": tables.reasons_table(facts.held, names),
        "outside": _outside(facts),
        "hubs": tables.hubs_table(facts) if facts.hubs else None,
        "stability": tables.stability_table(facts) if facts.stability else None,
        "stability_words": _stability_words(facts),
        "sharing_words": _sharing_words(facts),
        "two_owners": len(facts.owners) == 2 and facts.pooled > 0,
        "notes": _notes(facts),
    }


def _day_charts(days: Mapping[Any, Measures]) -> list[DayChart]:
    wanted: list[tuple[str, str, float]] = [
        ("Cost, EUR", "cost_eur", 1.0),
        (f"Emissions, kg {CO2E}", "kgco2e", 1.0),
        ("Vehicle tours", "vehicles", 1.0),
        ("Distance, km", "distance_km", 1.0),
        ("Load factor, %", "load_factor", 100.0),
        ("On time, %", "on_time_percent", 1.0),
    ]
    charts = []
    for title, attribute, factor in wanted:
        pairs = [(day, _scaled(getattr(m, attribute), factor)) for day, m in days.items()]
        svg = day_columns(pairs, f"{title}, by day")
        if svg:
            charts.append(DayChart(title, _mean_words([p for _, p in pairs]), svg))
    return charts


def _scaled(pair: Pair, factor: float) -> Pair:
    return Pair(*(None if v is None else v * factor for v in (pair.before, pair.after)))


def _mean_words(pairs: Sequence[Pair]) -> str:
    means = []
    for values in ([p.before for p in pairs], [p.after for p in pairs]):
        there = [v for v in values if v is not None]
        means.append(sum(there) / len(there) if there else None)
    decimals = 1 if max((abs(m) for m in means if m is not None), default=0.0) < 100 else 0
    return f"{number(means[0], decimals)} \u2192 {number(means[1], decimals)}" + (" a day" if len(pairs) > 1 else "")


def _talk(facts: RunFacts) -> str:
    figures = sum(p.disclosed for p in facts.parties)
    days = len(facts.days) or 1
    return (
        f"The negotiations took {count(facts.rounds, 'round')} and {count(facts.messages, 'message')}"
        f" ({number(facts.rounds / days, 1)} rounds a day). {count(figures, 'private figure')} left "
        f"{'its owner' if figures == 1 else 'their owners'}, all of them to the coordinator."
    )


def _outside(facts: RunFacts) -> str:
    outside = facts.shipments - facts.pooled
    if not facts.shipments:
        return "There were no shipments."
    if outside <= 0:
        return f"All {count(facts.shipments, 'shipment')} travelled in the pool."
    return f"{count(outside, 'shipment')} of {facts.shipments:,} stayed outside the pool."


def _stability_words(facts: RunFacts) -> str:
    if not facts.stability:
        return ""
    figures = list(facts.stability.values())
    days = len(figures)
    noisy = sum(f.get("verdict") == NOT_DISTINGUISHABLE for f in figures)
    tempted = days - noisy - sum(bool(f.get("in_core")) for f in figures)
    if tempted:
        words = (
            f"On {tempted} of {count(days, 'day')} with a pool some group would do better on its own; "
            "the table says which and by how much."
        )
    else:
        every = "this day" if days == 1 else f"all {days} days"
        on = f"On {days - noisy} of {count(days, 'day')}" if noisy else f"On {every}"
        words = f"{on} no group of participants would do better by leaving."
    if noisy:
        words += (
            f" On {noisy} the shares are {NOT_DISTINGUISHABLE}: what the most tempted group would gain is no more than "
            "plans of the same goods differ by with the seed of the search alone."
        )
    unsure = [int(f.get("coalitions_evaluated", 0)) for f in figures if f.get("certified") is False]
    if unsure:
        words += (
            f" Not certified on {count(len(unsure), 'day')}, {sum(unsure):,} groups looked at in all: "
            "a group that was not looked at may be more tempted."
        )
    return words


def _sharing_words(facts: RunFacts) -> str:
    """Say of the shares what needs no group's cost, and how sure they are."""
    found = facts.files.summary.get("sharing")
    if not found:
        return ""
    days, rational = found["days"], found["days_rational"]
    on = "on every day" if rational == days else f"on {rational} of {count(days, 'day')}"
    words = [f"Nobody paid more than alone {on} with a pool."]
    by_rule = found["days_rational_by_rule"]
    if by_rule < days:
        words.append(
            f"The rule alone would have charged somebody more on {count(days - by_rule, 'day')}; "
            "such a share was cut and the rest spread over the others."
        )
    words.append(f"Evenness of the savings in per cent (Jain's index, 1 is even): {number(found['jain_index'], 2)}.")
    if found.get("largest_standard_error_eur") is not None:
        error = eur(found["largest_standard_error_eur"])
        words.append(f"Shares were estimated from a sample of groups, with a standard error of up to {error}.")
    words += [f"Where the rule fell back: {note}." for note in found["notes"]]
    return " ".join(words)


def _notes(facts: RunFacts) -> list[tuple[str, str]]:
    """List what happened in the negotiations, the like of it once with its number."""
    names = facts.files.setting.names
    seen: dict[str, list[str]] = {}
    for row in facts.files.rows("days"):
        for note in row["notes"] or ():
            what, who = event(note)
            seen.setdefault(what, []).append(who)
    ordered = sorted(seen.items(), key=lambda e: (-len(e[1]), e[0]))
    return [
        (
            f"{len(of):,}\u00d7",
            what.replace("{}", listed(named(names, w) for w in sorted(set(of)))) if any(of) else what,
        )
        for what, of in ordered[: tables.MOST_ROWS]
    ]
