"""The orders of the planning days: what the ordering process drew, with times, goods and stakes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from experiments.columns import read_clock
from experiments.generator.prices import loading_min, named, unloading_min
from experiments.tables import ORDERS
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from numpy.random import Generator

    from experiments.generator.demand import OrderBook, Relations
    from experiments.generator.geography import Geography
    from experiments.generator.params import GeneratorParams
    from experiments.scenario import PlanningDay

READY = ("06:00", "06:30", "07:00", "08:00")
READY_CHANCE = (0.4, 0.25, 0.2, 0.15)


def orders_table(
    params: GeneratorParams,
    geography: Geography,
    relations: Relations,
    book: OrderBook,
    days: tuple[PlanningDay, ...],
    rng: Generator,
) -> pd.DataFrame:
    """Write the orders released on the planning days.

    An order is released before dawn of its day, ready that morning, and may be delivered during the client's receiving
    hours on any day until the close of the working day after it is due.
    """
    zone = ZoneInfo("Europe/Amsterdam")
    index_of = {pd.Timestamp(day.date): day.index for day in days}
    planning = np.array([index_of.get(d, -1) for d in book.days])[book.day]
    rows = np.flatnonzero(planning >= 0)
    n = len(rows)
    relation = book.relation[rows]
    pallets = book.pallets[rows]
    urgency = rng.random(n)
    grace = np.where(urgency < params.urgent_share, 0, np.where(urgency > 1 - params.patient_share, 2, 1))
    ready = rng.choice(len(READY), n, p=READY_CHANCE)
    released = rng.integers(0, 10, n) * 15 + 180
    critical = rng.random(n) < 0.05
    lateness = rng.choice([8.0, 12.0, 20.0, 35.0], n, p=[0.4, 0.3, 0.2, 0.1])
    stop = rng.choice([400.0, 800.0, 1500.0], n)
    rng.random(n)
    clients = geography.sites.iloc[geography.rows(SiteKind.CLIENT)]
    opens = [read_clock(t) for t in clients["opens"]]
    closes = [read_clock(t) for t in clients["closes"]]
    sites, factories = clients["site"].tolist(), geography.ids(SiteKind.FACTORY)
    weekend = {d for d, weight in enumerate(params.weekday_weights) if d >= 5}

    def later(day: pd.Timestamp, working_days: int) -> pd.Timestamp:
        while working_days > 0:
            day += timedelta(days=1)
            working_days -= day.weekday() not in weekend
        return day

    def at(day: pd.Timestamp, minutes: float) -> str:
        return (day + timedelta(minutes=float(minutes))).tz_localize(zone).isoformat(timespec="minutes")

    holding = params.holding_eur_per_pallet_day
    written: list[dict[str, object]] = []
    number: dict[int, int] = {}
    for i, r in enumerate(relation):
        day = book.days[book.day[rows[i]]]
        client, factory = int(relations.client[r]), int(relations.factory[r])
        product = relations.products[relations.product[r]]
        count = number[planning[rows[i]]] = number.get(planning[rows[i]], 0) + 1
        due = later(day, int(grace[i]))
        last = later(due, 1)
        stops = bool(critical[i])
        written.append(
            {
                "shipment": f"S{day:%y%m%d}-{count:03d}",
                "owner": factories[factory],
                "origins": factories[factory],
                "destination": sites[client],
                "pallets": pallets[i],
                "weight_kg": round(pallets[i] * relations.kg_per_pallet[r]),
                "volume_m3": round(pallets[i] * relations.m3_per_pallet[r], 2),
                "released_at": at(day, released[i]),
                "ready_at": at(day, read_clock(READY[ready[i]])),
                "window_open": at(day, opens[client]),
                "window_close": at(last, closes[client]),
                "due_at": at(due, closes[client]),
                "loading_min": loading_min(pallets[i]),
                "unloading_min": unloading_min(pallets[i]),
                "adr_labels": product.adr_labels,
                "temperature": str(product.temperature),
                "certificates": "",
                "product": product.name,
                "lateness_eur_per_hour": lateness[i],
                "line_stop_eur": stop[i] if stops else 0.0,
                "line_stop_at": at(last, closes[client]) if stops else "",
            }
            | ({"holding_eur_per_pallet_day": holding} if holding else {})
        )
    columns = named(ORDERS.names, written, ("holding_eur_per_pallet_day",))
    return pd.DataFrame(written, columns=list(columns), dtype=object)
