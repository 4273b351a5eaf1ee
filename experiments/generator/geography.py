"""The places of a generated region: towns, industrial zones, hubs at their edges, carriers' bases, tariff zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.generator.prices import table
from experiments.tables import SITES
from logistics.network import EARTH_RADIUS_KM
from logistics.sites import SiteKind, gln_check_digit

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator
    from numpy.typing import NDArray

    from experiments.generator.params import GeneratorParams

# fmt: off
TOWN_NAMES = (
    "Aldenbrook", "Brigmond", "Calverode", "Dornhaven", "Elstermark", "Falkenstede", "Groenveld", "Harwick", "Ilmenau",
    "Jasperdam", "Kelbourne", "Lindenrade", "Marwick", "Nordholt", "Osterbeek", "Pellworth", "Querlingen", "Ravensloot",
    "Steenwold", "Tarnfeld", "Ulmerode", "Vossendam", "Westerlo", "Yarnholt", "Zandhoven",
)
# fmt: on
DEMO_GLN_PREFIX = "952"  # GS1 keeps this prefix for demonstrations
# Client receiving hours: share of the clients, opening, closing.
RECEIVING = ((0.3, "07:00", "12:00"), (0.25, "12:00", "18:00"), (0.45, "07:00", "17:00"))


@dataclass(frozen=True, eq=False)
class Geography:
    """The sites of a region.

    Attributes
    ----------
    sites
        Rows of the table ``sites``.
    place_km
        Position of each site on the plane, shape ``(sites, 2)``.
    zone_km
        Middle of each zone, shape ``(zones, 2)``.
    towns_km
        Town centres, the largest first.
    """

    sites: pd.DataFrame
    place_km: NDArray[np.float64]
    zone_km: NDArray[np.float64]
    towns_km: NDArray[np.float64]

    def ids(self, kind: SiteKind) -> list[str]:
        """Sites of a kind, in order."""
        return list(self.sites.loc[self.sites["kind"] == str(kind), "site"])

    def rows(self, kind: SiteKind) -> NDArray[np.intp]:
        """Row numbers of the sites of a kind."""
        return np.flatnonzero(self.sites["kind"] == str(kind))


def degrees(place_km: NDArray[np.float64], centre_lat: float, centre_lon: float) -> NDArray[np.float64]:
    """Turn kilometres east and north of a centre into latitude and longitude, shape ``(points, 2)``."""
    km_per_degree = np.pi * EARTH_RADIUS_KM / 180
    lat = centre_lat + place_km[:, 1] / km_per_degree
    lon = centre_lon + place_km[:, 0] / (km_per_degree * np.cos(np.radians(centre_lat)))
    return np.round(np.column_stack([lat, lon]), 5)


def gln(number: int) -> str:
    """Return a valid demonstration GLN."""
    first = f"{DEMO_GLN_PREFIX}{number:09d}"
    return f"{first}{gln_check_digit(first)}"


def spread_out(count: int, half: NDArray[np.float64], rng: Generator, among: int = 30) -> NDArray[np.float64]:
    """Draw points in a rectangle, each the farthest from those before among some candidates."""
    points = rng.uniform(-0.5 * half, 0.5 * half, size=(1, 2))
    while len(points) < count:
        candidates = rng.uniform(-half, half, size=(among, 2))
        gaps = np.linalg.norm(candidates[:, None] - points[None], axis=2).min(axis=1)
        points = np.vstack([points, candidates[np.argmax(gaps)]])
    return points


def build_geography(params: GeneratorParams, rng: Generator) -> Geography:
    """Draw the places of a region."""
    half = np.array([params.width_km, params.height_km]) / 2
    inner = half * 0.72
    towns = spread_out(params.towns, inner, rng)
    weights = 1 / np.arange(1, params.towns + 1) ** 0.6
    weights /= weights.sum()

    def around(centres: NDArray[np.float64], near: float, far: float) -> NDArray[np.float64]:
        angle, radius = rng.uniform(0, 2 * np.pi, len(centres)), rng.uniform(near, far, len(centres))
        return np.asarray(centres + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))

    # Competing factories sit together: about two to each industrial zone outside a town.
    estates = around(towns[np.arange(max(1, (params.factories + 1) // 2)) % params.towns], 7.0, 12.0)
    factories = estates[np.arange(params.factories) % len(estates)] + rng.normal(0, 1.2, (params.factories, 2))
    hubs = around(towns[np.arange(params.hubs) % params.towns], 5.0, 8.0)
    bases = around(towns[np.arange(params.carriers) % params.towns], 3.0, 10.0)
    town_of = rng.choice(params.towns, size=params.clients, p=weights)
    in_town = towns[town_of] + rng.normal(0, params.town_spread_km, (params.clients, 2))
    scattered = rng.uniform(-half, half, (params.clients, 2))
    urban = rng.random(params.clients) < params.town_share
    clients = np.where(urban[:, None], in_town, scattered)
    place = np.clip(np.vstack([factories, hubs, bases, clients]), -half, half)

    zone_km = towns[: params.zones]
    if params.zones > params.towns:
        zone_km = np.vstack([towns, spread_out(params.zones - params.towns + 1, half * 0.9, rng)[1:]])
    zone = np.linalg.norm(place[:, None] - zone_km[None], axis=2).argmin(axis=1)
    nearest_town = np.linalg.norm(place[:, None] - towns[None], axis=2).argmin(axis=1)
    receiving = rng.choice(len(RECEIVING), size=params.clients, p=[share for share, _, _ in RECEIVING])
    coordinates = degrees(place, params.centre_lat, params.centre_lon)

    groups = (
        (SiteKind.FACTORY, "F", "Factory", params.factories, "Mon-Fri", "06:00", "18:00"),
        (SiteKind.HUB, "H", "Hub", params.hubs, "Mon-Fri", "05:00", "20:00"),
        (SiteKind.BASE, "B", "Yard", params.carriers, "", "", ""),
        (SiteKind.CLIENT, "K", "Client", params.clients, "Mon-Fri", "", ""),
    )
    rows: list[dict[str, Any]] = []
    for kind, letter, word, count, days, opens, closes in groups:
        for i in range(count):
            n = len(rows)
            town = TOWN_NAMES[nearest_town[n] % len(TOWN_NAMES)]
            if kind is SiteKind.CLIENT:
                _, opens, closes = RECEIVING[receiving[i]]
            rows.append(
                {
                    "site": f"{letter}{i + 1:0{len(str(count))}d}",
                    "kind": str(kind),
                    "name": f"{word} {i + 1}, {town}",
                    "lat": coordinates[n, 0],
                    "lon": coordinates[n, 1],
                    "zone": f"Z{zone[n] + 1}",
                    "gln": gln(n + 1),
                    "time_zone": "Europe/Amsterdam",
                    "opens": opens,
                    "closes": closes,
                    "open_days": days,
                }
            )
    return Geography(table(rows, SITES.names), place, zone_km, towns)
