"""Checks on the parameters of strategies, before anything runs on them."""

from __future__ import annotations

import inspect
import math
import sys
import typing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def check_types(factory: Callable[..., Any], params: Mapping[str, Any]) -> None:
    """Hold parameters against their annotations; a whole number passes for a float, and no figure may be infinite.

    A parameter without an annotation, or with one that cannot be read while the program runs, is not checked.

    Raises
    ------
    ValueError
        For the first that does not fit; says what was given and what was expected.
    """
    # Loaded where a policy is read, not where only a gain is shared.
    from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError

    strict = ConfigDict(strict=True, allow_inf_nan=False)
    for name, value in params.items():
        annotation = inspect.signature(factory).parameters[name].annotation
        kind = _resolved(factory, annotation)
        if kind is None:
            continue
        try:
            TypeAdapter(kind, config=strict).validate_python(value)
        except PydanticSchemaGenerationError:
            continue
        except ValidationError as error:
            raise ValueError(f"{name} is {value!r}, expected {_words(kind, annotation)}") from error


def check_bounds(strategy: object, **bounds: tuple[float, float]) -> None:
    """Hold fields of a strategy against the least and the most that they may be.

    Raises
    ------
    ValueError
        For the first outside its bounds, or that is no number.
    """
    for name, (least, most) in bounds.items():
        value = getattr(strategy, name)
        if not least <= value <= most:
            within = f"{least:g} to {most:g}" if math.isfinite(most) else f"at least {least:g}"
            raise ValueError(f"{name} is {value}, expected {within}")


def _resolved(factory: Callable[..., Any], annotation: Any) -> Any:
    """The annotation as a type; ``None`` where there is none, or its names are known to type checkers alone."""
    if annotation is inspect.Parameter.empty:
        return None
    holder = SimpleNamespace(__annotations__={"it": annotation})
    module = sys.modules.get(getattr(factory, "__module__", ""))
    try:
        return typing.get_type_hints(holder, globalns=vars(module) if module else {})["it"]
    except NameError:
        return None


def _words(kind: Any, annotation: Any) -> str:
    words = {int: "a whole number", float: "a finite number", str: "text", bool: "true or false"}
    if kind in words:
        return words[kind]
    if typing.get_origin(kind) is typing.Literal:
        return f"one of {', '.join(map(str, typing.get_args(kind)))}"
    return str(annotation)
