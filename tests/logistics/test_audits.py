"""Which audit keeps a site out on a day."""

from datetime import date

import pytest

from logistics.audits import Audit, AuditResult, audit_refusal

DAY = date(2026, 3, 2)
PASSED, CONDITIONAL, FAILED = AuditResult.PASSED, AuditResult.CONDITIONAL, AuditResult.FAILED


def made(result=PASSED, logistics=PASSED, on=date(2025, 6, 1), until=None, verified=True, site="a", scheme="SQAS"):
    return Audit(site, scheme, on, result, logistics, until, verified)


@pytest.mark.parametrize(
    ("audits", "said"),
    [
        ([made()], None),
        ([made(CONDITIONAL, CONDITIONAL)], None),
        ([], "passed no SQAS"),
        ([made(verified=False)], "passed no SQAS"),
        ([made(site="b")], "passed no SQAS"),
        ([made(scheme="TAPA")], "passed no SQAS"),
        ([made(on=date(2026, 3, 3))], "passed no SQAS"),
        ([made(until=DAY)], None),
        ([made(until=date(2026, 3, 1))], "expired on 2026-03-01"),
        ([made(FAILED)], "failed its SQAS audit of 2025-06-01"),
        ([made(logistics=FAILED)], "in its section on logistics"),
        ([made(FAILED), made(on=date(2025, 7, 1))], None),
        ([made(), made(FAILED, on=date(2025, 7, 1))], "failed its SQAS audit of 2025-07-01"),
        ([made(), made(FAILED)], "failed"),
        ([made(), made(FAILED, on=date(2025, 7, 1), until=date(2025, 8, 1))], None),
    ],
)
def test_refusal(audits, said):
    """The newest verified audit of the site and scheme that counts on the day decides, its logistics section too."""
    refusal = audit_refusal(audits, ["SQAS"], "a", DAY)
    assert refusal is None if said is None else said in refusal


def test_every_scheme():
    """All schemes must be met; without any, nothing keeps a site out."""
    assert audit_refusal([], [], "a", DAY) is None
    assert "TAPA" in audit_refusal([made()], ["SQAS", "TAPA"], "a", DAY)
