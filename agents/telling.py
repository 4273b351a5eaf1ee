"""What an owner may be told of why its shipment went as it did: the reason, without anybody else's figures."""

from __future__ import annotations

import re

POOLED_REASON = "its owner pays no more for the pool than its pooled shipments cost it alone"
NOT_WORTH_TAKING = "no carrier's offer was worth taking: going alone was put at no more"
NOT_TAKEN = "a carrier offered to take it for less than going alone, but no award came of it"
_QUOTED = re.compile(r"the lowest quote was ([\d.]+) EUR, going alone was put at ([\d.]+) EUR")


def lowest_quote(quote_cents: int, reserve_cents: int) -> str:
    """Say how far the lowest quote for a shipment was from going alone; for the operator."""
    return f"the lowest quote was {quote_cents / 100:.2f} EUR, going alone was put at {reserve_cents / 100:.2f} EUR"


def quoted(reason: str) -> tuple[float, float] | None:
    """Read the lowest quote and the cost alone out of a reason that names them, EUR."""
    found = _QUOTED.search(reason)
    return (float(found[1]), float(found[2])) if found else None


def without_quote(reason: str) -> str:
    """Leave the figures of a quote out of a reason: they are a carrier's, and its rivals' to guess from."""
    figures = quoted(reason)
    if figures is None:
        return reason
    return _QUOTED.sub(NOT_TAKEN if figures[0] < figures[1] else NOT_WORTH_TAKING, reason)
