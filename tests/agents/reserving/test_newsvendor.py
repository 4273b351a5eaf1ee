"""Tests for agents.reserving.newsvendor."""

from __future__ import annotations

import numpy as np
import pytest

from agents.reserving import GoodView, Newsvendor, ReservingRule
from forecasting import CapacityOffer
from groupage.errors import PolicyError
from tests.agents.reserving.contract import ReservingContract

OFFER = CapacityOffer(9, 100.0, 150.0)


class TestNewsvendor(ReservingContract):
    """It keeps what every reserving rule promises."""

    def build(self) -> ReservingRule:
        return Newsvendor()


def test_what_was_needed_before_is_needed_again() -> None:
    """A volume needs as many units per pallet as on the days seen; the unit that pays on too few paths is left."""
    volume = np.array([20.0, 20.0, 20.0])
    # Two, two and one unit for twenty pallets: the second is needed on two of three paths, which only breaks even.
    good = GoodView(volume, ((20.0, 2), (20.0, 2), (20.0, 1)), (OFFER,))
    assert Newsvendor().choose(good).units == (1,)
    cheaper = GoodView(volume, good.seen, (CapacityOffer(9, 99.0, 150.0),))
    assert Newsvendor().choose(cheaper).units == (2,)
    assert Newsvendor().choose(cheaper).saving == pytest.approx(51 + 2 / 3 * 150 - 99)


def test_half_the_volume_needs_half() -> None:
    """Where some owners stay out, less is expected and less is reserved."""
    seen = ((40.0, 4), (40.0, 4))
    assert Newsvendor().choose(GoodView(np.full(5, 40.0), seen, (OFFER,))).units == (4,)
    assert Newsvendor().choose(GoodView(np.full(5, 20.0), seen, (OFFER,))).units == (2,)


def test_nothing_is_known_yet() -> None:
    """Nothing is reserved before the pool has driven on enough days; days without goods do not count."""
    volume = np.full(5, 40.0)
    assert Newsvendor().choose(GoodView(volume, ((40.0, 4),), (OFFER,))).total == 0
    assert Newsvendor().choose(GoodView(volume, ((40.0, 4), (0.0, 0)), (OFFER,))).total == 0
    assert Newsvendor(least_days=1).choose(GoodView(volume, ((40.0, 4),), (OFFER,))).total == 4


def test_only_the_last_days_count() -> None:
    """Days further back than asked for say nothing."""
    seen = (*[(40.0, 9)] * 5, *[(40.0, 2)] * 3)
    assert Newsvendor(most_days=3).choose(GoodView(np.full(5, 40.0), seen, (OFFER,))).units == (2,)


@pytest.mark.parametrize("params", [{"least_days": 0}, {"most_days": 1}])
def test_parameters_out_of_range(params: dict[str, int]) -> None:
    """A number of days that makes no sense is refused, by name."""
    with pytest.raises(PolicyError, match=next(iter(params))):
        Newsvendor(**params)
