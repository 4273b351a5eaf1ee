"""When to ask again: only what the contract says may be asked again, with the same request id, and not all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from google.rpc import error_details_pb2, status_pb2

from groupage.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

_AGAIN = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED})
# RESOURCE_EXHAUSTED for ever: the same bytes will be too many next time as well.
_NEVER = frozenset({"REQUEST_TOO_LARGE"})


@dataclass(frozen=True, slots=True)
class Retries:
    """How often to ask again, and how long to wait between: for some 17 s, which a server needs to start anew.

    Attributes
    ----------
    attempts
        In all; 1 never asks again.
    first_s, most_s
        Wait before the second attempt, doubled each time up to the most; of each a random half is taken off, so that
        those who failed together do not come back together. The service's own word (RetryInfo) counts where it is
        longer.
    """

    attempts: int = 9
    first_s: float = 0.1
    most_s: float = 10.0

    def wait_s(self, error: ServiceError, attempt: int, rng: Generator) -> float | None:
        """How long to wait before asking again after attempt number `attempt` (from 1); None: not again."""
        if attempt >= self.attempts or not error.temporary:
            return None
        wait = min(self.first_s * 2 ** (attempt - 1), self.most_s) * (0.5 + 0.5 * rng.random())
        return float(max(wait, error.retry_after_s))


def rng(seed: int | None = None) -> Generator:
    """Where the jitter comes from."""
    return np.random.default_rng(np.random.SeedSequence(seed))


def told(error: Any) -> ServiceError:
    """Turn an error of gRPC into ours, with what its details say."""
    code = error.code()
    details: Mapping[str, Any] = dict(error.trailing_metadata() or ())
    status = status_pb2.Status()
    packed = details.get("grpc-status-details-bin")
    if packed:
        status.ParseFromString(packed)
    return read(status, code, error.details() or "")


def read(status: status_pb2.Status, code: grpc.StatusCode, text: str = "") -> ServiceError:
    """Read an error out of a status, as calls end with and receipts carry."""
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    wrong = error_details_pb2.BadRequest()
    for detail in status.details:
        for kind in (info, retry, wrong):
            if detail.Is(kind.DESCRIPTOR):
                detail.Unpack(kind)
    return ServiceError(
        status.message or text,
        status=code.name,
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=tuple((v.field, v.description) for v in wrong.field_violations),
        retry_after_s=retry.retry_delay.ToTimedelta().total_seconds(),
        temporary=code in _AGAIN and info.reason not in _NEVER,
    )


def code_of(number: int) -> grpc.StatusCode:
    """Status code of its number on the wire."""
    return next((c for c in grpc.StatusCode if c.value[0] == number), grpc.StatusCode.UNKNOWN)
