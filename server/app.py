"""The whole server, wired in one place."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
import structlog
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from groupage.errors import InputError, Problem
from server import bulk, checking, chores, logs, transport
from server.guard import Guard
from server.identity import Identities
from server.metrics import Metrics
from server.registers import StoreAudit, StoreRegister
from server.registry import SERVICES, Parts
from server.settings import server_key
from server.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from server.registry import Bridge, Service
    from server.settings import Settings

log = structlog.get_logger(__name__)

# For how long the event loop keeps the interpreter while the store's writer waits for it: at Python's own 5 ms it would
# wait at every statement for as long as the statement takes.
SWITCH_S = 0.0005
# Objects that come before rubbish is looked for. A chunk of an upload makes tens of thousands that all live until it is
# stored; Python's 700 would walk through them again and again.
COLLECT_AFTER = 50_000
# How often health looks whether the store answers.
HEALTH_S = 5.0
# Between saying that the server stops and ending the streams on which that is said.
_HEARD_S = 0.1
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass
class App:
    """A server that is wired and not yet started; `build` makes one.

    Attributes
    ----------
    names
        Full names of the services that it offers.
    ports
        Where it listens, once it is started: address as in the settings, and port.
    background
        What runs beside the calls from start to stop.
    """

    settings: Settings
    store: Store
    server: Any
    guard: Guard
    metrics: Metrics
    audit: StoreAudit
    health: Any
    names: tuple[str, ...]
    background: list[Callable[[], Coroutine[Any, Any, None]]]
    ports: dict[str, int] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _metrics_server: Any = None

    async def start(self) -> None:
        """Open the ports and answer.

        Raises
        ------
        InputError
            If an address cannot be listened on, or a certificate cannot be read.
        """
        tls = self.settings.tls
        clients = tls is not None and tls.client_authorities is not None
        for address in self.settings.listen:
            self._listen(address, clients=clients)
        for address in tls.listen_without_client_certificate if tls else ():
            self._listen(address, clients=False)
        if self.settings.metrics_port:
            self._metrics_server = self._serve_metrics()
        await self.server.start()
        for name in ("", *self.names):
            await self.health.set(name, _SERVING)
        self._tasks = [asyncio.create_task(work()) for work in self.background]
        log.info("serving", listen=self.ports, services=list(self.names), tls=tls is not None)

    async def stop(self, grace_s: float | None = None) -> None:
        """Stop as clients would have it: say so to who asks, end streams so that they go on elsewhere, answer the rest.

        Parameters
        ----------
        grace_s
            How long to wait for what is being answered.
        """
        grace = self.settings.drain_s if grace_s is None else grace_s
        log.info("stopping", open_streams=len(self.guard.streams))
        await self.health.enter_graceful_shutdown()
        await asyncio.sleep(_HEARD_S)
        self.guard.drain()
        await self.server.stop(grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.audit.flush()
        if self._metrics_server is not None:
            http, thread = self._metrics_server
            await asyncio.to_thread(http.shutdown)
            http.server_close()
            thread.join()
        log.info("stopped")

    async def watch_store(self) -> None:
        """Tell health whether the store answers; runs until it is cancelled."""
        serving = True
        while True:
            await asyncio.sleep(HEALTH_S)
            try:
                await asyncio.to_thread(self.store.check)
                answers = True
            except Exception as error:
                answers = False
                if serving:
                    log.error("the store does not answer", error=str(error))
            if answers != serving:
                serving = answers
                await self.health.set("", _SERVING if serving else _NOT_SERVING)

    def _listen(self, address: str, *, clients: bool) -> None:
        tls = self.settings.tls
        try:
            if tls is None:
                port = self.server.add_insecure_port(address)
            else:
                port = self.server.add_secure_port(address, transport.TlsFiles(tls, clients=clients).credentials())
        except RuntimeError:
            port = 0
        if not port:
            raise InputError([Problem("settings", "listen", repr(address), "an address that is free")])
        self.ports[address] = port

    def _serve_metrics(self) -> Any:
        address, port = self.settings.metrics_address, self.settings.metrics_port
        try:
            return self.metrics.serve(address, port)
        except OSError as error:
            given = f"{address}:{port}: {error.strerror}"
            raise InputError([Problem("settings", "metrics_port", given, "a free port, or 0")]) from None


def build(
    settings: Settings,
    store: Store,
    *,
    key: bytes,
    bridge: Bridge | None = None,
    services: Sequence[Service] = SERVICES,
) -> App:
    """Wire a server; inside the event loop that will run it.

    Parameters
    ----------
    settings
        How it shall run.
    store
        Open, and up to date.
    key
        The server's key, under which tokens are stored.
    bridge
        What services tell the workflows; without one, those that need it are not offered.
    services
        What may be offered.
    """
    metrics, audit = Metrics(), StoreAudit(store)
    made = [(service, service.make(Parts(store, bridge))) for service in services]
    offered = [(service, servicer) for service, servicer in made if servicer is not None]
    tls = settings.tls
    guard = Guard(
        Identities(StoreRegister(store), key),
        metrics,
        audit,
        limits=settings.quota.limits(),
        client_certificates=tls is not None and tls.client_authorities is not None,
    )
    server = grpc.aio.server(
        interceptors=[guard], options=transport.options(settings), maximum_concurrent_rpcs=settings.most_calls
    )
    for service, servicer in offered:
        service.add(servicer, transport.Plainly(server))
        service.describe()
    names = tuple(service.name for service, _ in offered)
    checker = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checker, transport.Plainly(server))
    if settings.reflection:
        transport.reflect(server, (*names, health.SERVICE_NAME))
    checking.warm(names)
    bulk.warm()
    app = App(settings, store, server, guard, metrics, audit, checker, names, [audit.run, guard.watch])
    app.background.append(app.watch_store)
    app.background += [
        partial(chores.run, store, chore) for chore in (*chores.CHORES, chores.forgetting(settings.retention, bridge))
    ]
    return app


async def run(app: App, *, ready: Callable[[App], None] = lambda _: None) -> None:
    """Serve until the process is told to stop (SIGTERM, or SIGINT from a keyboard)."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await app.start()
    ready(app)
    try:
        await told.wait()
    finally:
        await app.stop()


def tune() -> None:
    """Set this process's interpreter up for serving: see `SWITCH_S` and `COLLECT_AFTER`."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def serve(
    settings: Settings,
    *,
    bridge: Bridge | None = None,
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ready: Callable[[App], None] = lambda _: None,
) -> None:
    """Open the store and serve, until the process is told to stop.

    Parameters
    ----------
    bridge
        What services tell the workflows.
    beside
        What runs beside the calls, such as worker processes; cancelled at the end.

    Raises
    ------
    InputError
        If the settings do not fit this machine.
    """
    logs.configure(settings.log.level, json=settings.log.as_json())
    settings.make_data_dir()
    key = server_key(settings.key_path)
    store = Store(settings.store)
    tune()

    async def main() -> None:
        app = build(settings, store, key=key, bridge=bridge)
        app.background += beside
        await run(app, ready=ready)

    try:
        uvloop.run(main())
    finally:
        store.close()
