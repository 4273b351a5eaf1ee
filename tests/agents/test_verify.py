"""Every fault of a settlement is found: a sound one is broken in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest

from agents.market import Market
from agents.messages import COORDINATOR
from agents.settlement import Left, LeftStatus, Settlement, Transfer
from agents.synchronize import synchronize
from agents.verify import settlement_faults
from tests.agents.markets import policy, small_market


@lru_cache(maxsize=1)
def sound() -> tuple[Market, Settlement]:
    """A settlement with a hub, several owners and something left."""
    small = small_market(31, factories=3, shipments=8, hubs=1, carriers=2)
    settlement = synchronize(small.market, small.parties(), policy("contract_net"), 11).settlement
    assert settlement.bookings
    assert settlement.left
    return small.market, settlement


def first(items: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    return (replace(items[0], **changes), *items[1:])


def moved(s: Settlement, minutes: float) -> Settlement:
    stops = [
        replace(
            x,
            start_min=x.start_min + minutes,
            arrival_min=x.arrival_min + minutes,
            departure_min=x.departure_min + minutes,
        )
        for x in s.loads[0].stops
    ]
    return replace(s, loads=first(s.loads, stops=tuple(stops)))


def share(s: Settlement) -> Transfer:
    return next(t for t in s.transfers if t.line == "share" and t.payee == COORDINATOR)


def with_transfers(s: Settlement, old: Transfer, *new: Transfer) -> Settlement:
    return replace(s, transfers=tuple(t for t in s.transfers if t != old) + new)


def other_carrier(s: Settlement) -> Settlement:
    old = next(t for t in s.transfers if t.line == "transport")
    return with_transfers(s, old, replace(old, payee="v1" if old.payee == "v0" else "v0"))


BROKEN: dict[str, tuple[Callable[[Settlement], Settlement], str]] = {
    "a shipment forgotten": (lambda s: replace(s, left=s.left[1:]), "appears 0 times"),
    "left twice": (lambda s: replace(s, left=(*s.left, s.left[0])), "appears 2 times"),
    "left and carried": (
        lambda s: replace(s, left=(*s.left, Left(s.legs[0].shipment, LeftStatus.STANDALONE, "x"))),
        "appears 2 times",
    ),
    "a stranger": (
        lambda s: replace(s, left=(*s.left, Left("ghost", LeftStatus.STANDALONE, "x"))),
        "not in the market",
    ),
    "legs of a stranger": (lambda s: replace(s, legs=(*s.legs, replace(s.legs[0], shipment="ghost"))), "ghost"),
    "a leg without a load": (lambda s: replace(s, loads=s.loads[1:]), "no load"),
    "a load without legs": (lambda s: replace(s, legs=s.legs[2:]), "has no leg"),
    "half a chain": (lambda s: replace(s, legs=s.legs[1:]), ""),
    "a leg on another job": (lambda s: replace(s, legs=first(s.legs, job="ghost")), "ghost"),
    "an origin elsewhere": (lambda s: replace(s, legs=first(s.legs, from_site="c0")), "expected its origin"),
    "too early": (lambda s: moved(s, -600.0), ""),
    "too late": (lambda s: moved(s, 600.0), ""),
    "another vehicle": (lambda s: replace(s, loads=first(s.loads, vehicle="ghost")), "unknown vehicle"),
    "another carrier": (lambda s: replace(s, loads=first(s.loads, carrier="ghost")), "not of carrier"),
    "a load driven twice": (
        lambda s: replace(s, loads=(*s.loads, replace(s.loads[0], id="again"))),
        "delivered 2 times",
    ),
    "no booking": (lambda s: replace(s, bookings=s.bookings[1:]), "without a booking"),
    "a booking at another time": (
        lambda s: replace(s, bookings=first(s.bookings, start_min=s.bookings[0].start_min + 5)),
        "without a booking",
    ),
    "a booking at an unknown hub": (lambda s: replace(s, bookings=first(s.bookings, hub="ghost")), "ghost"),
    "a booking that nobody uses": (
        lambda s: replace(s, bookings=(*s.bookings, replace(s.bookings[0], id="x", load="x", price_cents=0))),
        "used by no load",
    ),
    "more vehicles than docks": (
        lambda s: replace(s, bookings=s.bookings + (replace(s.bookings[0], price_cents=0),) * 9),
        "expected at most its slots",
    ),
    "a cent vanished": (lambda s: with_transfers(s, share(s), replace(share(s), cents=share(s).cents - 1)), "keeps -1"),
    "a negative transfer": (
        lambda s: replace(s, transfers=(*s.transfers, Transfer("a", "b", -5, "x", "x"))),
        "positive",
    ),
    "an owner above alone": (
        lambda s: replace(s, standalone_cents=s.standalone_cents | {share(s).payer: 0}),
        "going alone is 0",
    ),
    "an owner without a figure": (
        lambda s: replace(s, standalone_cents={o: c for o, c in s.standalone_cents.items() if o != share(s).payer}),
        "states no cost alone",
    ),
    "the wrong carrier is paid": (other_carrier, "is owed"),
    "another market": (lambda s: replace(s, market_digest="x"), "digest"),
}


def test_sound() -> None:
    """The settlement that is broken below has no fault."""
    assert settlement_faults(*sound()) == []


@pytest.mark.parametrize("kind", BROKEN)
def test_broken(kind: str) -> None:
    """The fault is found and said in words; the check itself never fails on it."""
    market, settlement = sound()
    spoil, words = BROKEN[kind]
    broken = spoil(settlement)
    assert broken != settlement
    faults = settlement_faults(market, broken)
    assert faults
    assert any(words in fault for fault in faults), faults
