"""Desks of a day are opened as the policy says."""

from __future__ import annotations

from agents.concession import Boulware, TitForTat
from agents.model import pooling_model
from agents.participants import CarrierDesk, ShipperDesk
from agents.policy import Choice
from tests.agents.markets import policy
from tests.agents.test_model import world


def test_everybody_gives_way_as_the_policy_says() -> None:
    """The policy's concession, with its parameters, reaches every owner and carrier; boulware where it says nothing."""
    chosen = Choice(name="tit_for_tat", params={"reciprocity": 0.5, "discount": 0.9})
    plain = policy("standalone")
    for one, expected in (
        (plain, Boulware()),
        (plain.model_copy(update={"concession": chosen}), TitForTat(reciprocity=0.5, discount=0.9)),
    ):
        with pooling_model(world(days=1), one, 5) as model:
            model.step()
            desks = [d for made in model.desks.values() for d in made if isinstance(d, CarrierDesk | ShipperDesk)]
            assert {type(d) for d in desks} == {CarrierDesk, ShipperDesk}
            assert all(d.concession == expected for d in desks)
