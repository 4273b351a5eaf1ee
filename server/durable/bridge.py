"""What servers tell the workflows: begin, wake up. Whatever is lost here, the workers find in the store."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from server.durable import engine
from server.durable.workflow import WAKE
from server.wire.answers import check

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dbos import DBOSClient

    from groupage.v1 import negotiation_pb2

log = logging.getLogger(__name__)


class Workflows:
    """Speaks to the workers through the workflows' database; see `server.registry.Bridge`.

    Parameters
    ----------
    url
        Of the workflows' database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._client: DBOSClient | None = None

    def start(self, synchronization: str) -> None:
        """Enqueue a synchronization, once however often this is called."""
        self._tell(lambda client: engine.enqueue(client, synchronization))

    def notify(self, synchronization: str) -> None:
        """Wake its workflow: something that it waits for was stored."""
        self._tell(lambda client: engine.wake(client, synchronization, WAKE))

    def answered(self, workflow: str, question_id: str, company: str) -> None:
        """Wake a workflow: a question of its was answered."""
        self.notify(workflow)

    def check(self, question: negotiation_pb2.Question, answer: negotiation_pb2.Answer) -> None:
        """Raise a `Fault` REPLY_MALFORMED where an answer does not fit its question."""
        check(question, answer)

    def forget(self, before: datetime) -> int:
        """Delete what is kept of workflows that were over before a moment; answers of how many."""
        return engine.forget(self._speaking(), before)

    def _speaking(self) -> DBOSClient:
        with self._lock:
            if self._client is None:
                self._client = engine.client(self._url)
            return self._client

    def _tell(self, what: Callable[[DBOSClient], None]) -> None:
        """Tell it; what is stored is acknowledged already, and workers look for what nobody told them."""
        try:
            what(self._speaking())
        except Exception as error:
            log.warning("the workflows were not told (%s); workers will find it", type(error).__name__)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._client is not None:
                self._client.destroy()
                self._client = None
