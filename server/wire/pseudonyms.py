"""What a participant's own agent calls things that are not its own: pseudonyms of one negotiation and one reader.

They hang on a secret of the negotiation, the reader and the thing, so that a worker that takes over makes the same
ones; two readers, or one reader in two negotiations, cannot tell that theirs mean the same. A leg through a hub is
called by its transport and its hub, as in the engine: `<job>@<hub>:in`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from logistics.fleet import type_of
from logistics.hub_legs import IN_SUFFIX, OUT_SUFFIX, hub_of, is_hub_leg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.market import Market

_BYTES = 10  # 80 bits, 16 characters of base 32
_LEAST_SECRET_BYTES = 16


def last_segment(name: str) -> str:
    """Last segment of a resource name; a reserved vehicle is called as the others of its type."""
    return type_of(name).rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Pseudonyms:
    """The names of one negotiation for one reader.

    Attributes
    ----------
    secret
        Of the negotiation, at least 16 bytes; whoever has it can tell what a guessed name would be called.
    company
        The reader, by the name that its shipments and vehicles stand under.
    market
        What there is; empty markets know no names.
    """

    secret: bytes
    company: str
    market: Market

    def __post_init__(self) -> None:
        if len(self.secret) < _LEAST_SECRET_BYTES:
            raise ValueError(f"secret has {len(self.secret)} bytes, expected at least {_LEAST_SECRET_BYTES}")

    @cached_property
    def _key(self) -> bytes:
        return hashlib.blake2b(self.company.encode(), key=hashlib.sha256(self.secret).digest()).digest()

    def called(self, kind: str, name: str) -> str:
        """Pseudonym of something.

        Parameters
        ----------
        kind
            ``job``, ``place``, ``company``, ``load``, ``booking``, ``reservation``, ``promise``, ``question`` or
            ``conversation``.
        name
            Engine id; what has none, as the base's stop of no job, has no pseudonym.
        """
        if not name:
            return ""
        if kind == "job" and is_hub_leg(name):
            end = IN_SUFFIX if name.endswith(IN_SUFFIX) else OUT_SUFFIX
            return f"{self.called(kind, name.rsplit('@', 1)[0])}@{self.called('company', hub_of(name))}{end}"
        mac = hashlib.blake2b(name.encode(), key=self._key, digest_size=_BYTES, person=kind.encode())
        return f"{kind[0]}{base64.b32encode(mac.digest()).decode().lower()}"

    def meant(self, kind: str, called: str) -> str | None:
        """Engine id of a job, place or company that the market knows; ``None``: there is none that is called so.

        The reader may call its own by their resource names.
        """
        if not called:
            return ""
        if kind == "job" and is_hub_leg(called):
            job, hub = self._jobs.get(called.rsplit("@", 1)[0]), self._companies.get(hub_of(called))
            end = IN_SUFFIX if called.endswith(IN_SUFFIX) else OUT_SUFFIX
            return f"{job}@{hub}{end}" if job and hub else None
        known = {"job": self._jobs, "place": self._places, "company": self._companies}[kind]
        if called in known:
            return known[called]
        return called if called.startswith(f"{self.company}/") else None

    def guarded(self, text: str) -> str:
        """Text of a kind that is not known: the pseudonym of what it names, itself if it names nothing."""
        return self._every.get(text, text)

    @cached_property
    def _jobs(self) -> dict[str, str]:
        m = self.market
        return self._by_name("job", {*m.shipments, *(s for p in m.promises for s in p.lot)})

    @cached_property
    def _places(self) -> dict[str, str]:
        return self._by_name("place", self.market.sites)

    @cached_property
    def _companies(self) -> dict[str, str]:
        m = self.market
        owners = {*m.owners, *(p.owner for p in m.promises)}
        return self._by_name("company", {*owners, *m.carriers, *m.hubs})

    @cached_property
    def _every(self) -> dict[str, str]:
        known = {**self._places, **self._companies, **self._jobs}
        names = {name: called for called, name in known.items()}
        vehicles = {
            v.id: last_segment(v.id) if v.carrier == self.company else self.called("vehicle", type_of(v.id))
            for v in self.market.vehicles.values()
        }
        return names | vehicles

    def _by_name(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        return {self.called(kind, name): name for name in names}
