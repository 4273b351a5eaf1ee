"""Hostile requests to every method: mutated bytes, odd messages and well-formed ones, by everybody.

All requests come from one generator, in order, before they are sent: the same seed sends the same bytes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import logging
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import structlog
from google.protobuf.descriptor import FieldDescriptor

from groupage.client.methods import Method
from groupage.v1 import companies_pb2, negotiation_pb2
from server import logs
from server.store.paging import token
from tests.server.canaries import COMPANIES, foreign
from tests.server.hostile import FORGED, INSIDE, NOBODY, OPERATOR, REVOKED, Answer, Site, methods
from tests.server.wellformed import Drawing

WHO = (*COMPANIES, *COMPANIES, *COMPANIES, OPERATOR, NOBODY, REVOKED, FORGED)
TOGETHER = 48
HOW = ("well-formed", "well-formed", "tweaked", "tweaked", "loose", "mutated", "mutated")
# What the service has to answer for; all else is the caller's.
OURS = ("INTERNAL", "UNKNOWN", "UNAVAILABLE", "DATA_LOSS", "DEADLINE_EXCEEDED")
# Who is in which pool decides what may be seen: the operator does not invite while marks are looked for.
_NOT = {(OPERATOR, "InviteMember")}
_TEXTS = (
    "",
    "\x00",
    "a\x00b",
    "'",
    '"; DROP TABLE orders; --',
    "%",
    "companies/acme",
    "../acme",
    "-",
    "*",
    "\ufffe",
    "é" * 400,
    "x" * 5000,
    "companies/acme/sites/",
    "/",
    "\u202e",
    "🚚" * 60,
    "NaN",
    "1e400",
    "9" * 40,
)
_FILTERS = (
    "",
    'state = "OPEN"',
    "state = OPEN AND",
    "(" * 50,
    'external_ref = "\x00"',
    "window_open > 99999999999999999999",
    'window_open > "9999-12-31T23:59:59Z"',
    "due_at < -1",
    'day >= "0000-00-00"',
    "create_time : *",
    "version = 1e999",
    "round > 9223372036854775808",
    'zone = "%"',
    'alerts.kind = "LATE"',
    "NOT NOT NOT state = OPEN",
    'roles : "ROLE_HUB"',
    "expires_on < 2026-13-45",
    "a OR b",
    "-state:x",
    'gln = "' + "9" * 3000 + '"',
)
_LAST = (
    5,
    None,
    "",
    [],
    {},
    [1],
    [1, 2],
    ["a"],
    ["a", "b", "c"],
    ["a", "b", "c", "d"],
    [None, None],
    [[], {}],
    1e308,
    2**70,
    True,
    [2**70, "x"],
    ["\x00", "\x00", "\x00"],
    "\x00",
    "companies/zzz",
    [-1, None],
)
_NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 10**18)
_DOUBLES = (0.0, -0.0, 1e308, -1e308, float("inf"), float("-inf"), float("nan"), 5e-324)


@dataclass
class Sent:
    """One call as it is to be made."""

    who: str
    method: Method
    requests: list[bytes]
    how: str


@dataclass
class Found:
    """What came of them: counts by method and status, and what must not have come."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    hows: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[str, Sent, Answer]] = field(default_factory=list)

    def take(self, site: Site, sent: Sent, answer: Answer) -> None:
        """Judge one answer."""
        self.counts[sent.method.path, answer.code] += 1
        self.hows[sent.how, answer.code] += 1
        if answer.code in OURS:
            self.wrong.append((answer.code, sent, answer))
        if answer.code not in ("OK", "OPEN", "UNIMPLEMENTED") and not answer.reason:
            self.wrong.append(("a status without a reason", sent, answer))
        if sent.who in (NOBODY, REVOKED, FORGED) and (answer.code == "OK" or answer.messages):
            self.wrong.append(("an answer to a stranger", sent, answer))
        told = b"".join(word for word in INSIDE if word in answer.raw)
        if told and not any(told in raw for raw in sent.requests):
            self.wrong.append(("text of an exception", sent, answer))
        # Names may have been written by the caller, whose requests use them; nobody knows what stands in records.
        sent_ones = set().union(*map(site.world.canaries.found, sent.requests))
        marks = {m for m in answer.marks(site.world.canaries) - sent_ones if m.path not in ("name", "file_id")}
        if sent.who != OPERATOR and foreign(sent.who, marks):
            self.wrong.append(("another's data", sent, answer))


