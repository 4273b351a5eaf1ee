"""How things are called that a participant may not know by name: pseudonyms, and reasons without names."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from agents.telling import without_quote

if TYPE_CHECKING:
    from datetime import datetime

    from server.market import Freeze

_CHARACTERS = 12  # of base 32: 60 bits


class Names(Protocol):
    """What things are called to one reader; jobs and places are called in proposals as in its questions."""

    def called(self, kind: str, name: str) -> str:
        """Pseudonym of something.

        Parameters
        ----------
        kind
            ``job``, ``place``, ``load``, ``booking`` or ``reservation``.
        name
            Engine id.
        """
        ...


@dataclass(frozen=True, slots=True)
class Hashed:
    """Pseudonyms that nobody can guess who does not know the key, the same for the same thing."""

    key: bytes

    @classmethod
    def of(cls, freeze: Freeze, reader: str = "") -> Hashed:
        """Those of one negotiation, whose seed is its secret, for one reader or for all alike."""
        return cls(hashlib.sha256(f"{freeze.seed}|{freeze.names_digest}|{reader}".encode()).digest())

    def called(self, kind: str, name: str) -> str:
        """Pseudonym of something; see `Names`."""
        found = hmac.digest(self.key, f"{kind}|{name}".encode(), "sha256")
        return f"{kind[0]}-{base64.b32encode(found).decode().lower()[:_CHARACTERS]}"


_NAME = re.compile(r"companies/[a-z0-9-]+(?:/[A-Za-z]+/[a-z0-9-]+)*(?:\|reserved)?")
_SOMEBODY = {"vehicleTypes": "a vehicle", "hubs": "a hub", "sites": "a place", "orders": "another order"}


def plain(reason: str, company: str) -> str:
    """Return a reason without anybody else's names or figures.

    Parameters
    ----------
    company
        Resource name of its reader, whose own resources keep their names.
    """

    def put(found: re.Match[str]) -> str:
        parts = found[0].removesuffix("|reserved").split("/")
        if "/".join(parts[:2]) == company:
            return found[0].removesuffix("|reserved")
        return _SOMEBODY.get(parts[2], "something") if len(parts) > 2 else "a company"

    return _NAME.sub(put, without_quote(reason))


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns minutes of a market into moments."""

    start: datetime

    def at(self, minutes: float) -> datetime:
        """Moment, to the millisecond: what is planned is not known better."""
        return self.start + timedelta(milliseconds=round(minutes * 60_000))
