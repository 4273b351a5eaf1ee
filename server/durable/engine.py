"""DBOS, and what of it is not public, in one place: configuration, recovery, and sending from outside."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy.engine import make_url

from server.store.engine import IDLE_MS

from dbos._serialization import Serializer  # isort: skip - the class is public in the configuration, not by name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

log = logging.getLogger(__name__)

APPLICATION = "groupage"
SCHEMA = "groupage_workflows"
QUEUE = "synchronizations"
WORKFLOW = "synchronize"
ACTIVE = ("PENDING", "ENQUEUED", "DELAYED")
OVER = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_TOGETHER = 200


class Json(Serializer):
    """What is stored of workflows is JSON: reading it runs nothing. Errors are told by their kind alone."""

    def serialize(self, data: Any) -> str:
        """Write a value."""
        return json.dumps(data, default=_plain, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        """Read a value."""
        value = json.loads(serialized_data)
        if isinstance(value, dict) and value.keys() == {"error"}:
            return RuntimeError(value["error"])
        return value

    def name(self) -> str:
        """Of this way to write."""
        return "groupage_json"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseException):
        return {"error": type(value).__name__}
    raise TypeError(f"{type(value).__name__} is not written, expected plain JSON")


def _address(url: str) -> str:
    """Address as DBOS takes it: without the driver's name."""
    parsed = make_url(url)
    if parsed.drivername.startswith("postgresql"):
        parsed = parsed.set(drivername="postgresql")
    return parsed.render_as_string(hide_password=False)


def configuration(url: str, executor: str, version: str, threads: int) -> DBOSConfig:
    """Configuration of a worker.

    Parameters
    ----------
    executor, version
        Who works, and of which release: queued work goes to the newest, begun work stays with its own.
    threads
        Workflows under way at a time: those that wait hold one.
    """
    return {
        "name": APPLICATION,
        "system_database_url": _address(url),
        "dbos_system_schema": SCHEMA,
        "executor_id": executor,
        "application_version": version,
        "serializer": Json(),
        "max_executor_threads": threads,
        "notification_listener_polling_interval_sec": 0.1,
        "sys_db_idle_transaction_timeout_sec": IDLE_MS / 1000,
        "log_level": "WARNING",
        "enable_otlp": False,
    }


def client(url: str) -> DBOSClient:
    """Speak to the workflows from outside; a worker must have been there before."""
    return DBOSClient(
        system_database_url=_address(url),
        dbos_system_schema=SCHEMA,
        serializer=Json(),
        application_name=APPLICATION,
        retry_connection_errors=False,
        sys_db_idle_transaction_timeout_sec=IDLE_MS / 1000,
    )


def recover(executors: Iterable[str]) -> int:
    """Take over what dead executors of this release had begun; answers how many workflows."""
    # Private, since takeover is what DBOS's paid conductor does; it asks nothing but who is dead.
    return len(DBOS._recover_pending_workflows(sorted(executors)))


def active(of: DBOSClient, **which: Any) -> list[Any]:
    """Workflows that are not over."""
    return list(of.list_workflows(status=list(ACTIVE), name=WORKFLOW, load_input=False, load_output=False, **which))


def latest(of: DBOSClient, name: str) -> Any:
    """The last workflow of a synchronization, whatever became of it; None: there is none."""
    found = of.list_workflows(workflow_id_prefix=name, name=WORKFLOW, load_input=False, load_output=False)
    own = [w for w in found if w.workflow_id.split("~")[0] == name]
    return max(own, key=lambda w: attempt_of(w.workflow_id), default=None)


def attempt_of(workflow_id: str) -> int:
    """How often it was begun anew."""
    return int(workflow_id.partition("~")[2] or 0)


def enqueue(of: DBOSClient, name: str, attempt: int = 0) -> None:
    """Have a synchronization worked on; the same attempt again is the same workflow."""
    of.enqueue(
        {
            "queue_name": QUEUE,
            "workflow_name": WORKFLOW,
            "workflow_id": f"{name}~{attempt}" if attempt else name,
        },
        name,
    )


def wake(of: DBOSClient, name: str, topic: str) -> None:
    """Wake what works on a synchronization."""
    for workflow in active(of, workflow_id_prefix=name):
        if workflow.workflow_id.split("~")[0] == name:
            of.send(workflow.workflow_id, "", topic)


def forget(of: DBOSClient, before: datetime) -> int:
    """Delete what is kept of workflows that were over before a moment; answers of how many."""
    count = 0
    while True:
        found = of.list_workflows(
            status=list(OVER),
            completed_before=before.isoformat(),
            name=WORKFLOW,
            limit=_TOGETHER,
            load_input=False,
            load_output=False,
        )
        if not found:
            return count
        of.delete_workflows([w.workflow_id for w in found])
        count += len(found)
