"""Every random stream of a run hangs on one root seed and the names of what it is for."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.random import Generator, SeedSequence

_WORDS = 4


def sequence_for(root: int, *names: str | int) -> SeedSequence:
    """Spawn the seed sequence of a named purpose; independent of the order in which purposes come up."""
    digest = hashlib.sha256("\x00".join(str(n) for n in names).encode()).digest()
    key = tuple(int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(_WORDS))
    return SeedSequence(root, spawn_key=key)


def rng_for(root: int, *names: str | int) -> Generator:
    """Generator of a named purpose."""
    return np.random.default_rng(sequence_for(root, *names))


def seed_for(root: int, *names: str | int) -> int:
    """A 31-bit seed of a named purpose, for solvers that take an integer."""
    return int(sequence_for(root, *names).generate_state(1)[0]) & 0x7FFFFFFF
