"""Tests for forecasting.demand_classes."""

from __future__ import annotations

import numpy as np

from forecasting.demand_classes import demand_classes


def test_the_four_corners():
    """Frequent or rare, even or uneven; nothing known and no demand are neither."""
    even, uneven = np.array([4.0, 5.0, 6.0, 5.0]), np.array([1.0, 1.0, 1.0, 30.0])
    rare = np.zeros(8)
    rows = [np.tile(even, 2), np.tile(uneven, 2), rare.copy(), rare.copy(), rare, np.full(8, np.nan)]
    rows[2][::2], rows[3][::2] = even, uneven
    assert demand_classes(np.array(rows)).tolist() == ["smooth", "erratic", "intermittent", "lumpy", "none", "none"]


def test_at_the_borders():
    """An interval of exactly 4/3 is no longer frequent; a CV² of exactly 0.49 is still even."""
    frequent = np.array([1.0, 1.0, 1.0, 0.0])
    swinging = np.array([17.0, 3.0, 17.0, 3.0])  # mean 10, deviation 7
    assert demand_classes(np.stack([frequent, swinging])).tolist() == ["intermittent", "smooth"]


def test_unknown_periods_do_not_lengthen_intervals():
    """Only known periods count as waiting, and the unit plays no part."""
    demand = np.array([[np.nan, 2.0, np.nan, 3.0, np.nan, 2.0]])
    assert demand_classes(demand).tolist() == demand_classes(demand * 1e6).tolist() == ["smooth"]
