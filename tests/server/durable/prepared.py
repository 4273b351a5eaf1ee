"""Loaded once, and forked for each worker that is to die: all that a negotiation needs is compiled and in memory."""

from __future__ import annotations

import threading

from agents.synchronize import synchronize
from server.market import built_in
from tests.server.durable import dying as dying
from tests.server.wire import pool

_frozen = pool.frozen(orders=pool.orders(1))
synchronize(_frozen.market, built_in(_frozen), _frozen.policy, _frozen.seed)
assert threading.active_count() == 1, "who is forked has one thread"
