"""What both clients are made of: the channel, the methods of the services by name, and when to ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from groupage.client import retries as again
from groupage.client.connection import Connection, one_connection
from groupage.client.methods import Method, services
from groupage.client.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from groupage.errors import ServiceError


class Channels(Protocol):
    """`grpc`, or `grpc.aio`: where channels come from."""

    secure_channel: Callable[..., Any]
    insecure_channel: Callable[..., Any]


class Service:
    """The methods of one service, such as ``client.orders.get_order(name="companies/acme/orders/1")``."""

    def __init__(self, call: Callable[[Method, Any, Mapping[str, Any]], Any], methods: Mapping[str, Method]) -> None:
        self._call, self._methods = call, methods

    def __getattr__(self, name: str) -> Any:
        try:
            method = self._methods[name]
        except KeyError:
            raise AttributeError(f"no method {name!r}, expected one of {', '.join(self._methods)}") from None
        return lambda request=None, /, **fields: self._call(method, request, fields)

    def __dir__(self) -> list[str]:
        return sorted(self._methods)


class BaseClient:
    """A connection to the service on behalf of one company.

    Every method of the contract is there under its service: ``client.orders.list_orders(parent=...)``; it takes the
    request, or its fields, and answers the contract's message. Writes get a request id of their own and keep it when
    they are sent again.

    Parameters
    ----------
    connection
        Where and who; or the address, with the fields of `Connection` by name.
    retries
        When to ask again.
    timeout_s
        Of each attempt of a call that is no stream.
    seed
        Of the jitter between attempts; None: another one each time.

    Raises
    ------
    ServiceError
        By every call that the service refuses, or that it could not be reached for.
    """

    _channels: Channels

    def __init__(
        self,
        connection: Connection | str,
        *,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        timeout_s: float = 30.0,
        seed: int | None = None,
        **given: Any,
    ) -> None:
        self.connection = one_connection(connection, given)
        self._retries, self._timeout_s, self._rng = retries, timeout_s, again.rng(seed)
        where, options = self.connection.address, self.connection.options
        self._channel = (
            self._channels.secure_channel(where, self.connection.credentials(), options)
            if self.connection.secure
            else self._channels.insecure_channel(where, options)
        )

    def __getattr__(self, name: str) -> Service:
        try:
            return Service(self._dispatch, services()[name])
        except KeyError:
            raise AttributeError(f"no service {name!r}, expected one of {', '.join(services())}") from None

    def _dispatch(self, method: Method, request: Any, fields: Mapping[str, Any]) -> Any:
        """Call a method that was asked for by name."""
        raise NotImplementedError

    def _open(self, method: Method, request: Any, **options: Any) -> Any:
        """Begin a call."""
        kind = {
            (False, False): self._channel.unary_unary,
            (False, True): self._channel.unary_stream,
            (True, False): self._channel.stream_unary,
            (True, True): self._channel.stream_stream,
        }[method.client_streaming, method.server_streaming]
        stub = kind(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        return stub(request, metadata=self.connection.metadata, **options)

    def _wait_s(self, error: ServiceError, attempt: int) -> float:
        """How long to wait before asking again; raises the error where that is of no use."""
        wait = self._retries.wait_s(error, attempt, self._rng)
        if wait is None:
            raise error from None
        return wait