class Hostile:
    """Draws calls.

    Parameters
    ----------
    rng
        Of all that is drawn.
    """

    def __init__(self, site: Site, rng: np.random.Generator) -> None:
        self.rng = rng
        self.methods = methods(site.app.names)
        self.paths = sorted(self.methods)
        self.names = {who: _names(site, who) for who in set(WHO)}
        self.file_ids = list(site.world.file_ids.values())

    def calls(self, count: int) -> Iterator[Sent]:
        """Draw some calls: every method in turn."""
        for i in range(count):
            method = self.methods[self.paths[i % len(self.paths)]]
            who = WHO[int(self.rng.integers(len(WHO)))]
            if (who, method.path.rpartition("/")[2]) in _NOT:
                who = "acme"
            how = HOW[int(self.rng.integers(len(HOW)))]
            count_of = int(self.rng.integers(1, 4)) if method.client_streaming else 1
            requests = [self._one(who, method, how) for _ in range(count_of)]
            if method.path.endswith("/Converse") and self.rng.random() < 0.8:
                requests = [_opening(who), *requests]
            yield Sent(who, method, requests, how)

    def _one(self, who: str, method: Method, how: str) -> bytes:
        words = {
            "filter": _FILTERS,
            "page_token": ("", "x", "W10="),
            "etag": ("v1", "v1", "", "v2"),
            "file_id": self.file_ids,
        }
        drawing = Drawing(self.rng, self.names[who], words)
        message = drawing.request(method.request)
        self._page(message)
        if how == "loose":
            self._loosen(message, 0)
        elif how == "tweaked":
            self._tweak(message)
        raw = message.SerializeToString()
        return self._mutated(raw) if how == "mutated" else raw

    def _page(self, message: Any) -> None:
        """Now and then a page token that is good for the request, of a row that no list ever had."""
        if "page_token" in message.DESCRIPTOR.fields_by_name and self.rng.random() < 0.3:
            message.page_token = token(message, _LAST[int(self.rng.integers(len(_LAST)))])
            if self.rng.random() < 0.1:
                message.page_token = base64.b64encode(json.dumps([message.page_token]).encode()).decode()

    def _loosen(self, message: Any, depth: int) -> None:
        """Put in what the rules may forbid."""
        for f in message.DESCRIPTOR.fields:
            if self.rng.random() > 0.35 or depth > 3:
                continue
            if f.message_type is not None:
                if _closed(f):
                    continue
                inner = getattr(message, f.name).add() if f.is_repeated else getattr(message, f.name)
                inner.SetInParent()
                self._loosen(inner, depth + 1)
                continue
            value = self._odd(f)
            try:
                if f.is_repeated:
                    getattr(message, f.name).extend([value] * int(self.rng.integers(1, 3)))
                else:
                    setattr(message, f.name, value)
            except (ValueError, TypeError):
                continue  # more than the field's type holds

    def _tweak(self, message: Any) -> None:
        """Make one value odd, wherever it stands, and leave the rest as the rules want it."""
        while True:
            fields = [f for f in message.DESCRIPTOR.fields if not _closed(f)]
            if not fields:
                return
            f = fields[int(self.rng.integers(len(fields)))]
            if f.message_type is None:
                break
            inner = getattr(message, f.name)
            if f.is_repeated:
                inner = inner[int(self.rng.integers(len(inner)))] if len(inner) else inner.add()
            inner.SetInParent()
            message = inner
        with contextlib.suppress(ValueError, TypeError):  # more than the field's type holds
            if f.is_repeated:
                getattr(message, f.name).append(self._odd(f))
            else:
                setattr(message, f.name, self._odd(f))

    def _odd(self, f: Any) -> Any:
        if f.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            text = _TEXTS[int(self.rng.integers(len(_TEXTS)))]
            return text.encode() if f.type == FieldDescriptor.TYPE_BYTES else text
        if f.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
            return _DOUBLES[int(self.rng.integers(len(_DOUBLES)))]
        if f.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return bool(self.rng.integers(2))
        if f.enum_type is not None:
            return int(self.rng.integers(0, 200))
        return _NUMBERS[int(self.rng.integers(len(_NUMBERS)))]

    def _mutated(self, raw: bytes) -> bytes:
        data = bytearray(raw)
        for _ in range(int(self.rng.integers(1, 6))):
            at = int(self.rng.integers(len(data) + 1))
            what = int(self.rng.integers(6))
            if what == 0 and at < len(data):
                data[at] ^= 1 << int(self.rng.integers(8))
            elif what == 1 and at < len(data):
                data[at] = int(self.rng.integers(256))
            elif what == 2:
                data[at:at] = self.rng.bytes(int(self.rng.integers(1, 9)))
            elif what == 3:
                del data[at : at + int(self.rng.integers(1, 9))]
            elif what == 4:
                end = at + int(self.rng.integers(1, 40))
                data[at:at] = data[at:end]
            else:
                data[at : at + 8] = struct.pack("<d", _DOUBLES[int(self.rng.integers(len(_DOUBLES)))])
        return bytes(data)


