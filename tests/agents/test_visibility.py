"""The visibility matrix is law: each role's row stands here a second time, in words of its own."""

from itertools import product

import pytest

from agents.visibility import MATRIX, Phase, Role, visible

OWN_BEFORE = {"owner", "destination", "pallets", "weight_kg", "reserve_eur", "alone_mode", "alone_kgco2e"} | {
    "standalone_eur",
    "expected_saving_eur",
    "forecast",
    "disclosed",
}
OWN_AFTER = {
    "mode",
    "reason",
    "promises",
    "pooled_with_others",
    "legs",
    "delivered_at",
    "on_time",
    "late_hours",
    "kgco2e",
} | {
    "paid_eur",
    "saving_eur",
    "standard_error_eur",
    "reservation_eur",
    "shipments",
}
ARRIVAL = {"delivered_at", "on_time", "late_hours"}
PAID_WORK = {"received_eur", "cost_eur", "gain_eur"}


def seen(role, phase):
    """All facts that a role sees."""
    return {field for field in MATRIX if visible(field, role, phase)}


@pytest.mark.parametrize(
    ("role", "before", "after"),
    [
        (Role.OWNER, OWN_BEFORE, OWN_BEFORE | OWN_AFTER),
        (Role.CO_LOADER, set(), set()),
        (
            Role.CARRIER,
            {"destination", "pallets", "weight_kg", "reservations", "disclosed"},
            {"owner", "destination", "pallets", "weight_kg", "promises", "reservations", "legs", "loads", "disclosed"}
            | ARRIVAL
            | PAID_WORK,
        ),
        (Role.HUB, {"reservations", "disclosed"}, {"pallets", "bookings", "reservations", "disclosed"} | PAID_WORK),
        (Role.CONSIGNEE, {"destination"}, {"destination", "deliveries"} | ARRIVAL),
        (Role.OPERATOR, set(MATRIX), set(MATRIX)),
    ],
)
def test_each_role(role, before, after):
    """A role sees exactly what the design grants it, before commitment and after; the operator sees everything."""
    assert seen(role, Phase.BEFORE) == before
    assert seen(role, Phase.AFTER) == after


@pytest.mark.parametrize(
    "field", ["co_loaded", "lowest_quote_eur", "work_lost_eur", "pool_owners", "notes", "forecast_value"]
)
def test_the_operators_alone(field):
    """What tells of several parties at once is for nobody but the operator."""
    viewers = {role for role, phase in product(Role, Phase) if visible(field, role, phase)}
    assert viewers == {Role.OPERATOR}


def test_commitment_takes_nothing_back():
    """Who saw a fact before commitment sees it after."""
    for role in Role:
        assert seen(role, Phase.BEFORE) <= seen(role, Phase.AFTER)


def test_names_as_text():
    """Roles and phases may be given by their names, as files and requests hold them."""
    assert visible("paid_eur", "owner", "after")
    assert not visible("paid_eur", "owner", "before")


@pytest.mark.parametrize(
    ("field", "role", "phase"),
    [("price", "operator", "after"), ("paid_eur", "director", "after"), ("paid_eur", "owner", "later")],
)
def test_unknown_names(field, role, phase):
    """A field, role or phase that the matrix does not know is an error, even for the operator."""
    with pytest.raises(ValueError, match=r"price|director|later"):
        visible(field, role, phase)
