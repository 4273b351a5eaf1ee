"""Combinatorial auctions: who wins which bundles of shipments, and what the winners are paid."""

from agents.auction.payments import ExchangePayments, Payments, core_selecting, first_price, vcg, vcg_exchange
from agents.auction.prices import guide_prices
from agents.auction.problem import Bid, WinnerProblem, Winners
from agents.auction.winners import USUAL, Search, determine_winners

__all__ = [
    "USUAL",
    "Bid",
    "ExchangePayments",
    "Payments",
    "Search",
    "WinnerProblem",
    "Winners",
    "core_selecting",
    "determine_winners",
    "first_price",
    "guide_prices",
    "vcg",
    "vcg_exchange",
]
