"""The map: one day's vehicles without and with the pool, side by side and to the same scale."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from experiments.report.facts import AFTER, ALONE, BEFORE, GROUPAGE, POOL
from experiments.report.svg import group, picture, tag, text_width
from experiments.report.tours import Parcel, Tour, parcels_of, tours_of
from experiments.report.words import count, shortened
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from experiments.report.reading import Place, RunFiles

WIDTH = 560.0
MARGIN = 34.0
LABEL_SIZE = 11.5
COLOURS = 6
KM_PER_DEGREE = math.pi * 6371.0088 / 180
_BEND = 0.08  # how far a line leaves the straight one: relative to its length, and at most in pixels
_MOST_BEND = 16.0
_MOST_LABELS = 40
_LONGEST_LABEL = 18


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the two maps."""

    title: str
    note: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class RouteMap:
    """Both maps and what their colours mean.

    Attributes
    ----------
    carriers
        Class of the colour and name, in order.
    kinds
        Marks that occur, with their plain names.
    """

    day: date
    panels: tuple[Panel, Panel]
    carriers: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[Markup, str]]
    groupage: bool


@dataclass(frozen=True)
class Projection:
    """Equirectangular, true to scale at the middle latitude."""

    west: float
    north: float
    cos_lat: float
    px_per_km: float
    left: float
    top: float
    height: float

    def __call__(self, place: Place) -> tuple[float, float]:
        """Where a place lies in the picture."""
        x = (place.lon - self.west) * KM_PER_DEGREE * self.cos_lat
        y = (self.north - place.lat) * KM_PER_DEGREE
        return self.left + x * self.px_per_km, self.top + y * self.px_per_km


def projection(places: Iterable[Place]) -> Projection:
    """Fit places into the picture's width and a height between a half and five quarters of it."""
    known = list(places)
    lats, lons = [p.lat for p in known], [p.lon for p in known]
    cos_lat = max(math.cos(math.radians((min(lats) + max(lats)) / 2)), 0.01)
    wide = (max(lons) - min(lons)) * KM_PER_DEGREE * cos_lat
    high = (max(lats) - min(lats)) * KM_PER_DEGREE
    room = WIDTH - 2 * MARGIN
    scale = min(room / wide if wide else math.inf, 1.25 * room / high if high else math.inf)
    # All at one point: any scale shows it.
    scale = scale if math.isfinite(scale) else 1.0
    height = max(high * scale + 2 * MARGIN, 0.5 * WIDTH)
    left = MARGIN + (room - wide * scale) / 2
    return Projection(min(lons), max(lats), cos_lat, scale, left, (height - high * scale) / 2, height)


def route_map(files: RunFiles, day: date) -> RouteMap | None:
    """Draw a day; None where the sites are not known."""
    places = files.setting.places
    tours = {scope: tours_of(files, day, scope) for scope in (BEFORE, AFTER)}
    parcels = {scope: parcels_of(files, day, scope) for scope in (BEFORE, AFTER)}
    if not places or not any([*tours.values(), *parcels.values()]):
        return None
    fit = projection(places.values())
    colours = _colours(tours, parcels)
    names = files.setting.names
    titles = {BEFORE: "Without the pool", AFTER: "With the pool"}
    first, second = (
        Panel(
            titles[scope],
            _note(tours[scope], parcels[scope]),
            _panel(places, fit, tours[scope], parcels[scope], colours, f"{titles[scope]}: routes of one day"),
        )
        for scope in (BEFORE, AFTER)
    )
    shown = sorted(((c, names.get(who, who) or "no carrier named") for who, c in colours.items() if c != "c0"))
    if "c0" in colours.values():
        shown.append(("c0", count(list(colours.values()).count("c0"), "further carrier")))
    present = {p.kind for p in places.values()}
    words = {
        SiteKind.FACTORY: "factory",
        SiteKind.HUB: "hub",
        SiteKind.BASE: "where vehicles start",
        SiteKind.CLIENT: "client",
    }
    kinds = [(_mark(k, 8, 8), word) for k, word in words.items() if k in present]
    return RouteMap(day, (first, second), shown, kinds, any(parcels.values()))


