"""Names of strategies: what is built in, and what other packages bring through entry points."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from groupage.errors import PolicyError
from groupage.parameters import check_types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from importlib.metadata import EntryPoint

    import pandas as pd

    from agents.policy import Choice, Policy
    from forecasting import Forecaster

# Where each kind lists its built-in strategies by name. Loaded when a strategy of that kind is asked for: protocols
# bring the route planner along, for which who only shares a gain should not wait.
KINDS: Mapping[str, tuple[str, str]] = {
    "protocols": ("agents.protocols", "PROTOCOLS"),
    "sharing": ("agents.sharing", "SHARING"),
    "bidding": ("agents.bidding", "BIDDING"),
    "concession": ("agents.concession", "CONCESSION"),
    "holding": ("agents.holding", "HOLDING"),
    "reserving": ("agents.reserving", "RESERVING"),
    "forecasters": ("forecasting", "FORECASTERS"),
}


def built_in(kind: str) -> Mapping[str, Callable[..., Any]]:
    """Strategies of a kind that come with groupage, by name."""
    package, listed = KINDS[kind]
    found: Mapping[str, Callable[..., Any]] = getattr(import_module(package), listed)
    return found


def names(kind: str) -> list[str]:
    """All names of a kind, built in and installed."""
    return sorted({*built_in(kind), *(e.name for e in entry_points(group=f"groupage.{kind}"))})


def check_policy(policy: Policy) -> None:
    """Make every strategy that a policy names once, so that a wrong name or parameter shows before a run.

    Raises
    ------
    PolicyError
        For the first that does not fit.
    """
    import pandas as pd

    from agents.sharing.settle import check_rule

    create("protocols", policy.protocol)
    check_rule(create("sharing", policy.sharing))
    create("bidding", policy.bidding)
    create("concession", policy.concession)
    create("holding", policy.holding)
    create("reserving", policy.reservation)
    create_forecaster(policy.forecaster, pd.DataFrame({"unique_id": [], "ds": [], "y": []}))


def looks_ahead(policy: Policy) -> bool:
    """Tell whether anything that a policy decides depends on its forecaster."""
    return bool(create("holding", policy.holding).uses_forecast or create("reserving", policy.reservation).reserves)


def create_forecaster(choice: Choice, future: pd.DataFrame) -> Forecaster:
    """Make the forecaster that a policy chose; only an oracle looks at the future."""
    from forecasting import forecaster

    return forecaster(choice.name, choice.params, future=future)


def create(kind: str, choice: Choice) -> Any:
    """Make the strategy that a policy chose.

    Raises
    ------
    PolicyError
        If the name is not known or a parameter does not fit; says what would.
    """
    factory = built_in(kind).get(choice.name)
    if factory is None:
        found = entry_points(group=f"groupage.{kind}", name=choice.name)
        if not found:
            near = get_close_matches(choice.name, names(kind), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise PolicyError(f"{kind}: name is {choice.name!r}, expected one of {', '.join(names(kind))}{hint}")
        factory = _loaded(next(iter(found)))
    takes = inspect.signature(factory).parameters
    unknown = [p for p in choice.params if p not in takes or p == "name"]
    if unknown:
        known = ", ".join(p for p in takes if p != "name") or "none"
        raise PolicyError(f"{kind} {choice.name}: parameter {unknown[0]!r} is not known, expected one of: {known}")
    try:
        check_types(factory, choice.params)
        return factory(**choice.params)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{kind} {choice.name}: {error}") from error


def _loaded(point: EntryPoint) -> Callable[..., Any]:
    """What an installed package offers under a name.

    Raises
    ------
    PolicyError
        If the package does not bring what its entry point names.
    """
    try:
        factory: Callable[..., Any] = point.load()
    except (ImportError, AttributeError) as error:
        package = point.dist.name if point.dist else "an installed package"
        raise PolicyError(
            f"{point.group}: {point.name!r} of {package} does not load from {point.value!r} ({error}), expected a "
            "strategy there"
        ) from error
    return factory
