"""Policies by name, or from a TOML file.

Where factories pool, each by default forecasts its own lanes every day and holds what can wait for a fuller load
(``quantity_based``); under ``standalone`` all ship at once.

A policy file names one choice of each kind; what it leaves out takes its default::

    name = "shapley-markup"
    sharing = "shapley"

    [protocol]
    name = "contract_net"

    [bidding]
    name = "markup"
    params = { percent = 6.0 }
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agents.policy import Choice, Policy
from agents.registry import check_policy, names
from experiments.settings import model_problems
from groupage.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("protocol", "sharing", "bidding", "concession", "holding", "reservation", "forecaster")
# Where nobody pools, shipments go as they do today: that is what pooling is held against.
NO_POOL = "standalone"
POOLED_HOLDING = Choice(name="quantity_based")


def load_policy(given: str) -> Policy:
    """Return a policy from the name of a protocol, with defaults for the rest, or from the path of a TOML file.

    Raises
    ------
    PolicyError
        With every problem of the file, or the known names.
    """
    path = Path(given)
    if path.suffix == ".toml" or path.is_file():
        return read_policy(path)
    known = names("protocols")
    if given not in known:
        raise PolicyError([Problem("--policy", "", repr(given), f"one of {', '.join(known)}, or a .toml file")])
    return policy_from({"name": given, "protocol": given})


def read_policy(path: Path) -> Policy:
    """Read a policy file."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        said = "missing" if isinstance(error, FileNotFoundError) else f"unreadable ({error.strerror})"
        raise PolicyError([Problem(str(path), "", said, "a policy in TOML")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError([Problem(str(path), "", str(error), "a policy in TOML")]) from None
    return policy_from({"name": path.stem} | raw, path.name)


def policy_from(raw: Mapping[str, Any], file: str = "policy") -> Policy:
    """Check a policy given as nested dictionaries; a kind may be a bare name."""
    spelled = {k: {"name": v} if k in KINDS and isinstance(v, str) else v for k, v in raw.items()}
    try:
        policy = Policy.model_validate(spelled)
    except ValidationError as error:
        raise PolicyError(model_problems(error, Policy, file)) from None
    if "holding" not in raw and policy.protocol.name != NO_POOL:
        policy = policy.model_copy(update={"holding": POOLED_HOLDING})
    check_policy(policy)
    return policy
