"""`benchmarks.endurance` at its smallest: a service that is killed -9 under load, with negotiations open."""

from __future__ import annotations

import os

import pytest

from benchmarks import endurance
from tests.server import postgres

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(480),
    pytest.mark.skipif(os.name != "posix", reason="kills processes by signals"),
]


def holds(measures, name, rounds):
    """Nothing was lost or done twice, and every synchronization ended as its record says."""
    told = {key.removeprefix(f"{name}_"): value for key, value in measures.items()}
    assert told["rounds"] == rounds
    assert told["kills"] >= rounds
    assert told["acknowledged"] > 0
    assert {told[key] for key in ("lost", "duplicates", "wrong", "failures")} == {0.0}


def test_servers_and_workers_that_are_killed_lose_and_repeat_nothing(tmp_path):
    """Whatever is killed and whenever: what was acknowledged is there once, and what was negotiated replays."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    holds(endurance.endured("sqlite", url, tmp_path / "data", 2, seed=3), "sqlite", 2)


def test_a_replica_takes_over(tmp_path, pg_socket):
    """Of two servers and workers on one PostgreSQL the pair at work is killed: the other has it within 30 s."""
    url = postgres.create(pg_socket, "endurance")
    measures = endurance.endured("replicas", url, tmp_path / "data", 1, seed=4, replicas=2)
    holds(measures, "replicas", 1)
    assert measures["replicas_takeover_s"] < endurance.TAKEOVER_S
