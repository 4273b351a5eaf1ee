"""The promises that strategies of each kind keep, by groupage's own contract suites.

The suites are in the source of groupage, not in what pip installs: run this with a checkout of it on the path, as in
``PYTHONPATH=path/to/groupage python -m pytest test_own_strategies.py``, where this package is installed.
"""

from __future__ import annotations

from own_strategies.bidding import WinRaise
from own_strategies.sharing import MixedSaving

from tests.agents.bidding.contract import BiddingContract
from tests.agents.protocols.contract import TWO_HAULIERS, WITH_HUB, ProtocolContract, lively, run
from tests.agents.sharing.contract import SharingContract


class TestMixedSaving(SharingContract):
    """What every sharing rule must do."""

    rule = MixedSaving()


class TestAllInEqualParts(SharingContract):
    """The same at the end of the parameter's range."""

    rule = MixedSaving(equal=1.0)


class TestWinRaise(BiddingContract):
    """What every bidding strategy must do."""

    def build(self):
        return WinRaise()


class TestOneByOne(ProtocolContract):
    """What every protocol must do, except that hubs take no part."""

    protocol = "one_by_one"

    def test_pools(self):
        """The markets that misbehaviour is tried on are ones where there is a pool to spoil."""
        for seed in (WITH_HUB, TWO_HAULIERS):
            settlement = run(*lively(seed), self.protocol)
            assert settlement.pooled
            assert not settlement.bookings
