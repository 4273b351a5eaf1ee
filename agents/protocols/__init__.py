"""Negotiation protocols."""

from agents.protocols.contract_net import ContractNet
from agents.protocols.standalone import Standalone
from agents.protocols.trustee import Trustee

__all__ = ["ContractNet", "Standalone", "Trustee"]