def _closed(f: Any) -> bool:
    kind = f.message_type
    return kind is not None and (kind.GetOptions().map_entry or kind.full_name == "google.protobuf.Any")


def _names(site: Site, who: str) -> dict[str, list[str]]:
    """Names that a caller uses: its own more often than others', and some of nothing."""
    found: dict[str, list[str]] = defaultdict(list)
    for (owner, collection), names in site.world.names.items():
        found[collection] += names * (4 if owner == who else 1)
        found[collection].append(f"{names[0].rpartition('/')[0]}/none".lstrip("/"))
    return {c: [n for n in names if "/" in n] for c, names in found.items()}


def _opening(who: str) -> bytes:
    first = negotiation_pb2.ConverseRequest(request_id="7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f")
    first.open.company, first.open.agent = f"companies/{who}", "fuzz 1"
    first.open.roles.append(companies_pb2.ROLE_SHIPPER)
    return first.SerializeToString()


async def fuzz(site: Site, count: int, rng: np.random.Generator, *, wait_s: float = 0.1) -> Found:
    """Make calls, some at a time, and judge all that comes back."""
    found, hostile = Found(), Hostile(site, rng)
    drawn = hostile.calls(count)
    while batch := [sent for _, sent in zip(range(TOGETHER), drawn, strict=False)]:
        answers = await asyncio.gather(*(site.call(s.who, s.method, s.requests, wait_s=wait_s) for s in batch))
        for sent, answer in zip(batch, answers, strict=True):
            found.take(site, sent, answer)
    return found


async def healthy(site: Site) -> None:
    """See that the server still answers: health, and a company what it may see.

    Raises
    ------
    AssertionError
        If it does not.
    """
    method = site_methods(site)["/groupage.v1.Network/GetCompany"]
    for company in COMPANIES:
        asked = companies_pb2.GetCompanyRequest(name=f"companies/{company}").SerializeToString()
        answer = await site.call(company, method, [asked])
        assert answer.code == "OK", answer
    assert len(list(site.app.guard.streams)) == 0


class _Ear(io.TextIOBase):
    """Hears log lines, and keeps those that tell of an exception: all lines would be memory that looks like a leak."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def write(self, text: str) -> int:
        """Hear a line."""
        if any(word in text for word in ("Traceback", "incident", "cannot be audited", "exception")):
            self.kept += text.splitlines()
        return len(text)


@contextlib.contextmanager
def listening() -> Iterator[Callable[[], list[str]]]:
    """Hear all that the server logs; gives what tells of an exception."""
    root, ear = logging.getLogger(), _Ear()
    handlers, level = root.handlers[:], root.level
    logs.configure("info", json=True, stream=ear)
    try:
        yield lambda: list(ear.kept)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()


def site_methods(site: Site) -> dict[str, Method]:
    """Methods of a server, by path."""
    return methods(site.app.names)
