"""A company's series: what they are called, and their record as forecasters take it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlmodel import col, select

from server.store.tables import DemandRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from server.store import Reading

Row = tuple[str, str, str, float | None, bool]
# What is older tells nothing of today, and a mistyped year must not fill the memory with days.
OLDEST_DAYS = 20 * 366
# Promotions further ahead than a forecast may reach.
AHEAD_DAYS = 400
_PLAIN = re.compile(r"[a-z0-9]+")


def lane_id(zone: str, product: str) -> str:
    """Last segment of a lane forecast's name: ``37-steel``; two series never have the same.

    Where zone or product are more than lower-case letters and digits, a part of their SHA-256 tells them apart.
    """
    plain = f"{zone}-{product}" if product else zone
    if _PLAIN.fullmatch(zone) and (not product or _PLAIN.fullmatch(product)) and len(plain) <= 63:
        return plain
    ascii_text = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:40].strip("-") or "lane"
    digest = hashlib.sha256(f"{zone}\0{product}".encode()).hexdigest()
    # Two hyphens at least, which no plain one has.
    return f"{slug}-x-{digest[:16]}"


def rows_of(session: Reading, company: str, until: date | None = None) -> list[Row]:
    """Demand records of a company: zone, product, day, pallets (None: unknown), promotion."""
    columns: Any = (DemandRow.zone, DemandRow.product, DemandRow.day, DemandRow.pallets, DemandRow.promotion)
    query: Any = select(*columns)
    query = query.where(DemandRow.company == company)
    if until is not None:
        query = query.where(DemandRow.day <= until.isoformat())
    ordered = query.order_by(col(DemandRow.zone), col(DemandRow.product), col(DemandRow.day))
    return [tuple(row) for row in session.exec(ordered)]


def frame_of(rows: Sequence[Row], today: date) -> pd.DataFrame | None:
    """Long frame of records, for `forecasting.history.read_history` with ``gaps="zero"``; None without any demand.

    Demand of days to come is no demand yet: what is told of days after tomorrow (of a place where it is tomorrow
    already) counts as unknown. A day of which only the promotion was told, and others' demand is known, was one without
    demand. The day after the last known one has a row, so that a promotion later on does not move the first day to
    forecast.
    """
    table = pd.DataFrame(list(rows), columns=["zone", "product", "day", "y", "promotion"])
    table["y"] = table["y"].astype(np.float64)
    days = np.array(table["day"], dtype="datetime64[D]")
    table.loc[days > np.datetime64(today, "D") + 1, "y"] = np.nan
    known = table["y"].notna().to_numpy()
    if not known.any():
        return None
    last = days[known].max()
    keep = (days > last - OLDEST_DAYS) & (days <= last + AHEAD_DAYS)
    table, days, known = table[keep].reset_index(drop=True), days[keep], known[keep]
    table["ds"] = days.astype("datetime64[s]")
    pairs = table[["zone", "product"]].drop_duplicates()
    ids = {(z, p): lane_id(z, p) for z, p in pairs.itertuples(index=False)}
    table["unique_id"] = [ids[key] for key in zip(table["zone"], table["product"], strict=True)]
    table["promotion"] = table["promotion"].astype(np.float64)
    # A series of which nothing is known yet cannot be forecast: it has no first day.
    first = table["unique_id"].map(table[known].groupby("unique_id")["ds"].min())
    table = table[(table["ds"] >= first) & first.notna()].copy()
    past = table["ds"] <= pd.Timestamp(last)
    table.loc[past & table["y"].isna(), "y"] = 0.0
    tomorrow = pd.Timestamp(last + 1)
    if not (table["ds"] == tomorrow).any():
        one: dict[str, Any] = {**table.iloc[0].to_dict(), "ds": tomorrow, "y": np.nan, "promotion": 0.0}
        more = pd.DataFrame([one]).astype({"ds": table["ds"].dtype, "y": np.float64})
        table = pd.concat([table, more[table.columns]], ignore_index=True)
    told: pd.DataFrame = table[["unique_id", "ds", "y", "promotion", "zone", "product"]].reset_index(drop=True)
    return told


def past_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Only the days of which the demand is known."""
    return frame[frame["y"].notna()].reset_index(drop=True)


def span_days(frame: pd.DataFrame) -> int:
    """Days from the first one with a record to the last one with known demand."""
    known = frame.loc[frame["y"].notna(), "ds"]
    return int((known.max() - known.min()).days) + 1
