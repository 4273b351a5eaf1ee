"""Gain sharing: how the cost of all is split among the owners of the shipments."""

from collections.abc import Callable, Mapping

from agents.sharing.game import CoalitionGame, SharingRule
from agents.sharing.nucleolus import Nucleolus
from agents.sharing.proportional import Proportional
from agents.sharing.settle import rational_shares
from agents.sharing.shapley import Shapley
from agents.sharing.stability import Stability

__all__ = [
    "SHARING",
    "CoalitionGame",
    "Nucleolus",
    "Proportional",
    "Shapley",
    "SharingRule",
    "Stability",
    "rational_shares",
]

SHARING: Mapping[str, Callable[..., SharingRule]] = {
    "proportional": Proportional,
    "shapley": Shapley,
    "nucleolus": Nucleolus,
}
