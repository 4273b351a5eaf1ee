"""Demand histories for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

MONDAY = "2024-01-01"


def long_frame(demand: dict[str, np.ndarray], promotion: np.ndarray | None = None, start: str = MONDAY) -> pd.DataFrame:
    """Long frame with a row per series and day, all series beginning on the same day."""
    frames = []
    for series, figures in demand.items():
        frame = pd.DataFrame({"unique_id": series, "ds": pd.date_range(start, periods=len(figures)), "y": figures})
        if promotion is not None:
            frame["promotion"] = promotion[: len(figures)]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def factory_demand(days: int = 168, seed: int = 1) -> pd.DataFrame:
    """Three lanes of one factory, closed on Sundays: a busy one, one that a shared shock moves with it, a rare one."""
    rng = np.random.default_rng(seed)
    weekday = np.arange(days) % 7
    week = np.array([1.0, 1.1, 1.2, 1.1, 1.4, 0.4, 0.0])[weekday]
    shock = rng.gamma(20.0, 1 / 20.0, days)
    promotion = (np.arange(days) // 7 % 5 == 0).astype(float)
    return long_frame(
        {
            "F1|75|dairy": rng.poisson(20 * week * shock * (1 + promotion)).astype(float),
            "F1|75|cheese": rng.poisson(8 * week * shock).astype(float),
            "F1|69|dairy": np.where(rng.random(days) < 0.15, 3.0, 0.0) * (weekday < 5),
        },
        promotion,
    )
