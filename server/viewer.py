"""Who looks: the company that a call belongs to, and whether it speaks for the operator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes a query or a message is meant for.

    Attributes
    ----------
    company
        Id of the company, the segment after ``companies/``; the operator has one as well.
    operator
        Whether the viewer runs the platform, and so may see and do what the contract reserves to the operator.
    """

    company: str
    operator: bool = False

    @property
    def name(self) -> str:
        """Resource name of the company."""
        return f"companies/{self.company}"
