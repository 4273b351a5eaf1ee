"""The visibility matrix of `agents.visibility` applied to the wire: which fields show which fact, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.visibility import MATRIX
from groupage.errors import PolicyError, Problem
from groupage.v1 import rulebooks_pb2

if TYPE_CHECKING:
    from groupage.v1.rulebooks_pb2 import Visibility


def grants_of(message: Visibility, where: str = "rulebook") -> tuple[tuple[str, str, str], ...]:
    """Facts that a rulebook shows beyond the matrix: name, viewer's role, phase.

    Raises
    ------
    PolicyError
        If the matrix has no such fact, or it is one that no rulebook may show.
    """
    found = []
    for i, grant in enumerate(message.grants):
        if grant.fact not in MATRIX:
            raise PolicyError(
                [Problem(where, f"visibility.grants[{i}].fact", grant.fact, f"one of {', '.join(MATRIX)}")]
            )
        viewer = rulebooks_pb2.ViewerRole.Name(grant.viewer).removeprefix("VIEWER_ROLE_").lower()
        phase = rulebooks_pb2.Phase.Name(grant.phase).removeprefix("PHASE_").lower()
        found.append((grant.fact, viewer, phase))
    return tuple(sorted(set(found)))
