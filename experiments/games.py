"""Reads a table of coalition costs for gain sharing alone.

The file is a JSON object::

    {"players": ["a", "b"], "costs": {"a": 10, "b": 12, "a,b": 17}, "weights": {"a": 3, "b": 5}}

``costs`` has one figure in EUR for every coalition, its players separated by commas in any order. ``weights`` (volume,
tonne-km or the like) may be left out.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.sharing.game import MAX_PLAYERS_EXACT, CoalitionGame
from experiments.problems import ProblemList, problem_error, shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Sums over all players stay far from overflow, and to the cent in a float.
LARGEST_FIGURE = 1e12
_FIGURE = "a number from 0 to 1e12"
_KEYS = ("players", "costs", "weights")
_MOST_MISSING = 20


def read_game(path: Path) -> CoalitionGame:
    """Read a game and check all of it.

    Returns
    -------
    CoalitionGame
        Costs in EUR; players in the order of the file.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    file = path.name
    content = _content(path)
    # Objects come as tuples of pairs, arrays as lists: so a key that stands twice is seen.
    if not isinstance(content, tuple):
        raise problem_error(file, "", _text(content), "an object with players and costs")
    problems = ProblemList()
    parts: dict[str, Any] = {}
    for key, value in content:
        if key not in _KEYS:
            problems.add(file, "", f"key {key!r}", f"only {', '.join(_KEYS)}")
        elif key in parts:
            problems.add(file, key, "there twice", "it once")
        else:
            parts[key] = value
    before = problems.count()
    players = _players(file, parts.get("players"), problems)
    sound_players = problems.count() == before
    costs = _costs(file, parts.get("costs"), players, problems, complete=sound_players)
    weights = _weights(file, parts["weights"], players, problems) if "weights" in parts else None
    problems.raise_any()
    return CoalitionGame(tuple(players), costs, weights)


def _content(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        # Whole numbers of any length become floats, so that an endless one is infinite and not a crash.
        return json.loads(text, object_pairs_hook=tuple, parse_int=float, parse_constant=float)
    except OSError as error:
        raise problem_error(path.name, "", error.strerror or str(error), "a file that can be read") from error
    except UnicodeDecodeError as error:
        raise problem_error(path.name, "", f"byte {error.start + 1} is not UTF-8", "JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"{path.name} line {error.lineno} column {error.colno}"
        raise problem_error(place, "", error.msg, "JSON") from error
    except RecursionError as error:
        raise problem_error(path.name, "", "nested too deeply", "an object with players and costs") from error


def _players(file: str, given: object, problems: ProblemList) -> list[str]:
    if not isinstance(given, list) or not given:
        problems.add(file, "players", _text(given), "a list of names")
        return []
    if len(given) > MAX_PLAYERS_EXACT:
        problems.add(file, "players", f"a list of {len(given)}", f"at most {MAX_PLAYERS_EXACT} players")
    players: list[str] = []
    for position, name in enumerate(given, start=1):
        column = f"player {position}"
        if not isinstance(name, str) or not name:
            problems.add(file, column, _text(name), "a name")
        elif name in players:
            problems.add(file, column, _text(name), "each player once")
        else:
            players.append(name)
            if "," in name or name != name.strip() or not name.isprintable():
                problems.add(file, column, _text(name), "a name without commas, line breaks or spaces around it")
    return players


def _costs(
    file: str, given: object, players: list[str], problems: ProblemList, *, complete: bool
) -> NDArray[np.float64]:
    if not isinstance(given, tuple):
        problems.add(file, "costs", _text(given), "an object with a cost for every coalition")
        return np.zeros(0)
    if len(players) > MAX_PLAYERS_EXACT:
        return np.zeros(0)
    bit = {player: 1 << i for i, player in enumerate(players)}
    costs = np.full(1 << len(players), np.nan)
    costs[0] = 0.0
    seen: dict[int, str] = {}
    for key, value in given:
        column = _entry("costs", key)
        names = [name.strip() for name in key.split(",")]
        unknown = [name for name in names if name not in bit]
        for name in unknown:
            problems.add(file, column, f"for player {name!r}", "players of the list, separated by commas")
        repeated = len(set(names)) < len(names)
        if repeated:
            problems.add(file, column, "naming a player twice", "each player once")
        if not _is_figure(value):
            problems.add(file, column, _text(value), _FIGURE)
        if unknown or repeated:
            continue
        mask = sum(bit[name] for name in names)
        if mask in seen:
            problems.add(file, column, f'the same coalition as "{seen[mask]}"', "each coalition once")
        elif _is_figure(value):
            costs[mask] = value
        seen.setdefault(mask, key)
    if complete:
        _report_missing(file, players, seen, problems)
    return costs


def _report_missing(file: str, players: list[str], seen: dict[int, str], problems: ProblemList) -> None:
    every = range(1, 1 << len(players))
    for mask in islice((mask for mask in every if mask not in seen), _MOST_MISSING):
        names = ",".join(p for i, p in enumerate(players) if mask >> i & 1)
        problems.add(file, _entry("costs", names), "missing", _FIGURE)
    unshown = len(every) - len(seen) - _MOST_MISSING
    if unshown > 0:
        problems.add(file, "costs", f"missing {unshown:,} more", "a cost for every coalition")


def _weights(file: str, given: object, players: list[str], problems: ProblemList) -> NDArray[np.float64]:
    weights = np.zeros(len(players))
    if not isinstance(given, tuple):
        problems.add(file, "weights", _text(given), "an object with a weight for every player")
        return weights
    seen: set[str] = set()
    for key, value in given:
        column = _entry("weights", key)
        if key not in players:
            problems.add(file, column, "for an unknown player", "players of the list")
        elif key in seen:
            problems.add(file, column, "there twice", "each player once")
        elif _is_figure(value):
            weights[players.index(key)] = value
        if not _is_figure(value):
            problems.add(file, column, _text(value), _FIGURE)
        seen.add(key)
    for player in players:
        if player not in seen:
            problems.add(file, _entry("weights", player), "missing", _FIGURE)
    return weights


def _entry(table: str, key: str) -> str:
    return f'{table} "{shown(key)}"'


def _is_figure(value: object) -> bool:
    return isinstance(value, float) and 0 <= value <= LARGEST_FIGURE


def _text(value: object) -> str:
    """Write a JSON value for a message."""
    if value is None or isinstance(value, bool):
        return {None: "missing or null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "an object"
