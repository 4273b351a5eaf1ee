"""The errors that groupage raises on purpose, each with a stable code.

All of them are ``ValueError``s: something that was given does not fit. A message says what was given, what was
expected, and where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class GroupageError(ValueError):
    """Base of every error that groupage raises on purpose."""

    code = "GROUPAGE"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a user's input.

    Attributes
    ----------
    where
        File and place, such as ``orders.csv line 17`` or ``scenario.toml [network] circuity``.
    column
        Column or key; empty where the whole row or file is meant.
    value
        What was given, as text.
    expected
        What would have been right.
    """

    where: str
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        subject = f"{self.column} is {self.value}" if self.column else self.value
        return f"{self.where}: {subject}, expected {self.expected}"


class InputError(GroupageError):
    """A user's files or options do not fit; carries every problem found, not only the first.

    Parameters
    ----------
    problems
        What to show; or plain words.
    more
        How many further problems were counted but are not carried.
    """

    code = "INPUT"

    def __init__(self, problems: Sequence[Problem] | str, more: int = 0) -> None:
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        self.more = more
        lines = [problems] if isinstance(problems, str) else [str(p) for p in self.problems]
        super().__init__("\n".join([*lines, f"and {more:,} more"] if more else lines))

    def __reduce__(self) -> tuple[type[InputError], tuple[Sequence[Problem] | str, int]]:
        return type(self), (self.problems or str(self), self.more)


class PolicyError(InputError):
    """A policy names something that is not registered, or gives it a parameter it does not take."""

    code = "POLICY"


class RoutingError(GroupageError):
    """A routing problem that cannot be represented or solved as asked."""

    code = "ROUTING"


class SettlementError(GroupageError):
    """A settlement breaks one of its promises (conservation, capacity, balance, rationality)."""

    code = "SETTLEMENT"


class MissingLibraryError(GroupageError):
    """A system library is missing on this machine; says which, and how to get it."""

    code = "LIBRARY"


class ReplayError(GroupageError):
    """A recorded transcript does not lead where its record says."""

    code = "REPLAY"


class ModelFileError(GroupageError):
    """A model folder's file is missing, too many, or not as it was written; says which, what was expected and found."""

    code = "MODEL"


class AuctionError(GroupageError):
    """An auction that is not well posed, or whose items cannot be carried by its bids."""

    code = "AUCTION"


class UnprovenError(AuctionError):
    """A payment rule that needs a winner problem's proven optimum, where none was proven within the node limit."""

    code = "UNPROVEN"


class ServiceError(GroupageError):
    """The service refused a call, or could not be reached.

    Parameters
    ----------
    status
        Name of the gRPC status, such as ``NOT_FOUND``.
    reason
        Name of the contract's reason, such as ``RESOURCE_NOT_FOUND``; empty where the service was not reached.
    metadata
        What the contract says goes with the reason.
    violations
        Fields that are wrong, each with what was expected.
    retry_after_s
        When to ask again, in seconds; 0 where nothing was said.
    temporary
        Whether the same request, with the same request id, may succeed later.

    Attributes
    ----------
    receipt
        Of an upload that was given up: what became of its lines until then (`groupage.client.Receipt`).
    """

    code = "SERVICE"

    def __init__(
        self,
        message: str,
        *,
        status: str = "UNKNOWN",
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: tuple[tuple[str, str], ...] = (),
        retry_after_s: float = 0.0,
        temporary: bool = False,
    ) -> None:
        self.status, self.reason = status, reason
        self.metadata = dict(metadata or {})
        self.violations = violations
        self.retry_after_s, self.temporary = retry_after_s, temporary
        self.receipt: Any = None
        words = f"{reason or status}: {message}"
        told = [f"{key} {value}" for key, value in self.metadata.items()]
        # Rules over several fields name none.
        told += [f"{field}: {expected}" if field else expected for field, expected in violations]
        super().__init__("\n".join([f"{words} ({'; '.join(told)})" if told else words]))
