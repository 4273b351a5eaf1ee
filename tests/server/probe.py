"""A small service behind the real guard, over real gRPC on this machine, with real certificates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import trustme
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.rpc import error_details_pb2, status_pb2
from grpc import aio

from groupage.v1 import orders_pb2, orders_service_pb2_grpc, synchronizations_pb2, synchronizations_service_pb2_grpc
from server.audit import Seen
from server.faults import DETAILS_KEY, Fault
from server.guard import Guard, Limits
from server.identity import Identities, StoredCertificate, StoredToken, new_token
from server.metrics import Metrics
from server.viewer import caller

KEY = b"k" * 32
UUID = "7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f"
SECRET = "the stand-alone cost of rival is 123.45"  # must never come back


class Register:
    """Identities in memory."""

    def __init__(self) -> None:
        self.tokens: dict[str, StoredToken] = {}
        self.mapped: list[StoredCertificate] = []
        self.asleep: set[str] = set()
        self.asked = 0
        self.down = False

    async def token(self, token_id: str) -> StoredToken | None:
        self.asked += 1
        if self.down:
            raise ConnectionError(SECRET)
        return self.tokens.get(token_id)

    async def certificates(self, keys: tuple[tuple[str, str], ...]) -> list[StoredCertificate]:
        self.asked += 1
        return [m for m in self.mapped if (m.kind, m.value) in keys]

    async def suspended(self, company: str) -> bool:
        return company in self.asleep

    def issue(self, company: str, *, operator: bool = False, **more: Any) -> str:
        """Make a token and keep it."""
        token_id, token, mac = new_token(KEY)
        self.tokens[token_id] = StoredToken(token_id, company, operator, mac, **more)
        return token

    def map(self, kind: str, value: str, company: str, **more: Any) -> None:
        """Map a certificate."""
        self.mapped.append(StoredCertificate(str(len(self.mapped)), kind, value, company, False, **more))


@dataclass
class Sink:
    """Keeps what was read."""

    reads: list[Seen] = field(default_factory=list)

    async def seen(self, read: Seen) -> None:
        self.reads.append(read)


class Orders(orders_service_pb2_grpc.OrdersServicer):
    """Does what the name of an order says."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.closed = 0
        self.release = asyncio.Event()

    async def GetOrder(self, request: Any, context: Any) -> Any:
        what = request.name.rpartition("/")[2]
        if what == "boom":
            raise RuntimeError(SECRET)
        if what == "missing":
            raise Fault("RESOURCE_NOT_FOUND", metadata={"name": request.name})
        if what == "abort":  # as the health service does
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is none")
        if what == "nonsense":
            return {"not": SECRET}
        if what == "huge":
            return orders_pb2.Order(name="x" * 20_000_000)
        if what == "bytes":
            return orders_pb2.Order(name="from bytes").SerializeToString()
        if what == "slow":
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return orders_pb2.Order(name=request.name, external_ref=caller().key)

    async def CreateOrder(self, request: Any, context: Any) -> Any:
        return request.order

    async def UploadOrders(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield orders_pb2.UploadOrdersResponse(request_id=request.request_id)


class Synchronizations(synchronizations_service_pb2_grpc.SynchronizationsServicer):
    """Counts events up, or waits for ever."""

    def __init__(self) -> None:
        self.closed = 0
        self.produced = 0

    async def WatchSynchronization(self, request: Any, context: Any) -> AsyncIterator[Any]:
        what = request.name.rpartition("/")[2]
        try:
            if what == "boom":
                yield synchronizations_pb2.WatchSynchronizationResponse()
                raise RuntimeError(SECRET)
            if what == "fault":
                yield synchronizations_pb2.WatchSynchronizationResponse()
                raise Fault("WATCHER_TOO_SLOW")
            if what == "flood":
                big = synchronizations_pb2.WatchSynchronizationResponse()
                big.events.add(sequence=1).state_changed.reason = "x" * 100_000
                while True:
                    self.produced += 1
                    yield big
            yield synchronizations_pb2.WatchSynchronizationResponse()
            if what == "three":
                yield synchronizations_pb2.WatchSynchronizationResponse()
                yield synchronizations_pb2.WatchSynchronizationResponse()
                return
            await asyncio.Event().wait()
        finally:
            self.closed += 1


async def total(requests: Any, context: Any) -> Any:
    """Count what is sent; of the fourth kind of calls, which the contract does not have."""
    count = 0
    async for request in requests:
        if request.name.endswith("/boom"):
            raise RuntimeError(SECRET)
        count += 1
    return orders_pb2.Order(pallets=count)


@dataclass
class Probe:
    """A running server and what it is made of."""

    register: Register
    sink: Sink
    metrics: Metrics
    identities: Identities
    guard: Guard
    orders: Orders
    synchronizations: Synchronizations
    server: Any
    address: str

    def channel(self, **options: Any) -> Any:
        return aio.insecure_channel(self.address, **options)


@contextlib.asynccontextmanager
async def serving(
    *,
    limits: Limits | None = None,
    credentials: Any = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    lifetime_s: float = 0.0,
    options: tuple[tuple[str, Any], ...] = (),
) -> AsyncIterator[Probe]:
    """Serve until the block ends."""
    register, sink, metrics = Register(), Sink(), Metrics()
    identities = Identities(register, KEY, lifetime_s=lifetime_s, now=now)
    guard = Guard(
        identities,
        metrics,
        sink,
        limits=limits,
        client_certificates=credentials is not None,
    )
    big = (("grpc.max_receive_message_length", 8 * 1024 * 1024), ("grpc.so_reuseport", 0))
    server = aio.server(interceptors=[guard], options=(*big, *options))
    orders, synchronizations = Orders(), Synchronizations()
    orders_service_pb2_grpc.add_OrdersServicer_to_server(orders, server)
    synchronizations_service_pb2_grpc.add_SynchronizationsServicer_to_server(synchronizations, server)
    count = grpc.stream_unary_rpc_method_handler(
        total, orders_pb2.GetOrderRequest.FromString, orders_pb2.Order.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("probe.Probe", {"Total": count}),))
    port = (
        server.add_secure_port("localhost:0", credentials) if credentials else server.add_insecure_port("localhost:0")
    )
    await server.start()
    try:
        yield Probe(register, sink, metrics, identities, guard, orders, synchronizations, server, f"localhost:{port}")
    finally:
        await server.stop(0)


