"""Draw README's picture from the results of a demo: one day's routes without and with the pool, and what all pay.

Run by ``make picture``, after ``make demo``. Same results, same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from experiments.report.charts import WIDTH, Bar, ranked_bars
from experiments.report.facts import representative_day, run_facts
from experiments.report.maps import WIDTH as PANEL_WIDTH
from experiments.report.maps import RouteMap, route_map
from experiments.report.policies import read_comparison
from experiments.report.reading import ComparisonFiles, read_results
from experiments.report.svg import group, tag, text_width
from experiments.report.words import count, day_label, eur

if TYPE_CHECKING:
    from experiments.report.policies import Comparison

ROOT = Path(__file__).resolve().parent.parent
STYLE = ROOT / "experiments" / "report" / "page.css"
EDGE, GAP = 20.0, 20.0
SIZE = 13.0  # of texts, as in the page's style
HEADING = "font-size:16px;font-weight:600"
FACE = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif'


def draw(folder: Path) -> Markup:
    """Draw the picture of a comparison's results folder.

    Raises
    ------
    InputError
        If the folder holds no results.
    ValueError
        If they are not a comparison with a day to draw.
    """
    files = read_results(folder)
    comparison = read_comparison(files) if isinstance(files, ComparisonFiles) else None
    if not isinstance(files, ComparisonFiles) or comparison is None or comparison.main is None:
        raise ValueError(f"{folder} holds no comparison of policies, expected the results of `make demo`")
    run = files.runs[comparison.main.name]
    facts = run_facts(run)
    day = representative_day(facts)
    routes = route_map(run, day) if day else None
    if routes is None:
        raise ValueError(f"{folder} holds no day with routes, expected the results of `make demo`")
    return _page(routes, comparison, comparison.main.name, count(len(facts.days), "day"))


def _page(routes: RouteMap, comparison: Comparison, pooled: str, days: str) -> Markup:
    panel_width = (WIDTH - GAP) / 2
    top = EDGE + 46
    parts, heights = [], []
    titles = [routes.panels[0].title, f"{routes.panels[1].title} (policy {pooled})"]
    for number, (panel, title) in enumerate(zip(routes.panels, titles, strict=True)):
        left = EDGE + number * (panel_width + GAP)
        panel_height = panel_width * _height(panel.svg) / PANEL_WIDTH
        parts += [
            tag(
                "text",
                f"{title}, {day_label(routes.day)}",
                x=left,
                y=EDGE + 14,
                style=HEADING,
            ),
            tag("text", panel.note, x=left, y=EDGE + 34, style="fill:var(--soft)"),
            tag("rect", x=left, y=top, width=panel_width, height=panel_height, rx=8, style="fill:var(--land)"),
            _placed(panel.svg, left, top, panel_width / PANEL_WIDTH, "map"),
        ]
        heights.append(panel_height)
    y = top + max(heights) + 22
    parts.append(_legend(routes, y))
    y += 44
    parts.append(tag("text", f"What all owners pay in {days}", x=EDGE, y=y, style=HEADING))
    costs = [
        Bar(p.name, mean, class_="before" if p.protocol == "standalone" else "after")
        for p in comparison.policies
        if (mean := p.spread("total_cost_eur").mean) is not None
    ]
    bars = ranked_bars(costs, "Cost of each policy", eur)
    parts.append(_placed(bars, EDGE, y + 14, 1.0, "bars"))
    wide, high = WIDTH + 2 * EDGE, y + 14 + _height(bars) + EDGE
    return tag(
        "svg",
        tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
        tag("rect", width=wide, height=high, style="fill:var(--paper)"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {wide:.0f} {high:.0f}",
        role="img",
        aria_label="Routes of one day of the demo without and with the pool, and the cost of each policy",
        # The page's style makes a picture as wide as its column; this one stands alone.
        style=f"width:{wide:.0f}px;height:{high:.0f}px;font-family:{FACE}",
    )


def _height(svg: Markup) -> float:
    """Height of a picture of the report, by its own measure."""
    return float(svg.partition('viewBox="')[2].partition('"')[0].split()[3])


def _placed(svg: Markup, x: float, y: float, scale: float, class_: str) -> Markup:
    """Put what a picture of the report shows at a place; as a picture in the picture the style would size it."""
    inside = str(svg).partition(">")[2].removesuffix("</svg>")
    return group([Markup(inside)], transform=f"translate({x:.0f} {y:.0f}) scale({scale:.4f})", class_=class_)


def _legend(routes: RouteMap, y: float) -> Markup:
    parts: list[Markup] = []
    x = EDGE

    def entry(key: Markup, key_width: float, word: str) -> None:
        nonlocal x
        parts.append(group([key, tag("text", word, x=key_width + 7, y=12.5)], transform=f"translate({x:.0f} {y:.0f})"))
        x += key_width + 7 + text_width(word, SIZE) + 12

    def line(name: str, class_: str) -> None:
        entry(group([tag("path", d="M1 8H25", class_=class_)], class_="routes"), 26, name)

    for mark, word in routes.kinds:
        entry(mark, 16, word)
    for colour, name in routes.carriers:
        line(name, f"pooled {colour}")
    if routes.groupage:
        line("by groupage", "groupage c0")
    return group(parts)


def main() -> None:
    """Read the results of a demo, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("results", type=Path, help="the results folder of a comparison, such as demo/results")
    parser.add_argument("out", type=Path, help="the SVG to write")
    given = parser.parse_args()
    text = str(draw(given.results))
    given.out.write_text(text + "\n", encoding="utf-8", newline="\n")
    print(f"picture: {given.out}, {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
