"""New ids: sortable by time, so that rows of one moment lie beside each other on disk, and telling nothing else."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case as resource names are
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_POOL_BYTES = 4096


class _Random:
    """Random bytes of the operating system, fetched many at a time: each fetch hands the interpreter over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = b""
        self._at = 0
        os.register_at_fork(after_in_child=self._forget)

    def take(self, count: int) -> bytes:
        with self._lock:
            if self._at + count > len(self._bytes):
                self._bytes, self._at = os.urandom(_POOL_BYTES), 0
            out = self._bytes[self._at : self._at + count]
            self._at += count
            return out

    def _forget(self) -> None:
        # A child that went on in the same pool would make its parent's ids.
        self._lock, self._bytes = threading.Lock(), b""


_random = _Random()


def random_bytes(count: int) -> bytes:
    """Take some random bytes, at most 4,096, without asking the operating system each time. Not for secrets."""
    return _random.take(count)


# For so many pairs of characters, the bits below each.
_BELOW = [tuple(range(10 * (pairs - 1), -1, -10)) for pairs in range(14)]


def _spelled(number: int, pairs: int) -> str:
    return "".join([_PAIRS[number >> bits & 1023] for bits in _BELOW[pairs]])


def new_id() -> str:
    """26 characters: 48 bits of milliseconds since 1970, 80 random ones (a ULID in lower case)."""
    return _spelled(time.time_ns() // 1_000_000, 5) + _spelled(int.from_bytes(_random.take(10)), 8)


def new_ids(count: int, prefix: str = "") -> list[str]:
    """As many ids, in ascending order: of one moment, and next to each other; each behind the same text."""
    first = int.from_bytes(_random.take(10)) >> 1  # room to count up from
    head = prefix + _spelled(time.time_ns() // 1_000_000, 5)
    out: list[str] = []
    while len(out) < count:
        # Ids that differ in their last four digits only share the rest.
        low = (first + len(out)) & 0xFFFFF
        start = head + _spelled((first + len(out)) >> 20, 6)
        end = min(low + count - len(out), 1 << 20)
        for high in range(low >> 10, (end + 1023) >> 10):
            pairs = _PAIRS[max(low - (high << 10), 0) : end - (high << 10)]
            out += [shared + pair for shared in (start + _PAIRS[high],) for pair in pairs]
    return out
