"""Policies by name and from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.policy import Choice
from agents.registry import names
from experiments.policies import load_policy, policy_from


@pytest.mark.parametrize("name", names("protocols"))
def test_pools_hold_by_default(name: str) -> None:
    """Every named policy that pools lets factories hold what their forecast says will fill up; standalone does not."""
    policy = load_policy(name)
    assert policy.holding == Choice(name="ship_now" if name == "standalone" else "quantity_based")
    assert policy.forecaster == Choice(name="lightgbm")


def test_a_name_and_a_file_that_says_no_more_are_one_policy(tmp_path: Path) -> None:
    """A file with nothing but a protocol chooses what the protocol's name chooses."""
    file = tmp_path / "contract_net.toml"
    file.write_text('protocol = "contract_net"\n', encoding="utf-8")
    assert load_policy(str(file)) == load_policy("contract_net")


def test_a_holding_that_is_chosen_stays() -> None:
    """What a policy says of holding is kept, also through the record of a run."""
    chosen = policy_from({"name": "p", "protocol": "trustee", "holding": "ship_now"})
    assert chosen.holding == Choice(name="ship_now")
    for policy in (chosen, load_policy("trustee")):
        assert policy_from(policy.model_dump(mode="json")) == policy
