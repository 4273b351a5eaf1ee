"""What is asked for is audited, whatever it is: no name can stop the log, and with it the service."""

from __future__ import annotations

from google.longrunning import operations_pb2
from sqlmodel import select

from groupage.client.methods import services
from groupage.v1 import sites_pb2
from server.store import Store
from server.store.tables import AuditRow
from server.viewer import SYSTEM
from tests.server.hostile import planted
from tests.server.probe import run

LONG = "x" * 100_000


def test_names_that_a_database_does_not_take(store: Store) -> None:
    """A name with a zero, or without an end, is refused, and stands in the log so that either database takes it."""
    get = services()["network"]["get_site"]
    wait, delete = (services()["operations"][name] for name in ("wait_operation", "delete_operation"))
    asked = [(get, sites_pb2.GetSiteRequest(name=name)) for name in ("a\x00b", LONG, "companies/acme/sites/none")]
    timeout = {"seconds": 10**9}  # within what a duration may be, and far beyond what is waited for
    asked += [
        (wait, operations_pb2.WaitOperationRequest(name=name, timeout=timeout))
        for name in ("c\x00d", "operations/x", "e\x00s/x")
    ]
    asked += [(delete, operations_pb2.DeleteOperationRequest(name="e\x00s/x"))]

    async def main() -> list[str]:
        async with planted(store) as site:
            return [(await site.call("acme", method, [request.SerializeToString()])).code for method, request in asked]

    assert run(main()) == ["INVALID_ARGUMENT", "INVALID_ARGUMENT", *["NOT_FOUND"] * 5]
    rows = store.look(SYSTEM, lambda session: session.exec(select(AuditRow).where(AuditRow.company == "acme")).all())
    names = {row.name for row in rows}
    assert {"a\ufffdb", "x" * 400, "companies/acme/sites/none", "c\ufffdd", "operations/x"} <= names
