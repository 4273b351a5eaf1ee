"""The standard methods (AIP-131 to 135) of whatever is a `Record`: written once, for every kind of resource."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from sqlalchemy import delete as delete_rows
from sqlalchemy import update
from sqlmodel import select

from server import names
from server.faults import Fault
from server.services.masks import masked, stripped
from server.store import filters, paging
from server.store.ids import new_id
from server.store.tables import Record
from server.store.writer import Handler, Transaction, Write, single
from server.viewer import Viewer, caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from server.store import Reading, Store

_SCAN = 500  # rows that a filtered list decodes at a time


def _nothing(tx: Transaction, viewer: Viewer, message: Any, before: Any) -> None:
    """Accept whatever the schema accepts."""


def _unused(tx: Transaction, viewer: Viewer, record: Record) -> None:
    """Let anything be deleted."""


def _whole(session: Reading, message: Any) -> None:
    """Take a message as it is stored: nothing of it stands elsewhere."""


@dataclass(frozen=True)
class Kind:
    """A kind of resource.

    Attributes
    ----------
    collection
        Segment of its names, such as ``sites``.
    field
        Of the requests that carry it, such as ``site``.
    filters
        Fields that a list's filter may name.
    check
        Of (transaction, viewer, new message, message before or None): raises a `Fault` where the schema's rules do not
        tell all; runs within the write's transaction.
    deletable
        The same before a deletion: raises RESOURCE_IN_USE.
    columns
        Of (message): further columns of its row, such as ``state`` or ``public``.
    complete
        Of (session, message): adds what stands in other tables, as far as the session's viewer may see it. It is kept
        nowhere else, not even with the answers to writes.
    shown
        Of (viewer, message): blanks what this viewer may not see, in place.
    """

    kind: str
    message: Any  # the message's class
    collection: str
    field: str
    filters: tuple[str, ...] = ()
    check: Callable[[Transaction, Viewer, Any, Any], None] = _nothing
    deletable: Callable[[Transaction, Viewer, Record], None] = _unused
    columns: Callable[[Any], Mapping[str, Any]] = lambda _: {}
    complete: Callable[[Reading, Any], None] = _whole
    shown: Callable[[Viewer, Any], None] = lambda _viewer, _message: None


def etag(version: int) -> str:
    """Etag of a version."""
    return f"v{version}"


def decoded(kind: Kind, record: Record) -> Any:
    """A record's message, with what its columns say."""
    message: Any = kind.message.FromString(record.body)
    message.name = record.name
    fields = message.DESCRIPTOR.fields_by_name
    if "etag" in fields:
        message.etag = etag(record.version)
    if "create_time" in fields:
        message.create_time.FromDatetime(record.created_at)
    if "update_time" in fields:
        message.update_time.FromDatetime(record.updated_at)
    return message


def found(session: Reading, kind: Kind, name: str) -> Record:
    """The record of a name, as far as the session's viewer may know of it.

    Raises
    ------
    Fault
        RESOURCE_NOT_FOUND.
    """
    record = session.exec(select(Record).where(Record.name == name, Record.kind == kind.kind)).first()
    if record is None:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": name})
    return record


async def get(store: Store, kind: Kind, name: str) -> Any:
    """Answer a Get."""
    viewer = caller()
    return await store.read(viewer, lambda session: seen(session, kind, found(session, kind, name)))


def seen(session: Reading, kind: Kind, record: Record) -> Any:
    """A record's message, whole, as far as the session's viewer may see it."""
    message = decoded(kind, record)
    kind.complete(session, message)
    kind.shown(session.viewer, message)
    return message


