"""The visibility matrix is law: each role's row stands here a second time, in words of its own."""

from itertools import product

import pytest

from agents.visibility import MATRIX, Phase, Role, visible

GOODS = {"origins", "destination", "pallets", "weight_kg", "volume_m3", "handling"}
OWN_BEFORE = GOODS | {
    "owner",
    "places",
    "papers",
    "stakes",
    "reserve_eur",
    "alone_mode",
    "alone_kgco2e",
    "standalone_eur",
    "expected_saving_eur",
    "forecast",
    "disclosed",
}
OWN_PROPOSED = {
    "mode",
    "reason",
    "promises",
    "pooled_with_others",
    "legs",
    "delivered_at",
    "kgco2e",
    "paid_eur",
    "saving_eur",
    "standard_error_eur",
    "reservation_eur",
    "shipments",
    "fees",
}
TIMELY = {"on_time", "late_hours"}
TRUE_COSTS = {"cost_eur", "gain_eur"}
CARRIER_BEFORE = GOODS | {"driven_by", "reservations", "disclosed"}
CARRIER_PROPOSED = {"legs", "delivered_at", "promises", "received_eur", "fees", "loads"}
HUB_BEFORE = {"reservations", "disclosed"}
HUB_PROPOSED = {"pallets", "bookings", "received_eur", "fees"}


def seen(role, phase):
    """All facts that a role sees."""
    return {field for field in MATRIX if visible(field, role, phase)}


@pytest.mark.parametrize(
    ("role", "before", "proposed", "after"),
    [
        (Role.OWNER, OWN_BEFORE, OWN_PROPOSED, {"driven_by"} | TIMELY),
        (Role.CO_LOADER, set(), set(), set()),
        (Role.CARRIER, CARRIER_BEFORE, CARRIER_PROPOSED, {"owner", "places", "papers"} | TIMELY | TRUE_COSTS),
        (Role.HUB, HUB_BEFORE, HUB_PROPOSED, TRUE_COSTS),
        (Role.CONSIGNEE, {"destination"}, set(), {"deliveries", "delivered_at"} | TIMELY),
        (Role.OPERATOR, set(MATRIX), set(), set()),
    ],
)
def test_each_role(role, before, proposed, after):
    """A role sees exactly what the design grants it, phase by phase; the operator sees everything."""
    assert seen(role, Phase.BEFORE) == before
    assert seen(role, Phase.PROPOSED) - before == proposed
    assert seen(role, Phase.AFTER) - before - proposed == after


@pytest.mark.parametrize(
    "field", ["co_loaded", "lowest_quote_eur", "work_lost_eur", "pool_owners", "notes", "forecast_value"]
)
def test_the_operators_alone(field):
    """What tells of several parties at once is for nobody but the operator."""
    viewers = {role for role, phase in product(Role, Phase) if visible(field, role, phase)}
    assert viewers == {Role.OPERATOR}


def test_commitment_takes_nothing_back():
    """Who saw a fact in one phase sees it in those that follow."""
    for role in Role:
        assert seen(role, Phase.BEFORE) <= seen(role, Phase.PROPOSED) <= seen(role, Phase.AFTER)


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
