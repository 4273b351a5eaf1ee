"""Reserving: how many vehicles and dock slots a pool reserves ahead."""

from collections.abc import Callable, Mapping

from agents.reserving.base import GoodView, ReservingRule
from agents.reserving.newsvendor import Newsvendor
from agents.reserving.nothing import Nothing

RESERVING: Mapping[str, Callable[..., ReservingRule]] = {"newsvendor": Newsvendor, "none": Nothing}

__all__ = ["RESERVING", "GoodView", "Newsvendor", "Nothing", "ReservingRule"]