def _note(tours: Sequence[Tour], parcels: Sequence[Parcel]) -> str:
    modes = Counter(t.mode for t in tours)
    parts = [
        count(modes[POOL], "pooled tour") if modes[POOL] else "",
        count(modes[ALONE], "tour for one owner", "tours for one owner each") if modes[ALONE] else "",
        f"{count(len(parcels), 'shipment')} by groupage" if parcels else "",
    ]
    return ", ".join(p for p in parts if p) or "no deliveries"


def _colours(tours: Mapping[str, Sequence[Tour]], parcels: Mapping[str, Sequence[Parcel]]) -> dict[str, str]:
    """Give the carriers with most hops a colour each, by name; the others share grey."""
    hops: Counter[str] = Counter()
    for scope in (BEFORE, AFTER):
        for tour in tours[scope]:
            hops[tour.carrier] += len(tour.sites)
        hops.update(p.carrier for p in parcels[scope])
    most = sorted(hops, key=lambda c: (-hops[c], c))[:COLOURS]
    shown = {c: f"c{i}" for i, c in enumerate(sorted(most), start=1)}
    return {c: shown.get(c, "c0") for c in sorted(hops)}


def _panel(
    places: Mapping[str, Place],
    fit: Projection,
    tours: Sequence[Tour],
    parcels: Sequence[Parcel],
    colours: Mapping[str, str],
    label: str,
) -> Markup:
    visited = {s for t in tours for s in t.sites} | {s for p in parcels for s in (p.origin, p.destination)}
    lines = [_parcel_line(p, places, fit, colours) for p in parcels]
    for number, tour in enumerate(tours):
        lines += _tour_lines(tour, number, places, fit, colours)
    marks = []
    order = (SiteKind.CLIENT, SiteKind.BASE, SiteKind.HUB, SiteKind.FACTORY)
    for place in sorted(places.values(), key=lambda p: (order.index(p.kind), p.id)):
        x, y = fit(place)
        quiet = place.kind in (SiteKind.CLIENT, SiteKind.BASE) and place.id not in visited
        marks.append(
            group([_mark(place.kind, x, y), tag("title", place.name or place.id)], class_="quiet" if quiet else None)
        )
    return picture(
        WIDTH,
        fit.height,
        label,
        [*_grid(fit), group(lines, class_="routes"), group(marks), group(_labels(places, fit)), _scale(fit)],
        "map",
    )


def _tour_lines(
    tour: Tour, number: int, places: Mapping[str, Place], fit: Projection, colours: Mapping[str, str]
) -> list[Markup]:
    """Write a tour as at most two paths: laden hops, and empty ones thinner."""
    paths: dict[bool, list[str]] = defaultdict(list)
    for start, end, laden in zip(tour.sites, tour.sites[1:], tour.laden, strict=False):
        if start in places and end in places and start != end:
            # Vehicles that share a road bend a little differently, so that each can be followed.
            paths[laden].append(_bow(fit(places[start]), fit(places[end]), 1.0 + 0.3 * (number % 4)))
    kind = "pooled" if tour.mode == POOL else "alone"
    title = f"{tour.carrier}: {count(tour.shipments, 'shipment')}, load {tour.load}"
    return [
        tag(
            "path",
            tag("title", title),
            d="".join(paths[laden]),
            class_=f"{kind if laden else 'empty'} {colours.get(tour.carrier, 'c0')}",
        )
        for laden in (False, True)
        if paths[laden]
    ]


def _parcel_line(p: Parcel, places: Mapping[str, Place], fit: Projection, colours: Mapping[str, str]) -> Markup:
    if p.origin not in places or p.destination not in places:
        return Markup("")
    way = _bow(fit(places[p.origin]), fit(places[p.destination]), 1.0)
    title = tag("title", f"{p.carrier}: shipment {p.shipment} by groupage")
    return tag("path", title, d=way, class_=f"{GROUPAGE} {colours.get(p.carrier, 'c0')}")


