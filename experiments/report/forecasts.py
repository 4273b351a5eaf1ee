"""What a forecast is worth: in plain words and in one picture.

The words are also what the command line prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from experiments.forecast_value import ORACLE
from experiments.report.charts import SIZE, WIDTH
from experiments.report.facts import known
from experiments.report.svg import picture, tag, text_width
from experiments.report.words import eur, listed, percent, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP, _HEAD = 34.0, 46.0

Told = Mapping[str, Any]  # as in comparison.json


def figures_of(told: Told) -> list[Told]:
    """The forecasters of one policy, in the order in which they were named."""
    return [f for f in told.get("forecasters") or () if isinstance(f, Mapping)]


def mean_of(figure: Any) -> float | None:
    """Mean of a figure; None where it has none."""
    return known(figure.get("mean")) if isinstance(figure, Mapping) else None


def with_interval(figure: Any, write: Callable[[float | None], str], otherwise: str = "") -> str:
    """Write a figure, its interval in brackets where there is one."""
    if mean_of(figure) is None:
        return otherwise
    low, high = known(figure.get("low")), known(figure.get("high"))
    ends = f" ({write(low)} to {write(high)})" if low is not None and high is not None else ""
    return f"{write(known(figure['mean']))}{ends}"


def verdict(told: Told, baseline: str | None, replications: int) -> list[str]:
    """Say what the forecasters of one policy come to.

    Parameters
    ----------
    told
        The policy's part of ``forecast_value`` in ``comparison.json``.
    """
    out = [_gap(told, baseline, replications), *_others(told, baseline)]
    if not told.get("same_work", True):
        out.append(
            "Not every forecaster led to the same shipments being delivered: what was left undelivered costs nothing "
            "here, so the costs are not of the same work."
        )
    return [sentence for sentence in out if sentence]


def _gap(told: Told, baseline: str | None, replications: int) -> str:
    gap = told.get("gap_eur")
    mean = mean_of(gap)
    if baseline is None:
        return "Only the oracle was asked: there is no forecast to hold against it."
    if mean is None or not isinstance(gap, Mapping):
        return "The oracle was not asked: without it nobody knows what a perfect forecast would save."
    if replications <= 1:
        return (
            f"Knowing the future {_saving(gap, 'saves', baseline)} in this one replication. Whether that is more than "
            "luck cannot be told; ask for several with --replications."
        )
    if told.get("gap_settled"):
        return f"Knowing the future {_saving(gap, 'would save', baseline)}: that is the gap a forecast can close."
    high = known(gap.get("high"))
    if high is not None and high < 0:
        return (
            f"Knowing the future {_saving(gap, 'would save', baseline)}. The policy's rules make worse decisions of a "
            "better forecast, so there is no gap to close."
        )
    return (
        f"Knowing the future {_saving(gap, 'would save', baseline)}. That is not distinguishable from nothing over "
        f"{replications} replications, so no share of it can be given."
    )


def _others(told: Told, baseline: str | None) -> list[str]:
    out = []
    for figure in figures_of(told):
        name, closed, saved = figure["forecaster"], figure.get("gap_closed_percent"), figure.get("saved_eur")
        if name in (ORACLE, baseline) or baseline is None or mean_of(saved) is None:
            continue
        amount = _saving(saved, "saves", baseline)
        if mean_of(closed) is None:
            out.append(f"{name} {amount}.")
        else:
            share = with_interval(closed, lambda v: percent(v, 0))
            out.append(f"{name} {amount}: it closes {share} of the gap.")
    return out


def _saving(figure: Any, less: str, baseline: str) -> str:
    """Write what is saved with its interval, and what is saved below nothing as what it costs more."""
    if (mean_of(figure) or 0.0) >= 0:
        return f"{less} {with_interval(figure, eur)} against {baseline}"
    turned = {"mean": "mean", "low": "high", "high": "low"}
    other = {key: None if (v := known(figure.get(of))) is None else -v for key, of in turned.items()}
    return f"costs {with_interval(other, eur)} more than {baseline}"


def forecasters_chart(told: Told, baseline: str | None) -> Markup:
    """Draw the cost with each forecaster, with the interval of its difference to the oracle, and the gap above."""
    rows = [f for f in figures_of(told) if mean_of(f.get("cost_eur")) is not None]
    costs = {f["forecaster"]: mean_of(f["cost_eur"]) or 0.0 for f in rows}
    if not rows:
        return Markup("")
    spans = {f["forecaster"]: _span(f, costs, baseline) for f in rows}
    ends = [e for c, span in zip(costs.values(), spans.values(), strict=True) for e in (c, *(span or ()))]
    low, high = min(ends), max(ends)
    left = max(text_width(shortened(n), SIZE) for n in costs) + 30
    right = max(text_width(_beside(f, baseline), SIZE) for f in rows) + 34
    scale = (WIDTH - left - right) / (high - low) if high > low else 0.0

    def at(cost: float) -> float:
        return float(left + (cost - low) * scale)

    height = _HEAD + len(rows) * _STEP
    children = _bracket(costs, baseline, at, (left, WIDTH - right), height)
    for i, figure in enumerate(rows):
        name, y = figure["forecaster"], _HEAD + (i + 0.5) * _STEP
        children.append(tag("path", d=f"M{left - 14:.1f} {y:.1f}H{WIDTH - right + 14:.1f}", class_="grid"))
        children.append(tag("text", shortened(name), x=left - 26, y=y + 4.5, text_anchor="end"))
        if span := spans[name]:
            a, b = (at(e) for e in span)
            ticks = f"M{a:.1f} {y - 5:.1f}v10M{b:.1f} {y - 5:.1f}v10M{a:.1f} {y:.1f}H{b:.1f}"
            children.append(tag("path", d=ticks, class_="interval"))
        class_ = "bound" if name == ORACLE else "before" if name == baseline else "after"
        children.append(tag("circle", cx=at(costs[name]), cy=y, r=6.0, class_=class_))
        children.append(tag("text", _beside(figure, baseline), x=WIDTH, y=y + 4.5, text_anchor="end", class_="value"))
    names = listed(costs, most=len(costs))
    return picture(WIDTH, height, f"Cost in the end with {names}", children, "bars")


def _span(figure: Told, costs: Mapping[str, float], baseline: str | None) -> tuple[float, float] | None:
    """Ends of the interval of a forecaster's difference to the oracle (or the baseline), laid around its cost."""
    regret, saved = figure.get("regret_eur"), figure.get("saved_eur")
    mean, sign, difference = 0.0, 1.0, None
    if isinstance(regret, Mapping):
        mean, difference = costs.get(ORACLE, 0.0), regret
    elif ORACLE not in costs and isinstance(saved, Mapping):
        mean, sign, difference = costs.get(baseline or "", 0.0), -1.0, saved
    if difference is None:
        return None
    low, high = known(difference.get("low")), known(difference.get("high"))
    if low is None or high is None:
        return None
    one, other = mean + sign * low, mean + sign * high
    return min(one, other), max(one, other)


