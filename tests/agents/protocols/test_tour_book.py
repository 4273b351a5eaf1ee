"""What a conversation's offers come to: which count, what is free, and what stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.market import Market
from agents.protocols.tour_book import Area, Book, Offer
from tests.agents.markets import small_market

RESERVES = {"s0": 100, "s1": 100, "s2": 100, "s3": 100}


def market(count: int | None = 1) -> Market:
    """Two carriers with one type of vehicle each, ``v0-0`` and ``v1-0``, and four shipments."""
    made = small_market(3, factories=2, shipments=4, carriers=2, hubs=0).market
    vehicles = {v: replace(kind, count=count) for v, kind in made.vehicles.items() if v in ("v0-0", "v1-0")}
    assert set(made.shipments) == set(RESERVES)
    return replace(made, vehicles=vehicles)


def offer(vehicle: str, jobs: str, price: int, tour: int = 0) -> Offer:
    """A tour with some shipments, named by their digits."""
    return Offer(vehicle[:2], vehicle, frozenset(f"s{j}" for j in jobs), price, "q", tour)


def book(*offers: Offer, standing: tuple[int, ...] = (), count: int | None = 1) -> Book:
    """A book with some offers, of which some stand."""
    made = Book(market(count), dict(RESERVES))
    for one in offers:
        made.add(one)
    made.standing = set(standing)
    return made


def area(made: Book, jobs: str = "0123", carriers: str = "01", released: tuple[int, ...] = ()) -> Area:
    """An area with all vehicles that no other offer uses."""
    free = dict(made.free())
    for k in released:
        most = free[made.offers[k].vehicle]
        free[made.offers[k].vehicle] = None if most is None else most + 1
    return Area(tuple(f"s{j}" for j in jobs), tuple(f"v{c}" for c in carriers), released, free)


def test_undercut() -> None:
    """Of the same tour the cheapest offer counts; one that asks no less is not written down."""
    made = book(offer("v0-0", "01", 80), offer("v0-0", "01", 80), offer("v0-0", "01", 90))
    assert len(made.offers) == 1
    made.add(offer("v0-0", "01", 70))
    assert made.area_offers(area(made)) == [1]
    made.add(offer("v1-0", "01", 75))
    assert made.area_offers(area(made)) == [1, 2]


def test_reserves_only_rise() -> None:
    """What is left raises its reserves to what it costs alone, and never lowers them."""
    made = book()
    made.raise_reserves(["s0", "s1"], 300)
    assert made.reserves == RESERVES | {"s0": 150, "s1": 150}
    made.raise_reserves(["s0", "s2"], 20)
    assert made.reserves == RESERVES | {"s0": 150, "s1": 150}


@pytest.mark.parametrize(("count", "free"), [(2, {"v0-0": 1, "v1-0": 2}), (None, {"v0-0": None, "v1-0": None})])
def test_free_vehicles(count: int | None, free: dict[str, int | None]) -> None:
    """A standing tour uses one vehicle of its type up, where these are counted."""
    made = book(offer("v0-0", "01", 80), offer("v1-0", "23", 80), standing=(0,), count=count)
    assert made.free() == free


def test_loose() -> None:
    """What no standing tour carries is with its owners."""
    made = book(offer("v0-0", "01", 80), offer("v1-0", "23", 80), standing=(0,))
    assert made.loose == {"s2", "s3"}
    left = made.left_of(made.market.owners)
    assert frozenset().union(*left.values()) == {"s2", "s3"}
    assert all(made.market.shipments[s].owner == o for o, rest in left.items() for s in rest)


def test_offers_of_an_area() -> None:
    """An area's carriers may win what lies inside it, with vehicles that are free or released."""
    made = book(offer("v0-0", "01", 80), offer("v0-0", "12", 80), offer("v1-0", "0", 80), offer("v0-0", "0", 50))
    assert made.area_offers(area(made, "01")) == [0, 2, 3]
    assert made.area_offers(area(made, "01", "0")) == [0, 3]
    made.standing = {1}  # its vehicle is the only one of its type, and it stands outside
    assert made.area_offers(area(made, "01")) == [2]
    assert made.area_offers(area(made, "012", released=(1,))) == [0, 1, 2, 3]


def test_cheapest_set_stands() -> None:
    """The cheapest set that vehicles allow wins, what it leaves counting its reserves; a tie leaves what stands."""
    made = book(offer("v0-0", "01", 150), offer("v0-0", "23", 150), offer("v1-0", "23", 160), standing=(0,))
    assert made.winners(area(made, released=(0,)), 10) == (0, 2)
    made = book(offer("v0-0", "01", 150), offer("v0-0", "23", 150), standing=(1,))
    assert made.winners(area(made, released=(1,)), 10) == (1,)
    made = book(offer("v0-0", "01", 250))
    assert made.winners(area(made), 10) == ()


def test_what_stands_is_not_put_aside() -> None:
    """Of many offers the dearest are put aside, but none that stands; what is put aside may be made again."""
    cheap = [
        offer(v, j, 60, k) for k, (v, j) in enumerate([("v0-0", "0"), ("v0-0", "1"), ("v1-0", "2"), ("v1-0", "3")])
    ]
    dear = [offer("v0-0", "01", 199), offer("v1-0", "23", 198), offer("v1-0", "12", 197)]
    made = book(*cheap, *dear, standing=(4,), count=2)
    made.put_aside(area(made, "0123", released=()), 2)
    whole = Area(("s0", "s1", "s2", "s3"), ("v0", "v1"), (), {"v0-0": 1, "v1-0": 1})
    left = made.area_offers(whole)
    assert 4 in left
    assert 5 not in left
    made.add(offer("v1-0", "23", 198))
    assert len(made.offers) == 8
    assert 7 in made.area_offers(whole)
