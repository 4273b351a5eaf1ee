"""What the workflow engine keeps of workflows that are over goes in its time; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import MetaData, create_engine, select

from server import chores
from server import synchronization as steps
from server.durable import engine
from server.retention import Retention
from server.store.tables import AuditRow
from server.viewer import SYSTEM
from tests.server.durable import world
from tests.server.durable.conftest import eventually

pytestmark = pytest.mark.timeout(120)


def kept(durable):
    """Rows that name a workflow, by table."""
    one = create_engine(durable)
    schema = None if one.dialect.name == "sqlite" else engine.SCHEMA
    tables = MetaData(schema=schema)
    tables.reflect(one)
    found = {}
    with one.connect() as connection:
        for table in tables.tables.values():
            for column in {"workflow_uuid", "destination_uuid"} & set(table.columns.keys()):
                for (workflow,) in connection.execute(select(table.c[column])):
                    found.setdefault(workflow, set()).add(table.name)
    one.dispose()
    return found


def test_workflows_that_are_over_go_and_others_stay(store, durable, workers, workflows):
    """After its time nothing is left of one that is over, in any table; one that waits is there whatever its age."""
    world.fill(store)
    name = world.ask(store)
    store.transact(lambda tx: steps.cancel(tx, name, "no more"))
    worker = workers.start()
    workflows.start(name)
    client = engine.client(durable)
    try:
        eventually(lambda: engine.latest(client, name) and engine.latest(client, name).status in engine.OVER)
        worker.kill()
        worker.wait()
        waits = world.ask(store)
        workflows.start(waits)
        workflows.notify(name)
        assert set(kept(durable)) == {name, waits}
        now = datetime.now(UTC)
        assert workflows.forget(now - timedelta(hours=1)) == 0
        chores.forgetting(Retention(workflows_days=1e-9), workflows).do(store)
        assert set(kept(durable)) == {waits}
        assert engine.latest(client, waits).status == "ENQUEUED"
        told = [r.name for r in store.look(SYSTEM, lambda s: s.exec(select(AuditRow)).scalars().all())]
        assert any(line.startswith("workflows: 1 before ") for line in told)
    finally:
        client.destroy()
