"""What a cell of a scenario table may hold: kinds of columns, each parsed for many cells at once.

A kind sees the *distinct* texts of a column, so the cost of a million rows is that of their distinct values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from logistics.fleet import Certificate
from logistics.sites import MINUTES_PER_DAY, is_valid_gln

if TYPE_CHECKING:
    from collections.abc import Callable

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LIST_SEPARATOR = ";"

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
# Separators that groupage itself uses: lists of names, forecast series, jobs through a hub, coalitions of players.
_BAD_IN_NAME = r"[;|@,<>\x00-\x1f\x7f]"
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?")
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]00:00(:00(\.0+)?)?)?")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(:00(\.0+)?)?")

Parsed = tuple[Any, NDArray[np.bool_]]


class Kind(Protocol):
    """Reads the texts of a column."""

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """Return one value per text, and which texts are wrong.

        Parameters
        ----------
        texts
            Distinct, trimmed, never empty or null.
        zone
            Time zone of times that name none.
        """
        ...

    def expected(self, text: str) -> str:
        """Say what would have been right in place of a wrong text."""
        ...

    @property
    def nothing(self) -> Any:
        """Value of an empty cell."""
        ...


def nearest(name: str, known: object) -> str:
    """Return ``" (did you mean X?)"`` for the known name nearest to a wrong one, or nothing if none is near."""
    names = [str(k) for k in known] if isinstance(known, list | tuple | set | frozenset | dict) else []
    by_fold = {k.casefold(): k for k in sorted(names)}
    found = get_close_matches(name.casefold(), list(by_fold), n=1, cutoff=0.6)
    return f" (did you mean {by_fold[found[0]]}?)" if found else ""


@dataclass(frozen=True)
class Number:
    """A finite number in a range.

    Attributes
    ----------
    above, least, most
        Exclusive lower, inclusive lower and inclusive upper bound.
    """

    above: float | None = None
    least: float | None = None
    most: float | None = None
    whole: bool = False
    nothing: float = np.nan

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        plain = pc.match_substring_regex(texts, _NUMBER)
        # Arrow reads plus signs nowhere and rounds correctly everywhere, unlike pandas.to_numeric.
        unsigned = pc.replace_substring_regex(texts, r"^\+", "")
        numbers = pc.cast(pc.if_else(plain, unsigned, None), pa.float64()).to_numpy(zero_copy_only=False).copy()
        good = np.isfinite(numbers)
        if self.above is not None:
            good &= numbers > self.above
        if self.least is not None:
            good &= numbers >= self.least
        if self.most is not None:
            good &= numbers <= self.most
        if self.whole:
            good &= numbers == np.floor(numbers)
        numbers[~good] = np.nan
        return numbers, ~good

    def expected(self, text: str) -> str:
        """See `Kind`."""
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.least), ("<=", self.most))
            if bound is not None
        ]
        span = " and ".join(bounds)
        noun = "a whole number" if self.whole else "a finite number"
        if re.fullmatch(_NUMBER, text) and np.isfinite(float(text)) and not self.whole:
            return span
        comma = " with a decimal point" if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
        return f"{noun}{comma} {span}".rstrip()


@dataclass(frozen=True)
class Text:
    """Free text, or the name of something (``name=True``), which must not hold groupage's own separators."""

    name: bool = False
    nothing: str = ""

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        pattern = _BAD_IN_NAME if self.name else r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
        bad = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
        return texts.to_numpy(zero_copy_only=False), bad

    def expected(self, text: str) -> str:
        """See `Kind`."""
        return "a name without ; | @ , < > or control characters" if self.name else "text without control characters"


@dataclass(frozen=True)
class Spelled:
    """A cell read by a function of its text that raises ``ValueError`` where the text is wrong."""

    read: Callable[[str], Any]
    wanted: str
    nothing: Any = None

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        values = np.empty(len(texts), dtype=object)
        bad = np.zeros(len(texts), dtype=bool)
        for i, text in enumerate(texts.to_pylist()):
            try:
                values[i] = self.read(text)
            except ValueError:
                values[i], bad[i] = self.nothing, True
        return values, bad

    def expected(self, text: str) -> str:
        """See `Kind`."""
        return self.wanted


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]
    nothing: str = ""

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        bad = ~pc.is_in(texts, pa.array(self.words, pa.string())).to_numpy(zero_copy_only=False)
        return texts.to_numpy(zero_copy_only=False), bad

    def expected(self, text: str) -> str:
        """See `Kind`."""
        return f"one of {', '.join(self.words)}{nearest(text, self.words)}"


@dataclass(frozen=True)
class Words:
    """A list of words, split by semicolons; kept sorted where their order says nothing."""

    words: frozenset[str] | None = None
    what: str = "the list"
    ordered: bool = False
    nothing: tuple[str, ...] = ()

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        values = np.empty(len(texts), dtype=object)
        bad = np.zeros(len(texts), dtype=bool)
        for i, text in enumerate(texts.to_pylist()):
            parts = [part.strip() for part in text.split(LIST_SEPARATOR)]
            known = self.words is None or self.words.issuperset(parts)
            bad[i] = not all(parts) or len(set(parts)) < len(parts) or not known
            values[i] = self.nothing if bad[i] else tuple(parts if self.ordered else sorted(parts))
        return values, bad

    def expected(self, text: str) -> str:
        """See `Kind`."""
        if self.words is None:
            return "distinct names split by ';'"
        unknown = [p.strip() for p in text.split(LIST_SEPARATOR) if p.strip() not in self.words]
        near = nearest(unknown[0], self.words) if unknown else ""
        some = ", ".join(sorted(self.words)) if len(self.words) < 10 else f"such as {min(self.words)}"
        return f"distinct words split by ';' from {self.what}: {some}{near}"


