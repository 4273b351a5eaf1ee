"""Faults: the table of reasons is the contract's, and what goes over the wire can be read."""

from __future__ import annotations

import pickle
import re

import pytest
from google.rpc import error_details_pb2, status_pb2

from server.faults import DETAILS_KEY, Fault, Violation, invalid, not_found
from server.reasons import REASONS
from tests.groupage.v1.contract import ROOT, comments

PAGE = ROOT / "docs" / "reference" / "wire-contract.md"


def keys_of(text: str) -> tuple[str, ...]:
    """The metadata keys that a comment names."""
    _, _, named = text.partition("Metadata: ")
    return tuple(re.findall(r"`(\w+)`", re.split(r"\. |; BadRequest", named)[0]))


def unpacked(fault: Fault) -> dict[str, object]:
    """The details of a fault as a client finds them, by the name of their type."""
    ((key, value),) = fault.trailing_metadata()
    assert key == DETAILS_KEY
    status = status_pb2.Status.FromString(value)
    assert (status.code, status.message) == (fault.code.value[0], fault.message)
    found = {}
    for packed in status.details:
        kind = getattr(error_details_pb2, packed.type_url.rpartition(".")[2])
        found[kind.__name__] = message = kind()
        assert packed.Unpack(message)
    return found


def test_the_table_is_the_page() -> None:
    """Every reason has the code and the metadata keys that the reference's table gives it, and there are no others."""
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| `([A-Z_]+)` \| (.*) \|$", page, re.MULTILINE)
    listed = [(reason, code, keys_of(text)) for reason, code, text in rows]
    assert [(name, r.code.name, r.keys) for name, r in REASONS.items()] == listed


def test_the_table_is_the_contract() -> None:
    """Every reason has the code and the metadata keys that the comment of the schema gives it."""
    said = comments()
    for name, reason in REASONS.items():
        text = said[f"groupage.v1.ErrorReason.{name}"]
        assert (text.partition(":")[0], keys_of(" ".join(text.split()))) == (reason.code.name, reason.keys), name


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_carries_its_error_info(reason: str) -> None:
    """Each reason goes over the wire with the domain, its own name and all of its metadata."""
    violations = (Violation("a", "b"),) if reason == "INVALID_FIELD" else ()
    fault = Fault(reason, violations=violations, metadata={key: f"<{key}>" for key in REASONS[reason].keys})
    info = unpacked(fault)["ErrorInfo"]
    assert (info.domain, info.reason) == ("groupage", reason)
    assert dict(info.metadata) == {key: f"<{key}>" for key in REASONS[reason].keys}


@pytest.mark.parametrize("reason", ["RATE_LIMITED", "SERVER_DRAINING"])
def test_who_shall_wait_is_told_how_long(reason: str) -> None:
    """Where the contract promises a RetryInfo there is one, and its delay can be given."""
    metadata = {key: "x" for key in REASONS[reason].keys}
    assert unpacked(Fault(reason, metadata=metadata))["RetryInfo"].retry_delay.ToMilliseconds() == 1000
    later = unpacked(Fault(reason, retry_after_s=2.5, metadata=metadata))["RetryInfo"]
    assert later.retry_delay.ToMilliseconds() == 2500


def test_every_wrong_field_is_named() -> None:
    """A BadRequest names each field with what was expected, in the order given."""
    found = unpacked(invalid(("orders[0].pallets", "expected > 0"), ("parent", "expected a name")))["BadRequest"]
    assert [(v.field, v.description) for v in found.field_violations] == [
        ("orders[0].pallets", "expected > 0"),
        ("parent", "expected a name"),
    ]


def test_details_stay_within_what_clients_take() -> None:
    """Five thousand wrong lines and an endless name still fit into 8 KiB of metadata; the rest is counted."""
    many = Fault("INVALID_FIELD", violations=tuple(Violation(f"orders[{i}].x", "expected > 0") for i in range(5000)))
    violations = unpacked(many)["BadRequest"].field_violations
    assert len(many.trailing_metadata()[0][1]) <= 4500 + 200
    shown = len(violations) - 1
    assert shown > 50
    assert violations[-1].description == f"and {5000 - shown:,} more"
    assert len(not_found("n" * 100_000).trailing_metadata()[0][1]) < 4500


def test_a_fault_that_is_not_the_contracts_cannot_be_made() -> None:
    """An unknown reason, metadata that are missing or too many, and INVALID_FIELD without a field are refused."""
    with pytest.raises(ValueError, match="reason is 'SURPRISE'"):
        Fault("SURPRISE")
    with pytest.raises(ValueError, match="expected \\['name'\\]"):
        Fault("ETAG_MISMATCH")
    with pytest.raises(ValueError, match="metadata of STORE_FULL"):
        Fault("STORE_FULL", metadata={"path": "x"})
    with pytest.raises(ValueError, match="no violations"):
        Fault("INVALID_FIELD")


def test_a_fault_survives_the_way_between_processes() -> None:
    """A worker's fault is the same fault in the server."""
    wrong = [("rows[1]", "expected a price")]
    fault = Fault("REPLY_MALFORMED", "row 1 has no price", metadata={"question_id": "3/a>b"}, violations=wrong)
    again = pickle.loads(pickle.dumps(fault))
    assert again.status() == fault.status()