def _bow(start: tuple[float, float], end: tuple[float, float], more: float) -> str:
    """Write a curve that leaves the straight line to the left, so that there and back do not cover each other."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    # The curve reaches half as far out as its control point.
    bend = 2 * more * min(_BEND, _MOST_BEND / length)
    cx, cy = (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0)
    return f"M{x0:.1f} {y0:.1f}Q{cx:.1f} {cy:.1f} {x1:.1f} {y1:.1f}"


def _mark(kind: SiteKind, x: float, y: float) -> Markup:
    if kind is SiteKind.FACTORY:
        return tag("rect", x=x - 5, y=y - 5, width=10, height=10, rx=1.5, class_="factory")
    if kind is SiteKind.HUB:
        return tag("path", d=f"M{x:.1f} {y - 7.5:.1f}l7.5 7.5l-7.5 7.5l-7.5 -7.5z", class_="hub")
    if kind is SiteKind.BASE:
        return tag("path", d=f"M{x:.1f} {y - 5:.1f}l5 8.5h-10z", class_="base")
    return tag("circle", cx=x, cy=y, r=2.6, class_="client")


def _labels(places: Mapping[str, Place], fit: Projection) -> list[Markup]:
    """Write names beside factories and hubs where there is room; the others show theirs when pointed at."""
    named = [p for p in places.values() if p.kind in (SiteKind.FACTORY, SiteKind.HUB)]
    marks = [fit(p) for p in named]
    words = _short_names(named)
    taken: list[tuple[float, float, float, float]] = [(x - 6, y - 6, x + 6, y + 6) for x, y in marks]
    out = []
    for place, (x, y) in list(zip(named, marks, strict=True))[:_MOST_LABELS]:
        wide = text_width(words[place.id], LABEL_SIZE)
        spots = [
            (x + 11, y + 4, "start", x + 11),
            (x - 11, y + 4, "end", x - 11 - wide),
            (x, y - 10, "middle", x - wide / 2),
            (x, y + 19, "middle", x - wide / 2),
            (x + 8, y - 9, "start", x + 8),
            (x + 8, y + 16, "start", x + 8),
            (x - 8, y - 9, "end", x - 8 - wide),
            (x - 8, y + 16, "end", x - 8 - wide),
        ]
        for at_x, at_y, anchor, left in spots:
            box = (left, at_y - LABEL_SIZE, left + wide, at_y + 3)
            inside = box[0] >= 2 and box[2] <= WIDTH - 2 and box[1] >= 2 and box[3] <= fit.height - 2
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                out.append(tag("text", words[place.id], x=at_x, y=at_y, text_anchor=anchor, class_="label"))
                break
    return out


def _short_names(places: Sequence[Place]) -> dict[str, str]:
    """Cut names to what a map has room for; where that makes two alike, their ids stand instead."""
    cut = {p.id: shortened(p.name.partition(",")[0] or p.id, _LONGEST_LABEL) for p in places}
    often = Counter(cut.values())
    return {i: name if often[name] == 1 else shortened(i, _LONGEST_LABEL) for i, name in cut.items()}


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _step_km(fit: Projection) -> float:
    """Return a round distance, about a fifth of the picture's width."""
    target = WIDTH / 5 / fit.px_per_km
    power = 10.0 ** math.floor(math.log10(target))
    return max(m * power for m in (1, 2, 5) if m * power <= target)


def _grid(fit: Projection) -> list[Markup]:
    step = _step_km(fit) * fit.px_per_km
    across = [tag("path", d=f"M{i * step:.1f} 0V{fit.height:.1f}") for i in range(1, math.ceil(WIDTH / step))]
    down = [tag("path", d=f"M0 {i * step:.1f}H{WIDTH:.1f}") for i in range(1, math.ceil(fit.height / step))]
    return [group([*across, *down], class_="grid")]


def _scale(fit: Projection) -> Markup:
    km = _step_km(fit)
    wide = km * fit.px_per_km
    x, y = 14.0, fit.height - 14
    bar = tag("path", d=f"M{x:.1f} {y - 5:.1f}v5h{wide:.1f}v-5")
    return group([bar, tag("text", f"{km:g}\u00a0km", x=x + wide / 2, y=y - 6, text_anchor="middle")], class_="scale")