@dataclass(frozen=True)
class Timestamp:
    """A point in time, ISO 8601; one without an offset is read in the scenario's time zone."""

    nothing: Any = pd.NaT

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        words = pd.Series(texts.to_pylist(), dtype=object)
        shaped = words.str.fullmatch(_TIMESTAMP.pattern).to_numpy(dtype=bool)
        offset = words.str.contains(_OFFSET.pattern).to_numpy(dtype=bool)
        stamps = pd.Series(pd.NaT, index=words.index, dtype="datetime64[ns, UTC]")
        with_offset, local = words[shaped & offset], words[shaped & ~offset]
        if len(with_offset):
            stamps[with_offset.index] = pd.to_datetime(with_offset, format="ISO8601", utc=True, errors="coerce")
        if len(local):
            naive = pd.to_datetime(local, format="ISO8601", errors="coerce")
            placed = naive.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
            stamps[local.index] = placed.dt.tz_convert("UTC")
        stamps = stamps.dt.floor("us")
        return stamps.array, stamps.isna().to_numpy()

    def expected(self, text: str) -> str:
        """See `Kind`."""
        local = _TIMESTAMP.fullmatch(text) and not _OFFSET.search(text)
        if local and not pd.isna(pd.to_datetime(text, errors="coerce")):
            return "a time that comes exactly once that day, or one with an offset (clocks change here)"
        return "a time such as 2026-05-04T08:00 or 2026-05-04T08:00+02:00"


@dataclass(frozen=True)
class Day:
    """A calendar day."""

    nothing: Any = pd.NaT

    def parse(self, texts: pa.Array, zone: ZoneInfo) -> Parsed:
        """See `Kind`."""
        found = pd.Series(texts.to_pylist(), dtype=object).str.extract(f"^{_DAY.pattern}$")[0]
        days = pd.to_datetime(found, format="%Y-%m-%d", errors="coerce").astype("datetime64[ns]")
        return days.array, days.isna().to_numpy()

    def expected(self, text: str) -> str:
        """See `Kind`."""
        return "a day such as 2026-05-04"


def read_clock(text: str) -> float:
    """Read ``HH:MM`` as minutes after midnight; ``24:00`` and beyond count on into the next days."""
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(f"clock time is {text}, expected HH:MM")
    return float(int(found[1]) * 60 + int(found[2]))


def clock_text(minutes: float) -> str:
    """Write minutes after midnight as ``HH:MM``."""
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _opening(text: str) -> float:
    minutes = read_clock(text)
    if minutes > MINUTES_PER_DAY:
        raise ValueError(f"opening time is {text}, expected at most 24:00")
    return minutes


def read_weekdays(text: str) -> frozenset[int]:
    """Read ``Mon-Fri``, ``Mon,Wed``, ``Mon-Wed;Sat`` or ``1111100`` (Monday first) as days of the week, Monday is 0."""
    if re.fullmatch(r"[01]{7}", text):
        days = frozenset(i for i, mark in enumerate(text) if mark == "1")
    else:
        number = {day.casefold(): i for i, day in enumerate(WEEKDAYS)}
        days = frozenset[int]()
        for part in re.split(r"[;,\s]+", text.strip()):
            ends = [number.get(end.strip().casefold()[:3], -1) for end in part.split("-")]
            if len(ends) > 2 or -1 in ends:
                raise ValueError(f"days are {text}, expected such as Mon-Fri")
            first, last = ends[0], ends[-1]
            days |= {(first + k) % 7 for k in range((last - first) % 7 + 1)}
    if not days:
        raise ValueError(f"days are {text}, expected at least one")
    return days


def _read_gln(text: str) -> str:
    if not is_valid_gln(text):
        raise ValueError(f"GLN is {text}, expected 13 digits with a valid check digit")
    return text


def _read_time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"time zone is {text}, expected an IANA name")
    return text


def _read_certificates(text: str) -> tuple[Certificate, ...]:
    held = []
    for part in text.split(LIST_SEPARATOR):
        kind, _, day = part.strip().partition(":")
        if not kind.strip() or not _DAY.fullmatch(day.strip()):
            raise ValueError(f"certificate is {part}, expected KIND:YYYY-MM-DD")
        held.append(Certificate(kind.strip(), date.fromisoformat(day.strip())))
    return tuple(held)


def _read_flag(text: str) -> float:
    flags = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0, "no": 0.0, "yes": 1.0, "0.0": 0.0, "1.0": 1.0}
    if text.casefold() not in flags:
        raise ValueError(f"flag is {text}, expected 0 or 1")
    return flags[text.casefold()]


CLOCK = Spelled(read_clock, "a time of day such as 06:30 (24:00 and more: next day)")
OPENING = Spelled(_opening, "a time of day such as 06:30, at most 24:00")
WEEKDAY_SET = Spelled(read_weekdays, "days such as Mon-Fri or 1111100", frozenset(range(7)))
GLN = Spelled(_read_gln, "13 digits, the last a valid GS1 check digit")
TIME_ZONE = Spelled(_read_time_zone, "a time zone such as Europe/Amsterdam", "")
CERTIFICATES = Spelled(_read_certificates, "KIND:YYYY-MM-DD split by ';', such as ADR:2027-05-31;ATP:2028-01-01", ())
FLAG = Spelled(_read_flag, "0 or 1", 0.0)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    needed
        The column must be there and each cell filled.
    default
        Value of an empty cell or a missing column; ``None``: the kind's own value for nothing.
    """

    name: str
    kind: Kind
    needed: bool = True
    default: Any = None

    @property
    def empty(self) -> Any:
        """Value of an empty cell."""
        return self.kind.nothing if self.default is None else self.default
