"""What a fitted forecaster is made of, as plain values: how it gets into files and back without pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ModelState:
    """A fitted forecaster taken apart.

    Attributes
    ----------
    forecaster
        Registered name of what made it, and puts it together again.
    spec
        Settings and small facts, in JSON's own types.
    boosters
        LightGBM models in their text format, by name.
    arrays
        Numeric arrays by name: history, scales, past errors.
    """

    forecaster: str
    spec: Mapping[str, Any]
    boosters: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
