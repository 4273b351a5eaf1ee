"""Collects everything wrong with a user's files, counting all of it and keeping what can be shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

SHOWN_PER_FILE = 50
_LONGEST_VALUE = 60


def shown(value: object) -> str:
    """Write a value for a message: one line, of bounded length."""
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(value)[: _LONGEST_VALUE + 1])
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


class ProblemList:
    """Problems by file, in the order of their lines."""

    def __init__(self, limit: int = SHOWN_PER_FILE) -> None:
        self._limit = limit
        self._found: dict[str, list[tuple[int, int, Problem]]] = {}
        self._counts: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()

    def add(self, file: str, column: str, value: object, expected: str, *, line: int = 0, word: str = "line") -> None:
        """Note one problem; ``line`` 0 means the whole file."""
        self._counts[file] += 1
        found = self._found.setdefault(file, [])
        place = f"{file} {word} {line}" if line else file
        found.append((line, len(found), Problem(place, column, shown(value), expected)))

    def add_made(self, file: str, problem: Problem) -> None:
        """Note a problem that stands already."""
        self._counts[file] += 1
        found = self._found.setdefault(file, [])
        found.append((0, len(found), problem))

    def add_cells(
        self,
        file: str,
        column: str,
        lines: NDArray[np.int64],
        value: Callable[[int], object],
        expected: Callable[[int], str],
        *,
        word: str = "line",
    ) -> None:
        """Note one problem per line; value and expectation are asked, by position, only for those that can be shown."""
        self._counts[file] += len(lines)
        found = self._found.setdefault(file, [])
        # What earlier blocks of the file already fill up cannot be pushed out by later lines.
        room = self._limit - self._closed[file]
        for i in range(min(len(lines), max(room, 0))):
            line = int(lines[i])
            found.append((line, len(found), Problem(f"{file} {word} {line}", column, shown(value(i)), expected(i))))

    def close_block(self, file: str) -> None:
        """Say that all problems of the lines so far are in."""
        found = self._found.setdefault(file, [])
        found.sort(key=lambda entry: entry[:2])
        del found[self._limit :]
        self._closed[file] = len(found)

    def count(self, file: str | None = None) -> int:
        """How many problems were found, in a file or in all."""
        return sum(self._counts.values()) if file is None else self._counts[file]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems to show, file by file."""
        return tuple(
            problem
            for found in self._found.values()
            for _, _, problem in sorted(found, key=lambda entry: entry[:2])[: self._limit]
        )

    def raise_any(self) -> None:
        """Raise an `InputError` with all problems, if there are any."""
        if self.count():
            raise InputError(self.problems, more=self.count() - len(self.problems))


def problem_error(where: str, column: str, value: object, expected: str) -> InputError:
    """Make the error of a single problem."""
    return InputError([Problem(where, column, shown(value), expected)])
