"""Bidding strategies of carriers and hubs."""

from collections.abc import Callable, Mapping
from typing import Any

from agents.bidding.adaptive import Adaptive
from agents.bidding.base import BiddingStrategy, LearningStrategy, Tally
from agents.bidding.markup import Markup
from agents.bidding.truthful import Truthful

BIDDING: Mapping[str, Callable[..., Any]] = {"adaptive": Adaptive, "markup": Markup, "truthful": Truthful}

__all__ = ["BIDDING", "Adaptive", "BiddingStrategy", "LearningStrategy", "Markup", "Tally", "Truthful"]
