"""The report's tables, as cells ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from agents.verdicts import UNSTABLE
from experiments.report.answer import named
from experiments.report.charts import cell_bar
from experiments.report.facts import Line, Pair, Party, Reason, RunFacts, known
from experiments.report.forecasts import figures_of, mean_of, with_interval
from experiments.report.policies import as_spread
from experiments.report.words import (
    CO2E,
    LEVERS,
    NOTHING,
    TOPICS,
    count,
    counted,
    day_label,
    eur,
    line_label,
    number,
    percent,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from experiments.report.policies import Comparison, Spread

MOST_ROWS = 25
TEMPTED = 3  # participants of a policy that are named
GAIN, OTHERS = "misreport_gain_eur", "misreport_others_eur"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and whether it holds figures."""

    title: str
    figures: bool = True


@dataclass(frozen=True)
class Table:
    """Cells ready to print.

    Attributes
    ----------
    total
        A last row of sums.
    more
        What the rows that are not shown come to; empty where all are.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] = ()
    more: str = ""


def _columns(*titles: str, texts: int = 1) -> list[Column]:
    return [Column(t, i >= texts) for i, t in enumerate(titles)]


def _cents(values: Sequence[float | None]) -> int:
    """Decimals for a column of money: cents where the figures are small."""
    return 0 if max((abs(v) for v in values if v is not None), default=0.0) >= 1000 else 2


def cost_table(lines: Sequence[Line]) -> Table:
    """Cost by line, as paid and as resource cost."""
    decimals = _cents([v for ln in lines for v in (ln.paid.before, ln.paid.after)])

    def cells(label: str, paid: Pair, resource: Pair) -> list[str]:
        figures = (paid.before, paid.after, paid.change, resource.before, resource.after, resource.change)
        return [label, *(signed(f, decimals) if i % 3 == 2 else number(f, decimals) for i, f in enumerate(figures))]

    def total(which: str) -> Pair:
        pairs: list[Pair] = [getattr(ln, which) for ln in lines]
        return Pair(sum(p.before or 0.0 for p in pairs), sum(p.after or 0.0 for p in pairs))

    titles = ("Line", "Paid without", "Paid with", "Change", "Used up without", "Used up with", "Change")
    rows = [cells(line_label(ln.name), ln.paid, ln.resource) for ln in lines]
    return Table(_columns(*titles), rows, cells("Total", total("paid"), total("resource")))


def owners_table(facts: RunFacts) -> Table:
    """Tell what each owner would have paid alone, what it paid, and what it gained."""
    owners = sorted(facts.owners, key=lambda p: (-p.gain, p.id))
    decimals = _cents([p.alone for p in owners])
    names = facts.files.setting.names
    most, least = max((p.gain for p in owners), default=0.0), min((p.gain for p in owners), default=0.0)

    def cells(label: str, alone: float, paid: float, gain: float, bar: str) -> list[str]:
        rate = percent(100 * gain / alone) if alone > 0 else NOTHING
        return [label, number(alone, decimals), number(paid, decimals), number(gain, decimals), rate, bar]

    rows = [
        cells(named(names, p.id), p.alone, p.paid, p.gain, cell_bar(p.gain, most, least)) for p in owners[:MOST_ROWS]
    ]
    alone, paid, gain = (sum(getattr(p, a) for p in owners) for a in ("alone", "paid", "gain"))
    rest = owners[MOST_ROWS:]
    more = f"and {len(rest):,} more, who gained {eur(sum(p.gain for p in rest))} together" if rest else ""
    titles = ("Owner of shipments", "Alone, EUR", "With the pool, EUR", "Saving, EUR", "Saving", "")
    return Table(_columns(*titles), rows, cells("All", alone, paid, gain, ""), more)


def providers_table(facts: RunFacts) -> Table:
    """Tell what carriers and hubs received, what the work cost them, and what work they lose."""
    shown = [p for p in facts.providers if p.received or p.cost or p.displaced]
    shown.sort(key=lambda p: (-p.received, -p.displaced, p.id))
    decimals = _cents([v for p in shown for v in (p.received, p.displaced)])
    names = facts.files.setting.names

    def cells(label: str, role: str, of: Sequence[Party]) -> list[str]:
        figures = [sum(getattr(p, a) for p in of) for a in ("received", "cost", "gain", "displaced")]
        worked = any(p.received or p.cost for p in of)
        shown = [worked, worked, worked, any(p.displaced for p in of)]
        return [label, role, *(number(f, decimals) if s else NOTHING for f, s in zip(figures, shown, strict=True))]

    rows = [cells(named(names, p.id), p.role, [p]) for p in shown[:MOST_ROWS]]
    rest = shown[MOST_ROWS:]
    more = f"and {len(rest):,} more, paid {eur(sum(p.received for p in rest))} together" if rest else ""
    titles = (
        "Who",
        "Role",
        "Paid by the pool, EUR",
        "Cost of the work, EUR",
        "Gain, EUR",
        "Revenue lost to the pool, EUR",
    )
    return Table(_columns(*titles, texts=2), rows, cells("All", "", shown) if shown else (), more)


def forecasters_table(told: Mapping[str, Any]) -> Table:
    """Tell what each forecaster cost in the end, saved, regretted and closed of the gap."""
    rows = []
    for figure in figures_of(told):
        costs = [mean_of(figure.get(key)) for key in ("cost_eur", "saved_eur", "regret_eur")]
        decimals = _cents(costs)
        write = partial(number, decimals=decimals)
        money = [with_interval(figure.get(key), write, NOTHING) for key in ("saved_eur", "regret_eur")]
        closed = with_interval(figure.get("gap_closed_percent"), lambda v: percent(v, 0), NOTHING)
        undelivered = number(known(figure.get("undelivered")))
        rows.append([str(figure["forecaster"]), number(costs[0], decimals), *money, closed, undelivered])
    titles = ("Forecaster", "Cost, EUR", "Saved, EUR", "More than the oracle, EUR", "Gap closed", "Not delivered")
    return Table(_columns(*titles), rows)


def disclosure_table(facts: RunFacts) -> Table:
    """Private figures that each participant told the coordinator, and what they were about."""
    told: dict[str, dict[str, int]] = {}
    for (sender, topic), n in facts.files.disclosed.items():
        told.setdefault(sender, {})[topic] = n
    for party in facts.parties:
        if party.disclosed and party.id not in told:
            told[party.id] = {"": party.disclosed}
    roles = {p.id: p.role for p in facts.parties}
    order = sorted(told, key=lambda s: (-sum(told[s].values()), s))
    names = facts.files.setting.names

    def about(topics: Mapping[str, int]) -> str:
        return ", ".join(f"{TOPICS.get(t, t.replace('_', ' '))} ({n:,})" for t, n in sorted(topics.items()) if t)

    rows = [
        [named(names, s), roles.get(s, ""), about(told[s]), number(sum(told[s].values()))] for s in order[:MOST_ROWS]
    ]
    rest = order[MOST_ROWS:]
    more = f"and {len(rest):,} more with {number(sum(sum(told[s].values()) for s in rest))} figures" if rest else ""
    total = ["All", "", "", number(sum(sum(t.values()) for t in told.values()))] if told else ()
    return Table(_columns("Who", "Role", "Told the coordinator", "Figures", texts=3), rows, total, more)


def reasons_table(reasons: Sequence[Reason], names: Mapping[str, str]) -> Table:
    """Shipments outside the pool, by reason."""
    rows: list[list[str]] = []
    for reason in reasons[:MOST_ROWS]:
        examples = Markup("<br>").join(
            f"{r['shipment']} of {named(names, r['owner'] or '')}, {day_label(r['day'])}: {r['reason'] or NOTHING}"
            for r in reason.examples
        )
        ways = {"alone": "alone", "groupage": "groupage", "unserved": "not delivered", "held": "waits"}
        how = ", ".join(f"{ways.get(m, m)} {n:,}" for m, n in reason.modes.items())
        words: str = reason.words
        if reason.excess_percent is not None and reason.excess_percent > 0:
            far = f"half of them were offered at {percent(reason.excess_percent, 0)} or more above going alone"
            words = Markup('{}<br><span class="small">{}</span>').format(words, far)
        rows.append([words, number(reason.shipments), how, examples])
    rest = reasons[MOST_ROWS:]
    more = f"and {len(rest):,} more reasons for {number(sum(r.shipments for r in rest))} shipments" if rest else ""
    columns = [Column("Why", False), Column("Shipments"), Column("How they went", False), Column("For example", False)]
    return Table(columns, rows, (), more)


def hubs_table(facts: RunFacts) -> Table:
    """Tell what went through hubs."""
    names = facts.files.setting.names
    rows = [
        [named(names, h.id), number(h.bookings), number(h.pallets, 1), number(h.price, 2)]
        for h in facts.hubs[:MOST_ROWS]
    ]
    rest = facts.hubs[MOST_ROWS:]
    more = f"and {len(rest):,} more hubs" if rest else ""
    return Table(_columns("Hub", "Dock slots booked", "Pallets over the dock", "Paid, EUR"), rows, (), more)


def _verdict(figures: Mapping[str, Any]) -> str:
    """Whether a group would leave, as far as that can be told."""
    words = str(figures.get("verdict") or UNSTABLE)
    if figures.get("certified") is False:
        words += f"; not certified, {count(int(figures.get('coalitions_evaluated', 0)), 'group')} looked at"
    return words


def stability_table(facts: RunFacts) -> Table:
    """List the days on which somebody would do better by leaving."""
    rows = []
    names = facts.files.setting.names
    tempted = [(day, figures) for day, figures in facts.stability.items() if not figures.get("in_core")]
    for day, figures in tempted[:MOST_ROWS]:
        violation, jain = figures.get("largest_violation_eur"), figures.get("jain_index")
        group = [named(names, p) for p in str(figures.get("violating_coalition") or "").split("+") if p]
        rows.append(
            [
                day_label(day),
                eur(violation) if isinstance(violation, int | float) else NOTHING,
                "; ".join(group) or NOTHING,
                number(jain, 2) if isinstance(jain, int | float) else NOTHING,
                _verdict(figures),
            ]
        )
    rest = len(tempted) - len(rows)
    columns = [
        Column("Day", False),
        Column("The most tempted group would gain"),
        Column("Who", False),
        Column("Evenness of savings (Jain)"),
        Column("So the shares are", False),
    ]
    return Table(columns, rows, (), f"and {rest:,} more days" if rest else "")


def policies_table(comparison: Comparison) -> Table:
    """Every policy's means, with intervals where there are several replications."""
    titles = (
        "Policy",
        "Cost, EUR",
        "Saving",
        f"{CO2E}, kg",
        "Tours",
        "Distance, km",
        "Load factor",
        "On time",
        "Pooled",
    )
    rows = []
    for p in comparison.policies:
        cost, saving, load = p.spread("total_cost_eur"), p.spread("saving_percent"), p.spread("load_factor").mean
        rows.append(
            [
                p.name,
                _with_interval(number(cost.mean), cost.at_least_nothing, 0),
                _with_interval(percent(saving.mean), saving, 1),
                number(p.spread("kgco2e").mean),
                counted(p.spread("vehicles").mean),
                number(p.spread("distance_km").mean),
                percent(load * 100, 0) if load is not None else NOTHING,
                percent(p.spread("on_time_percent").mean),
                counted(p.spread("pooled").mean),
            ]
        )
    return Table(_columns(*titles), rows)


