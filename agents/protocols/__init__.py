"""Negotiation protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.protocols.alternating_offers import AlternatingOffers
from agents.protocols.coalition_formation import CoalitionFormation
from agents.protocols.combinatorial_auction import CombinatorialAuction
from agents.protocols.contract_net import ContractNet
from agents.protocols.iterated_contract_net import IteratedContractNet
from agents.protocols.request_exchange import RequestExchange
from agents.protocols.standalone import Standalone
from agents.protocols.trustee import Trustee

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROTOCOLS: Mapping[str, Callable[..., Any]] = {
    "alternating_offers": AlternatingOffers,
    "coalition_formation": CoalitionFormation,
    "combinatorial_auction": CombinatorialAuction,
    "contract_net": ContractNet,
    "iterated_contract_net": IteratedContractNet,
    "request_exchange": RequestExchange,
    "standalone": Standalone,
    "trustee": Trustee,
}

__all__ = [
    "PROTOCOLS",
    "AlternatingOffers",
    "CoalitionFormation",
    "CombinatorialAuction",
    "ContractNet",
    "IteratedContractNet",
    "RequestExchange",
    "Standalone",
    "Trustee",
]
