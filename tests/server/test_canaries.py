"""Nobody gets a byte that is another's: marks in all records, and every method called by everybody about everything."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import uvloop
from sqlalchemy import text

from server.store import Store
from tests.server.canaries import COMPANIES, CARRIER, POOLS, foreign, may_see
from tests.server.hostile import FORGED, INSIDE, NOBODY, OPERATOR, REVOKED, Answer, Site, methods, planted
from tests.server.wellformed import Drawing, passes

DRAWS = 3
STRANGERS = (NOBODY, REVOKED, FORGED)
# What the contract lets even the operator not see: what an owner expects to send, and what being late costs it.
OWNERS_ONLY = {("demand", ""), ("order", "stakes"), ("forecast_model", "")}


def run(main: Any, seconds: float = 300) -> Any:
    """Run as the server runs."""
    return uvloop.run(asyncio.wait_for(main, seconds))


def names_of(site: Site, *owners: str) -> dict[str, list[str]]:
    """Names of what some own, by collection."""
    found: dict[str, list[str]] = defaultdict(list)
    for (owner, collection), names in site.world.names.items():
        if owner in owners:
            found[collection] += names
    return found


def others(who: str) -> list[str]:
    """Everybody else, and the pools that somebody is not in."""
    pools = [f"pools/{p}" for p, (members, _) in POOLS.items() if who not in members]
    return [c for c in COMPANIES if c != who] + pools


async def tried(site: Site, who: str, about: dict[str, list[str]], seed: int) -> dict[str, list[tuple[Any, Answer]]]:
    """Call every method with requests that keep the schema's rules, about resources of some names."""
    rng = np.random.default_rng(seed)
    drawing = Drawing(rng, about, {"filter": [""], "page_token": [""]})
    made: dict[str, list[tuple[Any, Answer]]] = {}
    for path, method in methods(site.app.names).items():
        for _ in range(DRAWS):
            request = drawing.request(method.request)
            raw = [request.SerializeToString()]
            if path.endswith("/Converse"):
                raw = opened(site, about, raw)
            made.setdefault(path, []).append((raw, await site.call(who, method, raw, wait_s=0.12)))
    return made


def opened(site: Site, about: dict[str, list[str]], then: list[bytes]) -> list[bytes]:
    """A conversation that begins as it should."""
    from groupage.v1 import negotiation_pb2

    opening = negotiation_pb2.StreamOpen(company=about["companies"][0], roles=[1], agent="agent 1")
    first = negotiation_pb2.ConverseRequest(open=opening, request_id="7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f")
    return [first.SerializeToString(), *then]


def leaked(site: Site, who: str, asked: list[bytes], answer: Answer) -> list[Any]:
    """Marks of others in an answer, apart from those that the caller has sent itself."""
    sent = set().union(*(site.world.canaries.found(raw) for raw in asked))
    return foreign(who, answer.marks(site.world.canaries) - sent)


@pytest.mark.parametrize("who", COMPANIES)
def test_nobody_reads_another(store: Store, who: str) -> None:
    """No method gives a company a byte of another's, whatever names it asks about, its own or foreign ones."""

    async def main() -> None:
        async with planted(store) as site:
            mine = [who, *(f"pools/{p}" for p, (members, _) in POOLS.items() if who in members)]
            before = rows_of(store, who)
            for seed, about in enumerate((names_of(site, *others(who)), names_of(site, *mine))):
                for path, calls in (await tried(site, who, about, seed)).items():
                    for asked, answer in calls:
                        assert leaked(site, who, asked, answer) == [], (path, asked, answer)
                        assert answer.code not in ("UNKNOWN", "INTERNAL"), (path, asked, answer)
                        assert not [word for word in INSIDE if word in answer.raw], (path, asked, answer)
            assert rows_of(store, who) == before

    run(main())


def rows_of(store: Store, but: str) -> dict[str, int]:
    """Versions of all records and orders that are not a company's own, nor shared with it."""
    with store.engines.reading.connect() as connection:
        connection.execute(text("SELECT 1"))
        from server.store.reading import declare
        from server.viewer import SYSTEM

        declare(connection, SYSTEM)
        own = {"but": but}
        found = connection.execute(text("SELECT name, version FROM records WHERE company <> :but"), own).all()
        found += connection.execute(text("SELECT name, version FROM orders WHERE company <> :but"), own).all()
    return dict(tuple(row) for row in found)


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_get_nothing(store: Store, who: str) -> None:
    """Without an identity that is good, every method says the same, and no more."""

    async def main() -> None:
        async with planted(store) as site:
            made = await tried(site, who, names_of(site, "acme", "pools/rhine"), 1)
            said = {(a.code, a.reason, a.text) for calls in made.values() for _, a in calls}
            assert len(said) == 1
            assert next(iter(said))[:2] == ("UNAUTHENTICATED", "UNAUTHENTICATED_CALLER")
            for calls in made.values():
                assert not [a for _, a in calls if a.messages or a.marks(site.world.canaries)]

    run(main())


def test_the_operator_sees_no_forecast(store: Store) -> None:
    """The operator sees everything but what only an owner knows: its demand, its forecasts, its stakes."""

    async def main() -> None:
        async with planted(store) as site:
            seen = set()
            for company in COMPANIES:
                pools = [f"pools/{p}" for p, (members, _) in POOLS.items() if company in members]
                for calls in (await tried(site, OPERATOR, names_of(site, company, *pools), 2)).values():
                    for asked, answer in calls:
                        sent = set().union(*(site.world.canaries.found(raw) for raw in asked))
                        seen |= answer.marks(site.world.canaries) - sent
                        assert answer.code not in ("UNKNOWN", "INTERNAL"), (asked, answer)
            kinds = {(m.kind, m.path.split(".")[0]) for m in seen}
            assert not {(k, p) for k, p in kinds if (k, "") in OWNERS_ONLY or (k, p) in OWNERS_ONLY}
            assert {"company", "site", "vehicle_type", "order", "proposal"} <= {k for k, _ in kinds}

    run(main())
