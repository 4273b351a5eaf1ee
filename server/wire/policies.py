"""Policies of the contract as the engine's, and back with the same digest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agents.policy import Choice, Effort, Policy
from agents.registry import check_policy
from groupage.errors import PolicyError, Problem
from groupage.v1 import companies_pb2, policies_pb2

if TYPE_CHECKING:
    from groupage.v1 import rulebooks_pb2

KINDS = ("protocol", "sharing", "bidding", "concession", "holding", "reservation", "forecaster")


def policy(message: policies_pb2.Policy, where: str = "policy") -> Policy:
    """Return a policy; every strategy in it is known and takes its parameters.

    Raises
    ------
    PolicyError
        Naming the field that does not fit.
    """
    chosen = {kind: _choice(getattr(message, kind), where, kind) for kind in KINDS if message.HasField(kind)}
    if "protocol" not in chosen:
        raise PolicyError([Problem(where, "protocol", "missing", "a protocol by name")])
    effort = {f.name: value for f, value in message.effort.ListFields()}
    try:
        made = Policy(name=message.name, effort=Effort(**effort), **chosen)
    except ValidationError as error:
        raise PolicyError([_problem(where, e) for e in error.errors()]) from None
    for kind in KINDS:
        # One at a time, so that the error names the field.
        lone = {} if kind == "protocol" else {kind: getattr(made, kind)}
        base = made.protocol if kind == "protocol" else Choice(name="standalone")
        try:
            check_policy(Policy(name=made.name, protocol=base, **lone))
        except PolicyError as error:
            raise PolicyError([Problem(where, kind, getattr(made, kind).name, str(error))]) from None
    return made


def policy_message(value: Policy) -> policies_pb2.Policy:
    """Return a policy as the contract has it, defaults spelled out."""
    message = policies_pb2.Policy(name=value.name)
    for kind in KINDS:
        choice: Choice = getattr(value, kind)
        strategy = getattr(message, kind)
        strategy.SetInParent()
        strategy.name = choice.name
        for name, given in choice.params.items():
            _parameter(strategy.params[name], given, f"{kind}.params.{name}")
    for name, budget in value.effort.model_dump().items():
        setattr(message.effort, name, budget)
    return message


def fee_problems(rulebook: rulebooks_pb2.Rulebook) -> list[Problem]:
    """Fees that nobody can reckon: a carrier's or hub's gain, since what its work costs it is its own."""
    return [
        Problem(
            rulebook.name or "rulebook",
            f"fees[{i}].gain_percent",
            f"{fee.gain_percent:g} for {companies_pb2.Role.Name(fee.payer)}",
            "a fee per shipment or month: what a carrier or hub gains only it knows",
        )
        for i, fee in enumerate(rulebook.fees)
        if fee.WhichOneof("basis") == "gain_percent" and fee.payer != companies_pb2.ROLE_SHIPPER
    ]


def _choice(message: policies_pb2.Strategy, where: str, kind: str) -> Choice:
    empty = sorted(name for name, p in message.params.items() if p.WhichOneof("value") is None)
    if empty:
        said = "a whole number, another number, a word, or yes or no"
        raise PolicyError([Problem(where, f"{kind}.params.{name}", "empty", said) for name in empty])
    params = {name: getattr(p, p.WhichOneof("value")) for name, p in sorted(message.params.items())}
    return Choice(name=message.name, params=params)


def _parameter(message: policies_pb2.Parameter, value: Any, field: str) -> None:
    if isinstance(value, bool):
        message.flag = value
    elif isinstance(value, int):
        message.integer = value
    elif isinstance(value, float) and math.isfinite(value):
        message.number = value
    elif isinstance(value, str):
        message.text = value
    else:
        raise PolicyError([Problem("policy", field, repr(value), "a finite number, a word, or yes or no")])


def _problem(where: str, error: Any) -> Problem:
    return Problem(where, ".".join(map(str, error["loc"])), str(error["input"]), error["msg"])
