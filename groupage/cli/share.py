"""``groupage share``: gain sharing alone, on a table of coalition costs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from agents.sharing import CoalitionGame, Stability

# EUR to a billionth: more digits than any figure has, fewer than a float's noise.
_DIGITS = 9


def share(
    game: Annotated[Path, typer.Argument(help="JSON with players, the cost of every coalition, and perhaps weights.")],
    rule: Annotated[str, typer.Option(help="Gain-sharing rule, such as proportional, shapley or equal_profit.")] = (
        "proportional"
    ),
    param: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE for the rule, such as to=weights; may be repeated.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")] = False,
) -> None:
    """Split the cost of all among the players, and say who or which group would rather leave."""
    # Late, so that the other commands start fast.
    from agents.policy import Choice
    from agents.registry import create
    from agents.sharing.stability import stability
    from experiments.games import read_game
    from groupage.cli.console import key_values
    from groupage.errors import InputError

    try:
        sharing = create("sharing", Choice(name=rule, params=key_values(param or [])))
        table = read_game(game)
        shares = sharing.shares(table)
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    found = stability(table, shares)
    if json_output:
        typer.echo(json.dumps(_figures(table, rule, shares, found, sharing.note(table))))
    else:
        _show(table, rule, shares, found, sharing.note(table))


def _figures(
    game: "CoalitionGame", rule: str, shares: "NDArray[np.float64]", found: "Stability", note: str
) -> dict[str, Any]:
    def eur(figure: float) -> float:
        return round(float(figure), _DIGITS) + 0.0

    return {
        "rule": rule,
        "total_eur": eur(game.grand_cost),
        "shares_eur": {p: eur(x) for p, x in zip(game.players, shares, strict=True)},
        "standalone_eur": {p: eur(c) for p, c in zip(game.players, game.standalone, strict=True)},
        "individually_rational": found.individually_rational,
        "in_core": found.in_core,
        "largest_violation_eur": eur(found.largest_violation),
        "violating_coalition": list(found.violating_coalition) or None,
        "jain_index": eur(found.jain_index),
        "note": note or None,
    }


def _show(game: "CoalitionGame", rule: str, shares: "NDArray[np.float64]", found: "Stability", note: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Shares by {rule}", title_justify="left")
    table.add_column("player", overflow="fold")
    for heading in ("share EUR", "stand-alone EUR", "saving EUR", "saving %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for player, pays, alone in zip(game.players, shares, game.standalone, strict=True):
        table.add_row(Text(player), *_row(pays, alone))
    table.add_section()
    table.add_row("all", *_row(shares.sum(), game.standalone.sum()), style="bold")
    console = Console()
    console.print(table)
    for sentence in _sentences(game, shares, found, note):
        console.print(Text(sentence))


def _row(pays: float, alone: float) -> list[str]:
    percent = f"{100 * (alone - pays) / alone:.1f}" if alone else "-"
    return [f"{pays:,.2f}", f"{alone:,.2f}", f"{alone - pays:,.2f}", percent]


def _sentences(game: "CoalitionGame", shares: "NDArray[np.float64]", found: "Stability", note: str) -> list[str]:
    """Say in plain words who is content."""
    if found.individually_rational:
        words = ["Nobody pays more than alone."]
    else:
        over = shares - game.standalone
        losers = [f"{p} ({over[i]:,.2f} EUR)" for i, p in enumerate(game.players) if not found.rational[p]]
        words = [f"Paying more than alone: {', '.join(losers)}."]
    if found.in_core:
        words.append("No group would pay less on its own: the shares are stable (in the core).")
    elif found.violating_coalition:
        group = found.violating_coalition
        who = f"{', '.join(group[:-1])} and {group[-1]} together" if len(group) > 1 else group[0]
        words.append(
            f"Most tempted to leave: {who} would pay {found.largest_violation:,.2f} EUR less on their own: "
            "the shares are not stable (outside the core)."
        )
    else:
        words.append("The shares do not sum to the cost of all: they are not stable (outside the core).")
    words.append(f"Evenness of the savings in per cent (Jain's index, 1 is even): {found.jain_index:.3f}.")
    return [*words, f"Note: {note}."] if note else words
