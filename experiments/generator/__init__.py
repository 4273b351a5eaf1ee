"""A seeded generator of believable regions.

Loaded on first use, as the settings of a scenario hold `GeneratorParams` and the generator makes scenarios.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.generator.params import GeneratorParams
    from experiments.generator.region import generate, generate_to, generator_params, replicate

_HOMES = {
    "GeneratorParams": "experiments.generator.params",
    "generate": "experiments.generator.region",
    "generate_to": "experiments.generator.region",
    "generator_params": "experiments.generator.region",
    "replicate": "experiments.generator.region",
}
__all__ = ["GeneratorParams", "generate", "generate_to", "generator_params", "replicate"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(_HOMES[name]), name)
