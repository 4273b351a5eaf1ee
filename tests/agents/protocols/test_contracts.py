"""Contracts: their types, who is asked what in turn, what gains, and which may be signed together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from agents.jobs import JobBook
from agents.protocols.contracts import Contract, Holdings, Kind, Offer, Places, drawn_contracts, signable
from tests.agents.markets import small_market

HELD = {"a": frozenset({"s0", "s1"}), "b": frozenset({"s2"}), "c": frozenset({"s3"})}
ALL = frozenset({"s0", "s1", "s2", "s3", "s4"})


def holdings(**changes: object) -> Holdings:
    """Three carriers that hold four shipments; s4 is still with its owner."""
    given = {
        "held": HELD,
        "asked_cents": {"a": 100, "b": 100, "c": 100},
        "loose": frozenset({"s4"}),
        "reserves": dict.fromkeys(ALL, 50),
    } | changes
    return Holdings(**given)  # type: ignore[arg-type]


def contract(parties: str, carried: dict[str, str], asked: int = 100, number: int = 0) -> Contract:
    """A contract that has gone round: who would carry what, each at the same price."""
    worth = {s: 10 for s in carried}
    made = Contract(number, tuple(parties), worth, frozenset({"s4"}) & worth.keys())
    for party in parties:
        made.offers[party] = Offer(frozenset(s for s, to in carried.items() if to == party), asked)
    return made


@pytest.mark.parametrize(
    ("carried", "kind"),
    [
        ({"s0": "a", "s2": "b"}, Kind.NONE),
        ({"s0": "b"}, Kind.ORIGINAL),
        ({"s4": "a"}, Kind.ORIGINAL),
        ({"s0": "b", "s1": "b", "s2": "b"}, Kind.CLUSTER),
        ({"s0": "b", "s2": "a"}, Kind.SWAP),
        ({"s0": "b", "s1": "c"}, Kind.MULTI_AGENT),
        ({"s0": "b", "s4": "b"}, Kind.MULTI_AGENT),
        ({"s0": "b", "s2": "c", "s3": "a"}, Kind.MULTI_AGENT),
    ],
)
def test_types(carried: dict[str, str], kind: Kind) -> None:
    """A contract's type is who gives what to whom: an owner that gives a shipment in counts as one of them."""
    assert contract("abc", carried).kind(holdings()) == kind


def test_goes_round() -> None:
    """What one takes is worth nothing to the next; the last must carry the rest, but not what is with its owner."""
    going = Contract(0, ("a", "b"), {"s0": 7, "s2": 8, "s4": 9}, frozenset({"s4"}))
    assert going.part(0) == (("s0", 7), ("s2", 8), ("s4", 9))
    going.answer(0, Offer(frozenset({"s2"}), 90))
    assert going.part(1) == (("s0", None), ("s2", 0), ("s4", 9))


@pytest.mark.parametrize("carries", [{"s2", "s0"}, set(), {"s4"}, {"s0", "elsewhere"}])
def test_offers_that_do_not_count(carries: set[str]) -> None:
    """Nobody may carry what another has taken or what is not on the table, and the last may leave nothing."""
    going = Contract(0, ("a", "b"), {"s0": 7, "s2": 8, "s4": 9}, frozenset({"s4"}))
    going.answer(0, Offer(frozenset({"s2"}), 90))
    going.answer(1, Offer(frozenset(carries), 90))
    assert "b" not in going.offers
    assert signable([going], holdings()) == []


def test_gain() -> None:
    """A contract gains what its parties ask less, and the reserves of what owners give into it."""
    found = contract("ab", {"s0": "b", "s4": "b"}, asked=110)
    assert found.gain_cents(holdings()) == 50 - 20
    after = found.applied(holdings())
    assert after.held == {"a": {"s1"}, "b": {"s2", "s0", "s4"}, "c": {"s3"}}
    assert (after.loose, after.all_asked_cents) == (frozenset(), 320)


def test_signable() -> None:
    """The largest gain first; no carrier and no shipment twice, and nothing that does not gain."""
    contracts = [
        contract("ab", {"s0": "b"}, 90, 0),
        contract("bc", {"s2": "c"}, 80, 1),
        contract("a", {"s1": "a"}, 95, 2),
        contract("a", {"s4": "a"}, 200, 3),
        contract("c", {"s4": "c"}, 60, 4),
    ]
    assert [c.number for c in signable(contracts, holdings())] == [4, 0]
    assert [c.number for c in signable(contracts[:4], holdings())] == [1, 2]


