"""Runs independent pieces of work here or in processes of their own, with progress."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Cell = TypeVar("Cell")
Result = TypeVar("Result")


def run_cells(
    work: Callable[[Cell], Result],
    cells: Sequence[Cell],
    workers: int,
    name: Callable[[Cell], str],
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Result]:
    """Do the same work on every cell; results come in the cells' order and do not depend on the number of workers.

    Parameters
    ----------
    work
        A function of a module, and a pure one: it is sent to other processes.
    name
        A cell's word for the progress.
    progress
        Called with cells done, cells in all and the word of the last.
    """
    if workers == 1 or len(cells) <= 1:
        out = []
        for done, cell in enumerate(cells, start=1):
            out.append(work(cell))
            if progress:
                progress(done, len(cells), name(cell))
        return out
    results: dict[int, Result] = {}
    # Spawn: forking a process that holds solver and Arrow threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(cells)), mp_context=context) as pool:
        futures = {pool.submit(work, cell): i for i, cell in enumerate(cells)}
        for done, future in enumerate(as_completed(futures), start=1):
            results[futures[future]] = future.result()
            if progress:
                progress(done, len(cells), name(cells[futures[future]]))
    return [results[i] for i in range(len(cells))]
