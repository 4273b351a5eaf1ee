"""Reports: one self-contained page that says what pooling was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.report.page import render
from experiments.report.reading import read_results

if TYPE_CHECKING:
    from pathlib import Path

REPORT_FILE = "report.html"


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write the report of a run or a comparison.

    Parameters
    ----------
    folder
        Results folder of `groupage run`, `groupage compare` or `groupage demo`.
    out
        File to write; ``report.html`` in the folder where not given.

    Returns
    -------
    Path
        The file, which needs nothing else: no network, no script, no other file. Same folder, same bytes.

    Raises
    ------
    InputError
        If the folder holds no results, or a table of it cannot be read.
    """
    path = out if out is not None else folder / REPORT_FILE
    page = render(read_results(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


__all__ = ["REPORT_FILE", "render", "write_report"]