async def listed(store: Store, kind: Kind, request: Any, response: Any, *, parent: str | None = None) -> Any:
    """Answer a List: one page, by name, of what the viewer may see and the filter lets through."""
    viewer = caller()
    wanted = filters.parse(request.filter, kind.message, kind.filters)
    size, last = paging.size_of(request), paging.after(request)
    under = parent if parent is not None else getattr(request, "parent", "")

    def page(session: Reading) -> tuple[list[Any], bool]:
        out: list[Any] = []
        after, room = last or "", paging.MOST_BYTES
        while True:
            rows = session.exec(
                select(Record)
                .where(Record.kind == kind.kind, Record.parent == under, Record.name > after)
                .order_by(Record.name)
                .limit(max(size + 1, _SCAN) if wanted else size + 1)
            ).all()
            for row in rows:
                message = seen(session, kind, row)
                if filters.matches(wanted, message):
                    room -= message.ByteSize()
                    if len(out) == size or (out and room < 0):
                        return out, True
                    out.append(message)
            if not wanted or len(rows) < max(size + 1, _SCAN):
                return out, False
            after = rows[-1].name

    messages, more = await store.read(viewer, page)
    answer: Any = response()
    getattr(answer, _plural(response)).extend(messages)
    if more:
        answer.next_page_token = paging.token(request, messages[-1].name)
    return answer


@cache
def _plural(response: Any) -> str:
    name: str = next(f.name for f in response.DESCRIPTOR.fields if f.is_repeated)
    return name


def serialized(request: Any) -> bytes:
    """A request as bytes that are the same whenever it is."""
    raw: bytes = request.SerializeToString(deterministic=True)
    return raw


def write(
    method: str,
    request: Any,
    handler: Handler,
    *,
    payload: Any = None,
    resources: Sequence[str] = (),
    raw: bytes | None = None,
) -> Write:
    """Make the write that a request asks for: its idempotency key, its digest, and on whose behalf.

    Parameters
    ----------
    raw
        `serialized` of the request, where somebody needed it already.
    """
    content = serialized(request) if raw is None else raw
    return Write(
        viewer=caller(),
        method=method,
        request_id=request.request_id,
        digest=hashlib.sha256(method.encode() + content).digest(),
        handler=handler,
        payload=request if payload is None else payload,
        names=tuple(resources),
        rehearse=getattr(request, "validate_only", False),
    )


def _method(verb: str, kind: Kind) -> str:
    return f"{verb}{kind.message.DESCRIPTOR.name}"


async def create(store: Store, kind: Kind, request: Any, *, parent: str | None = None, own_id: str = "") -> Any:
    """Answer a Create."""
    under = request.parent if parent is None else parent
    chosen = own_id or getattr(request, f"{kind.field}_id") or new_id()
    name = f"{under}/{kind.collection}/{chosen}" if under else f"{kind.collection}/{chosen}"
    payload = (kind, under, name, getattr(request, kind.field))
    done = write(_method("Create", kind), request, _create, payload=payload, resources=[name])
    return await _written(store, kind, done)


async def _written(store: Store, kind: Kind, done: Write) -> Any:
    """Have something written; its answer is completed anew each time, since what is kept of it is not whole."""
    message = kind.message.FromString(await store.write(done))
    if kind.complete is _whole or done.rehearse:
        return message

    def completed(session: Reading) -> Any:
        kind.complete(session, message)
        kind.shown(session.viewer, message)
        return message

    return await store.read(done.viewer, completed)


def _answer(tx: Transaction, write: Write, kind: Kind, record: Record) -> bytes:
    """What is kept as a write's answer; of a rehearsal nothing is kept, and so it is whole."""
    if kind.complete is not _whole and not write.rehearse:
        return decoded(kind, record).SerializeToString()  # type: ignore[no-any-return]
    with tx.reading(write.viewer) as session:
        return seen(session, kind, record).SerializeToString()  # type: ignore[no-any-return]


def must_own(viewer: Viewer, parent: str) -> None:
    """Refuse to write under another company's name; that there is one, nobody learns from it.

    Raises
    ------
    Fault
        RESOURCE_NOT_FOUND.
    """
    if not viewer.operator and names.company_of(parent) != viewer.company:
        raise Fault("RESOURCE_NOT_FOUND", metadata={"name": parent})


