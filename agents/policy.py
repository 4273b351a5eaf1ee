"""A policy: one choice of each kind of strategy, with its parameters."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Choice(BaseModel):
    """A registered strategy by name, with its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    params: dict[str, Any] = Field(default_factory=dict)


class Effort(BaseModel):
    """Solver budgets, in iterations, so that results repeat.

    Attributes
    ----------
    coalitions
        Groups of owners whose cost a sharing rule may ask for, where there are too many to ask for all.
    plan_iterations_per_job
        Of a plan of everything, where vehicles load at their own bases.
    collect_iterations_per_job
        The same where vehicles collect goods on their way: an iteration takes ten times as long there.
    plan_iterations
        Of a plan of everything at most.
    quote_iterations
        Of a carrier's search for a lot's own tours, and of its replanning after each award.
    carrier_iterations_per_job
        Of a carrier's final plan.
    standalone_iterations_per_job
        Of each owner's plan without a pool.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    coalitions: int = Field(default=1000, ge=1)
    plan_iterations_per_job: int = Field(default=200, ge=1)
    collect_iterations_per_job: int = Field(default=20, ge=1)
    plan_iterations: int = Field(default=20_000, ge=1)
    quote_iterations: int = Field(default=5, ge=1)
    carrier_iterations_per_job: int = Field(default=15, ge=1)
    standalone_iterations_per_job: int = Field(default=16, ge=1)


class Policy(BaseModel):
    """Frozen and validated; can be written in TOML, hashed and sent over a wire."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    protocol: Choice
    sharing: Choice = Choice(name="proportional")
    bidding: Choice = Choice(name="truthful")
    concession: Choice = Choice(name="boulware")
    holding: Choice = Choice(name="ship_now")
    reservation: Choice = Choice(name="none")
    forecaster: Choice = Choice(name="lightgbm")
    effort: Effort = Effort()

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's canonical JSON: keys sorted, so that the order of parameters does not matter."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
