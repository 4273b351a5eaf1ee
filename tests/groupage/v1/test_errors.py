"""Reasons of errors: each is explained once, and methods name those that they can fail with."""

from __future__ import annotations

import re

import grpc

from groupage.v1 import errors_pb2
from tests.groupage.v1.contract import METHODS, ROOT, comments

REASONS = [name for name in errors_pb2.ErrorReason.keys() if name != "ERROR_REASON_UNSPECIFIED"]  # noqa: SIM118
PAGE = ROOT / "docs" / "reference" / "wire-contract.md"
NO_REASONS = {"ROLE_CARRIER", "ROLE_SHIPPER", "ROLE_HUB"}
COMMON = 30  # numbers below are common to all methods, or to a kind of them


def told(text: str) -> set[str]:
    """Words of a comment that look like reasons."""
    return {word for word in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text) if word not in NO_REASONS}


def test_every_reason_names_its_code_first() -> None:
    """The comment of a reason begins with a gRPC status code, which is not OK, and says what is wrong."""
    said = comments()
    codes = {code.name for code in grpc.StatusCode} - {"OK"}
    for reason in REASONS:
        code, colon, rest = said[f"groupage.v1.ErrorReason.{reason}"].partition(": ")
        assert code in codes, reason
        assert colon, reason
        assert len(rest) > 15, reason


def test_methods_name_only_known_reasons() -> None:
    """Whatever a method's comment says that it fails with is a reason of the list, and so are lines' and receipts'."""
    said = comments()
    for method in METHODS:
        assert told(said[method.full_name]) <= set(REASONS), method.full_name


def test_every_reason_can_happen() -> None:
    """A reason that is not common to a kind of methods is named by a method or by a field that carries it."""
    said = comments()
    named = set().union(*(told(text) for name, text in said.items() if ".ErrorReason." not in name))
    numbers = dict(errors_pb2.ErrorReason.items())
    assert [r for r in REASONS if numbers[r] >= COMMON and r not in named] == []


def test_the_page_lists_every_reason_with_its_code() -> None:
    """The reference's table of reasons is that of the contract."""
    said = comments()
    listed = re.findall(r"^\| `([A-Z_]+)` \| `([A-Z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [(r, said[f"groupage.v1.ErrorReason.{r}"].partition(":")[0]) for r in REASONS]
