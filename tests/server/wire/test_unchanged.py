"""The wire changes nothing: the same settlement, whoever answers over it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from agents.market import digest
from agents.messages import Topic
from agents.participants import Party
from agents.registry import names
from agents.synchronize import synchronize
from tests.agents.markets import Small, policy, small_market
from tests.agents.protocols.contract import LIVELY, TWO_HAULIERS, WITH_HUB
from tests.server.wire.behind import SECRET, BehindTheWire, Recording

PROTOCOLS = names("protocols")


@lru_cache
def market(seed: int) -> tuple[Small, dict[str, Party]]:
    """A market with everybody in it, whose rates are whole millionths of a euro as in the contract."""
    small = small_market(seed, **LIVELY)
    rates = {
        v: replace(c, **{n: round(getattr(c, n), 6) for n in c.__dataclass_fields__})
        for v, c in small.region.operating_costs.items()
    }
    small = replace(small, region=replace(small.region, operating_costs=rates))
    return small, small.parties()


@pytest.mark.parametrize("seed", [WITH_HUB, TWO_HAULIERS])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_wire_changes_nothing(protocol: str, seed: int) -> None:
    """Asked over the wire, everybody's answers lead to the settlement and the transcript that they lead to directly."""
    small, parties = market(seed)
    direct = synchronize(small.market, parties, policy(protocol), 11)
    behind = {who: BehindTheWire(p, Recording(SECRET, who, small.market)) for who, p in parties.items()}
    wired = synchronize(small.market, behind, policy(protocol), 11)
    assert digest(wired.settlement) == digest(direct.settlement)
    assert wired.settlement == direct.settlement
    assert wired.transcript.rounds == direct.transcript.rounds
    asked = {m.topic for one in direct.transcript.rounds for m in one.sent}
    assert sum(len(b.sent) for b in behind.values()) == sum(len(one.sent) for one in direct.transcript.rounds)
    assert protocol == "standalone" or asked - {Topic.OFFER, Topic.STANDALONE}


def test_the_protocols_use_the_wire() -> None:
    """The protocols together ask about most topics, so that not much is left to drawn tables alone."""
    asked = set()
    for protocol in PROTOCOLS:
        small, parties = market(WITH_HUB)
        rounds = synchronize(small.market, parties, policy(protocol), 11).transcript.rounds
        asked |= {m.topic for one in rounds for m in one.sent}
    assert len(asked) >= 20
