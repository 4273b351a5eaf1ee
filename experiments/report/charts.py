"""Bars and columns. Grey is without the pool, the accent colour with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from experiments.report.svg import group, picture, tag, text_width
from experiments.report.words import day_label, eur, line_label, number, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from experiments.report.facts import Line, Pair

WIDTH = 1080.0
SIZE = 13.0  # of texts
_MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure among others.

    Attributes
    ----------
    low, high
        Ends of an interval around the figure.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    class_: str = "after"


def cost_bars(lines: Sequence[Line]) -> Markup:
    """Draw what was paid without and with the pool, line by line."""
    shown = [ln for ln in lines if ln.paid.before or ln.paid.after]
    if not shown:
        return Markup("")
    labels = [line_label(ln.name) for ln in shown]
    left = max(text_width(label, SIZE) for label in labels) + 14
    values = [v or 0.0 for ln in shown for v in (ln.paid.before, ln.paid.after)]
    low, high = min(0.0, *values), max(0.0, *values)
    room = WIDTH - left - 110
    scale = room / (high - low) if high > low else 0.0
    zero = left - low * scale
    thick, gap = 12.0, 15.0
    children = []
    for i, (label, line) in enumerate(zip(labels, shown, strict=True)):
        y = i * (2 * thick + gap)
        children.append(tag("text", label, x=left - 12, y=y + thick + 5, text_anchor="end"))
        for j, (value, kind) in enumerate(((line.paid.before or 0.0, "before"), (line.paid.after or 0.0, "after"))):
            top = y + j * (thick + 1)
            children.append(_bar(zero, value * scale, top, thick, kind))
            end = zero + max(value, 0.0) * scale + 7
            children.append(tag("text", eur(value), x=end, y=top + 9.5, class_=f"value {kind}"))
    height = len(shown) * (2 * thick + gap) - gap + 4
    children.append(tag("path", d=f"M{zero:.1f} 0V{height:.1f}", class_="axis"))
    return picture(WIDTH, height, "Cost by line, without and with the pool", children, "bars")


def _bar(zero: float, length: float, top: float, thick: float, kind: str) -> Markup:
    return tag("rect", x=min(zero, zero + length), y=top, width=abs(length), height=thick, rx=1.5, class_=kind)


def ranked_bars(
    bars: Sequence[Bar], label: str, write: Callable[[float], str], reference: tuple[float, str] | None = None
) -> Markup:
    """Draw figures below each other, with intervals where they are given.

    Parameters
    ----------
    write
        How a figure is written beside its bar.
    reference
        A figure to mark across all bars, and its name.
    """
    if not bars:
        return Markup("")
    left = max(text_width(shortened(b.label), SIZE) for b in bars) + 14
    ends = [e for b in bars for e in (b.value, b.low, b.high) if e is not None] + ([reference[0]] if reference else [])
    low, high = min(0.0, *ends), max(0.0, *ends)
    right = max(text_width(write(b.value), SIZE) for b in bars) + 18
    scale = (WIDTH - left - right) / (high - low) if high > low else 0.0
    zero = left - low * scale
    thick, gap, top = 22.0, 14.0, 24.0 if reference else 2.0
    children = []
    height = top + len(bars) * (thick + gap) - gap + 4
    for i, bar in enumerate(bars):
        y = top + i * (thick + gap)
        children.append(tag("text", shortened(bar.label), x=left - 12, y=y + 15.5, text_anchor="end"))
        children.append(_bar(zero, bar.value * scale, y, thick, bar.class_))
        if bar.low is not None and bar.high is not None and bar.high > bar.low:
            a, b, m = zero + bar.low * scale, zero + bar.high * scale, y + thick / 2
            ticks = f"M{a:.1f} {m - 5:.1f}v10M{b:.1f} {m - 5:.1f}v10M{a:.1f} {m:.1f}H{b:.1f}"
            children.append(tag("path", d=ticks, class_="interval"))
        children.append(tag("text", write(bar.value), x=WIDTH, y=y + 15.5, text_anchor="end", class_="value"))
    if reference:
        x = zero + reference[0] * scale
        children.append(tag("path", d=f"M{x:.1f} 18V{height:.1f}", class_="reference"))
        children.append(tag("text", reference[1], x=x, y=12, text_anchor="middle", class_="note"))
    children.append(tag("path", d=f"M{zero:.1f} {top:.1f}V{height:.1f}", class_="axis"))
    return picture(WIDTH, height, label, children, "bars")


def dots(groups: Sequence[tuple[str, Sequence[Bar]]], label: str, write: Callable[[float], str]) -> Markup:
    """Draw figures as dots with their intervals, in named groups below each other.

    Parameters
    ----------
    write
        How a figure is written beside its dot.
    """
    bars = [bar for _, some in groups for bar in some]
    if not bars:
        return Markup("")
    left = max(text_width(shortened(b.label), SIZE) for b in bars) + 22
    ends = [e for b in bars for e in (b.value, b.low, b.high) if e is not None]
    low, high = min(0.0, *ends), max(0.0, *ends)
    right = max(text_width(write(b.value), SIZE) for b in bars) + 18
    scale = (WIDTH - left - right) / (high - low) if high > low else 0.0
    zero = left - low * scale
    step, head = 24.0, 30.0
    children: list[Markup] = []
    y = 0.0
    for name, some in groups:
        children.append(tag("text", name, x=0.0, y=y + 18, class_="note"))
        y += head
        for bar in some:
            middle, x = y + step / 2, zero + bar.value * scale
            children.append(tag("text", shortened(bar.label), x=left - 20, y=middle + 4.5, text_anchor="end"))
            if bar.low is not None and bar.high is not None and bar.high > bar.low:
                a, b = zero + bar.low * scale, zero + bar.high * scale
                ticks = f"M{a:.1f} {middle - 4:.1f}v8M{b:.1f} {middle - 4:.1f}v8M{a:.1f} {middle:.1f}H{b:.1f}"
                children.append(tag("path", d=ticks, class_="interval"))
            children.append(tag("circle", cx=x, cy=middle, r=5.0, class_=bar.class_))
            written = tag("text", write(bar.value), x=WIDTH, y=middle + 4.5, text_anchor="end", class_="value")
            children.append(written)
            y += step
    children.append(tag("path", d=f"M{zero:.1f} 0V{y:.1f}", class_="axis"))
    return picture(WIDTH, y + 4, label, children, "bars")


def day_columns(pairs: Sequence[tuple[date, Pair]], label: str) -> Markup:
    """Draw a figure day by day, without and with the pool; lines where there are too many days for columns."""
    wide, high, top, bottom, left = 344.0, 150.0, 12.0, 20.0, 46.0
    values = [v for _, p in pairs for v in (p.before, p.after) if v is not None]
    if not values:
        return Markup("")
    most, least = _round_up(max(0.0, *values)), -_round_up(-min(0.0, *values))
    span = (most - least) or 1.0
    scale = (high - top - bottom) / span
    zero = top + most * scale
    step = (wide - left - 4) / len(pairs)
    children = [
        tag("path", d=f"M{left:.1f} {top + f * (high - top - bottom):.1f}H{wide:.1f}", class_="grid")
        for f in (0.0, 0.5)
    ]
    decimals = next(d for d in (0, 1, 2) if d == 2 or (span / 2 * 10**d).is_integer())
    for value in (most, most - span / 2, least):
        y = top + (most - value) * scale
        children.append(tag("text", number(value, decimals), x=left - 6, y=y + 4, text_anchor="end"))
    children += _columns(pairs, left, step, zero, scale) if len(pairs) <= _MOST_COLUMNS else []
    children += _traces(pairs, left, step, zero, scale) if len(pairs) > _MOST_COLUMNS else []
    children.append(tag("path", d=f"M{left:.1f} {zero:.1f}H{wide:.1f}", class_="axis"))
    children += _day_axis([d for d, _ in pairs], left, step, high)
    return picture(wide, high, label, children, "days")


def _round_up(value: float) -> float:
    """Return the next figure of one or two digits that halves well, for the end of a scale."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if m * power >= value * (1 - 1e-9))


