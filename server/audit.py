"""Who saw what: reads go into the append-only audit log. What was changed is logged with the change, by the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from server.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Seen:
    """One read.

    Attributes
    ----------
    viewer
        Who asked.
    method
        Such as ``Orders/GetOrder``.
    names
        Names that the request gave.
    outcome
        ``OK``, or the reason why nothing was shown.
    request_id
        Id under which the server logged the call.
    at
        When it was answered.
    """

    viewer: Viewer
    method: str
    names: tuple[str, ...]
    outcome: str
    request_id: str
    at: datetime


class AuditSink(Protocol):
    """Takes in what the guard let through; must return at once, or wait while it cannot take in more."""

    async def seen(self, read: Seen) -> None:
        """Take one read in."""


def now() -> datetime:
    """Time of an entry."""
    return datetime.now(UTC)
