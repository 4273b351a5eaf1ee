"""Whatever is sent to whatever method by whomever: no fault of ours, no word of the inside, no other's data."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import numpy as np
import uvloop

from server.store import Store
from tests.server.fuzzing import fuzz, healthy, listening
from tests.server.hostile import planted

CALLS = 2_500
MOST_GROWTH_KIB = 300 * 1024  # of what is kept at most: it does not hang on the number of calls


def test_hostile_requests(store: Store) -> None:
    """Mutated, odd and well-formed requests to every method, streams too, end in a status of the contract."""

    async def main() -> Any:
        async with planted(store) as site:
            found = await fuzz(site, CALLS, np.random.default_rng(20261126))
            await asyncio.sleep(0.5)
            await healthy(site)
            return found

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listening() as exceptions:
        found = uvloop.run(main())
        told = exceptions()
    assert [(why, s.who, s.method.path, s.how, s.requests, a) for why, s, a in found.wrong] == []
    assert told == []
    assert len({path for path, _ in found.counts}) >= 80
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHENTICATED"} <= {code for _, code in found.counts}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KIB
