"""The book of transports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.jobs import JobBook, hub_offer, shipment_of
from agents.messages import ANSWERS, Topic, table
from agents.settlement import Load
from agents.synchronize import synchronize
from tests.agents.markets import Small, policy, small_market


@pytest.fixture(scope="module")
def small() -> Small:
    return small_market(31, factories=3, shipments=8, hubs=1, carriers=2)


def test_names(small: Small) -> None:
    """Every transport leads back to its shipment; legs through a hub come in pairs that know each other."""
    book = JobBook(small.market)
    assert set(book.direct) | set(book.infeasible) == set(small.shipments)
    assert any("@" in job for job in book.all_jobs)
    for name, job in book.all_jobs.items():
        assert book[name] == job
        assert shipment_of(name) == job.shipment
        partner = book.partner(name)
        assert (partner is None) == (name in book.direct)
        assert partner is None or (partner in book.all_jobs and book.partner(partner) == name)
    assert shipment_of("order@home") == "order@home", "an @ in a shipment's own name is no hub leg"


def test_hub_terms(small: Small) -> None:
    """A hub's terms are joined with public facts, and it sells no more slots than it has docks."""
    docks = small.region.hubs["h0"].dock_slots_per_hour
    rows = {"from_min": [240.0, 300.0], "to_min": [300.0, 360.0], "slots": [docks + 5, 0], "slot_cents": [700, 800]}
    fees = {"handling_cents_per_pallet": [300, 300], "storage_cents_per_pallet_hour": [20, 20]}
    offer = hub_offer(small.market, "h0", table(ANSWERS[Topic.HUB_TERMS], rows | fees))
    assert (offer.slots_at(250), offer.slots_at(310)) == (docks, 0)
    assert (offer.site, offer.open_min, offer.close_min, offer.cutoff_min) == ("site-h0", 240, 1200, 720)


def test_faults(small: Small) -> None:
    """Loads as agreed are sound; unknown transports, vehicles, carriers, places and shifted times are named."""
    book = JobBook(small.market)
    loads = synchronize(small.market, small.parties(), policy("trustee"), 11).settlement.loads
    assert loads
    assert book.faults(loads) == []
    assert book.faults(()) == []

    def spoilt(**changes: object) -> list[Load]:
        return [replace(loads[0], **changes), *loads[1:]]  # type: ignore[arg-type]

    stops = loads[0].stops
    late = tuple(replace(s, start_min=s.start_min + 900, departure_min=s.departure_min + 900) for s in stops)
    strange = (stops[0], replace(stops[1], pickups=("ghost",), deliveries=("ghost",)), *stops[2:])
    elsewhere = (stops[0], replace(stops[1], site="nowhere"), *stops[2:])
    assert "unknown vehicle" in book.faults(spoilt(vehicle="ghost"))[0]
    assert "not of carrier" in book.faults(spoilt(carrier="ghost"))[0]
    assert "not a transport" in book.faults(spoilt(stops=strange))[0]
    assert "unknown site" in book.faults(spoilt(stops=elsewhere))[0]
    assert book.faults(spoilt(stops=late))
