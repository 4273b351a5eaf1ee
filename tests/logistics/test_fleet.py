"""Carriers' certificates, vehicle costs, shipments without their secrets, and hubs."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from logistics import Carrier, Certificate, Hub, HubCosts, OperatingCosts, Shipment, Stakes


def test_a_certificate_holds_through_its_last_day() -> None:
    """Valid on the day it expires, not the day after; another kind never counts."""
    carrier = Carrier("k", certificates=(Certificate("ADR", date(2026, 3, 31)),))
    assert carrier.holds("ADR", date(2026, 3, 31))
    assert not carrier.holds("ADR", date(2026, 4, 1))
    assert not carrier.holds("ATP", date(2026, 3, 1))


def test_any_valid_certificate_of_a_kind_will_do() -> None:
    """A renewed certificate counts beside the expired one."""
    carrier = Carrier("k", certificates=(Certificate("ADR", date(2020, 1, 1)), Certificate("ADR", date(2030, 1, 1))))
    assert carrier.holds("ADR", date(2026, 1, 1))


def test_scaling_costs_scales_every_rate() -> None:
    """A markup touches all rates alike."""
    assert OperatingCosts(100.0, 0.5, 30.0, 0.25).scaled(2.0) == OperatingCosts(200.0, 1.0, 60.0, 0.5)


def test_a_market_never_sees_stakes() -> None:
    """What lateness costs the owner is stripped before a shipment reaches a market."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    shipment = Shipment(
        "s", "o", ("f",), "c", 1.0, 100.0, 1.0, when, when, when, when, when, stakes=Stakes(lateness_eur_per_hour=50.0)
    )
    assert shipment.for_market().stakes is None
    assert shipment.for_market().id == "s"


def test_hubs_are_values() -> None:
    """A hub's public part knows no costs, and both parts are frozen."""
    hub, costs = Hub("h", "site", 3), HubCosts(handling_eur_per_pallet=2.5)
    assert not any(name.endswith("_eur") for name in Hub.__slots__)
    with pytest.raises(AttributeError):
        hub.dock_slots_per_hour = 5  # type: ignore[misc]
    assert costs.slot_eur == 0.0
