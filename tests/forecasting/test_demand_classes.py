"""Tests for forecasting.demand_classes."""

from __future__ import annotations

import numpy as np

from forecasting import read_history
from forecasting.demand_classes import demand_classes
from tests.forecasting.samples import long_frame


def classes(*rows: np.ndarray) -> tuple[str, ...]:
    return demand_classes(read_history(long_frame({f"{n}": row for n, row in enumerate(rows)})))


def test_the_four_corners():
    """Frequent or rare, even or uneven."""
    even, uneven = np.array([4.0, 5.0, 6.0, 5.0]), np.array([1.0, 1.0, 1.0, 30.0])
    rare, lumpy = np.zeros(8), np.zeros(8)
    rare[::2], lumpy[::2] = even, uneven
    told = classes(np.tile(even, 2), np.tile(uneven, 2), rare, lumpy)
    assert told == ("smooth", "erratic", "intermittent", "lumpy")


def test_at_the_borders():
    """An interval of 4/3 is no longer frequent; a squared variation of exactly 0.49 is still even."""
    frequent = np.array([1.0, 1.0, 1.0, 0.0])
    swinging = np.array([17.0, 3.0, 17.0, 3.0])  # mean 10, deviation 7
    assert classes(frequent, swinging) == ("intermittent", "smooth")


def test_the_unit_plays_no_part():
    """Kilograms in place of pallets change no class."""
    row = np.array([0.0, 2.0, 0.0, 3.0, 0.0, 9.0])
    assert classes(row) == classes(row * 512)