def test_unwilling() -> None:
    """Whoever contracts no more keeps what it holds, and is in no contract."""
    small = small_market(3, shipments=5, carriers=0, factories=2)
    ids = sorted(JobBook(small.market).direct)
    held = {"a": frozenset(ids[:1]), "b": frozenset(ids[1:2]), "c": frozenset(ids[2:3])}
    now = holdings(held=held, loose=frozenset(ids[3:]), reserves=dict.fromkeys(ids, 50)).without({"b"})
    places = Places(small.market, JobBook(small.market), ids)
    drawn = drawn_contracts(range(200), now, places, 5, 3, np.random.default_rng(0))
    assert now.held == held
    assert {p for c in drawn for p in c.parties} == {"a", "c"}
    assert {s for c in drawn for s in c.worth} == set(ids) - held["b"]
    assert all(set(c.loose) == set(c.worth) & set(ids[3:]) for c in drawn)


def test_no_shipment_is_in_two() -> None:
    """Of two contracts that gain about the same shipment only the one that gains most is signed, whoever else it is."""
    now = holdings(loose=ALL, held=dict.fromkeys("abc", frozenset()))
    both = [contract("a", {"s4": "a"}, asked=120, number=0), contract("b", {"s4": "b"}, asked=110, number=1)]
    assert [c.gain_cents(now) for c in both] == [30, 40]
    assert [c.number for c in signable(both, now)] == [1]


def test_near_in_time() -> None:
    """Of two shipments to the same place the one is nearer whose window is not hours away."""
    small = small_market(3, shipments=5, carriers=0, factories=2)
    first, *others = sorted(JobBook(small.market).direct)
    place = small.shipments[first].destination
    day = small.shipments[first].window_open.replace(hour=0, minute=0)
    hours = {first: (6, 8), others[0]: (16, 18), others[1]: (7, 9)}
    shipments = dict(small.shipments)
    for s, (opens, closes) in hours.items():
        window = {"window_open": day + timedelta(hours=opens), "window_close": day + timedelta(hours=closes)}
        shipments[s] = replace(shipments[s], destination=place, **window)
    market = replace(small, shipments=shipments).market
    places = Places(market, JobBook(market), [first, *others])
    assert places.near(first, others[:2], origins=False) == [others[1], others[0]]


def test_worth_is_of_no_single_reserve() -> None:
    """Where carriers hold something, what a request is worth hangs on what they ask together, not on reserves."""
    small = small_market(3, shipments=5, carriers=0, factories=2)
    ids = sorted(JobBook(small.market).direct)
    places = Places(small.market, JobBook(small.market), ids)
    held = {"a": frozenset(ids[:1]), "b": frozenset(ids[1:2]), "c": frozenset(ids[2:3])}
    worth = [
        places.worth(ids, holdings(held=held, loose=frozenset(ids[3:]), reserves=reserves), np.random.default_rng(5))
        for reserves in (dict.fromkeys(ids, 50), dict.fromkeys(ids, 50_000))
    ]
    assert worth[0] == worth[1]


def test_guide_prices_tell_no_total() -> None:
    """What carriers ask in all sets guide prices only by its 1, 2 or 5 times a power of ten; so do owners' reserves."""
    small = small_market(5, carriers=2, shipments=8)
    places = Places(small.market, JobBook(small.market), small.market.shipments)
    ids = places.ids
    held = {"a": frozenset(ids[:3]), "b": frozenset(ids[3:6])}

    def told(asked: dict[str, int], reserve: int, owners: frozenset[str]) -> dict[str, int]:
        state = Holdings(
            held={c: own - owners for c, own in held.items()},
            asked_cents=asked,
            loose=owners,
            reserves=dict.fromkeys(ids, reserve),
        )
        return places.worth(ids, state, np.random.default_rng(3))

    nobody: frozenset[str] = frozenset()
    assert told({"a": 30_000, "b": 21_000}, 50, nobody) == told({"a": 30_000, "b": 69_000}, 50, nobody)
    assert told({"a": 30_000, "b": 21_000}, 50, nobody) != told({"a": 30_000, "b": 71_000}, 50, nobody)
    everything = frozenset(ids)
    assert told({}, 6_300, everything) == told({}, 12_400, everything)
