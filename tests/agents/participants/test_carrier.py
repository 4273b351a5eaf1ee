"""What carriers quote for lots."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import agents.participants.carrier
from agents.participants import CarrierDesk
from tests.agents.markets import small_market


def desk_of(seed: int) -> CarrierDesk:
    """The first carrier's desk in a market with one vehicle load after another."""
    small = small_market(seed, factories=2, shipments=9, carriers=1)
    return next(d for d in small.parties()["v0"].desks if isinstance(d, CarrierDesk))


def test_searches_that_are_spared_would_not_have_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving out searches for a lot's own tours that could hardly pay changes no quote, and leaves out many."""
    searched: list[int] = []
    solve = agents.participants.carrier.solve
    monkeypatch.setattr(
        agents.participants.carrier, "solve", lambda problem, **k: (searched.append(1), solve(problem, **k))[1]
    )
    count: dict[float, int] = {}
    quotes: dict[float, list[np.ndarray]] = {}
    usual = agents.participants.carrier.SEARCH_SAVES
    for least in (0.0, usual):
        monkeypatch.setattr(agents.participants.carrier, "SEARCH_SAVES", least)
        searched.clear()
        quotes[least] = []
        for seed in (3, 5, 8, 13, 21):
            desk = desk_of(seed)
            ids = sorted(desk.jobs.direct)
            won = (tuple(ids[:3]),)
            if np.isfinite(desk._marginal(desk.tours(()), won)).all():
                lots = list(itertools.combinations(ids[3:], 2)) + list(itertools.combinations(ids[3:], 4))
                quotes[least].append(desk._marginal(desk.tours(won), lots))
        count[least] = len(searched)
    assert len(quotes[usual]) > 2
    assert all(np.array_equal(a, b) for a, b in zip(quotes[0.0], quotes[usual], strict=True))
    assert count[usual] < count[0.0] / 2


def test_own_tours_are_cheaper_than_inserting() -> None:
    """A lot's own tours are sought for some jobs together, and quoted only where they cost less than inserting it."""
    found = 0
    for seed in (3, 5, 8, 13, 21, 34):
        desk = desk_of(seed)
        ids = tuple(sorted(desk.jobs.direct))
        for lot in itertools.combinations(ids, 4):
            (inserted,) = desk.tours(()).quote([[desk.jobs[j] for j in lot]])
            own = desk._own_tours(desk.tours(()), lot, inserted)
            (marginal,) = desk._marginal(desk.tours(()), [lot])
            assert marginal == (inserted if own is None else own.cost_cents)
            assert own is None or own.cost_cents < inserted
            assert desk._own_tours(desk.tours(()), lot, 0.5) is None
            assert desk._own_tours(desk.tours(()), lot[:3], np.inf) is None
            found += own is not None
    assert found
