"""Random markets through every protocol and every sharing rule."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from agents.messages import same_message
from agents.protocols.combinatorial_auction import PAYMENTS
from agents.records import body_bytes
from agents.registry import built_in
from agents.synchronize import replayed, synchronize
from benchmarks import markets
from tests.agents.markets import policy, small_market

DRAWS = list(markets.dealt(500, first_seed=20_000))  # none of the benchmark's own
BLOCK = 20  # markets in one test, so that test processes can share the work
PAIRED = 46  # seed of a market of 2 owners, 4 shipments, a hub and 2 carriers in which every protocol pools


@pytest.mark.parametrize("first", range(0, len(DRAWS), BLOCK))
def test_promises(first):
    """Nobody is worse off, money balances, every shipment is accounted for, and what is driven can be driven."""
    outcomes = [markets.negotiated(draw) for draw in DRAWS[first : first + BLOCK]]
    assert [(o.draw, o.failure) for o in outcomes if o.failure] == []


def test_every_pair_is_dealt():
    """Pairs come up equally often, in another order each time, and a longer run begins as a shorter one."""
    deck = markets.pairs()
    draws = list(markets.dealt(3 * len(deck)))
    hands = [[(d.protocol, d.sharing) for d in draws[k : k + len(deck)]] for k in range(0, len(draws), len(deck))]
    assert all(sorted(hand) == sorted(deck) for hand in hands)
    assert hands[0] != hands[1] != hands[2]
    assert list(markets.dealt(5)) == draws[:5]
    assert len({d.seed for d in draws}) == len(draws)


def test_every_payment_is_dealt():
    """Auctions pay by each rule equally often under every sharing rule, and other protocols by none."""
    draws = list(markets.dealt(3 * len(markets.pairs())))
    auctions = Counter((d.sharing, d.payments) for d in draws if d.protocol == markets.PAYING)
    assert auctions == Counter(product(built_in("sharing"), PAYMENTS))
    assert {d.payments for d in draws if d.protocol != markets.PAYING} == {""}


def test_a_broken_promise_is_named(monkeypatch):
    """A settlement that fails is reported with where and why, and does not end the run."""
    monkeypatch.setattr(markets, "check_promises", lambda *_, **__: (_ for _ in ()).throw(AssertionError("too heavy")))
    outcome = markets.negotiated(DRAWS[0])
    assert "AssertionError" in outcome.failure
    assert "too heavy" in outcome.failure
    assert markets.measures([outcome])["markets.failures"] == 1


@pytest.mark.parametrize("sharing", sorted(built_in("sharing")))
@pytest.mark.parametrize("protocol", sorted(built_in("protocols")))
def test_same_seed_same_record(protocol, sharing):
    """Newly opened desks and the same seed write the same record to the last byte, and it replays without them."""
    small = small_market(PAIRED, factories=2, shipments=4, hubs=1, carriers=2)
    chosen = policy(protocol, sharing)
    outcome = synchronize(small.market, small.parties(), chosen, 7)
    assert bool(outcome.settlement.pooled) == (protocol != "standalone")
    again = synchronize(small.market, small.parties(), chosen, 7)
    pairs = list(zip(again.transcript.messages(), outcome.transcript.messages(), strict=True))
    assert all(same_message(a, b) for a, b in pairs)
    assert [body_bytes(a.body) for a, _ in pairs] == [body_bytes(b.body) for _, b in pairs]
    assert again.settlement == outcome.settlement
    assert replayed(small.market, chosen, outcome.transcript).settlement == outcome.settlement
