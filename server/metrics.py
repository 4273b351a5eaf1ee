"""What the service counts, and the endpoint where Prometheus reads it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """Counters of calls; methods are labels, companies never are: who reads metrics sees no participant.

    Parameters
    ----------
    registry
        Where they are registered; one of their own by default, so that two servers in a process do not meet.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._calls = Counter(
            "groupage_calls", "Calls that ended, by method, status code and reason.", ("method", "code", "reason"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "groupage_call_seconds", "How long unary calls took.", ("method",), buckets=_SECONDS, registry=self.registry
        )
        self._open = Gauge("groupage_open_calls", "Calls under way, streams among them.", ("method",),
                           registry=self.registry)  # fmt: skip
        self._bytes = Counter("groupage_request_bytes", "Bytes of requests.", ("method",), registry=self.registry)
        # Children by their labels: looking them up costs more than counting.
        self._call = cache(self._calls.labels)
        self._open_of = cache(self._open.labels)
        self._seconds_of = cache(self._seconds.labels)
        self._bytes_of = cache(self._bytes.labels)

    def began(self, method: str) -> None:
        """Count a call that began."""
        self._open_of(method).inc()

    def read(self, method: str, size_bytes: int) -> None:
        """Count a request message."""
        self._bytes_of(method).inc(size_bytes)

    def ended(self, method: str, code: str, reason: str, seconds: float | None) -> None:
        """Count a call that ended; `seconds` of unary calls only, since streams last as long as they are watched."""
        self._open_of(method).dec()
        self._call(method, code, reason).inc()
        if seconds is not None:
            self._seconds_of(method).observe(seconds)

    def serve(self, address: str, port: int) -> tuple[WSGIServer, Thread]:
        """Serve the metrics over HTTP from a thread of its own; on loopback, since nothing there asks who reads."""
        return start_http_server(port, addr=address, registry=self.registry)
