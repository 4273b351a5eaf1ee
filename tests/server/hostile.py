"""A whole server full of marks, and callers who try everything on it over the wire."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.rpc import error_details_pb2, status_pb2
from grpc import aio

from groupage.client.methods import Method, services
from server.app import App, build
from server.faults import DETAILS_KEY
from server.identity import key_id, new_token
from server.registry import SERVICES
from server.settings import Settings
from server.store import Store, identities
from server.wire.answers import check
from tests.server.canaries import COMPANIES, Canaries, Mark, World, plant
from tests.server.probe import KEY, bearer

NOBODY = "nobody"
OPERATOR = "operator"
REVOKED = "revoked"
FORGED = "forged"
# What a caller tells of the server's inside if it is told anything of it.
INSIDE = (
    b"Traceback",
    b"site-packages",
    b"sqlalchemy",
    b"sqlite3",
    b"psycopg",
    b"Error:",
    b"Exception",
    b"groupage/server",
)
STREAM_S = 0.25
_MOST = 20
_TRIES = 20


class Deaf:
    """Workflows that nobody runs."""

    def start(self, synchronization: str) -> None:
        """Do nothing."""

    def notify(self, synchronization: str) -> None:
        """Do nothing."""

    def answered(self, workflow: str, question_id: str, company: str) -> None:
        """Do nothing."""

    def forget(self, before: datetime) -> int:
        """There is nothing to forget."""
        return 0

    def check(self, question: Any, answer: Any) -> None:
        """Check as the service does."""
        check(question, answer)


@dataclass
class Answer:
    """All that came back of one call.

    Attributes
    ----------
    code
        Name of the status; ``OPEN`` of a stream that was left.
    raw
        Every byte: messages, text of the status, trailing and initial metadata.
    reason
        Of the error's details.
    """

    code: str = "OK"
    text: str = ""
    reason: str = ""
    messages: list[Any] = field(default_factory=list)
    raw: bytes = b""
    status: Any = None

    def take(self, message: Any, raw: bytes) -> None:
        """One message."""
        self.raw += raw
        if message is not None:
            self.messages.append(message)

    def marks(self, canaries: Canaries) -> set[Mark]:
        """Marks in any of it."""
        found = canaries.found(self.raw)
        for message in (*self.messages, *([self.status] if self.status is not None else [])):
            found |= canaries.found(message)
        return found


@dataclass
class Site:
    """The server, its marks and the tokens of its callers."""

    app: App
    world: World
    tokens: dict[str, str]
    channel: Any

    def metadata(self, who: str) -> tuple[tuple[str, str], ...]:
        """What a caller presents."""
        return () if who == NOBODY else bearer(self.tokens[who])

    async def call(self, who: str, method: Method, requests: Sequence[bytes], *, wait_s: float = STREAM_S) -> Answer:
        """Make one call of any kind with bytes of any kind."""
        answer = await self._call(who, method, requests, wait_s)
        for _ in range(_TRIES):
            # The client's own words when it was about to send and the call is over: what the server said is lost.
            if "Internal error from Core" not in answer.text:
                break
            answer = await self._call(who, method, requests, wait_s)
        return answer

    async def _call(self, who: str, method: Method, requests: Sequence[bytes], wait_s: float) -> Answer:
        made = {
            (False, False): self.channel.unary_unary,
            (False, True): self.channel.unary_stream,
            (True, False): self.channel.stream_unary,
            (True, True): self.channel.stream_stream,
        }[method.client_streaming, method.server_streaming](method.path)
        answer = Answer()
        given: Any = _sent(requests, wait_s) if method.client_streaming else requests[0]
        call = made(given, metadata=self.metadata(who), timeout=90)
        try:
            if method.server_streaming:
                if not await _ended(call, answer, method, wait_s):
                    answer.code = "OPEN"
                    return answer
                code = await call.code()
                if code.name != "OK":
                    _refused(answer, code, await call.details(), await call.trailing_metadata())
            else:
                raw = await call
                answer.take(method.response.FromString(raw), raw)
        except aio.AioRpcError as error:
            _refused(answer, error.code(), error.details(), error.trailing_metadata())
        for key, value in await call.initial_metadata() or ():
            answer.raw += key.encode() + (value if isinstance(value, bytes) else value.encode())
        return answer


async def _ended(call: Any, answer: Answer, method: Method, wait_s: float) -> bool:
    """Read a stream for a while; whether it ended by itself."""
    try:
        async with asyncio.timeout(wait_s + (0.2 if method.client_streaming else 0)):
            for _ in range(_MOST):
                raw = await call.read()
                if raw is aio.EOF:
                    return True
                answer.take(method.response.FromString(raw), raw)
    except TimeoutError:
        pass
    call.cancel()
    return False


async def _sent(requests: Sequence[bytes], wait_s: float) -> AsyncIterator[bytes]:
    for request in requests:
        yield request
    await asyncio.sleep(wait_s / 2)


def _refused(answer: Answer, code: Any, text: str | None, trailing: Any) -> None:
    answer.code, answer.text = code.name, text or ""
    answer.raw += answer.text.encode()
    for key, value in trailing or ():
        answer.raw += key.encode() + (value if isinstance(value, bytes) else value.encode())
        if key == DETAILS_KEY:
            answer.status = status_pb2.Status.FromString(value)
            for packed in answer.status.details:
                if packed.type_url.endswith("ErrorInfo"):
                    answer.reason = _info(packed)


def _info(packed: Any) -> str:
    info = error_details_pb2.ErrorInfo()
    packed.Unpack(info)
    return str(info.reason)


@contextlib.asynccontextmanager
async def planted(store: Store, **settings: Any) -> AsyncIterator[Site]:
    """Serve a store that is filled with marks; nobody is slowed down, unless the settings say so."""
    world = plant(store)
    async with served(store, COMPANIES, world, **settings) as site:
        yield site


@contextlib.asynccontextmanager
async def served(store: Store, companies: Iterable[str], world: World, **settings: Any) -> AsyncIterator[Site]:
    """Serve a store to some companies, and to callers who are none."""
    tokens = {c: token_of(store, c) for c in companies}
    tokens[OPERATOR] = token_of(store, "", operator=True)
    tokens[REVOKED] = token_of(store, next(iter(tokens)))
    store.transact(lambda tx: identities.revoke_token(tx, tokens[REVOKED].split("_")[1]))
    tokens[FORGED] = f"gpg_{next(iter(tokens.values())).split('_')[1]}_{'A' * 43}"
    quota = {k: 1e9 for k in ("messages_per_s", "messages_burst", "failed_identities_per_s", "failed_identities_burst")}
    given = {"listen": ("localhost:0",), "metrics_port": 0, "drain_s": 0.2, "quota": quota, **settings}
    app = build(Settings(**given), store, key=KEY, bridge=Deaf(), services=SERVICES)
    await app.start()
    options = (("grpc.max_receive_message_length", 32 * 2**20), ("grpc.max_metadata_size", 64 * 2**10))
    try:
        async with aio.insecure_channel(f"localhost:{app.ports['localhost:0']}", options=options) as channel:
            yield Site(app, world, tokens, channel)
    finally:
        await app.stop()
        for thread in threading.enumerate():  # what was begun to be trained or exported still reads the store
            if thread.name in ("training", "export"):
                await asyncio.to_thread(thread.join, 60)


def token_of(store: Store, company: str, *, operator: bool = False) -> str:
    """Make a token as `groupage token new` does."""
    token_id, token, mac = new_token(KEY)
    store.transact(
        lambda tx: identities.add_token(
            tx, token_id=token_id, mac=mac, key_id=key_id(KEY), company=company, operator=operator
        )
    )
    return token


def methods(names: Iterable[str]) -> dict[str, Method]:
    """Methods of services that a server offers, by path."""
    offered = {f"/{name}/" for name in names}
    return {
        m.path: m
        for service in services().values()
        for m in service.values()
        if m.path[: m.path.rindex("/") + 1] in offered
    }
