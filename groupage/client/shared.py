"""What both clients do alike: what goes up or down goes on where it broke off, and what a break of a watch means."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from groupage.client import frames, retries
from groupage.client.methods import services
from groupage.errors import InputError, ServiceError
from groupage.v1 import members_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from groupage.client.methods import Method

# By the first segment of what is watched: service, method, field of the name, field of what happened.
WATCHES = {
    "pools": ("synchronizations", "watch_synchronization", "name", "events"),
    "companies": ("tracking", "watch_shipments", "parent", "shipments"),
}

# A stream that ends so is gone on with at once, from the last sequence number.
_GO_ON = frozenset({"SERVER_DRAINING", "WATCHER_TOO_SLOW"})
# The service always says a reason; without one these come from the way, such as a proxy that let go.
_BROKEN = frozenset({"UNKNOWN", "INTERNAL"})


def watching(name: str) -> tuple[Method, str, str]:
    """What watches a resource: the method, and the fields of the resource's name and of what happened.

    Raises
    ------
    InputError
        If the name is not one of what can be watched.
    """
    segments = name.split("/")
    if (segments[0], len(segments)) not in (("pools", 4), ("companies", 2)) or not all(segments):
        raise InputError(
            f"{name!r} cannot be watched, expected a synchronization, such as pools/rhine/synchronizations/01jx5q, "
            "or a company, such as companies/acme"
        )
    service, method, field_, rows = WATCHES[segments[0]]
    return services()[service][method], field_, rows


def after_break(error: ServiceError) -> ServiceError:
    """Judge why a stream ended: what the contract says can be gone on with may be asked for again."""
    if error.reason in _GO_ON or (not error.reason and error.status in _BROKEN):
        error.temporary = True
    return error


@dataclass
class Upload:
    """An upload that is under way: each chunk has its own request id, and stays pending until it has a receipt."""

    method: str
    index: list[Any]
    pending: dict[str, tuple[int, Any]]
    names: dict[int, str] = field(default_factory=dict)
    failures: dict[int, ServiceError] = field(default_factory=dict)

    def requests(self) -> Iterator[Any]:
        """Chunks without a receipt, in order."""
        return iter([request for _, request in self.pending.values()])

    def took(self, answer: Any) -> None:
        """Take in a receipt."""
        if answer.request_id not in self.pending:
            return
        first, request = self.pending.pop(answer.request_id)
        count = len(request.orders if self.method == "upload_orders" else request.records)
        refused = {f.line: f.status for f in answer.failures}
        names = list(getattr(answer, "names", ()))
        for line in range(count):
            if line in refused:
                self.failures[first + line] = retries.read(refused[line], retries.code_of(refused[line].code))
            else:
                self.names[first + line] = names[line] if line < len(names) else ""

    def broke_off(self, error: ServiceError | None) -> ServiceError:
        """Say why it broke off (`None`: the service ended it), and what became of the lines until then."""
        told = error or ServiceError("the stream ended before all was answered", status="UNAVAILABLE", temporary=True)
        told.receipt = self.receipt()
        return after_break(told)

    def receipt(self) -> frames.Receipt:
        """What became of it all."""
        stored = pd.DataFrame(
            {"name": [self.names[i] for i in sorted(self.names)]}, index=[self.index[i] for i in sorted(self.names)]
        )
        failures = pd.DataFrame(
            [
                {
                    "reason": e.reason,
                    "fields": "; ".join(f"{name}: {expected}" for name, expected in e.violations),
                    "message": str(e),
                    "metadata": e.metadata,
                }
                for e in (self.failures[i] for i in sorted(self.failures))
            ],
            columns=["reason", "fields", "message", "metadata"],
            index=[self.index[i] for i in sorted(self.failures)],
        )
        answered = self.names.keys() | self.failures.keys()
        return frames.Receipt(stored, failures, tuple(x for i, x in enumerate(self.index) if i not in answered))


def uploads(method: str, parent: str, rows: pd.DataFrame | Iterable[Any], kind: Any) -> Upload:
    """Cut what is to be uploaded into chunks with request ids."""
    if isinstance(rows, pd.DataFrame):
        index, given = list(rows.index), frames.messages(rows, kind)
    else:
        given = list(rows)
        index = list(range(len(given)))
    request = services()["orders"][method].request
    rows_field = "orders" if method == "upload_orders" else "records"
    pending = {}
    for first, chunk in frames.chunks(given):
        key = str(uuid.uuid4())
        pending[key] = (first, request(parent=parent, request_id=key, **{rows_field: chunk}))
    return Upload(method, index, pending)


class Download:
    """A file of an export on its way to disk: it goes on where it broke off, and has its name once it is whole.

    Parameters
    ----------
    member
        The membership that was exported.
    file
        What the operation says of it (`ExportFile`).
    folder
        Where it goes, as ``orders.jsonl``.

    Raises
    ------
    ServiceError
        If its kind is no name of a file.
    """

    def __init__(self, member: str, file: Any, folder: Path) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", file.kind):
            raise ServiceError(
                f"a file of an export is of kind {file.kind!r}, expected a plain word", status="DATA_LOSS"
            )
        self.kind, self.path = file.kind, folder / f"{file.kind}.jsonl"
        self._file, self._member = file, member
        self._partial = folder / f"{file.kind}.jsonl.part"
        self._partial.write_bytes(b"")
        self._size, self._digest = 0, hashlib.sha256()

    def request(self) -> Any:
        """What to ask for next."""
        asked = services()["pools"]["read_export"].request
        return asked(name=self._member, file_id=self._file.file_id, offset_bytes=self._size)

    def opened(self) -> Any:
        """The file to `put` into; closed by whoever opened it."""
        return self._partial.open("ab")

    def put(self, to: Any, data: bytes) -> None:
        """Add what came next."""
        to.write(data)
        self._digest.update(data)
        self._size += len(data)

    def done(self) -> Path:
        """Give the file its name.

        Raises
        ------
        ServiceError
            If it is not what the operation said; what there is of it is left as ``.jsonl.part``.
        """
        if (self._size, self._digest.hexdigest()) != (self._file.size_bytes, self._file.sha256):
            said = f"{self._file.size_bytes} bytes of SHA-256 {self._file.sha256}"
            raise ServiceError(f"{self._partial} has {self._size} bytes, expected {said}", status="DATA_LOSS")
        return self._partial.replace(self.path)


def downloads(member: str, operation: Any, folder: str | Path) -> list[Download]:
    """Files of an export that is done, to be put into a folder, which is made where there is none.

    Raises
    ------
    ServiceError
        If it failed.
    """
    answer = members_pb2.ExportMemberResponse()
    if operation.HasField("error"):
        raise retries.read(operation.error, retries.code_of(operation.error.code))
    operation.response.Unpack(answer)
    to = Path(folder)
    to.mkdir(parents=True, exist_ok=True)
    return [Download(member, file, to) for file in answer.files]
