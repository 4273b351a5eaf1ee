"""New ids: sortable by time, so that rows of one moment lie beside each other on disk, and telling nothing else."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case as resource names are


def _spelled(number: int, digits: int) -> str:
    out = []
    for _ in range(digits):
        number, low = divmod(number, 32)
        out.append(_ALPHABET[low])
    return "".join(reversed(out))


def new_id() -> str:
    """26 characters: 48 bits of milliseconds since 1970, 80 random ones (a ULID in lower case)."""
    return _spelled(time.time_ns() // 1_000_000, 10) + _spelled(secrets.randbits(80), 16)


def new_ids(count: int) -> list[str]:
    """As many ids, in ascending order."""
    first = secrets.randbits(79)  # room to count up from
    head = _spelled(time.time_ns() // 1_000_000, 10)
    return [head + _spelled(first + i, 16) for i in range(count)]
