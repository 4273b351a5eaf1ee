"""Who is asking."""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A participant, or the operator.

    Attributes
    ----------
    company
        Id of the company that the identity belongs to; empty where it belongs to none.
    operator
        Sees everything.
    identity
        Which certificate or token it was, for the audit log; no secret.
    """

    company: str = ""
    operator: bool = False
    identity: str = ""

    @property
    def key(self) -> str:
        """Whose request ids, limits and audit lines these are; no company is called ``~operator``."""
        return self.company or "~operator"

    @property
    def name(self) -> str:
        """Resource name of the company."""
        return f"companies/{self.company}"


SYSTEM = Viewer(operator=True, identity="service")

_caller: ContextVar[Viewer] = ContextVar("caller")


def caller() -> Viewer:
    """Who made the call that is being answered; the guard knows, nobody else says so.

    Raises
    ------
    LookupError
        Outside a call that the guard let through.
    """
    return _caller.get()


def calls(viewer: Viewer) -> Token[Viewer]:
    """Say on whose behalf what follows is done; for the guard."""
    return _caller.set(viewer)
