"""The wired server: what it offers, to whom, over which ports, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from sqlmodel import select

from groupage.errors import InputError
from groupage.v1 import (
    shipments_pb2,
    synchronizations_pb2,
    synchronizations_service_pb2_grpc,
    tracking_service_pb2,
    tracking_service_pb2_grpc,
)
from server.app import App, build
from server.identity import Certificate, key_id, new_token
from server.registry import SERVICES, Service
from server.settings import Quota, Settings, Tls
from server.store import Store, identities
from server.store.tables import AuditRow
from server.transport import KEEPALIVE
from server.viewer import SYSTEM
from tests.server.probe import KEY, Synchronizations, bearer, client_channel, issue, refused, run

WATCH = Service(
    "groupage.v1.Synchronizations",
    synchronizations_service_pb2_grpc.add_SynchronizationsServicer_to_server,
    lambda parts: Synchronizations(),
)
WAIT = synchronizations_pb2.WatchSynchronizationRequest(name="pools/rhine/synchronizations/wait")


def token_of(store: Store, company: str, *, operator: bool = False) -> str:
    """Make a token as `groupage token new` does."""
    token_id, token, mac = new_token(KEY)
    store.transact(
        lambda tx: identities.add_token(
            tx, token_id=token_id, mac=mac, key_id=key_id(KEY), company=company, operator=operator
        )
    )
    return token


@contextlib.asynccontextmanager
async def started(store: Store, *, services: Any = SERVICES, **settings: Any) -> AsyncIterator[App]:
    """A server on free ports of this machine."""
    given = {"listen": ("localhost:0",), "metrics_port": 0, "drain_s": 1.0, **settings}
    app = build(Settings(**given), store, key=KEY, services=services)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


@pytest.fixture
def tls(tmp_path: Path, authority: trustme.CA) -> Tls:
    """Files of a server's certificate and of the authority of its clients."""
    own = authority.issue_cert("localhost")
    own.private_key_pem.write_to_path(str(tmp_path / "server.key.pem"))
    for pem in own.cert_chain_pems:
        pem.write_to_path(str(tmp_path / "server.pem"), append=True)
    authority.cert_pem.write_to_path(str(tmp_path / "clients.pem"))
    return Tls(
        certificate=tmp_path / "server.pem",
        key=tmp_path / "server.key.pem",
        client_authorities=tmp_path / "clients.pem",
    )


def shipment(channel: Any, *metadata: tuple[str, str]) -> Any:
    request = shipments_pb2.GetShipmentRequest(name="companies/acme/orders/x/shipment")
    return tracking_service_pb2_grpc.TrackingStub(channel).GetShipment(request, metadata=metadata)


def test_tokens_of_the_store_let_in(store: Store) -> None:
    """A token in the store lets its company in on either database; what it may not know of is not found."""

    async def main() -> None:
        async with started(store) as app, aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel:
            reason, details = await refused(shipment(channel, *bearer(token_of(store, "acme"))))
            assert reason == "RESOURCE_NOT_FOUND"
            assert details["ErrorInfo"].metadata["name"] == "companies/acme/orders/x/shipment"
            assert (await refused(shipment(channel)))[0] == "UNAUTHENTICATED_CALLER"

    run(main())


def test_a_revoked_token_is_refused_within_seconds(store: Store) -> None:
    """Whoever revokes a token in the store, in whatever process, ends its calls and streams within seconds."""

    async def main() -> float:
        async with (
            started(store, services=(*SERVICES, WATCH)) as app,
            aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel,
        ):
            token = token_of(store, "acme")
            stub = synchronizations_service_pb2_grpc.SynchronizationsStub(channel)
            watching = stub.WatchSynchronization(WAIT, metadata=bearer(token))
            await watching.read()
            store.transact(lambda tx: identities.revoke_token(tx, token.split("_")[1]))
            began = time.monotonic()
            assert (await asyncio.wait_for(refused(watching), 30))[0] == "UNAUTHENTICATED_CALLER"
            assert (await refused(shipment(channel, *bearer(token))))[0] == "UNAUTHENTICATED_CALLER"
            return time.monotonic() - began

    assert run(main()) < 5


