"""Pages of a list: a token says after which row the next page begins, and for which request it is good."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any

from server.faults import Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message

DEFAULT_SIZE = 100
MOST = 1_000
# Of the rows of a page: an answer may have 16 MiB.
MOST_BYTES = 12 * 2**20


def size_of(request: Any, default: int = DEFAULT_SIZE, most: int = MOST) -> int:
    """Rows of a page: as asked, within what a page may hold.

    Raises
    ------
    Fault
        INVALID_FIELD of less than none, which SQLite would take for all; not every request has rules of ours.
    """
    if request.page_size < 0:
        raise invalid(("page_size", "0 or more"))
    return min(request.page_size or default, most)


def fitting(sizes: Iterable[int], most: int) -> int:
    """How many rows of these sizes, in bytes, a page takes: at most so many, fewer where there is no room, but one."""
    taken = room = 0
    for size in sizes:
        room += size
        if taken == most or (taken and room > MOST_BYTES):
            break
        taken += 1
    return taken


def token(request: Message, last: Any) -> str:
    """Make the token of the page after a row; `last` is what JSON can carry."""
    return base64.urlsafe_b64encode(json.dumps([_digest(request), last]).encode()).decode()


def after(request: Any, *kinds: type) -> Any:
    """Read the row after which a page begins; None for the first page.

    Parameters
    ----------
    kinds
        Of the values that tell the row, in order, where it is told by several; by default it is one text. A token comes
        back from outside: whatever does not look like this service's own is none.

    Raises
    ------
    Fault
        PAGE_TOKEN_INVALID, if the token is none, or is another request's.
    """
    if not request.page_token:
        return None
    try:
        digest, last = json.loads(base64.urlsafe_b64decode(request.page_token.encode()))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Fault("PAGE_TOKEN_INVALID") from None
    if digest != _digest(request) or not _fits(last, kinds):
        raise Fault("PAGE_TOKEN_INVALID")
    return last


def _fits(last: Any, kinds: tuple[type, ...]) -> bool:
    if not kinds:
        return _good(last, str)
    return isinstance(last, list) and len(last) == len(kinds) and all(map(_good, last, kinds))


def _good(value: Any, kind: type) -> bool:
    """Whether a database takes a value: PostgreSQL no text with a zero in it, neither of them a larger number."""
    if type(value) is not kind:
        return False
    if isinstance(value, str):
        return "\0" not in value
    return isinstance(value, int) and -(2**63) <= value < 2**63


def _digest(request: Any) -> str:
    same = type(request)()
    same.CopyFrom(request)
    same.ClearField("page_token")
    same.ClearField("page_size")
    name = same.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + same.SerializeToString(deterministic=True)).hexdigest()[:16]
