"""The ordering process: who orders what from whom on which day, over the history and the planning days alike.

Each relation (factory, client, product) draws a Poisson number of orders a day, whose mean follows its own rate, the
day of the week, the time of year, the factory's promotions and two shocks: one shared by all, one per factory. Sizes
are lognormal. The demand history is the sum of these orders per owner, zone, product and day, so the orders of the
planning days come from the very process that a forecaster learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.generator.prices import FULL_LOAD_PALLETS
from logistics.shipments import Temperature
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from numpy.random import Generator, SeedSequence
    from numpy.typing import NDArray

    from experiments.generator.geography import Geography
    from experiments.generator.params import GeneratorParams

SMALLEST_PALLETS, LARGEST_PART_LOAD = 0.5, 12.0
KG_PER_PALLET = (150.0, 700.0)
M3_PER_PALLET = (0.9, 1.9)


@dataclass(frozen=True, slots=True)
class Product:
    """Goods with their handling class."""

    name: str
    adr_labels: str = ""
    temperature: Temperature = Temperature.AMBIENT


PLAIN = tuple(map(Product, ("components", "packaging", "castings", "fasteners", "panels")))
SPECIAL = (
    Product("coatings", adr_labels="3"),
    Product("ingredients", temperature=Temperature.CHILLED),
    Product("cleaners", adr_labels="8"),
    Product("batteries", adr_labels="9"),
)


@dataclass(frozen=True, eq=False)
class Relations:
    """Who buys what from whom; one row per relation.

    Attributes
    ----------
    factory, client
        Index among the factories and the clients.
    product
        Index into ``products``.
    rate
        Mean orders per planning day.
    median_pallets, kg_per_pallet, m3_per_pallet
        Of the relation's orders.
    """

    factory: NDArray[np.intp]
    client: NDArray[np.intp]
    product: NDArray[np.intp]
    products: tuple[Product, ...]
    rate: NDArray[np.float64]
    median_pallets: NDArray[np.float64]
    kg_per_pallet: NDArray[np.float64]
    m3_per_pallet: NDArray[np.float64]


def build_relations(params: GeneratorParams, rng: Generator) -> Relations:
    """Draw who buys from whom: part of the region, so the same in every replication."""
    extra = rng.poisson(params.suppliers_per_client - 1, params.clients)
    suppliers = np.minimum(1 + extra, params.factories)
    appeal = rng.gamma(3.0, size=params.factories)
    pairs = [
        (int(f), c)
        for c, count in enumerate(suppliers)
        for f in rng.choice(params.factories, size=count, replace=False, p=appeal / appeal.sum())
    ]
    # Every factory has at least one client, every client at least one factory.
    served = {f for f, _ in pairs}
    pairs += [(f, int(rng.integers(params.clients))) for f in range(params.factories) if f not in served]
    products = PLAIN + SPECIAL
    special = {
        int(f): len(PLAIN) + i % len(SPECIAL)
        for i, f in enumerate(np.flatnonzero(rng.random(params.factories) < params.special_goods_share))
    }
    rows = []
    for f, c in pairs:
        rows.append((f, c, f % len(PLAIN)))
        if f in special and rng.random() < 0.3:
            rows.append((f, c, special[f]))
    factory, client, product = np.array(rows, dtype=np.intp).T
    rate = rng.gamma(2.0, size=len(rows))
    rate[rng.random(len(rows)) < params.intermittent_share] *= 0.12
    rate *= params.mean_orders / rate.sum()
    factory_size = rng.lognormal(0.0, 0.2, params.factories)
    return Relations(
        factory,
        client,
        product,
        products,
        rate,
        params.pallets_median * rng.lognormal(0.0, 0.35, len(rows)) * factory_size[factory],
        rng.uniform(*KG_PER_PALLET, len(rows)),
        rng.uniform(*M3_PER_PALLET, len(rows)),
    )


@dataclass(frozen=True, eq=False)
class OrderBook:
    """Orders over all days; one row per order, by day and relation.

    Attributes
    ----------
    day
        Index into ``days``.
    promotion
        Whether a promotion ran, shape ``(factories, products, days)``.
    """

    days: pd.DatetimeIndex
    day: NDArray[np.intp]
    relation: NDArray[np.intp]
    pallets: NDArray[np.float64]
    promotion: NDArray[np.bool_]


def draw_orders(params: GeneratorParams, relations: Relations, last_day: pd.Timestamp, seed: SeedSequence) -> OrderBook:
    """Run the ordering process from the first day of the history to the last day of the oracle."""
    promotion_rng, shock_rng, order_rng, size_rng = (np.random.default_rng(s) for s in seed.spawn(4))
    first = pd.Timestamp(params.start) - pd.Timedelta(days=params.history_days)
    days = pd.date_range(first, last_day)
    promotion = _promotions(params, len(relations.products), days, promotion_rng)
    shocks = _shocks(params, len(days), shock_rng)
    year = 2 * np.pi * days.dayofyear.to_numpy() / 365.25
    # Busiest in October, quietest in April, a dip in the first weeks of August and at the turn of the year.
    season = 1 + params.yearly_amplitude * np.cos(year - 2 * np.pi * 290 / 365.25)
    season = np.where((days.month == 8) & (days.day <= 14), season * 0.7, season)
    season = np.where(((days.month == 12) & (days.day >= 24)) | ((days.month == 1) & (days.day == 1)), 0.15, season)
    weights = np.array(params.weekday_weights)
    working = weights[weights > 0]
    weekday = (weights / working.mean() if len(working) else weights)[days.weekday]
    lift = np.where(promotion[relations.factory, relations.product], params.promotion_lift, 1.0)
    intensity = relations.rate[:, None] * (season * weekday)[None] * lift * np.exp(shocks[relations.factory])
    counts = order_rng.poisson(intensity).T
    day, relation = (np.repeat(at, counts[np.nonzero(counts)]) for at in np.nonzero(counts))
    median = relations.median_pallets[relation]
    pallets = median * np.exp(params.pallets_sigma * size_rng.standard_normal(len(day)))
    pallets = np.clip(np.round(pallets * 2) / 2, SMALLEST_PALLETS, LARGEST_PART_LOAD)
    full = size_rng.random(len(day)) < params.full_load_share
    most = np.floor(np.minimum(24_000 / relations.kg_per_pallet[relation], FULL_LOAD_PALLETS))
    large = np.floor(most * size_rng.uniform(0.5, 1.0, len(day)))
    return OrderBook(days, day, relation, np.where(full, large, pallets), promotion)


def _promotions(params: GeneratorParams, products: int, days: pd.DatetimeIndex, rng: Generator) -> NDArray[np.bool_]:
    running = np.zeros((params.factories, products, len(days)), dtype=bool)
    starts = rng.random(running.shape) < params.promotions_per_year / 365.25
    lengths = rng.integers(5, 15, running.shape)
    for f, p, d in np.argwhere(starts):
        running[f, p, d : d + lengths[f, p, d]] = True
    return running


def _shocks(params: GeneratorParams, days: int, rng: Generator) -> NDArray[np.float64]:
    """Log-intensity per factory and day: shared and own autoregressive parts, each with mean intensity one."""
    shared = _autoregressive(1, days, 0.8, params.common_shock, rng)
    own = _autoregressive(params.factories, days, 0.6, params.factory_shock, rng)
    return shared + own - (params.common_shock**2 + params.factory_shock**2) / 2


def _autoregressive(series: int, days: int, memory: float, deviation: float, rng: Generator) -> NDArray[np.float64]:
    noise = rng.standard_normal((series, days)) * deviation
    level = np.empty((series, days))
    level[:, 0] = noise[:, 0]
    keep = np.sqrt(1 - memory**2)
    for d in range(1, days):
        level[:, d] = memory * level[:, d - 1] + keep * noise[:, d]
    return level


def demand_table(geography: Geography, relations: Relations, book: OrderBook) -> pd.DataFrame:
    """Sum the orders to daily demand per owner, zone and product; days without demand have a row too."""
    owners = np.array(geography.ids(SiteKind.FACTORY))
    zones = geography.sites["zone"].to_numpy(dtype=object)[geography.rows(SiteKind.CLIENT)]
    names = np.array([p.name for p in relations.products], dtype=object)
    keys = pd.DataFrame(
        {
            "owner": owners[relations.factory],
            "zone": zones[relations.client],
            "product": names[relations.product],
            "factory": relations.factory,
            "goods": relations.product,
        }
    )
    lanes = keys.drop_duplicates(["owner", "zone", "product"]).sort_values(["owner", "zone", "product"])
    row_of = {tuple(k): i for i, k in enumerate(lanes[["owner", "zone", "product"]].to_numpy())}
    lane = np.array([row_of[tuple(k)] for k in keys[["owner", "zone", "product"]].to_numpy()])
    pallets = np.zeros((len(lanes), len(book.days)))
    np.add.at(pallets, (lane[book.relation], book.day), book.pallets)
    running = book.promotion[lanes["factory"].to_numpy(), lanes["goods"].to_numpy()]
    repeated = np.repeat(np.arange(len(lanes)), len(book.days))
    return pd.DataFrame(
        {
            "owner": lanes["owner"].to_numpy()[repeated],
            "zone": lanes["zone"].to_numpy()[repeated],
            "product": lanes["product"].to_numpy()[repeated],
            "day": np.tile(book.days.strftime("%Y-%m-%d").to_numpy(), len(lanes)),
            "pallets": pallets.ravel(),
            "promotion": running.ravel().astype(int),
        }
    )
