"""Reads a table file, CSV or Parquet, as blocks of text cells with the line or row that each came from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.problems import ProblemList, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

BLOCK_ROWS = 50_000
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or spreadsheet"),
    (b"PAR1", "Parquet under a .csv name"),
    (b"\x1f\x8b", "gzip"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a table as text.

    Attributes
    ----------
    lines
        Where each row starts: line of a CSV file (the header is line 1) or row of a Parquet file (from 1).
    columns
        Trimmed text per column; null where empty.
    """

    lines: NDArray[np.int64]
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True)
class Source:
    """An opened table: its column names and its blocks.

    Attributes
    ----------
    word
        ``line`` or ``row``.
    """

    file: str
    word: str
    header: tuple[str, ...]
    blocks: Iterator[Block]


def open_table(path: Path, problems: ProblemList) -> Source | None:
    """Open a table file; ``None`` if it cannot be read, with the problem noted."""
    file = path.name
    if path.is_dir():
        problems.add(file, "", "a folder", "a file")
        return None
    try:
        with path.open("rb") as handle:
            start = handle.read(8)
    except OSError as error:
        problems.add(file, "", f"cannot be read ({error.strerror})", "a readable file")
        return None
    if not start:
        problems.add(file, "", "an empty file", "at least a header line" if path.suffix == ".csv" else "a Parquet file")
        return None
    return _open_parquet(path, problems) if path.suffix == ".parquet" else _open_csv(path, start, problems)


def _trimmed(texts: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _open_csv(path: Path, start: bytes, problems: ProblemList) -> Source | None:
    file = path.name
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            problems.add(file, "", what, "CSV text in UTF-8")
            return None
    rows = _csv_rows(path, problems)
    line, header = next(rows, (0, []))
    if not header:
        if not problems.count(file):
            problems.add(file, "", "a file of blank lines", "a header line")
        return None
    names = tuple(name.strip() for name in header)
    for character, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and character in names[0]:
            problems.add(file, "", f"columns separated by {word}", "columns separated by commas", line=line)
            return None
    return Source(file, "line", names, _csv_blocks(file, names, rows, problems))


def _csv_rows(path: Path, problems: ProblemList) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the line that it starts on."""
    file = path.name
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        before = 0
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    yield before + 1, row
                before = reader.line_num
        except UnicodeDecodeError:
            line, found = _undecodable(path)
            problems.add(file, "", found, "text in UTF-8", line=line)
        except csv.Error as error:
            said = "an opening quote that is never closed" if "unexpected end" in str(error) else str(error)
            said = "a quoted cell of over 128 KiB (a quote never closed?)" if "field limit" in said else said
            problems.add(file, "", said, "CSV as in RFC 4180", line=before + 1)


def _undecodable(path: Path) -> tuple[int, str]:
    """Find the first line that is not UTF-8."""
    with path.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return number, f"byte 0x{line[error.start]:02x}, which is not UTF-8"
    return 0, "bytes that are not UTF-8"


def _csv_blocks(
    file: str, names: tuple[str, ...], rows: Iterator[tuple[int, list[str]]], problems: ProblemList
) -> Iterator[Block]:
    width = len(names)
    lines: list[int] = []
    cells: list[list[str]] = []
    ragged: list[tuple[int, int]] = []
    for line, row in rows:
        if len(row) != width:
            ragged.append((line, len(row)))
        else:
            lines.append(line)
            cells.append(row)
        if len(cells) + len(ragged) == BLOCK_ROWS:
            _note_ragged(file, ragged, width, problems)
            yield _text_block(names, lines, cells)
            lines, cells, ragged = [], [], []
    _note_ragged(file, ragged, width, problems)
    yield _text_block(names, lines, cells)


def _note_ragged(file: str, ragged: list[tuple[int, int]], width: int, problems: ProblemList) -> None:
    problems.add_cells(
        file,
        "",
        np.array([line for line, _ in ragged], dtype=np.int64),
        lambda i: f"a row of {ragged[i][1]} cells",
        lambda _: f"{width} cells, as many as the header has",
    )


def _text_block(names: tuple[str, ...], lines: list[int], cells: list[list[str]]) -> Block:
    by_column: Sequence[Sequence[str]] = list(zip(*cells, strict=True)) if cells else [()] * len(names)
    columns = {n: _trimmed(pa.array(column, pa.string())) for n, column in zip(names, by_column, strict=True)}
    return Block(np.array(lines, dtype=np.int64), columns)


def _open_parquet(path: Path, problems: ProblemList) -> Source | None:
    try:
        parquet = pq.ParquetFile(path)
        header = tuple(parquet.schema_arrow.names)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        problems.add(path.name, "", f"not readable as Parquet ({shown(error)})", "a complete Parquet file")
        return None
    return Source(path.name, "row", header, _parquet_blocks(path.name, parquet, problems))


def _parquet_blocks(file: str, parquet: pq.ParquetFile, problems: ProblemList) -> Iterator[Block]:
    done = 0
    try:
        for batch in parquet.iter_batches(batch_size=BLOCK_ROWS):
            lines = np.arange(done + 1, done + 1 + len(batch), dtype=np.int64)
            yield Block(lines, {n: _as_text(batch.column(i)) for i, n in enumerate(batch.schema.names)})
            done += len(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        problems.add(file, "", f"damaged after row {done} ({shown(error)})", "a complete Parquet file")


def _as_text(values: pa.Array) -> pa.Array:
    """Write typed cells as the text that a CSV file would hold; nulls stay null."""
    values.validate(full=True)  # damaged bytes may no longer be UTF-8
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values = pc.binary_join(pc.cast(values, pa.list_(pa.string())), ";")
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind):
        values = pa.array([None if v is None else str(v) for v in values.to_pylist()], pa.string())
    # Writing times as text is slow, so each distinct one is written once.
    encoded = values.dictionary_encode()
    return _trimmed(pc.cast(encoded.dictionary, pa.string()).take(encoded.indices))


def frame_source(name: str, frame: pd.DataFrame) -> Source:
    """Look at a frame in memory as at a table file."""
    table = pa.Table.from_pandas(frame, preserve_index=False)

    def blocks() -> Iterator[Block]:
        done = 0
        for batch in table.to_batches(max_chunksize=BLOCK_ROWS):
            lines = np.arange(done + 1, done + 1 + len(batch), dtype=np.int64)
            yield Block(lines, {n: _as_text(batch.column(i)) for i, n in enumerate(batch.schema.names)})
            done += len(batch)

    return Source(name, "row", tuple(map(str, frame.columns)), blocks())


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Write a frame as the CSV bytes that are stored and hashed."""
    text: Any = frame.to_csv(index=False, lineterminator="\n")
    return str(text).encode()
