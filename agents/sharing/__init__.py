"""Gain sharing: how the cost of all is split among the owners of the shipments."""

from collections.abc import Callable, Mapping

from agents.sharing.allocation import Allocation, allocate
from agents.sharing.alternative_cost_avoided import AlternativeCostAvoided
from agents.sharing.cost_gap import CostGap
from agents.sharing.equal_profit import EqualProfit
from agents.sharing.game import CoalitionGame, Game, SharingRule
from agents.sharing.least_core import LeastCore
from agents.sharing.nash_bargaining import NashBargaining
from agents.sharing.nucleolus import Nucleolus
from agents.sharing.oracle import OracleGame
from agents.sharing.partial import PartialGame
from agents.sharing.per_capita_nucleolus import PerCapitaNucleolus
from agents.sharing.proportional import Proportional
from agents.sharing.settle import rational_shares
from agents.sharing.shapley import Shapley
from agents.sharing.stability import Stability

__all__ = [
    "SHARING",
    "Allocation",
    "AlternativeCostAvoided",
    "CoalitionGame",
    "CostGap",
    "EqualProfit",
    "Game",
    "LeastCore",
    "NashBargaining",
    "Nucleolus",
    "OracleGame",
    "PartialGame",
    "PerCapitaNucleolus",
    "Proportional",
    "Shapley",
    "SharingRule",
    "Stability",
    "allocate",
    "rational_shares",
]

SHARING: Mapping[str, Callable[..., SharingRule]] = {
    "proportional": Proportional,
    "shapley": Shapley,
    "nucleolus": Nucleolus,
    "per_capita_nucleolus": PerCapitaNucleolus,
    "equal_profit": EqualProfit,
    "alternative_cost_avoided": AlternativeCostAvoided,
    "cost_gap": CostGap,
    "least_core": LeastCore,
    "nash_bargaining": NashBargaining,
}
