"""Audits of sites: where a pool asks for one, a site without a valid result is kept out, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


class AuditResult(StrEnum):
    """How an audit, or its section on logistics, ended."""

    PASSED = "passed"
    CONDITIONAL = "conditional"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Audit:
    """Result of an audit of one site.

    Attributes
    ----------
    logistics
        How its section on logistics ended.
    expires_on
        Last day on which it counts; ``None``: no end.
    verified
        Whether a neutral party has checked it against the document; without that it does not count.
    """

    site: str
    scheme: str
    audited_on: date
    result: AuditResult
    logistics: AuditResult
    expires_on: date | None = None
    verified: bool = False

    def counts(self, on: date) -> bool:
        """Tell whether it says anything on a day (its last day included)."""
        return self.verified and self.audited_on <= on and (self.expires_on is None or on <= self.expires_on)


def audit_refusal(audits: Iterable[Audit], schemes: Iterable[str], site: str, on: date) -> str | None:
    """Tell which audit keeps a site out on a day.

    For each scheme the newest audit of the site that counts decides: it must not have failed, as a whole or in its
    section on logistics. One that was passed on conditions is passed.

    Returns
    -------
    str or None
        The first scheme that is not met in plain words; ``None`` where all are.
    """
    own = [a for a in audits if a.site == site]
    for scheme in schemes:
        known = [a for a in own if a.scheme == scheme]
        valid = [a for a in known if a.counts(on)]
        if valid:
            newest = max(valid, key=lambda a: (a.audited_on, a.result == AuditResult.FAILED))
            if AuditResult.FAILED in (newest.result, newest.logistics):
                section = "" if newest.result == AuditResult.FAILED else " in its section on logistics"
                return f"the site has failed its {scheme} audit of {newest.audited_on}{section}"
            continue
        ended = [a.expires_on for a in known if a.verified and a.expires_on is not None and a.expires_on < on]
        if ended:
            return f"the {scheme} audit of the site expired on {max(ended)}"
        return f"the site has passed no {scheme} audit"
    return None
