"""What all commands share: where they print, how they show progress, how they end."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Exit codes: 0 done, 1 this machine lacks something or a fault of ours, 2 the input or an option does not fit,
# 3 a promise or a record is broken.
EXIT_MACHINE = 1
EXIT_INPUT = 2
EXIT_BROKEN = 3

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, sort_keys=True))


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show progress on standard error; yields a function of done, total and a word."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, total: int, word: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{what} {word}".strip())

        yield show


def eur(value: float | None) -> str:
    """Money for people."""
    return "–" if value is None else f"{value:,.2f}"


def percent(value: float | None, digits: int = 1) -> str:
    """Percentages for people."""
    return "–" if value is None else f"{value:,.{digits}f} %"
