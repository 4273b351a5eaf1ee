"""What is wrong with settings, in plain words: where it was given, what, and what would be right."""

from __future__ import annotations

import difflib
import os
import re
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from groupage.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pydantic import ValidationError

PREFIX = "GROUPAGE_"
# Variables of ours that are no settings of the service: the file of settings, what examples and guides take for a
# client, and how long a test goes on.
OTHERS = frozenset(
    PREFIX + name
    for name in (
        *("CONFIG", "SERVER", "TOKEN", "COMPANY", "POOL", "CA", "CERTIFICATE", "KEY"),
        "KILL_ROUNDS",
    )
)
# Kubernetes and Docker tell every container of the services beside it: one that is called groupage looks like ours.
_LINK = re.compile(r"\w+_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
_LINKED = re.compile(r"(tcp|udp|sctp)://")
# What pydantic calls what is wrong, and what would be right; bounds come with what it says.
_RIGHT = {
    "missing": "a value",
    "extra_forbidden": "no such field",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "path": "a path",
    "tuple": "a list",
    "model": "a table",
    "dict": "a table",
}


def told(
    error: ValidationError, settings: type[BaseModel], path: Path | None, given: Mapping[str, Any]
) -> list[Problem]:
    """Tell what pydantic refused.

    Parameters
    ----------
    settings
        All there are.
    path
        The file that was read, if any.
    given
        What the command line said; None is not given.
    """
    return [_problem(one, settings, path, given) for one in error.errors()]


def unread(said: str) -> Problem:
    """Tell of a variable that is no JSON where it must be, by what pydantic says of it."""
    field = re.search(r'field "(\w+)"', said)
    variable = f"{PREFIX}{field[1].upper()}" if field else "environment"
    shown = "not shown" if "_URL" in variable or not field else repr(os.environ.get(variable, ""))[:80]
    return Problem(variable, "", shown, 'JSON, as ["127.0.0.1:7443"] is a list; settings that can be read')


def strays(settings: type[BaseModel], environment: Mapping[str, str]) -> list[Problem]:
    """Variables that look like settings and are none: pydantic passes over them, and refuses only those of a table.

    What they hold is not shown: a misspelt address of a store has a password in it.
    """
    names = [name.replace(".", "__").upper() for name in _fields(settings)]
    ours = {PREFIX + name for name in names} | OTHERS
    tables = tuple({f"{PREFIX}{name.partition('__')[0]}__" for name in names if "__" in name})
    wrong = []
    for name in sorted(environment):
        variable = name.upper()
        if not variable.startswith(PREFIX) or variable in ours or variable.startswith(tables):
            continue
        if _LINK.fullmatch(variable) or (variable.endswith("_PORT") and _LINKED.match(environment[name])):
            continue
        near = difflib.get_close_matches(variable.removeprefix(PREFIX), names, 1)
        perhaps = f"; perhaps {PREFIX}{near[0]} is meant" if near else ""
        wrong.append(Problem(name, "", "names no setting", f"{PREFIX} and a setting's name{perhaps}"))
    return wrong


def _problem(error: Any, settings: type[BaseModel], path: Path | None, given: Mapping[str, Any]) -> Problem:
    place, kind, message = error["loc"], error["type"], error["msg"].removeprefix("Value error, ")
    column, where = ".".join(map(str, place)), _where(place, path, given)
    if not column:  # a rule over several fields says itself what is given
        said, _, right = message.partition("; expected ")
        return Problem(where, "", said, right)
    right = _RIGHT.get(kind) or _RIGHT.get(kind.partition("_")[0])
    # Addresses of stores hold passwords.
    shown = "not shown" if "_url" in column else "missing" if kind == "missing" else repr(error["input"])[:80]
    expected = right.format(**error.get("ctx", {})) if right else message.removeprefix("expected ")
    if kind == "extra_forbidden":
        known = difflib.get_close_matches(column, _fields(settings), 1)
        expected += f"; perhaps {known[0]} is meant" if known else ""
    return Problem(where, column, shown, expected)


def _where(place: Sequence[Any], path: Path | None, given: Mapping[str, Any]) -> str:
    """Where a field was given: on the command line, in the environment, or in the file."""
    inside: Any = {key: value for key, value in given.items() if value is not None}
    for part in place:
        inside = inside.get(part) if isinstance(inside, dict) else None
    if place and inside is not None:
        return "command line"
    names = {f"{PREFIX}{'__'.join(map(str, place[: n + 1]))}".upper() for n in range(len(place))}
    variable = next((name for name in os.environ if name.upper() in names), None)
    return variable or str(path or "settings")


def _fields(kind: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in kind.model_fields.items():
        yield f"{before}{name}"
        table = next((k for k in (field.annotation, *get_args(field.annotation)) if _is_table(k)), None)
        if table is not None:
            yield from _fields(table, f"{before}{name}.")


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
