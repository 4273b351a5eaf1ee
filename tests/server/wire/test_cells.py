"""The visibility matrix, cell by cell: what settlements put into the parts that their parties read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from agents.visibility import MATRIX, Phase, Role, visible
from server.visibility import FACT_OF
from server.wire.proposals import proposals
from tests.server.wire.test_proposals import around, little

PARTS = {Role.OWNER: "owner_part", Role.CARRIER: "carrier_part", Role.HUB: "hub_part"}
# What these settlements do not come to: nothing is promised here, no share is sampled, no saving is foretold.
NEVER_HERE = frozenset({"standard_error_eur", "expected_saving_eur", "fees", "co_loaded"})


def _paths(message: Any, place: str) -> Iterator[str]:
    for field, value in message.ListFields():
        path = f"{place}.{field.name}"
        if path in FACT_OF:
            yield path
        elif field.message_type is not None:
            for one in value if field.is_repeated else [value]:
                yield from _paths(one, path)


@lru_cache
def told(phase: Phase) -> frozenset[str]:
    """Fields that are told to anybody in a phase, over settlements of several protocols, with hubs and reservations."""
    found: set[str] = set()
    for freeze, settlement in (little("trustee"), little("contract_net"), *(around(seed) for seed in range(12))):
        alone = dict.fromkeys(freeze.market.shipments, 7.0)
        for part in proposals(freeze, settlement, phase, alone_kgco2e=alone).values():
            found.update(_paths(part, "Proposal"))
    return frozenset(found)


def fields(fact: str, role: Role) -> set[str]:
    """Where a role's part shows a fact."""
    return {path for path, shows in FACT_OF.items() if shows == fact and path.startswith(f"Proposal.{PARTS[role]}.")}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("role", PARTS)
@pytest.mark.parametrize("fact", MATRIX)
def test_each_cell(fact: str, role: Role, phase: Phase) -> None:
    """A role's part tells a fact in the phases of the matrix, and in no other, however much the settlement knows."""
    here = fields(fact, role)
    if not visible(fact, role, phase):
        assert not told(phase) & here
    else:  # whatever is told later is told from the first phase in which it may be
        assert told(phase) & here == told(Phase.AFTER) & here


@pytest.mark.parametrize("role", PARTS)
def test_the_cells_are_not_empty(role: Role) -> None:
    """Every fact that a role may read after commitment stands in its part in at least one of these settlements."""
    here = {f: {path for path in fields(f, role) if ".promises." not in path} for f in MATRIX}
    wanted = {f for f in MATRIX if here[f] and visible(f, role, Phase.AFTER)} - NEVER_HERE
    assert wanted == {f for f in wanted if here[f] & told(Phase.AFTER)}