def run(main: Awaitable[Any]) -> Any:
    """Run a test's coroutine as the server runs: on uvloop."""
    return uvloop.run(asyncio.wait_for(main, 60))


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Metadata of a token."""
    return (("authorization", f"Bearer {token}"),)


def details(error: aio.AioRpcError) -> dict[str, Any]:
    """What an error's details are, by the name of their type; empty if it has none."""
    found: dict[str, Any] = {}
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY:
            status = status_pb2.Status.FromString(value)
            assert status.code == error.code().value[0]
            for packed in status.details:
                kind = getattr(error_details_pb2, packed.type_url.rpartition(".")[2])
                found[kind.__name__] = kind.FromString(packed.value)
    return found


async def refused(call: Any) -> tuple[str, dict[str, Any]]:
    """Wait for a call, or read a stream to its end; its reason and details, checked to tell no secret."""
    try:
        if hasattr(call, "read"):
            while await call.read() is not aio.EOF:
                pass
        else:
            await call
    except aio.AioRpcError as error:
        everything = repr((error.details(), list(error.trailing_metadata() or ()), error.debug_error_string()))
        for word in (SECRET, "RuntimeError", "Traceback", "Exception", "groupage/server", "site-packages"):
            assert word not in everything
        found = details(error)
        info = found.get("ErrorInfo")
        if info is None:
            return error.code().name, found
        assert info.domain == "groupage"
        return info.reason, found
    raise AssertionError("the call was answered")


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate with its key, as gRPC takes them."""

    key: bytes
    chain: bytes


def issue(
    ca: trustme.CA,
    *,
    uris: tuple[str, ...] = (),
    common_name: str = "client",
    organization: str = "",
    days: float = 1.0,
) -> ClientCertificate:
    """Issue a client certificate with any subject and URIs, which trustme's own method does not."""
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization))
    now = datetime.now(UTC)
    issuer = x509.load_pem_x509_certificate(ca.cert_pem.bytes()).subject
    signer = serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(attributes))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
    )
    if uris:
        names = [x509.UniformResourceIdentifier(uri) for uri in uris]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return ClientCertificate(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain),
        builder.sign(signer, hashes.SHA256()).public_bytes(encoding),
    )


def server_credentials(ca: trustme.CA, *, required: bool = True) -> Any:
    """TLS for localhost, trusting clients of the same authority."""
    own = ca.issue_cert("localhost")
    chain = b"".join(pem.bytes() for pem in own.cert_chain_pems)
    return grpc.ssl_server_credentials([(own.private_key_pem.bytes(), chain)], ca.cert_pem.bytes(), required)


def client_channel(address: str, ca: trustme.CA, certificate: ClientCertificate | None) -> Any:
    """A channel with a client certificate, or without one."""
    key, chain = (certificate.key, certificate.chain) if certificate else (None, None)
    return aio.secure_channel(address, grpc.ssl_channel_credentials(ca.cert_pem.bytes(), key, chain))