def mechanism_table(comparison: Comparison) -> Table:
    """Tell what every policy takes to agree, what it makes participants give away, and what it invites."""
    titles = ["Policy", "Rounds", "Messages", "Private figures told", "Efficiency", "Left with the operator, EUR"]
    probed = any(p.spread(GAIN).mean is not None for p in comparison.policies)
    titles += ["Gain of a false report, EUR a day", "All others then, EUR a day"] if probed else []
    rows = []
    for p in comparison.policies:
        gain, others = p.spread(GAIN), p.spread(OTHERS)
        row = [
            p.name,
            number(p.spread("rounds").mean),
            number(p.spread("messages").mean),
            number(p.spread("disclosed").mean),
            percent(None if p.reached is None else 100 * p.reached, 0),
            number(p.spread("operator_eur").mean, 2),
        ]
        if probed:
            row += [_with_interval(number(f.mean, 2), f, 2) for f in (gain, others)]
        rows.append(row)
    return Table(_columns(*titles), rows)


def temptations_table(comparison: Comparison, names: Mapping[str, str]) -> Table:
    """Name the participants whom false reports would pay most, policy by policy."""
    rows = []
    for policy in (p.name for p in comparison.policies):
        parties = comparison.misreports.get(policy, {}).get("parties", ())
        tempted = [p for p in parties if p["gain_eur"]["mean"] > 0.005]
        for p in sorted(tempted, key=lambda p: (-p["gain_eur"]["mean"], p["party"]))[:TEMPTED]:
            cells = [_with_interval(number(f["mean"], 2), as_spread(f), 2) for f in (p["gain_eur"], p["others_eur"])]
            states = f"{p['factor']:g} times {LEVERS.get(p['lever'], p['lever'])}" if p["lever"] else NOTHING
            rows.append([policy, named(names, p["party"]), states, *cells])
    titles = ("Policy", "Who", "States", "Gains, EUR a day", "All others together, EUR a day")
    return Table(_columns(*titles, texts=3), rows)


def _with_interval(mean: str, spread: Spread, decimals: int) -> str:
    if spread.low is None or spread.high is None or spread.high <= spread.low:
        return mean
    ends = number(spread.low, decimals), number(spread.high, decimals)
    return Markup('{}<br><span class="small">{} to {}</span>').format(mean, *ends)


def gains_table(comparison: Comparison, names: Mapping[str, str], owners: Sequence[str]) -> Table | None:
    """Mean gain of every owner under every policy that pools."""
    policies = [p.name for p in comparison.policies if any(abs(g) > 0.005 for g in comparison.gains[p.name].values())]
    known = [o for o in owners if any(o in comparison.gains[p] for p in policies)]
    if not policies or not known:
        return None
    figures = {o: [comparison.gains[p].get(o) for p in policies] for o in known}
    decimals = _cents([v for row in figures.values() for v in row])
    rows = [[named(names, o), *(number(v, decimals) for v in figures[o])] for o in known[:MOST_ROWS]]
    rest = known[MOST_ROWS:]
    total = ["All", *(number(sum(comparison.gains[p].get(o, 0.0) for o in known), decimals) for p in policies)]
    more = f"and {len(rest):,} more" if rest else ""
    return Table(_columns("Owner of shipments", *policies), rows, total, more)
