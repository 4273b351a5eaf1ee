"""Looking ahead: before a day's negotiation the coordinator decides on pooled forecasts what to hold and to reserve."""

from agents.lookahead.conduct import look_ahead
from agents.lookahead.outlook import Ahead, Held, Outlook, PoolDay

__all__ = ["Ahead", "Held", "Outlook", "PoolDay", "look_ahead"]
