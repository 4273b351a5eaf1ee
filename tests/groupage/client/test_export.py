import asyncio
import hashlib

import grpc
import pytest
from google.longrunning import operations_pb2
from google.rpc import status_pb2

from groupage.client import AsyncClient
from groupage.errors import ServiceError
from groupage.v1 import members_pb2
from tests.groupage.client.conftest import QUICK, refuse

MEMBER = "pools/rhine/members/acme"
ORDERS = b'{"name": "a"}\n{"name": "b"}\n'


def operation(**files):
    """An export that is done, with files of some contents."""
    answer = members_pb2.ExportMemberResponse()
    for kind, body in files.items():
        digest = hashlib.sha256(body).hexdigest()
        answer.files.add(kind=kind, rows=body.count(b"\n"), sha256=digest, file_id=f"{kind}1", size_bytes=len(body))
    done = operations_pb2.Operation(name="operations/e", done=True)
    done.response.Pack(answer)
    return done


def parts(*bodies, then=None):
    """Part by part; at the end, an error of this status."""

    def script(request, context):
        for body in bodies:
            yield members_pb2.ReadExportResponse(data=body)
        if then is not None:
            refuse(context, then[0], then[1])

    return script


BROKEN = (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")


def test_an_export_lies_in_a_folder_file_by_file(client, service, tmp_path):
    """One file for each kind, empty ones too; what stood there of an export before is replaced."""
    to = tmp_path / "mine"
    to.mkdir()
    (to / "orders.jsonl").write_bytes(b"of before")
    service.script = [operation(orders=ORDERS, hubs=b""), parts(ORDERS[:5], ORDERS[5:]), parts()]
    made = client.download_export(MEMBER, to)
    assert made == {"orders": to / "orders.jsonl", "hubs": to / "hubs.jsonl"}
    assert {p.name: p.read_bytes() for p in to.iterdir()} == {"orders.jsonl": ORDERS, "hubs.jsonl": b""}


def test_a_download_goes_on_where_it_broke_off(client, service, tmp_path):
    """The next request asks for what is not there yet, however often the connection breaks in between."""
    service.script = [operation(orders=ORDERS), *(parts(ORDERS[i : i + 1], then=BROKEN) for i in range(len(ORDERS)))]
    service.script.append(parts())
    client.download_export(MEMBER, tmp_path)
    assert (tmp_path / "orders.jsonl").read_bytes() == ORDERS
    assert [r.offset_bytes for r in service.requests[1:]] == list(range(len(ORDERS) + 1))


def test_what_is_not_what_the_service_said_has_no_name(client, service, tmp_path):
    """Bytes that are others than those of the digest, or fewer, are an error, and no file."""
    for wrong in (ORDERS.upper(), ORDERS[:-1]):
        service.script = [operation(orders=ORDERS), parts(wrong)]
        with pytest.raises(ServiceError, match="expected 28 bytes of SHA-256") as caught:
            client.download_export(MEMBER, tmp_path)
        assert caught.value.status == "DATA_LOSS"
        assert not (tmp_path / "orders.jsonl").exists()


def test_a_file_that_was_erased_is_told(client, service, tmp_path):
    """Refusals are not asked for again."""
    service.script = [operation(orders=ORDERS), parts(ORDERS[:5], then=(grpc.StatusCode.NOT_FOUND, "EXPORT_UNKNOWN"))]
    with pytest.raises(ServiceError) as caught:
        client.download_export(MEMBER, tmp_path)
    assert caught.value.reason == "EXPORT_UNKNOWN"
    assert len(service.requests) == 2


def test_an_export_that_failed_is_told(client, service, tmp_path):
    """As the operation says it."""
    failed = operations_pb2.Operation(name="operations/e", done=True)
    failed.error.CopyFrom(status_pb2.Status(code=grpc.StatusCode.INTERNAL.value[0], message="incident 7"))
    service.script = [failed]
    with pytest.raises(ServiceError, match="incident 7"):
        client.download_export(MEMBER, tmp_path)


def test_no_file_is_written_elsewhere(client, service, tmp_path):
    """A kind that is no plain word, as of a service that is not what it should be, names no file."""
    service.script = [operation(**{"../orders": ORDERS})]
    with pytest.raises(ServiceError, match="plain word"):
        client.download_export(MEMBER, tmp_path / "mine")
    assert [p.name for p in tmp_path.rglob("*")] == ["mine"]


def test_the_async_client_does_the_same(service, tmp_path):
    """Over a break too."""
    service.script = [operation(orders=ORDERS), parts(ORDERS[:9], then=BROKEN), parts(ORDERS[9:])]

    async def story():
        async with AsyncClient(service.address, retries=QUICK, seed=1) as client:
            return await client.download_export(MEMBER, tmp_path)

    assert asyncio.run(story()) == {"orders": tmp_path / "orders.jsonl"}
    assert (tmp_path / "orders.jsonl").read_bytes() == ORDERS
    assert service.requests[-1].offset_bytes == 9
