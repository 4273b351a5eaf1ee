"""The screen lets through what protovalidate would let through, and nothing else."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings

from groupage.v1 import orders_pb2
from server import checking, screen
from server.faults import Fault
from tests.groupage.v1.test_rules import order
from tests.server.test_bulk import orders
from tests.server.test_checking import METHODS
from tests.server.wellformed import Drawing

TEXTS = (
    "",
    "x",
    "x" * 500,
    "x\n",
    "\n",
    "é" * 128,
    "companies/-",
    "companies/a\n",
    str(uuid4()).upper(),
    "café/10",
    "0",
)
FLOATS = (0.0, -0.0, -1.0, 1e-300, 1e12, float("inf"), float("-inf"), float("nan"))
WHOLE = (0, 1, -1, 2**31 - 1, -(2**31), 253_402_300_800 % 2**31)


def broken(message: Any, rng: np.random.Generator) -> None:
    """Put something odd into one field of a message, or of a message in it."""
    fields = list(message.DESCRIPTOR.fields)
    field = fields[int(rng.integers(len(fields)))]
    name = field.name
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return
    if field.message_type is not None:
        if field.is_repeated:
            inner = getattr(message, name).add()
        elif rng.random() < 0.3:
            message.ClearField(name)
            return
        else:
            inner = getattr(message, name)
            inner.SetInParent()
        if inner.DESCRIPTOR.fields:
            broken(inner, rng)
        return
    by_type = {
        FieldDescriptor.CPPTYPE_STRING: TEXTS,
        FieldDescriptor.CPPTYPE_DOUBLE: FLOATS,
        FieldDescriptor.CPPTYPE_FLOAT: FLOATS,
        FieldDescriptor.CPPTYPE_BOOL: (True, False),
        FieldDescriptor.CPPTYPE_ENUM: (0, 1, 99),
    }
    choices = (b"", b"x" * 70_000) if field.type == FieldDescriptor.TYPE_BYTES else by_type.get(field.cpp_type, WHOLE)
    value = choices[int(rng.integers(len(choices)))]
    if field.cpp_type in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64):
        value = abs(value)
    if field.is_repeated:
        getattr(message, name).extend([value] * int(rng.integers(1, 4)))
    else:
        setattr(message, name, value)


def judged(message: Any) -> tuple[Any, ...]:
    try:
        checking.check(message)
    except Fault as fault:
        return fault.reason, *sorted(fault.violations)
    return ()


def judged_without(message: Any) -> tuple[Any, ...]:
    """What protovalidate alone says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "of", lambda _: None)
        return judged(message)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.path.rpartition("/")[2])
def test_every_request_is_judged_as_without_the_screen(method: Any) -> None:
    """Right ones and wrong ones of every method of the contract: the same answer, in the same words."""
    rng = np.random.default_rng(7)
    drawing = Drawing(rng, {}, {})
    for _ in range(12):
        request = drawing.request(method.request)
        for _ in range(8):
            assert judged(request) == judged_without(request)
            broken(request, rng)


@settings(max_examples=300, deadline=None)
@given(orders())
def test_an_order_is_judged_as_without_the_screen(drawn: Any) -> None:
    """At and beyond the edges of every rule of an order."""
    request = orders_pb2.CreateOrderRequest(parent="companies/a", order=drawn, request_id=str(uuid4()))
    assert judged(request) == judged_without(request)


def test_an_ordinary_submit_needs_no_protovalidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is surely right; of one that is wrong the screen is not sure."""
    monkeypatch.delattr(checking, "_validator")
    request = orders_pb2.CreateOrderRequest(parent="companies/acme", order=order(), request_id=str(uuid4()))
    checking.check(request)
    request.order.pallets = -1
    with pytest.raises(NameError):
        checking.check(request)