def test_a_rotated_token_goes_on_until_its_overlap_is_over(store: Store) -> None:
    """After a rotation both tokens are good; without an overlap only the new one is, and it cannot be undone."""
    from datetime import timedelta

    async def main() -> None:
        async with started(store) as app, aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel:
            for overlap, expected in (
                (timedelta(hours=1), "RESOURCE_NOT_FOUND"),
                (timedelta(0), "UNAUTHENTICATED_CALLER"),
            ):
                old, new = token_of(store, "acme"), token_of(store, "acme")
                ids = [token.split("_")[1] for token in (old, new)]
                assert store.transact(lambda tx, ids=ids, overlap=overlap: identities.succeed_token(tx, *ids, overlap))
                assert (await refused(shipment(channel, *bearer(old))))[0] == expected
                assert (await refused(shipment(channel, *bearer(new))))[0] == "RESOURCE_NOT_FOUND"
            revoked = ids[1]
            assert store.transact(lambda tx: identities.revoke_token(tx, revoked))
            assert not store.transact(lambda tx: identities.revoke_token(tx, revoked))
            assert not store.transact(lambda tx: identities.succeed_token(tx, revoked, ids[0], timedelta(hours=1)))

    run(main())


def test_reads_are_in_the_audit_log(store: Store) -> None:
    """Who tried to read what stands in the store's audit log when the server has stopped, on either database."""

    async def main() -> None:
        async with started(store) as app, aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel:
            await refused(shipment(channel, *bearer(token_of(store, "acme"))))

    run(main())
    rows = store.look(SYSTEM, lambda session: session.exec(select(AuditRow)).all())
    assert [(r.company, r.method, r.name, r.outcome) for r in rows] == [
        ("acme", "Tracking/GetShipment", "companies/acme/orders/x/shipment", "RESOURCE_NOT_FOUND")
    ]
    assert rows[0].identity.startswith("token:")


def test_health_and_reflection_need_no_identity(store: Store, logged: Any) -> None:
    """Health, of the server and of each service, and reflection in both versions answer to anybody."""

    async def main() -> None:
        async with started(store) as app, aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel:
            health = health_pb2_grpc.HealthStub(channel)
            for name in ("", "groupage.v1.Tracking"):
                answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
            with pytest.raises(aio.AioRpcError, match="NOT_FOUND"):
                await health.Check(health_pb2.HealthCheckRequest(service="groupage.v1.Nothing"))
            for version in ("v1", "v1alpha"):
                ask = channel.stream_stream(
                    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                    reflection_pb2.ServerReflectionRequest.SerializeToString,
                    reflection_pb2.ServerReflectionResponse.FromString,
                )
                asked = [
                    reflection_pb2.ServerReflectionRequest(list_services=""),
                    reflection_pb2.ServerReflectionRequest(file_containing_symbol="groupage.v1.Tracking"),
                    reflection_pb2.ServerReflectionRequest(file_containing_symbol="groupage.v1.Nothing"),
                ]
                listed, found, missing = [answer async for answer in ask(iter(asked))]
                names = [service.name for service in listed.list_services_response.service]
                assert sorted(names) == names
                assert set(names) - set(app.names) == {
                    "grpc.health.v1.Health",
                    "grpc.reflection.v1.ServerReflection",
                    "grpc.reflection.v1alpha.ServerReflection",
                }
                assert set(app.names) <= set(names)
                files = found.file_descriptor_response.file_descriptor_proto
                assert tracking_service_pb2.DESCRIPTOR.serialized_pb in files
                assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]

    run(main())
    assert not any("incident_id" in line for line in logged())


def test_who_asks_health_and_reflection_too_often_is_told_so(store: Store) -> None:
    """Who need not be known is limited by its address: with a reason and a delay; participants do not feel it."""

    async def main() -> None:
        quota = Quota(messages_per_s=0.001, messages_burst=3)
        async with (
            started(store, quota=quota) as app,
            aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel,
        ):
            health = health_pb2_grpc.HealthStub(channel)
            for _ in range(3):
                await health.Check(health_pb2.HealthCheckRequest())
            reason, details = await refused(health.Check(health_pb2.HealthCheckRequest()))
            assert (reason, details["ErrorInfo"].metadata["limit"]) == ("RATE_LIMITED", "0.001 messages per second")
            assert details["RetryInfo"].retry_delay.ToSeconds() > 0
            ask = channel.stream_stream(
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                reflection_pb2.ServerReflectionRequest.SerializeToString,
                reflection_pb2.ServerReflectionResponse.FromString,
            )
            asked = ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
            assert (await refused(asked))[0] == "RATE_LIMITED"
            tracking = tracking_service_pb2_grpc.TrackingStub(channel)
            request = shipments_pb2.GetShipmentRequest(name="companies/acme/orders/x/shipment")
            me = bearer(token_of(store, "acme"))
            assert (await refused(tracking.GetShipment(request, metadata=me)))[0] == "RESOURCE_NOT_FOUND"

    run(main())