def _create_one(tx: Transaction, write: Write) -> bytes:
    kind, parent, name, given = write.payload
    if parent:
        must_own(write.viewer, parent)
        with tx.reading() as everything:
            owner = everything.get(Record, parent)
        if owner is None:
            raise Fault("RESOURCE_NOT_FOUND", metadata={"name": parent})
    with tx.reading() as everything:
        if everything.get(Record, name) is not None:
            raise Fault("NAME_TAKEN", metadata={"name": name})
    message = stripped(given)
    message.name = name
    kind.check(tx, write.viewer, message, None)
    record = insert_record(tx, kind, message, parent=parent, company=names.company_of(name) or None)
    return _answer(tx, write, kind, record)


_create = single(_create_one)


def insert_record(
    tx: Transaction, kind: Kind, message: Any, *, parent: str, company: str | None, pool: str | None = None
) -> Record:
    """Store a new resource."""
    record = Record(
        name=message.name,
        kind=kind.kind,
        parent=parent,
        company=company,
        pool=pool,
        body=message.SerializeToString(),
        created_at=tx.now,
        updated_at=tx.now,
        **kind.columns(message),
    )
    with tx.reading() as everything:
        everything.add(record)
        everything.flush()
    return record


def change_record(tx: Transaction, kind: Kind, record: Record, message: Any) -> Record:
    """Store a resource's new content; its version and etag move on.

    Raises
    ------
    Fault
        ETAG_MISMATCH, if another process was faster.
    """
    values = {
        "body": message.SerializeToString(),
        "version": record.version + 1,
        "updated_at": tx.now,
        **kind.columns(message),
    }
    done = tx.connection.execute(
        update(Record).where(Record.name == record.name, Record.version == record.version).values(**values)  # type: ignore[arg-type]
    )
    if done.rowcount != 1:
        raise Fault("ETAG_MISMATCH", metadata={"name": record.name})
    changed = Record(**{**record.model_dump(), **values})
    tx.append(record.name, "changed", b"", company=record.company or "")
    return changed


def must_match(record: Record, given: str) -> None:
    """Refuse an etag that is not the stored one; an empty one is no check.

    Raises
    ------
    Fault
        ETAG_MISMATCH.
    """
    if given and given != etag(record.version):
        raise Fault("ETAG_MISMATCH", metadata={"name": record.name})


async def update_(store: Store, kind: Kind, request: Any) -> Any:
    """Answer an Update."""
    given = getattr(request, kind.field)
    payload = (kind, given, request.update_mask)
    done = write(_method("Update", kind), request, _update, payload=payload, resources=[given.name])
    return await _written(store, kind, done)


def _update_one(tx: Transaction, write: Write) -> bytes:
    kind, given, mask = write.payload
    with tx.reading(write.viewer) as session:
        record = found(session, kind, given.name)
    if record.company:
        must_own(write.viewer, given.name)
    elif not write.viewer.operator:
        raise Fault("NOT_ALLOWED")
    must_match(record, getattr(given, "etag", ""))
    before = kind.message.FromString(record.body)
    with tx.reading(write.viewer) as session:
        kind.complete(session, before)
    after = masked(kind.message, before, given, mask)
    after.name = record.name
    kind.check(tx, write.viewer, after, before)
    return _answer(tx, write, kind, change_record(tx, kind, record, after))


_update = single(_update_one)


async def delete(store: Store, kind: Kind, request: Any) -> Empty:
    """Answer a Delete."""
    payload = (kind, request.name, getattr(request, "etag", ""))
    await store.write(write(_method("Delete", kind), request, _delete, payload=payload, resources=[request.name]))
    return Empty()


def _delete_one(tx: Transaction, write: Write) -> bytes:

    kind, name, given = write.payload
    with tx.reading(write.viewer) as session:
        record = found(session, kind, name)
    must_own(write.viewer, name)
    must_match(record, given)
    kind.deletable(tx, write.viewer, record)
    tx.connection.execute(delete_rows(Record).where(Record.name == name))
    tx.append(name, "deleted", b"", company=record.company or "")
    return b""


_delete = single(_delete_one)
