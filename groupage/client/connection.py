"""Where the service is, and who calls: addresses, certificates, tokens, and noticing a peer that froze."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from groupage.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_ANSWER_BYTES = 16 * 2**20

# Ping a silent peer after two seconds, and give it one: without the second option a frozen one goes unnoticed for up to
# a minute, whatever the first says.
KEEPALIVE: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", 2_000),
    ("grpc.keepalive_timeout_ms", 1_000),
    ("grpc.http2.ping_timeout_ms", 1_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.keepalive_permit_without_calls", 1),
)


@dataclass(frozen=True)
class Connection:
    """How to reach the service.

    Attributes
    ----------
    address
        ``host:port``.
    token
        Bearer token; shown by nobody, so it is left out of the representation.
    ca_file, certificate_file, key_file
        PEM files: whom to trust, and the client's own certificate with its key. Any of them makes the channel TLS.
    tls
        TLS without any of these files: trusts the authorities that gRPC brings along, for a server with a certificate
        of a public one.
    server_name
        Name in the server's certificate, where it is another than the address says.
    """

    address: str
    token: str = field(default="", repr=False)
    ca_file: str | Path | None = None
    certificate_file: str | Path | None = None
    key_file: str | Path | None = None
    server_name: str = ""
    tls: bool = False

    def __post_init__(self) -> None:
        if (self.certificate_file is None) != (self.key_file is None):
            raise InputError("a certificate_file and its key_file go together, one of them is given")
        if ":" not in self.address or self.address.startswith(("http://", "https://")):
            raise InputError(f"address is {self.address!r}, expected host:port")
        # gRPC would say no more than "Invalid metadata".
        if not all("!" <= sign <= "~" for sign in self.token):
            raise InputError("the token has blanks, line ends or letters that no token has, expected gpg_ID_SECRET")

    @property
    def secure(self) -> bool:
        """Whether the channel is TLS."""
        return self.tls or self.ca_file is not None or self.certificate_file is not None

    @property
    def options(self) -> list[tuple[str, Any]]:
        """Options of the channel."""
        out: list[tuple[str, Any]] = [*KEEPALIVE, ("grpc.max_receive_message_length", LARGEST_ANSWER_BYTES)]
        if self.server_name:
            out.append(("grpc.ssl_target_name_override", self.server_name))
        return out

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    def credentials(self) -> grpc.ChannelCredentials:
        """TLS credentials out of the files."""
        return grpc.ssl_channel_credentials(_read(self.ca_file), _read(self.key_file), _read(self.certificate_file))


def one_connection(connection: Connection | str, given: Mapping[str, Any]) -> Connection:
    """Make the connection out of what a client or agent was given.

    Raises
    ------
    InputError
        If a `Connection` and fields of one are given.
    """
    if isinstance(connection, str):
        return Connection(connection, **given)
    if given:
        raise InputError(f"a Connection and {', '.join(given)} are given, expected one of them")
    return connection


def _read(file: str | Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        told = Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if b"-----BEGIN " not in told:  # gRPC would say no more than that there is no handshake
        raise InputError(f"{file} is no PEM file, expected one that begins with -----BEGIN")
    return told