def _columns(pairs: Sequence[tuple[date, Pair]], left: float, step: float, zero: float, scale: float) -> list[Markup]:
    thick = min(step * 0.42, 26.0)
    out = []
    for i, (_, pair) in enumerate(pairs):
        middle = left + (i + 0.5) * step
        for value, x, kind in ((pair.before, middle - thick, "before"), (pair.after, middle, "after")):
            if value is not None:
                y = min(zero, zero - value * scale)
                out.append(tag("rect", x=x, y=y, width=thick, height=abs(value * scale), class_=kind))
    return out


def _traces(pairs: Sequence[tuple[date, Pair]], left: float, step: float, zero: float, scale: float) -> list[Markup]:
    out = []
    for kind in ("before", "after"):
        points = [
            f"{left + (i + 0.5) * step:.1f},{zero - value * scale:.1f}"
            for i, (_, pair) in enumerate(pairs)
            if (value := pair.before if kind == "before" else pair.after) is not None
        ]
        out.append(tag("polyline", points=" ".join(points), class_=f"trace {kind}"))
    return out


def _day_axis(days: Sequence[date], left: float, step: float, high: float) -> list[Markup]:
    """Name the first day, the last one, and as many between as fit."""
    every = max(1, math.ceil(52 / step))
    named = [i for i in range(0, len(days), every) if i == 0 or len(days) - 1 - i >= every * 0.9]
    named += [len(days) - 1] if len(days) - 1 not in named else []
    return [tag("text", day_label(days[i]), x=left + (i + 0.5) * step, y=high - 4, text_anchor="middle") for i in named]


def cell_bar(value: float, most: float, least: float) -> Markup:
    """Draw a bar for a table's cell, to the same scale in every row."""
    span = max(most, 0.0) - min(least, 0.0)
    if span <= 0:
        return Markup("")
    scale = 120 / span
    zero = -min(least, 0.0) * scale
    children = [group([_bar(zero, value * scale, 2, 10, "after" if value >= 0 else "worse")])]
    children.append(tag("path", d=f"M{zero:.1f} 0V14", class_="axis"))
    return tag("svg", *children, viewBox="-1 0 122 14", class_="cell", aria_hidden="true")
