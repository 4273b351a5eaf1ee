"""Bidding strategies of carriers and hubs."""

from collections.abc import Callable, Mapping
from typing import Any

from agents.bidding.base import BiddingStrategy
from agents.bidding.markup import Markup
from agents.bidding.truthful import Truthful

BIDDING: Mapping[str, Callable[..., Any]] = {"markup": Markup, "truthful": Truthful}

__all__ = ["BIDDING", "BiddingStrategy", "Markup", "Truthful"]
