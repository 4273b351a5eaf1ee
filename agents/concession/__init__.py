"""Concession strategies of parties that bargain in pairs."""

from collections.abc import Callable, Mapping
from typing import Any

from agents.concession.base import ConcessionStrategy, Moment
from agents.concession.timed import Boulware, Conceder, Linear
from agents.concession.tit_for_tat import TitForTat

CONCESSION: Mapping[str, Callable[..., Any]] = {
    "boulware": Boulware,
    "conceder": Conceder,
    "linear": Linear,
    "tit_for_tat": TitForTat,
}

__all__ = ["CONCESSION", "Boulware", "Conceder", "ConcessionStrategy", "Linear", "Moment", "TitForTat"]
