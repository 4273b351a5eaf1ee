"""Demand histories from and forecasts to files, CSV or Parquet, with errors that name file, row and column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.problems import ProblemList, problem_error, shown
from experiments.table_files import open_table
from forecasting.history import AHEAD, CENSORED, STATIC, read_history
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from forecasting.panel import Panel

OWNER_COLUMNS = ("owner", "factory")
REQUIRED = ("unique_id", "ds", "y")
ENDINGS = (".csv", ".parquet")
_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True, eq=False)
class Demand:
    """A demand history as it stands in a file.

    Attributes
    ----------
    file
        Its name, for errors.
    frame
        Long frame of the columns that are understood, unchecked.
    lines
        Line of each row in a CSV file; ``None`` for a Parquet file, whose rows count from 1.
    unused
        Columns that mean nothing here.
    """

    file: str
    frame: pd.DataFrame
    lines: NDArray[np.int64] | None
    unused: tuple[str, ...]

    def panel(
        self,
        *,
        freq: str | None = None,
        season: int | None = None,
        gaps: str | None = None,
        ahead: Sequence[str] = (),
        like: Panel | None = None,
    ) -> Panel:
        """Check the history and make it dense, as `forecasting.history.read_history` does.

        Raises
        ------
        InputError
            With every problem, at its line or row of the file.
        """
        try:
            return read_history(self.frame, self.file, freq=freq, season=season, gaps=gaps, ahead=ahead, like=like)
        except InputError as error:
            raise InputError([self._placed(p) for p in error.problems], error.more) from error

    def owners(self) -> dict[str, str]:
        """Owner of each series, by the column ``owner`` or else ``factory``; empty where the file has neither.

        Raises
        ------
        InputError
            Where a row names no owner, or a series has several.
        """
        column = next((c for c in OWNER_COLUMNS if c in self.frame.columns), None)
        if column is None:
            return {}
        ids, owner = self.frame["unique_id"].astype(str), self.frame[column]
        found = ProblemList()
        first = owner.groupby(ids, sort=False).transform("first")
        for wrong, expected in ((owner.isna(), "the owner of the lane"), (owner != first, "one owner per unique_id")):
            for row in np.flatnonzero(wrong):
                place = self._placed(Problem(f"{self.file} row {row + 1}", column, shown(owner.iloc[row]), expected))
                found.add_made(self.file, place)
            found.raise_any()
        return dict(zip(ids, owner.astype(str), strict=True))

    def of(self, owner: str) -> Demand:
        """Keep one owner's lanes.

        Raises
        ------
        InputError
            Where the file names no owners, or not this one.
        """
        owners = self.owners()
        if owner not in owners.values():
            known = ", ".join(sorted(set(owners.values()))) or f"a file with a column {' or '.join(OWNER_COLUMNS)}"
            raise problem_error(self.file, "owner", repr(owner), f"one of {known}" if owners else known)
        kept = self.frame["unique_id"].astype(str).map(owners).eq(owner).to_numpy()
        lines = np.arange(1, len(kept) + 1) if self.lines is None else self.lines
        frame = self.frame[kept].reset_index(drop=True)
        return Demand(self.file, frame, lines[kept], self.unused)

    def _placed(self, problem: Problem) -> Problem:
        """Move a problem from a row of the frame to its line of the file."""
        matched = re.fullmatch(r"(.*) row (\d+)", problem.where, re.DOTALL)
        if matched is None or self.lines is None:
            return problem
        line = self.lines[int(matched[2]) - 1]
        word = "row" if self.file.endswith(".parquet") else "line"
        return Problem(f"{matched[1]} {word} {line}", problem.column, problem.value, problem.expected)


def read_demand(path: Path, ahead: Sequence[str] = ()) -> Demand:
    """Read a demand file: ``unique_id, ds, y`` and the optional columns of `forecasting.history`.

    Parameters
    ----------
    path
        Parquet by the name's end, else CSV.
    ahead
        Further columns that are known ahead.

    Raises
    ------
    InputError
        Where the file cannot be read or lacks a column.
    """
    wanted = dict.fromkeys([*REQUIRED, "owner", *STATIC, *AHEAD, *CENSORED, *ahead])
    problems = ProblemList()
    source = open_table(path, problems)
    problems.raise_any()
    if source is None:
        raise problem_error(path.name, "", "not readable", "a table")
    doubled = sorted({c for c in source.header if source.header.count(c) > 1})
    for column in [c for c in (*REQUIRED, *ahead) if c not in source.header]:
        problems.add(path.name, column, "missing", f"a column of that name; there are {', '.join(source.header)}")
    for column in doubled:
        problems.add(path.name, column, "there twice", "once")
    problems.raise_any()
    used = [c for c in wanted if c in source.header]
    # An index that pandas wrote along is nobody's column.
    unused = tuple(c for c in source.header if c not in used and not c.startswith("__index_level_"))
    if path.suffix == ".parquet":
        return Demand(path.name, _typed(path, used), None, unused)
    lines: list[NDArray[np.int64]] = []
    columns: dict[str, list[pa.Array]] = {c: [] for c in used}
    for block in source.blocks:
        lines.append(block.lines)
        for column in used:
            columns[column].append(block.columns[column])
    problems.raise_any()
    frame = pd.DataFrame(
        {c: pa.chunked_array(texts, pa.string()).to_pandas().astype(object) for c, texts in columns.items()}
    )
    for column in [c for c in used if c in (*AHEAD, *CENSORED, *ahead)]:
        text = frame[column]
        frame[column] = text.str.lower().map(_TRUTH).where(text.str.lower().isin(list(_TRUTH)), text)
    return Demand(path.name, frame, np.concatenate([*lines, np.zeros(0, dtype=np.int64)]), unused)


def _typed(path: Path, used: Sequence[str]) -> pd.DataFrame:
    """Read columns of a Parquet file with their types."""
    try:
        table = pq.read_table(path, columns=list(used), partitioning=None)
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise problem_error(path.name, "", f"not readable as Parquet ({shown(error)})", "a complete file") from error
    return frame


def check_table_name(path: Path) -> None:
    """Refuse the name of a table that is of neither kind that is written.

    Raises
    ------
    InputError
        With the endings that are taken.
    """
    if path.suffix.lower() not in ENDINGS:
        problem = f"ends in {path.suffix!r}" if path.suffix else "ends in nothing"
        raise problem_error(str(path), "", problem, f"a name that ends in {' or '.join(ENDINGS)}")


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame, as CSV or Parquet by the name's end; the same frame gives the same bytes.

    Raises
    ------
    InputError
        Where the name ends otherwise, or the place cannot be written.
    """
    check_table_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False, lineterminator="\n")
    except OSError as error:
        raise problem_error(str(path), "", f"not writable ({error.strerror})", "a writable place") from error