def _bracket(
    costs: Mapping[str, float],
    baseline: str | None,
    at: Callable[[float], float],
    room: tuple[float, float],
    height: float,
) -> list[Markup]:
    """Mark the oracle's and the baseline's cost down the picture, and name what lies between them."""
    marked = [at(costs[n]) for n in (ORACLE, baseline) if n is not None and n in costs]
    out = [tag("path", d=f"M{x:.1f} 30V{height:.1f}", class_="reference") for x in marked]
    if len(marked) == 2 and baseline is not None:
        gap = costs[baseline] - costs[ORACLE]
        word = f"the gap: {eur(gap)}" if gap >= 0 else f"the oracle costs {eur(-gap)} more"
        half = text_width(word, SIZE) / 2
        middle = min(max(sum(marked) / 2, room[0] + half), room[1] - half)
        a, b = sorted(marked)
        out.append(tag("path", d=f"M{a:.1f} 30H{b:.1f}", class_="interval"))
        out.append(tag("text", word, x=middle, y=20.0, text_anchor="middle", class_="note"))
    return out


def _beside(figure: Told, baseline: str | None) -> str:
    """What is written at the end of a forecaster's row."""
    cost = eur(mean_of(figure["cost_eur"]))
    closed = figure.get("gap_closed_percent")
    if figure["forecaster"] == ORACLE:
        return f"{cost}, knows the future"
    if mean_of(closed) is not None:
        return f"{cost}, closes {percent(mean_of(closed), 0)} of the gap"
    return f"{cost}, the starting point" if figure["forecaster"] == baseline else cost
