"""A member's own records, written out: made in bounded memory, kept in parts, and read from any byte on.

All of an export is read in one transaction that sees the store as it was when it began; contacts alone are read where
it ends, so that whoever erases them meanwhile has erased them from it too. The same store gives the same bytes.

Parts are written as they are full, each in a transaction of its own that also says that the export is alive. An export
that a crash left is made again from the start by another attempt, which deletes the parts of the one before, and from
whose first word on that one can write no more. A file is there once its index is: after all parts of all files.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from google.longrunning import operations_pb2
from sqlalchemy import and_, delete, insert, update
from sqlmodel import col, select

from groupage.v1 import members_pb2
from server import export_files, names, people
from server import synchronization as steps
from server.faults import Fault
from server.pools import MEMBER
from server.services import standard
from server.store.ids import new_id
from server.store.tables import BlobRow, Record
from server.viewer import SYSTEM, Viewer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from server.store import Reading, Store, Transaction

log = structlog.get_logger(__name__)

# Kind of the blobs; those of people are of `people.EXPORTED`.
EXPORTED = "export"
# Every part of a file but its last has so many bytes; what a message of ReadExport has is less.
PART_BYTES = 2**20
MESSAGE_BYTES = 256 * 1024
# An export of which nothing was heard for so long was left by a crash, and is made again.
LEFT_AFTER = timedelta(minutes=2)

# So many of a membership, the newest: each is a copy of all that the member has.
KEPT = 2

# One after the other: what a server has for exports is one thread's time.
_TURNS = threading.Lock()
_waiting: set[str] = set()
_waiting_lock = threading.Lock()


class ExportTakenError(Exception):
    """Another attempt makes this export, or it is done."""


@dataclass(frozen=True, slots=True)
class Index:
    """What a file of an export is: as its `ExportFile`, and how many parts it has."""

    rows: int
    size_bytes: int
    sha256: str
    parts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an export.

    Attributes
    ----------
    id
        Stands in the operation's row as long as this attempt is the one that writes.
    at
        When it began: one time for all of its blobs, so that they are forgotten together.
    """

    id: str
    operation: str
    member: str
    company: str
    at: datetime

    @property
    def prefix(self) -> str:
        """What the names of all blobs of this export begin with, whichever attempt made them."""
        return _prefix(self.member, self.operation)

    def file_id(self, kind: str) -> str:
        """Id of a file; two members' equal files are two, since an id belongs to one membership."""
        return f"{_digest(f'{self.member}/{self.operation}')}{_digest(kind)}"


