"""Durable synchronizations: negotiated in worker processes, exchange by exchange; whatever dies, they go on."""
