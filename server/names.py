"""Resource names, segment by segment."""

from __future__ import annotations

import re
from typing import NamedTuple

from server.faults import Fault

_COLLECTION = re.compile(r"[a-z][A-Za-z]{0,62}")
_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Name(NamedTuple):
    """A name taken apart: ``companies/acme/sites/plant-1`` is ``plant-1`` of ``sites`` in ``companies/acme``."""

    parent: str
    collection: str
    id: str


def split(name: str) -> Name:
    """Take a name apart.

    Raises
    ------
    Fault
        RESOURCE_NOT_FOUND of what is no name: there can be no such thing.
    """
    parts = name.split("/")
    pairs = zip(parts[::2], parts[1::2], strict=False)
    # All of it: PostgreSQL would not even look for a text with a zero in it.
    if len(parts) % 2 or not all(_COLLECTION.fullmatch(c) and _ID.fullmatch(i) for c, i in pairs):
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    return Name("/".join(parts[:-2]), parts[-2], parts[-1])


def id_in(name: str, collection: str) -> str:
    """Id after a collection, such as ``acme`` in ``companies/acme/orders/1`` after ``companies``; empty if none."""
    parts = name.split("/")
    for key, value in zip(parts[::2], parts[1::2], strict=False):
        if key == collection:
            return value
    return ""


def company_of(name: str) -> str:
    """Id of the company under whose name something stands; empty if under none."""
    return id_in(name, "companies") if name.startswith("companies/") else ""