def test_who_watches_health_learns_of_the_stop(store: Store) -> None:
    """A watcher of health gets SERVING, and NOT_SERVING when the server stops, before it is gone."""

    async def main() -> None:
        async with started(store) as app, aio.insecure_channel(f"localhost:{app.ports['localhost:0']}") as channel:
            call = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
            assert (await call.read()).status == health_pb2.HealthCheckResponse.SERVING
            stopping = asyncio.create_task(app.stop(0.5))
            assert (await call.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            await stopping

    run(main())


def test_certificates_and_tokens_have_ports_of_their_own(store: Store, tls: Tls, authority: trustme.CA) -> None:
    """One port lets in client certificates only, the other tokens; on neither does the one do for the other."""
    acme = issue(authority, uris=("spiffe://acme.example/erp",))
    both = tls.model_copy(update={"listen_without_client_certificate": ("localhost:00",)})

    async def main() -> None:
        store.transact(
            lambda tx: identities.add_certificate(tx, kind="spiffe", value="spiffe://acme.example/erp", company="acme")
        )
        token = bearer(token_of(store, "acme"))
        async with started(store, tls=both) as app:
            by_certificate = f"localhost:{app.ports['localhost:0']}"
            by_token = f"localhost:{app.ports['localhost:00']}"
            for address, certificate, metadata, expected in (
                (by_certificate, acme, (), "RESOURCE_NOT_FOUND"),
                (by_certificate, acme, token, "RESOURCE_NOT_FOUND"),
                (by_certificate, acme, bearer(token_of(store, "rival")), "UNAUTHENTICATED_CALLER"),
                (by_certificate, None, token, "UNAVAILABLE"),
                (by_token, None, token, "RESOURCE_NOT_FOUND"),
                (by_token, acme, token, "RESOURCE_NOT_FOUND"),
                (by_token, acme, (), "UNAUTHENTICATED_CALLER"),
            ):
                async with client_channel(address, authority, certificate) as channel:
                    assert (await refused(shipment(channel, *metadata)))[0] == expected
            async with aio.insecure_channel(by_token) as channel:
                assert (await refused(shipment(channel, *token)))[0] == "UNAVAILABLE"

    run(main())


def test_a_renewed_certificate_needs_no_restart(store: Store, tls: Tls, authority: trustme.CA, logged: Any) -> None:
    """New connections meet the certificate that lies in the file now; a file that is broken leaves the old one."""
    other = trustme.CA()
    plain = Tls(certificate=tls.certificate, key=tls.key)

    async def main() -> None:
        async with started(store, tls=plain) as app:
            address = f"localhost:{app.ports['localhost:0']}"

            async def trusts(ca: trustme.CA) -> bool:
                async with client_channel(address, ca, None) as channel:
                    return (await refused(shipment(channel)))[0] == "UNAUTHENTICATED_CALLER"

            assert await trusts(authority)
            tls.certificate.unlink()
            assert await trusts(authority)
            renewed = other.issue_cert("localhost")
            renewed.private_key_pem.write_to_path(str(tls.key))
            for pem in renewed.cert_chain_pems:
                pem.write_to_path(str(tls.certificate), append=True)
            assert await trusts(other)
            assert not await trusts(authority)

    run(main())
    assert "certificates read anew" in [line["event"] for line in logged()]


def test_what_cannot_be_listened_on_is_said(store: Store, tls: Tls) -> None:
    """An address in use and a certificate that is not there are told by setting and value."""

    async def main() -> None:
        async with started(store) as app:
            with pytest.raises(InputError, match=r"listen is 'localhost:.*', expected an address that is free"):
                async with started(store, listen=(f"localhost:{app.ports['localhost:0']}",)):
                    pass
            missing = tls.model_copy(update={"key": tls.key.parent / "nothing.pem"})
            with pytest.raises(InputError, match=r"tls\.key is No such file"):
                async with started(store, tls=missing):
                    pass

    run(main())


def test_several_servers_share_a_port_when_they_shall(store: Store) -> None:
    """With reuse_port a second server listens on the first one's port."""

    async def main() -> None:
        async with started(store, reuse_port=True) as first:
            address = f"localhost:{first.ports['localhost:0']}"
            async with started(store, reuse_port=True, listen=(address,)) as second:
                assert second.ports == {address: first.ports["localhost:0"]}

    run(main())


# Programs of their own, since a frozen process can test nothing.

CLIENT = """
import asyncio, sys
from grpc import aio
from groupage.v1 import synchronizations_pb2 as s, synchronizations_service_pb2_grpc as g
async def main():
    async with aio.insecure_channel(sys.argv[1]) as channel:
        call = g.SynchronizationsStub(channel).WatchSynchronization(
            s.WatchSynchronizationRequest(name="pools/rhine/synchronizations/wait"),
            metadata=(("authorization", "Bearer " + sys.argv[2]),))
        await call.read()
        print("reading", flush=True)
        await call.read()
asyncio.run(main())
"""

SERVER = """
import asyncio, sys
from pathlib import Path
import tests.server.test_app as t
from server import logs
from server.store import Store
logs.configure("error")
async def main():
    store = Store(sys.argv[1])
    async with t.started(store, services=(t.WATCH,)) as app:
        print(app.ports["localhost:0"], t.token_of(store, "acme"), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@contextlib.contextmanager
def program(code: str, *arguments: str) -> Iterator[Any]:
    """A Python process, ended with the block."""
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_frozen_client_is_noticed(tmp_path: Path) -> None:
    """A client that is stopped, its connection alive, loses its stream in less than five seconds."""
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")

    async def main() -> float:
        async with started(store, services=(WATCH,)) as app:
            with program(CLIENT, f"localhost:{app.ports['localhost:0']}", token_of(store, "acme")) as client:
                assert await asyncio.to_thread(client.stdout.readline) == "reading\n"
                assert len(app.guard.streams) == 1
                client.send_signal(signal.SIGSTOP)
                began = time.monotonic()
                while len(app.guard.streams):
                    await asyncio.sleep(0.05)
                return time.monotonic() - began

    assert run(main()) < 5
    store.close()


def test_a_frozen_server_is_noticed(tmp_path: Path) -> None:
    """A client with the keepalive of the contract learns in less than five seconds that its server is stopped."""

    async def main() -> float:
        with program(SERVER, f"sqlite:///{tmp_path / 'store.sqlite'}") as server:
            port, token = (await asyncio.to_thread(server.stdout.readline)).split()
            async with aio.insecure_channel(f"localhost:{port}", options=KEEPALIVE) as channel:
                stub = synchronizations_service_pb2_grpc.SynchronizationsStub(channel)
                call = stub.WatchSynchronization(WAIT, metadata=bearer(token))
                await call.read()
                server.send_signal(signal.SIGSTOP)
                began = time.monotonic()
                assert (await refused(call))[0] == "UNAVAILABLE"
                return time.monotonic() - began

    assert run(main()) < 5


def test_the_program_serves_and_stops_when_told(tmp_path: Path) -> None:
    """`groupage serve` needs no set-up, tells where it is, counts calls, and ends with 0 on SIGTERM."""
    root = Path(__file__).resolve().parents[2]
    data = tmp_path / "data"
    with socket_free() as metrics_port:
        command = [sys.executable, "-m", "groupage.cli", "serve", "--data-dir", str(data), "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(
            [*command, "--metrics-port", str(metrics_port)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    try:
        lines = []
        while not any(line.startswith("groupage serves") for line in lines):
            lines.append(process.stderr.readline())
            assert process.poll() is None, lines
        port = int(re.search(r"on 127\.0\.0\.1:(\d+);", lines[-1])[1])

        async def main() -> None:
            async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                assert (await refused(shipment(channel)))[0] == "UNAUTHENTICATED_CALLER"

        run(main())
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10) as answer:
            assert b'code="UNAUTHENTICATED",method="Tracking/GetShipment"' in answer.read()
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
    assert json.loads(rest.splitlines()[-1])["event"] == "stopped"
    assert (data.stat().st_mode & 0o777, (data / "server.key").stat().st_mode & 0o777) == (0o700, 0o600)


@contextlib.contextmanager
def socket_free() -> Iterator[int]:
    """A port that is free just now."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def test_certificates_of_the_store_are_found_by_full_value(store: Store) -> None:
    """A mapping is found by its kind and whole value only, on either database."""
    certificate = Certificate.of(issue(trustme.CA(), uris=("spiffe://acme",), common_name="acme").chain)
    for kind, value in (("spiffe", "spiffe://acm"), ("subject", "spiffe://acme"), ("spiffe", "spiffe://acme2")):
        store.transact(lambda tx, k=kind, v=value: identities.add_certificate(tx, kind=k, value=v, company="rival"))
    find = lambda session: identities.certificates_of(session, certificate.keys())  # noqa: E731
    assert store.look(SYSTEM, find) == []
    mine = store.transact(
        lambda tx: identities.add_certificate(tx, kind="spiffe", value="spiffe://acme", company="acme")
    )
    assert [(m.id, m.company) for m in store.look(SYSTEM, find)] == [(mine, "acme")]
