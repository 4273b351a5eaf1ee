"""What the service refuses, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fault(Exception):
    """A refusal with a reason of `proto/groupage/v1/errors.proto`."""

    def __init__(
        self,
        reason: str,
        message: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
        violations: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.violations = violations
