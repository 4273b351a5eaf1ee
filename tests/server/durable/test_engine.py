"""What of DBOS is wrapped in one place."""

from __future__ import annotations

import pytest
from dbos import DBOS

from server.durable import engine


class TestJson:
    """What is stored of workflows is JSON."""

    def test_reads_back_what_it_wrote(self):
        """Plain values come back as they were; a pickle is never read."""
        stands = {"is": "wait", "left_s": 1.5, "none": None, "names": ["a"]}
        assert engine.Json().deserialize(engine.Json().serialize(stands)) == stands
        with pytest.raises(ValueError, match="Expecting value"):
            engine.Json().deserialize("gASVCwAAAAAAAACMB3N0cmluZ3OULg==")

    def test_tells_errors_by_their_kind(self):
        """An error's text may hold figures: only its kind is kept."""
        text = engine.Json().serialize(ValueError("canary 4711"))
        assert "canary" not in text
        assert str(engine.Json().deserialize(text)) == "ValueError"

    def test_refuses_the_rest(self):
        """What is no JSON is a defect here, and not stored as something else."""
        with pytest.raises(TypeError, match="object is not written"):
            engine.Json().serialize({"x": object()})


def test_recovery_is_where_it_was():
    """DBOS's own recovery call, which takeover hangs on, is still there and takes executors' ids."""
    assert DBOS._recover_pending_workflows.__name__ == "_recover_pending_workflows"
    assert "executor_ids" in DBOS._recover_pending_workflows.__code__.co_varnames


@pytest.mark.parametrize(
    ("workflow", "attempt"), [("pools/a/synchronizations/b", 0), ("pools/a/synchronizations/b~3", 3)]
)
def test_counts_attempts_by_name(workflow, attempt):
    """A workflow that was begun anew carries the number in its id."""
    assert engine.attempt_of(workflow) == attempt


def test_addresses_lose_the_driver():
    """DBOS names PostgreSQL's driver itself; SQLite's address stays."""
    config = engine.configuration("postgresql+psycopg://u:p@h/db?host=/tmp", "e", "1", 4)
    assert config["system_database_url"] == "postgresql://u:p@h/db?host=%2Ftmp"
    assert engine.configuration("sqlite:////x/d.sqlite", "e", "1", 4)["system_database_url"] == "sqlite:////x/d.sqlite"
