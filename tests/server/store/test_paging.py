"""Page tokens come back from outside: one that is no token of this service's for this request is refused as such."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from groupage.v1 import orders_pb2
from server.faults import Fault
from server.store import paging

REQUEST = orders_pb2.ListOrdersRequest(parent="companies/acme", filter="state = OPEN")


def asking(token: str, **changed: Any) -> Any:
    """The request of the page after the first."""
    request = orders_pb2.ListOrdersRequest()
    request.CopyFrom(REQUEST)
    request.page_token = token
    for field, value in changed.items():
        setattr(request, field, value)
    return request


def test_a_token_says_where_to_go_on() -> None:
    """A token gives back the row that it was made of, whatever the size of the next page."""
    assert paging.after(REQUEST) is None
    assert paging.after(asking(paging.token(REQUEST, "o1"), page_size=7)) == "o1"
    assert paging.after(asking(paging.token(REQUEST, [5, "o1"])), int, str) == [5, "o1"]


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "ü",
        "W10=",
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        *(paging.token(REQUEST, last) for last in (5, None, True, {}, [], ["o1"], "o\x001", 2**70, 1.5)),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    """Nothing that was not made here reaches a database, even with the right digest: whoever reads a token can forge it."""
    with pytest.raises(Fault) as refused:
        paging.after(asking(token))
    assert refused.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize(
    "last", ["o1", [], [5], ["5", "o1"], [5, 5], [5, "o1", "x"], [2**63, "o1"], [5, "\x00"], [True, "o1"]]
)
def test_what_is_no_token_of_several_values_is_refused(last: Any) -> None:
    """The same where several values tell the row."""
    with pytest.raises(Fault) as refused:
        paging.after(asking(paging.token(REQUEST, last)), int, str)
    assert refused.value.reason == "PAGE_TOKEN_INVALID"


def test_a_token_of_another_request_is_refused() -> None:
    """A token is good for its request alone."""
    for change in ({"parent": "companies/acme2"}, {"filter": ""}):
        with pytest.raises(Fault):
            paging.after(asking(paging.token(REQUEST, "o1"), **change))
