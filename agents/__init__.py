"""The negotiation engine: market, participants, protocols, gain sharing, and the Mesa model. No input or output."""
