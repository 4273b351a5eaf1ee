"""What is on record of a negotiation: its frozen market, every exchange, what it came to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import insert, select
from sqlmodel import col

from agents import records
from agents.transcript import Transcript
from groupage.v1 import negotiation_pb2
from server.market import Freeze, freeze_from
from server.store.tables import BlobRow, ExchangeRow, NegotiationRow, QuestionRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.settlement import Settlement
    from server.store import Reading, Transaction

FREEZE, SETTLEMENT = "freeze", "settlement"


def put_blob(tx: Transaction, kind: str, text: str) -> str:
    """Store large content once, however often; answers its digest."""
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()
    known = tx.connection.execute(select(col(BlobRow.digest)).where(col(BlobRow.digest) == digest)).scalar()
    if known is None:
        tx.connection.execute(insert(BlobRow), [{"digest": digest, "kind": kind, "at": tx.now, "body": body}])
    return digest


def blob(session: Reading, digest: str) -> str:
    """Text of a blob.

    Raises
    ------
    LookupError
        If there is none, or what is there is not what its name says.
    """
    row = session.get(BlobRow, digest)
    if row is None or hashlib.sha256(row.body).hexdigest() != digest:
        raise LookupError(f"the blob {digest} is missing or damaged")
    return row.body.decode()


def conversation(row: NegotiationRow) -> str:
    """Id of a negotiation, as own agents know it."""
    return f"{row.synchronization.rsplit('/', 1)[1]}-{row.round}"


def were_asked(tx: Transaction, row: NegotiationRow) -> list[str]:
    """Companies whose own agents were asked something in a negotiation, and so know its market."""
    begun = f"{conversation(row)}/"
    query = select(col(QuestionRow.company), col(QuestionRow.question)).where(
        col(QuestionRow.synchronization) == row.synchronization
    )
    return sorted(
        {
            company
            for company, body in tx.connection.execute(query)
            if negotiation_pb2.Question.FromString(body).conversation.startswith(begun)
        }
    )


def negotiation(session: Reading, name: str, number: int) -> NegotiationRow | None:
    """The row of a negotiation, if it was begun."""
    return session.get(NegotiationRow, (name, number))


def last_negotiation(session: Reading, name: str) -> NegotiationRow | None:
    """The latest negotiation of a synchronization, if one was begun."""
    of = col(NegotiationRow.synchronization) == name
    query = select(NegotiationRow).where(of).order_by(col(NegotiationRow.round).desc()).limit(1)
    return session.scalars(query).first()


def exchanges(session: Reading, name: str, number: int) -> list[str]:
    """Every exchange of a negotiation, in order, as JSON."""
    query = (
        select(col(ExchangeRow.body))
        .where(col(ExchangeRow.synchronization) == name, col(ExchangeRow.round) == number)
        .order_by(col(ExchangeRow.number))
    )
    return [body.decode() for body in session.scalars(query)]


def put_exchanges(tx: Transaction, row: NegotiationRow, fresh: Sequence[str]) -> None:
    """Add to the record; of two writers that go on from the same place, one fails."""
    rows = [
        {"synchronization": row.synchronization, "round": row.round, "number": row.count + i, "body": text.encode()}
        for i, text in enumerate(fresh)
    ]
    if rows:
        tx.connection.execute(insert(ExchangeRow), rows)


def freeze_of(session: Reading, row: NegotiationRow) -> Freeze:
    """The market of a negotiation, and what built-in participants know."""
    return freeze_from(blob(session, row.freeze))


def transcript_of(session: Reading, row: NegotiationRow) -> Transcript:
    """The record as the engine replays it (`agents.synchronize.replayed`)."""
    freeze = freeze_of(session, row)
    rounds = tuple(records.loads(text) for text in exchanges(session, row.synchronization, row.round))
    return Transcript(freeze.seed, freeze.market.digest, freeze.policy.digest, rounds)


def settlement_of(session: Reading, row: NegotiationRow) -> Settlement:
    """What a negotiation came to."""
    settlement: Settlement = records.loads(blob(session, row.settlement))
    return settlement
