"""What all commands share: where they print, how they show progress, how they end."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def key_values(given: Sequence[str]) -> dict[str, Any]:
    """Read options of the form KEY=VALUE; a value is JSON where it can be, else text."""
    from groupage.errors import PolicyError

    params: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise PolicyError(f"--param is {text!r}, expected KEY=VALUE")
        try:
            params[key] = json.loads(value)
        except json.JSONDecodeError:
            params[key] = value
    return params


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
