"""Policies as values."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agents.policy import Choice, Effort, Policy


def test_digest_is_stable() -> None:
    """Equal policies have one digest, also after a way over the wire; any change gives another."""
    one = Policy(name="p", protocol=Choice(name="contract_net", params={"max_rounds": 9}))
    assert Policy.model_validate_json(one.model_dump_json()).digest == one.digest
    assert Policy.model_validate(one.model_dump()).digest == one.digest
    others = [
        one.model_copy(update={"name": "q"}),
        one.model_copy(update={"protocol": Choice(name="contract_net", params={"max_rounds": 8})}),
        one.model_copy(update={"sharing": Choice(name="shapley")}),
        one.model_copy(update={"effort": Effort(plan_iterations=7)}),
    ]
    assert len({one.digest, *(p.digest for p in others)}) == 5


def test_order_of_parameters() -> None:
    """The order in which parameters are written changes nothing in a policy's digest."""
    params = {"min_pallets": 9.0, "probability": 0.7}
    backward = dict(reversed(params.items()))
    digests = {
        Policy(name="p", protocol=Choice(name="standalone"), holding=Choice(name="quantity_based", params=given)).digest
        for given in (params, backward)
    }
    assert len(digests) == 1


def test_frozen_and_strict() -> None:
    """A policy cannot be changed, has no unknown fields, and its budgets are at least 1."""
    policy = Policy(name="p", protocol=Choice(name="standalone"))
    with pytest.raises(ValidationError):
        policy.name = "q"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Policy(name="p", protocol=Choice(name="standalone"), shareing=Choice(name="shapley"))  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Effort(quote_iterations=0)
