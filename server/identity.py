"""Who is calling: a client certificate, or a bearer token, is one company's, or the operator's."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from server.faults import Fault
from server.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

# Revocation, expiry and suspension act within this time; everything else is one look-up per caller and second or two.
LIFETIME_S = 2.0
MOST_CACHED = 4096
_TOKEN = re.compile(r"gpg_([a-z0-9]{16})_([A-Za-z0-9_-]{43})")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity that was proven.

    Attributes
    ----------
    viewer
        Whom it stands for.
    suspended
        Whether the operator has suspended the company: it may read and not write.
    """

    viewer: Viewer
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """What of a client certificate can be mapped to a company: each in full, none of them a prefix.

    Attributes
    ----------
    spiffe
        Its one ``spiffe://`` URI; empty if it has none, or several.
    subject
        Distinguished name as in RFC 4514, with everything escaped.
    fingerprint
        SHA-256 of its DER form, in lower case hexadecimal.
    not_before, not_after
        When it is valid; a connection may outlive it.
    """

    spiffe: str
    subject: str
    fingerprint: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, pem: bytes) -> Certificate:
        """Read a certificate.

        Raises
        ------
        ValueError
            If it is none.
        """
        certificate = x509.load_pem_x509_certificate(pem)
        try:
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        except x509.ExtensionNotFound:
            uris = []
        spiffe = [uri for uri in uris if uri.startswith("spiffe://")]
        return cls(
            # An SVID has exactly one URI; of several none may be picked.
            spiffe=spiffe[0] if len(uris) == len(spiffe) == 1 else "",
            subject=certificate.subject.rfc4514_string(),
            fingerprint=hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )

    def keys(self) -> tuple[tuple[str, str], ...]:
        """Kinds and values by which it may be mapped."""
        named = (("spiffe", self.spiffe), ("subject", self.subject), ("fingerprint", self.fingerprint))
        return tuple((kind, value) for kind, value in named if value)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as it is kept: nothing that could be sent."""

    id: str
    company: str
    operator: bool
    mac: bytes
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """What a client certificate is mapped to."""

    id: str
    kind: str
    value: str
    company: str
    operator: bool
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Register(Protocol):
    """Where identities are kept; each question is one look into the store."""

    async def token(self, token_id: str) -> StoredToken | None:
        """The token of an id."""

    async def certificates(self, keys: tuple[tuple[str, str], ...]) -> list[StoredCertificate]:
        """All that is mapped by one of these kinds and values, equal in full."""

    async def suspended(self, company: str) -> bool:
        """Whether a company is suspended."""


def new_token(key: bytes) -> tuple[str, str, bytes]:
    """Make a token.

    Returns
    -------
    tuple
        Its id, the token itself (shown once, kept nowhere), and the HMAC under which it is stored.
    """
    token_id = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    token = f"gpg_{token_id}_{secrets.token_urlsafe(32)}"
    return token_id, token, token_mac(key, token)


def token_mac(key: bytes, token: str) -> bytes:
    """HMAC-SHA-256 of a token with the server's key: who steals the table can neither use nor test one."""
    return hmac.digest(key, token.encode(), "sha256")


def key_id(key: bytes) -> str:
    """Tell which key it was, and nothing about it: replicas that do not share theirs can be found out."""
    return hmac.digest(key, b"groupage key id", "sha256").hex()[:16]


class Identities:
    """Proves who calls, and remembers it for a moment.

    Parameters
    ----------
    register
        Where identities are kept.
    key
        The server's secret, 32 bytes or more.
    lifetime_s
        How long an answer is remembered, and so how long a revoked identity goes on.
    clock, now
        Seconds that rise, and the time of day.
    """

    def __init__(
        self,
        register: Register,
        key: bytes,
        *,
        lifetime_s: float = LIFETIME_S,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if len(key) < 32:
            raise ValueError(f"the server's key has {len(key)} bytes, expected 32 or more")
        self._register = register
        self._key = key
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._now = now
        self._known: dict[tuple[str, bytes], tuple[Caller | None, float]] = {}
        self._asking: dict[tuple[str, bytes], asyncio.Task[Caller | None]] = {}

    async def identify(self, authorization: str, pem: bytes) -> Caller:
        """Prove who calls by all that was presented.

        Parameters
        ----------
        authorization
            Value of the call's metadata; empty if there is none.
        pem
            Client certificate, already verified by TLS against the authorities that the server trusts; empty if none.

        Raises
        ------
        Fault
            UNAUTHENTICATED_CALLER: nothing was presented, something that is unknown, expired or revoked, or two things
            that are not the same company's.
        """
        token = ""
        if authorization:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
                raise Fault("UNAUTHENTICATED_CALLER")
        elif not pem:
            raise Fault("UNAUTHENTICATED_CALLER")
        presented = (token, pem)
        known = self._known.get(presented)
        if known is not None and self._clock() < known[1]:
            caller = known[0]
        else:
            caller = await self._ask(presented)
        if caller is None:
            raise Fault("UNAUTHENTICATED_CALLER")
        return caller

    async def _ask(self, presented: tuple[str, bytes]) -> Caller | None:
        # All who wait for the same identity wait for one look into the store, which none of them can cancel.
        task = self._asking.get(presented)
        if task is None:
            task = asyncio.create_task(self._look_up(presented))
            self._asking[presented] = task
            task.add_done_callback(lambda _: self._asking.pop(presented, None))
        return await asyncio.shield(task)

    async def _look_up(self, presented: tuple[str, bytes]) -> Caller | None:
        began = self._clock()
        token, pem = presented
        viewers: list[Viewer | None] = []
        if token:
            viewers.append(await self._token(token))
        if pem:
            viewers.append(await self._certificate(pem))
        first = viewers[0]
        caller = None
        if first is not None and all(
            v is not None and (v.company, v.operator) == (first.company, first.operator) for v in viewers
        ):
            suspended = bool(first.company) and await self._register.suspended(first.company)
            caller = Caller(first, suspended)
        self._known.pop(presented, None)
        self._known[presented] = (caller, began + self._lifetime_s)
        if len(self._known) > MOST_CACHED:
            del self._known[next(iter(self._known))]
        return caller

    async def _token(self, token: str) -> Viewer | None:
        match = _TOKEN.fullmatch(token)
        stored = await self._register.token(match[1]) if match else None
        # Compared in any case, so that the time tells nothing about which ids there are.
        same = hmac.compare_digest(token_mac(self._key, token), stored.mac if stored else bytes(32))
        if stored is None or not same or not self._good(stored):
            return None
        return Viewer(stored.company, stored.operator, f"token:{stored.id}")

    async def _certificate(self, pem: bytes) -> Viewer | None:
        try:
            certificate = Certificate.of(pem)
        except ValueError:
            return None
        if not certificate.not_before <= self._now() < certificate.not_after:
            return None
        mapped = await self._register.certificates(certificate.keys())
        # A revoked mapping of just this certificate counts, whatever its subject is mapped to.
        if any(m.revoked_at is not None and m.kind == "fingerprint" for m in mapped):
            return None
        good = [m for m in mapped if self._good(m)]
        if len({(m.company, m.operator) for m in good}) != 1:
            return None
        return Viewer(good[0].company, good[0].operator, f"certificate:{certificate.fingerprint[:16]}")

    def _good(self, stored: StoredToken | StoredCertificate) -> bool:
        return stored.revoked_at is None and (stored.expires_at is None or self._now() < stored.expires_at)
