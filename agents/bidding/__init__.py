"""Bidding strategies of carriers and hubs."""

from agents.bidding.base import BiddingStrategy
from agents.bidding.markup import Markup
from agents.bidding.truthful import Truthful

__all__ = ["BiddingStrategy", "Markup", "Truthful"]