def _digest(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def _prefix(member: str, operation: str) -> str:
    return f"export:{member}:{_digest(f'{member}/{operation}')}"


def _name(member: str, file_id: str, part: int | None = None) -> str:
    """Name of a part's blob, or of the index's."""
    return f"export:{member}:{file_id}" + ("" if part is None else f":{part:06d}")


def running(tx: Transaction, member: str) -> bytes | None:
    """Answer the operation of the export of a membership that is not done; who asks for another one waits for that."""
    query = select(Record.body).where(_of_exports(member), Record.state != steps.DONE)
    tx.lock(f"export/{member}")
    with tx.reading() as session:
        return session.exec(query).first()


def _of_exports(member: str) -> ColumnElement[bool]:
    return and_(col(Record.kind) == steps.OPERATION.kind, col(Record.parent) == member)


def begin(store: Store, operation: str) -> None:
    """Export in the background, if this process is not at it already; it does not keep the process from ending."""
    with _waiting_lock:
        if operation in _waiting:
            return
        _waiting.add(operation)
    threading.Thread(target=_in_background, args=(store, operation), daemon=True, name="export").start()


def _in_background(store: Store, operation: str) -> None:
    try:
        with _TURNS:
            run(store, operation)
    except Exception:
        # Of no consequence but delay: `resume` takes it up.
        log.exception("an export stopped", operation=operation)
    finally:
        with _waiting_lock:
            _waiting.discard(operation)


def run(store: Store, operation: str) -> bool:
    """Make the files of an export and finish its operation; tells whether this attempt did.

    Raises
    ------
    LookupError
        If the operation is no export.
    """
    key = new_id()
    attempt = store.transact(lambda tx: _claim(tx, operation, key))
    if attempt is None:
        return False
    try:
        files = store.look(Viewer(attempt.company), lambda session: _made(store, session, attempt), still=True)
        store.transact(lambda tx: _finish(tx, attempt, files))
    except ExportTakenError:
        log.info("another attempt makes this export", operation=operation)
        return False
    return True


def _claim(tx: Transaction, operation: str, key: str) -> Attempt | None:
    """Take an export, unless it is done or somebody is at it, and delete what an attempt before has left."""
    with tx.reading() as session:
        record = session.get(Record, operation, with_for_update=True)
    if record is None:
        return None  # it was done, and forgotten
    if record.company is None or "/members/" not in record.parent:
        raise LookupError(f"{operation} is no export")
    if record.state == steps.DONE or (record.key and record.updated_at > tx.now - LEFT_AFTER):
        return None
    attempt = Attempt(key, operation, record.parent, record.company, tx.now)
    values = {"key": key, "updated_at": tx.now, "version": record.version + 1}
    tx.connection.execute(update(Record).where(col(Record.name) == operation).values(**values))
    _delete(tx, attempt.prefix)
    return attempt


def _delete(tx: Transaction, prefix: str) -> None:
    # Ids of pools and companies have no character that LIKE reads in another way.
    tx.connection.execute(delete(BlobRow).where(col(BlobRow.digest).like(f"{prefix}%")))


def _made(store: Store, session: Reading, attempt: Attempt) -> dict[str, Index]:
    """Write the parts of all files but the contacts', and say how far it is."""
    files: dict[str, Index] = {}
    rows = 0
    for number, (kind, lines) in enumerate(export_files.FILES.items()):
        file = _File(store, attempt, kind, rows, 100 * number / (1 + len(export_files.FILES)))
        files[kind] = file.written(lines(session, attempt.company))
        rows += files[kind].rows
    return files


class _File:
    """One file on its way into parts; no more of it is in memory than one part and one line."""

    def __init__(self, store: Store, attempt: Attempt, kind: str, rows_before: int, percent: float) -> None:
        self._store, self._attempt, self._file_id = store, attempt, attempt.file_id(kind)
        self._rows_before, self._percent = rows_before, percent

    def written(self, lines: Iterable[bytes]) -> Index:
        """Write all; what the file then is."""
        digest, buffer = hashlib.sha256(), bytearray()
        rows = size = parts = 0
        for line in lines:
            rows += 1
            size += len(line) + 1
            for piece in (line, b"\n"):
                digest.update(piece)
                buffer += piece
            while len(buffer) >= PART_BYTES:
                self._put(parts, bytes(buffer[:PART_BYTES]), rows)
                del buffer[:PART_BYTES]
                parts += 1
        # Without a part of its own too: whoever waits sees that it goes on.
        self._put(parts, bytes(buffer), rows)
        return Index(rows, size, digest.hexdigest(), parts + bool(buffer))

    def _put(self, part: int, body: bytes, rows: int) -> None:
        def put(tx: Transaction) -> None:
            _goes_on(tx, self._attempt, self._rows_before + rows, self._percent)
            if body:
                _store(tx, self._attempt, EXPORTED, _name(self._attempt.member, self._file_id, part), body)

        self._store.transact(put)


def _store(tx: Transaction, attempt: Attempt, kind: str, name: str, body: bytes) -> None:
    tx.connection.execute(insert(BlobRow), [{"digest": name, "kind": kind, "at": attempt.at, "body": body}])


def _goes_on(tx: Transaction, attempt: Attempt, rows: int, percent: float) -> None:
    """Say that an attempt is alive, and how far; refused where it is not the one any more."""
    record = _mine(tx, attempt)
    message = operations_pb2.Operation.FromString(record.body)
    metadata = members_pb2.ExportMemberMetadata()
    message.metadata.Unpack(metadata)
    metadata.rows, metadata.progress_percent = rows, percent
    message.metadata.Pack(metadata)
    values = {"body": message.SerializeToString(), "updated_at": tx.now, "version": record.version + 1}
    tx.connection.execute(update(Record).where(col(Record.name) == attempt.operation).values(**values))


def _mine(tx: Transaction, attempt: Attempt) -> Record:
    """The operation's row, which nobody else can take until the transaction ends.

    Raises
    ------
    ExportTakenError
        If another attempt has taken it, or it is done.
    """
    with tx.reading() as session:
        record = session.get(Record, attempt.operation, with_for_update=True)
    if record is None or record.key != attempt.id or record.state == steps.DONE:
        raise ExportTakenError(attempt.operation)
    return record


def _finish(tx: Transaction, attempt: Attempt, files: dict[str, Index]) -> None:
    record = _mine(tx, attempt)
    # Read here, where nobody can erase them before the file is there.
    people.lock(tx, attempt.company)
    with tx.reading() as session:
        body = b"".join(export_files.line(person) + b"\n" for person in people.of(session, attempt.company))
    contacts = Index(body.count(b"\n"), len(body), hashlib.sha256(body).hexdigest(), int(bool(body)))
    if body:
        first = _name(attempt.member, attempt.file_id(export_files.CONTACTS), 0)
        _store(tx, attempt, people.EXPORTED, first, body)
    answer = members_pb2.ExportMemberResponse()
    for kind, index in (*files.items(), (export_files.CONTACTS, contacts)):
        file_id = attempt.file_id(kind)
        answer.files.add(kind=kind, rows=index.rows, sha256=index.sha256, file_id=file_id, size_bytes=index.size_bytes)
        about = people.EXPORTED if kind == export_files.CONTACTS else EXPORTED
        _store(tx, attempt, about, _name(attempt.member, file_id), json.dumps(asdict(index)).encode())
    message = operations_pb2.Operation.FromString(record.body)
    metadata = members_pb2.ExportMemberMetadata()
    message.metadata.Unpack(metadata)
    metadata.rows, metadata.progress_percent = sum(f.rows for f in answer.files), 100
    message.metadata.Pack(metadata)
    message.done = True
    message.response.Pack(answer)
    standard.change_record(tx, steps.OPERATION, record, message)
    done = select(Record.name).where(_of_exports(attempt.member), Record.state == steps.DONE)
    with tx.reading() as session:
        newest_first = session.exec(done.order_by(col(Record.updated_at).desc(), col(Record.name)))
        for older in list(newest_first)[KEPT:]:
            _delete(tx, _prefix(attempt.member, older))


def must_be_own(session: Reading, member: str) -> None:
    """Refuse exports of memberships that are not the viewer's: not even the operator sees what an owner expects.

    Raises
    ------
    Fault
        EXPORT_UNKNOWN, as where there is none.
    """
    record = session.exec(select(Record).where(Record.name == member, Record.kind == MEMBER.kind)).first()
    if record is None or not session.viewer.company or names.id_in(member, "members") != session.viewer.company:
        raise Fault("EXPORT_UNKNOWN")


def index_of(session: Reading, member: str, file_id: str) -> Index:
    """What a file of an export is; for the service's eyes, after `must_be_own`.

    Raises
    ------
    Fault
        EXPORT_UNKNOWN, if there is none of that id that is kept in parts.
    """
    # An id is letters and digits; PostgreSQL would not even look for a text with a zero in it.
    row = session.get(BlobRow, _name(member, file_id)) if file_id.isalnum() else None
    if row is None:
        raise Fault("EXPORT_UNKNOWN")
    try:
        return Index(**json.loads(row.body))
    except (ValueError, TypeError):
        # A whole file, as exports were kept before they had parts: made anew it is to be had.
        raise Fault("EXPORT_UNKNOWN") from None


def part_of(session: Reading, member: str, file_id: str, part: int) -> bytes:
    """One part of a file, after `index_of`.

    Raises
    ------
    Fault
        EXPORT_UNKNOWN, if it was erased meanwhile.
    """
    row = session.get(BlobRow, _name(member, file_id, part))
    if row is None:
        raise Fault("EXPORT_UNKNOWN")
    return row.body


def resume(store: Store) -> int:
    """Take up the exports that nobody is at; answers how many."""
    before = store.now() - LEFT_AFTER
    running = (Record.kind == steps.OPERATION.kind, Record.state != steps.DONE)
    query = select(Record.name, Record.parent).where(*running, Record.updated_at < before).order_by(col(Record.name))
    rows = store.look(SYSTEM, lambda session: list(session.exec(query)))
    left = [name for name, parent in rows if "/members/" in parent]
    for name in left:
        begin(store, name)
    return len(left)
