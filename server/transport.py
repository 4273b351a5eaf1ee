"""The gRPC port: sizes, keepalive, TLS, health and reflection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

from groupage.errors import InputError, Problem
from server.guard import MIB

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    from server.settings import Settings, Tls

log = structlog.get_logger(__name__)

# Beyond the guard's own limit, so that it is the guard who says no, with a reason.
MOST_RECEIVED_BYTES = 8 * MIB
MOST_SENT_BYTES = 16 * MIB + 64 * 1024
REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")

# Without http2.ping_timeout_ms a peer that is frozen, its connection alive, goes unnoticed for up to a minute; so a
# client sets these as well.
KEEPALIVE: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", 2_000),
    ("grpc.keepalive_timeout_ms", 1_000),
    ("grpc.http2.ping_timeout_ms", 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)


def options(settings: Settings) -> tuple[tuple[str, int], ...]:
    """Arguments of the server's channel."""
    return (
        *KEEPALIVE,
        # Clients may ping as often as that.
        ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 1_000),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.max_receive_message_length", MOST_RECEIVED_BYTES),
        ("grpc.max_send_message_length", MOST_SENT_BYTES),
        ("grpc.max_connection_age_ms", round(settings.connection_age_s * 1000)),
        ("grpc.so_reuseport", int(settings.reuse_port)),
    )


class Plainly:
    """A server to which methods are added by their names only.

    The generated code also registers each method, for which grpc.aio keeps a task that waits for its next call, and at
    each call of any method looks through the tasks of all: with a hundred methods that costs as much as the call.
    """

    def __init__(self, server: Any) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Leave it at the names."""


class TlsFiles:
    """The PEM files of TLS, read again when they change: a renewed certificate needs no restart.

    Parameters
    ----------
    tls
        Which files.
    clients
        Whether clients must present a certificate of `Tls.client_authorities`.

    Raises
    ------
    InputError
        If a file cannot be read.
    """

    def __init__(self, tls: Tls, *, clients: bool) -> None:
        authorities = (("tls.client_authorities", tls.client_authorities),) if clients else ()
        files = (("tls.key", tls.key), ("tls.certificate", tls.certificate), *authorities)
        self._files = tuple((field, path) for field, path in files if path is not None)
        self._clients = clients
        self._seen = self._stamps()

    def credentials(self) -> Any:
        """Make what a port takes."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(), self._changed, require_client_authentication=self._clients
        )

    def _configuration(self) -> Any:
        key, certificate, *authorities = [self._read(field, path) for field, path in self._files]
        return grpc.ssl_server_certificate_configuration(
            [(key, certificate)], root_certificates=authorities[0] if authorities else None
        )

    def _changed(self) -> Any:
        """Answer gRPC, which asks at each handshake; None where nothing changed, or cannot be read just now."""
        try:
            stamps = self._stamps()
            if stamps == self._seen:
                return None
            fresh = self._configuration()
        except InputError as error:
            log.warning("the old certificate stays in use", error=str(error))
            return None
        self._seen = stamps
        log.info("certificates read anew")
        return fresh

    def _stamps(self) -> list[tuple[int, int]]:
        stats = [self._stat(field, path) for field, path in self._files]
        return [(stat.st_mtime_ns, stat.st_ino) for stat in stats]

    @staticmethod
    def _stat(field: str, path: Path) -> os.stat_result:
        try:
            return path.stat()
        except OSError as error:
            raise _unreadable(field, path, error) from None

    @staticmethod
    def _read(field: str, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise _unreadable(field, path, error) from None


def _unreadable(field: str, path: Path, error: OSError) -> InputError:
    return InputError([Problem(str(path), field, error.strerror or "unreadable", "a PEM file")])


def reflect(server: Any, names: Iterable[str]) -> None:
    """Tell who asks what the server offers, in both versions of the protocol, whose messages are the same.

    Parameters
    ----------
    names
        Full names of the services.
    """
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(_renamed(reflection_pb2.DESCRIPTOR))
    servicer = ReflectionServicer([*names, *REFLECTION], pool=pool)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler}) for name in REFLECTION)
    )


def _renamed(described: Any) -> bytes:
    """Describe the newer version of reflection, for which there is no package: who asks for what is listed finds it."""
    file = descriptor_pb2.FileDescriptorProto()
    described.CopyToProto(file)
    newer, older = (name.rsplit(".", 1)[0] for name in REFLECTION)
    file.name, file.package = "grpc/reflection/v1/reflection.proto", newer
    for message in file.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = field.type_name.replace(f".{older}.", f".{newer}.")
    for method in file.service[0].method:
        method.input_type = method.input_type.replace(f".{older}.", f".{newer}.")
        method.output_type = method.output_type.replace(f".{older}.", f".{newer}.")
    made: bytes = file.SerializeToString(deterministic=True)
    return made
